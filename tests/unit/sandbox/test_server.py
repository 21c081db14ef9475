"""The sandbox as a whole: start, pages, stop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.unit.sandbox.conftest import QUICK
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.rooms import RoomDirectory
from vdx_plugin.sandbox.server import Part, Sandbox


async def test_stopping_leaves_no_task_behind() -> None:
    """A sandbox in a test or in the demo must end as clean as it began, with people hanging on the line."""
    before = asyncio.all_tasks()
    arrived = asyncio.Event()

    async def arrive(_request: Request) -> Response:
        arrived.set()
        return Response()

    sandbox = Sandbox(QUICK, extra_routes=[Route("/arrive", arrive)])
    await sandbox.start()
    sandbox.faults.add(Fault("hang_after", path="/arrive"))
    async with httpx.AsyncClient(base_url=sandbox.base_url, timeout=10) as client:
        hanging = asyncio.create_task(client.get("/arrive"))
        polling = asyncio.create_task(client.get("/partners/mailbox/5790000000104", params={"wait_s": "30"}))
        await arrived.wait()
        await sandbox.stop()
        assert (await hanging).status_code == 503
        await asyncio.gather(polling, return_exceptions=True)
    assert asyncio.all_tasks() == before


async def test_parts_made_elsewhere_are_served_and_told_of_start_and_stop() -> None:
    """The room server and the demo clinic come in this way; they share the directory of rooms."""
    told: list[str] = []
    rooms = RoomDirectory()

    async def guest(_request: Request) -> Response:
        return PlainTextResponse("gæst")

    async def started() -> None:
        told.append("start")

    async def stopped() -> None:
        told.append("stop")

    sandbox = Sandbox(
        QUICK,
        rooms=rooms,
        extra_routes=[Route("/guest/", guest)],
        extra_parts=[Part("Gæstens side", "/guest/", "Sådan ser patienten mødet")],
        on_start=[started],
        on_stop=[stopped],
    )
    async with sandbox.running(), httpx.AsyncClient(base_url=sandbox.base_url) as client:
        assert (await client.get("/guest/")).text == "gæst"
        assert "Gæstens side" in (await client.get("/")).text
        assert sandbox.rooms is rooms
    assert told == ["start", "stop"]


async def test_the_start_page_names_every_part_and_no_secret(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """It is the map of the demo; the client's secret is not for showing."""
    page = (await web.get("/")).text
    for partner in sandbox.partners.partners.values():
        assert partner.name in page
    assert sandbox.video_api_url in page
    assert sandbox.config.client_secret not in page
    assert sandbox.config.client_secret not in repr(sandbox.config)


async def test_pages_may_load_nothing_from_elsewhere(web: httpx.AsyncClient) -> None:
    """A letter from anybody is shown here: the browser is told to load nothing but our own style and script."""
    policy = (await web.get("/")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert (await web.get("/sandbox.css")).headers["content-type"].startswith("text/css")
    assert (await web.get("/sandbox.js")).headers["content-type"].startswith("text/javascript")


def test_the_style_sheet_gives_readable_contrast() -> None:
    """4.5:1 for every pair of text and ground in both schemes (WCAG 2.1 AA)."""
    css = (Path(__file__).parents[3] / "vdx_plugin/sandbox/static/sandbox.css").read_text("utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    for scheme in (light, dark):
        tokens = dict(_tokens(scheme))
        for text, ground in _PAIRS:
            ratio = _contrast(tokens[text], tokens[ground])
            assert ratio >= 4.5, (text, ground, round(ratio, 2))


_PAIRS = [
    ("text", "ground"),
    ("text", "sheet"),
    ("quiet", "ground"),
    ("quiet", "sheet"),
    ("accent", "ground"),
    ("accent", "sheet"),
    ("accent", "accent-ground"),
    ("on-accent", "accent"),
    ("warning", "warning-ground"),
    ("danger", "danger-ground"),
    ("text", "danger-ground"),
]


def _tokens(css: str) -> list[tuple[str, str]]:
    lines = (line.strip() for line in css.splitlines())
    return [
        (name.removeprefix("--"), value.strip(" ;"))
        for name, _, value in (line.partition(":") for line in lines if line.startswith("--"))
        if value.strip().startswith("#")
    ]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
