"""Keeps a room's beat: on the event loop it collects and hands out, in its own threads pictures and sound are made.

Nothing queues: what a beat has not used of a sender is bounded and the oldest goes first, and a beat that takes too
long is followed by the next one at once, the missed ones left out. Threads live from ``start`` to ``close``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from aiortc.rtp import RtpPacket

from vdx_plugin.sandbox.pexip.mixing.frames import EncodedPicture, FrameAssembler
from vdx_plugin.sandbox.pexip.mixing.groups import Group, Wish, share_out
from vdx_plugin.sandbox.pexip.mixing.load import LARGE, LoadWatch, Size
from vdx_plugin.sandbox.pexip.mixing.opus import FRAME
from vdx_plugin.sandbox.pexip.mixing.pictures import Beat, PictureMixer
from vdx_plugin.sandbox.pexip.mixing.sounds import SoundBeat, SoundMixer
from vdx_plugin.sandbox.pexip.streams import begins_key_frame

SOUND_BEAT_S = 0.02
KEY_FRAME_INTERVAL_S = 0.5
_MOST_PICTURES = 15
_MOST_SOUNDS = 50
_LATE_S = 0.2
_CODEC_THREADS = 2


@dataclass(frozen=True)
class Scene:
    """Who sees and hears whom at this moment; see ``Beat`` and ``SoundBeat`` for the parts."""

    wishes: tuple[Wish, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()
    listeners: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MixedPacket:
    """One packet of a mixed stream for one viewer. ``starts`` is set on the first packet of a key frame, and on
    every packet of sound; ``waits`` on what is meant for somebody who waits outside."""

    kind: str
    viewer: str
    packet: RtpPacket
    starts: bool
    waits: bool


@dataclass
class _Stream:
    """The numbers of one mixed stream before each viewer's own."""

    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = 0

    def packet(self, payload: bytes, timestamp: int, *, marker: bool) -> RtpPacket:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return RtpPacket(
            marker=int(marker),
            sequence_number=self.sequence,
            timestamp=timestamp & 0xFFFFFFFF,
            ssrc=self.ssrc,
            payload=payload,
        )


