"""What may stand in a text and what must, and how its places are filled. Pure.

A place is written ``{time}``. A line with a place for which there is nothing to say (no phone, no wish for a woman or
a man) is left out, so that one text serves every case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from string import Formatter

from vdx_plugin.ports import TextFault, TextForm, TextKind, TextName, TextReader

MOST_CHARACTERS = 2000
_RIGHT_TO_LEFT_MARK = "\u200f"
_CALL = ("clinic", "phone", "time")
_WAY_IN = ("link", "pin")
_ORDER = ("language", "sex", "place")

_MUST = {
    TextKind.INVITATION: ("time", "link"),
    TextKind.MOVE: ("time", "link"),
    TextKind.CANCELLATION: ("time",),
    TextKind.REMINDER: ("time", "link"),
    TextKind.DELAY: ("minutes",),
    TextKind.FEE: (),
}
_MAY = {
    TextKind.INVITATION: (*_CALL, *_WAY_IN),
    TextKind.MOVE: (*_CALL, *_WAY_IN, "old_time"),
    # Not the link: it leads nowhere any more.
    TextKind.CANCELLATION: _CALL,
    TextKind.REMINDER: (*_CALL, *_WAY_IN),
    TextKind.DELAY: (*_CALL, *_WAY_IN, "minutes"),
    TextKind.FEE: ("clinic", "phone", "fee"),
}


def places_of(name: TextName) -> tuple[str, ...]:
    """Return the places that may stand in a text; those it must have come first."""
    may = _MAY[name.kind] + (_ORDER if name.reader is TextReader.GUEST else ())
    if name.form is TextForm.SUBJECT:
        # A subject is shown on locked screens and kept in lists.
        return tuple(place for place in may if place not in _WAY_IN)
    return (*_MUST[name.kind], *(place for place in may if place not in _MUST[name.kind]))


def faults_of(name: TextName, text: str) -> Iterator[TextFault]:
    """Yield why a text cannot be used, each with the place that is meant."""
    if not text.strip():
        yield TextFault("text.empty")
        return
    if len(text) > MOST_CHARACTERS or (name.form is TextForm.SUBJECT and "\n" in text.strip()):
        yield TextFault("text.long")
    try:
        used = set(_places_in(text))
    except ValueError:
        yield TextFault("text.brace")
        return
    allowed = places_of(name)
    yield from (TextFault("text.unknown", place) for place in sorted(used - set(allowed)))
    if name.form is not TextForm.SUBJECT:
        yield from (TextFault("text.missing", place) for place in _MUST[name.kind] if place not in used)
    if any("{link}" in line and line.strip() != "{link}" for line in text.splitlines()):
        # Phones and mail programs take what stands beside an address for a part of it.
        yield TextFault("text.link_alone", "link")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text that has no faults with its places filled; lines that would say nothing are left out."""
    lines = [_filled(line, values) for line in text.strip().splitlines()]
    said = "\n".join(line for line in lines if line is not None)
    return re.sub(r"\n{3,}", "\n\n", said).strip()


def directed(said: str) -> str:
    """Mark each line of a right-to-left text that begins with something else, such as the clinic's name, as what it is.

    Phones and plain mails turn a line round by its first letter, and its full stop would stand at the wrong end. A line
    without a letter of the language, the link's, stays as it is.
    """
    return "\n".join(f"{_RIGHT_TO_LEFT_MARK}{line}" if _is_turned(line) else line for line in said.splitlines())


def _is_turned(line: str) -> bool:
    strong = [kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")]
    return bool(strong) and strong[0] == "L" and ("AL" in strong or "R" in strong)


def _filled(line: str, values: Mapping[str, str]) -> str | None:
    if any(not values.get(place) for place in _places_in(line)):
        return None
    return line.format_map(values)


def _places_in(text: str) -> Iterator[str]:
    """Yield the places of a text. Raises ValueError for braces that are none."""
    for _literal, place, form, conversion in Formatter().parse(text):
        if place is None:
            continue
        # ``{time!r}`` and ``{time:10}`` are Python's, not ours; a name with a dot could reach into an object.
        if form or conversion or not re.fullmatch(r"[a-z_]+", place):
            raise ValueError("not a place")
        yield place
