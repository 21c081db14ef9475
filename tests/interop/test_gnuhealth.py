"""The adapter against GNU Health 5.0 on Tryton: a real record system that others wrote, with our companion module."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests import postgres
from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.peers.gnuhealth import server as gnuhealth
from tests.peers.gnuhealth.server import AAGE, DITTE, DOCTOR, OTHER_DOCTOR, Rpc, Server
from vdx_plugin.adapters.gnuhealth import GnuHealthSystem, make
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Conflict, Misconfigured, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable
from vdx_plugin.ports import AdapterSetup, HealthState

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server; on PostgreSQL, where real locks are, with ``VDX_GNUHEALTH_DATABASE=postgresql``."""
    with contextlib.ExitStack() as stack:
        by_name = {"sqlite": lambda: None, "postgresql": lambda: stack.enter_context(postgres.server(durable=True))}
        database = by_name[os.environ.get("VDX_GNUHEALTH_DATABASE", "sqlite")]()
        yield stack.enter_context(gnuhealth.running(tmp_path_factory.mktemp("gnuhealth"), database))


@pytest.fixture
def record(server: Server) -> Rpc:
    """The doctor's own session in the record, as the web client has one."""
    return server.rpc(DOCTOR)


@pytest.fixture
def sink() -> RememberingSink:
    return RememberingSink()


def adapter(server: Server, user: tuple[str, str] = DOCTOR, **more: str) -> GnuHealthSystem:
    settings = {"url": server.url, "database": gnuhealth.DATABASE, "user": user[0], **more}
    return make(AdapterSetup(settings, "", HandClock(), PRACTICE, {"password": Secret(user[1])}))


@pytest.fixture
async def system(server: Server, sink: RememberingSink) -> AsyncIterator[GnuHealthSystem]:
    made = adapter(server)
    await made.start(sink)
    yield made
    await made.stop()


def patient_number(record: Rpc, puid: str) -> int:
    return record.search_read("gnuhealth.patient", [["puid", "=", puid]], ["id"])[0]["id"]


def appointment(record: Rpc, puid: str = DITTE, **values: Any) -> int:
    doctor = record.search_read("gnuhealth.healthprofessional", [["code", "=", "HANNE"]], ["id"])[0]["id"]
    start = {
        "__class__": "datetime",
        "year": 2026,
        "month": 11,
        "day": 23,
        "hour": 12,
        "minute": 0,
        "second": 0,
        "microsecond": 0,
    }
    chosen = {"appointment_type": "telemedicine", "state": "confirmed", "healthprof": doctor, **values}
    return record.create(
        "gnuhealth.appointment", patient=patient_number(record, puid), appointment_date=start, **chosen
    )


async def follow(address: str, **headers: str) -> httpx.Response:
    """Open an address as a browser does that followed the action."""
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(address, headers={"Sec-Fetch-Mode": "navigate", **headers})


async def click(record: Rpc, model: str, number: int) -> str:
    return await asyncio.to_thread(record.click_start, model, number)


# --- the click --------------------------------------------------------------------------------------------------------


async def test_a_click_on_the_patient_starts_with_that_patient(system, sink, record) -> None:
    """Name, birth date and number come from the record; nothing is typed."""
    address = await click(record, "gnuhealth.patient", patient_number(record, DITTE))
    assert address.startswith(system.launch_address)
    assert DITTE not in address
    assert (await follow(address)).status_code == 200
    (context,) = sink.starts
    assert context.patient.identifiers == (cpr(DITTE),)
    assert context.patient.name.full == "Ditte Prøvesen"
    assert context.patient.is_complete
    assert (context.patient.email, context.patient.mobile) == ("ditte@patient.test", "+4520000001")


async def test_a_click_on_an_appointment_brings_the_appointment(system, sink, record) -> None:
    """What is written back later belongs to it."""
    number = appointment(record)
    await follow(await click(record, "gnuhealth.appointment", number))
    assert sink.starts[-1].appointment_id == str(number)


async def test_a_ticket_is_good_once(system, sink, record) -> None:
    """An address stays in the browser's history."""
    address = await click(record, "gnuhealth.patient", patient_number(record, DITTE))
    await follow(address)
    assert (await follow(address)).status_code == 409
    assert len(sink.starts) == 1
    assert sink.notices == ["ticket.used"]


async def test_a_ticket_of_another_user_is_refused_and_spent(server, system, sink) -> None:
    """On a shared machine the address of a colleague must not start under my name."""
    colleague_sink = RememberingSink()
    colleague = adapter(server, OTHER_DOCTOR)
    await colleague.start(colleague_sink)
    try:
        rpc = server.rpc(OTHER_DOCTOR)
        address = await click(rpc, "gnuhealth.patient", patient_number(rpc, DITTE))
        ticket = address.partition("?")[2]
        assert (await follow(f"{system.launch_address}?{ticket}")).status_code == 409
        assert (await follow(address)).status_code == 409
    finally:
        await colleague.stop()
    assert sink.notices == ["ticket.foreign"]
    assert colleague_sink.notices == ["ticket.used"]
    assert (sink.starts, colleague_sink.starts) == ([], [])


