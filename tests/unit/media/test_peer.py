"""One media path by itself, without a node."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vdx_plugin.errors import Unreadable
from vdx_plugin.media.direct_sdp import adapt_offer
from vdx_plugin.media.line import Counts
from vdx_plugin.media.peer import Peer
from vdx_plugin.media.players import Playout, Received, Speaker
from vdx_plugin.media.recovery import PathState
from vdx_plugin.media.report import statistics_of
from vdx_plugin.media.sdp import OfferShape
from vdx_plugin.media.slides import SlideFeed
from vdx_plugin.media.sources import PictureFeed, SoundFeed
from vdx_plugin.media.testcard import PictureFormat
from vdx_plugin.media.video.figures import PictureFigures

ANSWER = (Path(__file__).parent / "golden" / "answer_from_node.sdp").read_text(encoding="ascii")
# The node of this answer takes no slides.
ANSWER += "m=video 0 UDP/TLS/RTP/SAVPF 101\na=mid:2\n"


def ignore(*_: object) -> None:
    """Nobody looks on."""


def peer() -> Peer:
    feed = PictureFeed(
        PictureFormat(64, 64, 15), None, now=lambda: datetime.now(UTC), on_picture=ignore, on_notice=ignore
    )
    playout = Playout(ignore, ignore, Speaker())
    return Peer(
        [],
        relay_only=False,
        loopback=True,
        pictures=feed,
        sound=SoundFeed(None),
        playout=playout,
        slides=SlideFeed(),
        on_slide=ignore,
    )


def running() -> tuple[int, int]:
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


async def test_a_path_that_was_only_offered_leaves_nothing_behind() -> None:
    """The node may refuse, and the doctor may try all morning."""
    before = running()
    for _ in range(3):
        made = peer()
        await made.offer(OfferShape())
        assert running()[0] > before[0]
        await made.close()
    assert running() == before


async def test_a_path_closed_while_it_connects_leaves_nothing_behind() -> None:
    """Nobody answers at the address in the answer."""
    before = running()
    made = peer()
    await made.offer(OfferShape())
    await made.accept(ANSWER.replace("203.0.113.9", "127.0.0.1").replace("11:22", ":".join(["11"] * 32)))
    assert made.state is PathState.CONNECTING
    assert made.video_codec == "H264"
    assert not (made.slides.can_send)
    assert not (made.slides.can_receive)
    assert not (made.slides.may_receive)
    await made.close()
    # aiortc's own connecting task ends by itself, a little later.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)
    assert running() == before


OFFER = (Path(__file__).parent / "golden" / "direct_offer_from_browser.sdp").read_text(encoding="ascii")


def damaged(chance: random.Random) -> str:
    lines = OFFER.replace("198.51.100.20", "127.0.0.1").replace("33:44", ":".join(["33"] * 32)).splitlines()
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(lines))
        lines[place] = chance.choice(["", lines[place][: chance.randrange(40)], lines[place] + " æ;=9", "a=x"])
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(25))
async def test_a_damaged_offer_is_answered_or_unreadable(seed: int) -> None:
    """Whoever sits at the other end of direct media must not be able to raise anything else in us."""
    made = peer()
    with suppress(Unreadable):
        await made.answer(adapt_offer(damaged(random.Random(seed)), OfferShape()), OfferShape())
    await made.close()


@pytest.mark.parametrize(("damage", "by"), [("BUNDLE 0 ", "BUNDLE x 0 "), ("a=mid:0\n", "a=mid:0\na=mid:7\n")])
async def test_an_offer_whose_lines_share_what_is_not_there_leaves_nothing_behind(damage: str, by: str) -> None:
    """aiortc takes every line's transport away, and could then not be closed: each such offer would cost a socket."""
    before, made = running(), peer()
    assert damage in OFFER
    with pytest.raises(Unreadable):
        await made.answer(adapt_offer(OFFER.replace(damage, by), OfferShape()), OfferShape())
    await made.close()
    assert running() == before


@pytest.mark.parametrize(
    "candidate",
    [
        "",
        "x",
        "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "candidate:1 1 udp 1 host.local",
        "candidate:" + "9 " * 300,
        "candidate:1 1 tcp 5 127.0.0.1 70000 typ host tcptype x",
        "candidate:1 x udp y 127.0.0.1 z typ",
        "1 1 udp 1 ::",
    ],
)
async def test_an_address_that_is_none_is_passed_over(candidate: str) -> None:
    """It is the other side's own words."""
    made = peer()
    await made.offer(OfferShape())
    await made.accept(ANSWER.replace("203.0.113.9", "127.0.0.1").replace("11:22", ":".join(["11"] * 32)))
    for mid in ("0", "", "99"):
        await made.add_candidate(candidate, mid, "")
    await made.close()


@pytest.mark.parametrize("answer", ["", "v=0", ANSWER.replace("96 opus", "96 speex"), ANSWER.replace("m=audio", "m=x")])
async def test_an_answer_aiortc_cannot_take_is_unreadable(answer: str) -> None:
    """Its own exceptions are many and stay inside."""
    made = peer()
    await made.offer(OfferShape())
    with pytest.raises(Unreadable) as error:
        await made.accept(answer)
    assert error.value.code == "media.answer"
    await made.close()


def test_statistics_have_the_nodes_units() -> None:
    """Loss in per cent, jitter in milliseconds, sizes as words."""
    counts = Counts(received=97, lost=3, sent=80, jitter_ms=4.25)
    statistics = statistics_of(counts, Received(width=640, height=360), PictureFigures(), "H264")
    assert statistics["video"]["rx_resolution"] == "640x360"
    assert statistics["video"]["tx_codec"] == "H264"
    assert statistics["audio"]["rx_historic_packet_loss"] == 3.0
    assert statistics["audio"]["rx_jitter"] == 4.2
    assert "presentation" not in statistics
    assert "rx_resolution" not in statistics_of(Counts(), Received(), PictureFigures(), "VP8")["video"]


def test_what_others_show_has_statistics_of_its_own() -> None:
    """A node counts it apart, and a text that cannot be read is a matter of its size."""
    shown = statistics_of(Counts(), Received(), PictureFigures(width=1280, height=720, fps=5.04), "VP8")["presentation"]
    assert (shown["rx_resolution"], shown["rx_fps"], shown["rx_codec"]) == ("1280x720", 5.0, "VP8")
