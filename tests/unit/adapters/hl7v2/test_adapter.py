"""The adapter at its socket: bad neighbours, big messages, many at once."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from tests.unit.adapters.hl7v2.samples import DAMAGED, good
from vdx_plugin.adapters.hl7v2 import Hl7Settings, Hl7System, make, reading
from vdx_plugin.adapters.hl7v2.framing import Block, BlockReader, wrap
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.errors import Misconfigured, Unavailable
from vdx_plugin.ports import AdapterSetup, Capability

SETTINGS = {"port": "0", "processing_id": "T"}


class Sender:
    """A record system's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._blocks = BlockReader()
        self._answers: list[str] = []

    async def answer(self) -> reading.Message:
        """Return the next acknowledgement."""
        while not self._answers:
            data = await asyncio.wait_for(self._reader.read(65536), 5)
            assert data, "closed"
            self._answers += [event.payload.decode() for event in self._blocks.feed(data) if isinstance(event, Block)]
        return reading.read(self._answers.pop(0))

    async def send(self, payload: bytes) -> str:
        """Send one message and return MSA-1."""
        self.writer.write(wrap(payload))
        return (await self.answer()).need("MSA").text(1)

    async def is_closed(self) -> bool:
        return await asyncio.wait_for(self._reader.read(), 5) == b""


@pytest.fixture
async def system(tmp_path):
    made = make(AdapterSetup({**SETTINGS, "max_bytes": "50000"}, str(tmp_path), HandClock(), PRACTICE))
    made.sink = RememberingSink()
    await made.start(made.sink)
    yield made
    await made.stop()


@pytest.fixture
async def sender(system):
    made = Sender(*await asyncio.open_connection("127.0.0.1", system.port))
    yield made
    made.writer.close()
    await made.writer.wait_closed()


def on(day_start: int = 0) -> dict[str, object]:
    return {"start": NOON.replace(hour=day_start), "end": NOON.replace(hour=23)}


async def test_a_connection_stays_open_for_many_messages(system, sender):
    """hl7apy's own server closes after the first."""
    for name in ("adt_a04_email", "adt_a04_latin1", "siu_s12_hospital", "adt_a04_duplicate", "adt_a40_merge"):
        assert await sender.send(good(name)) == "AA"
    assert len(await system.appointments(**on())) == 1
    assert len(system.sink.merges) == 1
    assert system.sink.changes == 2


@pytest.mark.parametrize("file", DAMAGED, ids=lambda file: file.stem)
async def test_every_damaged_message_gets_its_answer(sender, file):
    """A sender without an answer sends the same message for ever."""
    code = await sender.send(file.read_bytes())
    assert code == ("AA" if file.stem == "lf_for_cr" else code)
    assert code in ("AE", "AR") or file.stem == "lf_for_cr"
    assert await sender.send(good("adt_a04_email")) == "AA"


async def test_the_answer_names_the_message_even_when_its_letters_are_wrong(sender):
    """The header is ASCII; only by MSA-2 can the sender find the message."""
    payload = good("adt_a04_email").decode().encode("latin-1")
    sender.writer.write(wrap(payload))
    answer = await sender.answer()
    assert answer.need("MSA").text(2) == control_id(payload.decode("latin-1"))


async def test_two_messages_in_one_packet_are_answered_in_order(sender):
    """One outstanding is the rule, and not every sender keeps it."""
    first, second = good("adt_a04_email"), good("adt_a04_mobile")
    sender.writer.write(wrap(first) + wrap(second))
    answers = [(await sender.answer()).need("MSA").text(2) for _message in range(2)]
    assert answers == [control_id(first.decode()), control_id(second.decode())]


async def test_a_message_in_small_pieces_is_read(sender):
    """The network cuts where it likes, also inside a letter."""
    block = wrap(good("adt_a04_elderly"))
    for at in range(0, len(block), 7):
        sender.writer.write(block[at : at + 7])
        await sender.writer.drain()
    assert (await sender.answer()).need("MSA").text(1) == "AA"


async def test_a_message_over_the_limit_is_refused_and_the_next_is_read(sender):
    """Made here and not stored."""
    assert await sender.send(good("adt_a04_email") + b"NTE|1||x\r" * 10_000) == "AE"
    assert await sender.send(good("adt_a04_email")) == "AA"


