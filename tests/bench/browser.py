"""Chromium as the far end, on the sandbox's guest page with fake devices, and where its joining time goes."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.async_api import Browser, Page, async_playwright

MARK_LIMIT_S = 20.0
# As in tests/interop; the last three let it run without a screen, a camera, or anybody to press Allow.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--headless=new",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
)
# The page marks when a picture is shown; the first one decoded, as we count ours, is only seen from within.
_WATCH_DECODING = """
const Original = RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(...facts) {
    super(...facts);
    this.addEventListener("track", ({ track }) => {
      if (track.kind !== "video") return;
      const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
      reader.read().then(({ value }) => {
        performance.mark("vdx:decoded");
        value?.close();
        reader.cancel();
      });
    });
  }
};
"""
_ALL_MARKS = """
async () => {
  const wanted = ["picture", "decoded", "connected", "acknowledged"];
  const all = () => wanted.every((name) => name in window.vdxGuest.marks());
  while (!all()) await new Promise((resolve) => setTimeout(resolve, 20));
  return window.vdxGuest.marks();
}
"""


def chromium() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    told = os.environ.get("VDX_CHROMIUM")
    if told and Path(told).is_file():
        return told
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


class Chromium:
    """A running browser. ``flag`` stands on its command line and finds its processes."""

    def __init__(self, browser: Browser, flag: str) -> None:
        self._browser = browser
        self._page: Page | None = None
        self.flag = flag

    async def enter(self, link: str) -> None:
        """Follow a link and press Join as soon as the page can be pressed."""
        context = await self._browser.new_context(viewport={"width": 1280, "height": 800})
        page = self._page = await context.new_page()
        await page.add_init_script(_WATCH_DECODING)
        await page.goto(link)
        await page.get_by_role("button", name="Deltag").click()

    async def seen(self) -> dict[str, float]:
        """Wait for the first picture shown; return the moments of joining in milliseconds."""
        async with asyncio.timeout(MARK_LIMIT_S):
            found: dict[str, float] = await self._current().evaluate(_ALL_MARKS)
        return found

    async def received(self) -> dict[str, Any]:
        """Return the page's own statistics."""
        found: dict[str, Any] = await self._current().evaluate("window.vdxGuest.stats()")
        return found

    async def leave(self) -> None:
        """Press the red button, and close the page."""
        if self._page is not None:
            await self._page.locator("#hang-up").click()
            await self._page.context.close()
            self._page = None

    def _current(self) -> Page:
        if self._page is None:
            raise RuntimeError("the browser is in no room")
        return self._page


@asynccontextmanager
async def running() -> AsyncIterator[Chromium]:
    """Run Chromium without a screen."""
    flag = f"--vdx-bench={uuid4().hex}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*_FLAGS, flag])
        try:
            yield Chromium(browser, flag)
        finally:
            await browser.close()
