"""Who the patient is: identifiers with their system, a name, a birth date.

A Danish patient may have a CPR number, a national replacement number (X-eCPR), a regional one (D-eCPR), or
none, so an identifier is always (system, value). Ten digits are not proof of a CPR number, and no modulus-11
test is made: numbers without a valid check digit have been issued since 2007.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

CPR = "urn:oid:1.2.208.176.1.2"
X_ECPR = "urn:oid:1.2.208.176.1.6.1.1"
D_ECPR = "urn:oid:1.2.208.176.1.6.1.3"
_NATIONAL = (CPR, X_ECPR, D_ECPR)
_CPR_FORM = re.compile(r"\d{10}")
_ECPR_FORM = re.compile(r"\d{6}[01567][A-Z]{2}\d")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier of a patient. ``system`` is a URI, ``value`` is kept as text, without hyphens for CPR."""

    system: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.system!r}, …)"

    __str__ = __repr__

    @property
    def is_well_formed(self) -> bool:
        """True unless the system is a Danish personal number and the value cannot be one."""
        if self.system == CPR:
            return _CPR_FORM.fullmatch(self.value) is not None
        if self.system in (X_ECPR, D_ECPR):
            return _ECPR_FORM.fullmatch(self.value) is not None
        return bool(self.value)

    @property
    def masked(self) -> str:
        """The number as a screen may show it: ``251248-****``."""
        if self.system in _NATIONAL and len(self.value) == 10:
            return f"{self.value[:6]}-****"
        return "****"


def cpr(number: str) -> Identifier:
    """Return a CPR identifier from ten digits, with or without the hyphen."""
    return Identifier(CPR, number.replace("-", "").strip())


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name. It masks itself in ``repr`` and ``str``; ``full`` gives it for a screen or a message."""

    family: str
    given: str = ""

    @property
    def full(self) -> str:
        """Given name first, as a person is addressed."""
        return f"{self.given} {self.family}".strip()

    @property
    def initials(self) -> str:
        """First letters, for places where the name is too much."""
        return "".join(f"{part[0]}." for part in (*self.given.split(), *self.family.split()) if part)

    def __repr__(self) -> str:
        return "PersonName(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient as the clinic system gave it. ``local_id`` is the system's own key, opaque to us."""

    identifiers: tuple[Identifier, ...]
    name: PersonName | None = None
    birth_date: date | None = None
    local_id: str | None = None
    email: str | None = None
    mobile: str | None = None

    def __repr__(self) -> str:
        return f"Patient(identifiers={len(self.identifiers)})"

    @property
    def national_id(self) -> Identifier | None:
        """The CPR number if there is one, else a replacement number."""
        for system in _NATIONAL:
            for identifier in self.identifiers:
                if identifier.system == system:
                    return identifier
        return None

    @property
    def is_complete(self) -> bool:
        """True when the doctor can see who it is: name, birth date and at least one identifier."""
        return self.name is not None and self.birth_date is not None and bool(self.identifiers)

    def is_same_person(self, other: Patient) -> bool:
        """True when the two share an identifier of the same system."""
        return not set(self.identifiers).isdisjoint(other.identifiers)

    def filled_from(self, other: Patient) -> Patient:
        """Return this patient with what is missing taken from ``other``, which must be the same person."""
        merged = (*self.identifiers, *(i for i in other.identifiers if i not in self.identifiers))
        return replace(
            self,
            identifiers=merged,
            name=self.name or other.name,
            birth_date=self.birth_date or other.birth_date,
            email=self.email or other.email,
            mobile=self.mobile or other.mobile,
        )


def age_on(birth_date: date, today: date) -> int:
    """Whole years of age on ``today``."""
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1)