async def test_a_program_that_is_no_sender_is_put_out(sender, caplog):
    """A port scanner or a browser."""
    with caplog.at_level(logging.CRITICAL):
        sender.writer.write(b"GET / HTTP/1.1\r\n\x0b" * 30)
        assert await sender.is_closed()


async def test_trouble_is_told_once_until_a_good_message_comes(system, sender):
    """A broken feed sends thousands; the doctor needs one line."""
    bad = good("adt_a04_email").replace(b"19481225", b"25-12-48")
    for _message in range(3):
        await sender.send(bad)
    assert system.sink.notices == ["hl7.unreadable"]
    await sender.send(good("adt_a04_email"))
    await sender.send(bad)
    assert system.sink.notices == ["hl7.unreadable"] * 2


async def test_an_event_that_is_not_ours_is_refused_without_a_word_to_the_user(system, sender):
    """Interface engines send everything; that is no trouble of the clinic's."""
    assert await sender.send(good("adt_a04_email").replace(b"ADT^A04", b"ADT^A02")) == "AR"
    assert system.sink.notices == []


async def test_nothing_of_a_patient_reaches_the_log(sender, caplog):
    """Good or bad, a message's content stays out."""
    with caplog.at_level(logging.DEBUG):
        await sender.send(good("adt_a04_email"))
        for file in DAMAGED:
            await sender.send(file.read_bytes())
    assert "condition 102" in caplog.text
    assert not any(word in caplog.text for word in ("Ditte", "Prøve", "851248", "1948", "patient@"))


async def test_the_port_stands_in_a_file_while_it_listens(system, tmp_path):
    """So that a sender on the same machine finds a port chosen for us."""
    file = tmp_path / "listening.json"
    assert json.loads(file.read_text())["port"] == system.port
    await system.stop()
    assert not file.exists()


async def test_a_port_that_is_taken_is_said(system):
    """Two programs, or one left over."""
    second = Hl7System(Hl7Settings(port=system.port), HandClock())
    with pytest.raises(Unavailable, match=r"hl7\.port_taken"):
        await second.start(RememberingSink())


async def test_completing_fills_in_name_address_and_todays_appointment(system, sender):
    """The local call brings a number; the feed knows the rest."""
    await sender.send(good("siu_s12_hospital"))
    completed = await system.complete(context_of("local", Patient((cpr("8512484901"),))))
    assert completed.patient.is_complete
    assert completed.patient.email == "patient@example.test"
    assert completed.appointment_id == "A2001"
    assert completed.source == "local"


async def test_a_note_after_a_merge_goes_to_the_survivor(tmp_path):
    """The record knows the retired number no longer."""
    received: list[str] = []
    async with receiver(lambda message: ack("AA", control_id(message)), received) as port:
        system = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
        await system.start(RememberingSink())
        system._answer(good("adt_a04_duplicate"))
        old = (await system.complete(context_of("local", reading_patient("adt_a04_duplicate")))).patient
        system._answer(good("adt_a40_merge"))
        await system.write_back(context_of("local", old), summary())
        await system.stop()
    pid = reading.read(received[0]).need("PID")
    assert [field.part(1) for field in pid.repetitions(3)] == ["P1002", "7103792202"]


def reading_patient(name: str) -> Patient:
    from tests.unit.adapters.hl7v2.samples import news

    return news(good(name)).patient


@pytest.mark.parametrize(
    ("settings", "at_fault"),
    [
        ({"port": "many"}, "adapters.hl7v2.port"),
        ({"processing_id": "X"}, "adapters.hl7v2.processing_id"),
        ({"prot": "2575"}, "adapters.hl7v2.prot"),
    ],
)
def test_a_wrong_setting_is_named(settings, at_fault):
    """Whoever sets up the clinic's machines must find it."""
    with pytest.raises(Misconfigured) as caught:
        make(AdapterSetup(settings, "", HandClock()))
    assert caught.value.facts["setting"] == at_fault


def test_notes_are_offered_only_with_a_receiver():
    """What an adapter cannot do is said before anyone asks."""
    assert Capability.WRITE_BACK not in make(AdapterSetup({}, "", HandClock())).capabilities
    assert Capability.WRITE_BACK in make(AdapterSetup({"note_port": "2576"}, "", HandClock())).capabilities


def test_it_listens_on_the_loopback_unless_told_otherwise():
    """A feed open to the network has neither sign-in nor encryption."""
    assert Hl7Settings().host == "127.0.0.1"
