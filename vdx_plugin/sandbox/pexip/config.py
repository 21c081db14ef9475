"""Settings of the room server, with the values a real node is known or believed to use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoomServerConfig:
    """How the room server behaves. Durations are seconds.

    ``media_grace_s``: how long a call outlives its connection, so that a client may renegotiate after closing it.
    ``host_without_media_starts``: whether a host who only controls (holds a token, sends no media) already lets
    the waiting guests in. ``answer_names_ssrc``: whether answers carry ``a=ssrc`` lines; whether a real node does
    is unknown, so clients are to be tried with both. ``media_hosts`` are the local addresses media is received
    on; the default keeps everything on this machine. ``max_video_kbps`` of 0 sends no ``b=`` line.
    """

    token_life_s: float = 120
    pin_tries: int = 3
    pin_lock_s: float = 60
    guests_only_timeout_s: float = 60
    host_wait_timeout_s: float = 900
    dial_timeout_s: float = 60
    keep_alive_s: float = 15
    housekeeping_s: float = 1
    media_setup_timeout_s: float = 30
    media_grace_s: float = 10
    video_codec: str = "VP8"
    media_hosts: tuple[str, ...] = ("127.0.0.1",)
    answer_names_ssrc: bool = True
    max_video_kbps: int = 0
    host_without_media_starts: bool = True
