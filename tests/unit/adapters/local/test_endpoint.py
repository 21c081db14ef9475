"""Who may call the loopback, and what each call does."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from tests.contract.local_rig import LocalRig
from tests.fakes_clinic import NOON, HandClock, context_of, summary
from vdx_plugin.adapters.local import make, redeem_in_running_program
from vdx_plugin.adapters.local.calls import ContextBody, Reader, read
from vdx_plugin.adapters.local.handshake import workstation
from vdx_plugin.adapters.local.letterbox import note_of
from vdx_plugin.domain.context import Organisation
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.patients import CPR, Patient, cpr
from vdx_plugin.domain.summary import Attendance
from vdx_plugin.errors import Conflict, Misconfigured, Refused, Unavailable, Unreadable
from vdx_plugin.ports import AdapterSetup, Capability, ContextChange


@pytest.fixture
async def rig(request, tmp_path):
    made = LocalRig(tmp_path, **getattr(request, "param", {}))
    await made.begin()
    yield made
    await made.end()


hasty = pytest.mark.parametrize("rig", [{"receipt_limit_s": 0.5, "confirm_limit_s": 0.5}], indirect=True, ids=["hasty"])
"""For what must not arrive."""

STRANGE_HEADERS = {
    "no secret": ({"Authorization": ""}, 401),
    "a wrong secret": ({"Authorization": "Bearer guessed"}, 401),
    "a secret that is not ASCII": ({"Authorization": b"Bearer \xe6\xf8\xe5"}, 401),
    "a browser page": ({"Origin": "https://page.example"}, 403),
    "a page of our own address": ({"Origin": "http://127.0.0.1"}, 403),
    "a rebound name": ({"Host": "rebound.example"}, 403),
    "another port's name": ({"Host": "127.0.0.1:1"}, 403),
    "a fetch from a page": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "a form": ({"Content-Type": "text/plain"}, 415),
}


@pytest.mark.parametrize(("headers", "status"), STRANGE_HEADERS.values(), ids=STRANGE_HEADERS.keys())
async def test_whoever_is_not_the_record_is_turned_away(rig, headers, status):
    """Every page in the browser can reach a loopback port."""
    body = json.dumps(rig.body()).encode()
    all_headers = {"Content-Type": "application/json", **headers}
    answer = await rig.http.post("/v1/context/open", content=body, headers=all_headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    assert rig.sink.contexts == []


async def test_no_page_gets_leave_to_ask(rig):
    """A browser's preflight must fail, whatever it asks for."""
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    answer = await rig.http.request("OPTIONS", "/v1/context/open", headers=headers)
    assert answer.status_code >= 400
    assert "access-control-allow-origin" not in answer.headers