@pytest.mark.parametrize("query", ["", "ticket=", "ticket=" + "A" * 43, "ticket=x;rm -rf", "a=b&ticket=" + "A" * 43])
async def test_an_address_without_a_known_ticket_does_nothing_but_a_notice(system, sink, query) -> None:
    """Any web page can send a browser here."""
    assert (await follow(f"{system.launch_address}?{query}")).status_code == 409
    assert sink.starts == []
    assert sink.notices == ["ticket.unknown"]


@pytest.mark.parametrize("headers", [{"Host": "evil.test"}, {"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Mode": "cors"}])
async def test_a_page_that_rebinds_a_name_or_fetches_is_refused(system, sink, headers) -> None:
    """Only a browser that was led here counts, and only under our own address."""
    assert (await follow(f"{system.launch_address}?ticket={'A' * 43}", **headers)).status_code == 403
    assert sink.notices == []


async def test_a_stale_ticket_is_refused(system, sink, record, server) -> None:
    """A minute is time enough for a click."""
    address = await click(record, "gnuhealth.patient", patient_number(record, DITTE))
    await asyncio.to_thread(_age_tickets, server)
    await follow(address)
    assert sink.notices == ["ticket.stale"]
    assert sink.starts == []


def _age_tickets(server: Server) -> None:
    server.sql("UPDATE vdx_video_ticket SET expires_at = '2020-01-01 00:00:00'")


async def test_without_a_running_program_the_action_says_so(server, record) -> None:
    """Rather than opening an address where nobody listens."""
    with pytest.raises(AssertionError, match="does not wait for you"):
        await click(record, "gnuhealth.patient", patient_number(record, DITTE))


async def test_the_action_never_leads_to_another_machine(system, record) -> None:
    """Whoever can announce could otherwise collect tickets elsewhere."""
    for address in ("http://10.0.0.1:80/launch", "https://evil.test/launch", "http://127.0.0.1:80/launch?x=1"):
        with pytest.raises(AssertionError, match="must wait on the workstation"):
            record("model.vdx_video.launch.announce", address, {})


async def test_tickets_cannot_be_listed_or_made_by_call(system, record) -> None:
    """The table is private to the server."""
    for method in ("search", "create", "read"):
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            record(f"model.vdx_video.ticket.{method}", [], {})


async def test_a_merged_patient_is_followed_to_the_survivor(system, sink, record) -> None:
    """The record on screen may be the one that was merged away a moment ago."""
    old, new = patient_number(record, DITTE), patient_number(record, AAGE)
    parties = {row["puid"]: row["party"] for row in record.search_read("gnuhealth.patient", [], ["puid", "party"])}
    address = await click(record, "gnuhealth.patient", old)
    record.write("party.party", parties[DITTE], replaced_by=parties[AAGE])
    try:
        await follow(address)
        (context,) = sink.starts
        assert context.patient.local_id == str(new)
        assert sink.merges == [(cpr(DITTE), cpr(AAGE))]
        stale = replace(context_of("gnuhealth", Patient((cpr(DITTE),), local_id=str(old))))
        assert await system.confirm(stale) is False
    finally:
        record.write("party.party", parties[DITTE], replaced_by=None)


async def test_a_patient_without_number_or_birth_date_is_never_guessed(system, sink, record) -> None:
    """A room must not open for a number without a face."""
    party = record.create(
        "party.party",
        name="Uden",
        lastname="Dato",
        is_person=True,
        is_patient=True,
        fed_country="DNK",
        ref="NN-1",
        gender="f",
    )
    number = record.create("gnuhealth.patient", party=party)
    await follow(await click(record, "gnuhealth.patient", number))
    (context,) = sink.starts
    assert not context.patient.is_complete
    assert context.patient.national_id is None


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_a_number_is_completed_from_the_record(system) -> None:
    """Another connection may know the number alone."""
    completed = await system.complete(context_of("other", Patient((cpr(AAGE),))))
    assert completed.patient.name.full == "Åge Eksempelsen"
    assert completed.source == "other"
    stranger = context_of("other", Patient((cpr("9999999999"),)))
    assert await system.complete(stranger) == stranger


async def test_the_days_telemedicine_appointments_are_read(system, record) -> None:
    """Those that are over or called off do not wait for anybody."""
    wanted = appointment(record)
    appointment(record, state="user_cancelled")
    day = datetime(2026, 11, 23, tzinfo=UTC)
    found = {one.id: one for one in await system.appointments(day, day + timedelta(days=1))}
    assert found[str(wanted)].is_video
    assert found[str(wanted)].start == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert all(one.patient_label for one in found.values())
    assert await system.appointments(day - timedelta(days=9), day - timedelta(days=8)) == []


