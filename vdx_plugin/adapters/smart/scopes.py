"""What we ask for, and what was granted: SMART 2.2 scopes, the letters c r u d s, and the older read and write. Pure.

Source: SMART App Launch 2.2, "Scopes for requesting FHIR resources".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

READ = (
    "launch",
    "openid",
    "fhirUser",
    "online_access",
    "patient/Patient.r",
    "patient/Encounter.r",
    "patient/Appointment.r",
)
WRITE = ("patient/DocumentReference.cs", "patient/Encounter.cus", "patient/Appointment.u")
_SCOPE = re.compile(r"(?:patient|user)/(\w+|\*)\.(\*|[a-z]+)(\?.*)?")
_OLDER = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, slots=True)
class Granted:
    """The scopes of a token."""

    scopes: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Granted:
        return cls(frozenset(text.split()))

    def allows(self, resource: str, letter: str) -> bool:
        """True when the token may do that with every resource of the type; one narrowed by a query does not count."""
        return any(_gives(scope, resource, letter) for scope in self.scopes)

    def missing(self, asked: Iterable[str]) -> tuple[str, ...]:
        """Return what was asked for and not given, as ``Encounter.u`` or the scope itself."""
        return tuple(gap for scope in asked for gap in self._gaps(scope))

    def _gaps(self, scope: str) -> Iterable[str]:
        found = _SCOPE.fullmatch(scope)
        if found is None:
            return () if scope in self.scopes else (scope,)
        resource, letters = found.group(1), found.group(2)
        lost = "".join(letter for letter in letters if not self.allows(resource, letter))
        return (f"{resource}.{lost}",) if lost else ()


def asked(*, write_back: bool) -> tuple[str, ...]:
    """Return the scopes to ask for."""
    return READ + WRITE if write_back else READ


def _gives(scope: str, resource: str, letter: str) -> bool:
    found = _SCOPE.fullmatch(scope)
    if found is None or found.group(3):
        return False
    letters = _OLDER.get(found.group(2), found.group(2))
    return found.group(1) in (resource, "*") and letter in letters
