"""Which patient the record has open, and what may be begun from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from vdx_plugin import log
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.danish_time import danish_day, day_limits
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole
from vdx_plugin.domain.patients import Identifier
from vdx_plugin.domain.plan import Appointment, Plan, default_plan, partner_party
from vdx_plugin.errors import Refused
from vdx_plugin.ports import Capability, Invitee
from vdx_plugin.service.closing import role_word
from vdx_plugin.service.outside import Outside
from vdx_plugin.service.screen import Screen

_log = log.get("service.record")

PARTY_KEYS_AHEAD = 10


class OpenRecord:
    """Follows the record. ``publish`` shows the desk anew after a change."""

    def __init__(
        self, outside: Outside, screen: Screen, publish: Callable[[], None], *, can_text: bool = False
    ) -> None:
        self._outside = outside
        self._screen = screen
        self._publish = publish
        self._can_text = can_text
        self._number = 0
        self._proposed: tuple[frozenset[str], ClinicContext] | None = None

    @property
    def context(self) -> ClinicContext | None:
        """The patient open now."""
        return self._screen.view.context

    def is_open(self, context: ClinicContext) -> bool:
        """True when the record shows the patient of ``context``."""
        return self.context is not None and self.context.patient.is_same_person(context.patient)

    # --- following --------------------------------------------------------------------------------------------------

    def turn(self) -> int:
        """The record was turned to something else; return the number under which ``open`` may show it."""
        self._number += 1
        return self._number

    async def open(self, context: ClinicContext, number: int) -> None:
        """Show the patient, at first with what the record said. A newer opening or closing makes ``number`` old."""
        self._show(context, number)
        if not context.patient.is_complete:
            context = await self._outside.systems.complete(context)
            self._show(context, number)

    def _show(self, context: ClinicContext, number: int) -> None:
        if number == self._number:
            self._screen.change_quietly(context=context)
            self._screen.forget_met()
            self._publish()

    def close(self) -> None:
        """No patient is open any longer."""
        self.turn()
        self._screen.change_quietly(context=None)
        self._publish()

    def merge(self, retired: Identifier, survivor: Identifier) -> None:
        """Two records became one: the open patient follows the survivor."""
        if self.context is not None:
            self._screen.change_quietly(context=merged(self.context, retired, survivor))

    async def load_appointments(self) -> None:
        """Read today's appointments from the clinic systems."""
        start, end = day_limits(danish_day(self._outside.clock.now()))
        found = await self._outside.systems.appointments(start, end)
        self._screen.change(appointments=tuple(sorted(found, key=lambda item: item.start)))

    # --- beginning --------------------------------------------------------------------------------------------------

    def usable(self) -> ClinicContext:
        """Return the open patient. Raises Refused(``context.none``, ``context.incomplete``)."""
        if self.context is None:
            raise Refused("context.none")
        if not self.context.patient.is_complete:
            raise Refused("context.incomplete")
        return self.context

    async def confirmed(self) -> ClinicContext:
        """Return the open patient, confirmed by the record if that was long ago. Raises Refused(``context.*``)."""
        context = self.usable()
        if not context.is_stale(self._outside.clock.now()):
            return context
        systems = self._outside.systems
        if systems.can(context.source, Capability.CONFIRM) and await systems.confirm(context):
            return context
        raise Refused("context.stale")

    async def propose(self) -> Plan:
        """Return the plan that one click would carry out. Raises Refused(``context.*``)."""
        invitees = await self._outside.plugins.invitees(self.usable())
        # Asked again: the record may have been turned while the plug-ins answered.
        context, now = self.usable(), self._outside.clock.now()
        keys = [self._outside.new_id().hex[:12] for _number in range(PARTY_KEYS_AHEAD)]
        self._proposed = frozenset(keys), context
        partners: tuple[Partner, ...] = tuple(self._outside.partners.all())
        proposed = default_plan(context, self._appointment(context), partners, now, keys, can_text=self._can_text)
        free = keys[len(proposed.parties) :]
        return proposed.with_more(_invited(invitees, proposed, partners, free))

    def is_for_another(self, plan: Plan) -> bool:
        """True when the plan was proposed while another patient was open: it holds that one's address."""
        if self._proposed is None:
            return False
        keys, context = self._proposed
        return any(party.key in keys for party in plan.parties) and not self.is_open(context)

    def _appointment(self, context: ClinicContext) -> Appointment | None:
        own = [
            item
            for item in self._screen.view.appointments
            if item.id == context.appointment_id or item.patient_ref == context.patient.local_id
        ]
        now = self._outside.clock.now()
        return min(own, key=lambda item: abs(item.start - now), default=None)


def _invited(invitees: Sequence[Invitee], plan: Plan, partners: Sequence[Partner], keys: Sequence[str]) -> list[Party]:
    """Return whom plug-ins add: partners that the directory knows and the plan does not hold, and addresses."""
    known = {partner.gln: partner for partner in partners if partner.gln}
    there = {party.partner.gln for party in plan.parties if party.partner} | {party.address for party in plan.parties}
    parties = []
    for invitee, key in zip(invitees, keys, strict=False):
        handle = invitee.gln or invitee.email
        if not handle or handle in there:
            continue
        there.add(handle)
        if invitee.gln in known:
            parties.append(partner_party(known[invitee.gln], key))
        elif invitee.email:
            parties.append(Party(key, invitee.role, Channel.EMAIL, address=invitee.email))
    return parties


def label(context: ClinicContext) -> str:
    """Name and year of birth, for the screen only."""
    patient = context.patient
    name = patient.name.full if patient.name else "?"
    return f"{name} (f. {patient.birth_date.year})" if patient.birth_date else name


def called(party: Party, context: ClinicContext) -> str:
    """Return the name of a party, for the screen only."""
    if party.partner is not None:
        return party.partner.name
    return label(context) if party.role is PartyRole.PATIENT else role_word(party.role)


def merged(context: ClinicContext, retired: Identifier, survivor: Identifier) -> ClinicContext:
    """Return the context with the identifier that lives on; unchanged if it is about somebody else."""
    if retired not in context.patient.identifiers:
        return context
    identifiers = tuple(survivor if item == retired else item for item in context.patient.identifiers)
    return replace(context, patient=replace(context.patient, identifiers=tuple(dict.fromkeys(identifiers))))
