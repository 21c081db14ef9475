"""One text message on its way: what is said to whom, and how many single messages it takes.

A text in the small alphabet of telephones (GSM 03.38, 7 bits) has 160 characters in one message and 153 in each part
of a longer one; any character outside it makes the whole text UCS-2, with 70 and 67 (3GPP TS 23.038, 23.040).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable

MIME = "application/vnd.vdx-plugin.sms+json"

_SMALL = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("^{}\\[~]|€\f")
"""Behind an escape character, so they count twice."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is: ``characters`` as its alphabet counts them, in ``parts`` single messages."""

    characters: int
    parts: int
    is_small: bool
    """True in the 7-bit alphabet."""


def length_of(text: str) -> Length:
    """Count a text as the telephone network does."""
    is_small = all(character in _SMALL or character in _DOUBLE for character in text)
    if is_small:
        widths = [2 if character in _DOUBLE else 1 for character in text]
    else:
        widths = [len(character.encode("utf-16-be")) // 2 for character in text]
    single, part = (160, 153) if is_small else (70, 67)
    total = sum(widths)
    return Length(total, 1 if total <= single else _parts(widths, part), is_small)


def _parts(widths: list[int], room: int) -> int:
    """A character that takes two places is never cut in two."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts


@dataclass(frozen=True, slots=True)
class TextMessage:
    """What is sent. ``link`` stands in ``text`` alone on its line; empty where the text has none.

    ``meeting_link_is_safe``: VDX's own link of the meeting holds the guest PIN and not the host's, so a sender that
    can only send that one may.
    """

    to: str
    text: str
    meeting_id: UUID
    link: Secret
    meeting_link_is_safe: bool = False

    def __repr__(self) -> str:
        return f"TextMessage({length_of(self.text)})"


def write(message: TextMessage) -> bytes:
    """Return a message as the outbox keeps it."""
    values = {
        "to": message.to,
        "text": message.text,
        "meeting": str(message.meeting_id),
        "link": message.link.reveal(),
        "meeting_link_is_safe": message.meeting_link_is_safe,
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode()


def read(payload: bytes) -> TextMessage:
    """Read what ``write`` wrote. Raises Unreadable."""
    try:
        values = json.loads(payload)
        return TextMessage(
            str(values["to"]),
            str(values["text"]),
            UUID(values["meeting"]),
            Secret(str(values["link"])),
            values["meeting_link_is_safe"] is True,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("invite.unreadable", "a stored text message") from None