class Studio:
    """Mixes for one room while started. ``scene`` is asked at each beat; ``hand_out`` gets every packet made;
    ``on_levels`` how loud each one is; ``clock`` gives seconds."""

    def __init__(
        self,
        scene: Callable[[Size], Scene],
        hand_out: Callable[[MixedPacket], Awaitable[None]],
        on_levels: Callable[[dict[str, int]], None],
        *,
        clock: Callable[[], float],
        largest: Size = LARGE,
    ) -> None:
        self._scene, self._hand_out, self._on_levels, self._clock = scene, hand_out, on_levels, clock
        self.load = LoadWatch(largest)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._assemblers: dict[str, FrameAssembler] = {}
        self._pictures: dict[str, deque[EncodedPicture]] = {}
        self._sounds: dict[str, deque[tuple[int, bytes]]] = {}
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._keys: set[str] = set()
        self._key_at: dict[str, float] = {}
        self._broken: set[str] = set()

    @property
    def running(self) -> bool:
        """Whether the beat goes on."""
        return bool(self._tasks)

    def start(self) -> None:
        """Begin, if it has not begun."""
        if self._tasks:
            return
        self._stopping = False
        self._pool = ThreadPoolExecutor(_CODEC_THREADS, "room-codec")
        self._picture_thread = ThreadPoolExecutor(1, "room-pictures")
        self._sound_thread = ThreadPoolExecutor(1, "room-sound")
        self._tasks = [
            asyncio.create_task(self._keep_sound(), name="room-mixed-sound"),
            asyncio.create_task(self._keep_pictures(), name="room-mixed-pictures"),
        ]

    async def close(self) -> None:
        """Stop after the beat that is on, and end the threads."""
        tasks, self._tasks = self._tasks, []
        self._stopping = True
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            for executor in (self._picture_thread, self._sound_thread, self._pool):
                executor.shutdown()
        for kept in (self._assemblers, self._pictures, self._sounds, self._streams, self._keys, self._key_at):
            kept.clear()

    def take_picture(self, uuid: str, codec: str, packet: RtpPacket, *, at: float) -> None:
        """Take a packet of a sender's picture."""
        assembler = self._assemblers.get(uuid)
        if assembler is None or assembler.codec != codec:
            assembler = self._assemblers[uuid] = FrameAssembler(codec)
        queue = self._pictures.setdefault(uuid, deque())
        marker = bool(packet.marker)
        queue.extend(assembler.add(packet.sequence_number, packet.timestamp, marker, packet.payload, at=at))
        if len(queue) > _MOST_PICTURES:
            # Decoding cannot leave single pictures out, so it begins again with a whole one.
            queue.clear()
            assembler.restart()

    def take_sound(self, uuid: str, packet: RtpPacket) -> None:
        """Take a packet of a sender's sound."""
        queue = self._sounds.setdefault(uuid, deque(maxlen=_MOST_SOUNDS))
        queue.append((packet.sequence_number, packet.payload))

    def forget(self, uuid: str, kind: str) -> None:
        """Drop what is kept of a sender's sound or picture, since it ends or begins anew."""
        if kind == "audio":
            self._sounds.pop(uuid, None)
        elif kind == "video":
            self._assemblers.pop(uuid, None)
            self._pictures.pop(uuid, None)

    def needs_key_frame(self, uuid: str, *, at: float) -> bool:
        """Whether a sender's picture waits for a key frame. To be asked now and then, since it also gives up holes."""
        assembler = self._assemblers.get(uuid)
        if assembler is not None:
            assembler.give_up(at=at)
        return assembler is None or assembler.needs_key_frame or uuid in self._broken

    def ask_for_key_frame(self, viewer: str) -> None:
        """Let the viewer's picture begin anew with the next beat, or as soon as it may."""
        self._keys.add(viewer)

    async def _keep_pictures(self) -> None:
        mixer = PictureMixer(self._pool.map)
        loop = asyncio.get_running_loop()
        due = self._clock()
        while not self._stopping:
            interval_s = 1 / self.load.size.fps
            due = max(due + interval_s, self._clock())
            await asyncio.sleep(due - self._clock())
            began = self._clock()
            beat = self._picture_beat(began)
            if beat.groups or beat.incoming:
                made = await loop.run_in_executor(self._picture_thread, mixer.beat, beat)
                self.load.worked((self._clock() - began) / interval_s, at=began)
                self._broken = set(made.broken)
                for group in beat.groups:
                    await self._hand_out_picture(group, made.payloads.get(group.lead, []), began)

    def _picture_beat(self, at: float) -> Beat:
        scene = self._scene(self.load.size)
        groups = share_out(scene.wishes)
        incoming = {uuid: list(queue) for uuid, queue in self._pictures.items() if queue}
        for queue in self._pictures.values():
            queue.clear()
        return Beat(at, groups, incoming, scene.names, self._due_keys(groups, at), scene.hidden)

    def _due_keys(self, groups: tuple[Group, ...], at: float) -> frozenset[str]:
        due: set[str] = set()
        for group in groups:
            wanted = not self._keys.isdisjoint(group.viewers)
            if wanted and at - self._key_at.get(group.lead, float("-inf")) >= KEY_FRAME_INTERVAL_S:
                self._key_at[group.lead] = at
                self._keys.difference_update(group.viewers)
                due.add(group.lead)
        return frozenset(due)

    async def _hand_out_picture(self, group: Group, payloads: list[bytes], at: float) -> None:
        stream = self._stream("video", group.lead)
        for index, payload in enumerate(payloads):
            packet = stream.packet(payload, int(at * 90_000), marker=index == len(payloads) - 1)
            starts = index == 0 and begins_key_frame(group.codec, payload)
            for viewer in group.viewers:
                await self._hand_out(MixedPacket("video", viewer, packet, starts, waits=bool(group.card)))

    async def _keep_sound(self) -> None:
        mixer = SoundMixer()
        loop = asyncio.get_running_loop()
        due = self._clock()
        while not self._stopping:
            due = due + SOUND_BEAT_S
            if self._clock() - due > _LATE_S:
                due = self._clock()
            await asyncio.sleep(max(0.0, due - self._clock()))
            beat = self._sound_beat()
            made = await loop.run_in_executor(self._sound_thread, mixer.beat, beat)
            self._on_levels(dict(made.levels))
            for viewer, payload in made.payloads.items():
                if payload:
                    timestamp = round(due / SOUND_BEAT_S) * FRAME
                    packet = self._stream("audio", viewer).packet(payload, timestamp, marker=False)
                    waits = viewer in beat.silent
                    await self._hand_out(MixedPacket("audio", viewer, packet, starts=True, waits=waits))

    def _sound_beat(self) -> SoundBeat:
        scene = self._scene(self.load.size)
        incoming = {uuid: list(queue) for uuid, queue in self._sounds.items() if queue}
        for queue in self._sounds.values():
            queue.clear()
        return SoundBeat(incoming, scene.heard, scene.listeners, scene.silent, scene.phones)

    def _stream(self, kind: str, lead: str) -> _Stream:
        return self._streams.setdefault((kind, lead), _Stream())
