"""The card where a doctor sees it: the trial record in a headless Chromium, calling the service with signed calls."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.chromium import QUIET, find_chromium
from tests.peers.gnuhealth.server import _free_port
from vdx_plugin.cds_hooks import feedback, running
from vdx_plugin.demo.cards import cards_on_show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        page = await browser.new_page(viewport={"width": 1080, "height": 640})
        yield page
        await browser.close()


async def picture(page: Page, name: str) -> None:
    if pictures := os.environ.get("VDX_PICTURES"):
        await page.screenshot(path=Path(pictures) / f"cards-{name}.png")


async def test_the_card_is_shown_and_what_becomes_of_it_is_counted(page: Page, tmp_path: Path) -> None:
    """Open a patient, follow the card; open another, put it away; book a time."""
    async with cards_on_show(tmp_path, _free_port()) as address:
        await page.goto(f"{address}/")
        assert "Start videokonsultation" in await page.inner_text(".card")
        await picture(page, "patient")
        await page.get_by_role("button", name="Åbn videosiden").click()
        await page.wait_for_url("**/video")
        await page.goto(f"{address}/record/aage")
        await page.get_by_role("button", name="Ikke nu").click()
        await page.goto(f"{address}/book/aage")
        assert "kan holdes på video" in await page.inner_text(".card")
        await picture(page, "booking")
    service = "vdx-video-patient"
    counted = {(service, "accepted", ""): 1, (service, "overridden", "not-now"): 1}
    assert feedback.count(tmp_path / running.FILE) == counted
