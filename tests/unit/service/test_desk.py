"""The desk against faked ports: order of outside effects, what is shown, what survives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, FakeStore, World, context
from vdx_plugin.domain.consultation import EndReason, Stage
from vdx_plugin.domain.parties import InvitationState, Presence
from vdx_plugin.domain.patients import cpr
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.ports import CallOver, InvitationNews, OutboxState
from vdx_plugin.service.view import StepKind, StepState


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.systems.today = [
        Appointment("a1", "p1", NOON, NOON + timedelta(minutes=20), partner_glns=(HOSPITAL.gln or "",))
    ]
    await world.desk.start()
    yield world
    await world.desk.close()


async def start(world: World) -> World:
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    return world


async def test_one_click_books_locks_invites_and_starts_media_in_that_order(world: World) -> None:
    """Nobody may be invited to a room that is not ready and locked."""
    await start(world)
    assert world.log == [
        "save:booking",
        "book",
        "save:ready",
        "enter",
        "lock",
        "save:locked",
        "save:invited",
        "send:invitation",
        "media",
        "save:in_call",
    ]
    view = world.desk.view.consultation
    assert view is not None
    assert [step.state for step in view.steps] == [StepState.DONE] * 4
    assert view.call is not None
    assert view.call.locked


async def test_media_is_loaded_once_a_patient_is_open_and_not_only_when_the_room_is_there(world: World) -> None:
    """The first call of a process spends up to half a second on imports, for which nobody need wait."""
    assert world.engine.prepared == 0
    world.desk.opened(context(world.clock))
    await world.settle()
    assert world.log == []
    assert world.engine.prepared == 1


async def test_the_default_plan_takes_the_partners_of_the_appointment(world: World) -> None:
    """One click must be enough for the conference that the clinic has planned."""
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert [status.party.role for status in view.parties] == ["patient", "hospital"]
    assert view.plan.planned_ahead


async def test_without_an_open_patient_nothing_starts_and_the_reason_is_shown(world: World) -> None:
    """A click on nothing must not book a room."""
    await world.desk.start_video()
    assert world.log == []
    assert [notice.problem.code for notice in world.desk.view.notices] == ["context.none"]


async def test_an_incomplete_context_is_completed_by_the_clinic_system(world: World) -> None:
    """A CPR number alone must never open a room without name and birth date on the screen."""
    whole = context(world.clock)
    world.systems.known = whole
    world.desk.opened(replace(whole, patient=replace(whole.patient, name=None, birth_date=None)))
    await world.settle()
    shown = world.desk.view.context
    assert shown is not None
    assert shown.patient.is_complete


async def test_an_incomplete_context_that_nobody_can_complete_is_refused(world: World) -> None:
    """Showing only a number is how the wrong patient gets into a room."""
    whole = context(world.clock)
    world.desk.opened(replace(whole, patient=replace(whole.patient, name=None)))
    await world.settle()
    await world.desk.start_video()
    assert [notice.problem.code for notice in world.desk.view.notices] == ["context.incomplete"]


async def test_a_stale_context_is_confirmed_with_the_record_first(world: World) -> None:
    """The record may have moved on without telling."""
    world.desk.opened(context(world.clock))
    await world.settle()
    world.clock.pass_by(seconds=61)
    world.systems.confirms = False
    await world.desk.start_video()
    assert world.log == []
    assert [notice.problem.code for notice in world.desk.view.notices] == ["context.stale"]
    world.systems.confirms = True
    await world.desk.start_video()
    await world.settle()
    assert world.stage() is Stage.IN_CALL


async def test_a_change_of_patient_during_a_call_is_shown_and_not_followed(world: World) -> None:
    """The call, the note and the record must stay with the patient of the launch."""
    await start(world)
    world.desk.opened(context(world.clock, number=2))
    await world.settle()
    view = world.desk.view
    assert view.record_shows_other
    assert view.consultation is not None
    assert view.consultation.context.patient.local_id == "p1"
    await world.desk.start_video()
    assert "consultation.running" in [notice.problem.code for notice in view.notices] + [
        notice.problem.code for notice in world.desk.view.notices
    ]
    await world.desk.end_for_all()
    await world.desk.write_back("Notat")
    (written,) = world.systems.written.values()
    assert written[0].patient.local_id == "p1"


async def test_a_failed_booking_stays_in_its_step_and_can_be_tried_again(world: World) -> None:
    """The doctor sees which step failed and goes on from there, with the same booking id."""
    world.booking.fault = Unavailable("vdx.unreachable")
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert view.problem is not None
    assert view.problem.code == "vdx.unreachable"
    assert view.steps[0].state is StepState.FAILED
    meeting = next(iter(world.store.consultations.values())).meeting_id
    world.booking.fault = None
    await world.desk.retry()
    await world.settle()
    assert world.stage() is Stage.IN_CALL
    assert list(world.booking.rooms) == [meeting]


async def test_a_full_disk_stops_before_anything_is_booked(world: World) -> None:
    """What cannot be written down is not done."""
    world.store.fault = Unavailable("store.full")
    await start(world)
    assert "book" not in world.log
    view = world.desk.view.consultation
    assert view is not None
    assert view.problem is not None
    assert view.problem.code == "store.full"


async def test_a_party_that_cannot_be_invited_does_not_stop_the_others(world: World) -> None:
    """A broken entry in the directory must not cost the consultation."""
    world.composer.fault = Refused("invite.invalid")
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert [status.invitation for status in view.parties] == [InvitationState.PLANNED, InvitationState.FAILED]
    assert world.stage() is Stage.IN_CALL


async def test_cancelling_tells_everybody_before_the_room_is_closed(world: World) -> None:
    """A partner must not stand before a room that is gone without a word."""
    await start(world)
    world.log.clear()
    await world.desk.cancel()
    assert world.log == ["save:cancelling", "send:cancellation", "end-for-all", "close", "save:cancelled"]
    assert world.stage() is Stage.CANCELLED


async def test_an_invitation_that_has_not_left_is_taken_back_instead_of_cancelled(world: World) -> None:
    """Two messages about nothing only confuse the ward."""
    world.delivery.sends = False
    await start(world)
    await world.desk.cancel()
    (row,) = world.store.rows.values()
    assert row.state is OutboxState.WITHDRAWN


async def test_a_cancellation_that_cannot_close_the_room_is_finished_at_the_next_start(world: World) -> None:
    """A room left open is a living link."""
    await start(world)
    world.booking.fault = Unavailable("vdx.unreachable")
    await world.desk.cancel()
    assert [each.stage for each in world.store.consultations.values()] == [Stage.CANCELLING]
    again = World(world.store)
    await again.desk.start()
    await again.settle()
    (consultation,) = world.store.consultations.values()
    assert consultation.stage is Stage.CANCELLED
    await again.desk.close()


async def test_a_guest_with_a_party_s_link_waits_and_is_admitted_by_hand(world: World) -> None:
    """The waiting list names who stands outside, and the party's line follows."""
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    patient = view.parties[0].party
    world.call.arrive("guest-1", tag=patient.key)
    view = world.desk.view.consultation
    assert view is not None
    assert [(guest.participant_id, guest.party_key) for guest in view.waiting] == [("guest-1", patient.key)]
    assert view.parties[0].presence is Presence.WAITING
    await world.desk.admit("guest-1")
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[0].presence is Presence.IN_CALL
    assert view.waiting == ()
    world.call.depart("guest-1")
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[0].presence is Presence.LEFT


