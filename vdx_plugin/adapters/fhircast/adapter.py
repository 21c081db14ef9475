"""The adapter: keeps the subscription alive and turns what is followed into contexts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from vdx_plugin.adapters.fhircast import events, follow
from vdx_plugin.adapters.fhircast.events import Event
from vdx_plugin.adapters.fhircast.follow import Closed, Follower, Opened, OutOfStep
from vdx_plugin.adapters.fhircast.hub import Hub
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    ContextChange,
    Health,
    HealthState,
    Misconfigured,
    Organisation,
    Refused,
    Register,
    Secret,
    SignInNeeded,
    Tasks,
    Unavailable,
    Unreadable,
    VdxError,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.fhircast")

NAME = "fhircast"
WAITS_S = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Pauses between tries to reach the hub; the last one is kept."""


@dataclass(frozen=True, slots=True)
class FhircastSettings:
    """``url`` of the hub; ``topic`` and ``token`` come from the record system and are secrets both."""

    url: str
    topic: Secret
    token: Secret
    user: str = ""

    @classmethod
    def read(cls, settings: Mapping[str, str], secrets: Mapping[str, Secret]) -> FhircastSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in set(settings) - {"url", "user"}:
            raise _wrong(name, "unknown")
        if not _is_safe(settings.get("url", "")):
            raise _wrong("url", "not https, and not this machine")
        if "topic" not in secrets:
            raise _wrong("topic", "missing")
        return cls(settings["url"], secrets["topic"], secrets.get("token", Secret("")), settings.get("user", ""))


def _wrong(name: str, why: str) -> Misconfigured:
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


class FhircastSystem(Adapter):
    """The contract for a FHIRcast hub: what is open on the desktop, and nothing else."""

    name = NAME
    capabilities = Capabilities(frozenset({Capability.CONTEXT, Capability.CONFIRM}))

    def __init__(self, settings: FhircastSettings, clock: Clock, practice: Organisation) -> None:
        self._settings = settings
        self._clock = clock
        self._practice = practice
        self._tasks = Tasks()
        self._hub: Hub | None = None
        self._follower = Follower()
        self._sink: AdapterSink | None = None
        self._health = Health(HealthState.UNKNOWN)
        self._is_told_lost = False

    async def start(self, sink: AdapterSink) -> None:
        """Begin to subscribe; returns at once, for a hub may come up later than we do."""
        chosen = self._settings
        self._sink = sink
        self._hub = Hub(chosen.url, chosen.topic, chosen.token, "vdx-plugin")
        self._tasks.spawn(self._keep_listening(self._hub), "fhircast-listen")

    async def stop(self) -> None:
        self._sink = None
        await self._tasks.close()
        self._follower = Follower()
        if self._hub is not None:
            await self._hub.leave()
            await self._hub.close()
            self._hub = None

    async def current(self) -> ClinicContext | None:
        open_now = self._follower
        if open_now.patient is None:
            return None
        return self._context(Opened(open_now.patient, open_now.encounter_id, self._clock.now(), open_now.version))

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the hub what is open now, where it tells; else what we last heard has to do."""
        if self._hub is None or self._follower.patient is None:
            return False
        asked = await self._hub.current()
        if asked is not None and not _names(asked, context):
            return False
        return self._follower.patient.is_same_person(context.patient)

    async def health(self) -> Health:
        return self._health

    async def try_settings(self) -> Health:
        """Subscribe once, apart from what runs, and let go again."""
        chosen = self._settings
        hub = Hub(chosen.url, chosen.topic, chosen.token, "vdx-plugin (try)")
        confirmed = asyncio.Event()
        listening = asyncio.create_task(hub.listen(lambda _: follow.OK, confirmed.set), name="fhircast-try")
        waiting = asyncio.create_task(confirmed.wait(), name="fhircast-confirmed")
        try:
            await asyncio.wait({listening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            error = listening.exception() if listening.done() else None
        finally:
            for task in (listening, waiting):
                task.cancel()
            await asyncio.gather(listening, waiting, return_exceptions=True)
            await hub.leave()
            await hub.close()
        if isinstance(error, VdxError):
            return Health(HealthState.BAD, error.code, error.facts)
        return Health(HealthState.GOOD)

    # --- listening --------------------------------------------------------------------------------------------------

    async def _keep_listening(self, hub: Hub) -> None:
        tries = 0
        while True:
            try:
                await hub.listen(self._hear, self._found)
            except (SignInNeeded, Refused) as error:
                self._lost(error)
                # A person must act; asking on every second would only make the hub's log longer.
                tries = len(WAITS_S)
            except (Unavailable, Unreadable) as error:
                tries = 0 if self._health.state is HealthState.GOOD else tries + 1
                self._lost(error)
            await asyncio.sleep(WAITS_S[min(tries, len(WAITS_S) - 1)])

    def _found(self) -> None:
        self._health = Health(HealthState.GOOD)
        if self._is_told_lost:
            _log.info("the hub answers again")
        self._is_told_lost = False

    def _lost(self, error: VdxError) -> None:
        """What was open is not known any longer; told once, for the hub may stay away all day."""
        self._health = Health(HealthState.BAD, error.code, error.facts, self._clock.now())
        if self._follower.patient is not None and self._sink is not None:
            self._sink.closed()
        self._follower.forget()
        if not self._is_told_lost:
            self._is_told_lost = True
            _log.warning("not following the desktop: %s", error)
            if self._sink is not None:
                self._sink.notice(error.code, **error.facts)

    def _hear(self, event: Event) -> int:
        sink = self._sink
        if sink is None:
            return 503
        status, told = self._follower.hear(event, in_call=sink.in_call)
        match told:
            case Opened():
                # Also while refused: the program shows that the record is about somebody else.
                sink.opened(self._context(told))
            case Closed(user_left):
                sink.closed(ContextChange.USER_LEFT if user_left else ContextChange.CLOSED)
            case OutOfStep():
                sink.notice("fhircast.out_of_step")
        return status

    def _context(self, opened: Opened) -> ClinicContext:
        user = self._settings.user or NAME
        return ClinicContext(
            source=NAME,
            patient=opened.patient,
            user=ClinicUser(user, user if self._settings.user else ""),
            organisation=self._practice,
            opened_at=min(opened.at, self._clock.now()),
            encounter_id=opened.encounter_id,
            version=opened.version,
        )


def _names(context: list[object], wanted: ClinicContext) -> bool:
    """Whether a hub's current context names the patient of ours."""
    try:
        found = events.patient_of(context)
    except Unreadable:
        return False
    return found is not None and found.is_same_person(wanted.patient)


def make(setup: AdapterSetup) -> FhircastSystem:
    """Make the adapter. Raises Misconfigured."""
    settings = FhircastSettings.read(setup.settings, setup.secrets)
    return FhircastSystem(settings, setup.need_clock(), setup.organisation or Organisation(""))


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
