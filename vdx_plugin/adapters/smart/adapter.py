"""The adapter: a launch from the record, the context that it brings, and what is written back."""

from __future__ import annotations

import asyncio
import secrets
import webbrowser
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from vdx_plugin.adapters.smart import identity, mapping, scopes, tokens, writing
from vdx_plugin.adapters.smart.discovery import Server, discover
from vdx_plugin.adapters.smart.fhir import Record
from vdx_plugin.adapters.smart.launching import LaunchAddress, Query
from vdx_plugin.adapters.smart.sessions import Session, Sessions
from vdx_plugin.adapters.smart.settings import NAME, SmartSettings
from vdx_plugin.adapters.smart.signing_in import SigningIn, UnderWay
from vdx_plugin.adapters.smart.tokens import Tokens, resource_id
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    Health,
    HealthState,
    NotFound,
    Organisation,
    Patient,
    PersonName,
    Refused,
    Register,
    SignInNeeded,
    Summary,
    Tasks,
    Unavailable,
    Unsupported,
    VdxError,
    WriteBackReceipt,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.smart")

LOOK_LIMIT_S = 2.0
PARTING_LIMIT_S = 1.0
_QUIET = frozenset({"launch", "online_access"})
"""Scopes that do their work without being named again in the answer."""

Opener = Callable[[str], Awaitable[object]]


async def open_browser(address: str) -> object:
    """Open an address in the system's browser; starting one may take seconds."""
    return await asyncio.to_thread(webbrowser.open, address)


