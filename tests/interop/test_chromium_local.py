"""Hostile pages in a real Chromium against the local endpoint, and ``vdx://`` from a page to the running program.

The pages know more than a page could: the port, a good call, and the session's secret. What stops them must be
something else than not knowing.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.chromium import QUIET, find_chromium
from tests.contract.local_rig import LocalRig
from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.url_scheme.linux import LinuxDesktop

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
NAME = "rebound.example"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LocalRig]:
    made = LocalRig(tmp_path / "adapters" / "local")
    made.folder.mkdir(parents=True)
    await made.begin()
    yield made
    await made.end()


def shake(rig: LocalRig) -> tuple[int, str]:
    assert rig.system.handshake is not None
    return rig.system.handshake.port, rig.system.handshake.secret


class HostileSite:
    """A page from elsewhere, and a name that leads first to it and then, as a rebound name does, to us."""

    def __init__(self, target_port: int, html: str = "<!doctype html><title>x</title>") -> None:
        self.html = html
        self._target_port = target_port
        self._rebound = False
        self._site = LoopbackServer(Starlette(routes=[Route("/{path:path}", self._page)]), "hostile-site")
        self._lines: set[asyncio.Task[None]] = set()

    async def _page(self, _request: Request) -> Response:
        return HTMLResponse(self.html, headers={"Connection": "close"})

    async def start(self) -> None:
        await self._site.start()
        self._relay = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._site.port
        self.relay_port = self._relay.sockets[0].getsockname()[1]

    def rebind(self) -> None:
        """From now on the name means the workstation itself."""
        self._rebound = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._target_port if self._rebound else self._site.port
        there = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))

    async def stop(self) -> None:
        self._relay.close()
        await self._site.stop()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def site(rig: LocalRig) -> AsyncIterator[HostileSite]:
    made = HostileSite(shake(rig)[0])
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def page(site: HostileSite) -> AsyncIterator[Page]:
    rules = f"--host-resolver-rules=MAP {NAME}:80 127.0.0.1:{site.relay_port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=[*QUIET, rules])
        yield await browser.new_page()
        await browser.close()


ATTEMPTS = """
async ({url, secret, body}) => {
  const seen = {};
  const attempt = async (name, work) => {
    try {
      const got = await work();
      seen[name] = [got.type, got.status, got.type === "opaque" ? "" : await got.text()];
    } catch (error) { seen[name] = ["blocked", 0, ""]; }
  };
  const text = JSON.stringify(body);
  const json = {"Content-Type": "application/json", "Authorization": "Bearer " + secret};
  await attempt("fetch with everything right", () => fetch(url, {method: "POST", headers: json, body: text}));
  await attempt("fetch without a preflight", () => fetch(url, {method: "POST", mode: "no-cors", body: text}));
  const notes = new URL("/v1/writeback", url);
  await attempt("reading the notes", () => fetch(notes, {headers: {"Authorization": "Bearer " + secret}}));
  seen.beacon = navigator.sendBeacon(url, new Blob([text], {type: "text/plain"}));
  await new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), {name: "f"});
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, {action: url, method: "post", target: "f", enctype: "text/plain"});
    form.append(Object.assign(document.createElement("input"), {name: text.slice(0, -1) + ', "x": "', value: '"}'}));
    document.body.append(form);
    frame.onload = () => done();
    form.submit();
  });
  await new Promise((done) => {
    const image = new Image(); image.onload = image.onerror = () => done(); image.src = url;
  });
  await new Promise((done) => {
    const line = new WebSocket(url.replace("http", "ws")); line.onopen = line.onerror = line.onclose = () => done();
  });
  return seen;
}
"""


async def attack(page: Page, rig: LocalRig, base: str) -> Mapping[str, Any]:
    _port, secret = shake(rig)
    told = {"url": f"{base}/v1/action/start-video", "secret": secret, "body": rig.body()}
    found: Mapping[str, Any] = await page.evaluate(ATTEMPTS, told)
    return found


async def test_a_page_from_elsewhere_gets_nothing_by_fetch_form_beacon_picture_or_socket(
    rig: LocalRig, site: HostileSite, page: Page
) -> None:
    """Even one that has stolen the secret: the browser says where it comes from, and gets no leave to ask."""
    await page.goto(f"http://127.0.0.1:{site.port}/")
    seen = await attack(page, rig, f"http://127.0.0.1:{shake(rig)[0]}")
    assert seen["fetch with everything right"][0] == "blocked"
    assert seen["reading the notes"][0] == "blocked"
    assert (rig.sink.starts, rig.sink.contexts, rig.sink.notices) == ([], [], [])


async def test_a_rebound_name_reaches_us_and_is_turned_away(rig: LocalRig, site: HostileSite, page: Page) -> None:
    """DNS rebinding: to the browser we are the page's own site, so it may read the answer, and sends no Origin with a
    GET. The name in the Host header is all that tells.
    """
    await page.goto(f"http://{NAME}/")
    site.rebind()
    seen = await attack(page, rig, f"http://{NAME}")
    for name in ("fetch with everything right", "reading the notes"):
        assert seen[name][:2] == ["basic", 403], name
        assert json.loads(seen[name][2])["code"] == "local.host"
    assert (rig.sink.starts, rig.sink.contexts) == ([], [])


# --- vdx:// ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A home in which ``vdx://`` starts this program, told where the running one's data lies."""
    if shutil.which("xdg-open") is None:
        pytest.skip("xdg-utils is not installed")
    place = tmp_path / "home"
    (place / ".config").mkdir(parents=True)
    environment = {"HOME": str(place), "PATH": os.environ["PATH"], "DISPLAY": ":99", "LANG": "C.UTF-8"}
    command = (sys.executable, "-m", "vdx_plugin", "start", "--data", str(tmp_path), "--")
    LinuxDesktop(command, environment).install()
    return environment


