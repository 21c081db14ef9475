"""The guest page in a real Chromium against a host on aiortc: what a patient does, and what comes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from roompeer import ALIAS, GUEST_PIN, HOST_PIN, Peer, Served, only_loopback, peers, serve

from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.pexip.server import TEST_CALL

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
]
OPEN_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"
ALLOW = "--use-fake-ui-for-media-stream"


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    only_loopback(monkeypatch)
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")


@asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *flags])
        try:
            yield chromium
        finally:
            await chromium.close()


def link(served: Served, **more: str) -> str:
    facts = {"conference": ALIAS, "pin": GUEST_PIN, "name": "Patient", "tag": "patient-1", **more}
    return f"{served.base}/guest/?{urlencode(facts)}"


_complaints: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()
"""What each page complained about."""


async def open_page(chromium: Browser, address: str, *, width: int = 390) -> Page:
    """Open the page on a phone's screen; anything it complains about fails the test."""
    context = await chromium.new_context(viewport={"width": width, "height": 844})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _complaints[page] = complaints
    await page.goto(address)
    return page


async def press_join(page: Page) -> None:
    await page.get_by_role("button", name="Deltag").click()


async def until_decoding(page: Page, *, kind: str = "framesDecoded", frames: int = 15) -> dict[str, Any]:
    """Wait until the page has decoded so many more pictures and some sound."""
    first = (await stats_of(page))[kind]
    async with asyncio.timeout(30):
        while True:
            stats = await stats_of(page)
            if stats[kind] - first >= frames and stats["audioEnergy"] > 0:
                return stats
            await asyncio.sleep(0.2)


async def stats_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("window.vdxGuest.stats()")
    return found


@pytest.mark.parametrize(
    ("codec", "flag"), [("VP8", OPEN_ADDRESSES), ("H264", OPEN_ADDRESSES), ("VP8", "--mute-audio")]
)
async def test_patient_and_doctor_see_and_hear_each_other(codec: str, flag: str) -> None:
    """The last row leaves the browser's addresses hidden behind mDNS names, as on a patient's own phone."""
    async with (
        serve(RoomServerConfig(video_codec=codec, other_codecs=False)) as served,
        browser(ALLOW, flag) as chromium,
    ):
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            page = await open_page(chromium, link(served))
            await press_join(page)
            stats, _ = await asyncio.gather(until_decoding(page), host.sees_and_hears())
            assert stats["state"] == "call"
            (patient,) = [call for uuid, call in served.server.meeting(ALIAS).calls.items() if uuid != host.uuid]
            async with asyncio.timeout(15):
                while True:
                    if patient.statistics.get("video", {}).get("rx_bitrate", 0) > 0:
                        break
                    await asyncio.sleep(0.2)
            rows = [row for row in host.named("participant_create") if row["call_tag"] == "patient-1"]
            assert rows[0]["display_name"] == "Patient"
            assert _complaints[page] == []


async def test_the_pin_leaves_the_address_bar_and_a_reload_comes_back_by_itself() -> None:
    """A PIN in the address is read over the shoulder; without it a reload must not ask for it again."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            page = await open_page(chromium, link(served))
            assert GUEST_PIN not in page.url
            await press_join(page)
            await until_decoding(page)
            await page.reload()
            await until_decoding(page)
            # The first stay was given back, so the doctor does not see the patient twice.
            await host.until(lambda: len(host.named("participant_delete")) == 1)


async def test_a_dead_connection_is_replaced_without_a_press() -> None:
    """A phone that changes from Wi-Fi to mobile loses its connection, not its consultation."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            page = await open_page(chromium, link(served))
            await press_join(page)
            await asyncio.gather(until_decoding(page), host.sees_and_hears())
            uuid = rows_of(host)[-1]["uuid"]
            await served.cut(uuid)
            told = page.get_by_role("status")
            await expect(told).to_contain_text("Forbindelsen er ustabil", timeout=10_000)
            await host.sees_and_hears()
            await expect(page.locator("#band")).to_be_hidden()
            assert host.named("participant_delete") == []


async def test_the_patient_waits_until_the_doctor_lets_them_in() -> None:
    """Waiting is the patient's first impression: told plainly, nothing seen, and over without a press."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            await host.post("lock")
            page = await open_page(chromium, link(served))
            await press_join(page)
            await expect(page.get_by_role("heading", name="Du er i venteværelset")).to_be_visible()
            await host.until(lambda: any(r["service_type"] == "waiting_room" for r in rows_of(host)))
            waiting = next(row for row in rows_of(host) if row["service_type"] == "waiting_room")
            assert host.frames == 0
            await host.post(f"participants/{waiting['uuid']}/unlock")
            await asyncio.gather(until_decoding(page), host.sees_and_hears())


def rows_of(host: Peer) -> list[Any]:
    return host.named("participant_create")


async def test_chat_mute_and_the_end_reach_the_patient() -> None:
    """The rest of a consultation: words both ways, muting seen by the doctor, and a clear end."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            page = await open_page(chromium, link(served))
            await press_join(page)
            await until_decoding(page)
            await host.post("message", {"type": "text/plain", "payload": "Kan du høre mig?"})
            await page.get_by_role("button", name="Chat (1)").click()
            await expect(page.get_by_text("Kan du høre mig?")).to_be_visible()
            await page.get_by_label("Skriv en besked").fill("Ja tak")
            await page.get_by_role("button", name="Send").click()
            await host.until(lambda: any(m["payload"] == "Ja tak" for m in host.named("message_received")))
            await page.get_by_role("button", name="Luk").click()
            await page.get_by_role("button", name="Mikrofon til").click()
            await host.until(lambda: any(r["is_client_muted"] for r in host.named("participant_update")))
            await host.post("disconnect")
            await expect(page.get_by_role("heading", name="Samtalen er slut")).to_be_visible()
            assert _complaints[page] == []


