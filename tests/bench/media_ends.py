"""The two kinds of end of a measured call, alike to whoever runs it: Chromium, and our own client in its own process.

An end is opened, offers or answers, and is then asked to ``begin`` and to ``end`` its measuring; what it gives is an
``Account`` of what it sent and got. Times are seconds of ``time.monotonic``, one clock for every process here.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
from playwright.async_api import Browser, Page, async_playwright

from tests.bench import media_content as content
from tests.bench import usage
from tests.bench.child import Child
from tests.bench.media_sound import Recording
from tests.chromium import LOOPBACK_CALLS, QUIET, find_chromium

VIDEO_KBPS = 2500
_SITE = "http://localhost/"
_PAGE = "<!doctype html><title>bench</title><body><script src='page.js'></script>"
_AWAKE = (
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of the sound of a stretch of time."""

    total_s: float
    unreal_s: float
    """Concealed, or missing altogether."""
    buffer_ms: float | None = None
    rescued: int = 0
    """Packets made from redundancy in the next."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the pictures."""

    frames: int
    freezes: int
    frozen_s: float
    width: int
    fps: float


@dataclass(frozen=True, slots=True)
class Account:
    """What an end tells of its measuring."""

    heard: Heard
    seen: Seen
    first_picture_ms: float | None
    cpu_cores: float
    sound_sent: Recording
    sound_got: Recording | None
    pictures_sent: list[tuple[float, int]]
    """When the picture of each number was taken, and when it was shown."""
    pictures_got: list[tuple[float, int]]
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures an end has decoded since it was opened, and how wide the last one was."""

    frames: int
    width: int


class MediaEnd(Protocol):
    """One end of a call."""

    async def offer(self) -> str: ...

    async def answer(self, sdp: str) -> str: ...

    async def accept(self, sdp: str) -> None: ...

    async def shown(self) -> Shown: ...

    def cpu_s(self) -> float:
        """Return the processor time of all its processes so far."""
        ...


class End(MediaEnd, Protocol):
    """One end of a call that is measured in detail."""

    async def again(self) -> None:
        """End the call and be ready for another."""

    async def firsts(self) -> dict[str, float]:
        """Return the milliseconds from the call's beginning to ``ice``, ``dtls`` and the first ``picture``, so far."""

    async def begin(self) -> None: ...

    async def end(self) -> Account: ...


# --- Chromium ---------------------------------------------------------------------------------------------------


class ChromiumEnd:
    """A page of ours in a Chromium of its own."""

    def __init__(self, page: Page, flag: str) -> None:
        self._page = page
        self._flag = flag
        self._before: dict[str, Any] = {}
        self._cpu_s = self._began_s = 0.0

    async def offer(self) -> str:
        return limited(await self._do("offer"))

    async def answer(self, sdp: str) -> str:
        return limited(await self._do("answer", sdp))

    async def accept(self, sdp: str) -> None:
        await self._do("accept", sdp)

    async def again(self) -> None:
        await self._do("again")

    async def firsts(self) -> dict[str, float]:
        return dict(await self._do("firsts"))

    async def begin(self) -> None:
        self._cpu_s, self._began_s = self.cpu_s(), time.monotonic()
        self._before = await self._do("begin")

    async def end(self) -> Account:
        cores = (self.cpu_s() - self._cpu_s) / (time.monotonic() - self._began_s)
        found = await self._do("end")
        shift_s = time.time() - time.monotonic()
        before, after = _by_kind(self._before["rows"]), _by_kind(found["stats"]["rows"])
        took_s = (found["stats"]["at"] - self._before["at"]) / 1000
        sound = {name: _recording(kept, shift_s) for name, kept in found["sound"].items()}
        return Account(
            # A stream that came only after the warm-up had nothing before.
            _heard(before.get("inbound-audio", {}), after["inbound-audio"]),
            _seen(before.get("inbound-video", {}), after["inbound-video"], took_s),
            found["first"].get("picture"),
            cores,
            sound["own"],
            sound.get("remote"),
            _numbered(found["seen"]["own"], shift_s),
            _numbered(found["seen"]["remote"], shift_s),
            after,
        )

    async def shown(self) -> Shown:
        row = _by_kind((await self._do("stats"))["rows"]).get("inbound-video", {})
        return Shown(int(row.get("framesDecoded", 0)), int(row.get("frameWidth", 0)))

    def cpu_s(self) -> float:
        return usage.cpu_s(usage.family_with(self._flag))

    async def _do(self, what: str, fact: Any = None) -> Any:
        return await self._page.evaluate(f"(fact) => window.bench.{what}(fact)", fact)


def limited(sdp: str) -> str:
    """Return a description that asks for no more than our client does."""
    lines = []
    for line in sdp.splitlines():
        lines.append(line)
        if line.startswith("c=") and lines[-2].startswith("m=video"):
            lines += [f"b=AS:{VIDEO_KBPS}", f"b=TIAS:{VIDEO_KBPS * 1000}"]
    return "\r\n".join(lines) + "\r\n"


