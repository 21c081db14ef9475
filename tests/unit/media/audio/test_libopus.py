"""libopus as PyAV brings it, and what stands in for it."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest

from tests.unit.media.audio.lines import encoded
from vdx_plugin.media.audio import libopus, opus_packet
from vdx_plugin.media.audio.decoding import PlainDecoder, SoundDecoder, sound_decoder
from vdx_plugin.media.audio.speaking import FfmpegEncoder, voice_encoder
from vdx_plugin.media.sound import BLOCK, RATE_HZ, Samples, SpeechLoop, is_audible, loudness


@pytest.fixture(params=["libopus", "ffmpeg"])
def decoder(request: pytest.FixtureRequest) -> SoundDecoder:
    return sound_decoder() if request.param == "libopus" else PlainDecoder()


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("av.libs/libopus-0-0d6b3d4e.dll", "Windows"),
        ("av/.dylibs/libopus.0.dylib", "macOS"),
        ("av.libs/libopus-114e2b1a.so.0.11.1", "Linux"),
    ],
)
def test_the_library_is_found_where_each_system_s_wheel_has_it(tmp_path: Path, name: str, system: str) -> None:
    """The three wheels keep it in three places, and only one of them is on the machine of whoever changes this."""
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).touch()
    assert list(libopus.places(tmp_path / "av")) == [tmp_path / name], system


def test_this_machine_has_it() -> None:
    """Without it every lost packet is heard, so a build that loses it must not pass."""
    assert libopus.library() is not None


def test_both_decoders_give_the_same_sound(decoder: SoundDecoder) -> None:
    """The stand-in is as good as the other as long as nothing is lost."""
    spoken = SpeechLoop()
    for payload in encoded(30):
        said, heard = spoken.read(BLOCK), decoder.decode(payload)
        assert heard is not None
        assert heard.shape == (BLOCK,)
    assert loudness(heard) == pytest.approx(loudness(said), rel=0.5)


def test_both_conceal_a_gap_and_fade(decoder: SoundDecoder) -> None:
    """A gap goes on like the sound before it at first and is silent before anybody takes it for speech."""
    for payload in encoded(10):
        decoder.decode(payload)
    gap = np.concatenate([decoder.conceal(480) for _ in range(60)])
    assert is_audible(gap[:480])
    assert not is_audible(gap[-4800:])


def test_stereo_is_mixed_to_one_channel(decoder: SoundDecoder) -> None:
    """Left alone would lose a guest who sits on the right."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "stereo", RATE_HZ
    voice, heard = SpeechLoop(), []
    for number in range(20):
        right = voice.read(BLOCK)
        frame = av.AudioFrame.from_ndarray(
            np.stack([np.zeros_like(right), right], axis=1).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.pts = RATE_HZ, number * BLOCK
        heard += [decoder.decode(bytes(packet)) for packet in encoder.encode(frame)]
    assert all(sound is not None and sound.shape == (BLOCK,) for sound in heard)
    assert any(is_audible(sound) for sound in heard if sound is not None)


def has_redundancy(payload: bytes) -> bool:
    """Whether a packet of our own encoder carries the one before."""
    read = opus_packet.read(payload)
    assert read is not None
    return read.has_redundancy


def test_redundancy_gives_the_packet_before() -> None:
    """The point of having libopus at all: lost sound comes back from the next packet, near to what it was."""
    whole, holed = sound_decoder(), sound_decoder()
    payloads = encoded(40)
    lost = next(n for n in range(10, 40) if has_redundancy(payloads[n + 1]))
    for payload in payloads[:lost]:
        whole.decode(payload)
        holed.decode(payload)
    right, found = whole.decode(payloads[lost]), holed.recover(payloads[lost + 1], BLOCK)
    assert right is not None
    assert found is not None
    assert _likeness(right, found) > 0.8


def _likeness(one: Samples, other: Samples) -> float:
    return float(np.corrcoef(one.astype(float), other.astype(float))[0, 1])


@pytest.mark.parametrize("seed", range(3))
def test_no_bytes_upset_a_decoder(decoder: SoundDecoder, seed: int) -> None:
    """Whatever passes the reading comes out as sound or nothing, and never as an exception or worse."""
    chance = random.Random(seed)
    for _ in range(300):
        good = bytearray(chance.choice(encoded(30)))
        for _ in range(chance.randrange(6)):
            good[chance.randrange(len(good))] = chance.randrange(256)
        payload = bytes(good[: chance.randrange(1, len(good) + 1)])
        if opus_packet.read(payload) is not None:
            decoder.recover(payload, 960)
            decoder.decode(payload)
            decoder.conceal(480)


def test_more_loss_makes_more_redundancy_and_less_rate_fewer_bytes() -> None:
    """What the line tells us must arrive in the encoder."""
    lib = libopus.library()
    sizes = {}
    for bitrate, loss in ((32_000, 0), (32_000, 20), (16_000, 20)):
        encoder, voice = libopus.LibopusEncoder(lib, 64_000, 50), SpeechLoop()
        encoder.set_bitrate(bitrate)
        encoder.set_loss(loss)
        packets = [encoder.encode(voice.read(BLOCK)) for _ in range(100)]
        redundant = sum(bool(read and read.has_redundancy) for read in map(opus_packet.read, packets[5:]))
        sizes[bitrate, loss] = redundant, sum(map(len, packets))
    assert sizes[32_000, 0][0] == 0
    assert sizes[32_000, 20][0] > 50
    assert sizes[16_000, 20][1] < 0.7 * sizes[32_000, 20][1]


def test_an_encoder_refuses_another_length() -> None:
    """C code would read past the end of it."""
    with pytest.raises(ValueError, match="20 ms"):
        libopus.LibopusEncoder(libopus.library(), 32_000, 10).encode(np.zeros(100, dtype=np.int16))


def test_without_any_libopus_the_call_goes_on_and_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wheel built otherwise, or a library that does not fit: worse on a bad line, and somebody should know why."""
    libopus.library.cache_clear()
    monkeypatch.setattr(libopus, "_candidates", lambda: iter(["/nowhere/libopus.so"]))
    try:
        assert isinstance(sound_decoder(), PlainDecoder)
        assert isinstance(voice_encoder(), FfmpegEncoder)
    finally:
        monkeypatch.undo()
        libopus.library.cache_clear()
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    caplog.clear()
