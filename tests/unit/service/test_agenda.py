"""Booking ahead through the desk: who is told when, what a crash leaves, and what the calendar shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.booked import BookedMeeting, MeetingField
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.domain.parties import InvitationState, Presence
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.domain.room import ProvisionStatus
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable
from vdx_plugin.ports import InvitationNews, MessageKind, OutboxState, RoomParticipant
from vdx_plugin.service.view import AgendaEntry, EntryAction, RoomState

START = NOON + timedelta(hours=3)
END = START + timedelta(minutes=20)
LATER = (START + timedelta(hours=1), END + timedelta(hours=1))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.systems.today = [
        Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20), partner_glns=(HOSPITAL.gln or "",))
    ]
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    world.log.clear()
    yield world
    await world.desk.close()


async def ahead(world: World, start: datetime = START, end: datetime = END) -> Plan:
    """The proposed team, later."""
    return replace(await world.desk.propose_plan(), start=start, end=end, planned_ahead=False)


async def booked(world: World) -> Consultation:
    await world.desk.plan_for_later(await ahead(world))
    await world.settle()
    (consultation,) = world.store.consultations.values()
    return consultation


async def restarted(world: World) -> World:
    """The program again, on the same store and with the same VDX."""
    again = World(world.store)
    again.booking.rooms, again.meetings.meetings = world.booking.rooms, world.meetings.meetings
    again.clock.time = world.clock.time
    await again.desk.start()
    await again.settle()
    return again


def codes(world: World) -> list[str]:
    return [notice.problem.code for notice in world.desk.view.notices]


def entry(world: World) -> AgendaEntry:
    (found,) = world.desk.view.agenda.today
    return found


def only(world: World) -> Consultation:
    (consultation,) = world.store.consultations.values()
    return consultation


def letters(world: World) -> list[MessageKind]:
    return [row.draft.kind for row in world.store.rows.values()]


# --- booking --------------------------------------------------------------------------------------------------------


async def test_nobody_is_told_before_the_room_is_booked_and_safe(world: World) -> None:
    """A letter about a room that VDX then refuses cannot be taken back."""
    await booked(world)
    assert world.log == ["save:booking", "book", "save:ready", "save:scheduled", "send:invitation"]
    assert world.desk.view.consultation is None
    shown = entry(world)
    assert (shown.start, shown.end, shown.stage) == (START, END, Stage.SCHEDULED)
    assert shown.actions == {EntryAction.MOVE, EntryAction.PROLONG, EntryAction.CANCEL}
    assert [party.party.role for party in shown.parties] == ["patient", "hospital"]
    assert set(shown.links) == {party.party.key for party in shown.parties}


async def test_a_later_booking_has_pins_of_its_own_and_our_label_and_no_fraction_of_a_second(world: World) -> None:
    """Templates need not draw PINs, the label is how it is found again, and VDX cuts fractions off."""
    odd = timedelta(microseconds=123_456)
    await world.desk.plan_for_later(await ahead(world, START + odd, END + odd))
    (draft,) = world.meetings.drafts
    assert draft.own_pins
    assert draft.label == str(only(world).id)
    assert (draft.start, draft.end) == (START, END)
    assert only(world).plan.planned_ahead


async def test_a_room_that_stays_unsafe_is_given_back_and_nobody_hears_of_it(world: World) -> None:
    """With equal PINs a guest would be host."""
    original = world.meetings.room

    async def unsafe(meeting_id: UUID):  # type: ignore[no-untyped-def]
        return replace(await original(meeting_id), guest_pin=Secret("111111"))

    world.meetings.room = unsafe  # type: ignore[method-assign]
    await booked(world)
    assert world.log == ["save:booking", "book", "save:cancelling", "cancel", "save:cancelled"]
    assert codes(world) == ["room.same_pins"]
    assert world.desk.view.agenda.today == ()


async def test_a_booking_for_a_colleague_that_the_role_forbids_is_refused_in_words(world: World) -> None:
    """VDX would book it in our own name, and the colleague would never see it."""
    world.meetings.fault = Refused("vdx.colleague", field="organizedByEmail")
    plan = replace(await ahead(world), organised_by="kollega@klinik.example")
    await world.desk.plan_for_later(plan)
    assert world.meetings.drafts[0].organised_by == "kollega@klinik.example"
    assert codes(world) == ["vdx.colleague"]
    assert only(world).stage is Stage.CANCELLED
    assert "cancel" not in world.log


async def test_a_booking_that_vdx_did_not_answer_stands_in_the_calendar_and_can_be_tried_again(world: World) -> None:
    """Nothing that was wished for may vanish, and a second try must not book twice."""
    world.meetings.fault = Unavailable("vdx.unreachable")
    await booked(world)
    shown = entry(world)
    assert shown.problem is not None
    assert shown.problem.code == "vdx.unreachable"
    assert shown.actions == {EntryAction.RETRY, EntryAction.CANCEL}
    world.meetings.fault = None
    await world.desk.retry_scheduled(only(world).id)
    assert entry(world).stage is Stage.SCHEDULED
    assert entry(world).problem is None
    assert len({draft.meeting_id for draft in world.meetings.drafts}) == 1


async def test_a_booking_in_doubt_is_tried_again_by_itself_and_quietly(world: World) -> None:
    """The sentence beside it promises so; a notice every minute would only be in the way."""
    world.meetings.fault = OutcomeUnknown("vdx.outcome_unknown")
    await booked(world)
    told = codes(world)
    for _round in range(3):
        world.clock.pass_by(seconds=61)
        await world.desk.show_agenda(danish_day(START))
        await world.settle()
    assert codes(world) == told
    world.meetings.fault = None
    world.clock.pass_by(seconds=61)
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    assert entry(world).stage is Stage.SCHEDULED
    assert len({draft.meeting_id for draft in world.meetings.drafts}) == 1


async def test_what_cannot_be_written_down_is_not_booked(world: World) -> None:
    """A meeting nobody remembers is a room that stays open."""
    world.store.fault = Unavailable("store.full")
    await world.desk.plan_for_later(await ahead(world))
    assert world.log == []
    assert codes(world) == ["store.full"]
    assert world.desk.view.agenda.today == ()


async def test_a_plan_made_for_another_patient_is_not_booked(world: World) -> None:
    """It would send one patient's link to another patient's address."""
    made_for = world.desk.view.context
    world.desk.opened(context(world.clock, number=2))
    await world.settle()
    plan = await ahead(world)
    await world.desk.plan_for_later(plan, context=made_for)
    await world.desk.start_video(plan, context=made_for)
    assert world.log == []
    assert codes(world) == ["plan.patient_changed"]


@pytest.mark.parametrize("stage", ["booking", "ready", "scheduled"])
async def test_a_crash_after_any_step_is_taken_up_without_doubling_anything(world: World, stage: str) -> None:
    """Kill the process anywhere: one meeting, one letter, and it stands in the calendar, not among the interrupted."""

    class Killed(BaseException):
        pass

    original = world.store.save

    async def save_and_die(consultation, drafts=()):  # type: ignore[no-untyped-def]
        await original(consultation, drafts)
        if consultation.stage == stage:
            raise Killed

    world.store.save = save_and_die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await world.desk.plan_for_later(await ahead(world))
    world.store.save = original  # type: ignore[method-assign]

    again = await restarted(world)
    assert again.desk.view.recoverable == ()
    assert entry(again).stage is Stage.SCHEDULED
    assert len(again.meetings.meetings) == 1
    assert letters(again) == ["invitation"]
    await again.desk.close()


async def test_a_booking_whose_time_went_by_while_the_program_was_closed_is_given_up(world: World) -> None:
    """Nobody was told, so nobody will come."""
    world.meetings.fault = OutcomeUnknown("vdx.outcome_unknown")
    await booked(world)
    world.clock.pass_by(days=1)
    again = await restarted(world)
    assert only(again).stage is Stage.CANCELLED
    assert again.desk.view.recoverable == ()
    assert letters(again) == []
    await again.desk.close()


# --- series ---------------------------------------------------------------------------------------------------------


async def test_a_series_keeps_its_time_on_the_wall_when_summer_time_begins(world: World) -> None:
    """Nine o'clock is nine o'clock for the nursing home too."""
    start = datetime(2027, 3, 14, 8, 0, tzinfo=UTC)
    plan = await ahead(world, start, start + timedelta(minutes=20))
    await world.desk.plan_for_later(plan, count=4, every=timedelta(days=7))
    times = sorted(one.plan.start for one in world.store.consultations.values())
    assert [danish(at).hour for at in times] == [9, 9, 9, 9]
    assert [at.hour for at in times] == [8, 8, 7, 7]
    assert letters(world) == ["invitation"] * 4


async def test_an_appointment_of_a_series_that_fails_does_not_stop_the_others(world: World) -> None:
    """And it stands in the calendar with its problem."""
    original = world.meetings.book

    async def fails_once(draft):  # type: ignore[no-untyped-def]
        if draft.start == START + timedelta(days=7):
            raise Unavailable("vdx.server_error")
        return await original(draft)

    world.meetings.book = fails_once  # type: ignore[method-assign]
    await world.desk.plan_for_later(await ahead(world), count=3)
    (notice,) = world.desk.view.notices
    assert (notice.problem.code, dict(notice.problem.facts)) == ("agenda.series_short", {"failed": 1, "count": 3})
    assert letters(world) == ["invitation"] * 2
    await world.desk.show_agenda(danish_day(START + timedelta(days=7)))
    (stuck,) = world.desk.view.agenda.entries
    assert stuck.problem is not None
    assert EntryAction.RETRY in stuck.actions


# --- moving ---------------------------------------------------------------------------------------------------------


async def test_a_move_is_told_in_the_thread_of_the_first_letter_once_vdx_has_the_new_time(world: World) -> None:
    """Nobody may be told of a time that the room does not have."""
    one = await booked(world)
    world.log.clear()
    await world.desk.move(one.id, *LATER)
    assert world.log == ["save:scheduled", "edit", "save:scheduled", "send:invitation"]
    first, second = world.store.rows.values()
    assert first.draft.thread_id == second.draft.thread_id
    assert (entry(world).start, entry(world).end) == LATER
    assert only(world).moving_to is None


async def test_a_meeting_moved_away_and_back_is_told_both_times(world: World) -> None:
    """The last letter is about the time of the first and still has to go out."""
    one = await booked(world)
    await world.desk.move(one.id, *LATER)
    await world.desk.move(one.id, START, END)
    assert letters(world) == ["invitation"] * 3


async def test_where_vdx_keeps_the_start_the_end_is_put_back_and_nobody_is_told(world: World) -> None:
    """A room that is made already drops a new start without a word and takes the end: 20 minutes would be 80."""
    one = await booked(world)
    world.meetings.keeps = {MeetingField.START}
    await world.desk.move(one.id, *LATER)
    assert codes(world) == ["vdx.kept_old"]
    assert (entry(world).start, entry(world).end) == (START, END)
    assert world.meetings.meetings[one.meeting_id].end == END
    assert letters(world) == ["invitation"]


async def test_a_prolonged_meeting_is_told_too(world: World) -> None:
    """An interpreter is booked by the clock."""
    one = await booked(world)
    world.meetings.keeps = {MeetingField.START}
    await world.desk.prolong(one.id, END + timedelta(minutes=15))
    assert codes(world) == []
    assert entry(world).end == END + timedelta(minutes=15)
    assert letters(world) == ["invitation"] * 2


async def test_a_move_without_an_answer_is_taken_up_at_the_next_start(world: World) -> None:
    """VDX may have moved it; then everybody must hear, and hear once."""
    one = await booked(world)
    world.meetings.fault = OutcomeUnknown("vdx.outcome_unknown")
    await world.desk.move(one.id, *LATER)
    assert only(world).moving_to == LATER
    assert entry(world).actions == {EntryAction.RETRY, EntryAction.CANCEL}
    assert letters(world) == ["invitation"]
    again = await restarted(world)
    assert only(again).plan.start == LATER[0]
    assert only(again).moving_to is None
    assert letters(again) == ["invitation"] * 2
    await again.desk.close()


async def test_a_move_that_vdx_refuses_leaves_everything_as_it_was(world: World) -> None:
    """The reason is shown, and the wish is not tried again behind the doctor's back."""
    one = await booked(world)
    world.meetings.fault = Refused("vdx.not_yours")
    await world.desk.move(one.id, *LATER)
    assert codes(world) == ["vdx.not_yours"]
    assert only(world).moving_to is None
    assert only(world).plan.start == START


