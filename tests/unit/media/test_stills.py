"""Stills of somebody else's screen on their way in."""

from __future__ import annotations

import asyncio
import random
from fractions import Fraction
from typing import Any

import av
import httpx
import numpy as np

from tests.unit.media.pexip.node import Node, refused
from vdx_plugin.media.pictures import picture_of_frame
from vdx_plugin.media.stills import Stills, decode_still, jpeg_size
from vdx_plugin.ports import VideoPicture


def jpeg(width: int = 320, height: int = 240) -> bytes:
    codec: Any = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = width, height, "yuvj420p", Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 200, np.uint8), format="rgb24")
    return b"".join(bytes(packet) for packet in codec.encode(frame.reformat(format="yuvj420p")))


async def stills_of(node: Node, seen: list[VideoPicture]) -> tuple[Any, Stills]:
    client = node.client()
    await client.enter()

    def see(picture: VideoPicture) -> None:
        seen.append(picture)
        node.changed.set()

    return client, Stills(client, see)


async def test_of_stills_announced_meanwhile_only_the_newest_is_fetched() -> None:
    """A slow line would otherwise show slides of long ago."""
    node, seen = Node(), list[VideoPicture]()
    node.answers["presentation_high.jpeg"] = lambda body: httpx.Response(200, content=jpeg())
    client, stills = await stills_of(node, seen)
    for number in ("n1", "n2", "n3", "n4"):
        stills.want(number)
        await asyncio.sleep(0)
    await node.until(lambda: len(seen) == 2)
    assert len(node.paths("presentation_high.jpeg")) == 2
    await stills.close()
    await client.close()


async def test_a_still_that_is_refused_or_broken_is_passed_over() -> None:
    """The next one is tried again."""
    node, seen = Node(), list[VideoPicture]()
    client, stills = await stills_of(node, seen)
    for answer in (refused("gone", 404), httpx.Response(200, content=b"no picture")):
        node.answers["presentation_high.jpeg"] = lambda body, answer=answer: answer
        stills.want("n1")
        await stills._tasks.finish({"media-stills"})
    node.answers["presentation_high.jpeg"] = lambda body: httpx.Response(200, content=jpeg())
    stills.want("n2")
    await node.until(lambda: seen)
    assert (seen[0].width, seen[0].height) == (320, 240)
    await stills.close()
    await client.close()


def test_a_still_is_decoded_with_its_size() -> None:
    """Where a node gives no line for slides, it makes stills of them."""
    frame = decode_still(jpeg())
    picture = picture_of_frame(frame)
    assert (picture.width, picture.height) == (320, 240)
    assert min(picture.planes[0][:320]) > 180


def test_a_still_larger_than_any_screen_is_not_decoded() -> None:
    """Its head of twenty bytes would have us reserve gigabytes."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    assert jpeg_size(bytes(data)) == (65535, 65535)
    assert decode_still(bytes(data)) is None


def test_broken_stills_are_left_out() -> None:
    """Fixed seed: cut short, changed and foreign bytes give a picture or nothing."""
    chance, whole = random.Random(5), jpeg()
    for _ in range(300):
        data = bytearray(whole[: chance.randrange(len(whole) + 1)])
        for _ in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        frame = decode_still(bytes(data))
        assert frame is None or frame.width <= 4096
    assert decode_still(b"") is None
    assert decode_still(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100) is None
