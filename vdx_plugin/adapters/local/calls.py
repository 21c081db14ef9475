"""What a record system sends us, read and checked: the Sentinel-shaped call and its few sisters. Pure.

Danish record systems have called a helper on the workstation in this form for years (Sentinel's ``AabnerJournal``):
number of the practice, the user's initials, the patient's own doctor, the patient's number. Those are required here;
what was not in that call (name, birth date) is welcome and optional.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeVar

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from vdx_plugin.api.v1 import (
    CPR,
    D_ECPR,
    MAX_AGE,
    X_ECPR,
    ClinicContext,
    ClinicUser,
    Conflict,
    ContextChange,
    Identifier,
    Organisation,
    Patient,
    PersonName,
    RecordIncoming,
    Refused,
    Unreadable,
)

MAX_NONCES = 1000
SENTINEL_PATH = "/v1/sentinel/AabnerJournal"
_SENTINEL_SYSTEMS = {"cpr": CPR, "x-ecpr": X_ECPR, "d-ecpr": D_ECPR}


class _Body(BaseModel):
    # A newer record may say more than we know of; it must not be locked out by that.
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


class NumberBody(_Body):
    """A patient's number; ``system`` is the urn of its system."""

    system: str = Field(min_length=5, max_length=200, pattern=r"^[a-z]+:")
    value: str = Field(min_length=1, max_length=64)

    def identifier(self) -> Identifier:
        """Return it as the host knows it, a CPR number without its hyphen."""
        return Identifier(self.system, self.value.replace("-", "") if self.system == CPR else self.value)


class PatientBody(NumberBody):
    """Whose record it is; besides the number, what the record knows."""

    family_name: str = Field(default="", max_length=200)
    given_name: str = Field(default="", max_length=200)
    birth_date: date | None = None
    email: str | None = Field(default=None, max_length=254)
    mobile: str | None = Field(default=None, max_length=30)


class ContextBody(_Body):
    """Body of ``context/open``, ``action/start-video`` and ``ticket``."""

    ydernummer: str = Field(pattern=r"^\d{1,6}$")
    user_initials: str = Field(min_length=1, max_length=20)
    user_id: str = Field(min_length=1, max_length=100)
    patient: PatientBody
    own_doctor_ydernummer: str | None = Field(default=None, max_length=6)
    own_doctor_initials: str | None = Field(default=None, max_length=20)
    local_patient_id: str | None = Field(default=None, min_length=1, max_length=100)
    appointment_id: str | None = Field(default=None, max_length=100)
    opened_at: AwareDatetime
    nonce: str = Field(min_length=8, max_length=64)


class SentinelBody(_Body):
    """The five arguments of Sentinel's ``AabnerJournal``, under their own names and nothing else.

    All must be there; those of the patient's own doctor may be empty. ``cprSystem`` is only for a replacement number,
    whose form alone does not say whether the nation or the region gave it.
    """

    ydernummer: str = Field(pattern=r"^\d{1,6}$")
    initialer: str = Field(min_length=1, max_length=20)
    egenlaegeYdernummer: str = Field(pattern=r"^\d{0,6}$")  # noqa: N815 - the name in the call
    egenlaegeInitialer: str = Field(max_length=20)  # noqa: N815 - the name in the call
    cpr: str = Field(min_length=10, max_length=11)
    cprSystem: Literal["cpr", "x-ecpr", "d-ecpr"] = "cpr"  # noqa: N815 - as its sisters


class CloseBody(_Body):
    reason: ContextChange = ContextChange.CLOSED


class ConfirmBody(_Body):
    """Answer to the question whether the record that was opened with ``nonce`` is still open."""

    nonce: str = Field(min_length=8, max_length=64)
    holds: bool


class RedeemBody(_Body):
    ticket: str = Field(max_length=200)
    workstation: str = Field(max_length=300)


class ReceiptBody(_Body):
    """Receipt for a note or a letter: ``conflict`` when the record was changed meanwhile.

    ``patient`` may say on whom the note was filed; it is then compared with whom it was about.
    """

    accepted: bool
    conflict: bool = False
    remote_id: str = Field(default="", max_length=200)
    patient: NumberBody | None = None


class LetterBody(_Body):
    """A MedCom message that came to the record for us. ``receipt`` is the record's own name for it."""

    receipt: str = Field(min_length=1, max_length=200)
    sender_gln: str = Field(pattern=r"^\d{13}$")
    mime: str = Field(min_length=1, max_length=100)
    body: Base64Bytes

    def incoming(self) -> RecordIncoming:
        """Return it as the host takes it."""
        return RecordIncoming(self.receipt, self.sender_gln, self.mime, self.body)


B = TypeVar("B", bound=_Body)


def read(kind: type[B], body: bytes) -> B:
    """Read a JSON body. Raises Unreadable(``context.unreadable``) with the place of the first fault."""
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"] if str(part).replace("_", "").isalnum())
        raise Unreadable("context.unreadable", first["type"], place=place or "body") from None


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes contexts of bodies. ``practice`` fills in what the call does not say."""

    source: str
    practice: Organisation

    def context(self, body: ContextBody, now: datetime) -> ClinicContext:
        """Return the context of a call.

        Raises Unreadable(``context.unreadable``) for a number that cannot be of its system, Refused
        (``context.stale``, ``context.clock``) when the call's time is more than a minute from ours.
        """
        if now - body.opened_at > MAX_AGE:
            raise Refused("context.stale")
        if body.opened_at - now > MAX_AGE:
            raise Refused("context.clock")
        return ClinicContext(
            source=self.source,
            patient=_patient(body),
            user=ClinicUser(body.user_id, body.user_initials),
            organisation=replace(self.practice, provider_number=body.ydernummer.zfill(6)),
            opened_at=min(body.opened_at, now),
            appointment_id=body.appointment_id,
            version=body.nonce,
        )

    def sentinel(self, body: SentinelBody, now: datetime, nonce: str) -> ClinicContext:
        """Return the context of a Sentinel call, which says neither when nor who the user is but by initials.

        Raises Unreadable(``context.unreadable``) for a number that cannot be of its system.
        """
        identifier = Identifier(_SENTINEL_SYSTEMS[body.cprSystem], body.cpr.replace("-", ""))
        if not identifier.is_well_formed:
            raise Unreadable("context.unreadable", "not a number of its system", place="cpr")
        number = body.ydernummer.zfill(6)
        return ClinicContext(
            source=self.source,
            patient=Patient((identifier,)),
            user=ClinicUser(f"{number}-{body.initialer}", body.initialer),
            organisation=replace(self.practice, provider_number=number),
            opened_at=now,
            version=nonce,
        )


def _patient(body: ContextBody) -> Patient:
    given = body.patient
    identifier = given.identifier()
    if not identifier.is_well_formed:
        raise Unreadable("context.unreadable", "not a number of its system", place="patient.value")
    name = PersonName(given.family_name, given.given_name) if given.family_name or given.given_name else None
    return Patient((identifier,), name, given.birth_date, body.local_patient_id, given.email, given.mobile)


class Nonces:
    """Refuses a call that was already heard. Calls older than a minute are refused anyway, so it may forget."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def spend(self, nonce: str) -> None:
        """Raises Conflict(``context.replayed``) the second time."""
        if nonce in self._seen:
            raise Conflict("context.replayed")
        self._seen[nonce] = None
        if len(self._seen) > MAX_NONCES:
            self._seen.popitem(last=False)
