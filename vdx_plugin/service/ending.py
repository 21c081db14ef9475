"""Ending: hang up, cancel for all, go on by telephone, and the way into the record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from vdx_plugin import log
from vdx_plugin.domain.consultation import Consultation, Event, Stage
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.fees import FeeProposal
from vdx_plugin.domain.parties import InvitationState, Party
from vdx_plugin.domain.summary import Summary
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import NEVER_ARRIVED, TO_BE_SENT, InvitationNews, MessageKind, OutboxRow, OutboxState
from vdx_plugin.service.closing import outcome_of, summarise
from vdx_plugin.service.drafting import Drafting, Drafts
from vdx_plugin.service.kept import read, write_news
from vdx_plugin.service.moving import give_back
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
    outcome = outcome_of(session.story, session.expected, now)
    session.story.end_reason = outcome
    session.consultation = replace(session.consultation, ended_at=now, end_reason=outcome)
    session.summary = await summarised(session, outside, now)
    session.story.fee_proposed = session.summary.fee.fee.code if session.summary.fee.fee else ""
    # Measures first: after a crash in between, the note is made of them.
    await session.record_measures()
    await session.save(Event.CALL_ENDED)
    if for_all:
        await close_room(session, outside)


async def summarised(session: Session, outside: Outside, ended_at: datetime) -> Summary:
    """Return the summary with what plug-ins add to the note and propose as the fee."""
    summary = summarise(session.consultation, session.story, session.expected, ended_at)
    lines = await outside.plugins.summary_lines(summary)
    if lines:
        summary = replace(summary, note=summary.note + "\n".join(lines) + "\n")
    fee = await outside.plugins.fee_code(summary, danish(ended_at).date())
    return replace(summary, fee=FeeProposal(fee, "fee.plugin")) if fee else summary


async def cancel(session: Session, outside: Outside, describe: Callable[[VdxError], Problem]) -> None:
    """Tell every invited party, then close the room. A part that fails leaves the consultation CANCELLING."""
    said = await _cancellations(session, outside)
    session.story.end_reason = "cancelled"
    await session.save(Event.CANCEL_WANTED, said.drafts)
    outside.delivery.wake()
    session.untold = await _until_told(session, outside)
    await leave_call(session, for_all=True)
    try:
        await give_back(session.consultation, outside)
    except VdxError as error:
        _log.warning("the room could not be closed: %s", error)
        session.problem = describe(error)
        return
    finally:
        await session.record_measures()
    session.consultation = replace(session.consultation, ended_at=outside.clock.now())
    await session.save(Event.CANCEL_DONE)


async def put_off(session: Session, start: datetime, end: datetime) -> None:
    """Leave the room with everybody and wish for another time; the calendar then books it anew and tells it."""

    def wished(now: Consultation) -> Consultation:
        ahead = replace(now.plan, planned_ahead=True)
        return replace(now, plan=ahead, moving_to=(start, end), started_at=None).after(Event.SCHEDULED)

    await session.change(wished)
    await leave_call(session, for_all=True)
    await session.record_measures()


async def _cancellations(session: Session, outside: Outside) -> Drafts:
    """Take back what has not left, and build a cancellation for what has or may have.

    Also for who was taken off the plan: its cancellation lies in the outbox already, and is not written twice.
    """
    consultation = session.consultation
    kept = await read(consultation, outside)
    rows = [row for row in kept.rows if not await _was_taken_back(session, outside, row, kept.rows)]
    said = Drafting(outside, consultation, rows, kept.letters).call_off(consultation.plan.parties)
    await write_news(outside, said.failed)
    for news in said.failed:
        session.hear(news)
    return said


async def _was_taken_back(session: Session, outside: Outside, row: OutboxRow, rows: Sequence[OutboxRow]) -> bool:
    """Take back what has not left: a notice, and a party's only message; after a move there is one that has left."""
    draft, now = row.draft, outside.clock.now()
    theirs = [one for one in rows if one.draft.party_key == draft.party_key and one.state not in NEVER_ARRIVED]
    is_only = sum(one.draft.kind is not MessageKind.ACKNOWLEDGEMENT for one in theirs) == 1
    is_invitation = draft.kind is MessageKind.INVITATION
    if not (draft.kind is MessageKind.NOTICE or (is_invitation and is_only)) or row.state is not OutboxState.QUEUED:
        return False
    if not await outside.outbox.withdraw(draft.key, now):
        return False
    if is_invitation:
        session.hear(InvitationNews(draft.consultation_id, draft.party_key, InvitationState.WITHDRAWN, now))
    return True


async def _until_told(session: Session, outside: Outside) -> tuple[Party, ...]:
    """Wait until every cancellation has left, at most ``TELL_FIRST``; return whose has not."""
    try:
        async with asyncio.timeout(TELL_FIRST.total_seconds()):
            while await _untold(session, outside):  # noqa: ASYNC110 - another process may empty the outbox: no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        _log.warning("cancellations still on their way when the room is closed")
    return await _untold(session, outside)


async def _untold(session: Session, outside: Outside) -> tuple[Party, ...]:
    consultation = session.consultation
    waiting = {
        row.draft.party_key
        for row in await outside.outbox.of_consultation(consultation.id)
        if row.draft.kind is MessageKind.CANCELLATION and row.state in TO_BE_SENT
    }
    plan = consultation.plan
    return tuple(party for party in (*plan.parties, *plan.withdrawn) if party.key in waiting)


async def write_back(session: Session, outside: Outside, note: str, fee_code: str | None) -> None:
    """Write the note into the record of the patient the consultation is bound to. Raises what the adapter raises."""
    if session.summary is None:
        raise ValueError("there is nothing to write yet")
    files = outside.exports.appointment(session.consultation, outside.clock.now())
    session.summary = replace(session.summary, note=note, appointment_fhir=files.fhir, appointment_ical=files.ical)
    receipt = await outside.systems.write_back(session.consultation.context, session.summary)
    _log.info("note written by adapter %s", receipt.adapter)
    outside.plugins.written_back(session.consultation.id, receipt)
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
