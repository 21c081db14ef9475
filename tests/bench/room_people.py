"""The participants of ``room_of_six``: a process of aiortc peers that cost next to nothing.

They send what was encoded beforehand, and of what they receive they count pictures without decoding them, so that
the machine's time is the room server's.
"""

from __future__ import annotations

import asyncio
import fractions
import itertools
import logging
import queue
import time
from contextlib import suppress
from typing import Any

import aioice.ice
import aiortc.rtcrtpreceiver
import av
import httpx
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from tests.bench import media_content as content
from tests.bench.child import Line
from vdx_plugin.sandbox.pexip.mixing.codecs import PictureDecoder, PictureEncoder, Shape
from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture
from vdx_plugin.sandbox.pexip.mixing.opus import FRAME, RATE, SoundEncoder

FPS = 25
LOOP = 4 * FPS
KEY_EVERY = 2 * FPS
_RATES = {720: 1_200_000, 360: 500_000}


def encoded_pictures(height: int) -> list[bytes]:
    """Return four seconds of somebody before a wall as VP8, which can be sent round and round."""
    shape = Shape("VP8", height * 16 // 9, height, FPS)
    encoder, found = PictureEncoder(shape, _RATES[height], at=0), []
    source = content.pictures()
    for number in range(LOOP):
        frame = av.VideoFrame.from_ndarray(source[number % len(source)], format="yuv420p")
        frame = frame.reformat(shape.width, shape.height, "yuv420p")
        frame.pts = number * 90_000 // FPS
        key = number % KEY_EVERY == 0
        found.append(b"".join(payload[4:] for payload in encoder.encode(frame, _RATES[height], key=key, at=0)))
    return found


def encoded_sound() -> list[bytes]:
    """Return the speech as Opus."""
    encoder, speech = SoundEncoder(), content.sound()
    return [encoder.encode(speech[at : at + FRAME].copy()) for at in range(0, speech.size - FRAME, FRAME)]


class Recorded(MediaStreamTrack):  # type: ignore[misc]  # aiortc has no types
    """A track that gives packets in time, from ``start`` on and round."""

    def __init__(self, kind: str, packets: list[bytes], ticks: int, rate: int, start: int) -> None:
        self.kind = kind
        super().__init__()
        self._packets, self._ticks, self._rate, self._count = packets, ticks, rate, 0
        self._start, self._began = start, time.monotonic()

    async def recv(self) -> av.Packet:
        pts = self._count * self._ticks
        await asyncio.sleep(max(0.0, self._began + pts / self._rate - time.monotonic()))
        packet = av.Packet(self._packets[(self._start + self._count) % len(self._packets)])
        packet.pts, packet.time_base = pts, fractions.Fraction(1, self._rate)
        self._count += 1
        return packet


class Counted:
    """What one participant has received: when each picture came, and one of them to know its size by."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.sounds: list[float] = []
        self.key: bytes = b""


_counted: dict[int, Counted] = {}


def count_frames(loop: Any, encoded: queue.Queue[Any], decoded: Any, failed: Any) -> None:
    """Take the place of aiortc's decoder thread: count and throw away."""
    mine = _counted[id(decoded)] if id(decoded) in _counted else _counted.setdefault(id(decoded), Counted())
    while (task := encoded.get()) is not None:
        codec, frame = task
        if codec.name.lower() == "opus":
            mine.sounds.append(time.monotonic())
            continue
        mine.came.append(time.monotonic())
        if frame.data and not frame.data[0] & 1:
            mine.key = frame.data


class Person:
    """One participant: enters, calls, counts."""

    def __init__(self, room: str, name: str, pin: str) -> None:
        self._room, self._name, self._pin = room, name, pin
        self._http = httpx.AsyncClient(timeout=20, trust_env=False)
        self._token = ""
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def enter(self, pictures: list[bytes], sounds: list[bytes], start: int) -> None:
        pc = self._pc
        pc.addTrack(Recorded("audio", sounds, FRAME, RATE, start * 37))
        pc.addTrack(Recorded("video", pictures, 90_000 // FPS, 90_000, start * 13))
        vp8 = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.name == "VP8"]
        pc.getTransceivers()[1].setCodecPreferences(vp8)
        await pc.setLocalDescription(await pc.createOffer())
        found = await self._post("request_token", {"display_name": self._name}, {"pin": self._pin})
        self._token, me = found["token"], found["participant_uuid"]
        body = {"call_type": "WEBRTC", "media_type": "video", "sdp": pc.localDescription.sdp}
        answer = await self._post(f"participants/{me}/calls", body, {"token": self._token})
        await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        await self._post(f"participants/{me}/calls/{answer['call_uuid']}/ack", {}, {"token": self._token})

    async def leave(self) -> None:
        if self._token:
            with suppress(httpx.HTTPError):
                await self._post("release_token", {}, {"token": self._token})
        await self._pc.close()
        await self._http.aclose()

    def received(self, since: float) -> dict[str, Any]:
        """Return pictures a second, the longest time between two, and their size, since a moment."""
        sound, picture = (self._counted(index) for index in (0, 1))
        decoder, size = PictureDecoder("VP8"), (0, 0)
        frame = decoder.decode(EncodedPicture("VP8", picture.key, 0)) if picture.key else None
        if frame is not None:
            size = (frame.width, frame.height)
        return {"pictures": _spread(picture.came, since), "sounds": _spread(sound.sounds, since), "size": size}

    def _counted(self, index: int) -> Counted:
        receiver = self._pc.getTransceivers()[index].receiver
        return _counted.setdefault(id(receiver.track._queue), Counted())

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        answer = await self._http.post(f"{self._room}/{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()["result"]


def _spread(came: list[float], since: float) -> dict[str, float]:
    later = [at for at in came if at >= since]
    gaps = [b - a for a, b in itertools.pairwise(later)]
    length = later[-1] - later[0] if len(later) > 1 else 0.0
    return {"count": len(later), "fps": len(gaps) / length if length else 0.0, "longest_gap_s": max(gaps, default=0.0)}


class People:
    """Answers the bench."""

    def __init__(self) -> None:
        self._people: list[Person] = []
        self._pictures: dict[int, list[bytes]] = {}
        self._sounds: list[bytes] = []

    async def enter(self, room: str, name: str, pin: str, height: int) -> None:
        if height not in self._pictures:
            self._pictures[height], self._sounds = encoded_pictures(height), encoded_sound()
        person = Person(room, name, pin)
        self._people.append(person)
        await person.enter(self._pictures[height], self._sounds, len(self._people))

    async def received(self, since: float) -> list[dict[str, Any]]:
        return [person.received(since) for person in self._people]

    async def leave(self, last: bool = False) -> None:
        gone = self._people[-1:] if last else self._people
        self._people = self._people[:-1] if last else []
        for person in gone:
            await person.leave()


async def main() -> None:
    """Run until the bench closes its end."""
    logging.getLogger("aiortc").setLevel(logging.ERROR)
    aiortc.rtcrtpreceiver.decoder_worker = count_frames
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    people = People()
    try:
        await Line().serve({"enter": people.enter, "received": people.received, "leave": people.leave})
    finally:
        await people.leave()


if __name__ == "__main__":
    asyncio.run(main())
