"""The click a doctor makes: "Video" in a record's page in a headless Chromium, through the sign-in, to our address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.chromium import QUIET, find_chromium
from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink
from tests.peers.smart import server as smart
from tests.peers.smart.server import DITTE, SmartServer
from vdx_plugin.adapters.smart import SmartSystem
from vdx_plugin.adapters.smart.settings import SmartSettings
from vdx_plugin.domain.patients import cpr

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[SmartServer]:
    with smart.running() as running:
        running.begin()
        yield running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        page = await browser.new_page(viewport={"width": 1000, "height": 640})
        yield page
        await browser.close()


async def test_a_click_on_video_in_the_record_starts_with_that_patient(server: SmartServer, page: Page) -> None:
    """One click, no sign-in page as the browser is signed in, and a reload starts nothing."""
    sink = RememberingSink()
    system = SmartSystem(SmartSettings((server.fhir,), "vdx-plugin"), HandClock(datetime.now(UTC)), PRACTICE)
    await system.start(sink)
    server.control("set", launchUrl=system.launch_address)
    try:
        await page.goto(f"{server.url}/record?user=hanne")
        if pictures := os.environ.get("VDX_PICTURES"):
            await page.screenshot(path=Path(pictures) / "smart-record.png")
        async with page.context.expect_page() as opened:
            await page.get_by_role("button", name="Video: Ditte Prøvesen").click()
        launched = await opened.value
        await launched.wait_for_url(f"{system._launch.redirect}*")
        assert "Videoen starter" in await launched.inner_text("body")
        assert DITTE not in launched.url
        if pictures := os.environ.get("VDX_PICTURES"):
            await launched.screenshot(path=Path(pictures) / "smart-launched.png")
        (context,) = sink.starts
        assert context.patient.identifiers == (cpr(DITTE),)
        assert context.user.initials == "HH"
        await launched.reload()
        assert "blev ikke startet" in await launched.inner_text("body")
        assert len(sink.starts) == 1
    finally:
        await system.stop()
