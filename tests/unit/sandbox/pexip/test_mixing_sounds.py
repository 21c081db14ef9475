"""Everybody's sound but one's own, through loss and disorder."""

from __future__ import annotations

import random

import numpy as np
import pytest

from vdx_plugin.sandbox.pexip.mixing import opus
from vdx_plugin.sandbox.pexip.mixing.opus import FRAME, RATE, PlainDecoder, Samples, SoundDecoder, SoundEncoder
from vdx_plugin.sandbox.pexip.mixing.sound_buffer import DEPTH, DRY_TICKS, MOST, Lost, Sound, SoundBuffer
from vdx_plugin.sandbox.pexip.mixing.sounds import Limiter, SoundBeat, SoundMixer, level


def tone(hz: float, count: int, loudness: int = 6000) -> Samples:
    times = (np.arange(FRAME) + count * FRAME) / RATE
    return (np.sin(2 * np.pi * hz * times) * loudness).astype(np.int16)


def strength(samples: Samples, hz: float) -> float:
    """Return about how loud a tone is in the samples, in steps of amplitude."""
    times = np.arange(samples.size) / RATE
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hz * times))))


def decoders() -> list[SoundDecoder]:
    return [opus.new_decoder(), PlainDecoder()]


def test_each_hears_the_others_and_not_themselves() -> None:
    """Three tones; who sends no sound hears all of them, who waits hears nothing."""
    tones = {"a": 440.0, "b": 1000.0, "c": 1700.0}
    encoders = {uuid: SoundEncoder() for uuid in tones}
    mixer, heard = SoundMixer(), frozenset(tones)
    outs: dict[str, list[Samples]] = {}
    ears = {uuid: opus.new_decoder() for uuid in (*tones, "x", "w")}
    for count in range(60):
        incoming = {uuid: [(count, encoders[uuid].encode(tone(hz, count)))] for uuid, hz in tones.items()}
        made = mixer.beat(SoundBeat(incoming, heard, heard | {"x"}, silent=frozenset("w")))
        for uuid, payload in made.payloads.items():
            outs.setdefault(uuid, []).append(ears[uuid].decode(payload))
    for uuid, frames in outs.items():
        sound = np.concatenate(frames[20:])
        for other, hz in tones.items():
            expected = uuid != other and uuid != "w"
            assert (strength(sound, hz) > 2000) is expected, (uuid, other)
    assert np.abs(np.concatenate(outs["w"])).max() < 5
    assert set(made.levels) == heard
    assert all(10 < loud < 30 for loud in made.levels.values())


def test_those_who_are_silent_share_one_sound_and_add_none() -> None:
    """Five who listen to one cost one encoder, and the noise of five rooms is not laid over the voice."""
    dice = np.random.default_rng(2)
    mixer, everybody = SoundMixer(), frozenset("abcdef")
    encoders = {uuid: SoundEncoder() for uuid in everybody}
    ear, out = opus.new_decoder(), []
    for count in range(80):
        frames = {uuid: dice.integers(-8, 8, FRAME).astype(np.int16) for uuid in everybody}
        frames["a"] = tone(440, count)
        incoming = {uuid: [(count, encoders[uuid].encode(frame))] for uuid, frame in frames.items()}
        made = mixer.beat(SoundBeat(incoming, everybody, everybody))
        out.append(ear.decode(made.payloads["a"]))
    assert len({made.payloads[uuid] for uuid in "bcdef"}) == 1
    assert made.payloads["a"] != made.payloads["b"]
    assert np.abs(np.concatenate(out[20:])).max() < 5


def test_a_telephone_is_heard_without_any_packets() -> None:
    """It is simulated: the room's end of it is all there is."""
    mixer = SoundMixer()
    beat = SoundBeat({}, frozenset("p"), frozenset("a"), phones=frozenset("p"))
    levels = [mixer.beat(beat).levels["p"] for _ in range(100)]
    assert min(levels) < 45