async def test_an_answer_to_the_old_time_is_not_shown_for_the_new_one(world: World) -> None:
    """ "Vi kommer" was said about another hour."""
    one = await booked(world)
    key = one.plan.parties[1].key
    assert world.delivery.on_news is not None
    world.delivery.on_news(InvitationNews(one.id, key, InvitationState.ANSWERED, NOON, answer="Vi kommer"))
    await world.settle()
    assert entry(world).parties[1].answers[-1].text == "Vi kommer"
    world.clock.pass_by(minutes=5)
    moved_at = world.clock.now()
    await world.desk.move(one.id, *LATER)
    newest = list(world.store.rows)[-1]
    world.store.rows[newest] = replace(world.store.rows[newest], created_at=moved_at)
    world.delivery.on_news(InvitationNews(one.id, key, InvitationState.SENT, moved_at))
    await world.settle()
    assert entry(world).parties[1].answers == ()
    assert entry(world).parties[1].invitation is InvitationState.SENT


# --- cancelling -----------------------------------------------------------------------------------------------------


async def test_cancelling_tells_everybody_before_the_room_is_given_back(world: World) -> None:
    """A partner must not stand before a room that is gone without a word."""
    one = await booked(world)
    world.log.clear()
    await world.desk.cancel_scheduled(one.id)
    assert world.log == ["save:cancelling", "send:cancellation", "cancel", "save:cancelled"]
    assert world.desk.view.agenda.today == ()
    assert "cancel" in world.store.audit_lines


