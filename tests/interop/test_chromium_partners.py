"""The partners' pages in a real Chromium: a person reads, answers and turns a partner to rejecting, by keyboard too."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.chromium import ARGUMENTS, find_chromium
from tests.unit.sandbox.partners.samples import AT, CLINIC_GLN, HEADER_ID, HOSPITAL, invitation
from vdx_plugin.sandbox.partners import Behaviour, Parcel, Partner, PartnerKind, PartnerTimes
from vdx_plugin.sandbox.partners.answers import Json, reply
from vdx_plugin.sandbox.partners.bundle import Message, items, text
from vdx_plugin.sandbox.partners.values import JSON_MIME
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

pytestmark = pytest.mark.browser
CLINIC = Partner(CLINIC_GLN, "1017421000016003", "Lægehuset Eksempel", PartnerKind.OTHER)
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
CONTROLS = "select, input:not([type=hidden])"
OLD_GLN = "5790000000500"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    config = SandboxConfig(pool_size=1, partner_times=PartnerTimes(acknowledge_s=0.01))
    async with Sandbox(config).running() as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, sandbox: Sandbox, path: str, viewport: dict[str, int]) -> AsyncIterator[Page]:
    """Open a page; what it complains about, or loads from elsewhere, fails the test."""
    context = await browser.new_context(viewport=viewport, locale="da-DK")  # type: ignore[arg-type]
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: faults.append(asked.url) if _is_foreign(asked.url, sandbox) else None)
    await page.goto(sandbox.base_url + path)
    yield page
    assert faults == []
    await context.close()


def _is_foreign(url: str, sandbox: Sandbox) -> bool:
    return not url.startswith((sandbox.base_url, "data:"))


async def hand_in(sandbox: Sandbox, bundle: Json, gln: str = HOSPITAL.gln) -> None:
    body = json.dumps(bundle).encode()
    await sandbox.partners.hand_in(Parcel(CLINIC_GLN, gln, str(uuid4()), JSON_MIME, body))


def follows(earlier: Json, words: str, minutes: int) -> Json:
    """Return the clinic's next letter of the thread."""
    at = datetime.fromisoformat(AT) + timedelta(minutes=minutes)
    return reply(Message(earlier), words, CLINIC, "Karen Madsen", at, lambda: str(uuid4()))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_invitation_move_and_cancellation_are_read_in_one_thread_and_answered(
    sandbox: Sandbox, browser: Browser, viewport: dict[str, int]
) -> None:
    """The whole of a nurse's morning: one line in the inbox, three letters behind it, one answer."""
    moved = follows(invitation(), "ÆNDRET TID\nNu: torsdag den 15. oktober kl. 9.00", 10)
    cancelled = follows(moved, "AFLYST\nMødet er aflyst.", 20)
    # The move is the last to come: networks do that.
    for bundle in (invitation(), cancelled, moved):
        await hand_in(sandbox, bundle)
    async with opened(browser, sandbox, "/partners/", viewport) as page:
        await page.get_by_role("link", name=re.compile("Ældremedicinsk")).click()
        line = page.get_by_role("link", name=re.compile("Videomøde 14.10.2026"))
        await expect(line).to_have_count(1)
        await expect(line).to_contain_text("3 i tråden")
        await expect(line).to_contain_text("AFLYST")
        await line.click()
        await expect(page.locator(".words").first).to_contain_text("Mødet er aflyst.")
        await expect(page.locator(".words")).to_have_count(3)
        thread = page.get_by_role("heading", name="Hele tråden").locator("+ ul a b")
        await expect(thread).to_have_text(["AFLYST", "ÆNDRET TID", "Invitation til videomøde."])
        await page.get_by_role("link", name=re.compile("Invitation til videomøde")).click()
        link = page.get_by_role("link", name="https://video.example/m/abc")
        await expect(link).to_have_attribute("href", "https://video.example/m/abc")
        await page.get_by_role("link", name="gå til den nyeste").click()
        await page.get_by_role("button", name="Vi kan ikke").click()
        await expect(page.locator(".words").first).to_have_text("Vi kan ikke.")
        await expect(page.get_by_text("Sendt af os").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    letters = sandbox.partners.letters(HOSPITAL.gln)
    (sent,) = [letter for letter in letters if letter.outgoing]
    said = [text(part, "contentString") for part in items(Message(sent.bundle).first("Communication"), "payload")]
    assert said[-1] == "Vi kan ikke."


async def test_an_answer_with_a_newcomer_is_written_by_keyboard_alone(sandbox: Sandbox, browser: Browser) -> None:
    """From the text on, Tab and Enter are enough, in the order one reads."""
    await hand_in(sandbox, invitation())
    async with opened(browser, sandbox, f"/partners/{HOSPITAL.gln}/{HEADER_ID}", DESKTOP) as page:
        await page.get_by_label("Tekst", exact=True).focus()
        await page.keyboard.type("Vi deltager.")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("Underskrift")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Mia Test")
        for _ in range(3):
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Send svar")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(".words").first).to_have_text("Vi deltager.\nNy deltager: Mia Test")


async def test_a_partner_is_set_to_rejecting_and_says_why(sandbox: Sandbox, browser: Browser) -> None:
    """By page: choose, send, and see the refusal on the letter that comes next."""
    async with opened(browser, sandbox, f"/partners/{HOSPITAL.gln}/", DESKTOP) as page:
        await page.get_by_label("Opførsel").select_option("Afviser alt")
        await page.get_by_text("Nærmere om afvisning").click()
        await page.get_by_label("Grund, når der afvises").select_option("MSG_Receiver_Identifier_UNKNOWN")
        await page.get_by_role("button", name="Brug fra nu af").click()
        assert sandbox.partners.partners[HOSPITAL.gln].behaviour is Behaviour.REJECT
        await hand_in(sandbox, invitation())
        await expect(page.get_by_text("Afvist")).to_be_visible(timeout=10_000)
        await page.get_by_role("link", name=re.compile("Videomøde 14.10.2026")).click()
        await page.get_by_role("link", name="Kuvert og kvitteringer").click()
        await expect(page.get_by_text("MSG_Receiver_Identifier_UNKNOWN").first).to_be_visible()


@pytest.mark.parametrize("path", ["/partners/", "/partners/{gln}/", "/partners/{gln}/{letter}"])
@pytest.mark.parametrize("gln", [HOSPITAL.gln, OLD_GLN], ids=["fhir", "xdis91"])
async def test_every_control_has_a_name_and_nothing_is_cut_on_a_phone(
    sandbox: Sandbox, browser: Browser, path: str, gln: str
) -> None:
    """Labels, one heading of the first rank, targets large enough, and no sideways scrolling."""
    await hand_in(sandbox, invitation(), gln)
    async with opened(browser, sandbox, path.format(gln=gln, letter=HEADER_ID), PHONE) as page:
        nameless = await page.evaluate(f"""() => [...document.querySelectorAll('{CONTROLS}, textarea')]
            .filter(field => !field.labels.length).map(field => field.name)""")
        assert nameless == []
        small = await page.evaluate(f"""() => [...document.querySelectorAll('{CONTROLS}, button')]
            .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 32)
            .map(one => one.outerHTML)""")
        assert small == []
        assert await page.locator("h1").count() == 1
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
