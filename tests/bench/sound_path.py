"""The receive path of sound on bad lines, in virtual time: ``python -m tests.bench.sound_path``.

A real encoder, the seeded line of ``line_model``, our receiver, and a sound card of 10 ms blocks. STOI compares what is
heard with what was said at the place that is heard, since the delay changes.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tests.bench.line_model import BY_NAME, CONDITIONS, Condition, Line, VirtualTime
from tests.bench.speech import speech
from vdx_plugin.media.audio import libopus
from vdx_plugin.media.audio.decoding import sound_decoder
from vdx_plugin.media.audio.playing import STEP
from vdx_plugin.media.audio.receiving import SoundReceiver
from vdx_plugin.media.packets import MediaPacket
from vdx_plugin.media.sound import BLOCK, RATE_HZ, Samples

WARM_UP_S = 6.0
SSRC = 0x5EED
CHROMIUM = {"5%": "0.6-0.8", "10%": "2.5-2.9", "20%": "4.7-7.4", "10% bursty": "3.7", "5% jitter": "0.9-1.0"}
CARD_PHASE_S = 0.0037


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run, after the warm-up. Shares are of what was played."""

    concealed: float
    recovered: float
    stretched: float
    wait_ms: float
    """What packets waited on average, which is what browsers call the delay of their buffer."""
    delay_ms: float
    delay_p95_ms: float
    asked: int
    stoi: float | None


class SendingEnd:
    """Encodes what is said and repeats what is asked for, if it is one that does. Hears of losses each second."""

    def __init__(self, time: VirtualTime, line: Line, receiver: SoundReceiver, said: Samples, *, repeats: bool) -> None:
        lib = libopus.library()
        self._encoder = libopus.LibopusEncoder(lib, 32_000, 5)
        self._time, self.lines, self._receiver, self._said = time, line, receiver, said
        self._repeats = repeats
        self._sent: list[bytes] = []
        self.came = 0

    def speak(self, at_s: float) -> None:
        number = len(self._sent)
        block = self._said[number * BLOCK : (number + 1) * BLOCK]
        if block.size < BLOCK:
            return
        self._sent.append(self._encoder.encode(block))
        self._send(number, "sound")

    def _send(self, number: int, flow: str) -> None:
        arrives_s = self.lines.fate(self._sent[number], self._time.now_s, flow)
        if arrives_s is not None:
            self._time.at(arrives_s, lambda at_s: self._arrive(number, at_s))

    def _arrive(self, number: int, at_s: float) -> None:
        self.came += 1
        self._receiver.take(
            MediaPacket(
                SSRC, (65_000 + number) % 65_536, (4_294_000_000 + number * BLOCK) % 2**32, False,
                self._sent[number], "OPUS", RATE_HZ, at_s,
            )
        )  # fmt: skip

    def hear_of_loss(self, at_s: float) -> None:
        loss = 1 - self.came / max(1, len(self._sent))
        self._encoder.set_loss(max(5, round(100 * loss)))

    def repeat(self, sequences: Sequence[int]) -> None:
        if self._repeats:
            for sequence in sequences:
                number = len(self._sent) - 1 - ((65_000 + len(self._sent) - 1 - sequence) % 65_536)
                if 0 <= number < len(self._sent):
                    self._send(number, "again")


class Listener:
    """A sound card: takes 10 ms blocks and notes which part of what was said each is."""

    def __init__(self, receiver: SoundReceiver) -> None:
        self._receiver = receiver
        self.heard: list[Samples] = []
        self.places: list[int | None] = []
        self.delays_s: list[float] = []

    def play(self, at_s: float) -> None:
        player = self._receiver.player
        block = self._receiver.read(STEP, at_s)
        self.heard.append(block)
        if player._next is None:
            self.places.append(None)
            return
        ahead = player._out.size + STEP
        self.places.append(player._next + player._concealed - ahead - 2**32 - 4_294_000_000)
        self.delays_s.append(player.delay_s)