class SmartSystem(Adapter):
    """The contract for records with SMART App Launch. ``opener`` opens addresses in the system's browser."""

    name = NAME

    def __init__(
        self,
        settings: SmartSettings,
        clock: Clock,
        practice: Organisation,
        opener: Opener = open_browser,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._practice = practice
        self._opener = opener
        self._launch = LaunchAddress(self._on_launch, self._on_return)
        self._under_way = UnderWay(timedelta(seconds=settings.launch_limit_s))
        self._sessions = Sessions()
        self._missing: tuple[str, ...] = ()
        self._tasks = Tasks()
        self._sink: AdapterSink | None = None
        self.capabilities = self._can_now()

    def _can_now(self) -> Capabilities:
        """Return what can be done with the settings, and with what the records have granted."""
        can = {Capability.START_ACTION, Capability.CONFIRM, Capability.MERGE}
        if self._settings.write_back and self._sessions.may("DocumentReference", "c"):
            can.add(Capability.WRITE_BACK)
            if self._sessions.may("DocumentReference", "s"):
                can.add(Capability.READ_BACK)
        return Capabilities(frozenset(can))

    @property
    def launch_address(self) -> str:
        """The launch address to register with the record."""
        return self._launch.address

    async def start(self, sink: AdapterSink) -> None:
        """Listen for launches; a record is asked first when it launches. Raises Unavailable(``local.port_taken``)."""
        self._http = _client()
        try:
            await self._launch.start(self._settings.port)
        except Unavailable:
            await self._http.aclose()
            raise
        self._sink = sink

    async def stop(self) -> None:
        """Stop listening, and give every right back."""
        if self._sink is None:
            return
        self._sink = None
        await self._launch.stop()
        await self._tasks.close()
        self._under_way.forget()
        await self._part_from_all()
        await self._http.aclose()

    async def _part_from_all(self) -> None:
        try:
            async with asyncio.timeout(PARTING_LIMIT_S):
                await asyncio.gather(
                    *(self._give_back(one.server, one.record.tokens) for one in self._sessions.clear())
                )
        except TimeoutError:
            _log.info("not every right was given back in time")

    # --- the click in the record ------------------------------------------------------------------------------------

    async def _on_launch(self, query: Query) -> str:
        """Begin to sign in; see ``launching.OnLaunch``."""
        try:
            address = await self._begin(query)
        except VdxError as error:
            self._tell(error)
            raise
        if self._settings.in_same_tab:
            return address
        await self._opener(address)
        return ""

    async def _begin(self, query: Query) -> str:
        iss, launch = query.get("iss", ""), query.get("launch", "")
        if not iss or not launch:
            raise Refused("smart.launch")
        if iss.rstrip("/") not in self._settings.servers:
            raise Refused("smart.server_unknown")
        self._under_way.see(iss, launch)
        server = await discover(self._http, iss)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _each in range(3))
        one = SigningIn(server, self._launch.redirect, self._clock.now(), state, nonce, verifier)
        self._under_way.add(one)
        return one.address(self._settings.client_id, self._asked, launch)

    async def _on_return(self, query: Query) -> None:
        """End the sign-in and start with the patient of the launch."""
        sink = self._sink
        if sink is None:
            raise Unavailable("ticket.no_program", "stopping")
        try:
            one, code = self._under_way.take(query, self._clock.now())
            context = await self._signed_in(one, code, sink)
        except VdxError as error:
            self._tell(error)
            raise
        sink.start_wanted(context)

    async def _signed_in(self, one: SigningIn, code: str, sink: AdapterSink) -> ClinicContext:
        client_id = self._settings.client_id
        given = await tokens.exchange(self._http, one, client_id, code)
        try:
            keys = await identity.keys_of(self._http, one.server)
            now = self._clock.now()
            user = identity.user_of(given.facts.get("id_token"), keys, one.server, client_id, one.nonce, now)
            return await self._context(one.server, given, user, sink)
        except VdxError:
            # What we shall not use is not kept alive.
            self._tasks.spawn(self._give_back(one.server, given), "smart-give-back")
            raise

    async def _context(self, server: Server, given: Tokens, user: str, sink: AdapterSink) -> ClinicContext:
        """Read whom the launch is about. Raises Refused for a missing, another or a closed patient."""
        patient_id = given.patient
        if not given.granted.allows("Patient", "r"):
            raise Unsupported("smart.fewer_rights", missing="Patient.r")
        record = Record(self._http, server.base, given, lambda old: self._renew(server, old))
        found, local = await self._living(record, patient_id, sink)
        for kind, named in (("Encounter", given.encounter), ("Appointment", given.appointment)):
            if named and record.allows(kind, "r"):
                await _check_about(record, kind, named, (patient_id, local))
        who = await _user(record, user)
        self._keep(Session(server, record, local, found, who.id))
        self._tell_missing(given, sink)
        return ClinicContext(
            source=NAME,
            patient=found,
            user=who,
            organisation=self._practice,
            opened_at=self._clock.now(),
            appointment_id=given.appointment,
            encounter_id=given.encounter,
        )

    async def _living(self, record: Record, patient_id: str, sink: AdapterSink) -> tuple[Patient, str]:
        """Read a patient; one that was merged is followed to the survivor, and that is told."""
        read, _version = await record.read("Patient", patient_id)
        found = mapping.subject(read, record.base)
        if found.survivor is None:
            if not found.is_active:
                raise Refused("smart.inactive")
            return found.patient, patient_id
        survivor_id = resource_id(found.survivor)
        if not survivor_id:
            raise NotFound("context.none", "the survivor is elsewhere")
        read, _version = await record.read("Patient", survivor_id)
        survivor = mapping.subject(read, record.base)
        if survivor.survivor is not None or not survivor.is_active:
            raise NotFound("context.none", "the survivor does not live on")
        _tell_merge(sink, found.patient, survivor.patient)
        return survivor.patient, survivor_id

    # --- the contract -------------------------------------------------------------------------------------------------

    async def confirm(self, context: ClinicContext) -> bool:
        """Read the patient once more: still there, in use, not merged into another, and with the same number."""
        session, sink = self._sessions.of(context), self._sink
        if session is None or sink is None:
            return False
        try:
            patient, local = await self._living(session.record, session.patient_id, sink)
        except Refused as error:
            _log.info("not confirmed: %s", error)
            return False
        return local == session.patient_id and patient.is_same_person(context.patient)

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Write encounter, note and appointment; see ``writing``. A merged patient's goes to the survivor."""
        if not self._settings.write_back:
            raise Unsupported("writeback.unsupported")
        session, target = await self._target(context)
        entry = await writing.write(session.record, target, summary)
        return WriteBackReceipt(NAME, entry, self._clock.now())

    async def written(self, context: ClinicContext, key: UUID) -> WriteBackReceipt | None:
        """Look for the entry of a consultation, where no answer came."""
        session, target = await self._target(context)
        entry = await writing.find(session.record, target, key)
        return WriteBackReceipt(NAME, entry, self._clock.now()) if entry else None

    async def _target(self, context: ClinicContext) -> tuple[Session, writing.Target]:
        """Say where it is to be written. Raises SignInNeeded(``smart.sign_in``) where a new click is needed."""
        session, sink = self._sessions.of(context), self._sink
        if session is None or sink is None:
            raise SignInNeeded("smart.sign_in", "no session with this patient and user")
        patient, local = await self._living(session.record, session.patient_id, sink)
        if local == session.patient_id and not patient.is_same_person(context.patient):
            raise NotFound("writeback.refused", "the record belongs to another patient now")
        encounter, appointment = resource_id(context.encounter_id), resource_id(context.appointment_id)
        return session, writing.Target(local, session.author, encounter or None, appointment or None)

    async def health(self) -> Health:
        """Ask the records' servers what they are, and say whether one granted less than asked for."""
        found = await self._look(self._http)
        if found.state is HealthState.GOOD and self._missing:
            return Health(HealthState.DEGRADED, "smart.fewer_rights", {"missing": ", ".join(self._missing)})
        return found

    async def try_settings(self) -> Health:
        """Ask the records' servers what they are."""
        async with _client() as http:
            return await self._look(http)

    async def diagnostics(self) -> Mapping[str, str]:
        hosts = {urlsplit(server).hostname or "" for server in self._settings.servers}
        return {
            "servers": ", ".join(sorted(hosts)),
            "launch address": self.launch_address,
            "sessions": str(len(self._sessions)),
            "not granted": ", ".join(self._missing),
        }

    async def _look(self, http: httpx.AsyncClient) -> Health:
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                await asyncio.gather(*(discover(http, server) for server in self._settings.servers))
        except TimeoutError:
            return Health(HealthState.BAD, "smart.unreachable")
        except VdxError as error:
            return Health(HealthState.BAD, error.code, error.facts)
        return Health(HealthState.GOOD)

    # --- sessions -----------------------------------------------------------------------------------------------------

    @property
    def _asked(self) -> tuple[str, ...]:
        return scopes.asked(write_back=self._settings.write_back)

    def _keep(self, session: Session) -> None:
        for ended in self._sessions.add(session):
            self._tasks.spawn(self._give_back(ended.server, ended.record.tokens), "smart-give-back")
        self.capabilities = self._can_now()

    async def _renew(self, server: Server, old: Tokens) -> Tokens:
        return await tokens.renew(self._http, server.token, self._settings.client_id, old)

    async def _give_back(self, server: Server, given: Tokens) -> None:
        await tokens.revoke(self._http, server.revoke, self._settings.client_id, given)

    # --- what the user hears ------------------------------------------------------------------------------------------

    def _tell(self, error: VdxError) -> None:
        _log.warning("launch refused: %s", error)
        if self._sink is not None:
            self._sink.notice(error.code, **error.facts)

    def _tell_missing(self, given: Tokens, sink: AdapterSink) -> None:
        missing = tuple(gap for gap in given.granted.missing(self._asked) if gap not in _QUIET)
        if missing and missing != self._missing:
            _log.warning("granted less than asked for: %s", ", ".join(missing))
            sink.notice("smart.fewer_rights", missing=", ".join(missing))
        self._missing = missing


