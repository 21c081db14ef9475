"""Our client's media as one end of a measured call: ``python -m tests.bench.media_peer CODEC KBPS [echo]``.

Camera, microphone and speaker are of the bench: the first two give ``media_content`` on the beat of real ones, the
speaker takes ten milliseconds a hundred times a second as a sound card does, and what it gets is what is judged.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench import media_content as content
from tests.bench.child import Line
from tests.bench.media_ends import Heard, Seen
from tests.bench.media_freezes import freezes_of
from vdx_plugin.media.audio.counting import SoundCounts
from vdx_plugin.media.devices import DeviceNames, FillBlock, OnBlock
from vdx_plugin.media.local_media import LocalMedia, MediaSettings
from vdx_plugin.media.peer import Peer
from vdx_plugin.media.players import Playout
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.session import load_media
from vdx_plugin.media.slides import SlideFeed
from vdx_plugin.media.sound import RATE_HZ, Samples
from vdx_plugin.media.testcard import PictureFormat, Yuv
from vdx_plugin.ports import MediaChoice

BLOCK = RATE_HZ // 100
_CAMERA = PictureFormat(content.WIDTH, content.HEIGHT, content.FPS)


class Beat:
    """Calls ``step`` a hundred times a second on a thread, late ones at once, as a sound card's clock does not wait."""

    def __init__(self, name: str, step: Callable[[float], None]) -> None:
        self._step = step
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return not self._ended.is_set()

    @property
    def latency_s(self) -> float:
        return 0.0

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            self._step(due_s)
            due_s += BLOCK / RATE_HZ

    def close(self) -> None:
        self._ended.set()
        self._thread.join()


class BenchDevices:
    """``media.devices.Devices`` whose input is known and whose output is kept."""

    def __init__(self, pictures: npt.NDArray[np.uint8], sound: Samples) -> None:
        self._pictures = pictures
        self._sound = sound
        self._at = 0
        self.is_kept = False
        self.sent: list[tuple[float, Samples]] = []
        self.got: list[tuple[float, Samples]] = []
        self.pictures_sent: list[tuple[float, int]] = []

    def names(self) -> DeviceNames:
        return DeviceNames(("bench",), ("bench",), ("bench",))

    def refresh(self) -> None:
        """Nothing ever comes or goes."""

    def open_camera(self, name: str, picture: PictureFormat) -> Iterator[Yuv]:
        began_s, count = time.monotonic(), 0
        while True:
            count += 1
            # A camera blocks its reader's thread until the next picture is there, and so does this one.
            time.sleep(max(0.0, began_s + count / content.FPS - time.monotonic()))
            number = count % len(self._pictures)
            if self.is_kept:
                self.pictures_sent.append((time.monotonic(), number))
            yield self._pictures[number]

    def open_microphone(self, name: str | None, on_block: OnBlock) -> Beat:
        def step(at_s: float) -> None:
            block = self._sound[(self._at + np.arange(BLOCK)) % self._sound.size]
            self._at += BLOCK
            if self.is_kept:
                self.sent.append((at_s, block))
            on_block(block)

        return Beat("bench-microphone", step)

    def open_speaker(self, name: str | None, fill: FillBlock) -> Beat:
        def step(at_s: float) -> None:
            block = fill(BLOCK)
            if self.is_kept:
                self.got.append((at_s, np.array(block)))

        return Beat("bench-speaker", step)


class KeepingPlayout(Playout):
    """Notes when each picture came to be shown, and its number."""

    shown: list[tuple[float, int | None]]

    def take_picture(self, frame: Any) -> None:
        plane = frame.planes[0]
        luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        self.shown.append((time.monotonic(), content.number_of(luma)))
        super().take_picture(frame)