# --- writing back -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def started(system, sink, record) -> ClinicContext:
    """A context with an appointment, from a click."""
    await follow(await click(record, "gnuhealth.appointment", appointment(record)))
    return sink.starts[-1]


def evaluations(record: Rpc, key: UUID) -> list[dict[str, Any]]:
    fields = ["evaluation_type", "notes", "appointment", "evaluation_length", "patient", "healthprof"]
    return record.search_read(
        "gnuhealth.patient.evaluation", [["information_source", "=", f"vdx-plugin {key}"]], fields
    )


def state_of(record: Rpc, context: ClinicContext) -> str:
    rows = record.search_read("gnuhealth.appointment", [["id", "=", int(context.appointment_id or 0)]], ["state"])
    return rows[0]["state"]


async def test_a_consultation_is_written_to_evaluation_attachment_and_appointment(system, record, started) -> None:
    """Twice, and still there is one of each."""
    first = await system.write_back(started, summary(101))
    again = await system.write_back(started, summary(101))
    assert first.remote_id == again.remote_id
    (entry,) = evaluations(record, UUID(int=101))
    assert entry["evaluation_type"] == "telemedicine"
    assert entry["notes"] == summary().note
    assert entry["appointment"] == int(started.appointment_id)
    assert entry["healthprof"] is not None
    assert first.remote_id == f"gnuhealth.patient.evaluation,{entry['id']}"
    (attached,) = record.search_read("ir.attachment", [["resource", "=", first.remote_id]], ["name", "data"])
    facts = json.loads(__import__("base64").b64decode(attached["data"]["base64"]))
    assert facts["session"] == str(UUID(int=101))
    assert "Prøvesen" not in str(facts)
    assert state_of(record, started) == "done"


async def test_a_no_show_settles_the_appointment_and_makes_no_evaluation(system, record, started) -> None:
    """Nobody was evaluated; what the doctor wrote becomes a note."""
    absent = replace(summary(102), outcome=EndReason.NO_SHOW, started_at=None)
    receipt = await system.write_back(started, absent)
    assert (await system.write_back(started, absent)).remote_id == receipt.remote_id
    assert receipt.remote_id.startswith("ir.note,")
    assert evaluations(record, UUID(int=102)) == []
    assert state_of(record, started) == "no_show"


async def test_an_appointment_that_somebody_settled_meanwhile_is_not_overwritten(system, record, started) -> None:
    """Who was there first is shown, not corrected."""
    record.write("gnuhealth.appointment", int(started.appointment_id), state="center_cancelled")
    with pytest.raises(Conflict, match=r"writeback\.conflict"):
        await system.write_back(started, summary(103))
    assert state_of(record, started) == "center_cancelled"
    assert evaluations(record, UUID(int=103)) == []


async def test_a_change_between_our_look_and_our_write_is_refused_by_the_record(
    server, system, record, started
) -> None:
    """Tryton's optimistic lock; SQLite keeps whole seconds, so the change is dated apart."""
    session, real = system._session, system._session.call

    async def call(method: str, *arguments: Any, **more: Any) -> Any:
        if method == "model.gnuhealth.appointment.write":
            await asyncio.to_thread(_touch, server, int(started.appointment_id))
        return await real(method, *arguments, **more)

    session.call = call
    try:
        with pytest.raises(Conflict, match=r"writeback\.conflict"):
            await system.write_back(started, summary(104))
    finally:
        del session.call
    assert state_of(record, started) == "confirmed"
    assert len(evaluations(record, UUID(int=104))) == 1


def _touch(server: Server, number: int) -> None:
    server.sql(f"UPDATE gnuhealth_appointment SET write_date = '2031-01-01 00:00:00' WHERE id = {number}")


async def test_the_note_goes_to_the_patient_of_the_snapshot(system, sink, record, started) -> None:
    """Also after a click on somebody else."""
    await follow(await click(record, "gnuhealth.patient", patient_number(record, AAGE)))
    assert len(sink.starts) == 2
    await system.write_back(started, summary(105))
    (entry,) = evaluations(record, UUID(int=105))
    assert entry["patient"] == patient_number(record, DITTE)


async def test_a_record_number_that_belongs_to_another_patient_is_refused(system, record, started) -> None:
    """A context from a restored database must not end in a stranger's record."""
    wrong = replace(started, patient=replace(started.patient, local_id=str(patient_number(record, AAGE))))
    with pytest.raises(NotFound, match=r"writeback\.refused"):
        await system.write_back(wrong, summary(106))
    with pytest.raises(Refused, match=r"writeback\.refused"):
        await system.write_back(context_of("other", Patient((cpr("9999999999"),))), summary(106))