def _by_kind(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = {"inbound-rtp": "inbound", "outbound-rtp": "outbound", "remote-inbound-rtp": "remote"}
    return {f"{named[row['type']]}-{row['kind']}": row for row in rows if row["type"] in named}


def _heard(before: dict[str, Any], after: dict[str, Any]) -> Heard:
    def more(name: str) -> float:
        return float(after.get(name, 0)) - float(before.get(name, 0))

    emitted = more("jitterBufferEmittedCount")
    buffer_ms = more("jitterBufferDelay") / emitted * 1000 if emitted else None
    rescued = int(more("fecPacketsReceived") - more("fecPacketsDiscarded"))
    return Heard(more("totalSamplesReceived") / 48_000, more("concealedSamples") / 48_000, buffer_ms, rescued)


def _seen(before: dict[str, Any], after: dict[str, Any], took_s: float) -> Seen:
    frames = after["framesDecoded"] - before.get("framesDecoded", 0)
    freezes = after["freezeCount"] - before.get("freezeCount", 0)
    frozen_s = after["totalFreezesDuration"] - before.get("totalFreezesDuration", 0.0)
    return Seen(frames, freezes, frozen_s, after.get("frameWidth", 0), frames / took_s)


def _numbered(seen: list[list[float]], shift_s: float) -> list[tuple[float, int]]:
    found = []
    for at_ms, word in seen:
        number = int(word) >> 4
        if int(word) & 15 == content.check_of(number) and number < content.PICTURES:
            found.append((at_ms / 1000 - shift_s, number))
    return found


def _recording(kept: dict[str, Any], shift_s: float) -> Recording:
    samples = np.frombuffer(base64.b64decode(kept["samples"]), dtype=np.int16)
    times = [(at_ms / 1000 - shift_s, int(count)) for at_ms, count in kept["times"]]
    return Recording.of_blocks(samples, times, kept["rate"])


@asynccontextmanager
async def chromium_end(codec: str, *, echo: bool = False) -> AsyncIterator[ChromiumEnd]:
    """Run Chromium on a page of ours with our picture and sound for its devices."""
    flag = f"--vdx-bench={uuid4().hex}"
    devices = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={content.picture_file()}",
        f"--use-file-for-fake-audio-capture={content.sound_file()}",
    )
    async with async_playwright() as playwright:
        arguments = [*QUIET, *LOOPBACK_CALLS, *_AWAKE, *devices, flag]
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        try:
            page = await _page(browser)
            await page.evaluate("(facts) => window.bench.open(facts)", {"codec": codec, "echo": echo})
            yield ChromiumEnd(page, flag)
        finally:
            await browser.close()


async def _page(browser: Browser) -> Page:
    page = await browser.new_page()
    script = (Path(__file__).parent / "media_page.js").read_text(encoding="utf-8")
    await page.route(f"{_SITE}*", lambda route: route.fulfill(body=_PAGE, content_type="text/html"))
    await page.route(f"{_SITE}page.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    await page.goto(_SITE)
    return page


# --- ours -------------------------------------------------------------------------------------------------------


class OurEnd:
    """Our client's media in a process of its own. It only ever offers, as it does to a node."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._cpu_s = self._began_s = 0.0

    async def offer(self) -> str:
        return str(await self._child.ask("offer"))

    async def answer(self, sdp: str) -> str:
        # Nobody asks: a node never offers before we have called it, and the other end of each pair is a browser.
        raise NotImplementedError("our client offers")

    async def accept(self, sdp: str) -> None:
        await self._child.ask("accept", sdp=sdp)

    async def again(self) -> None:
        await self._child.ask("again")

    async def firsts(self) -> dict[str, float]:
        return dict(await self._child.ask("firsts"))

    async def shown(self) -> Shown:
        return Shown(**await self._child.ask("shown"))

    def cpu_s(self) -> float:
        return usage.cpu_s([self._child.pid])

    async def begin(self) -> None:
        self._cpu_s, self._began_s = self.cpu_s(), time.monotonic()
        await self._child.ask("begin")

    async def end(self) -> Account:
        cores = (self.cpu_s() - self._cpu_s) / (time.monotonic() - self._began_s)
        found = await self._child.ask("end")
        sent, got = await asyncio.to_thread(_both_recordings, Path(found["sound"]))
        return Account(
            Heard(**found["heard"]),
            Seen(**found["seen"]),
            found["first_picture_ms"],
            cores,
            sent,
            got,
            [(at_s, number) for at_s, number in found["pictures_sent"]],
            [(at_s, number) for at_s, number in found["pictures_got"]],
            found["detail"],
        )


def _both_recordings(path: Path) -> tuple[Recording, Recording]:
    with np.load(path) as kept:
        found = Recording(kept["sent"], float(kept["sent_s"])), Recording(kept["got"], float(kept["got_s"]))
    path.unlink()
    return found


@asynccontextmanager
async def our_end(codec: str, *, echo: bool = False) -> AsyncIterator[OurEnd]:
    """Run our client's media on the same picture and sound."""
    async with Child("tests.bench.media_peer", codec, str(VIDEO_KBPS), *(["echo"] if echo else [])) as child:
        await child.ask("open")
        yield OurEnd(child)
