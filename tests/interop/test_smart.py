"""The adapter against a strict SMART server: oidc-provider and Medplum's FHIR router, with our glue between them.

``tests/peers/smart/server.mjs`` says which refusals are the products' own and which are the glue's.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import httpx
import pytest

from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink, context_of, summary
from tests.peers.smart import server as smart
from tests.peers.smart.server import DITTE, OTHER_USER, USER, SmartServer
from vdx_plugin.adapters.smart import SmartSystem
from vdx_plugin.adapters.smart.settings import SmartSettings
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import CPR, Patient, cpr
from vdx_plugin.errors import Conflict, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable, Unsupported
from vdx_plugin.ports import Capability, HealthState

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def process() -> Iterator[SmartServer]:
    with smart.running() as running:
        yield running


@pytest.fixture
def server(process: SmartServer) -> SmartServer:
    process.begin()
    return process


@pytest.fixture
def sink() -> RememberingSink:
    return RememberingSink()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime.now(UTC))


def adapter(server: SmartServer, clock: HandClock, **more: Any) -> SmartSystem:
    return SmartSystem(SmartSettings((server.fhir,), "vdx-plugin", **more), clock, PRACTICE)


@pytest.fixture
async def system(server: SmartServer, sink: RememberingSink, clock: HandClock) -> AsyncIterator[SmartSystem]:
    made = adapter(server, clock)
    await made.start(sink)
    yield made
    await made.stop()


class Browser:
    """Follows addresses as a browser does in which ``user`` is signed in to the record."""

    def __init__(self, user: str = USER) -> None:
        self.http = httpx.AsyncClient(trust_env=False, timeout=20, headers={"Sec-Fetch-Mode": "navigate"})
        self.http.cookies.set("record_user", user, domain="127.0.0.1")
        self.visited: list[str] = []

    async def step(self, address: str) -> httpx.Response:
        self.visited.append(address)
        return await self.http.get(address)

    async def follow(self, address: str, stop_at: str = "never") -> httpx.Response:
        """Follow redirects to their end, or until one leads to ``stop_at``, which is then not visited."""
        answer = await self.step(address)
        while answer.is_redirect:
            onward = str(answer.url.join(answer.headers["location"]))
            if onward.startswith(stop_at):
                self.visited.append(onward)
                break
            answer = await self.step(onward)
        return answer

    async def to_return(self, system: SmartSystem, address: str) -> str:
        """Sign in, and return the address with the code, not visited."""
        await self.follow(address, stop_at=system._launch.redirect)
        return self.visited[-1]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    made = Browser()
    yield made
    await made.http.aclose()


def launch(server: SmartServer, system: SmartSystem, **more: str) -> str:
    return server.launch_address(system.launch_address, **more)


async def launched(
    server: SmartServer, system: SmartSystem, browser: Browser, sink: RememberingSink, **more: str
) -> ClinicContext:
    """Click Video in the record and return the context that comes of it."""
    answer = await browser.follow(launch(server, system, **more))
    assert answer.status_code == 200, sink.notices
    return sink.starts[-1]


def changed(address: str, **changes: str | None) -> str:
    """Return an address with parameters set, or taken out by None."""
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(
        parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None}))
    )


# --- the click --------------------------------------------------------------------------------------------------------


async def test_a_click_starts_with_the_patient_of_the_token_answer(server, system, browser, sink) -> None:
    """Name, birth date and numbers come from the record; nothing is typed, and no number stands in an address."""
    context = await launched(server, system, browser, sink)
    assert context.patient.identifiers == (cpr(DITTE),)
    assert context.patient.name.full == "Ditte Prøvesen"
    assert context.patient.is_complete
    assert (context.patient.email, context.patient.mobile) == ("ditte@patient.test", "+4520000001")
    assert (context.user.initials, context.user.name.full) == ("HH", "Hanne Holm")
    assert (context.encounter_id, context.appointment_id) == (None, None)
    assert sink.notices == []
    assert not any(DITTE in address or "Pr%C3%B8vesen" in address for address in browser.visited)


async def test_the_authorisation_asks_as_smart_wants_it(server, system, browser) -> None:
    """PKCE with S256, aud, a state of 256 bits, the loopback address as a literal, and no more scopes than are used."""
    await browser.to_return(system, launch(server, system))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(browser.visited[1]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["aud"] == server.fhir
    assert len(base64.urlsafe_b64decode(asked["state"] + "=")) == 32
    assert asked["redirect_uri"] == system._launch.redirect
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert "patient/DocumentReference.cs" in asked["scope"].split()
    assert not any(scope.startswith(("system/", "user/")) for scope in asked["scope"].split())


async def test_encounter_and_appointment_of_the_launch_come_along(server, system, browser, sink) -> None:
    """What is written back later belongs to them."""
    context = await launched(server, system, browser, sink, encounter="visit", appointment="slot")
    assert (context.encounter_id, context.appointment_id) == ("visit", "slot")


async def test_the_systems_browser_is_opened_where_that_was_chosen(server, sink, clock, browser) -> None:
    """Some records open links in a view of their own, in which nobody is signed in."""
    opened: asyncio.Queue[str] = asyncio.Queue()
    settings = SmartSettings((server.fhir,), "vdx-plugin", in_same_tab=False)
    made = SmartSystem(settings, clock, PRACTICE, opened.put)
    await made.start(sink)
    try:
        answer = await browser.step(launch(server, made))
        assert (answer.status_code, sink.starts) == (200, [])
        await browser.follow(await opened.get())
        assert len(sink.starts) == 1
    finally:
        await made.stop()


async def test_without_write_back_no_right_to_write_is_asked_for(server, sink, clock, browser) -> None:
    """What is not used is not asked for."""
    made = adapter(server, clock, write_back=False)
    await made.start(sink)
    try:
        context = await launched(server, made, browser, sink)
        asked = parse_qs(urlsplit(browser.visited[1]).query)["scope"][0]
        assert "DocumentReference" not in asked
        assert Capability.WRITE_BACK not in made.capabilities
        with pytest.raises(Unsupported):
            await made.write_back(context, summary())
    finally:
        await made.stop()


# --- refusals ---------------------------------------------------------------------------------------------------------


async def test_an_unknown_record_may_not_launch(server, system, browser, sink) -> None:
    """Any page can send a browser to our address, with a server of its own."""
    answer = await browser.step(changed(launch(server, system), iss="https://evil.test/fhir"))
    assert (answer.status_code, sink.notices, sink.starts) == (409, ["smart.server_unknown"], [])


@pytest.mark.parametrize("query", ["", "iss=x", "launch=y", "iss=a&iss=b&launch=c", "%ff=%fe", "a" * 9000])
async def test_a_launch_that_is_none_starts_nothing(system, browser, sink, query) -> None:
    """Whatever stands in the address."""
    answer = await browser.step(f"{system.launch_address}?{query}")
    assert answer.status_code == 409
    assert set(sink.notices) <= {"smart.launch", "smart.server_unknown"}


async def test_a_page_that_fetches_or_embeds_the_address_is_refused(server, system, browser, sink) -> None:
    """Only a browser that was sent there counts, under the address's own name."""
    address = launch(server, system)
    for headers in (
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Host": "rebound.test"},
    ):
        assert (await browser.http.get(address, headers=headers)).status_code == 403
    assert (sink.notices, sink.starts) == ([], [])


