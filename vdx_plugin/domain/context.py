"""What a clinic system tells us when a record is open: patient, user, organisation, when.

A context is a snapshot. A consultation keeps the one it was started from and never follows the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vdx_plugin.domain.patients import Patient, PersonName

MAX_AGE = timedelta(seconds=60)
"""An older context must be confirmed with the clinic system before a consultation starts from it."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A practice or another organisation. ``sor`` and ``gln`` are digits kept as text."""

    name: str
    sor: str | None = None
    gln: str | None = None
    provider_number: str | None = None
    """Danish *ydernummer*, six digits, leading zeros kept."""
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ClinicUser:
    """The signed-in user of the clinic system. ``id`` is the system's own, ``initials`` are shown."""

    id: str
    initials: str = ""
    name: PersonName | None = None
    role: str = "speciallaegeipraksis"
    """Code from MedCom's PractitionerRoles (SKS administrative)."""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ClinicContext:
    """One patient open in one record, as seen at ``opened_at``."""

    source: str
    """Name of the adapter that delivered it."""
    patient: Patient
    user: ClinicUser
    organisation: Organisation
    opened_at: datetime
    expires_at: datetime | None = None
    appointment_id: str | None = None
    encounter_id: str | None = None
    version: str = ""
    """Changes whenever the record system says something has changed."""

    def is_stale(self, now: datetime) -> bool:
        """True when the context must be confirmed before it is acted on."""
        if self.expires_at is not None and now >= self.expires_at:
            return True
        return now - self.opened_at > MAX_AGE
