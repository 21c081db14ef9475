"""The 37 ways in which VDX surprises, each met by our client at the sandbox.

The numbers are those of ``docs/vdx-surprises.md``; each name says what our client does. The sandbox behaves as the
notes on the real server say and was written without a look at the client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import ValidationError

from tests.contract.vdx_hub import ADMIN, API, PLANNER, QUICK, USER, Hub, body, iso
from vdx_plugin.booking import Vdx, VdxAccess, limits, open_vdx
from vdx_plugin.booking.models import CreateMeeting, Information, Layout, PatchMeeting
from vdx_plugin.domain.booked import Cancelled, MeetingEdit, MeetingField
from vdx_plugin.domain.room import ProvisionStatus, fault_of
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Conflict, Misconfigured, NotFound, OutcomeUnknown, Refused, SignInNeeded, Unavailable
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.video_api.values import MeetingUser, Template

COLLEAGUE = "kollega@laegehus.sandbox.test"
DAY = timedelta(days=1)


def deaf(_status: ProvisionStatus) -> None:
    """Listens to no status."""


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    config = SandboxConfig(provision_delay_s=0.02, pool_size=1, pool_minimum_age_s=0, allow_custom_uri=True)
    async with Sandbox(config).running() as sandbox, AsyncExitStack() as stack:
        yield Hub(sandbox, stack)


@pytest.fixture
def us(hub: Hub) -> Vdx:
    return hub.program(*PLANNER)


# --- A. booking ---------------------------------------------------------------------------------------------------


async def test_01_the_room_is_read_with_a_second_question(hub: Hub, us: Vdx) -> None:
    """POST answers 200 without PIN, address, link or status."""
    room = await us.rooms.book(hub.draft(in_minutes=0), deaf)
    assert fault_of(room) is None
    assert [request.method for request in hub.sent[1:]] == ["POST", "GET"]


async def test_02_a_normal_meeting_for_now_is_taken_as_a_ready_room_and_ended_not_deleted(hub: Hub, us: Vdx) -> None:
    """NORMAL within two minutes takes a pool room, which can never be deleted."""
    draft = hub.draft(in_minutes=1)
    assert (await us.rooms.book(draft, deaf)).is_ready
    assert json.loads(hub.requests("POST")[0].content)["meetingType"] == "NORMAL"
    assert await us.meetings.cancel(draft.meeting_id, hub.sandbox.clock.now()) is Cancelled.ENDED
    assert not hub.requests("DELETE")


async def test_03_pool_is_never_asked_for_because_normal_falls_back_by_itself(hub: Hub, us: Vdx) -> None:
    """POOL with a later start takes no pool room, and still refuses where the organisation has no pool."""
    hub.organisation(hub.sandbox.config.organisation, parent=None, pool_size=None)
    refused = await hub.raw(us, "POST", "/meetings", body(hub.draft(), meetingType="POOL"))
    assert refused.json()["detailed_error_code"] == "19"
    await us.meetings.book(hub.draft())
    await us.rooms.book(hub.draft(in_minutes=0), deaf)
    ours = [json.loads(request.content) for request in hub.requests("POST")[1:]]
    assert {sent["meetingType"] for sent in ours} == {"NORMAL"}


async def test_04_own_pins_are_left_out_for_now_and_sent_for_later(hub: Hub, us: Vdx) -> None:
    """A PIN of our own would turn a start of now into a cold start of up to two minutes."""
    await us.rooms.book(hub.draft(in_minutes=0), deaf)
    await us.meetings.book(hub.draft())
    now, later = (json.loads(request.content) for request in hub.requests("POST"))
    assert not {"hostPin", "guestPin"} & set(now)
    assert {"hostPin", "guestPin"} <= set(later)


async def test_05_nothing_is_asked_of_a_ready_room_that_it_would_ignore(hub: Hub, us: Vdx) -> None:
    """A pool room keeps its own limits, template and call type whatever the booking says."""
    await us.rooms.book(hub.draft(in_minutes=0), deaf)
    sent = json.loads(hub.requests("POST")[0].content)
    assert not {"maxParticipants", "endMeetingOnEndTime", "schedulingTemplateId", "callType"} & set(sent)


async def test_06_a_duplicate_id_reported_as_a_short_id_is_looked_up(hub: Hub, us: Vdx) -> None:
    """400/24 "unable to generate unique shortId" is also what a second POST of our own uuid gets."""
    draft = hub.draft()
    hub.sandbox.faults.add(Fault("twice", "POST", f"{API}/meetings"))
    await us.rooms.book(draft, deaf)
    assert [request.method for request in hub.sent[1:]] == ["POST", "GET", "GET"]
    assert len(hub.sandbox.meetings.meetings) == 1


async def test_07_no_null_is_ever_sent(hub: Hub, us: Vdx) -> None:
    """An explicit null for maxParticipants, guestPinRequired or meetingType is an error 500."""
    for member in ("maxParticipants", "guestPinRequired", "meetingType"):
        assert (await hub.raw(us, "POST", "/meetings", body(hub.draft(), **{member: None}))).status_code == 500
    wanted = CreateMeeting(
        uuid=uuid4(), subject="x", start_time=hub.sandbox.clock.now(), end_time=hub.sandbox.clock.now() + DAY
    )
    await us.client.create_meeting(wanted)
    assert None not in json.loads(hub.requests("POST")[-1].content).values()


async def test_08_the_form_stops_what_vdx_takes_without_a_word(hub: Hub, us: Vdx) -> None:
    """End before start, a start in the past, and equal PINs are all answered with 200."""
    draft = hub.draft(in_minutes=-120)
    harmful = body(draft, hostPin=1234, guestPin=1234) | {"endTime": iso(draft.start - DAY)}
    assert (await hub.raw(us, "POST", "/meetings", harmful)).status_code == 200
    form = limits.MeetingForm("x", draft.start, draft.start - DAY, host_pin=1234, guest_pin=1234)
    found = {(complaint.field, complaint.rule) for complaint in limits.check(form, hub.sandbox.clock.now())}
    assert found == {("endTime", "order"), ("guestPin", "same")}


async def test_09_only_templates_of_the_own_organisation_are_offered(hub: Hub, us: Vdx) -> None:
    """The id of another organisation's template falls back to the default without a word."""
    hub.organisation("another", parent=None)
    hub.template(Template(77, "another", max_participants=99))
    draft = hub.draft()
    await hub.raw(us, "POST", "/meetings", body(draft, schedulingTemplateId=77))
    assert hub.room(draft.meeting_id).template_id != 77
    assert 77 not in {template.id for template in await us.meetings.templates()}