async def follow(site: HostileSite, home: dict[str, str], address: str, rig: LocalRig) -> None:
    """Open a page that goes to ``address`` by itself, in a browser whose user has allowed that page to."""
    site.html = f'<!doctype html><a id="a" href="{address}">x</a><script>location.href = a.href</script>'
    profile = Path(home["HOME"]) / "profile"
    (profile / "Default").mkdir(parents=True)
    allowed = {f"http://127.0.0.1:{site.port}": {"vdx": True}}
    preferences = {"protocol_handler": {"allowed_origin_protocol_pairs": allowed}}
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    rig.sink.told.clear()
    browser = await asyncio.create_subprocess_exec(
        find_chromium(),
        *QUIET,
        f"--user-data-dir={profile}",
        f"http://127.0.0.1:{site.port}/",
        env=home,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(90):
            await rig.sink.told.wait()
    finally:
        browser.terminate()
        await browser.wait()


async def test_a_click_in_the_record_reaches_the_running_program_through_browser_and_desktop(
    rig: LocalRig, site: HostileSite, home: dict[str, str]
) -> None:
    """Chromium, xdg-open, a second process of ours, its socket: nothing about the patient on the whole way."""
    issued = (await rig.post("/v1/ticket", rig.body())).json()
    await follow(site, home, issued["url"], rig)
    (context,) = rig.sink.starts
    assert context.patient.identifiers[0].value == "8512484901"


async def test_a_page_that_fires_vdx_by_itself_gives_a_quiet_notice_and_starts_nothing(
    rig: LocalRig, site: HostileSite, home: dict[str, str]
) -> None:
    """Its worst address: shell signs, another option, another patient. The record is open, so there is one to start."""
    await rig.open_record()
    worst = (
        "vdx://start/v1?ticket=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&quot; --data /x;rm%20-rf $(touch x)&amp;cpr=7103792202"
    )
    await follow(site, home, worst, rig)
    assert rig.sink.notices == ["ticket.unknown"]
    assert rig.sink.starts == []
