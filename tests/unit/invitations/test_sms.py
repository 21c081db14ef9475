"""Text messages counted as the telephone network counts them, and kept in the outbox."""

from __future__ import annotations

from uuid import UUID

import pytest

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations import sms


@pytest.mark.parametrize(
    ("text", "characters", "parts", "is_small"),
    [
        ("", 0, 1, True),
        ("a" * 160, 160, 1, True),
        ("a" * 161, 161, 2, True),
        ("a" * 306, 306, 2, True),
        ("a" * 307, 307, 3, True),
        ("æøåÆØÅ", 6, 1, True),
        ("€" * 80, 160, 1, True),
        # The escaped pair may not be cut in two, so a place is lost at the end of the first part.
        ("a" * 152 + "€" + "a" * 152, 306, 3, True),
        ("ł" * 70, 70, 1, False),
        ("ł" * 71, 71, 2, False),
        ("ع" * 134, 134, 2, False),
        ("ع" * 135, 135, 3, False),
        ("😀" * 35, 70, 1, False),
    ],
)
def test_a_text_is_counted_as_3gpp_says(text: str, characters: int, parts: int, is_small: bool) -> None:
    """The clinic pays for each part, and the preview tells how many there are."""
    assert sms.length_of(text) == sms.Length(characters, parts, is_small)


MESSAGE = sms.TextMessage("+4520123456", "Hej\nhttps://x.example", UUID(int=7), Secret("https://x.example"), True)


def test_a_message_is_read_as_it_was_written() -> None:
    """It lies in the outbox until it is sent, maybe over a restart."""
    assert sms.read(sms.write(MESSAGE)) == MESSAGE


def test_a_message_shows_nothing_of_itself_when_printed() -> None:
    """Number and link are in no log."""
    assert "20123456" not in repr(MESSAGE)
    assert "x.example" not in repr(MESSAGE)


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b"null", b'{"to":1}', b"\xff", b'{"to":"a","text":"b","meeting":"c"}']
)
def test_what_is_no_message_is_unreadable(payload: bytes) -> None:
    """A damaged row fails for itself and stops no other."""
    with pytest.raises(Unreadable):
        sms.read(payload)
