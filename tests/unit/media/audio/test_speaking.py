"""Our own voice on its way out: how it is encoded, and what of it is repeated."""

from __future__ import annotations

from typing import Any

import av
import pytest

from vdx_plugin.media.audio import opus_packet
from vdx_plugin.media.audio.decoding import sound_decoder
from vdx_plugin.media.audio.repeating import MAX_ASKED, Repeating
from vdx_plugin.media.audio.speaking import FfmpegEncoder, SpeechEncoder, voice_encoder
from vdx_plugin.media.sound import BLOCK, RATE_HZ, Samples, SpeechLoop, is_audible


class Told:
    """An encoder that notes what it was told."""

    def __init__(self) -> None:
        self.bitrate_bps = 0
        self.loss_percent = -1

    def encode(self, samples: Samples) -> bytes:
        return b"\x78"

    def set_bitrate(self, bits_per_s: int) -> None:
        self.bitrate_bps = bits_per_s

    def set_loss(self, percent: int) -> None:
        self.loss_percent = percent


def frame(samples: Samples, pts: int = 0) -> Any:
    made = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    made.sample_rate, made.pts = RATE_HZ, pts
    return made


@pytest.mark.parametrize("encoder", [voice_encoder(), FfmpegEncoder()], ids=["libopus", "ffmpeg"])
def test_a_voice_leaves_small_with_redundancy_and_comes_back_audible(encoder: Any) -> None:
    """Mono at 32 kbit/s, in place of stereo at 96; also where libopus itself is out of reach."""
    speech, voice, decoder = SpeechEncoder(encoder), SpeechLoop(), sound_decoder()
    packets = []
    for number in range(150):
        payloads, timestamp = speech.encode(frame(voice.read(BLOCK), number * BLOCK))
        assert timestamp == number * BLOCK
        packets += payloads
    assert len(packets) >= 149
    assert sum(map(len, packets)) * 8 / 3 < 36_000
    assert any(read.has_redundancy for each in packets if (read := opus_packet.read(each)) is not None)
    assert any(is_audible(sound) for each in packets if (sound := decoder.decode(each)) is not None)


def test_loss_is_believed_at_once_and_forgotten_slowly() -> None:
    """Losses come in spells: who takes the redundancy off in between hears the next spell."""
    told = Told()
    speech = SpeechEncoder(told)
    silent = frame(SpeechLoop().read(BLOCK))
    speech.encode(silent)
    assert told.loss_percent == 5
    speech.expect_loss(0.2)
    speech.encode(silent)
    assert told.loss_percent == 20
    for _ in range(350):
        speech.expect_loss(0.0)
    speech.encode(silent)
    assert told.loss_percent == pytest.approx(10, abs=1)
    speech.expect_loss(0.9)
    speech.encode(silent)
    assert told.loss_percent == 30


def test_a_thin_line_gets_a_smaller_voice_and_a_wider_one_the_old_after_a_margin() -> None:
    """Below 60 kbit/s even the headers of speech are a burden; back and forth would be worse than either."""
    told = Told()
    speech = SpeechEncoder(told)
    silent, rates = frame(SpeechLoop().read(BLOCK)), []
    for line_bps in (500_000, 100_000, 50_000, 70_000, 80_000, 130_000, 160_000):
        speech.expect_rate(line_bps)
        speech.encode(silent)
        rates.append((told.bitrate_bps, told.loss_percent))
    assert [rate for rate, _ in rates] == [32_000, 24_000, 18_000, 18_000, 24_000, 24_000, 32_000]
    assert {loss for rate, loss in rates if rate < 32_000} == {10}


def test_a_frame_of_another_length_is_left_out() -> None:
    """A track that is just ending may give half a block."""
    assert SpeechEncoder().encode(frame(SpeechLoop().read(100), 7)) == ([], 7)


def test_on_a_short_line_everything_asked_for_is_repeated() -> None:
    """It is there before it is due."""
    assert Repeating().wanted([5, 9], 1.0, 0.02) == [5, 9]


def test_on_a_long_line_only_what_redundancy_does_not_mend_is_repeated() -> None:
    """A browser would hold all sound back by a round trip for the sake of the rest."""
    repeating = Repeating()
    assert repeating.wanted([5], 1.0, 0.06) == []
    assert repeating.wanted([65_534, 65_535, 0], 1.1, 0.06) == [65_534, 65_535]
    assert repeating.wanted([6], 1.2, None) == [5]
    assert repeating.wanted([7], 3.0, 0.06) == []


def test_requests_for_everything_are_not_remembered_for_ever() -> None:
    """A hostile peer may ask for what it likes."""
    repeating = Repeating()
    for begin in range(0, 60_000, 400):
        repeating.wanted(range(begin, begin + 400), 1.0, 0.2)
    assert len(repeating._asked_s) <= MAX_ASKED