async def _check_about(record: Record, kind: str, local: str, patients: tuple[str, ...]) -> None:
    found, _version = await record.read(kind, local)
    if not any(mapping.is_about(found, patient, record.base) for patient in patients):
        raise Refused("smart.other_patient", kind)


async def _user(record: Record, who: str) -> ClinicUser:
    """Return the user of the id_token, with name where the record shows it."""
    kind, _, local = who.removeprefix(f"{record.base}/").partition("/")
    if kind != "Practitioner" or not resource_id(local):
        return ClinicUser(who)
    name: PersonName | None = None
    try:
        name = mapping.practitioner_name((await record.read(kind, local))[0])
    except VdxError as error:
        _log.info("the user's name is not known: %s", error)
    initials = name.initials.replace(".", "") if name else ""
    return ClinicUser(f"{record.base}/{kind}/{local}", initials, name)


def _tell_merge(sink: AdapterSink, retired: Patient, survivor: Patient) -> None:
    first, lives_on = retired.identifiers[0], survivor.identifiers[0]
    if first != lives_on:
        sink.patient_merged(first, lives_on)


def _client() -> httpx.AsyncClient:
    # Redirects are not followed: a token or a code goes to the address that was checked and to no other.
    return httpx.AsyncClient(follow_redirects=False, trust_env=False)


def make(setup: AdapterSetup) -> SmartSystem:
    """Make the adapter. Raises Misconfigured."""
    settings = SmartSettings.read(setup.settings)
    return SmartSystem(settings, setup.need_clock(), setup.organisation or Organisation(""))


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
