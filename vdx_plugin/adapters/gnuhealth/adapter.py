"""The adapter: one user's session at GNU Health, the address its action opens, and what is written back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from vdx_plugin.adapters.gnuhealth import mapping, writing
from vdx_plugin.adapters.gnuhealth.launching import LaunchAddress
from vdx_plugin.adapters.gnuhealth.tryton import TrytonSession
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Appointment,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    Health,
    HealthState,
    Identifier,
    Misconfigured,
    NotFound,
    Organisation,
    Patient,
    Refused,
    Register,
    Secret,
    Summary,
    Tasks,
    Unavailable,
    VdxError,
    WriteBackReceipt,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.gnuhealth")

NAME = "gnuhealth"
LOOK_EVERY_S = 60.0
_KNOWN = frozenset({"url", "database", "user", "port", "number_system"})
_NEEDED = ("url", "database", "user")


@dataclass(frozen=True, slots=True)
class GnuHealthSettings:
    """``url`` is the server's base address; ``port`` of the launch address, 0 for any free one.

    ``number_system`` is the URI of what the centre keeps as PUID; empty takes Danish numbers for what they look like.
    """

    url: str
    database: str
    user: str
    password: Secret
    port: int = 0
    number_system: str = ""

    @classmethod
    def read(cls, settings: Mapping[str, str], secrets: Mapping[str, Secret]) -> GnuHealthSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in set(settings) - _KNOWN:
            raise _wrong(name, "unknown")
        for name in _NEEDED:
            if not settings.get(name):
                raise _wrong(name, "missing")
        if "password" not in secrets:
            raise _wrong("password", "missing")
        if not _is_safe(settings["url"]):
            raise _wrong("url", "not https, and not this machine")
        port = settings.get("port", "0")
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise _wrong("port", "not a port")
        return cls(
            settings["url"].rstrip("/"),
            settings["database"],
            settings["user"],
            secrets["password"],
            int(port),
            settings.get("number_system", ""),
        )


def _wrong(name: str, why: str) -> Misconfigured:
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")


def _is_safe(url: str) -> bool:
    """The session and the patients go over this line: it is encrypted, or does not leave the machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


