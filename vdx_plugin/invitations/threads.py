"""Which letter of a thread the next one answers: the newest, which knows all the others, whoever wrote it.

Both sides may write at the same time. Then no letter knows all the others, answering one would hide another, and what
is to be said needs a thread of its own (rule medcom-carecommunication-5: only the newest can be answered).
"""

from __future__ import annotations

from collections.abc import Sequence

from vdx_plugin.domain.parties import Unit
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.message import Json, Message, gln_of, rows, text_at

_HEADER = "MessageHeader/"


def newest(letters: Sequence[Message]) -> Message | None:
    """Return the letter of a thread that knows all the others by its history; None when they are parallel."""
    known = {letter.id: _known(letter) for letter in letters}
    for letter in reversed(letters):
        if known.keys() - {letter.id} <= _reached(letter.id, known):
            return letter
    return None


def _known(letter: Message) -> set[str]:
    """Ids of the letters that a letter's history speaks of."""
    histories = letter.all("Provenance")
    targets = [text_at(target, "reference") for one in histories for target in rows(one, "target")]
    answered = [text_at(entity, "what", "reference") for one in histories for entity in rows(one, "entity")]
    return {name.removeprefix(_HEADER) for name in (*targets, *answered) if name.startswith(_HEADER)}


def _reached(start: str, known: dict[str, set[str]]) -> set[str]:
    """A partner's system may keep only the last link of the history, so the chain is followed."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = known.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def is_between(letter: Message, one: Unit, other: Unit) -> bool:
    """True when the letter goes between these two, by SOR id and location number.

    A change of either party's SOR id starts a new thread (governance for CareCommunication).
    """
    ends = {(sor_of(end), gln_of(end)) for end in (letter.sender, letter.receiver)}
    return ends == {(one.sor, one.gln), (other.sor, other.gln)}


def sor_of(organization: Json) -> str:
    """Return an Organization's SOR id; empty when there is none."""
    return next(
        (text_at(one, "value") for one in rows(organization, "identifier") if one.get("system") == codes.SOR), ""
    )
