"""Whether a room can be forwarded or must be mixed, and who speaks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FORWARD_MOST = 2
MIXED = "mixed"
"""Stands for the mixer where else the uuid of a source stands."""


@dataclass(frozen=True)
class Party:
    """A participant as far as this decision goes. ``takes`` are the picture codecs they can decode, ``sends`` the one
    they send; both are empty for somebody without a picture."""

    uuid: str
    takes: frozenset[str] = frozenset()
    sends: str = ""
    phone: bool = False


def must_mix(parties: Sequence[Party]) -> bool:
    """Whether forwarding would not do: more than two, a telephone, or a codec the other does not know."""
    if len(parties) > FORWARD_MOST or any(party.phone for party in parties):
        return True
    return any(_cannot_see(viewer, source) for viewer in parties for source in parties if viewer is not source)


def takes_over(source: str, fed: str | None, wanted: str | None, *, starts: bool) -> bool:
    """Whether a packet of ``source`` is the first a viewer gets of it, who was ``fed`` from another or from nobody.

    From another it must be one that ``starts`` a picture: until then that other goes on, so there is no break.
    """
    return source == wanted and source != fed and (starts or fed is None)


def _cannot_see(viewer: Party, source: Party) -> bool:
    return bool(viewer.takes and source.sends) and source.sends not in viewer.takes


class SpeakerWatch:
    """Who speaks, and who spoke before. ``level`` is RFC 6464's: 0 loudest, 127 silence.

    A speaker keeps the word until silent for ``hold_s``, so that a cough does not turn everybody's picture.
    """

    def __init__(self, *, threshold: int = 45, hold_s: float = 1.0) -> None:
        self._threshold = threshold
        self._hold_s = hold_s
        self._heard_at: dict[str, float] = {}
        self.spoken: tuple[str, ...] = ()

    @property
    def speaker(self) -> str | None:
        """The one who spoke last, None before anybody has."""
        return self.spoken[0] if self.spoken else None

    def heard(self, uuid: str, level: int, *, at: float) -> bool:
        """Note a sound level; return whether the speaker has changed."""
        if level > self._threshold:
            return False
        self._heard_at[uuid] = at
        if uuid == self.speaker:
            return False
        if self.speaker is not None and at - self._heard_at.get(self.speaker, float("-inf")) < self._hold_s:
            return False
        self.spoken = (uuid, *[other for other in self.spoken if other != uuid])
        return True

    def forget(self, present: frozenset[str]) -> None:
        """Drop those who are no longer there."""
        self._heard_at = {uuid: at for uuid, at in self._heard_at.items() if uuid in present}
        self.spoken = tuple(uuid for uuid in self.spoken if uuid in present)
