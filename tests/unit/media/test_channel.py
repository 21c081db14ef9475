"""Chat between two ends."""

from __future__ import annotations

import json

import pytest

from vdx_plugin.media.channel import MAX_MESSAGE, read_message, write_message
from vdx_plugin.media.pexip.events import MessageCame


def test_what_is_written_is_read() -> None:
    """Both ends may be this program."""
    assert read_message(write_message("Læge", "me", "Kan du høre mig?")) == MessageCame(
        "Læge", "me", "Kan du høre mig?"
    )


def test_the_vendors_form_is_read() -> None:
    """Theirs may be a browser."""
    body = {"payload": "Ja", "type": "text/plain", "origin": "Gæst", "uuid": "g"}
    assert read_message(json.dumps({"type": "message", "body": body})) == MessageCame("Gæst", "g", "Ja")


@pytest.mark.parametrize(
    "data",
    [
        b"bytes",
        None,
        "",
        "{",
        "[" * 50_000,
        "5",
        '{"type": "fecc", "body": {}}',
        '{"type": "message"}',
        '{"type": "message", "body": {"payload": 5}}',
        '{"type": "message", "body": {"type": "application/json", "payload": "{}"}}',
        json.dumps({"type": "message", "body": {"payload": "x" * MAX_MESSAGE}}),
    ],
)
def test_anything_else_is_nothing(data: object) -> None:
    """Whoever sits at the other end may send what they like."""
    assert read_message(data) is None
