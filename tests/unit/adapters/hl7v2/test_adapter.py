"""The adapter at its socket: bad neighbours, big messages, many at once."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from dataclasses import replace

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.unit.adapters.hl7v2.peers import ack, control_id, receiver
from tests.unit.adapters.hl7v2.samples import DAMAGED, good
from vdx_plugin.adapters.hl7v2 import Hl7Settings, Hl7System, make, reading
from vdx_plugin.adapters.hl7v2.framing import Block, BlockReader, wrap
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.errors import Misconfigured, Unavailable
from vdx_plugin.ports import AdapterSetup, Capability, HealthState

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
        await system._answer(good("adt_a04_duplicate"))
        old = (await system.complete(context_of("local", reading_patient("adt_a04_duplicate")))).patient
        await system._answer(good("adt_a40_merge"))
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


async def test_a_message_played_back_is_acknowledged_and_does_nothing(system, sender):
    """An engine that replays its queue must not bring back an appointment that was called off since."""
    assert await sender.send(good("siu_s12_hospital")) == "AA"
    assert await sender.send(good("siu_s15_cancelled").replace(b"A2004", b"A2001")) == "AA"
    assert await system.appointments(**on()) == []
    assert await sender.send(good("siu_s12_hospital")) == "AA"
    assert await system.appointments(**on()) == []


@pytest.mark.parametrize("event", ["A03", "A11", "A13"])
async def test_a_patient_who_leaves_or_did_not_come_is_acknowledged_and_stays_known(system, sender, event):
    """A refusal would hold up the sender's queue, and the patient is the clinic's still."""
    assert await sender.send(good("adt_a04_email")) == "AA"
    assert await sender.send(good("adt_a04_email").replace(b"A04", event.encode())) == "AA"
    assert (await system.complete(context_of("local", Patient((cpr("8512484901"),))))).patient.is_complete


async def test_one_message_may_merge_several_patients_and_is_taken_whole_or_not_at_all(system, sender):
    """A40 repeats the pair of PID and MRG."""
    text = good("adt_a40_merge").decode()
    pair = text[text.index("PID") :]
    other = pair.replace("P1002", "P1003").replace("7103792202", "8512484901").replace("P1090", "P1091")
    assert await sender.send((text + pair[: pair.index("MRG")]).encode()) == "AE"
    assert system.sink.merges == []
    assert await sender.send((text + other).encode()) == "AA"
    assert [retired.value for retired, _survivor in system.sink.merges] == ["P1090", "P1091"]


async def test_only_senders_on_the_list_are_heard(tmp_path):
    """Whoever can reach the port could fill the day's list."""
    chosen = {**SETTINGS, "senders": "ANOTHER, EKSEMPELJOURNAL"}
    for senders, code in ((chosen["senders"], b"|AA|"), ("ANOTHER", b"|AE|")):
        made = make(AdapterSetup({**chosen, "senders": senders}, "", HandClock(), PRACTICE))
        assert code in await made._answer(good("adt_a04_email"))


async def test_a_large_message_is_read_beside_the_loop(tmp_path):
    """A scanned letter in a note has three million bytes."""
    made = make(AdapterSetup(SETTINGS, "", HandClock(), PRACTICE))
    large = good("adt_a04_email") + b"OBX|1|ED|||" + b"A" * 3_000_000 + b"\r"
    assert b"|AA|" in await made._answer(large)


def booked(system, patient):
    return system.complete(context_of("local", patient))


@pytest.mark.parametrize(
    ("outcome", "trigger", "code"),
    [
        (EndReason.HELD, "S14", "Complete"),
        (EndReason.TO_PHONE, "S14", "Complete"),
        (EndReason.NO_SHOW, "S26", "Noshow"),
    ],
)
async def test_after_the_note_the_calendar_is_told_by_the_senders_own_numbers(outcome, trigger, code):
    """SCH-1 and SCH-2 go back as they came, and a repeat has the same MSH-10."""
    received: list[str] = []
    async with receiver(lambda message: ack("AA", control_id(message)), received) as port:
        system = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
        await system.start(RememberingSink())
        await system._answer(good("siu_s12_hospital"))
        context = await booked(system, Patient((cpr("8512484901"),)))
        for _attempt in range(2):
            await system.write_back(context, replace(summary(), outcome=outcome))
        await system.stop()
    notes, statuses = received[::2], received[1::2]
    assert [control_id(note) for note in notes] == [control_id(notes[0])] * 2
    assert [control_id(status) for status in statuses] == [control_id(statuses[0])] * 2
    said, came = reading.read(statuses[0]), reading.read(good("siu_s12_hospital").decode())
    assert (said.header.kind, said.header.trigger, said.need("SCH").text(25)) == ("SIU", trigger, code)
    assert [said.need("SCH").text(n) for n in (1, 2)] == [came.need("SCH").text(n) for n in (1, 2)]


@pytest.mark.parametrize("outcome", [EndReason.CANCELLED, EndReason.TECHNICAL])
async def test_what_the_doctor_must_decide_is_not_told_to_the_calendar(outcome):
    """Whether it takes place after all is not ours to say."""
    received: list[str] = []
    async with receiver(lambda message: ack("AA", control_id(message)), received) as port:
        system = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
        await system._answer(good("siu_s12_hospital"))
        context = await booked(system, Patient((cpr("8512484901"),)))
        await system.write_back(context, replace(summary(), outcome=outcome))
        await system.stop()
    assert ["MDM" in message for message in received] == [True]


async def test_a_calendar_that_refuses_the_status_is_told_and_the_note_stands():
    """Many receivers take notes and no SIU."""

    def answer(message: str) -> bytes:
        refused = "ERR||MSH^1^9|200^Unsupported message type^HL70357|E\r"
        return ack("AA", control_id(message)) if "MDM" in message else ack("AR", control_id(message), refused)

    async with receiver(answer) as port:
        system = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
        sink = RememberingSink()
        await system.start(sink)
        await system._answer(good("siu_s12_hospital"))
        receipt = await system.write_back(await booked(system, Patient((cpr("8512484901"),))), summary())
        await system.stop()
    assert receipt.remote_id == str(summary().key)
    assert sink.notices == ["hl7v2.status_refused"]


async def test_it_says_how_it_is(system):
    """Listening is good; a receiver that is away is told with its sentence."""
    assert (await system.health()).state is HealthState.GOOD
    await system.stop()
    assert (await system.health()).reason == "hl7v2.not_listening"
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    away = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
    assert (await away.try_settings()).reason == "hl7v2.receiver_away"
    async with receiver(lambda _message: b"") as port:
        there = make(AdapterSetup({**SETTINGS, "note_port": str(port)}, "", HandClock(), PRACTICE))
        assert (await there.try_settings()).state is HealthState.GOOD
