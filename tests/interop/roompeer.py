"""A room server on loopback, and a participant on plain aiortc, for the tests in this folder."""

from __future__ import annotations

import asyncio
import fractions
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import aioice.ice
import av
import httpx
import numpy as np
import pytest
from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
    VideoStreamTrack,
)
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from vdx_plugin.loopback import LoopbackServer
from vdx_plugin.sandbox.pexip import RoomServer, RoomServerConfig
from vdx_plugin.sandbox.rooms import RoomDirectory, VirtualRoom

ALIAS = "710001@rooms.sandbox.test"
HOST_PIN = "7711"
GUEST_PIN = "2233"
ROOM = VirtualRoom(ALIAS, HOST_PIN, GUEST_PIN)


class Served:
    """A running room server: ``base`` is its address, ``directory`` its rooms."""

    def __init__(self, base: str, server: RoomServer, directory: RoomDirectory) -> None:
        self.base = base
        self.server = server
        self.directory = directory

    async def cut(self, uuid: str) -> None:
        """Break a participant's media connection as a failing network would."""
        hop = self.server.meeting(ALIAS)._switch._legs[uuid].hop
        assert hop is not None
        await hop.close()


@asynccontextmanager
async def serve(
    config: RoomServerConfig | None = None, *, room: VirtualRoom = ROOM, more: Sequence[BaseRoute] = ()
) -> AsyncIterator[Served]:
    """Run a room server with one room, and ``more`` pages, on a free port of 127.0.0.1."""
    directory = RoomDirectory()
    directory.open(room)
    rooms = RoomServer(directory, config)
    web = LoopbackServer(Starlette(routes=[*rooms.routes(), *more]), "test-web-server")
    await rooms.start()
    await web.start()
    try:
        yield Served(f"http://127.0.0.1:{web.port}", rooms, directory)
    finally:
        await rooms.close()
        await web.stop()
        left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("room-")]
        assert left == []


Colour = tuple[int, int, int]
GREY: Colour = (90, 90, 90)


class Moving(VideoStreamTrack):
    """A picture that changes, 320x240 at 30 per second, a bright bar walking over one colour."""

    def __init__(self, ground: Colour = GREY) -> None:
        super().__init__()
        self._ground = ground
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        pts, base = await self.next_timestamp()
        image = np.full((240, 320, 3), self._ground, dtype=np.uint8)
        start = (self._count * 6) % 280
        image[200:, start : start + 40] = (220, 60, 160)
        self._count += 1
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = pts, base
        return frame