# --- a server that is not there, and one that says no -----------------------------------------------------------------


class Cutting(httpx.AsyncBaseTransport):
    """Carries requests to the server and loses the answers to those that create evaluations."""

    def __init__(self) -> None:
        self._real = httpx.AsyncHTTPTransport()
        self.is_cutting = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._real.handle_async_request(request)
        if self.is_cutting and b"evaluation.create" in request.content:
            await answer.aread()
            raise httpx.ReadError("cut")
        return answer

    async def aclose(self) -> None:
        await self._real.aclose()


async def test_a_lost_answer_is_unknown_and_a_repeat_finds_the_entry(server, system, record, started) -> None:
    """The one case in which a second entry is most likely."""
    transport = Cutting()
    other = GnuHealthSystem(system._settings, HandClock(), PRACTICE, transport)
    await other.start(RememberingSink())
    try:
        with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
            await other.write_back(started, summary(107))
        assert len(evaluations(record, UUID(int=107))) == 1
        assert await other.written(started, UUID(int=107)) is not None
        assert await other.written(started, UUID(int=999)) is None
        transport.is_cutting = False
        await other.write_back(started, summary(107))
    finally:
        await other.stop()
    assert len(evaluations(record, UUID(int=107))) == 1
    assert state_of(record, started) == "done"


async def test_a_server_that_stops_is_unavailable_and_back_when_it_returns(tmp_path: Path, caplog) -> None:
    """The host stays up, the note waits, and a new session is opened by itself."""
    with gnuhealth.running(tmp_path) as server:
        sink = RememberingSink()
        made = adapter(server)
        await made.start(sink)
        context = context_of("other", Patient((cpr(DITTE),)))
        await asyncio.to_thread(server.stop)
        for _time in range(2):
            with pytest.raises(Unavailable, match=r"gnuhealth\.unreachable"):
                await made.write_back(context, summary(108))
        await asyncio.to_thread(server.start_again)
        await made.write_back(context, summary(108))
        await made.stop()
        await asyncio.to_thread(server.stop)
        late = adapter(server)
        with caplog.at_level(logging.WARNING):
            await late.start(sink)
            assert sink.notices == ["gnuhealth.unreachable"]
            await late.stop()
        caplog.clear()


async def test_a_wrong_password_asks_for_sign_in(server, sink) -> None:
    """A person must act, so it is not tried again and again."""
    made = adapter(server, (DOCTOR[0], "wrong"))
    with pytest.raises(SignInNeeded, match=r"gnuhealth\.sign_in"):
        await made.start(sink)
    unknown = adapter(server, database="no-such-place")
    with pytest.raises(Refused, match=r"gnuhealth\.(database|forbidden)"):
        await unknown.start(sink)


async def test_health_and_a_trial_of_the_settings_say_what_is_wrong(server, system) -> None:
    """Before the doctor has a patient in front of her."""
    assert (await system.health()).state is HealthState.GOOD
    assert (await system.try_settings()).state is HealthState.GOOD
    wrong = adapter(server, (DOCTOR[0], "wrong"))
    assert (await wrong.try_settings()).reason == "gnuhealth.sign_in"


async def test_an_ended_session_is_renewed_without_a_word(system, server) -> None:
    """Sessions end overnight; the password still holds."""
    await asyncio.to_thread(_end_sessions, server)
    assert (await system.complete(context_of("other", Patient((cpr(DITTE),))))).patient.is_complete


def _end_sessions(server: Server) -> None:
    server.sql("DELETE FROM ir_session")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"url": ""}, "url"),
        ({"url": "http://clinic.test"}, "url"),
        ({}, "password"),
        ({"port": "x"}, "port"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], place: str) -> None:
    """The one who sets it up sees which, never its value."""
    whole = {"url": "https://clinic.test", "database": "c", "user": "u", **settings}
    secrets = {} if place == "password" else {"password": Secret("p")}
    with pytest.raises(Misconfigured) as caught:
        make(AdapterSetup(whole, "", HandClock(), PRACTICE, secrets))
    assert caught.value.facts["setting"] == f"adapters.gnuhealth.{place}"


async def test_no_log_line_tells_who_the_patient_is(system, sink, record, started, caplog) -> None:
    """Whatever the adapter does, at any level."""
    with caplog.at_level(logging.DEBUG):
        await follow(await click(record, "gnuhealth.patient", patient_number(record, DITTE)))
        await system.write_back(started, summary(109))
    told = "\n".join(line.getMessage() for line in caplog.records if line.name.startswith("vdx_plugin"))
    assert not any(word in told for word in (DITTE, "Prøvesen", "Ditte", "ticket="))
