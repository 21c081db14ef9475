"""Direct media: the other side's offer read, our answer written. Pure, as ``sdp``, which has the other direction.

Sources: RFC 8829 (JSEP) 5.3, RFC 3264 6, RFC 8841 (data channels).
"""

from __future__ import annotations

from dataclasses import dataclass

from vdx_plugin.errors import Unreadable
from vdx_plugin.media.sdp import (
    TRANSPORT_CC_URI,
    Answer,
    OfferShape,
    Section,
    codec_of,
    complete,
    drop_weak_fingerprints,
    mark_video,
    narrow_video,
    parse,
    shape_audio,
    stand_in,
    taken,
    transport_cc_number,
    transport_lines,
)

MAX_LINES = 4
"""Sound, pictures, slides, data channel."""
_KINDS = ("audio", "video", "application")
_PLACEHOLDERS = {
    "audio": ("UDP/TLS/RTP/SAVPF 96", ["a=rtpmap:96 opus/48000/2"]),
    "video": ("UDP/TLS/RTP/SAVPF 97", ["a=rtpmap:97 VP8/90000"]),
    "application": ("UDP/DTLS/SCTP webrtc-datachannel", ["a=sctp-port:5000"]),
}


@dataclass(frozen=True, slots=True)
class RemoteOffer:
    """An offer aiortc accepts. ``said`` is what it asks of what we send."""

    sdp: str
    said: Answer


def adapt_offer(sdp: str, shape: OfferShape) -> RemoteOffer:
    """Return the other side's offer in a form aiortc accepts, with codecs both of us can use.

    Raises Unreadable where it lacks what ICE and DTLS need, or has lines this program cannot take.
    """
    offer = parse(sdp)
    if not 0 < len(offer.sections) <= MAX_LINES or any(section.kind not in _KINDS for section in offer.sections):
        raise Unreadable("media.answer", "other lines than known", place="m-lines")
    if len({section.mid for section in offer.sections}) != len(offer.sections):
        raise Unreadable("media.answer", "mids", place="m-lines")
    transport = transport_lines(offer, ("actpass", "active", "passive"))
    rejected = frozenset(section.mid for section in offer.sections if section.is_rejected)
    for section in offer.sections:
        mid = section.mid
        if section.is_rejected:
            stand_in(section, _placeholder(section.kind, mid), transport)
        elif section.kind == "video":
            narrow_video(section, shape.video_codec)
        complete(section, _placeholder(section.kind, mid), offer.session, transport)
    if any(not section.formats for section in offer.sections):
        raise Unreadable("media.answer", "no codec we know", place="m-lines")
    return RemoteOffer(str(offer), taken(offer, rejected))


def _placeholder(kind: str, mid: str) -> Section:
    formats, lines = _PLACEHOLDERS[kind]
    return Section(f"m={kind} 9 {formats}", [f"a=mid:{mid}", *lines])


def shape_answer(sdp: str, offer: RemoteOffer, shape: OfferShape) -> str:
    """Return aiortc's answer as it should leave, in the terms of the offer it answers."""
    answer = parse(sdp)
    drop_weak_fingerprints(answer)
    videos = 0
    for section, offered in zip(answer.sections, parse(offer.sdp).sections, strict=True):
        if section.kind == "audio":
            shape_audio(section)
        elif section.kind == "video":
            mark_video(section, shape.video_kbps, offered.first("a=content:") or ("main", "slides")[min(videos, 1)])
            videos += 1
        _agree_on_feedback(section, offered)
        if section.mid in offer.said.rejected:
            section.head = " ".join([section.head.split()[0], "0", *section.head.split()[2:]])
    return str(answer)


def _agree_on_feedback(section: Section, offered: Section) -> None:
    number = transport_cc_number(offered)
    if number is None or transport_cc_number(section) is not None:
        return
    section.lines.append(f"a=extmap:{number} {TRANSPORT_CC_URI}")
    codecs = [payload for payload in section.formats if codec_of(section, payload) in ("OPUS", "H264", "VP8")]
    section.lines += [f"a=rtcp-fb:{payload} transport-cc" for payload in codecs]
