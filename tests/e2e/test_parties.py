"""One plan with a patient, a ward, home care, a nursing home and an interpreter, all the way to their systems.

Invited, moved and called off by single commands of the desk; what is looked at is what each party has received, and
what the desk shows of each is what came back from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.e2e.test_agenda import Clinic, clinic, start
from vdx_plugin.domain.danish_time import danish_day, instant_of
from vdx_plugin.domain.parties import AnswerMark, InvitationState, Partner, Party, PartyStatus
from vdx_plugin.domain.plan import Plan, partner_party, patient_party
from vdx_plugin.sandbox.video_api.values import ProvisionStatus
from vdx_plugin.service.view import AgendaEntry

MONDAY = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)
DAY = danish_day(MONDAY + timedelta(days=2))
LENGTH = timedelta(minutes=30)
PARTNERS = ("hospital-geriatrics", "municipality-homecare", "nursing-home", "interpreter-agency")
LETTERS = PARTNERS[:3]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Clinic]:
    async with clinic(tmp_path, MONDAY) as found:
        yield found


def at(hour: int) -> datetime:
    found = instant_of(DAY, time(hour))
    assert found is not None
    return found


def partner(place: Clinic, key: str) -> Partner:
    return next(one for one in place.program.outside.partners.all() if one.id == key)


def team(place: Clinic) -> Plan:
    """The patient by mail and everybody else over the channel of the directory."""
    others = tuple(partner_party(partner(place, key), key) for key in PARTNERS)
    patient: Party = patient_party(place.context(), "patient")
    return Plan(at(10), at(10) + LENGTH, (patient, *others))


def shown(place: Clinic) -> AgendaEntry:
    agenda = place.program.desk.view.agenda
    return (agenda.entries or agenda.today)[0]


def states(place: Clinic) -> dict[str, InvitationState]:
    return {status.party.key: status.invitation for status in shown(place).parties}


def status(place: Clinic, key: str) -> PartyStatus:
    return next(one for one in shown(place).parties if one.party.key == key)


def gln(place: Clinic, key: str) -> str:
    return partner(place, key).gln or ""


def letters_of(place: Clinic, key: str) -> list[str]:
    """Return the words of each letter a partner's system shows, oldest first; one sent twice would stand twice."""
    hub = place.world.sandbox.partners
    assert hub.findings(gln(place, key)) == []
    found = [one for one in hub.letters(gln(place, key)) if not one.outgoing]
    return [str(one.bundle) for one in sorted(found, key=lambda one: one.arrived_at)]


def check_nothing_came_twice(place: Clinic, letters: int, mails: int) -> None:
    """Count where it matters: at the receivers."""
    for key in LETTERS:
        count = place.world.sandbox.partners.count(gln(place, key))
        assert (count.received_total, count.distinct, count.threads) == (letters, letters, 1), key
    caught = Counter(mail.recipients for mail in place.world.sandbox.mail.caught)
    assert set(caught.values()) == {mails}
    assert len(caught) == 2


TOLD = {
    "patient": InvitationState.SENT,
    "hospital-geriatrics": InvitationState.DELIVERED,
    "municipality-homecare": InvitationState.DELIVERED,
    "nursing-home": InvitationState.DELIVERED,
    "interpreter-agency": InvitationState.SENT,
}


async def invite(place: Clinic) -> AgendaEntry:
    """Invite all five with one command, and wait until each has come as far as its channel can tell."""
    await place.open_patient()
    await place.program.desk.plan_for_later(team(place))
    entry = await place.look(at(10))
    await place.until(lambda: states(place) == TOLD)
    return entry


async def test_five_parties_are_invited_moved_and_called_off_by_one_command_each(place: Clinic) -> None:
    """The main job of a conference: nobody forgotten, nobody told twice, each shown as far as it really is."""
    entry = await invite(place)
    number = entry.consultation_id
    assert number is not None
    check_nothing_came_twice(place, letters=1, mails=1)
    assert not any("Berggren" in mail.text for mail in place.world.sandbox.mail.caught if "tolk" in mail.recipients[0])

    await place.program.desk.move(number, at(13), at(13) + LENGTH)
    await place.look(at(13))
    await place.until(lambda: states(place) == TOLD)
    for key in LETTERS:
        assert "ÆNDRET TID" in letters_of(place, key)[-1]
    check_nothing_came_twice(place, letters=2, mails=2)

    await place.program.desk.cancel_scheduled(number)
    await place.until(lambda: all(len(letters_of(place, key)) == 3 for key in LETTERS))
    await place.until(lambda: len(place.world.sandbox.mail.caught) == 6)
    for key in LETTERS:
        assert "AFLYST" in letters_of(place, key)[-1]
    check_nothing_came_twice(place, letters=3, mails=3)


