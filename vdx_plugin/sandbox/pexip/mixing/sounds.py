"""One beat of a room's sound, 20 ms: decode everybody, give each the sum of the others. No clock and no loop.

Who is silent adds nothing, not even their room's noise; so all who are silent hear the same, which is encoded once.
A simulated telephone has no packets: it rings through as a soft voice-like tone, and hears nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vdx_plugin.sandbox.pexip.mixing.opus import FRAME, RATE, Samples, SoundDecoder, SoundEncoder, new_decoder
from vdx_plugin.sandbox.pexip.mixing.sound_buffer import Lost, Sound, SoundBuffer

Wide = npt.NDArray[np.int32]
QUIETEST = 127
SILENT_FROM = 60
HOLD_BEATS = 25
_EVERYBODY = ""
_PHONE_HZ, _PHONE_SWELL_HZ, _PHONE_LOUDNESS = 310.0, 2.5, 2500.0


@dataclass(frozen=True)
class SoundBeat:
    """``incoming`` are each sender's packets (sequence, payload) since the last beat. ``heard`` are those whose sound
    counts, ``listeners`` those who get the sum of the others, ``silent`` those who get silence."""

    incoming: Mapping[str, list[tuple[int, bytes]]]
    heard: frozenset[str]
    listeners: frozenset[str]
    silent: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MadeSound:
    """One packet for each listener, and how loud each one heard was: 0 loudest, 127 silence (RFC 6464)."""

    payloads: Mapping[str, bytes]
    levels: Mapping[str, int]


@dataclass
class _Voice:
    buffer: SoundBuffer = field(default_factory=SoundBuffer)
    decoder: SoundDecoder = field(default_factory=new_decoder)
    left: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    quiet_beats: int = HOLD_BEATS

    def next_frame(self) -> Samples:
        """Return the next 20 ms, however long the sender's packets are."""
        while self.left.size < FRAME:
            self.left = np.concatenate([self.left, self._decode()])
        frame, self.left = self.left[:FRAME], self.left[FRAME:]
        return frame

    def _decode(self) -> Samples:
        due = self.buffer.take()
        if isinstance(due, Sound):
            return self.decoder.decode(due.payload)
        if isinstance(due, Lost):
            return self.decoder.recover(due.following) if due.following else self.decoder.conceal()
        return np.zeros(FRAME, np.int16)


class SoundMixer:
    """Keeps decoders and encoders from beat to beat; belongs to one thread."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._encoders: dict[str, SoundEncoder] = {}
        self._limiters: dict[str, Limiter] = {}
        self._silence = SoundEncoder()
        self._count = 0

    def beat(self, beat: SoundBeat) -> MadeSound:
        """Do one beat."""
        self._count += 1
        self._voices = {uuid: voice for uuid, voice in self._voices.items() if uuid in beat.heard}
        frames = {uuid: self._frame(uuid, beat) for uuid in beat.heard}
        levels = {uuid: level(frame) for uuid, frame in frames.items()}
        spoken = {uuid: frame for uuid, frame in frames.items() if self._speaks(uuid, levels[uuid])}
        payloads = self._mixed(spoken, beat.listeners)
        if beat.silent:
            silence = self._silence.encode(np.zeros(FRAME, np.int16))
            payloads |= dict.fromkeys(beat.silent, silence)
        return MadeSound(payloads, levels)

    def _speaks(self, uuid: str, loudness: int) -> bool:
        """Whether somebody adds to the sum: they are heard, or were a moment ago."""
        voice = self._voices[uuid]
        voice.quiet_beats = 0 if loudness < SILENT_FROM else voice.quiet_beats + 1
        return voice.quiet_beats < HOLD_BEATS

    def _mixed(self, spoken: Mapping[str, Wide], listeners: frozenset[str]) -> dict[str, bytes]:
        whole = np.sum(list(spoken.values()), axis=0) if spoken else np.zeros(FRAME, np.int32)
        own = {uuid: self._encode(uuid, whole - spoken[uuid]) for uuid in listeners & spoken.keys()}
        shared = self._encode(_EVERYBODY, whole) if listeners - spoken.keys() else b""
        kept = spoken.keys() | {_EVERYBODY}
        self._encoders = {uuid: encoder for uuid, encoder in self._encoders.items() if uuid in kept}
        return {uuid: own.get(uuid, shared) for uuid in listeners}

    def _frame(self, uuid: str, beat: SoundBeat) -> Wide:
        voice = self._voices.get(uuid)
        if voice is None:
            voice = self._voices[uuid] = _Voice()
        if uuid in beat.phones:
            return _phone_voice(self._count)
        for sequence, payload in beat.incoming.get(uuid, ()):
            voice.buffer.add(sequence, payload)
        return voice.next_frame().astype(np.int32)

    def _encode(self, uuid: str, mixed: Wide) -> bytes:
        if uuid not in self._encoders:
            self._encoders[uuid], self._limiters[uuid] = SoundEncoder(), Limiter()
        return self._encoders[uuid].encode(self._limiters[uuid].limit(mixed))


class Limiter:
    """Makes a sum of voices fit into 16 bits by turning it down for a moment instead of cutting it off."""

    def __init__(self) -> None:
        self._gain = 1.0

    def limit(self, mixed: Wide) -> Samples:
        """Return the frame as it is sent."""
        peak = int(np.abs(mixed).max(initial=0))
        fitting = 32000 / peak if peak > 32000 else 1.0
        gain = min(fitting, self._gain + 0.02)
        slope = np.linspace(min(self._gain, fitting), gain, mixed.size)
        self._gain = gain
        return (mixed * slope).astype(np.int16)


def level(frame: Wide) -> int:
    """Return how loud a frame is, RFC 6464's way."""
    power = float(np.mean(np.square(frame, dtype=np.float64)))
    if power < 1.0:
        return QUIETEST
    return int(min(QUIETEST, max(0.0, -10 * np.log10(power / 32768.0**2))))


def _phone_voice(count: int) -> Wide:
    times = (np.arange(FRAME) + count * FRAME) / RATE
    swell = np.clip(np.sin(2 * np.pi * _PHONE_SWELL_HZ / 5 * times), 0, 1)
    voice: Wide = (np.sin(2 * np.pi * _PHONE_HZ * times) * swell * _PHONE_LOUDNESS).astype(np.int32)
    return voice
