"""Delivering a note to receivers that answer well, badly and not at all."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from vdx_plugin.adapters.hl7v2.framing import wrap
from vdx_plugin.adapters.hl7v2.sending import Line, Receiver, deliver
from vdx_plugin.errors import Conflict, OutcomeUnknown, Refused, Unavailable

NOTE = "MSH|^~\\&|VDX||EJ||20261123120000||MDM^T02|N0001|T|2.5.1\rPID|1\r"

UNKNOWN = {
    "an acknowledgement of the message before": lambda _message: ack("AA", "N0000"),
    "no answer at all": lambda _message: b"",
    "a closed connection": lambda _message: None,
    "an answer that is not HL7": lambda _message: wrap(b"OK"),
    "an answer cut off by a new one": lambda _message: b"\x0bMSH|^~" + ack("AA", "N0001"),
    "an answer without MSA": lambda _message: wrap(b"MSH|^~\\&|EJ||VDX||20261123||ACK|1|T|2.5.1\r"),
    "a code that means nothing": lambda _message: ack("OK", "N0001"),
}


async def send(port: int, limit_s: float = 0.3) -> None:
    line = Line(Receiver("127.0.0.1", port), limit_s=limit_s)
    try:
        await deliver(line, NOTE, "N0001")
    finally:
        await line.close()


@pytest.mark.parametrize("code", ["AA", "CA"])
async def test_an_accepted_note_is_delivered(code):
    """Original and enhanced mode."""
    async with receiver(lambda message: ack(code, control_id(message))) as port:
        await send(port)


async def test_a_note_the_receiver_already_has_counts_as_delivered():
    """205, duplicate key: the answer to a repeat after a lost acknowledgement."""
    error = "ERR||TXA^1^12|205^Duplicate key identifier^HL70357|E\r"
    async with receiver(lambda message: ack("AE", control_id(message), error)) as port:
        await send(port)


@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_without_a_right_answer_the_outcome_is_unknown(answer):
    """node-hl7-server acknowledges the previous message: whoever believes it loses a note."""
    async with receiver(answer) as port:
        with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
            await send(port)


@pytest.mark.parametrize("code", ["AE", "AR"])
async def test_a_refused_note_is_refused(code):
    """The doctor must paste it by hand."""
    async with receiver(lambda message: ack(code, control_id(message))) as port:
        with pytest.raises(Refused, match=r"writeback\.refused"):
            await send(port)


@pytest.mark.parametrize("error", ["ERR||PID^1|206^Locked^HL70357|E\r", "ERR|PID^1^1^206&Locked&HL70357\r"])
async def test_a_locked_record_is_a_conflict(error):
    """Somebody has it open; in both shapes of ERR, from 2.5 on and before."""
    async with receiver(lambda message: ack("AE", control_id(message), error)) as port:
        with pytest.raises(Conflict, match=r"writeback\.conflict"):
            await send(port)


async def test_a_receiver_that_is_away_is_unavailable():
    """Nothing was sent, so trying later is harmless."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        await send(port)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.code == "writeback.unavailable"


async def test_what_the_receiver_says_is_not_repeated_in_the_error():
    """Its words may quote the record."""
    error = "ERR||PID^1|999 Ditte^Prøvesen^HL70357|E|||Ditte Prøvesen\r"
    async with receiver(lambda message: ack("AE", control_id(message), error)) as port:
        with pytest.raises(Refused) as caught:
            await send(port)
    assert "Ditte" not in str(caught.value)


async def test_messages_go_over_one_connection_one_at_a_time():
    """Many receivers count connections, and all want the answer before the next message."""
    lines: set[int] = set()
    async with receiver(lambda message: ack("AA", control_id(message))) as port:
        line = Line(Receiver("127.0.0.1", port))
        await asyncio.gather(*(deliver(line, NOTE.replace("N0001", f"N{n}"), f"N{n}") for n in range(5)))
        lines.add(id(line._streams))
        await deliver(line, NOTE, "N0001")
        lines.add(id(line._streams))
        await line.close()
    assert len(lines) == 1


async def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing():
    """Firewalls and record systems close what was silent for an hour; the same message goes out again, with its id."""
    received: list[str] = []
    answers = iter([ack("AA", "N0001"), None, ack("AA", "N0002")])
    async with receiver(lambda _message: next(answers), received) as port:
        line = Line(Receiver("127.0.0.1", port))
        await deliver(line, NOTE, "N0001")
        await deliver(line, NOTE.replace("N0001", "N0002"), "N0002")
        await line.close()
    assert [control_id(message) for message in received] == ["N0001", "N0002", "N0002"]


async def test_a_receiver_that_mixes_up_its_answers_gets_a_connection_for_each_message():
    """As node-hl7-server does on one that is kept open: there the second message counts as not delivered."""

    def mixing(message: str) -> bytes:
        seen.append(control_id(message))
        return ack("AA", seen[-2] if len(seen) == 2 else seen[-1])

    seen: list[str] = []
    async with receiver(mixing) as port:
        line = Line(Receiver("127.0.0.1", port))
        await deliver(line, NOTE, "N0001")
        with pytest.raises(OutcomeUnknown):
            await deliver(line, NOTE.replace("N0001", "N0002"), "N0002")
        assert (line.is_kept, line.trouble) == (False, "hl7v2.wrong_answer")
        await deliver(line, NOTE.replace("N0001", "N0002"), "N0002")
        assert (line._streams, line.trouble) == (None, "")