async def test_10_a_portal_link_with_the_host_pin_is_dropped_and_the_room_refused(hub: Hub, us: Vdx) -> None:
    """Where a template wants a host PIN only, the guests' link carries it."""
    hub.change_default_template(guest_pin_required=False)
    draft = hub.draft()
    await hub.raw(us, "POST", "/meetings", body(draft))
    stored = hub.room(draft.meeting_id)
    assert f"pin={stored.host_pin}" in (stored.portal_link or "")
    hub.put_up(draft.meeting_id)
    seen = await us.rooms.lookup(draft.meeting_id)
    assert seen is not None
    assert seen.portal_link is None
    with pytest.raises(Refused) as caught:
        await us.rooms.book(draft, deaf)
    assert caught.value.code == "room.no_guest_pin"


async def test_11_a_colleague_who_would_be_dropped_is_refused_before_booking(hub: Hub) -> None:
    """organizedByEmail of a plain user is replaced by the caller without a word."""
    user = hub.program(*USER)
    with pytest.raises(Refused) as caught:
        await user.meetings.book(hub.draft(organised_by=COLLEAGUE))
    assert (caught.value.code, caught.value.field) == ("vdx.colleague", "organizedByEmail")
    assert not hub.requests("POST")
    planner = hub.program(*PLANNER)
    assert (await planner.meetings.book(hub.draft(organised_by=COLLEAGUE))).organised_by == COLLEAGUE


@pytest.mark.parametrize(("member", "length"), [("call_type", 65), ("labels", 1025), ("organized_by_email", 101)])
async def test_12_what_the_database_cannot_hold_is_stopped_before_sending(
    hub: Hub, us: Vdx, member: str, length: int
) -> None:
    """These limits are not in the description; beyond them the server answers 500."""
    value: Any = ("x" * length,) if member == "labels" else "x" * length
    name = {"call_type": "callType", "labels": "labels", "organized_by_email": "organizedByEmail"}[member]
    answer = await hub.raw(us, "POST", "/meetings", body(hub.draft(), **{name: value}))
    assert answer.status_code == 500
    with pytest.raises(ValidationError):
        PatchMeeting(**{member: value})