async def test_a_moved_meeting_is_cancelled_once_in_answer_to_its_newest_letter(world: World) -> None:
    """A calendar takes a cancellation only if it is newer than the newest invitation."""
    one = await booked(world)
    await world.desk.move(one.id, *LATER)
    earlier: list[str] = []
    original = world.composer.cancellation

    def watched(consultation, party, row, now, new_id, letters):  # type: ignore[no-untyped-def]
        earlier.append(row.message_id)
        return original(consultation, party, row, now, new_id, letters)

    world.composer.cancellation = watched  # type: ignore[method-assign]
    newest = list(world.store.rows.values())[-1].draft.message_id
    await world.desk.cancel_scheduled(one.id)
    assert earlier == [newest]


async def test_a_move_that_has_not_left_is_not_taken_back_by_a_cancellation(world: World) -> None:
    """The first letter has arrived, so its reader must hear that it is off."""
    one = await booked(world)
    world.delivery.sends = False
    await world.desk.move(one.id, *LATER)
    world.delivery.sends = True
    await world.desk.cancel_scheduled(one.id)
    assert letters(world) == ["invitation", "invitation", "cancellation"]
    assert all(row.state is OutboxState.SENT for row in world.store.rows.values())


# --- beginning ------------------------------------------------------------------------------------------------------