class PeerChild:
    """Answers the bench: one call."""

    def __init__(self, devices: BenchDevices, codec: str, kbps: int, *, echo: bool = False) -> None:
        self._shape = OfferShape(codec, kbps)
        self._choice = MediaChoice(video_codec=codec, cancel_echo=echo)
        self._devices = devices
        self._media: LocalMedia
        self._playout: KeepingPlayout
        self._peer: Peer | None = None
        self._offered_s = self._began_s = 0.0
        self._firsts: dict[str, float] = {}
        self._heard = SoundCounts()

    async def open(self) -> None:
        """Open the devices."""
        self._media = LocalMedia(
            self._devices,
            self._choice,
            MediaSettings(camera=_CAMERA, video_kbps=self._shape.video_kbps),
            now=lambda: datetime.now(UTC),
            on_picture=lambda _picture: None,
            on_notice=lambda _code: None,
        )
        await self._media.open()

    def _on_first(self, kind: str) -> None:
        if kind == "video":
            self._note_first("picture")

    def _note_first(self, what: str) -> None:
        self._firsts.setdefault(what, (time.monotonic() - self._offered_s) * 1000)

    def _note_states(self, connection: Any) -> None:
        def on_change() -> None:
            if connection.iceConnectionState == "completed":
                self._note_first("ice")
            if connection.connectionState == "connected":
                self._note_first("dtls")

        for event in ("iceconnectionstatechange", "connectionstatechange"):
            connection.on(event, on_change)

    async def again(self) -> None:
        """End the call and be ready for another."""
        if self._peer is not None:
            await self._peer.close()

    async def firsts(self) -> dict[str, float]:
        """Return what has happened so far, and how many milliseconds after the call's beginning."""
        return self._firsts

    async def offer(self) -> str:
        """Begin a path and return its offer."""
        self._playout = KeepingPlayout(lambda _picture: None, self._on_first, self._media.speaker)
        self._playout.shown = []
        self._firsts = {}
        self._offered_s = time.monotonic()
        self._peer = Peer(
            (),
            relay_only=False,
            loopback=True,
            pictures=self._media.pictures,
            sound=self._media.sound,
            playout=self._playout,
            slides=SlideFeed(),
            on_slide=lambda _picture: None,
        )
        self._note_states(self._peer._connection)
        return await self._peer.offer(self._shape)

    async def accept(self, sdp: str) -> None:
        """Take the other end's answer."""
        assert self._peer is not None
        await self._peer.accept(sdp)

    async def shown(self) -> dict[str, int]:
        """Return how many pictures were decoded so far, and how wide the last one was."""
        received = self._playout.received
        return {"frames": received.frames, "width": received.width}

    async def begin(self) -> None:
        """Measure from now on."""
        self._playout.shown = self._playout.shown[-30:]
        self._began_s, self._heard = time.monotonic(), replace(self._playout.output.counts)
        self._devices.is_kept = True

    async def end(self) -> dict[str, Any]:
        """Return what came of it since ``begin``."""
        self._devices.is_kept = False
        took_s = time.monotonic() - self._began_s
        assert self._peer is not None
        return {
            "heard": asdict(self._sound_account(took_s)),
            "seen": asdict(self._picture_account(took_s)),
            "first_picture_ms": self._firsts.get("picture"),
            "sound": await asyncio.to_thread(self._keep_sound),
            "pictures_sent": self._devices.pictures_sent,
            "pictures_got": [each for each in self._playout.shown if each[0] >= self._began_s and each[1] is not None],
            "detail": {**asdict(await self._peer.counts()), "picture": asdict(self._playout.received.picture)},
        }

    def _sound_account(self, took_s: float) -> Heard:
        before, now = self._heard, self._playout.output.counts
        waits = max(1, now.decoded - before.decoded) / 960
        return Heard(
            (now.played - before.played) / RATE_HZ,
            (now.concealed - before.concealed) / RATE_HZ,
            1000 * (now.waited_s - before.waited_s) / waits,
            round((now.recovered - before.recovered) / 960),
        )

    def _picture_account(self, took_s: float) -> Seen:
        times = [at_s for at_s, _ in self._playout.shown]
        freezes = freezes_of(times, self._began_s, self._began_s + took_s)
        frames = sum(at_s >= self._began_s for at_s in times)
        return Seen(frames, len(freezes), sum(freezes), self._playout.received.width, frames / took_s)

    def _keep_sound(self) -> str:
        facts: dict[str, Any] = {}
        for name, blocks in (("sent", self._devices.sent), ("got", self._devices.got)):
            facts[name] = np.concatenate([block for _, block in blocks])
            facts[f"{name}_s"] = blocks[0][0]
        with tempfile.NamedTemporaryFile(prefix="vdx-bench-sound-", suffix=".npz", delete=False) as out:
            np.savez(out, **facts)
        return str(Path(out.name))

    async def close(self) -> None:
        """Close the path and the devices."""
        if self._peer is not None:
            await self._peer.close()
        await self._media.close()


async def main() -> None:
    """Run until the bench closes its end."""
    await load_media()
    devices = BenchDevices(content.pictures(), content.sound())
    child = PeerChild(devices, sys.argv[1], int(sys.argv[2]), echo="echo" in sys.argv[3:])
    names = ("open", "offer", "accept", "again", "firsts", "shown", "begin", "end")
    handlers = {name: getattr(child, name) for name in names}
    await Line().serve(handlers)
    await child.close()


if __name__ == "__main__":
    asyncio.run(main())
