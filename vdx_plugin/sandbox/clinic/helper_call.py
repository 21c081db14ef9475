"""The local call: the record tells the helper program on the same workstation which patient is open.

The shape is the one Danish record systems built for Sentinel: number of the practice, the user's initials, the
patient's own doctor, the patient's number. Port and session secret stand in a file only the user can read.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from vdx_plugin.sandbox.clinic.feed import Person
from vdx_plugin.sandbox.clinic.post import ClinicPost


class HelperAwayError(Exception):
    """The helper program does not run, or does not answer."""


POLL_S = 20
AGAIN_AFTER_S = 1.0
LETTERS_EVERY_S = 0.5


class HelperCall:
    """Calls of one record system to the helper of its user."""

    def __init__(self, handshake: Path, *, provider_number: str, initials: str) -> None:
        self._handshake = handshake
        self._open_nonce = ""
        self._who = {"ydernummer": provider_number, "user_initials": initials, "user_id": initials.lower()}

    async def open(self, person: Person, now: datetime) -> None:
        """Tell which patient is open. Raises HelperAwayError."""
        await self._post("/v1/context/open", self._opened(person, now))

    async def close(self) -> None:
        """Tell that no patient is open any longer."""
        self._open_nonce = ""
        await self._post("/v1/context/close", {})

    async def start_video(self, person: Person, now: datetime) -> None:
        """Carry the click on Start video over."""
        await self._post("/v1/action/start-video", self._opened(person, now))

    async def ticket(self, person: Person, now: datetime) -> str:
        """Get a ticket good for one start within a minute."""
        answer = await self._post("/v1/ticket", self._context(person, now))
        return str(answer.json()["ticket"])

    async def serve(self, post: ClinicPost | None = None) -> None:
        """Until cancelled: hear what the helper wants by the long poll, and bring it the letters that came for it.

        It asks whether a record it heard of is still open, and with ``post`` it wants letters posted.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll(post), name="clinic-poll")
            if post is not None:
                tasks.create_task(self._bring(post), name="clinic-letters")

    async def _poll(self, post: ClinicPost | None) -> None:
        since = 0
        while True:
            try:
                wanted = (await self._call("GET", f"/v1/writeback?since={since}&wait_s={POLL_S}")).json()
                for nonce in wanted["confirm"]:
                    await self._post("/v1/context/confirm", {"nonce": nonce, "holds": nonce == self._open_nonce})
                if post is not None:
                    await self._carry(post, wanted)
                since = wanted["next"]
            except HelperAwayError:
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _carry(self, post: ClinicPost, wanted: dict[str, Any]) -> None:
        for letter in wanted["letters"]:
            receipt = await post.carry(letter)
            if receipt is not None:
                await self._post(f"/v1/letters/{letter['message_id']}/receipt", receipt)
        for word in wanted["settled"]:
            await post.settled(word["receipt"])

    async def _bring(self, post: ClinicPost) -> None:
        # Again and again until it is settled: the helper keeps nothing when it stops, and a repeat changes nothing.
        while True:
            for letter in await post.waiting(POLL_S):
                with suppress(HelperAwayError):
                    answer = (await self._post("/v1/letters", letter)).json()
                    if answer["settled"]:
                        await post.settled(letter["receipt"])
            await asyncio.sleep(LETTERS_EVERY_S)

    def _opened(self, person: Person, now: datetime) -> dict[str, Any]:
        context = self._context(person, now)
        self._open_nonce = context["nonce"]
        return context

    def _context(self, person: Person, now: datetime) -> dict[str, Any]:
        patient = {"system": person.system, "value": person.number} if person.number else None
        return {
            **self._who,
            "own_doctor_ydernummer": self._who["ydernummer"],
            "patient": patient or {"system": "urn:vdx-plugin:hl7v2:DEMOKLINIK", "value": person.local_id},
            "local_patient_id": person.local_id,
            "opened_at": now.isoformat(),
            "nonce": uuid.uuid4().hex,
        }

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self._call("POST", path, body)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            found = json.loads(self._handshake.read_text("utf-8"))
            headers = {"Authorization": f"Bearer {found['secret']}"}
            async with httpx.AsyncClient(trust_env=False, timeout=POLL_S + 5.0) as client:
                address = f"http://127.0.0.1:{found['port']}{path}"
                answer = await client.request(method, address, json=body, headers=headers)
                answer.raise_for_status()
                return answer
        except (OSError, KeyError, ValueError, httpx.HTTPError) as error:
            raise HelperAwayError(type(error).__name__) from error