class GnuHealthSystem(Adapter):
    """The contract for GNU Health."""

    name = NAME
    capabilities = Capabilities(
        frozenset(
            {
                Capability.START_ACTION,
                Capability.DIRECTORY,
                Capability.APPOINTMENTS,
                Capability.CONFIRM,
                Capability.WRITE_BACK,
                Capability.READ_BACK,
                Capability.MERGE,
            }
        )
    )

    def __init__(
        self,
        settings: GnuHealthSettings,
        clock: Clock,
        practice: Organisation,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._practice = practice
        self._transport = transport
        self._launch = LaunchAddress(self._redeem)
        self._tasks = Tasks()
        self._sink: AdapterSink | None = None
        self._healthprof: int | None = None
        self._is_lost = False

    @property
    def launch_address(self) -> str:
        """Where the record's action leads; changes with every start unless a port is set."""
        return self._launch.address

    async def start(self, sink: AdapterSink) -> None:
        """Sign in, listen, and tell GNU Health where we wait.

        A server that does not answer is told and tried again until it does. Raises SignInNeeded, NotFound
        (``gnuhealth.database``), Refused(``gnuhealth.no_module``), Unavailable(``local.port_taken``).
        """
        self._sink = sink
        self._http = self._client()
        chosen = self._settings
        self._session = TrytonSession(self._http, chosen.database, chosen.user, chosen.password)
        await self._launch.start(chosen.port)
        try:
            await self._announce()
        except Unavailable as error:
            self._tell_lost(error)
        except BaseException:
            await self.stop()
            raise
        self._tasks.spawn(self._keep_looking(), "gnuhealth-look")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._settings.url, transport=self._transport, trust_env=False)

    async def stop(self) -> None:
        await self._tasks.close()
        if self._sink is None:
            return
        self._sink = None
        await self._launch.stop()
        try:
            if self._session.user_id:
                await self._session.call("model.vdx_video.launch.announce", "", changes=True)
        except VdxError as error:
            _log.info("the server was not told that we stop: %s", error)
        await self._session.sign_out()
        await self._http.aclose()

    async def confirm(self, context: ClinicContext) -> bool:
        """Read the patient once more: still there, not merged into another, and with the same number."""
        if context.patient.local_id is None:
            return False
        found, survivor = await self._read(int(context.patient.local_id))
        return survivor is None and found.is_same_person(context.patient)

    async def complete(self, context: ClinicContext) -> ClinicContext:
        """Find the patient by number, and fill in what is missing. Unchanged when the number is unknown here."""
        found = await self._find(context.patient)
        return replace(context, patient=context.patient.filled_from(found)) if found else context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        """Return the user's planned appointments, all types; those of type telemedicine are by video."""
        domain: list[Any] = [("appointment_date", ">=", start), ("appointment_date", "<", end)]
        if self._healthprof is not None:
            domain.append(("healthprof", "=", self._healthprof))
        found = await self._session.call(
            "model.gnuhealth.appointment.search_read", domain, 0, 200, None, mapping.APPOINTMENT_FIELDS
        )
        planned = [mapping.appointment(record) for record in found]
        return sorted((one for one in planned if one), key=lambda one: one.start)

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Write evaluation, attachment and appointment; see ``writing``. A merged patient's goes to the survivor."""
        patient_id = await self._patient_id(context.patient)
        appointment = int(context.appointment_id) if context.appointment_id else None
        entry = await writing.write(self._session, summary, patient_id, appointment, self._healthprof)
        return WriteBackReceipt(NAME, entry, self._clock.now())

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        """Look for the entry of a consultation, where no answer came."""
        entry = await writing.find(self._session, await self._patient_id(context.patient), key)
        return WriteBackReceipt(NAME, entry, self._clock.now()) if entry else None

    async def health(self) -> Health:
        """Ask the server who we are: it answers, and the session holds or is renewed."""
        return await self._ask(self._session)

    async def try_settings(self) -> Health:
        """Sign in with the settings as they are, apart from the running session."""
        async with self._client() as http:
            chosen = self._settings
            session = TrytonSession(http, chosen.database, chosen.user, chosen.password)
            found = await self._ask(session)
            await session.sign_out()
            return found

    async def _ask(self, session: TrytonSession) -> Health:
        try:
            await session.call("model.vdx_video.launch.redeem", "", changes=True)
        except Refused as error:
            no_module = error.code == "gnuhealth.forbidden"
            return Health(HealthState.BAD, "gnuhealth.no_module" if no_module else error.code, error.facts)
        except VdxError as error:
            return Health(HealthState.BAD, error.code, error.facts)
        return Health(HealthState.GOOD)

    async def _patient_id(self, patient: Patient) -> int:
        """Return the record to write to. Raises NotFound where the patient of the snapshot is not found any longer."""
        known = patient if patient.local_id else await self._find(patient)
        if known is None or known.local_id is None:
            raise NotFound("writeback.refused", "no record of this patient")
        local = int(known.local_id)
        found, survivor = await self._read(local)
        if survivor is not None:
            return survivor
        if not found.is_same_person(patient):
            raise NotFound("writeback.refused", "the record belongs to another patient now")
        return local

    async def _find(self, patient: Patient) -> Patient | None:
        """Return the record's patient of the same number; None for none, and for more than one."""
        for identifier in patient.identifiers:
            domain = [("puid", "=", identifier.value)]
            ids = await self._session.call("model.gnuhealth.patient.search", domain, 0, 2, None)
            if len(ids) == 1:
                found, _ = await self._read(ids[0])
                if found.is_same_person(patient):
                    return found
        return None

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _read(self, patient_id: int) -> tuple[Patient, int | None]:
        """Return a patient, and the record it was merged into, if it was. Raises NotFound(``context.none``)."""
        call = self._session.call
        rows = await call("model.gnuhealth.patient.read", [patient_id], mapping.PATIENT_FIELDS)
        if not rows:
            raise NotFound("context.none", "no such patient")
        (party,) = await call("model.party.party.read", [rows[0]["party"]], mapping.PARTY_FIELDS)
        found = mapping.patient(rows[0], party, self._settings.number_system)
        return found, await self._survivor(party["replaced_by"]) if party.get("replaced_by") else None

    async def _survivor(self, party_id: int) -> int:
        ids = await self._session.call("model.gnuhealth.patient.search", [("party", "=", party_id)], 0, 1, None)
        if not ids:
            raise NotFound("context.none", "the surviving party is no patient")
        return int(ids[0])

    # --- the click in the record ------------------------------------------------------------------------------------

    async def _redeem(self, ticket: str) -> None:
        """Spend a ticket and start with the patient it names. Raises Refused(``ticket.*``) and what a call raises."""
        sink = self._sink
        if sink is None:
            raise Unavailable("ticket.no_program", "stopping")
        try:
            context = await self._context_of(ticket)
        except VdxError as error:
            _log.warning("launch refused: %s", error.code)
            sink.notice(error.code, **error.facts)
            raise
        sink.start_wanted(context)

    async def _context_of(self, ticket: str) -> ClinicContext:
        if not ticket:
            raise Refused("ticket.unknown")
        given = await self._session.call("model.vdx_video.launch.redeem", ticket, changes=True)
        if refused := given.get("refused"):
            raise Refused(f"ticket.{refused}" if refused in ("used", "stale", "foreign") else "ticket.unknown")
        if given["user"] != self._session.user_id:
            raise Refused("ticket.foreign", "the server redeemed a ticket of somebody else")
        patient, survivor = await self._read(given["patient"])
        if survivor is not None:
            patient = await self._follow(patient, survivor)
        return ClinicContext(
            source=NAME,
            patient=patient,
            user=ClinicUser(str(self._session.user_id), self._settings.user),
            organisation=self._practice,
            opened_at=self._clock.now(),
            appointment_id=str(given["appointment"]) if given.get("appointment") else None,
        )

    async def _follow(self, retired: Patient, survivor_id: int) -> Patient:
        """The click was on a record that was merged into another: it is the survivor who is meant."""
        survivor, _ = await self._read(survivor_id)
        if self._sink is not None and _first(retired) != _first(survivor):
            self._sink.patient_merged(_first(retired), _first(survivor))
        return survivor

    # --- keeping in touch -------------------------------------------------------------------------------------------

    async def _announce(self) -> None:
        """Tell GNU Health where this user's program waits, and find who the user is there."""
        try:
            await self._session.call("model.vdx_video.launch.announce", self._launch.address, changes=True)
        except Refused as error:
            if error.code == "gnuhealth.forbidden":
                raise Refused("gnuhealth.no_module", error.detail) from error
            raise
        domain = [("party.internal_user", "=", self._session.user_id)]
        found = await self._session.call("model.gnuhealth.healthprofessional.search", domain, 0, 1, None)
        self._healthprof = int(found[0]) if found else None

    async def _keep_looking(self) -> None:
        """Announce again where the server was away, and look for changed appointments, until stopped."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._announce()
            except VdxError as error:
                self._tell_lost(error)
            else:
                self._tell_back()

    def _tell_lost(self, error: VdxError) -> None:
        if not self._is_lost and self._sink is not None:
            self._is_lost = True
            _log.warning("GNU Health does not answer: %s", error)
            self._sink.notice(error.code, **error.facts)

    def _tell_back(self) -> None:
        if self._is_lost:
            self._is_lost = False
            _log.info("GNU Health answers again")
        if self._sink is not None:
            self._sink.appointments_changed()


def _first(patient: Patient) -> Identifier:
    return patient.identifiers[0]


def make(setup: AdapterSetup) -> GnuHealthSystem:
    """Make the adapter. Raises Misconfigured."""
    settings = GnuHealthSettings.read(setup.settings, setup.secrets)
    return GnuHealthSystem(settings, setup.need_clock(), setup.organisation or Organisation(""))


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
