"""A loudspeaker, a room and a microphone, generated: what an echo canceller has to deal with."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vdx_plugin.media.sound import RATE_HZ, Samples, speechlike

Floats = npt.NDArray[np.float64]
BLOCK = RATE_HZ // 100


@dataclass(frozen=True, slots=True)
class Room:
    """``gain`` is that of the echo against what is played, ``drift_ppm`` how much faster the speaker's clock runs.

    At ``step_s`` the delay grows from ``delay_s`` to ``later_delay_s``, as when a sound card changes its buffer.
    """

    delay_s: float = 0.12
    gain: float = 0.3
    drift_ppm: float = 0.0
    step_s: float | None = None
    later_delay_s: float = 0.22
    clip: float | None = None
    """Loudest sample the speaker can make; beyond it distorts."""
    noise_rms: float = 10.0


def voice(seconds: float, pitch_hz: float, seed: int) -> Floats:
    """Return generated speech with pauses of seeded lengths, so that it repeats nothing an echo could be taken for."""
    dice = np.random.default_rng(seed)
    loop = speechlike(pitch_hz).astype(np.float64)
    syllable = RATE_HZ // 4
    parts: list[Floats] = []
    length = 0
    while length < seconds * RATE_HZ:
        begin = int(dice.integers(0, loop.size // syllable)) * syllable
        part = loop[begin : begin + syllable] * dice.uniform(0.5, 1.0)
        # A little breath on it: vowels alone are a comb of tones, and a canceller adapts to what it has been given.
        part = part + dice.normal(0, 0.06, part.size) * np.abs(part).max()
        parts.append(part)
        pause = np.zeros(int(dice.uniform(0.0, 0.4) * RATE_HZ)) if dice.random() < 0.3 else np.zeros(0)
        parts.append(pause)
        length += part.size + pause.size
    return np.concatenate(parts)[: int(seconds * RATE_HZ)]


_TEXTS = {
    120: "Goddag, det er lægen. Hvordan har du haft det siden sidst? Har du taget medicinen hver morgen, og har du "
    "målt dit blodtryk? Vi skal også tale om dine prøver fra i torsdags, og om hvad sygehuset har skrevet.",
    190: "Tak, det går meget bedre. Jeg sover om natten, men jeg hoster stadig lidt, når jeg går op ad trappen. Min "
    "datter har spurgt, om jeg må tage med på ferie i næste uge. Og så gør mit knæ ondt igen.",
}


def danish(seconds: float, pitch_hz: int) -> Floats | None:
    """Return Danish speech of eSpeak NG at the loudness of ``voice``; None where the program is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    pitch = "35" if pitch_hz < 150 else "70"
    command = [program, "-v", "da", "-s", "150", "-p", pitch, "--stdout", _TEXTS[pitch_hz]]
    with wave.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)) as file:
        rate_hz = file.getframerate()
        # A pipe has no length in its header, so the count of frames is not to be believed.
        found = np.frombuffer(file.readframes(1 << 24), dtype=np.int16).astype(np.float64)
    there = np.interp(np.arange(int(found.size * RATE_HZ / rate_hz)) * rate_hz / RATE_HZ, np.arange(found.size), found)
    there = np.resize(there, int(seconds * RATE_HZ))
    return there * 2000 / np.sqrt(np.mean(there**2))


def echo_of(played: Floats, room: Room, seed: int) -> Floats:
    """Return what the microphone hears of ``played``, on the microphone's clock."""
    dice = np.random.default_rng(seed)
    sound = np.clip(played, -room.clip, room.clip) if room.clip else played
    tail = int(0.25 * RATE_HZ)
    response = dice.normal(0, 1, tail) * np.exp(-np.arange(tail) / (0.04 * RATE_HZ))
    response[0] = 4.0
    response *= room.gain / np.sqrt(np.sum(response**2))
    size = sound.size + tail
    # Where the drift has come to by then: the faster the speaker, the earlier in its own samples.
    heard = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: sound.size]
    delays = np.full(sound.size, room.delay_s)
    if room.step_s is not None:
        delays[int(room.step_s * RATE_HZ) :] = room.later_delay_s
    places = np.arange(sound.size) * (1 + room.drift_ppm * 1e-6) - delays * RATE_HZ
    return np.interp(places, np.arange(sound.size), heard, left=0.0)


def noise(count: int, room: Room, seed: int) -> Floats:
    """Return the hum and hiss of the microphone."""
    return np.random.default_rng(seed + 1000).normal(0, room.noise_rms, count)


def as_samples(sound: Floats) -> Samples:
    return np.asarray(np.clip(np.rint(sound), -32768, 32767), dtype=np.int16)


def loss_db(before: Floats, after: Floats) -> float:
    """Return by how many decibels ``after`` is weaker."""
    return float(10 * np.log10(np.mean(before**2) / max(float(np.mean(after**2)), 1e-9)))
