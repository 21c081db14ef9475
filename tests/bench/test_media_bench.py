"""The parts of the media bench that decide what its figures mean."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from tests.bench import media_content as content
from tests.bench.line_model import Condition, both_ways
from tests.bench.line_proxy import Relay, Tally, flows_of, through
from tests.bench.media_freezes import freezes_of
from tests.bench.media_peer import BenchDevices, PeerChild
from tests.bench.media_sound import Recording, compare
from vdx_plugin.media.sound import RATE_HZ, speechlike

SDP = "\r\n".join(
    (
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=candidate:1 1 udp 2122260223 10.1.2.3 40000 typ host generation 0",
        "a=candidate:2 1 udp 2122194687 127.0.0.1 40001 typ host generation 0",
        "a=mid:0",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=mid:1",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "",
    )
)


def test_a_description_leads_through_the_relay_and_nowhere_else() -> None:
    """One address left in it, and the two ends would find a way round the bad line."""
    found, before = through(SDP, 5000)
    assert before == ("127.0.0.1", 40001)
    assert [line.split()[4:6] for line in found.splitlines() if "candidate" in line] == [["127.0.0.1", "5000"]] * 2
    assert flows_of(found) == {111: "audio", 96: "video", 97: "rtx"}


def test_a_description_without_loopback_is_refused() -> None:
    """A run whose packets go past the relay would look like the best of lines."""
    with pytest.raises(ValueError, match="loopback"):
        through(SDP.replace("127.0.0.1", "10.1.2.4"), 5000)


def test_the_relay_carries_both_ways_and_nothing_while_it_is_cut() -> None:
    """What recovery is tried on: a line that is gone without anybody being told."""
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    relay = Relay(*both_ways(Condition("at once", delay_s=0.0), 1))
    try:
        for end in ends:
            end.bind(("127.0.0.1", 0))
            end.settimeout(10)
        relay.aim(ends[0].getsockname(), ends[1].getsockname())
        for first, second in ((0, 1), (1, 0)):
            ends[first].sendto(b"\x80 hello", ("127.0.0.1", relay.ports[first]))
            assert ends[second].recv(100) == b"\x80 hello"
        relay.is_cut = True
        ends[0].sendto(b"\x80 lost", ("127.0.0.1", relay.ports[0]))
        while len(relay.late_s) < 2 or relay.taken < 3:
            # The relay counts in a thread of its own and tells nobody.
            time.sleep(0.01)
        relay.is_cut = False
        ends[0].sendto(b"\x80 again", ("127.0.0.1", relay.ports[0]))
        assert ends[1].recv(100) == b"\x80 again"
    finally:
        relay.close()
        for end in ends:
            end.close()


def test_the_ramp_is_the_first_half_second_at_the_rate() -> None:
    """Counted from the first picture, not from the call's first packet."""
    tally = Tally()
    for tenth in range(100):
        tally.note("video", 1000 if tenth < 20 else 30_000, 50.0 + tenth / 10 + 0.05, arrives=True)
    assert tally.ramp_s(1500) == pytest.approx(2.35, abs=0.11)
    assert tally.kbps("video", 54.0, 56.0) == pytest.approx(2400)


def test_freezes_are_chromiums() -> None:
    """Three times the mean or 150 ms more: at 30 a second a gap of 0.2 s is one, one of 0.1 s is none."""
    times = [count / 30 for count in range(90)]
    assert freezes_of(times, 0.0, times[-1]) == []
    short = [*times, *(at_s + 3.0 + 0.1 for at_s in times)]
    assert freezes_of(short, 0.0, short[-1]) == []
    long = [*times, *(at_s + 3.0 + 0.2 for at_s in times)]
    assert freezes_of(long, 0.0, long[-1]) == [pytest.approx(0.2 + 1 / 30, abs=0.001)]
    assert freezes_of(long, 3.5, long[-1]) == []
    assert freezes_of([], 0.0, 10.0) == [10.0]


def test_a_picture_that_stands_still_to_the_end_is_a_freeze() -> None:
    """Else the worst receiver of all, the one whose pictures stop, would have none."""
    assert freezes_of([count / 30 for count in range(90)], 0.0, 10.0) == [pytest.approx(7.03, abs=0.01)]


def test_a_number_is_read_from_a_small_picture_too() -> None:
    """A sender that has little to spare makes its pictures small."""
    luma = np.full((720, 1280), 90, dtype=np.uint8)
    content.stamp(luma, 137)
    assert content.number_of(luma) == content.number_of(luma[::4, ::4]) == 137
    luma[:, : content.BLOCK] = 16
    assert content.number_of(luma) is None


def test_the_delay_of_sound_is_found_and_a_hole_in_it_is_heard() -> None:
    """STOI of the same sound is one; a tenth of it gone must show."""
    pytest.importorskip("pystoi")
    sound = np.concatenate([speechlike()] * 2)
    sent = Recording(sound, 100.0)
    late = Recording(np.concatenate([np.zeros(RATE_HZ // 10, dtype=np.int16), sound, sound]), 100.0)
    found = compare(sent, late)
    assert set(np.round(found.delays_ms)) == {100.0}
    assert min(found.stoi) > 0.999
    holed = late.samples.copy().reshape(-1, 960)
    holed[::10] = 0
    assert max(compare(sent, Recording(holed.ravel(), 100.0)).stoi) < 0.98


def _wait_for_all(devices: BenchDevices) -> None:
    while not (devices.sent and devices.got and devices.pictures_sent):
        # The devices' threads fill these lists and tell nobody.
        time.sleep(0.02)


async def test_our_own_end_offers_and_measures() -> None:
    """The bench reaches into the client's media, which goes on changing; this is where one hears of it."""
    pictures = np.full((2, 1080, 1280), 90, dtype=np.uint8)
    child = PeerChild(BenchDevices(pictures, speechlike()), "VP8", 2500)
    await child.open()
    try:
        assert flows_of(await child.offer())
        await child.begin()
        await asyncio.to_thread(_wait_for_all, child._devices)
        found = await child.end()
    finally:
        await child.close()
    assert found["seen"]["frames"] == 0
    await asyncio.to_thread(Path(found["sound"]).unlink)


def test_blocks_that_shiver_begin_where_the_promptest_say() -> None:
    """A page hears of its sound late, never early."""
    blocks = [(10.0 + count * 0.01 + (0.02 if count % 2 else 0.0), 480) for count in range(100)]
    assert Recording.of_blocks(np.zeros(48_000, dtype=np.int16), blocks).start_s == pytest.approx(10.0)
