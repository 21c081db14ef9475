"""Version 1 of the contract: everything an adapter may import, and nothing else may be imported.

A package brings three things: a manifest (``vdx-adapter.toml``, see ``Manifest``), an entry point in the group
``vdx_plugin.adapters`` that names its module, and in that module the hook ``vdx_adapters``, which registers a
factory. The factory gets an ``AdapterSetup`` and returns an ``Adapter``. The adapter tells the host what happens in
the record through the ``AdapterSink`` it gets in ``start``, and answers the calls of ``ClinicSystem``.

- *The contract*: ``Adapter``, ``ClinicSystem``, ``AdapterSink``, ``AdapterSetup``, ``Capabilities``, ``Capability``,
  ``ContextChange``, ``Health``, ``HealthState``, ``Action``.
- *Hooks*: ``hookimpl``, ``Register``, ``Veto``, ``Invitee``, ``CallState``, ``AuditEvent``.
- *Values*: ``ClinicContext``, ``ClinicUser``, ``Organisation``, ``Patient``, ``PersonName``, ``Identifier``, ``cpr``
  and the systems of Danish numbers, ``Appointment``, ``Plan``, ``Summary``, ``Attendance``, ``WriteBackReceipt``,
  ``RecordLetter``, ``RecordIncoming``, ``FeeCode`` ...
- *Errors*, named by what must happen next: ``Unavailable``, ``OutcomeUnknown``, ``SignInNeeded``, ``Refused``,
  ``NotFound``, ``Conflict``, ``Unreadable``, ``Unsupported``, ``Misconfigured``.
- *Tools*: ``get_logger`` (masks), ``Secret``, ``Tasks`` (keeps tasks), ``Clock``, ``MAX_AGE``;
  ``api.v1.loopback`` has a small HTTP server for records that call back, on a port or on a socket of the user's own.
"""

from vdx_plugin.api.adapter import Adapter
from vdx_plugin.domain.consultation import EndReason
from vdx_plugin.domain.context import MAX_AGE, ClinicContext, ClinicUser, Organisation
from vdx_plugin.domain.danish_time import COPENHAGEN, danish, danish_day, instant_of
from vdx_plugin.domain.fees import FeeCode, FeeProposal
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole
from vdx_plugin.domain.patients import CPR, D_ECPR, X_ECPR, Identifier, Patient, PersonName, cpr
from vdx_plugin.domain.plan import Appointment, Plan
from vdx_plugin.domain.secret import Secret
from vdx_plugin.domain.summary import Attendance, Summary, WriteBackReceipt
from vdx_plugin.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    Unsupported,
    VdxError,
)
from vdx_plugin.hookspecs import AdapterFactory, Register, hookimpl
from vdx_plugin.log import get as get_logger
from vdx_plugin.ports import (
    START_VIDEO,
    Action,
    AdapterSetup,
    AdapterSink,
    AuditEvent,
    CallState,
    Capabilities,
    Capability,
    ClinicSystem,
    Clock,
    ContextChange,
    Health,
    HealthState,
    Invitee,
    Manifest,
    RecordIncoming,
    RecordLetter,
    Veto,
    Words,
)
from vdx_plugin.runtime import Tasks

__api__ = 1

__all__ = [
    "COPENHAGEN",
    "CPR",
    "D_ECPR",
    "MAX_AGE",
    "START_VIDEO",
    "X_ECPR",
    "Action",
    "Adapter",
    "AdapterFactory",
    "AdapterSetup",
    "AdapterSink",
    "Appointment",
    "Attendance",
    "AuditEvent",
    "CallState",
    "Capabilities",
    "Capability",
    "Channel",
    "ClinicContext",
    "ClinicSystem",
    "ClinicUser",
    "Clock",
    "Conflict",
    "ContextChange",
    "EndReason",
    "FeeCode",
    "FeeProposal",
    "Health",
    "HealthState",
    "Identifier",
    "Invitee",
    "Manifest",
    "Misconfigured",
    "NotFound",
    "Organisation",
    "OutcomeUnknown",
    "Partner",
    "Party",
    "PartyRole",
    "Patient",
    "PersonName",
    "Plan",
    "RecordIncoming",
    "RecordLetter",
    "Refused",
    "Register",
    "Secret",
    "SignInNeeded",
    "Summary",
    "Tasks",
    "Unavailable",
    "Unreadable",
    "Unsupported",
    "VdxError",
    "Veto",
    "Words",
    "WriteBackReceipt",
    "cpr",
    "danish",
    "danish_day",
    "get_logger",
    "hookimpl",
    "instant_of",
]
