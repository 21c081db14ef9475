"""What a view says of the consultation that runs now. Pure."""

from __future__ import annotations

from vdx_plugin.domain.consultation import FINISHED
from vdx_plugin.domain.parties import Presence
from vdx_plugin.ports import Capability
from vdx_plugin.service.view import ConsultationView, DeskView
from vdx_plugin.ui.party_panel import strangers
from vdx_plugin.ui.wording import party_name


def current(view: DeskView | None) -> ConsultationView | None:
    """Return the consultation that is not finished, None if there is none."""
    consultation = view.consultation if view else None
    return None if consultation is None or consultation.stage in FINISHED else consultation


def can_start(view: DeskView) -> bool:
    """True when a complete patient is open and nothing runs."""
    return view.context is not None and view.context.patient.is_complete and current(view) is None


def can_write(view: DeskView) -> bool:
    """True when any connection takes notes: the one that opened the patient need not be the one that files them."""
    return any(each.state == "running" and Capability.WRITE_BACK in each.capabilities for each in view.adapters)


def present_names(consultation: ConsultationView) -> list[str]:
    """Return the names of all others in the call."""
    inside = [each.party for each in consultation.parties if each.presence is Presence.IN_CALL]
    names = [party_name(party, consultation.context) for party in inside]
    return names + [each.display_name for each in strangers(consultation)]
