"""The sink of pictures with real encoders and decoders: what is shown, what is asked for, what is left behind."""

from __future__ import annotations

import asyncio
import fractions
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import av
import pytest

from vdx_plugin.media.encoders import encoder_for
from vdx_plugin.media.packets import MediaPacket, SenderReport
from vdx_plugin.media.sync import LipSync
from vdx_plugin.media.testcard import PictureFormat, TestCard
from vdx_plugin.media.video.assembly import CodedPicture
from vdx_plugin.media.video.decoder import MAX_WAITING, Decoder
from vdx_plugin.media.video.figures import PictureTally
from vdx_plugin.media.video.receiver import MAX_HELD, PictureReceiver

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMIT_S = 20


class Asked:
    """A feedback that keeps what was asked for."""

    rtt_s = 0.06

    def __init__(self) -> None:
        self.nacks: list[tuple[int, ...]] = []
        self.plis = 0
        self.changed = asyncio.Event()

    def nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        self.nacks.append(tuple(sequences))
        self.changed.set()

    def pli(self, ssrc: int) -> None:
        self.plis += 1
        self.changed.set()


class Screen:
    """A receiver, what it showed and what it asked for."""

    def __init__(self, sync: LipSync | None = None) -> None:
        self.shown: list[Any] = []
        self.tally = PictureTally()
        self.feedback = Asked()
        self.receiver = PictureReceiver(self._show, self.tally, sync)

    def _show(self, frame: Any) -> None:
        self.shown.append(frame)
        self.feedback.changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self.feedback.changed.clear()
                await self.feedback.changed.wait()


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    made = Screen(LipSync())
    made.receiver.begin(made.feedback)
    yield made
    made.receiver.end()
    await made.receiver.closed()


def packets(codec: str, count: int, *, first: int = 0) -> list[list[MediaPacket]]:
    """Return encoded pictures as lists of packets."""
    encoder: Any = encoder_for(codec)
    card, sequence, found = TestCard(PictureFormat(320, 180, 30)), 50 + first * 100, []
    for number in range(first, first + count):
        frame = av.VideoFrame.from_ndarray(card.draw(AT, number), format="yuv420p")
        frame.pts, frame.time_base = number * 3000, fractions.Fraction(1, 90_000)
        payloads, timestamp = encoder.encode(frame)
        found.append([])
        for payload in payloads:
            last = payload is payloads[-1]
            found[-1].append(MediaPacket(9, sequence, timestamp, last, payload, codec, 90_000, 0.0))
            sequence += 1
    return found


def give(screen: Screen, *pictures: Sequence[MediaPacket]) -> None:
    for picture in pictures:
        for each in picture:
            screen.receiver.take(replace(each, arrived_s=time.monotonic()))


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_pictures_of_both_codecs_are_shown_and_counted(screen: Screen, codec: str) -> None:
    """With a lost packet that comes again; the codec may change with the stream."""
    pictures = packets(codec, 5)
    lost = pictures[2].pop(0)
    give(screen, *pictures)
    await screen.until(lambda: bool(screen.feedback.nacks))
    assert screen.feedback.nacks[0] == (lost.sequence,)
    give(screen, [replace(lost, is_retransmission=True)])
    await screen.until(lambda: screen.tally.figures(time.monotonic()).decoded == 5)
    figures = screen.tally.figures(time.monotonic())
    assert (figures.width, figures.height, figures.keyframes, figures.fps) == (320, 180, 1, 5.0)
    assert figures.asked_again >= 1
    assert screen.shown[-1].width == 320


async def test_a_change_of_codec_is_followed(screen: Screen) -> None:
    """A node may prefer another one when a meeting grows."""
    give(screen, *packets("VP8", 2))
    await screen.until(lambda: len(screen.shown) >= 1)
    give(screen, *[[replace(each, ssrc=10) for each in picture] for picture in packets("H264", 2, first=5)])
    await screen.until(lambda: screen.tally.figures(time.monotonic()).decoded == 4)


async def test_what_cannot_be_decoded_is_asked_for_anew(screen: Screen) -> None:
    """And a good key picture brings the movement back."""
    broken = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xb4\x00" + bytes(range(200))
    give(screen, [MediaPacket(9, 10, 5, True, broken[:14], "VP8", 90_000, 0.0)])
    await screen.until(lambda: screen.feedback.plis >= 1)
    give(screen, *packets("VP8", 1))
    await screen.until(lambda: len(screen.shown) == 1)


async def test_nothing_a_peer_sends_gets_out_as_an_exception(screen: Screen) -> None:
    """Real pictures with bytes changed, cut and mixed, for both decoders."""
    chance = random.Random(2)
    for codec in ("VP8", "H264"):
        for picture in packets(codec, 40):
            for each in picture:
                payload = bytearray(each.payload[: chance.randrange(1, len(each.payload) + 1)])
                for _ in range(chance.randrange(4)):
                    payload[chance.randrange(len(payload))] = chance.randrange(256)
                give(screen, [replace(each, payload=bytes(payload), ssrc=20 + len(codec))])
            await asyncio.sleep(0)
    give(screen, *packets("VP8", 1))
    await screen.until(lambda: bool(screen.shown) and screen.shown[-1].width == 320)
    assert len(screen.receiver._held) <= MAX_HELD


async def test_reports_and_packets_before_and_after_the_line_are_ignored() -> None:
    """They cross with its beginning and end."""
    screen = Screen()
    pictures = packets("VP8", 1)
    give(screen, *pictures)
    screen.receiver.take_report(SenderReport(9, 1.0, 1, 0.0))
    screen.receiver.end()
    give(screen, *pictures)
    await screen.receiver.closed()
    assert screen.shown == []


async def test_no_thread_is_left_behind() -> None:
    """A doctor opens thirty calls a day."""
    before = threading.active_count()
    for _ in range(5):
        screen = Screen()
        screen.receiver.begin(screen.feedback)
        give(screen, *packets("VP8", 2))
        screen.receiver.end()
        await screen.receiver.closed()
    names = [thread.name for thread in threading.enumerate()]
    assert "media-picture-decoder" not in names
    # The loop's own pool has one more at most.
    assert threading.active_count() <= before + 1


async def test_a_decoder_that_cannot_keep_up_drops_to_the_next_key_picture() -> None:
    """A queue that grows is a call that falls behind, minute by minute."""
    failed: list[None] = []
    decoder = Decoder(lambda *_: None, lambda: failed.append(None))
    delta = CodedPicture(b"x", 0, False, "VP8", 0.0)
    assert all(decoder.offer(delta, 0.0) for _ in range(MAX_WAITING))
    assert not decoder.offer(delta, 0.0)
    assert len(decoder._waiting) == 0
    assert decoder.offer(delta, 0.0)
    decoder.start()
    decoder.close()
    await decoder.closed()


async def test_a_picture_of_senseless_size_is_refused_before_room_is_made_for_it() -> None:
    """16383 by 16383 takes 400 MB."""
    failed = asyncio.Event()
    decoder = Decoder(lambda *_: None, failed.set)
    decoder.start()
    huge = b"\x10\x02\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(50)
    decoder.offer(CodedPicture(huge, 0, True, "VP8", 0.0), 0.0)
    async with asyncio.timeout(LIMIT_S):
        await failed.wait()
    decoder.close()
    await decoder.closed()
