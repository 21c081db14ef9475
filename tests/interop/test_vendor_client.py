"""The room vendor's own client, in Chromium, against our room server: the server is what that client expects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright
from roompeer import ALIAS, GUEST_PIN, HOST_PIN, Served, serve
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.chromium import ARGUMENTS, find_chromium
from tests.peers.pexip import packed
from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.rooms import VirtualRoom

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WITHIN_S = 15


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


class Vendor:
    """One page with the vendor's client in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def join(self, name: str, pin: str | None = None, **more: Any) -> int:
        """Enter; return the HTTP status of the door."""
        values = {"alias": ALIAS, "name": name, **({"pin": pin} if pin else {}), **more}
        status: int = await self.page.evaluate("values => window.client.join(values)", values)
        return status

    async def command(self, name: str, **values: Any) -> Any:
        """Give the client one of its own commands."""
        return await self.page.evaluate("([name, values]) => window.client.command(name, values)", [name, values])

    async def figures(self) -> dict[str, Any]:
        """Return what it has decoded."""
        found: dict[str, Any] = await self.page.evaluate("window.client.figures()")
        return found

    async def told(self, signal: str) -> list[Any]:
        """Return what a signal of the client has said so far."""
        seen: list[Any] = await self.page.evaluate("window.client.seen")
        return [value for name, value in seen if name == signal]

    async def until(self, signal: str, holds: Callable[[Any], bool] = lambda value: True) -> Any:
        """Wait for a signal whose value ``holds``."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = [value for value in await self.told(signal) if holds(value)]
                if found:
                    return found[-1]
                await asyncio.sleep(0.05)

    async def decodes(self, what: str = "main", *, frames: int = 10) -> dict[str, Any]:
        """Wait until it has decoded so many more pictures of ``main`` or ``slides``, and heard something."""
        first = (await self.figures())[what]
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = await self.figures()
                if found[what] - first >= frames and found["energy"] > 0:
                    return found
                await asyncio.sleep(0.1)


@asynccontextmanager
async def meeting(
    chromium: Browser, config: RoomServerConfig | None = None, *, room: VirtualRoom | None = None, people: int = 2
) -> AsyncIterator[tuple[Served, list[Vendor]]]:
    """Run a room with so many vendor's clients ready to join it; a page's error fails the test."""
    page_files = Mount("/vendor", StaticFiles(directory=packed(), html=True))
    async with serve(config, more=[page_files], **({"room": room} if room else {})) as served:
        context = await chromium.new_context()
        wrong: list[str] = []
        vendors = []
        for _ in range(people):
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await page.goto(f"{served.base}/vendor/")
            vendors.append(Vendor(page))
        try:
            yield served, vendors
        finally:
            await context.close()
        assert wrong == []


async def test_host_and_guest_see_and_hear_each_other(chromium: Browser) -> None:
    """The plain consultation: both PINs, sound and picture both ways."""
    async with meeting(chromium) as (_, (host, guest)):
        assert await host.join("Læge", HOST_PIN) == 200
        assert await guest.join("Patient", GUEST_PIN) == 200
        await asyncio.gather(host.decodes(), guest.decodes())