async def test_a_stranger_is_not_taken_for_a_party_until_the_doctor_says_so(world: World) -> None:
    """A right PIN is not an identity."""
    await start(world)
    world.call.arrive("guest-1")
    view = world.desk.view.consultation
    assert view is not None
    assert view.waiting[0].party_key is None
    assert {status.presence for status in view.parties} == {Presence.EXPECTED}
    await world.desk.admit("guest-1", view.parties[0].party.key)
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[0].presence is Presence.IN_CALL


async def test_news_of_an_invitation_moves_its_line_forward_only(world: World) -> None:
    """An acknowledgement may come before the send returns."""
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    key = view.parties[1].party.key
    assert world.delivery.on_news is not None
    for state in (InvitationState.DELIVERED, InvitationState.SENT):
        world.delivery.on_news(InvitationNews(view.id, key, state, NOON))
    await world.settle()
    view = world.desk.view.consultation
    assert view is not None
    assert view.parties[1].invitation is InvitationState.DELIVERED
    assert [event.what for event in view.parties[1].history] == ["queued", "delivered"]


async def test_the_end_gives_a_note_and_a_fee_proposal_and_the_record_gets_the_edited_note(world: World) -> None:
    """The last step of the main job."""
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    for number, status in enumerate(view.parties):
        world.call.arrive(f"g{number}", tag=status.party.key)
        await world.desk.admit(f"g{number}")
    world.clock.pass_by(minutes=10)
    await world.desk.end_for_all()
    view = world.desk.view.consultation
    assert view is not None
    assert view.summary is not None
    assert view.summary.outcome is EndReason.HELD
    assert view.summary.fee.fee is not None
    assert view.summary.fee.fee.code == "0126"
    assert "sygehus (Eksempel Sygehus)" in view.summary.note
    await world.desk.write_back(view.summary.note + "Aftalt kontrol.", "0126")
    (written,) = world.systems.written.values()
    assert written[1].note.endswith("Aftalt kontrol.")
    # The record gets the appointment with the note, in both forms.
    assert str(view.id) in written[1].appointment_fhir
    assert written[1].appointment_ical.startswith("BEGIN:VCALENDAR")
    assert world.stage() is Stage.CLOSED
    (use,) = world.store.uses.values()
    assert use.note_written
    assert use.succeeded
    assert use.most_participants == 3


async def test_a_refused_note_is_kept_and_can_be_written_again(world: World) -> None:
    """A note must never be lost because the record was down."""
    await start(world)
    await world.desk.end_for_all()
    world.systems.fault = Unavailable("writeback.unavailable")
    await world.desk.write_back("Notat")
    view = world.desk.view.consultation
    assert view is not None
    assert view.stage is Stage.ENDED
    assert view.problem is not None
    assert view.summary is not None
    assert view.summary.note == "Notat"
    world.systems.fault = None
    await world.desk.write_back("Notat")
    assert world.stage() is Stage.CLOSED


