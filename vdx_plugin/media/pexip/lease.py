"""The token's life: refreshed at a third of its time, one refresh at a time, tried until it has run out.

Source: client REST API v2, ``refresh_token``; the vendor's clients refresh at a third to a half.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from vdx_plugin import log
from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.media.pexip.client import PexipClient
from vdx_plugin.media.pexip.replies import Renewal

_log = log.get("media.token")

RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class TokenLife:
    """When a token was got and how long it lasts; times in seconds of any steady clock. Pure."""

    got_at: float
    lasts_s: float

    def due_in_s(self, now: float) -> float:
        """Return seconds until the next refresh, 0 when it is due."""
        return max(0.0, self.got_at + self.lasts_s / 3 - now)

    def is_over(self, now: float) -> bool:
        return now >= self.got_at + self.lasts_s

    def renewed(self, now: float, lasts_s: float) -> TokenLife:
        return replace(self, got_at=now, lasts_s=lasts_s)


class Lease:
    """Keeps the client's token alive while ``run`` runs."""

    def __init__(
        self,
        client: PexipClient,
        lasts_s: float,
        clock: Callable[[], float],
        on_renewal: Callable[[Renewal], None] = lambda renewal: None,
    ) -> None:
        self._client = client
        self._on_renewal = on_renewal
        self._clock = clock
        self._life = TokenLife(clock(), lasts_s)
        self._turn = asyncio.Lock()
        self._wanted = asyncio.Event()

    def refresh_soon(self) -> None:
        """The node asked for a refresh."""
        self._wanted.set()

    async def run(self) -> None:
        """Refresh until cancelled. Raises Refused when the node no longer knows the token, or it has run out."""
        while True:
            await self._rest()
            try:
                await self.refresh()
            except Refused:
                raise
            except VdxError as error:
                _log.warning("the token could not be refreshed (%s)", error.code)
                if self._life.is_over(self._clock()):
                    raise Refused("call.token_gone") from error
                await asyncio.sleep(RETRY_S)

    async def refresh(self) -> None:
        """Refresh now. Two that ask at once get one refresh after the other, never two with the same token."""
        async with self._turn:
            asked_at = self._clock()
            renewal: Renewal = await self._client.refresh()
            self._life = self._life.renewed(asked_at, renewal.expires_s)
            self._wanted.clear()
            # The node may have made a guest of us meanwhile, or a host.
            self._on_renewal(renewal)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._life.due_in_s(self._clock())):
                await self._wanted.wait()
        except TimeoutError:
            return
