"""The matrix of HL7 programs: who, which message, and how it behaves. A test's id names its cell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.interop.hl7_programs import Client, Server
from tests.unit.adapters.hl7v2.samples import good, news
from vdx_plugin.adapters.hl7v2 import Hl7System, make, mapping
from vdx_plugin.adapters.hl7v2.directory import Booking
from vdx_plugin.adapters.hl7v2.framing import wrap
from vdx_plugin.adapters.hl7v2.mapping import Addressing
from vdx_plugin.adapters.hl7v2.sending import Line, Receiver, deliver
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.patients import Patient, PersonName, cpr
from vdx_plugin.errors import OutcomeUnknown, Refused
from vdx_plugin.ports import AdapterSetup

SERVERS = ("node_hl7_server.cjs", "simple_hl7_server.cjs", "python_hl7_server.py")
CLIENTS = ("node_hl7_client.cjs", "simple_hl7_client.cjs", "python_hl7_client.py")
OUTCOMES = {
    "AA": ("whole", "AA", None, ""),
    "AE": ("whole", "AE", Refused, "condition none"),
    "AR": ("whole", "AR", Refused, "condition none"),
    "wrong MSA-2": ("wrong", "AA", OutcomeUnknown, "acknowledges another message"),
    "no answer": ("none", "AA", OutcomeUnknown, "TimeoutError"),
    "half frame": ("half", "AA", OutcomeUnknown, "TimeoutError"),
    "close mid-frame": ("close", "AA", OutcomeUnknown, "closed"),
    "Latin-1 undeclared": ("latin1", "AA", OutcomeUnknown, "answer unreadable"),
    "two in one packet": ("twice", "AA", None, ""),
}
"""Each behaviour of a record system: how it answers, and what we make of it."""
IN = {
    "ADT A04": good("adt_a04_email"),
    "ADT A08": good("adt_a08_new_number"),
    "ADT A40": good("adt_a40_merge"),
    "SIU S12": good("siu_s12_hospital"),
    "SIU S15": good("siu_s15_cancelled"),
    "SIU S26": good("siu_s15_cancelled").replace(b"S15", b"S26"),
}
PATIENT = Patient((cpr("8512484901"),), PersonName("Prøvesen", "Ditte"), date(1948, 12, 25))


@dataclass(frozen=True)
class Sent:
    """A message of ours and its MSH-10."""

    text: str
    control_id: str


def ours(kind: str) -> Sent:
    """Make one of the messages we send, each time for another consultation."""
    addressing = Addressing("5790000000104", "EJ", "EJ", "T")
    done = replace(summary(), key=uuid4())
    context = context_of("hl7v2", PATIENT)
    if kind == "MDM T02":
        return Sent(mapping.note(context, done, addressing, NOON), mapping.control_id_of(done))
    ended = replace(done, outcome=EndReason.NO_SHOW if kind == "SIU S26" else EndReason.HELD)
    booking = Booking(news(good("siu_s12_hospital")).appointment, "PL2001", "A2001")
    text = mapping.status(booking, context, ended, addressing, NOON)
    assert text is not None
    return Sent(text, mapping.status_control_id_of(ended))


@pytest.fixture(scope="module", params=SERVERS, ids=lambda name: name.split(".")[0])
def record(request: pytest.FixtureRequest) -> Iterator[Server]:
    program = Server(request.param)
    yield program
    program.stop()


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda name: name.split(".")[0])
def engine(request: pytest.FixtureRequest) -> Iterator[Client]:
    program = Client(request.param)
    yield program
    program.stop()


@pytest.mark.parametrize("behaviour", OUTCOMES)
@pytest.mark.parametrize("kind", ["MDM T02", "SIU S14", "SIU S26"])
async def test_what_we_send_is_delivered_only_when_it_is_acknowledged(record, kind, behaviour):
    """Its own parser reads what arrived, and nothing else than our MSH-10 with AA counts."""
    mode, code, expected, detail = OUTCOMES[behaviour]
    record.answer(mode, code)
    sent = ours(kind)
    line = Line(Receiver("127.0.0.1", record.port), limit_s=0.3 if mode in ("none", "half") else 10)
    try:
        if expected is None:
            await deliver(line, sent.text, sent.control_id)
        else:
            with pytest.raises(expected, match=detail):
                await deliver(line, sent.text, sent.control_id)
    finally:
        await line.close()
    assert await asyncio.to_thread(record.received) == (*kind.split(" "), sent.control_id)


async def test_several_messages_on_one_connection(record):
    """node-hl7-server acknowledges the message before; ours counts as not delivered, and goes on a new connection."""
    record.answer("whole")
    first, second = ours("MDM T02"), ours("SIU S14")
    line = Line(Receiver("127.0.0.1", record.port))
    try:
        await deliver(line, first.text, first.control_id)
        try:
            await deliver(line, second.text, second.control_id)
        except OutcomeUnknown:
            assert not line.is_kept
            await deliver(line, second.text, second.control_id)
    finally:
        await line.close()
    seen = [(await asyncio.to_thread(record.received))[2] for _message in range(2)]
    assert line.is_kept == (not record.script.startswith("node"))
    if line.is_kept:
        assert seen == [first.control_id, second.control_id]


@pytest.fixture
async def ours_listening():
    system = make(AdapterSetup({"port": "0", "processing_id": "T"}, "", HandClock(), PRACTICE))
    system.sink = RememberingSink()
    await system.start(system.sink)
    await system._answer(good("siu_s15_cancelled").replace(b"S15", b"S12"))
    yield system
    await system.stop()


def arrived(system: Hl7System, kind: str) -> bool:
    """Say whether what the message tells is known."""
    told = news(IN[kind])
    if kind == "ADT A40":
        return bool(system.sink.merges)
    if kind in ("SIU S15", "SIU S26"):
        return system._directory.booking(told.id) is None
    if kind == "SIU S12":
        return system._directory.booking(told.appointment.id) is not None
    return system._directory.find(told.patient) is not None


def control_of(payload: bytes) -> str:
    return payload.split(b"|")[9].decode("ascii")


@pytest.mark.parametrize(
    "behaviour",
    ["AA", "AE", "AR", "Latin-1 declared", "Latin-1 undeclared", "two in one packet", "half frame", "close mid-frame"],
)
@pytest.mark.parametrize("kind", IN)
async def test_what_is_sent_to_us_is_taken_whole_or_refused(ours_listening, engine, kind, behaviour):
    """It gets the answer to its own message, its own parser reads it, and after every misfortune the next is taken."""
    payload = IN[kind]
    system = ours_listening

    def converse() -> list[tuple[str, str]]:
        engine.connect(system.port)
        try:
            return BEHAVIOURS[behaviour](engine, payload)
        finally:
            engine.close()

    answers = await asyncio.to_thread(converse)
    control = control_of(payload)
    expected = {"AE": "AE", "AR": "AR", "Latin-1 undeclared": "AE"}.get(behaviour, "AA")
    assert answers[0] == (expected, control)
    if behaviour in ("AE", "AR", "Latin-1 undeclared", "close mid-frame"):
        # Refused, or lost on the way; a whole one on a new connection is taken.
        await asyncio.to_thread(engine.connect, system.port)
        assert await asyncio.to_thread(engine.send, payload.decode()) == ("AA", control)
        await asyncio.to_thread(engine.close)
    assert arrived(system, kind)
    if behaviour == "two in one packet":
        # Its library looks at the first answer alone; the second message is taken all the same.
        async with asyncio.timeout(10):
            while True:
                if system._accepted == 3:
                    break
                await asyncio.sleep(0.005)


def _good(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    return [engine.send(payload.decode())]


def _without_segment(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    lines = payload.decode().split("\r")
    broken = [line for line in lines if not line.startswith(("PID", "SCH"))]
    return [engine.send("\r".join(broken))]


def _not_for_us(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    return [engine.send(payload.decode().replace("|T|2.5.1", "|P|2.5.1"))]


def _latin1(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    text = payload.decode().replace("UNICODE UTF-8", "8859/1").replace("Ditte", "Dïtte")
    engine.raw(wrap(text.encode("latin-1")))
    return [engine.answered()]


def _latin1_undeclared(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    text = payload.decode().replace("UNICODE UTF-8", "") + "NTE|1||på øen\r"
    engine.raw(wrap(text.encode("latin-1")))
    return [engine.answered()]


def _two(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    engine.raw(wrap(payload) + wrap(payload))
    return [engine.answered()]


def _half(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    engine.raw(wrap(payload)[: len(payload) // 2])
    engine.raw(wrap(payload))
    return [engine.answered()]


def _closing(engine: Client, payload: bytes) -> list[tuple[str, str]]:
    engine.raw(wrap(payload)[: len(payload) // 2])
    return [("AA", control_of(payload))]


BEHAVIOURS = {
    "AA": _good,
    "AE": _without_segment,
    "AR": _not_for_us,
    "Latin-1 declared": _latin1,
    "Latin-1 undeclared": _latin1_undeclared,
    "two in one packet": _two,
    "half frame": _half,
    "close mid-frame": _closing,
}
