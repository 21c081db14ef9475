"""What the store knows of a consultation that a crash, or the end of the program, interrupted."""

from __future__ import annotations

from datetime import timedelta

from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.errors import VdxError
from vdx_plugin.service import presence
from vdx_plugin.service.kept import parties_of
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.session import Session
from vdx_plugin.service.story import told_again


async def catch_up(session: Session, outside: Outside) -> None:
    """Bring a new session to where the earlier one was: its invitations, and for a call that is over how it went.

    Raises Unavailable(``store.*``).
    """
    consultation = session.consultation
    session.parties = await parties_of(consultation, outside)
    if consultation.stage is Stage.ENDED:
        await _tell_again(session, outside)


async def room_is_gone(consultation: Consultation, outside: Outside) -> bool:
    """True when VDX says that the room is not there any longer; a VDX that does not answer says nothing."""
    try:
        room = await outside.booking.lookup(consultation.meeting_id)
    except VdxError:
        return False
    return room is None or room.is_taken_down


async def _tell_again(session: Session, outside: Outside) -> None:
    """Take the call from its measures, so that note and fee are proposed as they were."""
    begun_at = session.consultation.created_at
    uses, parties = await outside.measures.between(begun_at, begun_at + timedelta(microseconds=1))
    use = next((use for use in uses if use.visit == session.story.visit), None)
    if use is None:
        return
    session.story = told_again(use, begun_at)
    theirs = [party for party in parties if party.visit == use.visit]
    expected = [each for each in session.parties if each.is_expected]
    seen = {one.party.key: presence.seen_again(one, measure) for one, measure in zip(expected, theirs, strict=False)}
    session.parties = tuple(seen.get(each.party.key, each) for each in session.parties)