# --- B. changing --------------------------------------------------------------------------------------------------


async def test_13_new_pins_are_followed_by_an_empty_change_so_that_the_link_is_right(hub: Hub, us: Vdx) -> None:
    """A PATCH of the PIN leaves the old one in the portal link, where the short link leads."""
    hub.change_default_template(guest_pin_required=False)
    draft = hub.draft()
    room = await us.rooms.book(draft, deaf)
    assert room.guest_pin is not None
    assert [json.loads(request.content) for request in hub.requests("PATCH")][1:] == [{}]
    assert f"pin={room.guest_pin.reveal()}" in (hub.room(draft.meeting_id).portal_link or "")


async def test_14_a_change_that_vdx_drops_is_told_as_kept(hub: Hub, us: Vdx) -> None:
    """Once the room is up, VDX answers 200 to a new start or subject and keeps the old one."""
    hub.organisation(hub.sandbox.config.organisation, parent=None, pool_size=None)
    draft = hub.draft()
    await us.meetings.book(draft)
    hub.put_up(draft.meeting_id)
    outcome = await us.meetings.edit(
        draft.meeting_id, MeetingEdit(start=draft.start + DAY, end=draft.end + DAY, subject="Nyt")
    )
    assert outcome.kept == {MeetingField.START, MeetingField.SUBJECT}
    assert (outcome.meeting.start, outcome.meeting.subject) == (_second(draft.start), draft.subject)
    assert outcome.meeting.end == _second(draft.end + DAY)


async def test_15_texts_and_lists_are_cleared_with_empty_ones(hub: Hub, us: Vdx) -> None:
    """Null means "not sent" in a PATCH, and a PIN cannot be taken away at all."""
    draft = hub.draft()
    await hub.raw(us, "POST", "/meetings", body(draft, description="om", labels=["a"], guestPin=4321))
    await hub.raw(us, "PATCH", f"/meetings/{draft.meeting_id}", {"description": None, "labels": None, "guestPin": None})
    kept = await us.client.meeting(draft.meeting_id)
    assert (kept.description, kept.labels) == ("om", ("a",))
    cleared = await us.client.change_meeting(draft.meeting_id, PatchMeeting(description="", labels=()))
    assert (cleared.description, cleared.labels) == ("", ())
    assert hub.room(draft.meeting_id).guest_pin == 4321


async def test_16_an_edit_that_moves_the_organiser_is_told(hub: Hub) -> None:
    """Every edit by somebody who is no planner makes the editor the organiser."""
    planner = hub.program(*PLANNER)
    draft = hub.draft(organised_by=COLLEAGUE)
    await planner.meetings.book(draft)
    outcome = await planner.meetings.prolong(draft.meeting_id, draft.end + timedelta(minutes=10))
    assert outcome.is_complete
    provisioner = hub.program("meeting-provisioner-user")
    outcome = await provisioner.meetings.prolong(draft.meeting_id, draft.end + timedelta(minutes=20))
    assert outcome.moved == {MeetingField.ORGANISER}


async def test_17_a_meeting_is_never_replaced_only_changed(hub: Hub, us: Vdx) -> None:
    """PUT clears description, project code, labels and information that are left out."""
    draft = hub.draft(label="b-1", project_code="video")
    await us.meetings.book(draft)
    await us.meetings.move(draft.meeting_id, draft.start + DAY, draft.end + DAY)
    stored = hub.meeting(draft.meeting_id)
    assert (stored.labels, stored.project_code) == (("b-1",), "video")
    assert not hub.requests("PUT")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ProvisionStatus.AWAITS_PROVISION, Cancelled.DELETED),
        (ProvisionStatus.PROVISIONED_OK, Cancelled.ENDED),
        (ProvisionStatus.STARTING_TO_DEPROVISION, Cancelled.GONE),
    ],
)
async def test_18_a_meeting_is_called_off_as_its_state_allows(
    hub: Hub, us: Vdx, status: ProvisionStatus, expected: Cancelled
) -> None:
    """DELETE works only before the room is made; afterwards the end is moved to now."""
    draft = hub.draft()
    await us.meetings.book(draft)
    if status is not ProvisionStatus.AWAITS_PROVISION:
        hub.put_up(draft.meeting_id, status)
    assert await us.meetings.cancel(draft.meeting_id, hub.sandbox.clock.now()) is expected


