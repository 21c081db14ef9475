"""VP8 straight from libvpx: its rate changes at once, and what comes out is VP8."""

from __future__ import annotations

import ctypes
import fractions
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import vp8_depayload

from vdx_plugin.media import libvpx
from vdx_plugin.media.encoders import LibvpxEncoder, encoder_for
from vdx_plugin.media.libvpx import Vp8Stream, Vpx, library, places

SIZE = (320, 180)


@pytest.fixture
def vpx() -> Vpx:
    found = library()
    assert found is not None, "PyAV's wheel brings it"
    return found


def scene(number: int) -> Any:
    """Return a picture that moves and takes what rate there is."""
    width, height = SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    light = 128 + 60 * np.sin((columns + 3 * number) / 9) + 50 * np.sin((rows * columns + 40 * number) / 700)
    yuv = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    yuv[:height] = (light + np.random.default_rng(number).normal(0, 3, light.shape)).clip(0, 255)
    frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
    frame.pts, frame.time_base = number * 3000, fractions.Fraction(1, 90_000)
    return frame


def test_the_rate_changes_both_ways_without_a_whole_picture() -> None:
    """FFmpeg's encoder must begin anew for it."""
    encoder, decoder = encoder_for("VP8"), av.CodecContext.create("vp8", "r")
    assert isinstance(encoder, LibvpxEncoder)
    sizes, shown, whole = [], 0, []
    for turn, bps in enumerate([300_000, 100_000, 300_000]):
        encoder.target_bitrate = bps
        for number in range(turn * 60, turn * 60 + 60):
            data = b"".join(vp8_depayload(payload) for payload in encoder.encode(scene(number))[0])
            shown += len(decoder.decode(av.Packet(data)))
            whole += [number] * (not data[0] & 1)
            sizes.append(len(data))
    rates = [sum(sizes[turn * 60 + 30 : turn * 60 + 60]) * 8 for turn in range(3)]
    assert (shown, whole) == (180, [0])
    assert rates[1] < 0.6 * rates[0]
    assert rates[2] > 1.5 * rates[1]


def test_a_whole_picture_comes_when_asked_for_and_a_new_size_begins_with_one() -> None:
    """Somebody came in, or the ladder went a step."""
    encoder = encoder_for("VP8")
    sent = [encoder.encode(scene(0))[0], encoder.encode(scene(1))[0], encoder.encode(scene(2), True)[0]]
    sent.append(encoder.encode(scene(3).reformat(width=160, height=90), False)[0])
    assert [not vp8_depayload(payloads[0])[0] & 1 for payloads in sent] == [True, False, True, True]


def test_a_picture_of_another_size_never_reaches_the_library(vpx: Vpx) -> None:
    """It would read beyond the end."""
    with pytest.raises(ValueError, match="another size"):
        Vp8Stream(vpx, *SIZE, 100_000).encode(np.zeros((2, 2), dtype=np.uint8), 0, 3000, whole=False)
    with pytest.raises(RuntimeError):
        Vp8Stream(vpx, 0, 0, 100_000)


def test_a_library_whose_configuration_lies_otherwise_is_not_used(vpx: Vpx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to at the wrong place it would do anything."""
    monkeypatch.setitem(libvpx._DEFAULTS, "target_kbps", 257)
    with pytest.raises(ValueError, match="another layout"):
        vpx.config()


def test_where_there_is_no_such_library_pyavs_encoder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution may build PyAV otherwise."""
    monkeypatch.setattr("vdx_plugin.media.encoders.library", lambda: None)
    encoder = encoder_for("VP8")
    assert not isinstance(encoder, LibvpxEncoder)
    assert encoder.encode(scene(0))[0]


@pytest.mark.parametrize(
    "file", ["av.libs/libvpx-1.dll", "av/.dylibs/libvpx.11.dylib", "av.libs/libvpx-edb6de90.so.12.0.0"]
)
def test_the_library_is_looked_for_where_wheels_have_it(tmp_path: Path, file: str) -> None:
    """Windows, macOS and Linux."""
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    assert list(places(tmp_path / "av")) == [tmp_path / file]
    assert ctypes.sizeof(libvpx._Config) > 4096
