"""Whether VDX can be reached, as whom, what for, and whether the clocks agree.

``look`` is one quick question. ``Doctor`` goes through everything that must be right on the day a practice gets its
access, each step on its own, and gives a frozen ``Diagnosis`` that ``diagnosis`` puts into words. It changes nothing at
VDX and reads no meeting.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from vdx_plugin.booking.access import ApiVersion, VdxAccess
from vdx_plugin.booking.auth import BOOKERS, PLANNERS, Authority, Identity
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.booking.models import PoolInfo
from vdx_plugin.errors import Refused, SignInNeeded, VdxError
from vdx_plugin.ports import Clock

CLOCK_TOLERANCE_S = 30.0
"""Tokens and starts of now bear about a minute; half of that is worth telling."""
NAME_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class VdxHealth:
    """What a look at VDX showed.

    ``problem`` is a problem code, empty when all is well. ``roles`` is None where the token cannot be looked into.
    ``clock_ahead_s`` says how far our clock is before VDX's, good to a second; None if VDX did not tell.
    """

    reachable: bool
    problem: str = ""
    roles: tuple[str, ...] | None = None
    clock_ahead_s: float | None = None
    build: str = ""


async def look(client: VdxClient, auth: Authority, clock: Clock) -> VdxHealth:
    """Ask for the build information, which needs a token but changes nothing. Raises nothing of ours."""
    try:
        info = await client.info()
    except VdxError as error:
        return VdxHealth(False, error.code, auth.roles(), _ahead(client, clock))
    build = next((str(item.value) for item in info.info if item.key == "git"), "")
    return VdxHealth(True, "", auth.roles(), _ahead(client, clock), build)


def _ahead(client: VdxClient, clock: Clock) -> float | None:
    if client.server_time is None:
        return None
    return (clock.now() - client.server_time).total_seconds()


class Step(StrEnum):
    """What is looked at, in the order in which one needs the other."""

    NAME = "name"
    TOKEN = "token"
    ORGANISATION = "organisation"
    ROLE = "role"
    TEMPLATE = "template"
    POOL = "pool"
    CLOCK = "clock"


class State(StrEnum):
    GOOD = "good"
    BAD = "bad"
    """Start video will not work before somebody has acted."""
    WEAK = "weak"
    """It works, but not as well as it could."""
    UNKNOWN = "unknown"
    """VDX does not tell, or an earlier step failed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One step. ``code`` names the sentence (``name.unknown``); ``facts`` fill it and hold nothing secret."""

    step: Step
    state: State
    code: str
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything found at ``at``, in the environment of that name."""

    at: datetime
    environment: str
    version: str
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """True when nothing stands in the way of starting video."""
        return all(finding.state is not State.BAD for finding in self.findings)

    def finding(self, step: Step) -> Finding:
        """Return what was found at one step."""
        return next(finding for finding in self.findings if finding.step is step)


Resolve = Callable[[str], Awaitable[object]]


async def resolve(host: str) -> object:
    """Ask the system for the addresses of ``host``. Raises OSError."""
    return await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)


