"""What the echo canceller takes off and what it does to our own voice: ``python -m tests.bench.echo``.

Every case runs through ``VoicePath`` in virtual time: two sound cards that deliver 10 ms at a time, by clocks of their
own. ERLE is over the time in which only the others speak; STOI compares our voice alone with what is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from tests.bench.echo_room import BLOCK, Floats, Room, as_samples, danish, echo_of, loss_db, noise, voice
from vdx_plugin.media.apm import Processor, WebrtcProcessor
from vdx_plugin.media.sound import RATE_HZ
from vdx_plugin.media.voice import VoicePath

SECONDS = 16.0
CASES = {
    "delay 120 ms, echo -10 dB": Room(),
    "loud speaker, echo +3 dB": Room(gain=1.4),
    "speaker distorts": Room(gain=1.0, clip=4000),
    "delay step 120 to 220 ms at 8 s": Room(step_s=8.0),
    "clock drift 100 ppm": Room(drift_ppm=100),
    "clock drift -100 ppm": Room(drift_ppm=-100),
    "delay 350 ms": Room(delay_s=0.35),
    "delay 40 ms": Room(delay_s=0.04),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What was heard and what was sent, on the microphone's clock."""

    heard: Floats
    sent: Floats
    cpu_us: float
    """Processor time of 10 ms."""


def run(processor: Processor, played: Floats, near: Floats, room: Room, seed: int) -> Run:
    """Drive one voice path through virtual time."""
    heard = near + echo_of(played, room, seed) + noise(near.size, room, seed)
    clock = [0.0]
    path = VoicePath(processor, lambda: clock[0])
    blocks, sent, next_played = near.size // BLOCK, [], 0
    path.expect_delay(room.delay_s)
    began = time.process_time()
    for number in range(blocks):
        now_s = (number + 1) * BLOCK / RATE_HZ
        # The speaker has asked for this many blocks by now, by its own clock.
        while next_played * BLOCK < (now_s - 0.004) * RATE_HZ * (1 + room.drift_ppm * 1e-6):
            clock[0] = (next_played * BLOCK) / RATE_HZ / (1 + room.drift_ppm * 1e-6) + 0.004
            path.on_played(as_samples(played[next_played * BLOCK : (next_played + 1) * BLOCK]))
            next_played += 1
        clock[0] = now_s
        sent.append(path.clean_frame(as_samples(heard[number * BLOCK : (number + 1) * BLOCK]), now_s))
    cpu_us = (time.process_time() - began) / blocks * 1e6
    return Run(heard[: blocks * BLOCK], np.concatenate(sent).astype(np.float64), cpu_us)


def erle(found: Run, begin_s: float, end_s: float) -> float:
    """Return what was taken off between two times."""
    part = slice(int(begin_s * RATE_HZ), int(end_s * RATE_HZ))
    return loss_db(found.heard[part], found.sent[part])


def stoi_of(clean: Floats, sent: Floats, begin_s: float) -> float:
    """Return the intelligibility of what is sent against the voice itself; the delay of both filters is taken out."""
    from pystoi import stoi

    part = slice(int(begin_s * RATE_HZ), None)
    lag = _lag(clean[part], sent[part])
    return float(stoi(clean[part][: clean[part].size - lag], sent[part][lag:], RATE_HZ))


def _lag(clean: Floats, sent: Floats) -> int:
    size = 2 * clean.size
    product = np.fft.irfft(np.conj(np.fft.rfft(clean, size)) * np.fft.rfft(sent, size), size)
    return int(np.argmax(product[: RATE_HZ // 10]))


def voices() -> tuple[Floats, Floats, str]:
    """Return the others' voice, ours, and where both come from."""
    others, ours = danish(SECONDS, 120), danish(SECONDS, 190)
    if others is None or ours is None:
        return voice(SECONDS, 120, seed=1), voice(SECONDS, 190, seed=2), "generated syllables"
    return others, ours, "Danish speech of eSpeak NG"


def main() -> None:
    """Print the table."""
    far, ours, source = voices()
    print(f"{source}; ERLE in dB of the canceller with noise suppression, and with gain control as in a call")
    print(f"{'case':34}{'0.5-2 s':>8}{'2-8 s':>8}{'10-16 s':>9}{'gain':>7}{'STOI double':>14}{'us/10 ms':>10}")
    for name, room in CASES.items():
        silent = np.zeros_like(far)
        alone = run(WebrtcProcessor(gain_control=False), far, silent, room, seed=1)
        with_gain = run(WebrtcProcessor(), far, silent, room, seed=1)
        double = run(WebrtcProcessor(), far, ours, room, seed=1)
        early, middle, late = (erle(alone, *span) for span in ((0.5, 2.0), (2.0, 8.0), (10.0, 16.0)))
        both = f"{stoi_of(ours, double.heard, 4.0):.2f} > {stoi_of(ours, double.sent, 4.0):.2f}"
        gain = erle(with_gain, 10.0, 16.0)
        print(f"{name:34}{early:8.1f}{middle:8.1f}{late:9.1f}{gain:7.1f}{both:>14}{alone.cpu_us:10.0f}")
    alone = run(WebrtcProcessor(), np.zeros_like(ours), ours, Room(noise_rms=3), seed=1)
    print(f"our voice alone: STOI {stoi_of(ours, alone.sent, 2.0):.3f}, level {-loss_db(ours, alone.sent):+.1f} dB")


if __name__ == "__main__":
    main()