async def test_a_launch_is_good_once_here_and_at_the_server(server, system, browser, sink, clock) -> None:
    """A link in a history must not open yesterday's patient."""
    address = launch(server, system)
    await browser.follow(address)
    assert (await browser.step(address)).status_code == 409
    assert sink.notices == ["smart.launch_used"]
    # Another program, which has not seen it: the server refuses.
    other, other_sink = adapter(server, clock), RememberingSink()
    await other.start(other_sink)
    answer = await browser.follow(address.replace(system.launch_address, other.launch_address))
    assert (answer.status_code, other_sink.notices, other_sink.starts) == (409, ["smart.refused"], [])
    await other.stop()
    assert len(sink.starts) == 1


async def test_a_launch_of_another_user_is_refused(server, system, sink) -> None:
    """The server knows who clicked and who is signed in."""
    stranger = Browser(OTHER_USER)
    answer = await stranger.follow(launch(server, system))
    await stranger.http.aclose()
    assert (answer.status_code, sink.notices, sink.starts) == (409, ["smart.refused"], [])


async def test_an_answer_is_good_once(server, system, browser, sink) -> None:
    """Reloading the last page, or restoring the browser's tabs, starts nothing."""
    address = await browser.to_return(system, launch(server, system))
    assert (await browser.step(address)).status_code == 200
    assert (await browser.step(address)).status_code == 409
    assert (sink.notices, len(sink.starts)) == (["smart.state"], 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "tampered"}, "smart.state"),
        ({"state": None}, "smart.state"),
        ({"iss": "https://evil.test"}, "smart.other_server"),
        ({"iss": None}, "smart.other_server"),
        ({"code": "made-up"}, "smart.refused"),
        ({"code": None}, "smart.refused"),
        ({"error": "access_denied"}, "smart.refused"),
    ],
)
async def test_an_answer_that_was_tampered_with_starts_nothing(server, system, browser, sink, change, code) -> None:
    """State, the server's name (mix-up) and code: each alone stops it, and the user hears of it."""
    address = await browser.to_return(system, launch(server, system))
    answer = await browser.step(changed(address, **change))
    assert (answer.status_code, sink.notices, sink.starts) == (409, [code], [])