async def test_a_failed_start_can_go_on_by_telephone_as_one_visit(world: World) -> None:
    """Rule: no connection and the parties continue by phone, so the telephone fee is proposed."""
    world.booking.fault = Unavailable("vdx.unreachable")
    await start(world)
    await world.desk.to_phone()
    view = world.desk.view.consultation
    assert view is not None
    assert view.summary is not None
    assert view.summary.outcome is EndReason.TO_PHONE
    assert view.summary.fee.fee is not None
    assert view.summary.fee.fee.code == "0201"
    assert "Videoforbindelsen lykkedes ikke" in view.summary.note
    (use,) = world.store.uses.values()
    assert use.fallback == "phone"
    assert use.reason_code == "vdx.unreachable"


async def test_a_lost_call_is_shown_and_can_be_entered_again_without_a_second_invitation(world: World) -> None:
    """A dropped line must not cost the visit or bother the ward twice."""
    await start(world)
    world.call.on_event(CallOver("call.lost"))
    view = world.desk.view.consultation
    assert view is not None
    assert view.steps[3].state is StepState.FAILED
    world.log.clear()
    await world.desk.retry()
    await world.settle()
    assert world.log == ["enter", "lock", "save:in_call", "media", "save:in_call"]
    assert len(world.store.rows) == 1


@pytest.mark.parametrize("stage", ["booking", "ready", "locked", "invited", "in_call"])
async def test_a_crash_after_any_step_is_taken_up_without_doubling_anything(world: World, stage: str) -> None:
    """Kill the process anywhere: the consultation is found, finished, and no invitation is doubled."""

    class Killed(BaseException):
        pass

    original = world.store.save

    async def save_and_die(consultation, drafts=()):  # type: ignore[no-untyped-def]
        await original(consultation, drafts)
        if consultation.stage == stage:
            raise Killed

    world.store.save = save_and_die  # type: ignore[method-assign]
    world.desk.opened(context(world.clock))
    await world.settle()
    await world.desk.start_video()
    session = world.desk._session
    assert session is not None
    assert world.desk._start is not None
    world.desk._start.cancel()
    with pytest.raises(Killed):
        await session.run()
    store: FakeStore = world.store
    store.save = original  # type: ignore[method-assign]

    again = World(store)
    again.booking.rooms = world.booking.rooms
    await again.desk.start()
    (found,) = again.desk.view.recoverable
    await again.desk.resume(found.id)
    await again.settle()
    assert again.stage() is Stage.IN_CALL
    assert len(again.booking.rooms) == 1
    assert [row.draft.kind for row in store.rows.values()] == ["invitation"]
    await again.desk.close()


async def test_a_consultation_found_after_a_crash_can_be_called_off(world: World) -> None:
    """The other way out: everybody is told and the room is given back."""
    await start(world)
    again = World(world.store)
    await again.desk.start()
    (found,) = again.desk.view.recoverable
    await again.desk.drop(found.id)
    (consultation,) = world.store.consultations.values()
    assert consultation.stage is Stage.CANCELLED
    assert again.desk.view.recoverable == ()
    await again.desk.close()


async def test_a_note_not_written_when_the_program_closed_is_offered_again(world: World) -> None:
    """The call is over, the note is not: it waits."""
    await start(world)
    await world.desk.end_for_all()
    again = World(world.store)
    await again.desk.start()
    (found,) = again.desk.view.recoverable
    await again.desk.resume(found.id)
    view = again.desk.view.consultation
    assert view is not None
    assert view.summary is not None
    await again.desk.close()


async def test_two_records_that_become_one_carry_the_running_consultation_along(world: World) -> None:
    """ADT A40 in the middle of a call: the note must reach the surviving record."""
    await start(world)
    world.desk.patient_merged(cpr("9999990001"), cpr("9999990077"))
    view = world.desk.view
    assert view.consultation is not None
    assert view.consultation.context.patient.identifiers == (cpr("9999990077"),)
    assert not view.record_shows_other


async def test_nothing_that_is_logged_names_the_patient(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The whole run, at the most talkative level."""
    caplog.set_level("DEBUG")
    await start(world)
    await world.desk.end_for_all()
    await world.desk.write_back("Notat")
    assert "Eksempelsen" not in caplog.text
    assert "999999" not in caplog.text


async def test_cancel_while_booking_leaves_no_room_behind(world: World) -> None:
    """The doctor's cancel must win over a booking whose answer is on its way."""
    world.booking.fault = Unavailable("vdx.unreachable")
    await start(world)
    world.booking.fault = None
    await world.desk.cancel()
    assert world.booking.rooms == {}
    assert world.stage() is Stage.CANCELLED


async def test_each_step_tells_when_it_began_and_ended(world: World) -> None:
    """The progress list shows times."""
    await start(world)
    view = world.desk.view.consultation
    assert view is not None
    assert [step.kind for step in view.steps] == list(StepKind)
    assert all(step.started_at and step.ended_at for step in view.steps)
