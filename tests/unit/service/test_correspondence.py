"""What waits for a person: dead letters and answers without a meeting, in a desk with everything around it faked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.service.fakes import HOSPITAL, NOON, World, context
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.parties import AnswerMark, Channel, Party, PartyRole
from vdx_plugin.domain.plan import Plan, partner_party
from vdx_plugin.errors import NotFound, Refused, Unavailable
from vdx_plugin.ports import MOST_SENDS, IncomingLetter, MessageKind, OutboxDraft, OutboxRow, OutboxState

MEETING = UUID(int=7)


def meeting(world: World, stage: Stage = Stage.CLOSED, *others: Party) -> Consultation:
    """A consultation of the store's with the hospital, an hour ago unless it is open."""
    hospital = replace(partner_party(replace(HOSPITAL, email="h@sygehus.example", phone="35000010"), "k-h"))
    plan = Plan(NOON, NOON + timedelta(minutes=30), (hospital, *others), planned_ahead=True)
    one = Consultation(MEETING, UUID(int=8), stage, context(world.clock), plan, NOON - timedelta(days=1))
    world.store.consultations[one.id] = one
    return one


def dead(world: World, state: OutboxState = OutboxState.IN_ERROR, **changes: object) -> str:
    draft = OutboxDraft(
        "key", MEETING, "k-h", MessageKind.INVITATION, Channel.MEDCOM, "5790000000203", "m", "t", "x", b""
    )
    row = OutboxRow(draft, state, 1, NOON, None, problem="invite.rejected", sends=1)
    world.store.rows["key"] = replace(row, **changes)  # type: ignore[arg-type]
    return "key"


def letter(world: World, **changes: object) -> IncomingLetter:
    number = world_number(world)
    one = IncomingLetter(
        "letter-1",
        "another thread",
        str(HOSPITAL.gln),
        "Eksempel Sygehus",
        NOON,
        NOON,
        "Ukendt emne",
        "Vi kommer den 23.11. kl. 13.00.",
        "application/fhir+json",
        b"",
        patient_label="Asta Eksempelsen",
        patient_ids=(number,),
    )
    kept = replace(one, **changes)  # type: ignore[arg-type]
    world.letters.kept[kept.message_id] = kept
    return kept


def world_number(world: World) -> str:
    return context(world.clock).patient.identifiers[0].value


async def test_a_dead_letter_tells_whom_what_and_what_can_be_done() -> None:
    """The patient by name and year, as everywhere on the screen; the partner's phone beside it."""
    world = World()
    meeting(world)
    dead(world)
    await world.desk.start()
    (one,) = world.desk.view.correspondence.dead
    assert (one.party, one.patient, one.phone) == ("Eksempel Sygehus", "Asta Eksempelsen (f. 1948)", "35000010")
    assert (one.state, one.problem, one.can_resend) == (OutboxState.IN_ERROR, "invite.rejected", True)
    assert "Eksempelsen" not in repr(world.desk.view.correspondence.dead[0])
    await world.desk.close()


@pytest.mark.parametrize(
    ("state", "sends", "can"),
    [
        (OutboxState.FAILED, 1, True),
        (OutboxState.FAILED, MOST_SENDS, False),
        (OutboxState.EXPIRED, 0, False),
    ],
)
async def test_what_may_not_be_sent_again_is_not_offered(state: OutboxState, sends: int, can: bool) -> None:
    """MedCom's limit, and a meeting that is over."""
    world = World()
    meeting(world)
    dead(world, state, sends=sends)
    await world.desk.correspondence.refresh()
    assert [one.can_resend for one in world.desk.view.correspondence.dead] == [can]


async def test_a_dead_letter_of_a_meeting_that_is_over_can_be_sent_again_or_told_by_phone() -> None:
    """Nothing lives any longer that would do it, and still it must be possible to clear the list."""
    world = World()
    meeting(world)
    key = dead(world)
    await world.desk.correspondence.refresh()
    await world.desk.correspondence.resend(key)
    assert world.store.rows[key].state is not OutboxState.IN_ERROR
    assert world.desk.view.correspondence.dead == ()
    dead(world)
    await world.desk.correspondence.refresh()
    await world.desk.correspondence.by_phone(key)
    assert world.store.rows[key].state is OutboxState.BY_HAND
    assert world.desk.view.correspondence.count == 0


async def test_another_channel_needs_a_meeting_that_lives() -> None:
    """Nobody is invited to a room that is gone."""
    world = World()
    meeting(world)
    key = dead(world)
    await world.desk.correspondence.refresh()
    assert world.desk.view.correspondence.dead[0].others == ()
    with pytest.raises(Refused):
        await world.desk.correspondence.other_channel(key, Channel.EMAIL)


async def test_what_somebody_else_has_dealt_with_is_said_to_be_gone() -> None:
    """Two hosts may share a store."""
    world = World()
    await world.desk.correspondence.refresh()
    for work in (
        world.desk.correspondence.resend("nothing"),
        world.desk.correspondence.by_phone("nothing"),
        world.desk.correspondence.put_aside("nothing"),
        world.desk.correspondence.match("nothing", MEETING, "k-h"),
    ):
        with pytest.raises(NotFound) as caught:
            await work
        assert caught.value.code == "messages.gone"


