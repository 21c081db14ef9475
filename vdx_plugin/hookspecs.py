"""Hooks by which an installed package adds to the plug-in (pluggy project name ``vdx_plugin``).

A package names a module under the entry-point group ``vdx_plugin.adapters``; the module implements the hooks it wants,
and ``vdx_adapters`` if it brings an adapter. The object that owns a consultation is not a hook but a
``ports.ClinicSystem``: one to one, asynchronous, typed.

Every plug-in has a thread of its own in which its hooks are called one at a time, so a hook may block up to its limit
and must not touch the adapter's asyncio objects. An implementation may take fewer arguments than the specification.
What it raises, or a limit passed, counts as a fault of its package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

import pluggy

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.patients import Identifier, Patient
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.ports import (
    Action,
    AdapterSetup,
    AuditEvent,
    CallState,
    ClinicSystem,
    ContextChange,
    Invitee,
    Veto,
)
from vdx_plugin.ports.manifest import API_VERSION as API_VERSION

PROJECT = "vdx_plugin"
GROUP = "vdx_plugin.adapters"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

AdapterFactory = Callable[[AdapterSetup], ClinicSystem]
"""Makes the adapter from its setup. Called once, in isolation; it must not block or open anything."""

Register = Callable[[str, AdapterFactory], None]
"""``register(name, factory)``: the name is that of the manifest."""

LIMITS_S = {
    "vdx_adapters": 5.0,
    "vdx_actions": 0.5,
    "vdx_action_invoked": 0.5,
    "vdx_identify_patient": 3.0,
    "vdx_check_launch": 1.0,
    "vdx_context_opened": 0.5,
    "vdx_context_changed": 0.5,
    "vdx_context_closed": 0.5,
    "vdx_patient_merged": 0.5,
    "vdx_before_booking": 2.0,
    "vdx_room_booked": 1.0,
    "vdx_invitees": 2.0,
    "vdx_call_state": 0.5,
    "vdx_summary_lines": 2.0,
    "vdx_fee_code": 1.0,
    "vdx_written_back": 1.0,
    "vdx_audit": 0.5,
}
"""Seconds that one implementation may take; longer is a fault."""


class Hooks:
    """The hook specifications. pluggy reads their names, arguments and docstrings; they are never called."""

    @hookspec
    def vdx_adapters(self, register: Register) -> None:
        """Register the package's adapter by calling ``register`` once. Called when the package is loaded."""

    # --- additions to what the record and the plan show ---------------------------------------------------------

    @hookspec
    def vdx_actions(self) -> Sequence[Action]:
        """Return actions to be shown in the menu of records that can show them, beside Start video.

        Asked when an adapter with the capability ``actions`` starts. The answers of all plug-ins are joined; of two
        with one id the first is kept, and ``start-video`` is ours.
        """
        return ()

    @hookspec
    def vdx_action_invoked(self, action_id: str, context: ClinicContext) -> None:
        """One of the actions was clicked in the record, with this patient open. Every plug-in is told."""

    @hookspec(firstresult=True)
    def vdx_identify_patient(self, context: ClinicContext) -> Patient | None:
        """Return the patient with the name and birth date that the record did not give, None if not known.

        Asked when a context is incomplete and no adapter could complete it. The answer must share an identifier, and
        is thrown away otherwise.
        """

    @hookspec
    def vdx_invitees(self, context: ClinicContext) -> Sequence[Invitee]:
        """Return who should be in the plan for this patient besides whom the appointment names.

        Joined and added to the plan behind Start video; the doctor sees and may remove them.
        """
        return ()

    @hookspec
    def vdx_summary_lines(self, summary: Summary) -> Sequence[str]:
        """Return lines for the end of the note's draft. The doctor edits the draft; the patient can read the note."""
        return ()

    @hookspec(firstresult=True)
    def vdx_fee_code(self, summary: Summary, day: date) -> FeeCode | None:
        """Return a fee code to propose in place of ours, None to leave it. One not valid on ``day`` is not used."""

    # --- votes: any veto wins -----------------------------------------------------------------------------------

    @hookspec
    def vdx_check_launch(self, context: ClinicContext, now: datetime) -> Veto | None:
        """Return a veto to keep a consultation from starting with this patient. One that fails to answer vetoes not."""

    @hookspec
    def vdx_before_booking(self, context: ClinicContext, plan: Plan) -> Veto | None:
        """Return a veto to keep a room from being booked for this plan."""

    # --- observations -------------------------------------------------------------------------------------------

    @hookspec
    def vdx_context_opened(self, context: ClinicContext) -> None:
        """A patient was opened where none was open."""

    @hookspec
    def vdx_context_changed(self, old: ClinicContext, new: ClinicContext) -> None:
        """The record shows another patient. A running consultation goes on with its own."""

    @hookspec
    def vdx_context_closed(self, context: ClinicContext, reason: ContextChange) -> None:
        """The record shows no patient any longer, or its user has left."""

    @hookspec
    def vdx_patient_merged(self, retired: Identifier, survivor: Identifier) -> None:
        """Two records became one; whoever keeps the retired number must rewrite it."""

    @hookspec
    def vdx_room_booked(self, session_id: UUID, start: datetime, end: datetime) -> None:
        """A safe room was booked. Its address and PINs are not told."""

    @hookspec
    def vdx_call_state(self, session_id: UUID, state: CallState, at: datetime) -> None:
        """A consultation begins, its call runs, or it is over."""

    @hookspec
    def vdx_written_back(self, session_id: UUID, receipt: WriteBackReceipt) -> None:
        """The note stands in the record."""

    @hookspec
    def vdx_audit(self, event: AuditEvent) -> None:
        """Somebody did something that the practice must be able to account for; nothing about the patient."""
