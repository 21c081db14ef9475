"""Fee codes of general practice for video, as data with dates, and a proposal from facts.

The doctor decides; nothing is ever billed by the plug-in. Codes and rules: PLO, "Video i OK22" and "Om
videokonsultationer" (laeger.dk).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MIN_VIDEO_S = 60
"""Two-way media for less than this does not count as a consultation by video."""
CONFERENCE_ACTORS = 3


@dataclass(frozen=True, slots=True)
class FeeCode:
    """A fee code with the days it may be used. ``valid_to`` is the last day, None while in force."""

    code: str
    label: str
    valid_from: date
    valid_to: date | None = None

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


VIDEO_CONSULTATION = FeeCode("0125", "Videokonsultation", date(2022, 1, 1))
VIDEO_CONFERENCE = FeeCode("0126", "Videokonference", date(2022, 1, 1))
TELEPHONE = FeeCode("0201", "Telefonkonsultation", date(2018, 1, 1))


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the plug-in itself saw. ``professional_actors`` counts organisations, the practice included."""

    day: date
    two_way_media_s: float
    actors: int
    professional_actors: int
    went_to_phone: bool


@dataclass(frozen=True, slots=True)
class FeeProposal:
    """A code, or None for no fee, with the name of the rule that led to it (texts hold its sentence)."""

    fee: FeeCode | None
    rule: str


def propose(facts: CallFacts) -> FeeProposal:
    """Propose a fee code.

    A conference needs at least three actors, the doctor and another part of the health service or municipality
    among them; a helper or an interpreter does not make a consultation a conference. If no connection came
    about and the parties went on by telephone, it is a telephone consultation.
    """
    if facts.went_to_phone and facts.two_way_media_s < MIN_VIDEO_S:
        fee, rule = TELEPHONE, "fee.phone_after_failure"
    elif facts.two_way_media_s < MIN_VIDEO_S:
        return FeeProposal(None, "fee.not_held")
    elif facts.actors >= CONFERENCE_ACTORS and facts.professional_actors >= 2:
        fee, rule = VIDEO_CONFERENCE, "fee.three_actors"
    else:
        fee, rule = VIDEO_CONSULTATION, "fee.consultation"
    return FeeProposal(fee, rule) if fee.is_valid_on(facts.day) else FeeProposal(None, "fee.no_code_that_day")