async def test_a_screen_is_shown_to_the_other_and_taken_over() -> None:
    """Either side shows, the other sees it beside the face; the second to show takes the first's place."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        doctor = await open_page(chromium, link(served, pin=HOST_PIN, name="Læge", tag=""), width=1280)
        await press_join(doctor)
        patient = await open_page(chromium, link(served), width=1280)
        await press_join(patient)
        await asyncio.gather(until_decoding(doctor), until_decoding(patient))
        await doctor.get_by_role("button", name="Del skærm").click()
        await until_decoding(patient, kind="slidesDecoded", frames=3)
        await expect(patient.locator("#slides")).to_be_visible()
        await expect(patient.get_by_role("status").first).to_have_text("Læge deler sin skærm")
        await patient.get_by_role("button", name="Del skærm").click()
        await expect(doctor.locator("#band")).to_have_text("Din deling er stoppet: en anden deler nu.")
        await until_decoding(doctor, kind="slidesDecoded", frames=3)
        await expect(patient.locator("#slides")).to_be_hidden()
        await patient.get_by_role("button", name="Stop deling").click()
        await expect(doctor.locator("#slides")).to_be_hidden()
        assert _complaints[doctor] + _complaints[patient] == []


async def test_the_line_is_measured_before_anybody_is_called() -> None:
    """A test call to the room server says what the line carries, in a sentence; the doctor sees nobody yet."""
    async with serve() as served, browser(ALLOW, OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            page = await open_page(chromium, link(served))
            await page.get_by_role("button", name="Afspil tone").click()
            await expect(page.get_by_text("Hørte du ingen tone")).to_be_visible()
            await page.get_by_role("button", name="Mål linjen").click()
            await expect(page.locator("#line-text")).to_contain_text("Mbit/s", timeout=20_000)
            line = await page.evaluate("window.vdxGuest.line")
            assert line["kbps"] > 250
            assert line["loss"] == 0
            assert 0 < line["delayMs"] < 400
            assert len(rows_of(host)) == 1
            assert _complaints[page] == []


async def test_a_server_without_a_test_call_says_so_and_lets_in_all_the_same() -> None:
    """The measurement is an offer, never a gate."""
    async with serve() as served, browser(ALLOW) as chromium:
        served.directory.close(TEST_CALL)
        page = await open_page(chromium, link(served))
        await page.get_by_role("button", name="Mål linjen").click()
        await expect(page.get_by_text("Linjen kan ikke måles her.")).to_be_visible()
        await press_join(page)
        await expect(page.get_by_role("heading", name="Du er i venteværelset")).to_be_visible()


async def test_without_camera_and_microphone_the_patient_still_sees_and_hears() -> None:
    """Refused access is explained, and does not keep anybody out."""
    async with serve() as served, browser("--deny-permission-prompts", OPEN_ADDRESSES) as chromium:
        host = Peer(served, "Læge", HOST_PIN)
        async with peers(host):
            await host.join()
            await host.call()
            page = await open_page(chromium, link(served))
            await expect(page.get_by_role("heading", name="må ikke bruge kamera")).to_be_visible()
            await press_join(page)
            await until_decoding(page)


async def test_a_wrong_code_is_asked_for_again_in_either_language() -> None:
    """A mistyped link is mended on the spot; the switch of language keeps the place."""
    async with serve() as served, browser(ALLOW) as chromium:
        page = await open_page(chromium, link(served, pin="9999"))
        await press_join(page)
        await expect(page.get_by_text("Koden passer ikke")).to_be_visible()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_text("The code does not fit")).to_be_visible()
        await page.get_by_label("Code", exact=True).fill(GUEST_PIN)
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("heading", name="You are in the waiting room")).to_be_visible()


async def test_a_link_to_no_room_says_so() -> None:
    """An old link is the commonest fault; it gets a sentence and what to do, not a code alone."""
    async with serve() as served, browser(ALLOW) as chromium:
        page = await open_page(chromium, link(served, conference="999999"))
        await press_join(page)
        await expect(page.get_by_role("heading", name="Linket virker ikke")).to_be_visible()
