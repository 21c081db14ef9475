"""Sending one message and reading its acknowledgement: a connection for each, so nothing is mixed up."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from vdx_plugin.adapters.hl7v2 import decoding, framing, reading
from vdx_plugin.adapters.hl7v2.reading import Message
from vdx_plugin.errors import Conflict, OutcomeUnknown, Refused, Unavailable, Unreadable

_ANSWER_LIMIT_BYTES = 65_536


async def deliver(host: str, port: int, message: str, control_id: str, *, limit_s: float) -> None:
    """Send ``message`` and return when the receiver has accepted it, now or at an earlier attempt.

    Raises Unavailable(``writeback.unavailable``) when nothing was sent, OutcomeUnknown(``writeback.unknown``) when
    it was sent and no answer came that is about it, Conflict when the record is locked, Refused when they said no.
    """
    payload = framing.wrap(message.encode("utf-8"))
    try:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise Unavailable("writeback.unavailable", type(error).__name__) from error
    try:
        async with asyncio.timeout(limit_s):
            writer.write(payload)
            await writer.drain()
            answer = await _answer(reader)
    except (OSError, TimeoutError) as error:
        # Closing politely would wait for a receiver that reads nothing.
        writer.transport.abort()
        raise OutcomeUnknown("writeback.unknown", type(error).__name__) from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    _judge(answer, control_id)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    blocks = framing.BlockReader(_ANSWER_LIMIT_BYTES)
    while data := await reader.read(_ANSWER_LIMIT_BYTES):
        for event in blocks.feed(data):
            if isinstance(event, framing.Block):
                return event.payload
            raise OutcomeUnknown("writeback.unknown", f"answer damaged: {event.damage}")
    raise OutcomeUnknown("writeback.unknown", "closed without an answer")


def _judge(payload: bytes, control_id: str) -> None:
    try:
        answer = reading.read(decoding.decode(payload))
        msa = answer.need("MSA")
    except Unreadable as error:
        raise OutcomeUnknown("writeback.unknown", f"answer unreadable at {error.place}") from error
    if msa.text(2) != control_id:
        # Some engines acknowledge the message before this one: then ours is not acknowledged.
        raise OutcomeUnknown("writeback.unknown", "acknowledges another message")
    code = msa.text(1)
    if code in ("AA", "CA"):
        return
    if code not in ("AE", "AR", "CE", "CR"):
        raise OutcomeUnknown("writeback.unknown", "no acknowledgement code")
    _refuse(_condition(answer))


def _condition(answer: Message) -> str:
    error = answer.first("ERR")
    # ERR-3 from 2.5 on; before that the code is the fourth component of ERR-1, and that a coded element.
    return (error.text(3) or error.text(1, 4, 1)) if error else ""


def _refuse(condition: str) -> None:
    if condition == str(reading.DUPLICATE):
        return
    if condition == str(reading.LOCKED):
        raise Conflict("writeback.conflict", "record locked")
    known = condition if condition.isdigit() and len(condition) == 3 else "none"
    raise Refused("writeback.refused", f"condition {known}")