async def test_start_video_near_its_time_uses_the_room_that_everybody_was_told_of(world: World) -> None:
    """A new room would leave the hospital waiting before the old one."""
    one = await booked(world)
    world.clock.time = START - timedelta(minutes=10)
    world.desk.opened(context(world.clock))
    await world.settle()
    world.log.clear()
    await world.desk.start_video()
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert world.log == ["edit", "book", "save:scheduled", "enter", "lock", "save:invited", "media", "save:in_call"]
    assert list(world.booking.rooms) == [one.meeting_id]
    assert letters(world) == ["invitation"]
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[1].invitation is InvitationState.SENT
    assert entry(world).actions == {EntryAction.PROLONG}


async def test_a_room_that_is_ready_is_taken_without_asking_vdx_for_anything(world: World) -> None:
    """The usual case, right at its time."""
    await booked(world)
    ((meeting_id, room),) = world.booking.rooms.items()
    world.booking.rooms[meeting_id] = replace(room, status=ProvisionStatus.PROVISIONED_OK)
    world.clock.time = START
    world.desk.opened(context(world.clock))
    await world.settle()
    world.log.clear()
    await world.desk.start_video()
    await world.settle()
    assert world.log[:2] == ["save:scheduled", "enter"]
    assert world.stage() is Stage.IN_CALL


