"""What is measured of each use, so that success, quality and value can be reported per kind of partner.

No CPR number, name, number, address or free text gets in here: every field is a number, a time, a code from a
closed list or a random id, and the constructors refuse anything else with ValueError. Times of a visit are kept to
the second in the practice and leave it only as aggregates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.parties import Channel, PartyRole
from vdx_plugin.texts import known_problems


class StartPath(StrEnum):
    RECORD_BUTTON = "record_button"
    DOCK = "dock"
    CALENDAR = "calendar"
    OUT_OF_HOURS = "out_of_hours"


class Replaces(StrEnum):
    """What the doctor says the video contact stood in for."""

    PHYSICAL = "physical"
    HOME_VISIT = "home_visit"
    PHONE = "phone"
    MEETING = "meeting"
    NOTHING = "nothing"
    NOT_ASKED = "not_asked"


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    """Return the only forms a text field may have. A form that would hold a name or a CPR number is a mistake here."""
    # Drawn at random, or a short word with a running number in demos and tests; ten digits in a row never fit.
    pseudonym = r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]{1,10}-?[0-9]{1,6}"
    areas = "|".join(sorted({re.escape(code.split(".")[0]) for code in known_problems()}))
    fee = r"([0-9]{4})?"
    forms = {
        "visit": pseudonym,
        "practice": pseudonym,
        "region": r"([0-9]{4})?",
        "client_version": r"([0-9]{1,4}(\.[0-9]{1,4}){1,3}((\.dev|\.post|a|b|rc)[0-9]{1,4})?)?",
        "failed_step": r"(room|lock|invitations|video)?",
        "reason_code": rf"(({areas})\.[a-z0-9_]{{1,40}})?",
        "fallback": r"(phone)?",
        "fee_proposed": fee,
        "fee_chosen": fee,
        "end_reason": f"({'|'.join(EndReason)})?",
        "language": r"([a-z]{2,3}(-[A-Za-z]{2,4})?)?",
    }
    return {name: re.compile(form) for name, form in forms.items()}


def _check(measure: object, closed: dict[str, type[StrEnum]], texts: tuple[str, ...]) -> None:
    for name, kind in closed.items():
        if not isinstance(getattr(measure, name), kind):
            raise ValueError(f"{name} is not one of {kind.__name__}")
    for name in texts:
        if not _forms()[name].fullmatch(getattr(measure, name)):
            raise ValueError(f"{name} does not have its closed form")  # never what stood there


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Quality of one call as numbers. Shares are 0..1, times in milliseconds; None where nothing was measured."""

    loss_p50: float | None = None
    loss_p95: float | None = None
    jitter_ms_p95: float | None = None
    rtt_ms_p50: float | None = None
    rtt_ms_p95: float | None = None
    mos: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class UseMeasure:
    """One attempt to hold a consultation, failed ones included. ``visit`` is random and means nothing elsewhere."""

    visit: str
    practice: str
    """Pseudonym of the practice: a random id, or a word with a number such as ``practice-1``."""
    created_at: datetime
    planned_ahead: bool
    planned_minutes: int
    start_path: StartPath
    replaces: Replaces = Replaces.NOT_ASKED
    region: str = ""
    """The region's code of four digits, e.g. ``1085``."""
    is_test: bool = False
    """Test calls are left out of counts, as in VDX's own statistics."""
    room_ready_ms: int | None = None
    join_ms: int | None = None
    first_audio_ms: int | None = None
    first_video_ms: int | None = None
    two_way_media_s: float = 0.0
    most_participants: int = 0
    """Largest number of participants at one time, the doctor included."""
    line: LineFigures = LineFigures()
    headset: bool | None = None
    client_version: str = ""
    failed_step: str = ""
    """room, lock, invitations, video, or empty."""
    reason_code: str = ""
    """Problem code of the failure, e.g. ``vdx.unreachable``."""
    fallback: str = ""
    """``phone`` when the call went on by telephone."""
    actors: int = 0
    fee_proposed: str = ""
    fee_chosen: str = ""
    note_written: bool = False
    end_reason: str = ""
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        _check(self, {"start_path": StartPath, "replaces": Replaces}, _USE_TEXTS)

    @property
    def counts_as_meeting(self) -> bool:
        """VDX's definition: two or more participants, tests excluded (medcom.dk, "VDX status")."""
        return self.most_participants >= 2 and not self.is_test

    @property
    def succeeded(self) -> bool:
        """A meeting with at least a minute of media both ways."""
        return self.counts_as_meeting and self.two_way_media_s >= 60


@dataclass(frozen=True, slots=True)
class PartyMeasure:
    """How one party of a visit fared. Times are None for what never happened."""

    visit: str
    role: PartyRole
    channel: Channel
    invited_at: datetime | None = None
    delivered_at: datetime | None = None
    answered_at: datetime | None = None
    waiting_at: datetime | None = None
    admitted_at: datetime | None = None
    first_media_at: datetime | None = None
    left_at: datetime | None = None
    end_reason: str = ""
    late_minutes: int = 0
    replaced_by_phone: bool = False
    language: str = ""
    """Interpreter's language code, ISO 639."""

    def __post_init__(self) -> None:
        _check(self, {"role": PartyRole, "channel": Channel}, _PARTY_TEXTS)


_USE_TEXTS = (
    "visit",
    "practice",
    "region",
    "client_version",
    "failed_step",
    "reason_code",
    "fallback",
    "fee_proposed",
    "fee_chosen",
    "end_reason",
)
_PARTY_TEXTS = ("visit", "end_reason", "language")