async def test_an_answer_is_shown_as_it_came_and_marked_and_both_survive_the_program(place: Clinic) -> None:
    """The text is from a person and so is the mark; the program reads nothing into either."""
    entry = await invite(place)
    number = entry.consultation_id
    assert number is not None
    hub = place.world.sandbox.partners
    (first,) = [one for one in hub.letters(gln(place, "hospital-geriatrics")) if not one.outgoing]
    await hub.reply(gln(place, "hospital-geriatrics"), first.header_id, "Vi kan godt", "Sygeplejerske Test")
    await place.until(lambda: bool(status(place, "hospital-geriatrics").answers))
    answer = status(place, "hospital-geriatrics").answers[-1]
    assert "Vi kan godt" in answer.text
    assert answer.mark is AnswerMark.UNREAD
    assert place.program.desk.view.agenda.answered
    await place.program.desk.telling.mark(number, answer.message_id, AnswerMark.COMES)
    await place.program.desk.telling.told_by_phone(number, "nursing-home")
    before = {one.party.key: (one.invitation, one.answers) for one in shown(place).parties}

    await place.program.close()
    place.program = await start(place.world, place.clock)
    try:
        await place.open_patient()
        await place.look(at(10))
        assert {one.party.key: (one.invitation, one.answers) for one in shown(place).parties} == before
        check_nothing_came_twice(place, letters=1, mails=1)
    finally:
        await place.program.close()


async def test_one_partner_instead_of_another_is_one_command(place: Clinic) -> None:
    """The one reads that it is off, the other that it is invited, and the others hear nothing."""
    entry = await invite(place)
    number = entry.consultation_id
    assert number is not None
    other = next(
        one
        for one in place.program.outside.partners.all()
        if one.role == "hospital" and one.id not in PARTNERS and one.gln
    )
    await place.program.desk.telling.exchange(number, "hospital-geriatrics", partner_party(other, "other"))
    # A clock that has gone on lets the messages go at the next look into the outbox, without waiting for it here.
    place.clock.advance(timedelta(seconds=9))
    place.program.outside.delivery.wake()
    await place.until(lambda: states(place).get("other") is InvitationState.DELIVERED)
    await place.until(lambda: status(place, "hospital-geriatrics").invitation is InvitationState.WITHDRAWN)
    assert "AFLYST" in letters_of(place, "hospital-geriatrics")[-1]
    assert [len(letters_of(place, key)) for key in ("municipality-homecare", "nursing-home")] == [1, 1]
    assert len(place.world.sandbox.mail.caught) == 2


async def test_word_of_a_delay_reaches_every_party_over_its_channel(place: Clinic) -> None:
    """By letter and by mail alike, each once."""
    entry = await invite(place)
    number = entry.consultation_id
    assert number is not None
    await place.program.desk.telling.tell_delay(number, 10)
    place.clock.advance(timedelta(seconds=9))
    place.program.outside.delivery.wake()
    await place.until(lambda: all(len(letters_of(place, key)) == 2 for key in LETTERS))
    await place.until(lambda: len(place.world.sandbox.mail.caught) == 4)
    assert all("FORSINKET CA. 10 MINUTTER" in letters_of(place, key)[-1] for key in LETTERS)
    assert states(place) == TOLD
    check_nothing_came_twice(place, letters=2, mails=2)


async def test_no_link_to_the_old_time_lives_when_a_made_room_is_moved(place: Clinic) -> None:
    """Ten minutes before, VDX has made the room: it is closed, and everybody gets the link to another."""
    entry = await invite(place)
    number = entry.consultation_id
    assert number is not None
    vdx = place.world.sandbox.meetings
    (old,) = vdx.meetings
    place.clock.advance(at(10) - timedelta(minutes=10) - place.clock.now())
    await place.until(lambda: vdx.rooms[old].status is ProvisionStatus.PROVISIONED_OK)
    alias = shown(place).links["nursing-home"].reveal()

    await place.program.desk.move(number, at(13), at(13) + LENGTH)
    await place.look(at(13))
    await place.until(lambda: all(len(letters_of(place, key)) == 2 for key in LETTERS))
    (new,) = set(vdx.meetings) - {old}
    assert vdx.meetings[old].end <= place.clock.now()
    assert vdx.meetings[new].start == at(13)
    entry = shown(place)
    assert entry.meeting_id == new
    assert entry.links["nursing-home"].reveal() != alias
    for key in LETTERS:
        newest = letters_of(place, key)[-1]
        assert "ÆNDRET TID" in newest
        assert entry.links[key].reveal() in newest