async def test_whoever_slips_in_with_the_host_without_a_party_s_link_is_put_out(world: World) -> None:
    """The links are out for days, and a room lets in all who wait the moment its host comes, before the lock."""
    one = await booked(world)
    world.clock.time = START
    hospital = one.plan.parties[1].key

    def guest(number: str, tag: str) -> RoomParticipant:
        return RoomParticipant(
            number, "Gæst", is_host=False, is_waiting=False, is_self=False, has_media=True, call_tag=tag
        )

    world.engine.inside = (guest("stranger", ""), guest("ward", hospital))
    await world.desk.start_scheduled(one.id)
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert [each.id for each in world.call.roster] == ["me", "ward"]
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[1].presence is Presence.IN_CALL


async def test_start_video_long_before_its_time_is_another_consultation(world: World) -> None:
    """The patient calls in the morning about something else."""
    one = await booked(world)
    await world.desk.start_video()
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert len(world.booking.rooms) == 2
    assert world.store.consultations[one.id].stage is Stage.SCHEDULED


async def test_the_calendar_starts_nothing_while_the_record_shows_another_patient(world: World) -> None:
    """The doctor would talk to one and read the other's record."""
    one = await booked(world)
    world.clock.time = START
    world.desk.opened(context(world.clock, number=2))
    await world.settle()
    await world.desk.start_scheduled(one.id)
    assert world.stage() is None
    assert codes(world) == ["context.open_in_record"]
    world.desk.closed()
    await world.desk.start_scheduled(one.id)
    await world.settle()
    assert world.stage() is Stage.IN_CALL


async def test_the_calendar_starts_nothing_long_before_its_time(world: World) -> None:
    """Nobody is there yet; moving it tells them."""
    one = await booked(world)
    assert EntryAction.START not in entry(world).actions
    await world.desk.start_scheduled(one.id)
    assert world.stage() is None
    assert codes(world) == ["agenda.not_now"]


async def test_giving_up_a_start_puts_the_meeting_back_into_the_calendar(world: World) -> None:
    """Pressing Start too early must not call off what four people have in their calendars."""
    one = await booked(world)
    world.clock.time = START
    world.booking.fault = Unavailable("vdx.unreachable")
    await world.desk.start_scheduled(one.id)
    await world.settle()
    await world.desk.cancel()
    assert world.desk.view.consultation is None
    assert only(world).stage is Stage.SCHEDULED
    assert EntryAction.START in entry(world).actions
    assert letters(world) == ["invitation"]


async def test_a_room_that_vdx_has_taken_down_is_replaced_and_everybody_gets_the_new_link(world: World) -> None:
    """VDX does not make a room twice; the old link leads nowhere."""
    one = await booked(world)
    world.booking.rooms.clear()
    world.clock.time = END + timedelta(minutes=10)
    await world.desk.start_scheduled(one.id)
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert only(world).meeting_id != one.meeting_id
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[1].invitation is InvitationState.QUEUED


