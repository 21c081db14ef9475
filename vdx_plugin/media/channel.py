"""What two ends of direct media say over their data channel. Pure: text to event and back.

Source: the vendor's client library: ``{"type": "message", "body": {...}}``, the body as of ``message_received``.
Camera control (``fecc``) goes the same way and is left alone.
"""

from __future__ import annotations

import json

from vdx_plugin.media.pexip.events import MessageCame
from vdx_plugin.media.pexip.fields import mapping, text

LABEL = "pexChannel"
MAX_MESSAGE = 64_000


def write_message(name: str, participant_id: str, words: str) -> str:
    """Return a chat line as it goes over the channel."""
    body = {"type": "text/plain", "payload": words, "origin": name, "uuid": participant_id}
    return json.dumps({"type": "message", "body": body}, ensure_ascii=False)


def read_message(data: object) -> MessageCame | None:
    """Return the chat line, None for anything else."""
    if not isinstance(data, str) or len(data) > MAX_MESSAGE:
        return None
    try:
        found = mapping(json.loads(data))
    except (ValueError, RecursionError):
        return None
    body = mapping(found.get("body"))
    if found.get("type") != "message" or text(body.get("type")) not in ("", "text/plain"):
        return None
    words = text(body.get("payload"))
    return MessageCame(text(body.get("origin"), limit=200), text(body.get("uuid"), limit=100), words) if words else None