async def test_an_answer_after_the_limit_is_refused(server, system, browser, sink, clock) -> None:
    """Whoever comes back from lunch has another patient in front of her."""
    address = await browser.to_return(system, launch(server, system))
    clock.pass_by(seconds=61)
    assert (await browser.step(address)).status_code == 409
    assert (sink.notices, sink.starts) == (["smart.late"], [])


async def test_a_wrong_aud_is_refused_by_the_server(server, system, browser, sink) -> None:
    """A token for another record must not be had by way of this one."""
    first = await browser.step(launch(server, system))
    answer = await browser.follow(changed(first.headers["location"], aud="https://other.test/fhir"))
    assert (answer.status_code, sink.notices, sink.starts) == (409, ["smart.refused"], [])


async def test_a_code_without_its_verifier_is_worth_nothing(server, system, browser, sink) -> None:
    """Another program on the machine may see the address; PKCE makes the code ours alone."""
    code = parse_qs(urlsplit(await browser.to_return(system, launch(server, system))).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": system._launch.redirect,
        "client_id": "vdx-plugin",
        "code_verifier": "x" * 43,
    }
    refused = await browser.http.post(f"{server.url}/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_good_once_at_the_server(server, system, browser, sink) -> None:
    """The product's own refusal: replay with the right verifier."""
    address = await browser.to_return(system, launch(server, system))
    one = next(iter(system._under_way._open.values()))
    await browser.step(address)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(address).query)["code"][0],
        "redirect_uri": one.redirect,
        "client_id": "vdx-plugin",
        "code_verifier": one.verifier,
    }
    refused = await browser.http.post(f"{server.url}/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("kind", ["unsigned", "wrong-signature"])
async def test_an_id_token_that_is_not_the_servers_is_refused(server, system, browser, sink, kind) -> None:
    """Who is signed in decides whose notes are written; a word without a signature is nobody's."""
    server.control("set", idToken=kind)
    answer = await browser.follow(launch(server, system))
    assert (answer.status_code, sink.notices, sink.starts) == (409, ["smart.identity"], [])


async def test_a_missing_patient_is_refused_and_never_searched_for(server, system, browser, sink) -> None:
    """The only patient is the one the record names; the first of a list is somebody."""
    server.control("set", withoutPatient=True)
    answer = await browser.follow(launch(server, system))
    assert (answer.status_code, sink.notices, sink.starts) == (409, ["smart.no_patient"], [])
    assert server.control("state")["requests"] == []


@pytest.mark.parametrize("patient", ["../aage", "", 7, None, ".."])
async def test_a_patient_that_is_no_id_is_refused(server, system, browser, sink, patient) -> None:
    """It becomes part of an address."""
    server.control("set", tokenExtra={"patient": patient})
    assert (await browser.follow(launch(server, system))).status_code == 409
    assert (sink.notices, sink.starts) == (["smart.no_patient"], [])


async def test_another_patients_encounter_is_refused(server, system, browser, sink) -> None:
    """Patient and encounter of one launch must belong together."""
    answer = await browser.follow(launch(server, system, patient="aage", encounter="visit"))
    assert (answer.status_code, sink.starts) == (409, [])


async def test_a_server_that_offers_plain_pkce_is_refused(server, system, browser, sink) -> None:
    """SMART forbids it; a server that offers it may be talked down to it."""
    server.control("set", plainPkce=True)
    assert (await browser.step(launch(server, system))).status_code == 409
    assert sink.notices == ["smart.unsafe"]
    assert (await system.health()).reason == "smart.unsafe"


async def test_what_we_refuse_is_given_back(server, system, browser, sink) -> None:
    """A token that nobody will use must not stay alive."""
    server.control("set", tokenExtra={"patient": "aage"})
    await browser.follow(launch(server, system))
    await system._tasks.finish({"smart-give-back"})
    assert server.control("state")["revoked"] == 1


# --- rights -----------------------------------------------------------------------------------------------------------


async def test_fewer_rights_are_told_and_nothing_is_written_without_them(server, system, browser, sink) -> None:
    """What the record does not allow is not tried, and the doctor knows before the consultation."""
    server.control("set", scopesTaken=["patient/DocumentReference.cs", "patient/Encounter.cus"])
    context = await launched(server, system, browser, sink)
    assert sink.notices == ["smart.fewer_rights"]
    assert Capability.WRITE_BACK not in system.capabilities
    assert (await system.health()).state is HealthState.DEGRADED
    with pytest.raises(Unsupported, match=r"smart\.no_right"):
        await system.write_back(context, summary())
    assert not any(line.startswith(("POST", "PUT")) for line in server.control("state")["requests"])


async def test_a_missing_right_to_the_patient_is_a_clear_refusal(server, system, browser, sink) -> None:
    """Without it nobody can be shown."""
    server.control("set", scopesTaken=["patient/Patient.r"])
    assert (await browser.follow(launch(server, system))).status_code == 409
    assert (sink.notices, sink.starts) == (["smart.fewer_rights"], [])


async def test_the_note_is_written_where_only_the_encounter_may_not(server, system, browser, sink) -> None:
    """The one thing missing costs that one thing."""
    server.control("set", scopesTaken=["patient/Encounter.cus", "patient/Appointment.u"])
    context = await launched(server, system, browser, sink, appointment="slot")
    receipt = await system.write_back(context, summary())
    assert receipt.remote_id.startswith("DocumentReference/")
    assert [one["id"] for one in server.all("Encounter")] == ["visit"]
    assert server.all("Appointment")[0]["status"] == "booked"


# --- writing back -----------------------------------------------------------------------------------------------------


def notes(server: SmartServer) -> list[dict[str, Any]]:
    return server.all("DocumentReference")


async def test_a_consultation_becomes_one_encounter_and_one_note_however_often(server, system, browser, sink) -> None:
    """After a crash the program does not know, and writes again."""
    context = await launched(server, system, browser, sink)
    first = await system.write_back(context, summary(101))
    again = await system.write_back(context, summary(101))
    assert first.remote_id == again.remote_id
    (note,) = notes(server)
    assert base64.b64decode(note["content"][0]["attachment"]["data"]).decode() == summary().note
    assert note["author"] == [{"reference": "Practitioner/hanne"}]
    made = next(one for one in server.all("Encounter") if one["id"] != "visit")
    assert (made["class"]["code"], made["status"], made["subject"]) == (
        "VR",
        "finished",
        {"reference": "Patient/ditte"},
    )
    assert note["context"]["encounter"] == [{"reference": f"Encounter/{made['id']}"}]
    assert await system.written(context, UUID(int=101)) is not None
    assert await system.written(context, UUID(int=999)) is None


async def test_the_encounter_and_appointment_of_the_launch_keep_what_is_not_ours(server, system, browser, sink) -> None:
    """They are the record's own; what we do not know in them stays."""
    context = await launched(server, system, browser, sink, encounter="visit", appointment="slot")
    await system.write_back(context, summary(102))
    (visit,) = server.all("Encounter")
    assert (visit["class"]["code"], visit["status"], visit["reasonCode"]) == ("VR", "finished", [{"text": "kontrol"}])
    (slot,) = server.all("Appointment")
    assert (slot["status"], slot["comment"]) == ("fulfilled", "husk blodprøver")
    await system.write_back(context, summary(102))
    assert (server.all("Encounter"), server.all("Appointment")) == ([visit], [slot])


async def test_a_no_show_settles_the_appointment_and_makes_no_encounter(server, system, browser, sink) -> None:
    """Nobody was seen."""
    context = await launched(server, system, browser, sink, encounter="visit", appointment="slot")
    await system.write_back(context, replace(summary(103), outcome=EndReason.NO_SHOW, started_at=None))
    assert server.all("Appointment")[0]["status"] == "noshow"
    assert server.all("Encounter")[0]["status"] == "in-progress"


@pytest.mark.parametrize(("kind", "local"), [("Encounter", "visit"), ("Appointment", "slot")])
async def test_a_change_between_look_and_write_is_a_conflict(server, system, browser, sink, kind, local) -> None:
    """412: somebody else was there; it is shown, read again and never overwritten."""
    context = await launched(server, system, browser, sink, encounter="visit", appointment="slot")
    change = {"type": kind, "id": local, "change": {"language": "da"}}
    if kind == "Appointment":
        await system.write_back(replace(context, appointment_id=None), summary(104))
        change["change"] = {"status": "cancelled"}
    server.control("set", beforeWrite=change)
    with pytest.raises(Conflict, match=r"writeback\.conflict"):
        await system.write_back(context, summary(104))
    (stored,) = server.all(kind)
    assert stored.items() >= change["change"].items()
    assert stored["status"] in ("in-progress", "cancelled")
    if kind == "Appointment":
        # Read again: settled otherwise, so the next try says the same and changes nothing.
        with pytest.raises(Conflict):
            await system.write_back(context, summary(104))
        assert server.all(kind) == [stored]


@pytest.mark.parametrize("kind", ["Encounter", "DocumentReference"])
async def test_a_lost_answer_is_unknown_and_a_repeat_finds_the_entry(server, system, browser, sink, kind) -> None:
    """The one case in which a second entry is most likely."""
    context = await launched(server, system, browser, sink)
    server.control("set", drop={"method": "POST", "type": kind})
    with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
        await system.write_back(context, summary(105))
    server.control("set", drop=None)
    assert await system.written(context, UUID(int=105)) is not None
    await system.write_back(context, summary(105))
    assert (len(notes(server)), len(server.all("Encounter"))) == (1, 2)


async def test_a_server_that_ignores_if_none_exist_still_gets_one_of_each(server, system, browser, sink) -> None:
    """Conditional create is optional in FHIR; we look before we make."""
    server.control("set", ignoresIfNoneExist=True)
    context = await launched(server, system, browser, sink)
    for _time in range(2):
        await system.write_back(context, summary(114))
    assert (len(notes(server)), len(server.all("Encounter"))) == (1, 2)


async def test_a_server_that_breaks_while_writing_leaves_it_unknown(server, system, browser, sink) -> None:
    """It may have written before it failed."""
    context = await launched(server, system, browser, sink)
    server.control("set", failStatus=503)
    with pytest.raises(OutcomeUnknown):
        await system.write_back(context, summary(106))
    server.control("set", failStatus=422)
    with pytest.raises(Refused, match=r"writeback\.refused"):
        await system.write_back(context, summary(106))


async def test_the_note_goes_to_the_patient_of_the_snapshot(server, system, browser, sink) -> None:
    """Each launch has its own token; a click on somebody else in between changes nothing."""
    first = await launched(server, system, browser, sink)
    await launched(server, system, browser, sink, patient="aage")
    await system.write_back(first, summary(107))
    assert [one["subject"]["reference"] for one in notes(server)] == ["Patient/ditte"]


async def test_a_context_that_no_launch_brought_needs_a_click(server, system, browser, sink) -> None:
    """Without a launch there is no right; the note is kept until there is one."""
    stranger = context_of("smart", Patient((cpr("9999999999"),)))
    with pytest.raises(SignInNeeded, match=r"smart\.sign_in"):
        await system.write_back(stranger, summary(108))
    assert not await system.confirm(stranger)
    context = await launched(server, system, browser, sink)
    wrong = replace(context, patient=replace(context.patient, local_id=f"{server.fhir}/Patient/aage"))
    with pytest.raises(SignInNeeded):
        await system.write_back(wrong, summary(108))


async def test_a_record_that_belongs_to_another_patient_now_is_refused(server, system, browser, sink) -> None:
    """A corrected number, or a restored database: the note must not end in a stranger's record."""
    context = await launched(server, system, browser, sink)
    server.control(
        "change", type="Patient", id="ditte", change={"identifier": [{"system": CPR, "value": "9999999999"}]}
    )
    assert not await system.confirm(context)
    with pytest.raises(NotFound, match=r"writeback\.refused"):
        await system.write_back(context, summary(109))
    assert notes(server) == []


# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_an_expired_token_is_renewed_once_and_its_refresh_token_rotated(server, system, browser, sink) -> None:
    """A consultation may last longer than a token; two calls at once renew it once."""
    context = await launched(server, system, browser, sink)
    for _time in range(2):
        server.control("expire")
        assert all(await asyncio.gather(system.confirm(context), system.confirm(context)))


async def test_a_session_that_has_ended_asks_for_a_click_and_keeps_the_note(server, system, browser, sink) -> None:
    """A new click on the same patient brings the right back, and the same note is written."""
    context = await launched(server, system, browser, sink)
    server.control("expire")
    server.control("set", refusesRefresh=True)
    with pytest.raises(SignInNeeded, match=r"smart\.sign_in"):
        await system.write_back(context, summary(110))
    server.control("set", refusesRefresh=False)
    await launched(server, system, browser, sink)
    await system.write_back(context, summary(110))
    assert len(notes(server)) == 1


async def test_another_user_ends_the_sessions_of_the_one_before(server, system, browser, sink) -> None:
    """On a shared machine nobody writes with a colleague's right."""
    context = await launched(server, system, browser, sink)
    other = Browser(OTHER_USER)
    await launched(server, system, other, sink, user=OTHER_USER, patient="aage")
    await other.http.aclose()
    await system._tasks.finish({"smart-give-back"})
    assert server.control("state")["revoked"] == 1
    with pytest.raises(SignInNeeded):
        await system.write_back(context, summary(111))
    assert len(system._sessions) == 1


async def test_stopping_gives_every_right_back_and_keeps_nothing(server, sink, clock, browser, tmp_path) -> None:
    """Neither in memory nor in a file."""
    made = adapter(server, clock)
    await made.start(sink)
    await launched(server, made, browser, sink)
    await launched(server, made, browser, sink, patient="aage")
    await made.stop()
    assert (server.control("state")["revoked"], len(made._sessions)) == (2, 0)


async def test_confirm_reads_the_patient_again(server, system, browser, sink) -> None:
    """A context older than a minute is asked about before anything starts from it."""
    context = await launched(server, system, browser, sink)
    assert await system.confirm(context)
    server.control("change", type="Patient", id="ditte", change={"active": False})
    assert not await system.confirm(context)


async def test_a_merge_is_told_and_the_note_follows_to_the_survivor(server, system, browser, sink) -> None:
    """Patient.link replaced-by: what was written to the retired record would be found by nobody."""
    context = await launched(server, system, browser, sink)
    link = [{"other": {"reference": "Patient/aage"}, "type": "replaced-by"}]
    server.control("change", type="Patient", id="ditte", change={"active": False, "link": link})
    assert not await system.confirm(context)
    assert sink.merges == [(cpr(DITTE), cpr(smart.AAGE))]
    await system.write_back(context, summary(112))
    assert notes(server)[0]["subject"]["reference"] == "Patient/aage"


async def test_a_closed_record_is_not_launched(server, system, browser, sink) -> None:
    """It is nobody's any longer, and does not say whose it became."""
    server.control("change", type="Patient", id="ditte", change={"active": False})
    assert (await browser.follow(launch(server, system))).status_code == 409
    assert (sink.notices, sink.starts) == (["smart.inactive"], [])


async def test_a_server_that_is_away_is_told_at_the_click_and_in_the_health(clock, sink, browser) -> None:
    """Nothing is asked of it before, so the program starts without it."""
    gone = SmartServer("http://127.0.0.1:9", None)
    made = adapter(gone, clock)
    await made.start(sink)
    try:
        assert (await made.try_settings()).reason == "smart.unreachable"
        answer = await browser.step(f"{made.launch_address}?{urlencode({'iss': gone.fhir, 'launch': 'x'})}")
        assert (answer.status_code, sink.notices) == (409, ["smart.unreachable"])
    finally:
        await made.stop()


async def test_a_taken_port_is_told_and_leaves_nothing_open(system, server, clock, sink) -> None:
    """The launch address is fixed at the record, so another port will not do."""
    second = adapter(server, clock, port=int(system.launch_address.split(":")[2].split("/")[0]))
    with pytest.raises(Unavailable, match=r"local\.port_taken"):
        await second.start(sink)
    await second.stop()


async def test_no_log_line_tells_patient_token_or_code(server, system, browser, sink, caplog) -> None:
    """Whatever the adapter does, at any level."""
    with caplog.at_level(logging.DEBUG):
        context = await launched(server, system, browser, sink)
        await system.write_back(context, summary(113))
        await browser.step(changed(browser.visited[-1], state="tampered"))
    told = "\n".join(line.getMessage() for line in caplog.records if line.name.startswith("vdx_plugin"))
    secrets = [value for address in browser.visited for value in dict(parse_qsl(urlsplit(address).query)).values()]
    secrets += [one.record.tokens.access.reveal() for one in system._sessions._open.values()]
    assert "launch refused" in told
    assert [word for word in (DITTE, "Prøvesen", "Ditte", *secrets) if len(word) > 4 and word in told] == []
    caplog.clear()