class Doctor:
    """Answers "Can I reach VDX?"."""

    def __init__(
        self, access: VdxAccess, client: VdxClient, auth: Authority, clock: Clock, *, resolve: Resolve = resolve
    ) -> None:
        self._access = access
        self._client = client
        self._auth = auth
        self._clock = clock
        self._resolve = resolve

    async def examine(self, on_finding: Callable[[Finding], object] = lambda _finding: None) -> Diagnosis:
        """Go through every step; a step that fails does not stop those that can still be answered. Raises nothing.

        ``on_finding`` hears of each step as soon as it is known.
        """
        findings: list[Finding] = []
        async for finding in self._findings():
            findings.append(finding)
            on_finding(finding)
        return Diagnosis(self._clock.now(), self._access.environment, self._access.version.value, tuple(findings))

    async def _findings(self) -> AsyncIterator[Finding]:
        name = await self._name()
        yield name
        reached = name.state is State.GOOD
        entry = await self._entry() if reached else [_unknown(s) for s in (Step.TOKEN, Step.ORGANISATION, Step.ROLE)]
        for finding in entry:
            yield finding
        entered = reached and all(finding.state is not State.BAD for finding in entry)
        for step, examine in ((Step.TEMPLATE, self._template), (Step.POOL, self._pool)):
            yield await _told(step, examine) if entered else _unknown(step)
        yield self._clocks()

    async def _name(self) -> Finding:
        hosts = [urlsplit(url).hostname or "" for url in (self._access.base_url, self._access.token_url) if url]
        for host in hosts:
            if not host:
                return Finding(Step.NAME, State.BAD, "name.missing")
            try:
                async with asyncio.timeout(NAME_LIMIT_S):
                    await self._resolve(host)
            except (OSError, TimeoutError, UnicodeError):
                return Finding(Step.NAME, State.BAD, "name.unknown", {"host": host})
        return Finding(Step.NAME, State.GOOD, "name.good", {"host": hosts[0] if hosts else ""})

    async def _entry(self) -> list[Finding]:
        """Token, organisation and role come out of one request, which VDX refuses for each in its own way."""
        problem: VdxError | None = None
        try:
            await self._client.info()
        except VdxError as error:
            problem = error
        identity = self._auth.identity()
        return [
            _token(problem, identity, self._access.version),
            _organisation(problem, identity),
            _role(problem, identity),
        ]

    async def _template(self) -> Finding:
        templates = await self._client.templates()
        default = next((one for one in templates if one.is_default_template), None)
        if default is None:
            return Finding(Step.TEMPLATE, State.UNKNOWN, "template.none")
        safe = default.host_pin_required and default.guest_pin_required
        return Finding(
            Step.TEMPLATE, State.GOOD if safe else State.WEAK, "template.good" if safe else "template.unsafe"
        )

    async def _pool(self) -> Finding:
        identity = self._auth.identity()
        pools = await self._client.pool()
        own = [pool for pool in pools if identity is None or pool.organisation_id == identity.organisation]
        return _pool_finding(own[0] if own else None)

    def _clocks(self) -> Finding:
        ahead_s = _ahead(self._client, self._clock)
        if ahead_s is None:
            return Finding(Step.CLOCK, State.UNKNOWN, "clock.untold")
        facts: dict[str, str | int] = {"seconds": round(abs(ahead_s))}
        if abs(ahead_s) <= CLOCK_TOLERANCE_S:
            return Finding(Step.CLOCK, State.GOOD, "clock.good", facts)
        return Finding(Step.CLOCK, State.BAD, "clock.ahead" if ahead_s > 0 else "clock.behind", facts)


async def _told(step: Step, examine: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await examine()
    except VdxError as error:
        return Finding(step, State.UNKNOWN, f"{step}.unasked", {"problem": error.code})


def _unknown(step: Step) -> Finding:
    return Finding(step, State.UNKNOWN, "earlier")


def _token(problem: VdxError | None, identity: Identity | None, version: ApiVersion) -> Finding:
    if version is ApiVersion.V1_PROXY and (problem is None or isinstance(problem, Refused)):
        return Finding(Step.TOKEN, State.GOOD, "token.certificate")
    if identity is not None and (problem is None or not isinstance(problem, SignInNeeded) or not identity.roles):
        return Finding(Step.TOKEN, State.GOOD, "token.good")
    if problem is None:
        return Finding(Step.TOKEN, State.GOOD, "token.good")
    code = "token.refused" if isinstance(problem, SignInNeeded) else "token.unreachable"
    return Finding(Step.TOKEN, State.BAD, code, {"problem": problem.code})


def _organisation(problem: VdxError | None, identity: Identity | None) -> Finding:
    if identity is not None and identity.is_misshapen:
        return Finding(Step.ORGANISATION, State.BAD, "organisation.misshapen")
    if identity is not None and not (identity.organisation and identity.email):
        return Finding(Step.ORGANISATION, State.BAD, "organisation.missing")
    if isinstance(problem, Refused):
        return Finding(Step.ORGANISATION, State.BAD, "organisation.unknown")
    if problem is None:
        return Finding(Step.ORGANISATION, State.GOOD, "organisation.good")
    return _unknown(Step.ORGANISATION)


def _role(problem: VdxError | None, identity: Identity | None) -> Finding:
    if identity is None:
        return Finding(Step.ROLE, State.UNKNOWN, "role.untold" if problem is None else "earlier")
    if not BOOKERS.intersection(identity.roles):
        return Finding(Step.ROLE, State.BAD, "role.none")
    if not PLANNERS.intersection(identity.roles):
        return Finding(Step.ROLE, State.WEAK, "role.own_only")
    return Finding(Step.ROLE, State.GOOD, "role.good")


def _pool_finding(pool: PoolInfo | None) -> Finding:
    if pool is None or pool.desired_pool_size is None:
        return Finding(Step.POOL, State.UNKNOWN, "pool.untold")
    facts: dict[str, str | int] = {"ready": pool.available_pool_size or 0, "wanted": pool.desired_pool_size}
    if not pool.desired_pool_size:
        return Finding(Step.POOL, State.WEAK, "pool.none", facts)
    if not pool.available_pool_size:
        return Finding(Step.POOL, State.WEAK, "pool.empty", facts)
    return Finding(Step.POOL, State.GOOD, "pool.good", facts)
