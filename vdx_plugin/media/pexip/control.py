"""What a host may do with the room and the people in it, one request each.

All of it raises as ``PexipClient.post`` does: Refused (``call.not_host`` where we are a guest), NotFound
(``call.person_gone``), Unavailable. Source: client REST API v2, conference and participant control.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused, Unreadable
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.fields import text
from vdx_plugin.ports import DialOut

MAX_LAYOUTS = 40


class RoomControl:
    """Commands of one presence; ``client`` must have entered."""

    def __init__(self, client: PexipClient) -> None:
        self._client = client

    async def mute(self, participant_id: str, *, muted: bool) -> None:
        """Mute somebody at the node, or lift that; a microphone turned off at their end stays off."""
        await self._about(participant_id, "mute" if muted else "unmute")

    async def mute_guests(self, *, muted: bool) -> None:
        await self._client.post("muteguests" if muted else "unmuteguests")

    async def spotlight(self, participant_id: str, *, on: bool) -> None:
        """Let somebody fill the picture of everybody, whoever speaks."""
        await self._about(participant_id, "spotlighton" if on else "spotlightoff")

    async def set_host(self, participant_id: str, *, host: bool) -> None:
        await self._about(participant_id, "role", {"role": "chair" if host else "guest"})

    async def move(self, participant_id: str, alias: str, pin: Secret) -> None:
        """Send somebody to another room, as a guest there.

        Raises NotFound(``call.not_moved``) where there is no such room or participant, Refused with the same code.
        """
        body = {"conference_alias": alias, "role": "guest"}
        body |= {"pin": pin.reveal()} if pin else {}
        try:
            if await self._about(participant_id, "transfer", body) is False:
                raise Refused("call.not_moved")
        except NotFound as error:
            raise NotFound("call.not_moved", error.detail) from error
        except Refused as error:
            # The PIN that was wrong is the other room's.
            if error.code in ("call.refused", "call.wrong_pin"):
                raise Refused("call.not_moved", error.detail) from error
            raise

    async def dial(self, call: DialOut) -> str:
        """Call somebody up into the room; return the id of the participant they become.

        Raises OutcomeUnknown(``call.dial_unknown``) where no answer came: asking again could make it ring twice.
        """
        body = {
            "role": "GUEST",
            "destination": call.destination,
            "protocol": call.protocol,
            "call_type": "audio" if call.sound_only else "video",
            "remote_display_name": call.display_name,
            "keep_conference_alive": "keep_conference_alive_never",
        }
        if call.tones:
            body["dtmf_sequence"] = call.tones
        try:
            result = await self._client.post("dial", body)
        except OutcomeUnknown as error:
            raise OutcomeUnknown("call.dial_unknown", error.code) from error
        except Refused as error:
            if error.code == "call.refused":
                raise Refused("call.dial_refused", error.detail) from error
            raise
        found = result[0] if isinstance(result, list) and result else None
        participant = text(found, limit=100)
        if not participant:
            raise Unreadable("call.dial_refused", place="dial")
        return participant

    async def layouts(self) -> tuple[str, ...]:
        """Return the layouts this node knows, by its own names; none where it does not tell."""
        try:
            found = await self._client.get("available_layouts")
        except Refused:
            return ()
        if not isinstance(found, list):
            return ()
        return tuple(dict.fromkeys(name for item in found[:MAX_LAYOUTS] if (name := text(item, limit=40))))

    async def set_layout(self, name: str) -> None:
        await self._client.post("transform_layout", {"transforms": {"layout": name}})

    async def take_floor(self) -> None:
        """Ask to present. Raises Refused(``call.no_floor``) where somebody may not."""
        try:
            await self._client.post(self._client.mine("take_floor"))
        except Refused as error:
            raise Refused("call.no_floor", error.detail) from error

    async def release_floor(self) -> None:
        await self._client.post(self._client.mine("release_floor"))

    async def _about(self, participant_id: str, command: str, body: Any = None) -> Any:
        try:
            return await self._client.post(f"participants/{quote(participant_id, safe='')}/{command}", body)
        except NotFound as error:
            raise NotFound("call.person_gone", error.detail) from error
