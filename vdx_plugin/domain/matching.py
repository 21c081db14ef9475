"""Which consultation a letter may speak of, when its thread says nothing: partners on the old format lose the thread.

A letter is offered only for a consultation with its sender and its patient. The rest decides the order, never the
choice: a person confirms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.parties import Party

WRITTEN_BEFORE = timedelta(minutes=10)
"""How far the sender's clock may be behind ours."""
WRITTEN_AFTER = timedelta(days=14)
"""How long after a meeting a letter may still speak of it."""


class Letter(Protocol):
    """What is looked at; ``ports.IncomingLetter`` is one."""

    @property
    def sender_gln(self) -> str: ...

    @property
    def patient_ids(self) -> tuple[str, ...]: ...

    @property
    def written_at(self) -> datetime: ...

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A party that may have written the letter. ``names_day`` and ``names_time``: it has them of the meeting."""

    consultation_id: UUID
    party_key: str
    start: datetime
    names_day: bool
    names_time: bool


def candidates(letter: Letter, consultations: Iterable[Consultation]) -> tuple[Candidate, ...]:
    """Return the parties that may have written ``letter``, likeliest first.

    Those must share its sender's location number and a national number of its patient, and the letter must have been
    written between the plan and two weeks after the meeting. First come meetings whose day and time it names, then
    the one nearest to when it was written.
    """
    found = [
        _candidate(letter, one, party)
        for one in consultations
        if _is_about_patient(letter, one) and _is_in_time(letter, one)
        for party in one.plan.parties
        if _receives(party) == letter.sender_gln
    ]
    return tuple(sorted(found, key=lambda one: _rank(letter, one)))


def _receives(party: Party) -> str:
    unit = party.partner.receiver if party.partner else None
    return unit.gln if unit else ""


def _is_about_patient(letter: Letter, consultation: Consultation) -> bool:
    return any(one.value in letter.patient_ids for one in consultation.context.patient.identifiers)


def _is_in_time(letter: Letter, consultation: Consultation) -> bool:
    earliest = consultation.created_at - WRITTEN_BEFORE
    return earliest <= letter.written_at <= consultation.plan.end + WRITTEN_AFTER


def _candidate(letter: Letter, consultation: Consultation, party: Party) -> Candidate:
    start = danish(consultation.plan.start)
    words = f"{letter.subject}\n{letter.text}"
    names_day = any(day in words for day in (f"{start:%d.%m.%Y}", f"{start.day}.{start.month}.", f"{start:%d.%m}."))
    names_time = any(time in words for time in (f"{start:%H.%M}", f"{start:%H:%M}"))
    return Candidate(consultation.id, party.key, consultation.plan.start, names_day, names_time)


def _rank(letter: Letter, one: Candidate) -> tuple[int, timedelta, str]:
    return (-(2 * one.names_day + one.names_time), abs(one.start - letter.written_at), one.party_key)
