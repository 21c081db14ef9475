"""The click a doctor makes: Tryton's own web client in a headless Chromium, on GNU Health, up to our address."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright
from PySide6.QtWidgets import QApplication

from tests.chromium import QUIET, find_chromium
from tests.fakes_clinic import RememberingSink
from tests.interop.test_gnuhealth import adapter, appointment, patient_number
from tests.peers.gnuhealth import server as gnuhealth
from tests.peers.gnuhealth.server import DITTE, DOCTOR, Server
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.patients import cpr
from vdx_plugin.ui import gallery, gallery_windows, scenes
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.windows import dress

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ACTION = "Start video consultation (VDX)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with gnuhealth.running(tmp_path_factory.mktemp("gnuhealth")) as running:
        yield running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        yield page
        await browser.close()


async def sign_in(page: Page, server: Server) -> None:
    await page.goto(f"{server.url}/#{gnuhealth.DATABASE}")
    await page.fill("input[name=login]", DOCTOR[0])
    await page.get_by_role("button", name="Login").click()
    await page.fill("input[type=password]", DOCTOR[1])
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Hanne Holm")


async def click_action(page: Page, server: Server, model: str, number: int) -> Page:
    """Open a record, choose the action from its menu, and return the page that it opens."""
    await page.goto(f"{server.url}/#{gnuhealth.DATABASE}/model/{model}/{number}")
    # Several records may be open as tabs, each with its own menu, and a menu for narrow windows beside it.
    await page.locator("button#action:visible").click()
    entry = page.locator("a:visible", has_text=ACTION)
    await entry.wait_for()
    if pictures := os.environ.get("VDX_PICTURES"):
        await page.screenshot(path=Path(pictures) / f"gnuhealth-{model.rpartition('.')[2]}-action.png")
    async with page.context.expect_page() as opened:
        await entry.click()
    launched = await opened.value
    await launched.wait_for_load_state()
    return launched


def picture_dock(context: ClinicContext, file: Path) -> None:
    """Write what the doctor sees beside the record after the click."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    dress(app, Theme())
    view = replace(scenes.idle(context), consultation=replace(scenes.starting(), context=context))
    gallery.render(app, ("dock", gallery_windows.dock(view), (320, 860)), Theme(), file)


async def test_the_action_in_the_patient_form_starts_with_that_patient(server: Server, page: Page) -> None:
    """Two clicks in a record that others wrote, and the program has the patient."""
    sink, record = RememberingSink(), server.rpc(DOCTOR)
    system = adapter(server)
    await system.start(sink)
    try:
        await sign_in(page, server)
        launched = await click_action(page, server, "gnuhealth.patient", patient_number(record, DITTE))
        assert "Videoen starter" in await launched.inner_text("body")
        assert launched.url.startswith(system.launch_address)
        assert DITTE not in launched.url
        if pictures := os.environ.get("VDX_PICTURES"):
            await launched.screenshot(path=Path(pictures) / "gnuhealth-launched.png")
        (context,) = sink.starts
        if pictures:
            picture_dock(context, Path(pictures) / "gnuhealth-dock.png")
        assert context.patient.identifiers == (cpr(DITTE),)
        # Reloaded, as a browser does that restores its tabs: the ticket is spent.
        await launched.reload()
        assert "blev ikke startet" in await launched.inner_text("body")
        assert len(sink.starts) == 1
    finally:
        await system.stop()


async def test_the_action_in_the_appointment_form_brings_the_appointment(server: Server, page: Page) -> None:
    """The telemedicine appointment of the day is where many starts come from."""
    sink = RememberingSink()
    number = await asyncio.to_thread(lambda: appointment(server.rpc(DOCTOR)))
    system = adapter(server)
    await system.start(sink)
    try:
        await sign_in(page, server)
        await click_action(page, server, "gnuhealth.appointment", number)
        assert sink.starts[-1].appointment_id == str(number)
    finally:
        await system.stop()
