"""What is said to a party whose letters have crossed with ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.unit.invitations.samples import HOSPITAL, HOSPITAL_PARTY, NOW, OWN, ROOM, START, composer, consultation, ids
from tests.unit.service.fakes import World
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.invitations import care_communication, codes, replies
from vdx_plugin.invitations.care_communication import Content
from vdx_plugin.invitations.message import read_message, write_json
from vdx_plugin.invitations.resources import Author
from vdx_plugin.invitations.transport import Incoming
from vdx_plugin.ports import IncomingLetter, MessageKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.service.drafting import Drafting

NURSE = Author(PersonName("Burns", "Michael"), "sygeplejerske", "78450000")
PLANNED = consultation(HOSPITAL_PARTY, start=START + timedelta(hours=25))
OLD = (START, START + timedelta(minutes=30))


def sent(draft: OutboxDraft, hours: int) -> OutboxRow:
    return OutboxRow(draft, OutboxState.ACKNOWLEDGED, 1, NOW + timedelta(hours=hours), None)


def crossing(draft: OutboxDraft) -> IncomingLetter:
    """An answer to our first letter, written while our second was on its way."""
    first = read_message(draft.payload, draft.mime)
    theirs = care_communication.answer(first, HOSPITAL.gln or "", NURSE, Content("Vi kommer"), NOW, ids(400))
    incoming = Incoming("r", codes.FHIR_JSON, "", write_json(theirs))
    return replies.read(theirs, OWN.gln, incoming, NOW).matched(PLANNED.id, HOSPITAL_PARTY.key)


def call_off(rows: list[OutboxRow], letters: list[IncomingLetter]) -> list[OutboxDraft]:
    outside = replace(World().desk._outside, composer=composer(), new_id=ids(900))
    return Drafting(outside, PLANNED, rows, letters).call_off(PLANNED.plan.parties).drafts


def test_where_letters_crossed_the_party_is_told_once_and_in_the_newer_thread() -> None:
    """The older thread is dead: a second letter about the same thing would only make the ward wonder."""
    first = composer().invitation(consultation(HOSPITAL_PARTY), HOSPITAL_PARTY, ROOM, NOW, ids())
    second = composer().move(PLANNED, HOSPITAL_PARTY, first, ROOM, OLD, NOW, ids(200))
    letter = crossing(first)
    third = composer().move(PLANNED, HOSPITAL_PARTY, second, ROOM, OLD, NOW, ids(300), [letter])
    assert third.thread_id != first.thread_id
    rows = [sent(draft, hours) for hours, draft in enumerate((first, second, third))]
    (off,) = call_off(rows, [letter])
    assert (off.kind, off.thread_id) == (MessageKind.CANCELLATION, third.thread_id)


def test_a_cancellation_that_crossed_is_not_said_again() -> None:
    """After a crash the desk repeats its step; the cancellation stands in a thread of its own already."""
    first = composer().invitation(consultation(HOSPITAL_PARTY), HOSPITAL_PARTY, ROOM, NOW, ids())
    second = composer().move(PLANNED, HOSPITAL_PARTY, first, ROOM, OLD, NOW, ids(200))
    letter = crossing(first)
    (off,) = call_off([sent(first, 0), sent(second, 1)], [letter])
    assert off.thread_id != first.thread_id
    assert call_off([sent(first, 0), sent(second, 1), sent(off, 2)], [letter]) == []
