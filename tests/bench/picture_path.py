"""Pictures over a bad line in virtual time: freezes, delay and what was asked for, in seconds for minutes of call.

    python -m tests.bench.picture_path [--seeds 5] [--seconds 60] [CONDITION ...]

A model sender (pictures of 720p30 with the sizes an encoder gives them, paced, with a history and key pictures on
request) talks over ``line_model`` to the receive path of ``vdx_plugin.media.video``, whose decoder is taken to need
no time. Rates under loss are those a browser falls to.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.bench.line_model import BY_NAME, CONDITIONS, Condition, Pipe, VirtualTime, both_ways
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.video.freezes import Freezes
from vdx_plugin.media.video.playout import PlayoutDelay
from vdx_plugin.media.video.reception import Reception, Requests

FPS = 30
PACKET_BYTES = 1150
HISTORY_S = 2.0
KEY_EVERY_S = 0.3
PACE = 2.5
RATES_BPS = {"20%": 300_000, "10%": 1_000_000, "10% bursty": 1_000_000, "300 kbit/s": 220_000}
DEFAULT_BPS = 1_500_000
WARM_UP_S = 8.0


@dataclass
class Sent:
    """One packet on the wire."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    again: bool = False

    def __len__(self) -> int:
        return len(self.payload) + 30


