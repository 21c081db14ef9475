"""Settings of the room server, with the values a real node is known or believed to use."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TurnServer:
    """A relay clients are told to use. The password stays out of logs."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)

    def as_json(self) -> dict[str, object]:
        """As token and call replies spell it."""
        return {"urls": list(self.urls), "username": self.username, "credential": self.credential}


@dataclass(frozen=True)
class RoomServerConfig:
    """How the room server behaves. Durations are seconds.

    ``media_grace_s``: how long a call outlives its connection, so that a client may renegotiate after closing it.
    ``host_without_media_starts``: whether a host who only controls (holds a token, sends no media) already lets the
    waiting guests in. ``video_codec`` stands first in answers, and alone without ``other_codecs``.
    ``answer_names_ssrc``: whether answers carry ``a=ssrc`` lines; whether a real node does is unknown, so clients are
    to be tried with both. ``update_answers_text``: whether an ``update`` is answered with the bare SDP instead of an
    object; nodes differ. ``media_hosts`` are the local addresses media is received on; the default keeps everything
    on this machine. ``max_video_kbps`` of 0 sends no ``b=`` line. ``stun`` and ``turn`` are told to clients with the
    token, ``turn_after_call`` with the answer to a call; ``relay_only`` forbids the rest. ``ring_s``: how long
    somebody called lets it ring. ``test_call_s``: how long a test call lasts. ``peer_patience_s``: how long an offer
    passed on to the other participant may go unanswered. ``mixed_height`` is the largest composed picture: 720, or
    less for 640x360.
    """

    token_life_s: float = 120
    pin_tries: int = 3
    pin_lock_s: float = 60
    guests_only_timeout_s: float = 60
    host_wait_timeout_s: float = 900
    dial_timeout_s: float = 60
    ring_s: float = 2
    test_call_s: float = 30
    peer_patience_s: float = 10
    keep_alive_s: float = 15
    housekeeping_s: float = 1
    media_setup_timeout_s: float = 30
    media_grace_s: float = 10
    statistics_interval_ms: int = 5000
    video_codec: str = "VP8"
    other_codecs: bool = True
    media_hosts: tuple[str, ...] = ("127.0.0.1",)
    answer_names_ssrc: bool = True
    update_answers_text: bool = False
    max_video_kbps: int = 0
    mixed_height: int = 720
    host_without_media_starts: bool = True
    stun: tuple[str, ...] = ()
    turn: tuple[TurnServer, ...] = ()
    turn_after_call: tuple[TurnServer, ...] = ()
    relay_only: bool = False
