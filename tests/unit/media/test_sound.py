"""Generated sound, loudness and the ring."""

from __future__ import annotations

import threading

import numpy as np

from vdx_plugin.media.sound import BLOCK, RATE_HZ, Ring, SpeechLoop, is_audible, loudness, silence, speechlike


def ramp(count: int, start: int = 1) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.int16)


def test_the_babble_is_audible_varies_and_pauses() -> None:
    """Something a level meter takes for speech: neither a tone nor steady."""
    blocks = speechlike().reshape(-1, BLOCK)
    levels = np.array([loudness(block) for block in blocks])
    assert np.mean(levels > 100) > 0.6
    assert np.mean(levels < 1) > 0.1
    assert np.max(np.abs(speechlike())) < 12000


def test_the_babble_goes_on_without_a_seam() -> None:
    """Read in odd lengths it is the same sound."""
    loop = SpeechLoop()
    joined = np.concatenate([loop.read(count) for count in (7, RATE_HZ, 3, 4 * RATE_HZ)])
    assert np.array_equal(joined, np.resize(speechlike(), joined.size))


def test_silence_and_hum_below_the_threshold_are_not_audible() -> None:
    """Comfort noise must not count as having heard the patient."""
    assert not is_audible(silence(BLOCK))
    assert not is_audible(silence(0))
    assert not is_audible((np.sin(np.arange(BLOCK) / 10) * 50).astype(np.int16))
    assert is_audible((np.sin(np.arange(BLOCK) / 10) * 500).astype(np.int16))


def test_a_ring_gives_back_in_order_and_fills_up_with_silence() -> None:
    """The sound card always gets what it asks for."""
    ring = Ring(100)
    ring.write(ramp(30))
    assert list(ring.read(20)) == list(range(1, 21))
    assert list(ring.read(20)) == [*range(21, 31), *[0] * 10]


def test_a_full_ring_drops_the_oldest() -> None:
    """Late sound is worth less than new sound."""
    ring = Ring(100)
    for start in range(1, 400, 30):
        ring.write(ramp(30, start))
    assert len(ring) == 100
    assert list(ring.read(100)) == list(range(321, 421))


def test_one_block_larger_than_the_ring_keeps_its_end() -> None:
    """A driver may hand over a second at once after a stall."""
    ring = Ring(10)
    ring.write(ramp(25))
    assert list(ring.read(10)) == list(range(16, 26))


def test_two_threads_lose_nothing() -> None:
    """One writes for the sound card while the loop reads."""
    ring = Ring(100_000)
    writer = threading.Thread(target=lambda: [ring.write(ramp(100, start)) for start in range(1, 20_001, 100)])
    writer.start()
    got: list[int] = []
    while len(got) < 20_000:
        got += [int(sample) for sample in ring.read(64) if sample]
    writer.join()
    assert got == list(range(1, 20_001))