async def test_an_answer_without_a_meeting_is_offered_with_those_it_may_belong_to() -> None:
    """By sender and patient; the text is shown as it came and read as nothing."""
    world = World()
    meeting(world)
    letter(world)
    await world.desk.correspondence.refresh()
    (one,) = world.desk.view.correspondence.stray
    assert (one.sender, one.patient, one.text) == (
        "Eksempel Sygehus",
        "Asta Eksempelsen",
        "Vi kommer den 23.11. kl. 13.00.",
    )
    (choice,) = one.choices
    assert (choice.party, choice.names_day, choice.names_time) == ("Eksempel Sygehus", True, True)
    await world.desk.correspondence.match(one.message_id, choice.consultation_id, choice.party_key)
    assert world.desk.view.correspondence.stray == ()
    assert world.letters.kept[one.message_id].consultation_id == MEETING


async def test_an_answer_about_somebody_else_has_no_choice() -> None:
    """It is shown all the same, to be put aside or phoned about."""
    world = World()
    meeting(world)
    letter(world, patient_ids=("0000000000",))
    await world.desk.correspondence.refresh()
    assert world.desk.view.correspondence.stray[0].choices == ()


async def test_an_answer_that_was_put_aside_can_be_taken_back() -> None:
    """One click too many loses nothing."""
    world = World()
    letter(world)
    await world.desk.correspondence.refresh()
    await world.desk.correspondence.put_aside("letter-1")
    assert world.desk.view.correspondence.stray == ()
    assert world.desk.view.correspondence.dealt_with == "letter-1"
    assert world.letters.kept["letter-1"].mark is AnswerMark.NOTED
    await world.desk.correspondence.take_back("letter-1")
    assert [one.message_id for one in world.desk.view.correspondence.stray] == ["letter-1"]


async def test_a_stray_answer_is_shown_when_it_comes() -> None:
    """Live, without anybody asking."""
    world = World()
    await world.desk.start()
    assert world.desk.view.correspondence.count == 0
    assert world.delivery.on_letter is not None
    world.delivery.on_letter(letter(world))
    await world.settle()
    assert world.desk.view.correspondence.count == 1
    await world.desk.close()


async def test_a_store_that_cannot_be_read_leaves_what_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is a help, and must not take the call with it."""
    world = World()
    letter(world)
    await world.desk.correspondence.refresh()

    async def locked() -> list[IncomingLetter]:
        raise Unavailable("store.locked")

    monkeypatch.setattr(world.letters, "unmatched", locked)
    await world.desk.correspondence.refresh()
    assert world.desk.view.correspondence.count == 1


async def test_a_running_meetings_dead_letter_goes_over_another_channel() -> None:
    """The hospital's system said no, and the ward has an e-mail address."""
    world = World()
    partner = replace(HOSPITAL, email="h@sygehus.example")
    await world.desk.start()
    world.desk.opened(context(world.clock))
    await world.settle()
    plan = Plan(NOON, NOON + timedelta(minutes=30), (Party("k-h", PartyRole.HOSPITAL, Channel.MEDCOM, partner),))
    await world.desk.start_video(plan)
    await world.settle()
    (row,) = [row for row in world.store.rows.values() if row.draft.party_key == "k-h"]
    world.store.rows[row.draft.key] = replace(row, state=OutboxState.IN_ERROR)
    await world.desk.correspondence.refresh()
    (one,) = world.desk.view.correspondence.dead
    assert one.others == (Channel.EMAIL, Channel.LINK)
    assert one.link is not None
    await world.desk.correspondence.other_channel(one.key, Channel.EMAIL)
    consultation = world.desk.view.consultation
    assert consultation is not None
    assert [(status.party.channel, status.party.address) for status in consultation.parties] == [
        (Channel.EMAIL, "h@sygehus.example")
    ]
    await world.desk.close()


async def test_a_patients_mail_that_failed_goes_by_text_message() -> None:
    """The record knows the mobile number."""
    world = World()
    await world.desk.start()
    record = context(world.clock, email="asta@patient.example")
    world.desk.opened(replace(record, patient=replace(record.patient, mobile="20123456")))
    await world.settle()
    await world.desk.start_video()
    await world.settle()
    (row,) = [row for row in world.store.rows.values() if row.draft.channel is Channel.EMAIL]
    world.store.rows[row.draft.key] = replace(row, state=OutboxState.FAILED)
    await world.desk.correspondence.refresh()
    (one,) = world.desk.view.correspondence.dead
    assert (one.others, one.phone) == ((Channel.SMS, Channel.LINK), "20123456")
    await world.desk.correspondence.other_channel(one.key, Channel.SMS)
    assert world.desk.view.consultation is not None
    party = world.desk.view.consultation.parties[0].party
    assert (party.channel, party.address) == (Channel.SMS, "20123456")
    with pytest.raises(Refused):
        await world.desk.correspondence.other_channel(one.key, Channel.SMS)
    await world.desk.close()
