"""Everything the desk needs from outside, handed over once by ``app``, and its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from uuid import UUID

from vdx_plugin.ports import (
    AddressBook,
    AuditLog,
    CallEngine,
    CheckHistory,
    ClinicSystems,
    Clock,
    Composer,
    ConsultationStore,
    Delivery,
    DraftCheck,
    Examiner,
    Exports,
    LetterBook,
    MeasureStore,
    MeetingBook,
    MessageTexts,
    NoPlugIns,
    Outbox,
    PartnerBook,
    PlugIns,
    RoomBooking,
    TeamMemory,
)


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """``node`` is the base address of the Pexip node that serves the rooms; ``practice`` a pseudonym for measures."""

    environment: str
    node: str
    display_name: str
    practice: str
    region: str = ""
    project_code: str = ""
    can_text: bool = False
    """Whether text messages can be sent: then a patient without an e-mail address gets one."""
    test_alias: str = ""
    """A room of the node that sends back what it gets, for the check of the line; empty: there is none."""
    opens: time | None = None
    """When the workplace is checked by itself, by the Danish clock; None: never."""
    is_test: bool = False
    """Leave the uses out of counts, as VDX leaves out test calls."""
    undo_within: timedelta = timedelta(seconds=8)
    """So long a message about the parties waits before it leaves, and can be taken back."""
    direct_media: bool = False
    """Let a consultation of two be sent straight from one to the other, where the room allows it."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The ports, filled."""

    clock: Clock
    new_id: Callable[[], UUID]
    booking: RoomBooking
    meetings: MeetingBook
    check_draft: DraftCheck
    examiner: Examiner
    engine: CallEngine
    composer: Composer
    delivery: Delivery
    consultations: ConsultationStore
    outbox: Outbox
    measures: MeasureStore
    audit: AuditLog
    systems: ClinicSystems
    partners: PartnerBook
    addresses: AddressBook
    team_memory: TeamMemory
    letters: LetterBook
    exports: Exports
    message_texts: MessageTexts
    checks: CheckHistory
    plugins: PlugIns = field(default_factory=NoPlugIns)

    async def prepare(self) -> None:
        """Load what the first consultation would otherwise wait for. Early and often: safe to repeat."""
        await asyncio.gather(self.engine.prepare(), asyncio.to_thread(self.composer.prepare))
