"""What the sending half makes of a line, in virtual time: ``python -m tests.bench.rate_path``.

A model of an encoder (pictures of uneven size as the ladder wants them, a whole one at each change) and of sound sends
through the program's own estimate and pacer over the modelled line to its own record of arrivals. A minute takes some
seconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.bench.line_model import BY_NAME, Condition, Line, VirtualTime
from vdx_plugin.media.rate.arrivals import Arrivals
from vdx_plugin.media.rate.estimate import Estimate
from vdx_plugin.media.rate.feedback import Feedback, pack
from vdx_plugin.media.rate.ladder import Beat, Ladder, Rung
from vdx_plugin.media.rate.pacing import Pacer, Rank

HEADER = 12 + 20 + 16 + 28
"""RTP, its extensions, SRTP's tag, UDP and IPv4."""
SOUND_BYTES = 80
SOUND_BPS = (SOUND_BYTES + HEADER) * 8 * 50
PAYLOAD = 1200
WHOLE, LEAST_BYTES = 8, 1400 / 720**2
"""How many usual pictures a whole one is, and what one takes for each line squared however coarse it is made."""
PUMP_S = 0.002
LINES = BY_NAME | {
    "60 ms jitter": Condition("60 ms jitter", jitter_s=0.060),
    "1M, no queue": Condition("1M, no queue", rate_bps=1_000_000, queue_s=0.02),
    "1M, 5%": Condition("1M, 5%", rate_bps=1_000_000, loss=0.05),
    "1M, 5%, no q": Condition("1M, 5%, no q", rate_bps=1_000_000, queue_s=0.02, loss=0.05),
    "150 kbit/s": Condition("150 kbit/s", rate_bps=150_000),
}


@dataclass
class Seen:
    """What one run showed."""

    targets: list[tuple[float, float]] = field(default_factory=list)
    came: list[tuple[float, int]] = field(default_factory=list)
    queues_s: list[tuple[float, float]] = field(default_factory=list)
    sound_sent: int = 0
    sound_came: int = 0
    waits_s: list[tuple[float, float]] = field(default_factory=list)
    """When each packet of sound was sent, and how long it waited at the narrow place."""
    pictures: list[tuple[float, Rung]] = field(default_factory=list)

    def rate_bps(self, since_s: float, until_s: float) -> float:
        """Return the rate at which everything came."""
        return sum(size for at_s, size in self.came if since_s <= at_s < until_s) * 8 / (until_s - since_s)

    def reached_s(self, bps: float) -> float | None:
        """Return when the target first was this high."""
        return next((at_s for at_s, target in self.targets if target >= bps), None)

    def queue_p95_s(self, since_s: float) -> float:
        """Return the 95th percentile of the delay at the narrow place."""
        ordered = sorted(queue_s for at_s, queue_s in self.queues_s if at_s >= since_s)
        return ordered[int(0.95 * (len(ordered) - 1))]

    def sound_wait_s(self, share: float, since_s: float) -> float:
        """Return how long all but the rest of sound waited at most."""
        ordered = sorted(wait_s for at_s, wait_s in self.waits_s if at_s >= since_s)
        return ordered[int(share * (len(ordered) - 1))]

    def median_target_bps(self, since_s: float) -> float:
        return statistics.median(target for at_s, target in self.targets if at_s >= since_s)