async def test_the_room_of_a_running_call_can_be_given_more_time_without_a_letter(world: World) -> None:
    """VDX closes the room at its end, in the middle of a sentence."""
    one = await booked(world)
    world.clock.time = START
    await world.desk.start_scheduled(one.id)
    await world.settle()
    await world.desk.prolong(one.id, END + timedelta(minutes=15))
    assert only(world).plan.end == END + timedelta(minutes=15)
    assert letters(world) == ["invitation"]


async def test_a_consultation_that_nobody_began_lapses_an_hour_after_its_time(world: World) -> None:
    """It is over, and no interrupted call either."""
    await booked(world)
    world.clock.time = END + timedelta(minutes=61)
    again = await restarted(world)
    assert only(again).stage is Stage.CLOSED
    assert again.desk.view.recoverable == ()
    assert letters(again) == ["invitation"]
    await again.desk.close()


async def test_a_move_in_doubt_does_not_lapse_with_the_old_time_and_is_told(world: World) -> None:
    """Everybody was to come at another time, and without a word nobody would."""
    one = await booked(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    tomorrow = (START + timedelta(days=1), END + timedelta(days=1))
    await world.desk.move(one.id, *tomorrow)
    world.clock.time = END + timedelta(hours=20)
    again = World(world.store)
    again.booking.rooms, again.meetings.meetings = world.booking.rooms, world.meetings.meetings
    again.clock.time, again.meetings.fault = world.clock.time, Unavailable("vdx.unreachable")
    await again.desk.start()
    await again.settle()
    assert (only(again).stage, only(again).moving_to) == (Stage.SCHEDULED, tomorrow)
    assert "agenda.not_moved_yet" in codes(again)
    assert entry(again).actions == {EntryAction.RETRY, EntryAction.CANCEL}
    again.meetings.fault = None
    await again.desk.retry_scheduled(one.id)
    await again.settle()
    assert only(again).plan.start == tomorrow[0]
    assert letters(again) == ["invitation"] * 2
    await again.desk.close()


async def test_a_move_that_came_to_nothing_before_both_times_were_past_is_told(world: World) -> None:
    """It is closed then, but not behind the doctor's back."""
    one = await booked(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    await world.desk.move(one.id, *LATER)
    world.clock.time = LATER[1] + timedelta(minutes=61)
    again = await restarted(world)
    assert only(again).stage is Stage.CLOSED
    assert codes(again) == ["agenda.never_moved"]
    await again.desk.close()


# --- looking --------------------------------------------------------------------------------------------------------


async def test_vdx_is_asked_only_while_somebody_looks_and_not_more_often_than_every_fifteen_seconds(
    world: World,
) -> None:
    """Every clinic in the country runs this."""
    await world.settle()
    assert world.meetings.questions == 0
    day = date(2026, 12, 1)
    await world.desk.show_agenda(day)
    await world.settle()
    await world.desk.show_agenda(day)
    await world.settle()
    assert world.meetings.questions == 1
    world.clock.pass_by(seconds=15)
    await world.desk.show_agenda(day)
    await world.settle()
    assert world.meetings.questions == 2
    assert world.desk.view.agenda.asked_at == world.clock.now()


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (ProvisionStatus.AWAITS_PROVISION, RoomState.AWAITS),
        (ProvisionStatus.PROVISIONED_OK, RoomState.READY),
        (ProvisionStatus.PROVISION_PROBLEMS, RoomState.PROBLEM),
    ],
)
async def test_the_calendar_shows_how_far_each_room_is(world: World, status: ProvisionStatus, shown: RoomState) -> None:
    """Before the patient has been sent for."""
    await booked(world)
    ((meeting_id, room),) = world.booking.rooms.items()
    world.booking.rooms[meeting_id] = replace(room, status=status)
    world.clock.pass_by(seconds=20)
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    (found,) = world.desk.view.agenda.entries
    assert found.room is shown
    assert (found.problem is not None) is (shown is RoomState.PROBLEM)