async def test_19_a_key_that_comes_twice_is_stopped_before_sending(hub: Hub, us: Vdx) -> None:
    """In a booking it is 400/35, in a PATCH an error 500 that leaves the outcome open."""
    twice = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]
    booked = await hub.raw(us, "POST", "/meetings", body(hub.draft(), additionalInformation=twice))
    assert booked.json()["detailed_error_code"] == "35"
    draft = hub.draft()
    await us.meetings.book(draft)
    answer = await hub.raw(us, "PATCH", f"/meetings/{draft.meeting_id}", {"additionalInformation": twice})
    assert answer.status_code == 500
    with pytest.raises(ValidationError):
        PatchMeeting(additional_information=(Information(key="a", value="1"), Information(key="a", value="2")))


# --- C. searching -------------------------------------------------------------------------------------------------


async def test_20_a_text_is_always_searched_with_both_times(hub: Hub, us: Vdx) -> None:
    """With one of them VDX answers 500 where its description promises 400/28."""
    now = hub.sandbox.clock.now()
    await us.meetings.book(hub.draft(subject="Samtale"))
    fallen = await hub.raw(us, "GET", "/meetings", **{"search": "Sam", "from-start-time": iso(now)})
    assert fallen.status_code == 500
    assert [found.subject for found in await us.client.meetings_matching("Sam", now, now + DAY)] == ["Samtale"]


async def test_21_a_plain_users_search_is_done_on_our_side(hub: Hub) -> None:
    """VDX falls over as soon as such a search finds anything."""
    user = hub.program(*USER)
    now = hub.sandbox.clock.now()
    await user.meetings.book(hub.draft(subject="Samtale"))
    assert (await hub.raw(user, "GET", "/meetings", search="Sam")).status_code == 500
    await user.meetings.own(now, now + DAY)
    assert [found.subject for found in user.meetings.search("sam")] == ["Samtale"]


async def test_22_no_user_is_made_at_vdx_by_searching(hub: Hub, us: Vdx) -> None:
    """A planner's search for a text makes a user of it, for ever."""
    await hub.raw(us, "GET", "/meetings", search="Sam")
    own = hub.sandbox.config.organisation
    assert MeetingUser(own, "Sam") in hub.sandbox.meetings.users
    users = set(hub.sandbox.meetings.users)
    now = hub.sandbox.clock.now()
    await us.meetings.own(now, now + DAY)
    us.meetings.search("noget andet")
    assert hub.sandbox.meetings.users == users
    with pytest.raises(Refused):
        await us.client.meetings_of("x" * 101)


async def test_23_one_criterion_is_sent_at_a_time(hub: Hub, us: Vdx) -> None:
    """Beside a label or a subject VDX ignores the times."""
    draft = hub.draft(label="b-1")
    await us.meetings.book(draft)
    elsewhere = iso(draft.start + 9 * DAY)
    window = {"from-start-time": elsewhere, "to-start-time": elsewhere}
    assert len((await hub.raw(us, "GET", "/meetings", label="b-1", **window)).json()) == 1
    hub.sent.clear()
    await us.client.meetings_labelled("b-1")
    await us.client.meetings_called("x")
    assert [list(request.url.params) for request in hub.sent] == [["label"], ["subject"]]


async def test_24_a_number_used_again_is_found_by_searching_and_the_latest_taken(hub: Hub, us: Vdx) -> None:
    """findByUri… answers 404 although undocumented, and 500 when an address has served two meetings."""
    with pytest.raises(NotFound):
        await us.client.meeting_at("nowhere@rooms.sandbox.test")
    first, second = hub.draft(), hub.draft(in_minutes=600)
    await us.meetings.book(first)
    await us.meetings.book(second)
    rooms, address = hub.sandbox.meetings.rooms, hub.room(first.meeting_id).uri_with_domain
    rooms[second.meeting_id] = replace(rooms[second.meeting_id], uri_with_domain=address)
    with pytest.raises(Unavailable):
        await us.client.meeting_at(address)
    found = await us.meetings.at_address(address)
    assert found is not None
    assert found.meeting_id == second.meeting_id


