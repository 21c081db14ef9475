"""The patient's browser against the whole program: from the link in the mail to picture and sound at both ends."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.chromium import ARGUMENTS, find_chromium
from vdx_plugin.app import Program, assemble
from vdx_plugin.demo.world import FileVault, World
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import PartyRole, Presence
from vdx_plugin.ports import MediaChoice
from vdx_plugin.service.view import ConsultationView

pytestmark = pytest.mark.browser
LIMIT_S = 40.0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def program(world: World) -> AsyncIterator[Program]:
    program = await assemble(world.settings(), secrets=world.secret, vault=FileVault())
    await program.desk.start()
    yield program
    await program.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


async def until(seen: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while True:
        holds = seen()
        if await holds if isinstance(holds, Awaitable) else holds:
            return
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)


def consultation(program: Program) -> ConsultationView:
    view = program.desk.view.consultation
    assert view is not None
    return view


async def start(world: World, program: Program) -> None:
    await world.clinic.send_directory()
    await world.clinic.open_patient(0)
    await until(lambda: program.desk.view.context is not None and bool(program.desk.view.appointments), "no context")
    await program.desk.set_media_choice(MediaChoice(use_test_card=True))
    await program.desk.start_video()
    await until(lambda: consultation(program).stage is Stage.IN_CALL, "the call did not start")


async def sees_and_hears(page: Page) -> bool:
    seen = await page.evaluate("window.vdxGuest.stats()")
    return bool(seen["framesDecoded"] > 15 and seen["audioEnergy"] > 0)


async def test_the_patient_joins_from_the_mail_and_both_see_and_hear(
    world: World, program: Program, browser: Browser
) -> None:
    """The main job with a real browser at the other end."""
    await start(world, program)
    mails = await world.sandbox.mail.wait_for(1, LIMIT_S)
    link = re.search(r"https?://\S+/guest/\S+", mails[0].text)
    assert link is not None
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(link.group())
    assert "pin" not in page.url, "the PIN stays in the address"
    await page.get_by_role("button", name="Deltag").click()
    await until(lambda: bool(consultation(program).waiting), "the patient does not wait")
    guest = consultation(program).waiting[0]
    assert guest.party_key is not None
    await program.desk.admit(guest.participant_id)

    await until(lambda: sees_and_hears(page), "the patient sees or hears nothing")
    call = consultation(program).call
    await until(lambda: bool(consultation(program).call and consultation(program).call.remote_video), "no picture")  # type: ignore[union-attr]
    await until(lambda: bool(consultation(program).call and consultation(program).call.remote_audio), "no sound")  # type: ignore[union-attr]
    assert call is not None
    assert call.locked
    patient = next(status for status in consultation(program).parties if status.party.role is PartyRole.PATIENT)
    assert patient.presence is Presence.IN_CALL

    await program.desk.end_for_all()
    await page.get_by_role("heading", name="Samtalen er slut").wait_for(timeout=LIMIT_S * 1000)
    await page.close()
