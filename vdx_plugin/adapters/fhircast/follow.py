"""What an event means for us: what to answer the hub and what to tell the program. Pure.

While no consultation runs we follow. During one the call is bound to its patient: a change is answered 409, so that the
hub tells the other programs that we do not follow (FHIRcast 3.0.0, 2.5.4 and 4.3), and the user sees it here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vdx_plugin.adapters.fhircast.events import Event
from vdx_plugin.api.v1 import Patient

OK = 200
REFUSED = 409
EVENTS = (
    "Patient-open",
    "Patient-close",
    "Encounter-open",
    "Encounter-close",
    "syncerror",
    "userlogout",
    "userhibernate",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A record is on the others' screens. ``is_refused``: a consultation with somebody else is running."""

    patient: Patient
    encounter_id: str | None
    at: datetime
    version: str
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """No record is open any longer; with ``user_left`` nobody is signed in any longer."""

    user_left: bool = False


@dataclass(frozen=True, slots=True)
class OutOfStep:
    """Another program could not follow, or we were told that we did not."""


Told = Opened | Closed | OutOfStep


@dataclass(slots=True)
class Follower:
    """Remembers what is open. ``hear`` takes one event and returns the status to answer and what to tell.

    ``bound`` is the patient that was open when the running consultation began.
    """

    patient: Patient | None = None
    encounter_id: str | None = None
    version: str = ""
    bound: Patient | None = None
    _since: datetime | None = None
    _last_ids: list[str] = field(default_factory=list)

    def hear(self, event: Event, *, in_call: bool) -> tuple[int, Told | None]:
        """Take in one event. ``in_call``: a consultation is running, with whoever was open when it began."""
        if self._is_repeated(event):
            return OK, None
        if not in_call:
            self.bound = None
        elif self.bound is None:
            self.bound = self.patient
        match event.name:
            case "patient-open" | "encounter-open":
                return self._opened(event)
            case "patient-close" | "encounter-close":
                return OK, self._closed(event)
            case "userlogout" | "userhibernate":
                self.forget()
                return OK, Closed(user_left=True)
            case "syncerror":
                return OK, OutOfStep()
            case _:
                # A heartbeat of an older hub, or what it sends unasked.
                return OK, None

    def forget(self) -> None:
        """Nothing is known to be open any longer; what a call is bound to stays.

        A hub that comes back sends what is open once more, under the id it had.
        """
        self.patient, self.encounter_id, self.version, self._since = None, None, "", None
        self._last_ids.clear()

    def _is_repeated(self, event: Event) -> bool:
        if event.id in self._last_ids:
            return True
        self._last_ids = [*self._last_ids[-49:], event.id]
        return False

    def _opened(self, event: Event) -> tuple[int, Told | None]:
        # Older than what set the context: overtaken on its way (2.6.1).
        if event.patient is None or (self._since is not None and event.at < self._since):
            return OK, None
        self.patient, self.encounter_id = event.patient, event.encounter_id
        self.version, self._since = event.version, event.at
        is_refused = self.bound is not None and not self.bound.is_same_person(event.patient)
        told = Opened(event.patient, event.encounter_id, event.at, event.version, is_refused)
        return (REFUSED if is_refused else OK), told

    def _closed(self, event: Event) -> Told | None:
        """Only what is open can be closed; a closed encounter leaves the patient open."""
        if self.patient is None or (event.patient is not None and not event.patient.is_same_person(self.patient)):
            return None
        if event.name == "encounter-close":
            self.encounter_id = None
            return None
        self.patient, self.encounter_id, self._since = None, None, event.at
        return Closed()