def run(condition: Condition, seed: int, said: Samples, *, repeats: bool, measure_stoi: bool = False) -> Outcome:
    """Say ``said`` over a line and return what was heard of it after the warm-up."""
    time, receiver = VirtualTime(), SoundReceiver(sound_decoder())
    sending = SendingEnd(time, Line(condition, seed), receiver, said, repeats=repeats)
    back = Line(condition, seed, "back")
    listener = Listener(receiver)

    def ask(at_s: float) -> None:
        found = receiver.asks(at_s, 0.06)
        arrives_s = back.fate(40, at_s, "nack") if found else None
        if arrives_s is not None:
            time.at(arrives_s, lambda _: sending.repeat(found))

    def show(at_s: float) -> None:
        sending.lines.fate(1200, at_s, "picture")

    for place in range(4):
        time.every(1 / 30, show, first_s=0.007 * place)
    time.every(0.020, sending.speak, first_s=0.020)
    time.every(0.010, listener.play, first_s=CARD_PHASE_S)
    time.every(0.005, ask, first_s=0.001)
    time.every(1.0, sending.hear_of_loss)
    time.run(WARM_UP_S)
    before = replace(receiver.counts)
    skip, skipped = len(listener.heard), len(listener.delays_s)
    time.run(said.size / RATE_HZ)
    now = receiver.counts
    played = now.played - before.played
    return Outcome(
        concealed=(now.concealed - before.concealed) / played,
        recovered=(now.recovered - before.recovered) / played,
        stretched=(now.shortened + now.lengthened - before.shortened - before.lengthened) / played,
        wait_ms=1000 * (now.waited_s - before.waited_s) / max(1, (now.decoded - before.decoded) / BLOCK),
        delay_ms=1000 * statistics.fmean(listener.delays_s[skipped:]),
        delay_p95_ms=1000 * float(np.percentile(listener.delays_s[skipped:], 95)),
        asked=now.asked - before.asked,
        stoi=_stoi(said, listener, skip) if measure_stoi else None,
    )


def _stoi(said: Samples, listener: Listener, skip: int) -> float:
    from pystoi import stoi

    blocks = [
        (said[place : place + STEP], heard)
        for place, heard in zip(listener.places[skip:], listener.heard[skip:], strict=True)
        if place is not None and 0 <= place <= said.size - STEP
    ]
    right = np.concatenate([said for said, _ in blocks]).astype(np.float64)
    wrong = np.concatenate([heard for _, heard in blocks]).astype(np.float64)
    # The encoder looks ahead by 6.5 ms, which is not the line's.
    return float(stoi(right[:-312], wrong[312:], RATE_HZ))


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the receive path of sound in virtual time.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=36.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-stoi", action="store_true")
    chosen = parser.parse_args()
    print(f"{'line':12} {'rep':3} {'concealed':>9} {'min-max':>11} {'Chromium':>9} {'fec':>5} {'stretch':>7} "
          f"{'wait':>5} {'delay':>5} {'p95':>5} {'asked':>5} {'STOI':>6}")  # fmt: skip
    said = speech(chosen.seconds)
    conditions = [BY_NAME[chosen.only]] if chosen.only else [c for c in CONDITIONS if c.rate_bps is None]
    for condition in conditions:
        for repeats in (False, True):
            rows = [
                run(condition, seed, said, repeats=repeats, measure_stoi=not chosen.no_stoi)
                for seed in range(1, chosen.seeds + 1)
            ]
            _print(condition.name, rows, repeats=repeats)


def _print(name: str, rows: Sequence[Outcome], *, repeats: bool) -> None:
    shares = [100 * row.concealed for row in rows]
    stois = [row.stoi for row in rows if row.stoi is not None]
    print(
        f"{name:12} {'yes' if repeats else 'no':3} {_median(shares):8.2f}% {min(shares):5.2f}-{max(shares):5.2f} "
        f"{CHROMIUM.get(name, '0'):>9} {100 * _median([r.recovered for r in rows]):4.1f}% "
        f"{100 * _median([r.stretched for r in rows]):6.2f}% {_median([r.wait_ms for r in rows]):5.0f} "
        f"{_median([r.delay_ms for r in rows]):5.0f} {_median([r.delay_p95_ms for r in rows]):5.0f} "
        f"{_median([r.asked for r in rows]):5.0f} {_median(stois) if stois else 0:6.3f}"
    )


if __name__ == "__main__":
    main()