async def test_a_body_over_the_limit_is_refused(rig):
    """Also one that does not say how long it is."""

    async def endless():
        for _piece in range(40):
            yield b"x" * 1024

    assert (await rig.http.post("/v1/context/open", json={"x": "y" * 20_000})).status_code == 413
    headers = {"Content-Type": "application/json"}
    assert (await rig.http.post("/v1/context/open", content=endless(), headers=headers)).status_code == 413


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"ydernummer": "abc"}, "ydernummer"),
        ({"user_id": ""}, "user_id"),
        ({"opened_at": "2026-11-23T12:00:00"}, "opened_at"),
        ({"nonce": "1"}, "nonce"),
        ({"patient": None}, "patient"),
        ({"patient": {"system": CPR, "value": "85124849"}}, "patient.value"),
        ({"patient": {"system": "cpr", "value": "8512484901"}}, "patient.system"),
    ],
)
async def test_a_call_that_breaks_its_form_is_refused_with_the_place(rig, changes, place):
    """The vendor's developer needs the place, and nobody else the content."""
    answer = await rig.post("/v1/context/open", rig.body(**changes))
    assert answer.status_code == 422
    assert answer.json() == {"code": "context.unreadable", "place": place}
    assert rig.sink.contexts == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"patient": {"a": ' * 500])
async def test_what_is_no_object_is_refused(rig, body):
    """Never a fault of the server."""
    answer = await rig.http.post("/v1/context/open", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_a_record_may_say_more_than_we_know(rig):
    """A newer record must not be locked out by that."""
    assert (await rig.post("/v1/context/open", rig.body(theme="dark"))).status_code == 204


async def test_the_sentinel_arguments_are_enough(rig):
    """What Danish records have sent for years: no name, no birth date."""
    body = rig.body(patient={"system": CPR, "value": "851248-4901"})
    del body["local_patient_id"]
    assert (await rig.post("/v1/context/open", body)).status_code == 204
    (context,) = rig.sink.contexts
    assert not context.patient.is_complete
    assert context.patient.identifiers[0].value == "8512484901"
    assert context.organisation.provider_number == "012345"


async def test_an_opening_heard_twice_is_refused(rig):
    """Somebody repeats what he listened to."""
    body = rig.body()
    assert (await rig.post("/v1/context/open", body)).status_code == 204
    answer = await rig.post("/v1/action/start-video", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "context.replayed")
    assert rig.sink.starts == []


@pytest.mark.parametrize(("age_s", "code"), [(61, "context.stale"), (-61, "context.clock")])
async def test_an_opening_of_another_time_is_refused(rig, age_s, code):
    """Held up on the way, or a clock that is wrong."""
    answer = await rig.post("/v1/context/open", rig.body(opened_at=(NOON - timedelta(seconds=age_s)).isoformat()))
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_the_handshake_file_is_for_the_user_alone_and_goes_with_the_session(rig, tmp_path):
    """Whoever reads it may act as the record."""
    file = tmp_path / "handshake.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = json.loads(file.read_text())["secret"]
    assert len(secret) >= 43
    await rig.system.stop()
    assert not file.exists()
    await rig.system.start(rig.sink)
    assert json.loads(file.read_text())["secret"] != secret


async def test_a_second_program_keeps_its_file(rig, tmp_path):
    """The first one's end must not cut off the second."""
    file = tmp_path / "handshake.json"
    other = '{"port": 1, "secret": "other"}'
    file.write_text(other)
    await rig.system.stop()
    assert file.read_text() == other


# --- tickets ------------------------------------------------------------------------------------------------------


async def ticket(rig: LocalRig, **changes: object) -> dict[str, str]:
    answer = await rig.post("/v1/ticket", rig.body(**changes))
    assert answer.status_code == 201
    found: dict[str, str] = answer.json()
    return found


async def redeem(rig: LocalRig, text: str) -> None:
    await asyncio.to_thread(redeem_in_running_program, text, rig.folder / "handshake.json")


@pytest.mark.parametrize("form", ["ticket", "url"])
async def test_a_second_process_starts_with_a_ticket(rig, form):
    """The road of a link in the browser and of a command line; nothing of the patient is in either."""
    given = await ticket(rig)
    assert "8512484901" not in json.dumps(given)
    await redeem(rig, given[form])
    (context,) = rig.sink.starts
    assert context.patient.identifiers[0].value == "8512484901"


async def test_a_replayed_ticket_gives_a_quiet_notice_and_no_start(rig):
    """Reloaded pages, doubled clicks, prying programs."""
    given = await ticket(rig)
    await redeem(rig, given["url"])
    with pytest.raises(Refused, match=r"ticket\.used"):
        await redeem(rig, given["url"])
    assert len(rig.sink.starts) == 1
    assert rig.sink.notices == ["ticket.used"]


async def test_a_stale_ticket_gives_a_quiet_notice(rig):
    """The doctor has opened somebody else since."""
    given = await ticket(rig)
    rig.clock.pass_by(seconds=61)
    with pytest.raises(Refused, match=r"ticket\.stale"):
        await redeem(rig, given["url"])
    assert rig.sink.notices == ["ticket.stale"]


async def test_after_a_change_of_user_a_ticket_is_foreign(rig):
    """Shared workstations."""
    given = await ticket(rig)
    await rig.post("/v1/context/open", rig.body(user_id="bent"))
    with pytest.raises(Refused, match=r"ticket\.foreign"):
        await redeem(rig, given["url"])


async def test_a_ticket_from_another_workstation_is_foreign(rig):
    """One loopback for all users of a terminal server."""
    given = await ticket(rig)
    answer = await rig.post("/v1/redeem", {"ticket": given["ticket"], "workstation": f"x{workstation()}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket.foreign")


@pytest.mark.parametrize("text", ["vdx://start/v1?ticket=x;rm%20-rf", "a" * 43])
async def test_what_a_web_page_made_up_gives_only_a_notice(rig, text):
    """Any page can open a vdx:// address."""
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        await redeem(rig, text)
    assert rig.sink.notices == ["ticket.unknown"]
    assert rig.sink.starts == []


async def test_when_the_user_leaves_the_record_closes_and_tickets_die(rig):
    """The next user begins with nothing."""
    given = await ticket(rig)
    await rig.open_record()
    assert (await rig.post("/v1/context/close", {"reason": "user_left"})).status_code == 204
    assert rig.sink.closings == [ContextChange.USER_LEFT]
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        await redeem(rig, given["url"])


async def test_without_a_running_program_a_ticket_says_so(rig, tmp_path):
    """No file, half a file, or a program that has died since."""
    given = await ticket(rig)
    for content in (None, "{", '{"port": 1, "secret": "x"}', '{"port": 1}'):
        folder = tmp_path / "gone"
        folder.mkdir(exist_ok=True)
        if content is not None:
            (folder / "handshake.json").write_text(content)
        with pytest.raises(Unavailable, match=r"ticket\.no_program"):
            await asyncio.to_thread(redeem_in_running_program, given["url"], folder)


async def test_no_secret_or_ticket_reaches_the_log(rig, caplog):
    """A log is read by many."""
    assert rig.system.handshake is not None
    with caplog.at_level(logging.DEBUG, logger="vdx_plugin"):
        given = await ticket(rig)
        await redeem(rig, given["url"])
        with pytest.raises(Refused):
            await redeem(rig, given["url"])
    assert "ticket.used" in caplog.text
    assert given["ticket"] not in caplog.text
    assert rig.system.handshake.secret not in caplog.text


# --- notes ----------------------------------------------------------------------------------------------------------


@hasty
async def test_a_note_nobody_fetches_is_taken_back(rig):
    """The doctor will paste it by hand; it must not be filed as well when the record wakes up."""
    await rig.stirred.awaited.wait()
    rig._polling.cancel()
    await asyncio.gather(rig._polling, return_exceptions=True)
    # The cancelled poll still waits on our side: the note stirs it, and it must see that nobody listens.
    with pytest.raises(Unavailable, match=r"writeback\.unavailable"):
        await rig.system.write_back(context_of("local", rig_patient()), summary())
    assert (await rig.http.get("/v1/writeback")).json()["entries"] == []


def rig_patient():
    from tests.contract.local_rig import NAMED

    return NAMED


async def test_a_conflict_in_the_record_is_told_as_one(rig):
    """Somebody changed the record meanwhile: the doctor looks before writing."""

    async def conflict(entry: dict[str, object]) -> None:
        await rig.post(f"/v1/writeback/{entry['key']}/receipt", {"accepted": False, "conflict": True})

    rig._file = conflict
    with pytest.raises(Conflict, match=r"writeback\.conflict"):
        await rig.system.write_back(context_of("local", rig_patient()), summary())


async def test_a_receipt_for_nothing_is_not_found(rig):
    """An old receipt after a restart; the record must be told."""
    for key in ("00000000-0000-0000-0000-000000000009", "x"):
        answer = await rig.post(f"/v1/writeback/{key}/receipt", {"accepted": True})
        assert answer.status_code == 404


@hasty
async def test_a_question_nobody_answers_is_a_no(rig):
    """A record that does not poll cannot confirm, and a guess would be the wrong patient."""
    await rig.open_record()
    rig._polling.cancel()
    await asyncio.gather(rig._polling, return_exceptions=True)
    assert await rig.system.confirm(rig.sink.contexts[-1]) is False


@pytest.mark.parametrize("query", ["since=x", "since=-1", "wait_s=9e9", "since=99999999999999"])
async def test_an_odd_query_is_refused(rig, query):
    """Never a fault of the server."""
    assert (await rig.http.get(f"/v1/writeback?{query}")).status_code == 422


async def test_stopping_lets_a_waiting_poll_go(rig):
    """The program must end at once, not after the poll."""
    poll = asyncio.create_task(rig.http.get("/v1/writeback?since=9&wait_s=25", timeout=30))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        await rig.system.stop()
        answers = await asyncio.gather(poll, return_exceptions=True)
    assert isinstance(answers[0], httpx.Response | httpx.HTTPError)


# --- settings and reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"port": "x"}, {"port": "70000"}, {"write_back": "maybe"}, {"prot": "1"}])
def test_a_wrong_setting_is_named(settings):
    """Whoever sets up the machines must find it."""
    with pytest.raises(Misconfigured) as caught:
        make(AdapterSetup(settings, "", HandClock()))
    assert caught.value.facts["setting"] == f"adapters.local.{next(iter(settings))}"


def test_notes_are_offered_only_when_the_record_fetches_them():
    """Off until the vendor has built it, so that another adapter may write."""
    assert Capability.WRITE_BACK not in make(AdapterSetup({}, "", HandClock())).capabilities
    assert Capability.WRITE_BACK in make(AdapterSetup({"write_back": "yes"}, "", HandClock())).capabilities


def test_a_note_brings_the_appointment_and_the_interpreters_number():
    """A record that keeps appointments takes it as it is; one that does not ignores it."""
    attendance = (Attendance(PartyRole.INTERPRETER, 60.0, "Bureauet", "REQ-4711"),)
    full = replace(summary(), attendance=attendance, appointment_fhir='{"id": "x"}', appointment_ical="BEGIN:VCALENDAR")
    context = context_of("local", Patient((cpr("8512484901"),)))
    body, bare = note_of(context, full), note_of(context, summary())
    assert (body["appointment"], body["appointment_ical"]) == ({"id": "x"}, "BEGIN:VCALENDAR")
    assert body["interpreter_requisitions"] == ["REQ-4711"]
    assert (bare["appointment"], bare["interpreter_requisitions"]) == (None, [])


def test_an_unreadable_call_tells_nothing_of_its_content():
    """The error goes into logs on both sides."""
    with pytest.raises(Unreadable) as caught:
        read(ContextBody, b'{"ydernummer": "8512484901", "patient": "Ditte"}')
    assert "8512484901" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert "Ditte" not in str(caught.value)


def test_a_context_is_never_younger_than_now():
    """A record's clock a few seconds ahead must not stretch the minute."""
    body = {
        "ydernummer": "1",
        "user_initials": "HH",
        "user_id": "h",
        "patient": {"system": CPR, "value": "8512484901"},
        "opened_at": (NOON + timedelta(seconds=30)).isoformat(),
        "nonce": "12345678",
    }
    given = read(ContextBody, json.dumps(body).encode())
    assert Reader("local", Organisation("P")).context(given, NOON).opened_at == NOON
