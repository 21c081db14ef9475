"""Ending: hang up, cancel for all, go on by telephone, and the way into the record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.parties import InvitationState, Party
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import NEVER_ARRIVED, TO_BE_SENT, InvitationNews, MessageKind, OutboxDraft, OutboxRow, OutboxState
from vdx_plugin.service.closing import outcome_of, summarise
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.session import Session
from vdx_plugin.service.view import Problem

_log = log.get("service")

TELL_FIRST = timedelta(seconds=5)
"""So long a cancellation waits for its messages to leave before the room is closed all the same."""


async def leave_call(session: Session, *, for_all: bool) -> None:
    """Leave the room, or put everybody out first; a line that is gone already is fine."""
    call = session.settle_call()
    if call is None:
        return
    try:
        await (call.end_for_all() if for_all else call.leave())
    except VdxError as error:
        _log.warning("leaving the room: %s", error)


async def close_room(session: Session, outside: Outside) -> bool:
    """Give the room back; False if VDX could not be asked, which its end time then does."""
    try:
        await outside.booking.close(session.consultation.meeting_id, outside.clock.now())
    except VdxError as error:
        _log.warning("closing the room: %s", error)
        return False
    return True


async def finish(session: Session, outside: Outside, *, for_all: bool) -> None:
    """End the call and prepare what goes into the record."""
    await leave_call(session, for_all=for_all)
    now = outside.clock.now()
    outcome = outcome_of(session.story, session.parties, now)
    session.story.end_reason = outcome
    session.consultation = replace(session.consultation, ended_at=now, end_reason=outcome)
    session.summary = summarise(session.consultation, session.story, session.parties, now)
    session.story.fee_proposed = session.summary.fee.fee.code if session.summary.fee.fee else ""
    # Measures first: after a crash in between, the note is made of them.
    await session.record_measures()
    await session.save(Event.CALL_ENDED)
    if for_all:
        await close_room(session, outside)


async def cancel(session: Session, outside: Outside, describe: Callable[[VdxError], Problem]) -> None:
    """Tell every invited party, then close the room. A part that fails leaves the consultation CANCELLING."""
    drafts = await _cancellations(session, outside)
    session.story.end_reason = "cancelled"
    await session.save(Event.CANCEL_WANTED, drafts)
    outside.delivery.wake()
    await _until_told(session, outside, {draft.key for draft in drafts})
    await leave_call(session, for_all=True)
    try:
        await _give_back(session.consultation, outside)
    except VdxError as error:
        _log.warning("the room could not be closed: %s", error)
        session.problem = describe(error)
        return
    finally:
        await session.record_measures()
    session.consultation = replace(session.consultation, ended_at=outside.clock.now())
    await session.save(Event.CANCEL_DONE)


async def _give_back(consultation: Consultation, outside: Outside) -> None:
    now = outside.clock.now()
    if consultation.is_for_later:
        await outside.meetings.cancel(consultation.meeting_id, now)
    else:
        await outside.booking.close(consultation.meeting_id, now)


async def _cancellations(session: Session, outside: Outside) -> list[OutboxDraft]:
    """Take back what has not left, and build a cancellation for what has or may have."""
    consultation = session.consultation
    told: dict[str, list[OutboxRow]] = {}
    for row in await outside.outbox.of_consultation(consultation.id):
        if _needs_telling(row):
            told.setdefault(row.draft.party_key, []).append(row)
    drafts = []
    for status in session.parties:
        rows = told.get(status.party.key, [])
        if rows and not await _was_taken_back(session, outside, rows):
            drafts += _cancellation(session, outside, status.party, rows[-1].draft)
    return drafts


async def _was_taken_back(session: Session, outside: Outside, rows: list[OutboxRow]) -> bool:
    """Take back a party's only message while it has not left; after a move there is an earlier one that has."""
    if len(rows) > 1 or rows[0].state is not OutboxState.QUEUED:
        return False
    now, draft = outside.clock.now(), rows[0].draft
    if not await outside.outbox.withdraw(draft.key, now):
        return False
    session.hear(InvitationNews(draft.consultation_id, draft.party_key, InvitationState.WITHDRAWN, now))
    return True


def _cancellation(session: Session, outside: Outside, party: Party, earlier: OutboxDraft) -> list[OutboxDraft]:
    consultation, now = session.consultation, outside.clock.now()
    try:
        return [outside.composer.cancellation(consultation, party, earlier, now, outside.new_id)]
    except VdxError as error:
        _log.warning("no cancellation for a party with role %s: %s", party.role, error)
        session.hear(InvitationNews(consultation.id, party.key, InvitationState.FAILED, now, error.code))
        return []


def _needs_telling(row: OutboxRow) -> bool:
    return row.draft.kind is MessageKind.INVITATION and row.state not in NEVER_ARRIVED


async def _until_told(session: Session, outside: Outside, keys: set[str]) -> None:
    if not keys:
        return
    try:
        async with asyncio.timeout(TELL_FIRST.total_seconds()):
            while any(  # noqa: ASYNC110 - the outbox may be emptied by another process, so there is no event to wait for
                row.state in TO_BE_SENT
                for row in await outside.outbox.of_consultation(session.consultation.id)
                if row.draft.key in keys
            ):
                await asyncio.sleep(0.1)
    except TimeoutError:
        _log.warning("cancellations still on their way when the room is closed")


async def write_back(session: Session, outside: Outside, note: str, fee_code: str | None) -> None:
    """Write the note into the record of the patient the consultation is bound to. Raises what the adapter raises."""
    if session.summary is None:
        raise ValueError("there is nothing to write yet")
    session.summary = replace(session.summary, note=note)
    receipt = await outside.systems.write_back(session.consultation.context, session.summary)
    _log.info("note written by adapter %s", receipt.adapter)
    session.written_back = True
    session.problem = None
    session.story.note_written = True
    session.story.fee_chosen = fee_code or ""
    await session.save(Event.NOTE_WRITTEN)
    await session.record_measures()


async def decline_note(session: Session) -> None:
    """Close the consultation without a note from here."""
    if session.consultation.stage is Stage.ENDED:
        await session.save(Event.NOTE_DECLINED)
        await session.record_measures()
