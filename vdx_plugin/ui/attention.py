"""When a window may come to the front by itself. Pure.

The doctor is writing in the record. Only three things may interrupt: somebody waits to be let in, somebody has come
in, or the call is lost.
"""

from __future__ import annotations

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import Presence
from vdx_plugin.ports import LineQuality
from vdx_plugin.service.view import ConsultationView


def calls_for(before: ConsultationView | None, after: ConsultationView | None) -> bool:
    """True when what happened between the two states must be seen at once."""
    if before is None or after is None or before.id != after.id or after.stage is Stage.ENDED:
        return False
    came = (_waiting(after) - _waiting(before)) | (_inside(after) - _inside(before))
    return bool(came) or (_lost(after) and not _lost(before))


def _waiting(view: ConsultationView) -> set[str]:
    return {guest.participant_id for guest in view.waiting}


def _inside(view: ConsultationView) -> set[str]:
    return {each.party.key for each in view.parties if each.presence is Presence.IN_CALL}


def _lost(view: ConsultationView) -> bool:
    return view.call is not None and view.call.line.quality is LineQuality.LOST
