"""libvpx by ctypes: VP8 whose rate is changed in place, which FFmpeg does not give.

The library comes with PyAV on every system. Its configuration is a C structure; what is used of it has stood where it
does since version 1.0, and is only believed where a fresh one holds the defaults that are documented. Where it does
not, or where there is no library, ``library`` gives None and FFmpeg's encoder is used.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from vdx_plugin import log

_log = log.get("media.vp8")

_NAMES = ("libvpx*.dll", "vpx*.dll", "libvpx*.dylib", "libvpx*.so*")
_ABI_MISMATCH = 3
_ABI_VERSIONS = range(20, 80)
"""The header's number, which each release raises; the library itself says which is its own."""
_CONTEXT_BYTES = 512
_REST_BYTES = 4096
_I420 = 0x102
_FRAME_PACKET = 0
_FORCE_KEYFRAME = 1
_REALTIME = 1
_CONSTANT_RATE = 1

# vp8cx.h
_SET_CPU_USED, _SET_NOISE, _SET_STATIC_THRESHOLD, _SET_MAX_INTRA = 13, 15, 17, 26


class _Config(ctypes.Structure):
    """vpx_codec_enc_cfg up to the last field used; what follows is room for the library."""

    _fields_ = (
        ("usage", ctypes.c_uint),
        ("threads", ctypes.c_uint),
        ("profile", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("height", ctypes.c_uint),
        ("bit_depth", ctypes.c_int),
        ("input_bit_depth", ctypes.c_uint),
        ("time_num", ctypes.c_int),
        ("time_den", ctypes.c_int),
        ("error_resilient", ctypes.c_uint32),
        ("pass_", ctypes.c_int),
        ("lag_in_frames", ctypes.c_uint),
        ("drop_threshold", ctypes.c_uint),
        ("resize_allowed", ctypes.c_uint),
        ("scaled_width", ctypes.c_uint),
        ("scaled_height", ctypes.c_uint),
        ("resize_up", ctypes.c_uint),
        ("resize_down", ctypes.c_uint),
        ("end_usage", ctypes.c_int),
        ("two_pass", ctypes.c_void_p),
        ("two_pass_size", ctypes.c_size_t),
        ("first_pass", ctypes.c_void_p),
        ("first_pass_size", ctypes.c_size_t),
        ("target_kbps", ctypes.c_uint),
        ("min_quantizer", ctypes.c_uint),
        ("max_quantizer", ctypes.c_uint),
        ("undershoot", ctypes.c_uint),
        ("overshoot", ctypes.c_uint),
        ("buffer_ms", ctypes.c_uint),
        ("buffer_initial_ms", ctypes.c_uint),
        ("buffer_optimal_ms", ctypes.c_uint),
        ("bias", ctypes.c_uint),
        ("min_section", ctypes.c_uint),
        ("max_section", ctypes.c_uint),
        ("corpus", ctypes.c_uint),
        ("keyframe_mode", ctypes.c_int),
        ("keyframe_min", ctypes.c_uint),
        ("keyframe_max", ctypes.c_uint),
        ("rest", ctypes.c_byte * _REST_BYTES),
    )


_DEFAULTS = {
    "width": 320,
    "height": 240,
    "time_num": 1,
    "time_den": 30,
    "end_usage": 0,
    "target_kbps": 256,
    "min_quantizer": 4,
    "max_quantizer": 63,
    "undershoot": 100,
    "overshoot": 100,
    "buffer_ms": 6000,
    "buffer_initial_ms": 4000,
    "buffer_optimal_ms": 5000,
    "keyframe_mode": 1,
    "keyframe_max": 128,
}


class _Packet(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


def places(package: Path) -> Iterator[Path]:
    """Yield the libraries that may be libvpx near PyAV's package folder."""
    for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs", package):
        for pattern in _NAMES:
            yield from sorted(folder.glob(pattern))


@lru_cache(maxsize=1)
def library() -> Vpx | None:
    """Return the loaded library, None where there is none that can be used; says so in the log once."""
    found = importlib.util.find_spec("av")
    for path in places(Path(found.origin).parent) if found is not None and found.origin is not None else ():
        try:
            return Vpx(ctypes.CDLL(str(path)))
        except (OSError, AttributeError, ValueError) as error:
            _log.info("a libvpx could not be used (%s)", type(error).__name__)
    _log.info("no libvpx: VP8 begins anew at each change of its rate")
    return None


class Vpx:
    """The functions used, with their types. ValueError where the library is another than we know."""

    def __init__(self, lib: Any) -> None:
        lib.vpx_codec_vp8_cx.restype = ctypes.c_void_p
        lib.vpx_codec_enc_config_default.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint]
        lib.vpx_codec_enc_init_ver.argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_int,
        ]  # fmt: skip
        lib.vpx_codec_enc_config_set.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        lib.vpx_codec_encode.argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_ulong, ctypes.c_long, ctypes.c_ulong,
        ]  # fmt: skip
        lib.vpx_codec_get_cx_data.restype = ctypes.POINTER(_Packet)
        lib.vpx_codec_get_cx_data.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        lib.vpx_codec_destroy.argtypes = [ctypes.c_void_p]
        # Variadic: only the fixed arguments are named, which Apple's ARM64 needs to be told.
        lib.vpx_codec_control_.argtypes = [ctypes.c_void_p, ctypes.c_int]
        lib.vpx_img_wrap.restype = ctypes.c_void_p
        lib.vpx_img_wrap.argtypes = [
            ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p,
        ]  # fmt: skip
        lib.vpx_img_free.argtypes = [ctypes.c_void_p]
        self.lib = lib
        self.interface = lib.vpx_codec_vp8_cx()
        self.abi = self._abi()

    def config(self) -> _Config:
        """Return a fresh configuration. ValueError where its fields lie elsewhere than we think."""
        made = _Config()
        if self.lib.vpx_codec_enc_config_default(self.interface, ctypes.byref(made), 0):
            raise ValueError("no default configuration")
        if any(getattr(made, name) != value for name, value in _DEFAULTS.items()):
            raise ValueError("another layout")
        return made

    def _abi(self) -> int:
        config, context = self.config(), ctypes.create_string_buffer(_CONTEXT_BYTES)
        for version in _ABI_VERSIONS:
            result = self.lib.vpx_codec_enc_init_ver(context, self.interface, ctypes.byref(config), 0, version)
            if result == 0:
                self.lib.vpx_codec_destroy(context)
                return version
            if result != _ABI_MISMATCH:
                break
        raise ValueError("another interface")


