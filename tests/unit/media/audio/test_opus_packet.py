"""What may reach C code: exactly what libopus itself calls a packet."""

from __future__ import annotations

import ctypes
import random

import pytest

from tests.unit.media.audio.lines import encoded
from vdx_plugin.media.audio import libopus, opus_packet
from vdx_plugin.media.sound import BLOCK


def test_our_own_packets_last_20_ms_and_say_what_they_repeat() -> None:
    """The reading of the flag decides what counts as recovered, so it must agree with the library's."""
    lib = libopus.library()
    for payload in encoded(200):
        read = opus_packet.read(payload)
        assert read is not None
        assert read.samples == BLOCK
        assert read.has_redundancy == bool(lib.opus_packet_has_lbrr(payload, len(payload)))
    assert any(opus_packet.read(payload).has_redundancy for payload in encoded(200))  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(4))
def test_bytes_from_anywhere_are_read_as_libopus_reads_them(seed: int) -> None:
    """A packet we pass and the library refuses would be harmless, one that we misjudge would break the timing."""
    lib, chance = libopus.library(), random.Random(seed)
    table = (ctypes.c_ubyte * 48, ctypes.c_int16 * 48)
    for _ in range(4000):
        payload = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 20)))
        toc, sizes = ctypes.c_ubyte(), table[1]()
        frames = lib.opus_packet_parse(payload, len(payload), ctypes.byref(toc), None, sizes, None)
        samples = lib.opus_packet_get_nb_samples(payload, len(payload), 48_000)
        read = opus_packet.read(payload)
        assert (read is not None) == (frames > 0 and samples > 0)
        if read is not None:
            assert read.samples == samples
            assert read.has_redundancy == (lib.opus_packet_has_lbrr(payload, len(payload)) == 1)


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\xff\x00", b"\x03\x41", b"\x02\xff", bytes(5000)])
def test_what_is_no_packet_is_none(payload: bytes) -> None:
    """Nothing at all, no frame count, no frames, padding without length, half a length, and too much of everything."""
    assert opus_packet.read(payload) is None
