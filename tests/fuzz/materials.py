"""Good input of each kind, for ``damage`` to spoil."""

from __future__ import annotations

import fractions
import json
import random
import struct
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import av
from aioice import stun
from aiortc.rtp import (
    HeaderExtensionsMap,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from vdx_plugin.media.audio import libopus
from vdx_plugin.media.encoders import encoder_for
from vdx_plugin.media.rate.feedback import Feedback, pack
from vdx_plugin.media.sound import BLOCK, SpeechLoop
from vdx_plugin.media.testcard import PictureFormat, TestCard

GOLDEN = Path(__file__).parents[1] / "unit" / "media" / "golden"
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_COUNT = 25


# --- RTP and RTCP -------------------------------------------------------------------------------------------------


@cache
def payloads(codec: str) -> tuple[tuple[bytes, ...], ...]:
    """Return encoded pictures, or packets of speech, each as its payloads."""
    if codec == "OPUS":
        speech, voice = libopus.LibopusEncoder(libopus.library(), 32_000, 10), SpeechLoop()
        return tuple((speech.encode(voice.read(BLOCK)),) for _ in range(_COUNT))
    encoder: Any = encoder_for(codec)
    card = TestCard(PictureFormat(320, 180, 30))
    return tuple(tuple(encoder.encode(frame(card, number))[0]) for number in range(_COUNT))


def frame(card: TestCard, number: int) -> Any:
    """Return one picture of the card, ready for an encoder."""
    made = av.VideoFrame.from_ndarray(card.draw(_AT, number), format="yuv420p")
    made.pts, made.time_base = number * 3000, fractions.Fraction(1, 90_000)
    return made


class Stream:
    """RTP of one codec as a good sender numbers it, whole pictures one after the other."""

    def __init__(self, codec: str, payload_type: int, ssrc: int, mid: str, extensions: HeaderExtensionsMap) -> None:
        self._codec = codec
        self._mid = mid
        self._extensions = extensions
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._sequence = 65_500
        self._at = 0
        self._waiting: list[tuple[bytes, bool, int]] = []

    def next(self, chance: random.Random) -> bytes:
        """Return the next packet, with some header extensions."""
        if not self._waiting:
            self._fill()
        payload, marker, timestamp = self._waiting.pop(0)
        packet = RtpPacket(
            payload_type=self._payload_type,
            marker=int(marker),
            sequence_number=self._sequence,
            timestamp=timestamp,
            ssrc=self._ssrc,
            payload=payload,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet.extensions.mid = self._mid
        packet.extensions.transport_sequence_number = chance.randrange(65536)
        packet.extensions.audio_level = (True, chance.randrange(128))
        packet.extensions.abs_send_time = chance.randrange(1 << 24)
        packet.padding_size = chance.choice([0, 0, 3])
        data: bytes = packet.serialize(self._extensions)
        return data

    def _fill(self) -> None:
        parts = payloads(self._codec)[self._at % _COUNT]
        timestamp = (2**32 - 48_000 + self._at * (BLOCK if self._codec == "OPUS" else 3000)) % 2**32
        self._waiting = [(part, number == len(parts) - 1, timestamp) for number, part in enumerate(parts)]
        self._at += 1


def rtcp(chance: random.Random, ours: list[int], theirs: list[int]) -> bytes:
    """Return a compound of several kinds of packet about streams of ours and theirs."""
    mine, other = chance.choice([*ours, 5]), chance.choice([*theirs, chance.randrange(1 << 32)])
    nack = RtcpRtpfbPacket(fmt=1, ssrc=other, media_ssrc=mine)
    nack.lost = sorted(chance.sample(range(65536), chance.randint(1, 40)))
    about = RtcpReceiverInfo(mine, chance.randrange(256), 5, chance.randrange(1 << 32), 7, chance.randrange(1 << 32), 0)
    times = RtcpSenderInfo(*(chance.randrange(1 << 32) for _ in range(4)))
    remb = chance.choice([pack_remb_fci(chance.randrange(1 << 30), [mine]), b"REMB\xff\xff\xff\xff", b"REMB"])
    begun = chance.randrange(1 << 24)
    ticks = tuple(chance.choice([None, begun + 4 * at, begun + 300 - at]) for at in range(chance.randint(1, 60)))
    feedback = Feedback(other, mine, chance.randrange(256), chance.randrange(65536), (begun, *ticks))
    parts = [
        bytes(RtcpRrPacket(other, [about])),
        bytes(RtcpSrPacket(other, times, [about])),
        bytes(RtcpSdesPacket([RtcpSourceInfo(other, [(1, b"x")])])),
        bytes(nack),
        pack(feedback),
        bytes(RtcpPsfbPacket(fmt=1, ssrc=other, media_ssrc=mine)),
        bytes(RtcpPsfbPacket(fmt=4, ssrc=other, media_ssrc=0, fci=struct.pack("!LL", mine, 0))),
        bytes(RtcpPsfbPacket(fmt=15, ssrc=other, media_ssrc=0, fci=remb)),
        bytes(RtcpByePacket([other])),
    ]
    return b"".join(chance.sample(parts, chance.randint(1, len(parts))))


# --- STUN ---------------------------------------------------------------------------------------------------------


def stun_message(chance: random.Random, username: str, password: str) -> bytes:
    """Return a message as the other side of a connection might send it, mostly one that is signed as it should be."""
    method = chance.choice([stun.Method.BINDING] * 6 + list(stun.Method))
    message = stun.Message(method, chance.choice([stun.Class.REQUEST] * 3 + list(stun.Class)), chance.randbytes(12))
    values = {
        "USERNAME": chance.choice([username] * 5 + ["x", ""]),
        "PRIORITY": chance.randrange(1 << 32),
        "ICE-CONTROLLED": chance.randrange(1 << 64),
        "ICE-CONTROLLING": chance.randrange(1 << 64),
        "USE-CANDIDATE": None,
        "XOR-MAPPED-ADDRESS": ("127.0.0.1", chance.randrange(65536)),
        "ERROR-CODE": (chance.choice([401, 487, 999]), "x" * chance.randrange(40)),
        "SOFTWARE": "x" * chance.randrange(40),
    }
    for name in ("USERNAME", "PRIORITY"):
        if chance.random() < 0.9:
            message.attributes[name] = values[name]
    for name in chance.sample(sorted(values), chance.randrange(4)):
        message.attributes[name] = values[name]
    if chance.random() < 0.8:
        message.add_message_integrity(password.encode())
    return bytes(message)


def bare_stun(chance: random.Random) -> bytes:
    """Return one whose attributes have any length and content, but which is whole as a message."""
    body = b""
    for _ in range(chance.randrange(5)):
        kind, value = chance.choice(sorted(stun.ATTRIBUTES_BY_TYPE)), chance.randbytes(chance.randrange(12))
        body += struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
    kinds = chance.choice([0x0001, 0x0101, 0x0111, 0x0011])
    return struct.pack("!HHI", kinds, len(body), stun.COOKIE) + chance.randbytes(12) + body


# --- what a node says ---------------------------------------------------------------------------------------------


def sdp(name: str) -> str:
    """Return a kept description, made to lead to this machine."""
    text = (GOLDEN / f"{name}.sdp").read_text(encoding="ascii")
    for address in ("203.0.113.9", "198.51.100.20"):
        text = text.replace(address, "127.0.0.1")
    for short in ("11:22", "33:44"):
        text = text.replace(short, ":".join([short[:2]] * 32))
    return text


ROW = {
    "uuid": "a",
    "display_name": "Anna",
    "role": "guest",
    "service_type": "conference",
    "has_media": True,
    "is_muted": "NO",
    "call_tag": "patient",
    "spotlight": 0,
}
EVENTS: dict[str, Any] = {
    "participant_sync_begin": None,
    "participant_create": ROW,
    "participant_update": ROW,
    "participant_delete": {"uuid": "a"},
    "participant_sync_end": None,
    "conference_update": {"locked": True, "guests_muted": False, "chat_enabled": True},
    "stage": [{"participant_uuid": "a", "stage_index": 0, "vad": 100}],
    "layout": {"view": "1:7", "requested_layout": {"primary_screen": {"chair_layout": "1:7"}}},
    "presentation_start": {"presenter_name": "Anna", "presenter_uuid": "a"},
    "presentation_frame": None,
    "presentation_stop": None,
    "message_received": {"type": "text/plain", "origin": "Anna", "uuid": "a", "payload": "hej"},
    "call_disconnected": {"call_uuid": "c", "reason": "x"},
    "new_offer": {"sdp": "v=0", "call_uuid": "c"},
    "update_sdp": {"sdp": "v=0", "call_uuid": "c"},
    "new_candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "mid": "0", "ufrag": "x", "pwd": "y"},
    "peer_disconnect": None,
    "splash_screen": {"screen_key": "on_hold", "display_duration": 0},
    "on_hold": {"setting": True},
    "refresh_token": None,
}
"""By name; neither ``disconnect`` nor ``refer``, which end or move the call as they should."""

SERVERS = (
    "stun:127.0.0.1:9",
    "stun:127.0.0.1:0",
    "stun:127.0.0.1:99999",
    "turn:127.0.0.1:9?transport=tcp",
    "turn:127.0.0.1:9?transport=udp",
    "turns:127.0.0.1:-1",
    "stun:[::1",
    "stun:" + "x" * 280,
    "stun:æ..",
    "http://127.0.0.1",
    "",
)
GRANT = {
    "token": "t1",
    "expires": "120",
    "participant_uuid": "me1",
    "role": "HOST",
    "current_service_type": "conference",
    "version": {"version_id": "36"},
    "client_stats_update_interval": 20_000,
    "use_relay_candidates_only": False,
    "direct_media": False,
    "pex_datachannel_id": 11,
    "chat_enabled": True,
    "stun": [{"url": "stun:127.0.0.1:9"}],
    "turn": [{"urls": ["turn:127.0.0.1:9?transport=udp"], "username": "u", "credential": "c"}],
}
REPLIES: dict[str, Any] = {
    "enter": GRANT,
    "refresh": {"token": "t2", "expires": "120", "role": "HOST"},
    "call": {"call_uuid": "c", "sdp": "v=0", "turn": GRANT["turn"]},
    "update": {"call_uuid": "c", "sdp": "v=0"},
    "layouts": ["1:0", "1:7"],
    "dial": ["p1"],
    "probe": {"locked": False},
    "lock": True,
    "still": True,
    "events": True,
}
"""Results by what is asked for."""


def event_bytes(name: str, data: Any) -> bytes:
    """Return an event as it goes over the stream."""
    return f"id: 1\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