class Vp8Stream:
    """One stream of pictures of one size. ``encode`` returns a picture's data, ``set_rate`` changes its rate at once.

    RuntimeError where the library refuses.
    """

    def __init__(self, vpx: Vpx, width: int, height: int, bps: int) -> None:
        self._vpx = vpx
        self._context = ctypes.create_string_buffer(_CONTEXT_BYTES)
        self._is_open = False
        self._config = self._configured(width, height, bps)
        self._pts = -1
        opened = vpx.lib.vpx_codec_enc_init_ver(self._context, vpx.interface, ctypes.byref(self._config), 0, vpx.abi)
        self._check(opened)
        self._is_open = True
        for control, value in ((_SET_CPU_USED, -9), (_SET_NOISE, 0), (_SET_STATIC_THRESHOLD, 1), (_SET_MAX_INTRA, 600)):
            self._check(vpx.lib.vpx_codec_control_(self._context, control, ctypes.c_int(value)))

    def _configured(self, width: int, height: int, bps: int) -> _Config:
        config = self._vpx.config()
        config.threads = 1
        config.width, config.height = width, height
        config.time_num, config.time_den = 1, 90_000
        config.lag_in_frames = 0
        config.end_usage = _CONSTANT_RATE
        config.min_quantizer, config.max_quantizer = 2, 56
        config.undershoot, config.overshoot = 100, 15
        config.buffer_ms, config.buffer_initial_ms, config.buffer_optimal_ms = 1000, 500, 600
        config.keyframe_max = 3000
        config.target_kbps = max(1, bps // 1000)
        return config

    def set_rate(self, bps: int) -> None:
        """Change the rate from the next picture on."""
        kbps = max(1, bps // 1000)
        if kbps != self._config.target_kbps:
            self._config.target_kbps = kbps
            self._check(self._vpx.lib.vpx_codec_enc_config_set(self._context, ctypes.byref(self._config)))

    def encode(self, yuv: np.ndarray[Any, np.dtype[np.uint8]], pts: int, duration: int, *, whole: bool) -> bytes:
        """Encode planar 4:2:0 of the stream's size, taken at ``pts`` in 90 kHz."""
        if yuv.shape != (self._config.height * 3 // 2, self._config.width):
            raise ValueError("another size")
        yuv = np.ascontiguousarray(yuv, dtype=np.uint8)
        self._pts = max(pts, self._pts + 1)
        lib = self._vpx.lib
        image = lib.vpx_img_wrap(None, _I420, self._config.width, self._config.height, 1, yuv.ctypes.data)
        if not image:
            raise MemoryError("vpx_img_wrap")
        try:
            flags = _FORCE_KEYFRAME if whole else 0
            self._check(lib.vpx_codec_encode(self._context, image, self._pts, duration, flags, _REALTIME))
            return self._collected()
        finally:
            lib.vpx_img_free(image)

    def _collected(self) -> bytes:
        data, place = b"", ctypes.c_void_p()
        while packet := self._vpx.lib.vpx_codec_get_cx_data(self._context, ctypes.byref(place)):
            if packet.contents.kind == _FRAME_PACKET:
                data += ctypes.string_at(packet.contents.data, packet.contents.size)
        return data

    def _check(self, result: int) -> None:
        if result:
            raise RuntimeError(f"libvpx: {result}")

    def __del__(self) -> None:
        if getattr(self, "_is_open", False):
            self._is_open = False
            self._vpx.lib.vpx_codec_destroy(self._context)