class Rig:
    """One sender, one line, one receiver."""

    def __init__(self, condition: Condition, seed: int) -> None:
        self.time = VirtualTime()
        self.line = Line(condition, seed, "there")
        self._back = Line(replace(condition, rate_bps=None), seed, "back")
        self._chance = random.Random(seed)
        self.estimate = Estimate()
        self._pacer: Pacer[int] = Pacer(self.estimate.target_bps)
        self._arrivals = Arrivals(1)
        self.seen = Seen()
        self._ladder, self._beat = Ladder(), Beat()
        self._height = 0
        self.time.every(0.020, self._sound)
        self.time.every(1 / 30, self._picture)
        self.time.every(PUMP_S, self._pump)
        self.time.every(0.010, self._tell)
        self.time.every(0.1, self._watch)

    def at(self, at_s: float, change: Callable[[Condition], Condition]) -> None:
        """Change the line then."""

        def apply(_: float) -> None:
            self.line.condition = change(self.line.condition)

        self.time.at(at_s, apply)

    def run(self, until_s: float) -> Seen:
        self.time.run(until_s)
        return self.seen

    def _sound(self, now_s: float) -> None:
        self.seen.sound_sent += 1
        self.seen.waits_s.append((now_s, self.line.queue_s(now_s)))
        self._pacer.spend(SOUND_BYTES + HEADER, now_s)
        self._leave(SOUND_BYTES, now_s, 0, flow="sound")

    def _picture(self, now_s: float) -> None:
        budget_bps = min(2_500_000.0, max(0.0, self.estimate.target_bps - SOUND_BPS))
        rung = self._ladder.step(budget_bps, now_s)
        if not rung.has_pictures or self._pacer.wait_s > 0.25 or not self._beat.passes(now_s, rung.fps):
            return
        self.seen.pictures.append((now_s, rung))
        usual = min(budget_bps, rung.most_bps) / rung.fps / 8 * PAYLOAD / (PAYLOAD + HEADER)
        usual = max(usual, LEAST_BYTES * rung.height**2)
        size = usual * (WHOLE if rung.height != self._height else self._chance.uniform(0.6, 1.4))
        self._height = rung.height
        while size > 0:
            self._pacer.put(int(min(size, PAYLOAD)) + 1, int(min(size, PAYLOAD)) + 1 + HEADER, Rank.PICTURE)
            size -= PAYLOAD

    def _pump(self, now_s: float) -> None:
        self.estimate.tick(now_s)
        self._pacer.set_target(self.estimate.target_bps)
        if not self._pacer.cluster and (probe := self.estimate.probe(now_s)) is not None:
            self._pacer.begin(probe)
        while (taken := self._pacer.take(now_s)) is not None:
            self._leave(taken[0], now_s, taken[1])
        while self._pacer.wants_padding(now_s):
            self._leave(240, now_s, self._pacer.pad(240 + HEADER, now_s), flow="padding")

    def _leave(self, size: int, now_s: float, cluster: int, flow: str = "picture") -> None:
        number = self.estimate.depart(size + HEADER, now_s, cluster=cluster)
        arrives_s = self.line.fate(size + HEADER - 28, now_s, flow)
        if arrives_s is not None:
            self.time.at(arrives_s, lambda at_s: self._arrive(number, size, at_s, flow))

    def _arrive(self, number: int, size: int, at_s: float, flow: str) -> None:
        self._arrivals.take(number, 1000 + at_s, ssrc=1, size=size)
        self.seen.came.append((at_s, size + HEADER))
        self.seen.sound_came += flow == "sound"

    def _tell(self, now_s: float) -> None:
        for feedback in self._arrivals.feedback(1000 + now_s):
            arrives_s = self._back.fate(len(pack(feedback)), now_s, "feedback")
            if arrives_s is not None:
                self.time.at(arrives_s, self._hear(feedback))

    def _hear(self, feedback: Feedback) -> Callable[[float], None]:
        return lambda at_s: self.estimate.take_feedback(feedback, at_s)

    def _watch(self, now_s: float) -> None:
        self.seen.targets.append((now_s, self.estimate.target_bps))
        self.seen.queues_s.append((now_s, self.line.queue_s(now_s)))


def _row(name: str, seed: int, seconds: float) -> str:
    seen = Rig(LINES[name], seed).run(seconds)
    reached_s = seen.reached_s(1_500_000)
    return (
        f"{name:12} {seed:4} {'-' if reached_s is None else f'{reached_s:.1f}':>6} "
        f"{seen.rate_bps(8, seconds) / 1000:9.0f} {seen.median_target_bps(8) / 1000:9.0f} "
        f"{seen.queue_p95_s(3) * 1000:9.0f} {100 * (1 - seen.sound_came / seen.sound_sent):7.1f}"
    )


def _steps(seed: int) -> str:
    rig = Rig(replace(BY_NAME["clean"], rate_bps=2_000_000), seed)
    rig.at(15, lambda condition: replace(condition, rate_bps=500_000))
    rig.at(30, lambda condition: replace(condition, rate_bps=2_000_000))
    seen = rig.run(45)
    up_s = next((at_s for at_s, target in seen.targets if at_s > 30 and target > 1_500_000), None)
    return (
        f"2 Mbit/s, 500 kbit/s from 15 s, 2 Mbit/s from 30 s: came {seen.rate_bps(5, 15) / 1000:.0f}, "
        f"{seen.rate_bps(20, 30) / 1000:.0f}, {seen.rate_bps(35, 45) / 1000:.0f} kbit/s; "
        f"queue p95 {seen.queue_p95_s(3) * 1000:.0f} ms, worst {max(q for _, q in seen.queues_s) * 1000:.0f} ms; "
        f"1.5 Mbit/s again after {'-' if up_s is None else f'{up_s - 30:.1f}'} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=33.0)
    arguments = parser.parse_args()
    print(f"{'line':12} {'seed':>4} {'1.5M s':>6} {'came kbps':>9} {'target':>9} {'queue p95':>9} {'sound %':>7}")
    for name in LINES:
        for seed in range(1, arguments.seeds + 1):
            print(_row(name, seed, arguments.seconds))
    for seed in range(1, arguments.seeds + 1):
        print(_steps(seed))


if __name__ == "__main__":
    main()
