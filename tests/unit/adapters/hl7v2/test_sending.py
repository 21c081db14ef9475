"""Delivering a note to receivers that answer well, badly and not at all."""

from __future__ import annotations

import socket

import pytest

from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from vdx_plugin.adapters.hl7v2.framing import wrap
from vdx_plugin.adapters.hl7v2.sending import deliver
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
    await deliver("127.0.0.1", port, NOTE, "N0001", limit_s=limit_s)


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