def test_at_five_percent_loss_the_sound_does_not_break_up() -> None:
    """The packet after a lost one holds it, or it is guessed: the tone grows soft and never falls silent."""
    dice = random.Random(4)
    encoder, mixer, ear = SoundEncoder(), SoundMixer(), opus.new_decoder()
    out: list[Samples] = []
    for count in range(500):
        packet = (count, encoder.encode(tone(440, count)))
        incoming = {"a": [packet]} if count < 10 or dice.random() >= 0.05 else {}
        made = mixer.beat(SoundBeat(incoming, frozenset("a"), frozenset("b")))
        out.append(ear.decode(made.payloads["b"]))
    assert max(level(frame.astype(np.int32)) for frame in out[20:]) < 45


@pytest.mark.parametrize("decoder", decoders(), ids=["libopus", "ffmpeg"])
def test_damaged_sound_is_a_gap(decoder: SoundDecoder) -> None:
    """Fuzzed: whatever a packet holds, samples come out."""
    dice = random.Random(6)
    encoder = SoundEncoder()
    for count in range(300):
        good = encoder.encode(tone(440, count))
        bad = bytearray(good)
        for _ in range(dice.randint(0, 8)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        for data in (bytes(bad[: dice.randint(0, len(bad))]), dice.randbytes(dice.randint(0, 1300)), good):
            assert decoder.decode(data).size > 0
        assert decoder.recover(good).size > 0
        assert decoder.conceal().dtype == np.int16


def test_a_sum_too_loud_is_turned_down_and_comes_back() -> None:
    """Cut-off peaks are heard as a crackle, and make tones that nobody sent."""
    limiter = Limiter()
    loud = np.full(FRAME, 60000, np.int32)
    assert limiter.limit(loud).max() <= 32767
    assert limiter.limit(np.full(FRAME, 1000, np.int32)).max() < 1000
    for _ in range(60):
        soft = limiter.limit(np.full(FRAME, 1000, np.int32))
    assert soft.min() == 1000


def test_sound_begins_with_a_little_in_store_and_keeps_order() -> None:
    """Without it the first late packet would be a gap."""
    buffer = SoundBuffer()
    for count, sequence in enumerate((65535, 1, 0)):
        assert buffer.take() is None
        buffer.add(sequence, bytes([count]))
    assert DEPTH == 3
    assert [buffer.take() for _ in range(3)] == [Sound(b"\x00"), Sound(b"\x02"), Sound(b"\x01")]


def test_a_lost_packet_is_named_with_the_one_after_it() -> None:
    """Which may hold it."""
    buffer = SoundBuffer()
    for sequence in (1, 3, 4, 6):
        buffer.add(sequence, bytes([sequence]))
    assert [buffer.take() for _ in range(6)] == [
        Sound(b"\x01"),
        Lost(b"\x03"),
        Sound(b"\x03"),
        Sound(b"\x04"),
        Lost(b"\x06"),
        Sound(b"\x06"),
    ]


def test_running_dry_conceals_and_then_waits_for_more() -> None:
    """What comes late is still heard; a sender that falls silent is let be."""
    buffer = SoundBuffer()
    for sequence in (1, 2, 3):
        buffer.add(sequence, b"x")
    for _ in range(3):
        buffer.take()
    assert buffer.take() == Lost()
    buffer.add(4, b"late")
    assert buffer.take() == Sound(b"late")
    assert [buffer.take() for _ in range(DRY_TICKS)] == [Lost()] * DRY_TICKS
    assert buffer.take() is None


def test_too_much_in_store_is_worked_off() -> None:
    """A burst after a stop must not leave everybody a second late for the rest of the call."""
    buffer = SoundBuffer()
    sequence = 0
    for _ in range(12):
        buffer.add(sequence, b"x")
        sequence += 1
    for _ in range(3000):
        buffer.add(sequence, b"x")
        sequence = (sequence + 1) & 0xFFFF
        buffer.take()
    assert len(buffer._packets) <= DEPTH + 1


def test_any_numbers_may_come_and_the_store_stays_small() -> None:
    """Fuzzed."""
    dice = random.Random(8)
    buffer = SoundBuffer()
    for _ in range(20000):
        buffer.add(dice.randrange(65536) if dice.random() < 0.3 else dice.randrange(100), b"x")
        if dice.random() < 0.5:
            buffer.take()
        assert len(buffer._packets) <= MOST