async def test_25_each_query_name_is_written_as_vdx_writes_it(hub: Hub, us: Vdx) -> None:
    """from-start-time, to-start-time, to-end-time, organizedBy, uriWithDomain, short-id: four styles in one API."""
    now = hub.sandbox.clock.now()
    hub.sent.clear()
    await us.client.meetings_between(now, now + DAY)
    await us.client.scheduling_infos(now, now + DAY, ProvisionStatus.PROVISIONED_OK)
    await us.client.meetings_of(COLLEAGUE)
    await us.client.meetings_at("1@rooms.sandbox.test")
    await us.client.meetings_with_short_id("a" * 12)
    assert [sorted(request.url.params) for request in hub.requests("GET")] == [
        ["from-start-time", "to-start-time"],
        ["from-start-time", "provision-status", "to-end-time"],
        ["organizedBy"],
        ["uriWithDomain"],
        ["short-id"],
    ]


async def test_26_a_planner_who_is_also_a_user_finds_colleagues_by_window_not_by_address(hub: Hub, us: Vdx) -> None:
    """The search by address asks whether USER is among the roles, the others whether it is the only one."""
    draft = hub.draft(organised_by=COLLEAGUE)
    await us.meetings.book(draft)
    assert await us.meetings.at_address(hub.room(draft.meeting_id).uri_with_domain) is None
    found = await us.meetings.own(draft.start - DAY, draft.start + DAY, everyone=True)
    assert [meeting.meeting_id for meeting in found] == [draft.meeting_id]


# --- D. security --------------------------------------------------------------------------------------------------


async def test_27_own_meetings_are_our_own_even_when_the_role_shows_all(hub: Hub, us: Vdx) -> None:
    """An unknown extra role makes VDX show a plain user the whole organisation."""
    await us.meetings.book(hub.draft(organised_by=COLLEAGUE))
    odd = hub.program("meeting-user", "something-new", email="anden@laegehus.sandbox.test")
    now = hub.sandbox.clock.now()
    assert len(await odd.client.meetings_between(now, now + DAY)) == 1
    assert await odd.meetings.own(now, now + DAY) == []


async def test_28_no_pins_are_read_of_a_meeting_that_is_not_ours_to_see(hub: Hub, us: Vdx) -> None:
    """Any role reads every PIN of its organisation through scheduling-info."""
    draft = hub.draft(organised_by=COLLEAGUE)
    await us.meetings.book(draft)
    user = hub.program(*USER, email="anden@laegehus.sandbox.test")
    assert (await user.client.scheduling_info(draft.meeting_id)).host_pin is not None
    hub.sent.clear()
    with pytest.raises(Refused) as caught:
        await user.meetings.room(draft.meeting_id)
    assert caught.value.code == "vdx.not_yours"
    assert not hub.requests("GET", "/scheduling-info")


async def test_29_a_short_id_of_another_organisation_is_not_shown(hub: Hub, us: Vdx) -> None:
    """An administrator's search by short id crosses organisations."""
    hub.organisation("another", parent=None)
    stranger = hub.program(*PLANNER, organisation="another", email="x@another.test")
    hub.template(Template(9, None, is_default=True))
    draft = hub.draft()
    await stranger.meetings.book(draft)
    admin = hub.program(*ADMIN)
    short_id = hub.meeting(draft.meeting_id).short_id
    assert len(await admin.client.meetings_with_short_id(short_id)) == 1
    assert await admin.meetings.with_short_id(short_id) is None


async def test_30_a_token_without_role_is_renewed_once_and_never_again(hub: Hub) -> None:
    """VDX answers 401 to it, so renewing at every 401 would go round for ever."""
    nobody = hub.program()
    with pytest.raises(SignInNeeded) as caught:
        await nobody.client.info()
    assert caught.value.code == "vdx.role"
    assert len(hub.requests("GET", "/info")) == 2
    assert hub.sandbox.signin.issued_total == 2


