"""Whether VDX can be reached, as whom, and whether the clocks agree."""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.booking.auth import Authority
from vdx_plugin.booking.client import VdxClient
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import Clock


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