async def test_a_meeting_that_vdx_has_lost_or_moved_is_said_at_its_entry(world: World) -> None:
    """Somebody may have changed it in the booking portal."""
    one = await booked(world)
    world.meetings.meetings[one.meeting_id] = replace(
        world.meetings.meetings[one.meeting_id], start=START + timedelta(minutes=5)
    )
    world.clock.pass_by(seconds=20)
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    problem = entry(world).problem
    assert problem is not None
    assert problem.code == "agenda.other_time"
    del world.meetings.meetings[one.meeting_id]
    world.clock.pass_by(seconds=20)
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    assert entry(world).room is RoomState.GONE


async def test_a_vdx_that_does_not_answer_leaves_the_calendar_readable(world: World) -> None:
    """What is known here is still true."""
    await booked(world)
    world.meetings.fault = Unavailable("vdx.unreachable")
    world.clock.pass_by(seconds=20)
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    agenda = world.desk.view.agenda
    assert agenda.problem is not None
    assert agenda.problem.code == "vdx.unreachable"
    assert len(agenda.entries) == 1


async def test_colleagues_meetings_are_shown_on_request_and_without_a_patient(world: World) -> None:
    """Their patients are theirs."""
    other = BookedMeeting(UUID(int=9), "Videokonsultation", START, END, "kollega@klinik.example")
    world.meetings.others[other.meeting_id] = other
    day = danish_day(START)
    await world.desk.show_agenda(day)
    await world.settle()
    assert world.desk.view.agenda.entries == ()
    await world.desk.show_agenda(day, everyone=True)
    await world.settle()
    (found,) = world.desk.view.agenda.entries
    assert (found.organiser, found.is_own, found.context) == ("kollega@klinik.example", False, None)
    assert found.actions == frozenset()


async def test_a_consultation_that_is_over_keeps_its_name_in_the_calendar(world: World) -> None:
    """The day's list is what was done, too; the meeting's label says which consultation it was."""
    one = await booked(world)
    world.clock.time = START
    await world.desk.start_scheduled(one.id)
    await world.settle()
    await world.desk.hang_up()
    await world.desk.write_back("Notat")
    await world.desk.show_agenda(danish_day(START))
    await world.settle()
    (found,) = world.desk.view.agenda.entries
    assert found.stage is Stage.CLOSED
    assert found.context is not None
    assert found.actions == frozenset()


async def test_meetings_are_found_by_the_patient_s_name(world: World) -> None:
    """ "When was she booked for?" """
    await booked(world)
    (found,) = await world.desk.search_agenda("asta EKSEM")
    assert found.start == START
    assert list(await world.desk.search_agenda("Bodil")) == []
    assert list(await world.desk.search_agenda(" ")) == []


def test_a_time_at_fault_is_said_beside_its_field() -> None:
    """VDX takes an end before the start and a start in the past without a word."""
    desk = World().desk
    assert desk.check_time(START, END) == {}
    assert set(desk.check_time(START, START)) == {"endTime"}
    assert set(desk.check_time(NOON - timedelta(hours=1), END)) == {"startTime"}


async def test_nothing_that_is_logged_names_the_patient(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The whole life of a booking, at the most talkative level."""
    caplog.set_level("DEBUG")
    one = await booked(world)
    await world.desk.move(one.id, *LATER)
    world.meetings.fault = Unavailable("vdx.unreachable")
    await world.desk.move(one.id, START, END)
    world.meetings.fault = None
    await world.desk.cancel_scheduled(one.id)
    assert "Eksempelsen" not in caplog.text
    assert "999999" not in caplog.text
    assert "Eksempelsen" not in repr(world.desk.view.agenda.entries)