async def test_31_two_identities_share_neither_connection_nor_token(hub: Hub, us: Vdx) -> None:
    """In version 1 the token is bound to the TLS connection: a shared pool would act as somebody else."""
    other = hub.program(*USER, email=COLLEAGUE)
    await asyncio.gather(us.client.info(), other.client.info())
    assert us.client._http._transport is not other.client._http._transport
    spoken_as = {request.headers["Authorization"] for request in hub.requests("GET", "/info")}
    assert len(spoken_as) == 2


# --- E. formats ---------------------------------------------------------------------------------------------------


async def test_32_the_error_code_is_read_as_text_and_as_number(hub: Hub, us: Vdx) -> None:
    """It is a string in the answer and a number in the description."""
    draft = hub.draft(in_minutes=0)
    await us.rooms.book(draft, deaf)
    answer = await hub.raw(us, "DELETE", f"/meetings/{draft.meeting_id}")
    assert answer.json()["detailed_error_code"] == "13"
    with pytest.raises(Conflict) as caught:
        await us.client.delete_meeting(draft.meeting_id)
    assert caught.value.code == "vdx.state"


async def test_33_instants_are_compared_whatever_zone_and_fraction_they_come_back_in(hub: Hub, us: Vdx) -> None:
    """…T13:00:00.5Z comes back as …T15:00:00+02:00."""
    start = datetime(2027, 7, 1, 13, 0, 0, 500_000, tzinfo=UTC)
    draft = replace(hub.draft(), start=start, end=start + timedelta(minutes=30))
    hub.sandbox.faults.add(Fault("drop_after", "POST", f"{API}/meetings"))
    booked = await us.meetings.book(draft)
    assert (booked.start, booked.start.utcoffset()) == (_second(start), timedelta(hours=2))
    assert (await us.meetings.edit(draft.meeting_id, MeetingEdit(start=start))).is_complete


async def test_34_an_empty_updated_by_is_nobody(hub: Hub, us: Vdx) -> None:
    """Until the first change it is {}, not absent."""
    draft = hub.draft()
    await us.meetings.book(draft)
    raw = await hub.raw(us, "GET", f"/meetings/{draft.meeting_id}")
    assert raw.json()["updatedBy"] == {}
    read = await us.client.meeting(draft.meeting_id)
    assert read.updated_by is not None
    assert read.updated_by.email == ""


async def test_35_links_in_answers_are_not_followed(hub: Hub, us: Vdx) -> None:
    """``_links`` name an address inside VDX, and the short link comes in two spellings."""
    draft = hub.draft()
    booked = await us.meetings.book(draft)
    raw = (await hub.raw(us, "GET", f"/meetings/{draft.meeting_id}")).json()
    assert not raw["_links"]["self"]["href"].startswith(hub.sandbox.base_url)
    assert booked.short_link == Secret(raw["shortlink"])
    await us.meetings.room(draft.meeting_id)
    assert {request.url.host for request in hub.sent} == {"127.0.0.1"}


async def test_36_a_reservation_is_never_repeated_by_itself(hub: Hub) -> None:
    """It is a GET that takes a room out of the pool for ever; what is left out of it filters."""
    admin = hub.program(*ADMIN)
    hub.sandbox.faults.add(Fault("drop_after", "GET", f"{API}/scheduling-info-reserve"))
    with pytest.raises(Unavailable):
        await admin.client.reserve()
    assert len(hub.requests("GET", "/scheduling-info-reserve")) == 1
    with pytest.raises(NotFound):
        await admin.client.reserve(Layout(mute_all_guests=True))
    assert hub.sent[-1].url.params["muteAllGuests"] == "true"


async def test_37_a_start_of_now_survives_a_short_outage_of_the_organisation_service(hub: Hub, us: Vdx) -> None:
    """Pool and template are looked up there; while it is down the booking answers 500 and nothing is booked."""
    hub.sandbox.faults.add(Fault("organisation_down"))
    assert (await us.rooms.book(hub.draft(in_minutes=0), deaf)).is_ready
    hub.sandbox.faults.add(Fault("organisation_down", times=None))
    with pytest.raises(Unavailable) as caught:
        await us.rooms.book(hub.draft(in_minutes=0), deaf)
    assert caught.value.code == "vdx.server_error"
    assert not isinstance(caught.value, OutcomeUnknown)


# --- the tables of errors (facts, 4.2 and 1.3) ------------------------------------------------------------------------


