"""What launches have opened: one record for one patient each, in memory only, and only the present user's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from vdx_plugin.adapters.smart.discovery import Server
from vdx_plugin.adapters.smart.fhir import Record
from vdx_plugin.api.v1 import ClinicContext, Patient

MOST = 32
"""More than a day's consultations whose notes are not written yet; the oldest then needs a new click."""


@dataclass(frozen=True, slots=True)
class Session:
    """One launch that succeeded."""

    server: Server
    record: Record
    patient_id: str
    patient: Patient
    user: str

    @property
    def author(self) -> str:
        """The user as a reference within the record; empty where the record did not name a resource."""
        reference = self.user.removeprefix(f"{self.record.base}/")
        return reference if reference.count("/") == 1 or reference.startswith("https://") else ""


class Sessions:
    """All of them, newest last."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, session: Session) -> list[Session]:
        """Keep a session; return those that it ends: the same patient's before, another user's, the oldest."""
        key = (session.record.base, session.patient_id)
        ended = [self._open.pop(key)] if key in self._open else []
        for other_key, other in list(self._open.items()):
            if other.user != session.user:
                ended.append(self._open.pop(other_key))
        self._open[key] = session
        while len(self._open) > MOST:
            ended.append(self._open.popitem(last=False)[1])
        return ended

    def of(self, context: ClinicContext) -> Session | None:
        """Return the session of a context's patient and user; None where a new click is needed.

        A context that came from a launch names record and patient; one that did not is known by the patient's number.
        """
        for session in reversed(self._open.values()):
            if context.patient.local_id not in (None, session.patient.local_id):
                continue
            if session.patient.is_same_person(context.patient) and _is_users(session, context):
                return session
        return None

    def may(self, kind: str, letter: str) -> bool:
        """True when some session grants it, or when there is none to say otherwise."""
        return not self._open or any(one.record.allows(kind, letter) for one in self._open.values())

    def clear(self) -> Iterable[Session]:
        """End all of them and return them."""
        ended = list(self._open.values())
        self._open.clear()
        return ended


def _is_users(session: Session, context: ClinicContext) -> bool:
    """A user of this record must be the session's own; one of another system cannot be compared."""
    return not context.user.id.startswith(f"{session.record.base}/") or context.user.id == session.user
