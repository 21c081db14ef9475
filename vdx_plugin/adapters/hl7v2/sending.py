"""Sending one message at a time over a connection that stays open, and judging the acknowledgement.

A connection on which anything was doubtful is closed: an acknowledgement that comes late would be read as the answer to
the next message. A receiver that has once acknowledged another message than ours gets a connection for each from then
on; there it has nothing to mix up.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from vdx_plugin.adapters.hl7v2 import decoding, framing, reading
from vdx_plugin.adapters.hl7v2.reading import Message
from vdx_plugin.adapters.hl7v2.securing import Papers
from vdx_plugin.api.v1 import Conflict, OutcomeUnknown, Refused, Unavailable, Unreadable, get_logger

_log = get_logger("adapters.hl7v2")

CONNECT_LIMIT_S = 4.0
ANSWER_LIMIT_S = 9.0
"""A note and its appointment's status, each with an answer as slow as this, stay below the host's limit for a write."""
_ANSWER_LIMIT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where messages go. ``papers`` are those for TLS, None for a plain connection."""

    host: str
    port: int
    papers: Papers | None = None


class Line:
    """The connection to one receiver. Messages wait for each other: one is outstanding."""

    def __init__(self, receiver: Receiver, *, limit_s: float = ANSWER_LIMIT_S) -> None:
        self._receiver = receiver
        self._limit_s = limit_s
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.is_kept = True
        """Whether the connection stays open between messages; not with a receiver that mixes up its answers."""
        self.trouble = ""
        """Problem code of what is wrong with the receiver since the last good answer, empty when nothing is."""

    async def send(self, message: str, control_id: str) -> None:
        """Send and return when it is accepted. Raises as ``deliver``."""
        async with self._turn:
            try:
                answer = await self._ask(framing.wrap(message.encode("utf-8")))
                _judge(answer, control_id)
            except (Refused, Conflict):
                self.trouble = ""
                raise
            except BaseException as error:
                self._drop()
                self._remember(error)
                raise
            self.trouble = ""
            if not self.is_kept:
                await self.close()

    async def try_out(self) -> None:
        """Connect, and see whether we may stay: a TLS peer refuses only afterwards. Raises Unavailable."""
        async with self._turn:
            reader, _writer = await self._connect()
            try:
                async with asyncio.timeout(0.3):
                    if not await reader.read(1):
                        raise Unavailable("writeback.unavailable", "closed at once")
            except TimeoutError:
                pass
            except OSError as error:
                raise Unavailable("writeback.unavailable", type(error).__name__) from error
            finally:
                await self.close()

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            _reader, writer = self._streams
            self._streams = None
            writer.close()
            # A receiver that reads nothing must not hold us up.
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    def _remember(self, error: BaseException) -> None:
        if isinstance(error, OutcomeUnknown) and error.detail == _ANOTHER:
            if self.is_kept:
                _log.warning("the receiver acknowledges other messages than ours; from now on a connection for each")
            self.is_kept = False
            self.trouble = "hl7v2.wrong_answer"
        elif isinstance(error, Unavailable):
            self.trouble = "hl7v2.receiver_away"

    async def _ask(self, block: bytes) -> bytes:
        """Send once; again where a connection kept from before turns out to be closed. MSH-10 is the same."""
        kept = self._streams
        reader, writer = kept if kept and not kept[0].at_eof() else await self._connect()
        try:
            return await self._exchange(reader, writer, block)
        except _ClosedError as error:
            if kept is None or kept[0] is not reader:
                raise OutcomeUnknown("writeback.unknown", error.detail) from error
        try:
            return await self._exchange(*await self._connect(), block)
        except (_ClosedError, Unavailable) as error:
            # The first attempt may have arrived, whatever became of the second.
            raise OutcomeUnknown("writeback.unknown", error.detail) from error

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._drop()
        where = self._receiver
        context = await asyncio.to_thread(where.papers.for_calling) if where.papers else None
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                self._streams = await asyncio.open_connection(where.host, where.port, ssl=context)
        except (OSError, TimeoutError) as error:
            raise Unavailable("writeback.unavailable", type(error).__name__) from error
        return self._streams

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, block: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._limit_s):
                writer.write(block)
                await writer.drain()
                return await _answer(reader)
        except TimeoutError as error:
            raise OutcomeUnknown("writeback.unknown", type(error).__name__) from error
        except OSError as error:
            raise _ClosedError(type(error).__name__) from error


class _ClosedError(Exception):
    """The connection ended before a byte of an answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


_ANOTHER = "acknowledges another message"


async def deliver(line: Line, message: str, control_id: str) -> None:
    """Send ``message`` and return when the receiver has accepted it, now or at an earlier attempt.

    Raises Unavailable(``writeback.unavailable``) when nothing was sent, OutcomeUnknown(``writeback.unknown``) when
    it was sent and no answer came that is about it, Conflict when the record is locked, Refused when they said no.
    """
    await line.send(message, control_id)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    blocks = framing.BlockReader(_ANSWER_LIMIT_BYTES)
    heard = False
    while data := await reader.read(_ANSWER_LIMIT_BYTES):
        heard = True
        for event in blocks.feed(data):
            if isinstance(event, framing.Block):
                return event.payload
            raise OutcomeUnknown("writeback.unknown", f"answer damaged: {event.damage}")
    if heard:
        raise OutcomeUnknown("writeback.unknown", "closed in the middle of an answer")
    raise _ClosedError("closed without an answer")


def _judge(payload: bytes, control_id: str) -> None:
    try:
        answer = reading.read(decoding.decode(payload))
        msa = answer.need("MSA")
    except Unreadable as error:
        raise OutcomeUnknown("writeback.unknown", f"answer unreadable at {error.place}") from error
    if msa.text(2) != control_id:
        # Some engines acknowledge the message before this one: then ours is not acknowledged.
        raise OutcomeUnknown("writeback.unknown", _ANOTHER)
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
