"""How a check is run: in a workplace of its own, passed over with a reason where it does not apply."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vdx_plugin.errors import Misconfigured
from vdx_plugin.hookspecs import AdapterFactory
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.ports import Capability, Runner
from vdx_plugin.testing.checks import Check, Level
from vdx_plugin.testing.peer import NotOffered, Peer, Place
from vdx_plugin.testing.stand_ins import VirtualClock
from vdx_plugin.testing.workplace import at_work, own_point

DOES_NOT_APPLY, NOT_SHOWN = "does not apply: ", "not shown: "
ATTRIBUTE = "vdx_check"
Body = Callable[..., Coroutine[Any, Any, None]]


class Conformant:
    """What every group of checks stands on: which adapter, and how its peer is made."""

    name: str = ""
    """The adapter, by the name of its entry point."""
    make_adapter: Callable[[Any], Any] | None = None
    """Override to make the adapter from an ``AdapterSetup`` yourself; by default the host does, from its package."""
    does_not_apply: Mapping[int, str] = {}
    """Checks, by number, for which the clinic system has no such thing, each with the reason why."""

    def make_peer(self, place: Place) -> Peer:
        """Return the clinic system that stands beside the adapter. Without one, few checks can be shown."""
        return Peer(place)

    def factory(self) -> AdapterFactory | None:
        return self.make_adapter


def check(number: int, level: Level, title: str, *needs: Capability, bare: bool = False) -> Callable[[Body], Any]:
    """Make a numbered check of a coroutine ``(self, work)``; of ``(self, place)`` when ``bare``: it starts nothing.

    It is passed over, with the reason, when the adapter lacks one of ``needs``, when the class says that it does not
    apply, and when the peer cannot do what it asks.
    """

    def decorate(body: Body) -> Any:
        @functools.wraps(body)
        def run(self: Conformant) -> None:
            reason = self.does_not_apply.get(number)
            if reason:
                pytest.skip(DOES_NOT_APPLY + reason)
            with tempfile.TemporaryDirectory(prefix="vdx-check-") as folder:
                place = Place(Path(folder), _clock_of(self.name))
                try:
                    asyncio.run(body(self, place) if bare else _worked(self, body, place, needs))
                except NotOffered as reason_why:
                    pytest.skip(f"{NOT_SHOWN}its peer does not offer {reason_why}")

        # pytest reads the arguments of what is wrapped, and would look for a fixture named after them.
        del run.__wrapped__
        setattr(run, ATTRIBUTE, Check(number, level, title))
        return run

    return decorate


def _clock_of(name: str) -> VirtualClock:
    """Return the clock of a check. A process of its own has the machine's, so the check stands at that time too."""
    try:
        apart = manifest_of(own_point(name)).runner is Runner.PROCESS
    except (LookupError, Misconfigured):
        apart = False
    return VirtualClock(datetime.now(UTC)) if apart else VirtualClock()


async def _worked(self: Conformant, body: Body, place: Place, needs: tuple[Capability, ...]) -> None:
    async with at_work(self.name, self.make_peer(place), place, factory=self.factory()) as work:
        _ = work.adapter
        lacking = [need for need in needs if not work.can(need)]
        if lacking:
            pytest.skip(f"{DOES_NOT_APPLY}no {lacking[0]}")
        await body(self, work)