class Tone(AudioStreamTrack):
    """A tone, mono, 48 kHz, 20 ms a frame."""

    def __init__(self, hz: int = 440) -> None:
        super().__init__()
        self._hz = hz
        self._start = time.monotonic()
        self._sample = 0

    async def recv(self) -> av.AudioFrame:
        due = self._start + self._sample / 48000
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        times = (np.arange(960) + self._sample) / 48000
        samples = (np.sin(2 * np.pi * self._hz * times) * 5000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, self._sample
        frame.time_base = fractions.Fraction(1, 48000)
        self._sample += 960
        return frame


class Peer:
    """One participant: signalling over httpx, media over aiortc, everything received counted."""

    def __init__(
        self,
        served: Served,
        name: str,
        pin: str | None,
        *,
        call_tag: str = "",
        card: Colour = GREY,
        hz: int = 440,
        alias: str = ALIAS,
    ) -> None:
        self._room = f"{served.base}/api/client/v2/conferences/{alias.replace('@', '%40')}"
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=None), trust_env=False)
        self._name, self._pin, self._tag = name, pin, call_tag
        self.card, self.hz = card, hz
        self._tasks: list[asyncio.Task[None]] = []
        self.token = ""
        self.uuid = ""
        self.reply: dict[str, Any] = {}
        self.events: list[tuple[str, Any]] = []
        self.changed = asyncio.Event()
        self.pc: RTCPeerConnection | None = None
        self.answer = ""
        self.call_uuid = ""
        self.frames = 0
        self.frame_size = (0, 0)
        self.loudness = 0.0
        self.picture: Any = None
        self.sound: deque[Any] = deque(maxlen=25)

    async def join(self) -> dict[str, Any]:
        """Take a token and begin to read events."""
        headers = {"pin": self._pin} if self._pin else {}
        body = {"display_name": self._name, "call_tag": self._tag}
        answer = await self._http.post(f"{self._room}/request_token", json=body, headers=headers)
        answer.raise_for_status()
        self.reply = answer.json()["result"]
        self.token, self.uuid = self.reply["token"], self.reply["participant_uuid"]
        self._tasks.append(asyncio.create_task(self._read_events(), name=f"events-{self._name}"))
        return self.reply

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a command; return its result."""
        answer = await self._http.post(f"{self._room}/{path}", json=body or {}, headers={"token": self.token})
        answer.raise_for_status()
        return answer.json()["result"]

    async def call(
        self,
        *,
        codecs: tuple[str, ...] = ("VP8", "H264"),
        slides: bool = False,
        ack: bool = True,
    ) -> None:
        """Offer sound and picture, and play with the answer."""
        body = await self._offer(codecs, slides=slides)
        result = await self.post(f"participants/{self.uuid}/calls", body)
        self.call_uuid = result["call_uuid"]
        await self._accept(result["sdp"])
        if ack:
            await self.post(f"participants/{self.uuid}/calls/{self.call_uuid}/ack")

    async def renew(self) -> None:
        """Throw the connection away and offer a new one under the same call."""
        if self.pc is not None:
            await self.pc.close()
        body = await self._offer(("VP8", "H264"), slides=False)
        result = await self.post(f"participants/{self.uuid}/calls/{self.call_uuid}/update", body)
        await self._accept(result["sdp"])

    async def _offer(self, codecs: tuple[str, ...], *, slides: bool) -> dict[str, Any]:
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.on("track", self._on_track)
        pc.addTrack(Tone(self.hz))
        pc.addTrack(Moving(self.card))
        if slides:
            pc.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpSender.getCapabilities("video").codecs
        for transceiver in pc.getTransceivers():
            if transceiver.kind == "video":
                wanted = [c for c in capabilities if c.name in codecs]
                wanted.sort(key=lambda c: codecs.index(c.name))
                transceiver.setCodecPreferences(wanted)
        await pc.setLocalDescription(await pc.createOffer())
        return {"call_type": "WEBRTC", "sdp": pc.localDescription.sdp, "media_type": "video"}

    async def _accept(self, sdp: str) -> None:
        assert self.pc is not None
        self.answer = sdp
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def fetch(self, path: str) -> httpx.Response:
        """Get something that is no JSON."""
        return await self._http.get(f"{self._room}/{path}", headers={"token": self.token})

    async def until(self, condition: Any, *, within_s: float = 20) -> None:
        """Wait until ``condition()`` holds, looking whenever something has arrived."""
        async with asyncio.timeout(within_s):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def sees_and_hears(self, *, frames: int = 15) -> None:
        """Wait for decoded pictures and a sound that is not silence, from now on."""
        goal = self.frames + frames
        self.loudness = 0.0
        await self.until(lambda: self.frames >= goal and self.loudness > 500)

    @property
    def streams(self) -> tuple[int, int]:
        """How many streams of sound and of pictures have come since the call began."""
        assert self.pc is not None
        sound, picture, *_ = (transceiver.receiver for transceiver in self.pc.getTransceivers())
        return len(sound.getSynchronizationSources()), len(picture.getSynchronizationSources())

    def sees(self, card: Colour) -> bool:
        """Whether a good part of the latest picture has about this colour."""
        if self.picture is None:
            return False
        image = self.picture.to_ndarray(format="rgb24")[::8, ::8].astype(int)
        alike = np.abs(image - np.array(card)).max(axis=2) < 40
        return bool(np.mean(alike) > 0.02)

    def hears(self, hz: int) -> bool:
        """Whether the tone stands out of the last half second of sound."""
        if len(self.sound) < 25:
            return False
        samples = np.concatenate(self.sound)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
        bin_of = hz * samples.size // 48000
        return bool(spectrum[bin_of - 2 : bin_of + 3].max() > 4_000_000)

    def named(self, name: str) -> list[Any]:
        """Return the payloads of the events called ``name``."""
        return [data for event, data in self.events if event == name]

    async def close(self) -> None:
        """Hang up without a word to the server and stop every task."""
        if self.pc is not None:
            await self.pc.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    def _on_track(self, track: Any) -> None:
        self._tasks.append(asyncio.create_task(self._consume(track), name=f"{track.kind}-{self._name}"))

    async def _consume(self, track: Any) -> None:
        with suppress(Exception):
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.frames += 1
                    self.frame_size = (frame.width, frame.height)
                    self.picture = frame
                else:
                    samples = frame.to_ndarray().astype(np.float64)
                    self.sound.append(samples.reshape(-1)[::2])
                    self.loudness = max(self.loudness, float(np.sqrt(np.mean(samples**2))))
                self.changed.set()

    async def _read_events(self) -> None:
        async with self._http.stream("GET", f"{self._room}/events?token={self.token}") as answer:
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data:"):
                    text = line[5:].strip()
                    self.events.append((name, json.loads(text) if text else None))
                    self.changed.set()
        self.events.append(("stream_end", None))
        self.changed.set()


@asynccontextmanager
async def peers(*all_peers: Peer) -> AsyncIterator[tuple[Peer, ...]]:
    """Close the peers in the end."""
    try:
        yield all_peers
    finally:
        for peer in all_peers:
            await peer.close()


@asynccontextmanager
async def pair(config: RoomServerConfig | None = None) -> AsyncIterator[tuple[Served, Peer, Peer]]:
    """Give a host and a guest who have joined and not yet called."""
    async with serve(config) as served:
        host, guest = Peer(served, "Læge", HOST_PIN), Peer(served, "Gæst", GUEST_PIN)
        async with peers(host, guest):
            await host.join()
            await guest.join()
            yield served, host, guest


def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let aiortc peers of this test use 127.0.0.1 and nothing else, as on a machine without network."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