async def test_an_audit_that_is_down_leaves_nothing_booked(hub: Hub, us: Vdx) -> None:
    """VDX rolls a booking back whose audit event cannot be published."""
    hub.sandbox.faults.add(Fault("audit_down", times=None))
    with pytest.raises(Unavailable) as caught:
        await us.meetings.book(hub.draft())
    assert caught.value.code == "vdx.server_error"
    assert not hub.sandbox.meetings.meetings


@pytest.mark.parametrize(
    ("roles", "claims", "error", "code"),
    [
        (PLANNER, {"dk:medcom:organisation_id": "unknown"}, Refused, "vdx.role"),
        (PLANNER, {"dk:medcom:organisation_id": ["a", "b"]}, Unavailable, "vdx.server_error"),
        (PLANNER, {"dk:medcom:email": None}, SignInNeeded, "vdx.sign_in"),
        (("meeting-provisioner",), {}, Refused, "vdx.role"),
    ],
)
async def test_each_outcome_of_signing_in_has_its_error(
    hub: Hub, roles: tuple[str, ...], claims: dict[str, Any], error: type[Exception], code: str
) -> None:
    """Facts 1.3: a token may be good and still lack organisation, person or role."""
    program = hub.program(*roles, **claims)
    draft = hub.draft()
    with pytest.raises(error) as caught:
        await program.client.create_meeting(
            CreateMeeting(uuid=draft.meeting_id, subject="x", start_time=draft.start, end_time=draft.end)
        )
    assert getattr(caught.value, "code", "") == code


@pytest.mark.parametrize(
    ("more", "error", "code", "field"),
    [
        ({"external_id": "taken"}, Conflict, "vdx.taken", "externalId"),
        ({"uri_without_domain": "taken"}, Conflict, "vdx.input", "uriWithoutDomain"),
        ({"scheduling_info_reservation_id": UUID(int=5)}, Refused, "vdx.refused", None),
        (
            {"scheduling_info_reservation_id": UUID(int=5), "guest_pin": 1234},
            Refused,
            "vdx.refused",
            None,
        ),
    ],
)
async def test_each_refused_booking_names_its_field(
    hub: Hub, us: Vdx, more: dict[str, Any], error: type[Exception], code: str, field: str | None
) -> None:
    """Codes 21, 32, 29 and 34."""
    draft = hub.draft()
    await hub.raw(us, "POST", "/meetings", body(draft, externalId="taken", uriWithoutDomain="taken"))
    wanted = CreateMeeting(uuid=uuid4(), subject="x", start_time=draft.start, end_time=draft.end, **more)
    with pytest.raises(error) as caught:
        await us.client.create_meeting(wanted)
    assert isinstance(caught.value, Refused)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    "change",
    [
        {"uri_number_range_low": 5, "uri_number_range_high": 5},
        {"host_pin_range_low": None},
        {"guest_pin_range_high": 0},
    ],
)
async def test_a_template_that_is_set_up_wrongly_is_support_s_matter(hub: Hub, us: Vdx, change: dict[str, Any]) -> None:
    """Codes 14, 16 and 17: no other booking will succeed either."""
    hub.change_default_template(**change)
    draft = hub.draft()
    with pytest.raises(Misconfigured):
        await us.rooms.book(draft, deaf)


async def test_a_change_in_no_state_for_it_is_a_conflict(hub: Hub, us: Vdx) -> None:
    """406/12."""
    draft = hub.draft()
    await us.meetings.book(draft)
    hub.put_up(draft.meeting_id, ProvisionStatus.DEPROVISION_OK)
    with pytest.raises(Conflict) as caught:
        await us.meetings.prolong(draft.meeting_id, draft.end + DAY)
    assert caught.value.code == "vdx.state"


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def test_the_hub_is_asked_quickly_only_because_it_is_a_sandbox() -> None:
    """The same patience is slowed down towards a real VDX."""
    access = VdxAccess("https://vdx.test/v2", "https://signin.test/", "x", Secret("x"), "stage")
    vdx = open_vdx(
        access, _Never(), patience=QUICK, transport=httpx.MockTransport(lambda _request: httpx.Response(500))
    )
    assert vdx.rooms._patience.poll_s == 3.0


class _Never:
    def now(self) -> datetime:
        raise AssertionError("nobody asks the time")