@dataclass
class Sender:
    """A browser's half, roughly: each packet is sent again at most once per round trip."""

    time: VirtualTime
    rate_bps: float
    chance: random.Random
    send: Callable[[Sent], None] = lambda _: None
    sequence: int = 65_000
    number: int = 0
    wants_key: bool = True
    key_s: float = -1.0
    free_s: float = 0.0
    keys: int = 0
    repeats: int = 0
    history: dict[int, tuple[float, Sent]] = field(default_factory=dict)
    repeated_s: dict[int, float] = field(default_factory=dict)
    due: float = 0.0
    debt: float = 0.0

    def frame(self, at_s: float) -> None:
        """Encode and send one picture."""
        is_key = self.wants_key and at_s - self.key_s >= KEY_EVERY_S
        mean = self.rate_bps / 8 / FPS
        size = mean * self.chance.lognormvariate(-0.06, 0.35)
        if is_key:
            self.wants_key, self.key_s, size = False, at_s, min(8 * mean, 60_000)
            self.keys += 1
        elif self.debt > mean:
            size *= 0.6
        self.debt = max(0.0, self.debt + size - mean)
        self._packetize(max(200, int(size)), is_key=is_key)
        self.number += 1

    def _packetize(self, size: int, *, is_key: bool) -> None:
        count = -(-size // PACKET_BYTES)
        timestamp = (self.number * 90_000 // FPS + 4_294_900_000) % (1 << 32)
        for index in range(count):
            first = index == 0
            header = bytes([0x90 if first else 0x80, 0x80, 0x80 | self.number >> 8 & 0x7F, self.number & 0xFF])
            body = bytes([0 if is_key else 1, 0, 0]) + b"\x9d\x01\x2a" if first else b""
            payload = (header + body).ljust(-(-size // count), b"\0")
            self._pace(Sent(self.sequence, timestamp, index == count - 1, payload))
            self.sequence = (self.sequence + 1) % (1 << 16)

    def _pace(self, packet: Sent) -> None:
        self.free_s = max(self.free_s, self.time.now_s)
        self.time.at(self.free_s, lambda at_s: self._out(packet, at_s))
        self.free_s += len(packet) * 8 / (PACE * self.rate_bps)

    def _out(self, packet: Sent, at_s: float) -> None:
        self.history[packet.sequence] = (at_s, packet)
        while at_s - self.history[next(iter(self.history))][0] > HISTORY_S:
            del self.history[next(iter(self.history))]
        self.send(packet)

    def take(self, request: _Wire, at_s: float) -> None:
        """Answer a request."""
        self.wants_key = self.wants_key or request.requests.keyframe
        for number in request.requests.again:
            found = self.history.get(number)
            if found is not None and at_s - self.repeated_s.get(number, -9.0) >= 0.06:
                self.repeated_s[number] = at_s
                self.repeats += 1
                packet = found[1]
                self.send(Sent(packet.sequence, packet.timestamp, packet.marker, packet.payload, again=True))


@dataclass
class _Wire:
    requests: Requests

    def __len__(self) -> int:
        return 40


@dataclass(frozen=True)
class Outcome:
    """What one run showed, from the end of the warm-up on."""

    freezes: int
    frozen_s: float
    shown: int
    delay_ms: float
    worst_gap_ms: float
    asked: int
    repeats: int
    lost: int
    plis: int
    keys: int


class Viewer:
    """Our half: the pure parts, driven as ``receiver`` drives them."""

    def __init__(self, time: VirtualTime, ask: Callable[[_Wire], None], rtt_s: float) -> None:
        self.time, self.ask = time, ask
        self.reception, self.playout, self.freezes = Reception(), PlayoutDelay(), Freezes()
        self.reception.set_rtt(rtt_s)
        self.rtt_s = rtt_s
        self.ticking_s = float("inf")
        self.asked_again = self.asked_keyframe = 0
        self.shown: list[tuple[float, float]] = []

    def take(self, sent: Sent, at_s: float) -> None:
        packet = MediaPacket(
            7,
            sent.sequence,
            sent.timestamp,
            sent.marker,
            sent.payload,
            "VP8",
            90_000,
            at_s,
            is_retransmission=sent.again,
        )
        self.playout.set_line(self.rtt_s, self.reception.loss)
        for picture in self.reception.take(packet):
            self.reception.decoded(at_s, is_key=picture.is_key)
            due_s = self.playout.due_s(picture.timestamp, at_s)
            captured_s = (picture.timestamp - 4_294_900_000) / 90_000
            self.time.at(due_s, lambda then_s, captured_s=captured_s: self.show(then_s, captured_s))
        self.watch()

    def show(self, at_s: float, captured_s: float) -> None:
        if self.shown and captured_s <= self.shown[-1][1]:
            return
        self.freezes.shown(at_s)
        self.shown.append((at_s, captured_s))

    def watch(self) -> None:
        next_s = self.reception.next_s
        if next_s < self.ticking_s:
            self.ticking_s = next_s
            self.time.at(next_s, self.tick)

    def tick(self, at_s: float) -> None:
        if at_s < self.ticking_s:
            return
        self.ticking_s = float("inf")
        requests = self.reception.tick(at_s)
        if requests is not None:
            self.asked_again += len(requests.again)
            self.asked_keyframe += requests.keyframe
            self.ask(_Wire(requests))
        self.watch()


def run(condition: Condition, seed: int, seconds: float = 60.0) -> Outcome:
    """Run one call."""
    time = VirtualTime()
    there, back = both_ways(condition, seed)
    sender = Sender(time, RATES_BPS.get(condition.name, DEFAULT_BPS), random.Random(seed))
    requests: Pipe[_Wire] = Pipe(time, back, sender.take)
    rtt_s = 2 * condition.delay_s + condition.jitter_s
    viewer = Viewer(time, lambda wire: requests.send(wire, "nack"), rtt_s)
    media: Pipe[Sent] = Pipe(time, there, viewer.take)
    sender.send = lambda packet: media.send(packet, "again" if packet.again else "picture")
    time.every(1 / FPS, sender.frame)
    time.run(WARM_UP_S)
    before = (viewer.freezes.count, viewer.freezes.frozen_s, len(viewer.shown), viewer.asked_again)
    began = (sender.repeats, media.dropped, viewer.asked_keyframe, sender.keys)
    time.run(WARM_UP_S + seconds)
    shown = viewer.shown[before[2] :]
    lateness = [at_s - captured_s - condition.delay_s for at_s, captured_s in shown]
    gaps = [after[0] - earlier[0] for earlier, after in pairwise(shown)]
    return Outcome(
        freezes=viewer.freezes.count - before[0],
        frozen_s=viewer.freezes.frozen_s - before[1],
        shown=len(shown),
        delay_ms=1000 * statistics.fmean(lateness),
        worst_gap_ms=1000 * max(gaps, default=0.0),
        asked=viewer.asked_again - before[3],
        repeats=sender.repeats - began[0],
        lost=media.dropped - began[1],
        plis=viewer.asked_keyframe - began[2],
        keys=sender.keys - began[3],
    )


def row(condition: Condition, seeds: int, seconds: float) -> str:
    """Return a line of the table: freezes scaled to 25 s, medians over the seeds."""
    outcomes = [run(condition, seed, seconds) for seed in range(1, seeds + 1)]

    def median(pick: Callable[[Outcome], float]) -> float:
        return statistics.median(pick(each) for each in outcomes)

    scale = 25 / seconds
    each = "/".join(str(round(one.freezes * scale, 1)) for one in outcomes)
    return (
        f"{condition.name:12} freezes/25s {each:28} frozen {median(lambda o: o.frozen_s * scale):5.2f} s  "
        f"fps {median(lambda o: o.shown / seconds):4.1f}  delay {median(lambda o: o.delay_ms):4.0f} ms  "
        f"gap {median(lambda o: o.worst_gap_ms):4.0f} ms  lost {median(lambda o: o.lost):5.0f}  "
        f"asked {median(lambda o: o.asked):5.0f}  sent again {median(lambda o: o.repeats):5.0f}  "
        f"PLI {median(lambda o: o.plis):3.0f}  keys {median(lambda o: o.keys):3.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conditions", nargs="*", default=[condition.name for condition in CONDITIONS])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    for name in options.conditions:
        print(row(BY_NAME[name], options.seeds, options.seconds), flush=True)


if __name__ == "__main__":
    main()
