"""Offers and answers between aiortc and the node, as text in and text out. Pure.

aiortc offers more than the node should choose from and refuses answers a node may well send. ``shape_offer`` puts
an offer into the form the vendor's clients use; ``adapt_answer`` puts an answer into the form aiortc accepts.
Sources: RFC 8866, RFC 8829 (JSEP), RFC 8843 (BUNDLE), RFC 6184, RFC 7587.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vdx_plugin.errors import Unreadable

TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
OPUS_FMTP = "minptime=10;useinbandfec=1"
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_PAYLOAD = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")
_CONTENT = ("main", "slides")
DEFAULT_BLOCKS = 3600
"""1280 x 720 in blocks of 16 x 16: what a decoder takes that says nothing (H.264 level 3.1)."""
# What we can decode of slides: a full screen of 1920 x 1080 (RFC 6184 8.1, RFC 7741 6.1), as the vendor's clients say.
_SLIDES_LIMITS = {"VP8": "max-fs=8160;max-fr=30", "H264": "max-fs=8160;max-mbps=245760;max-br=3732"}


@dataclass(frozen=True, slots=True)
class OfferShape:
    """What the offer is to say: the codec to prefer and the rate we want to receive at most, in kbit/s."""

    video_codec: str = "H264"
    video_kbps: int = 1500


@dataclass(slots=True)
class Section:
    """One m-line with its attribute lines; ``head`` is the m-line itself."""

    head: str
    lines: list[str]

    @property
    def kind(self) -> str:
        return self.head[2:].split(" ", 1)[0]

    @property
    def is_rejected(self) -> bool:
        return self.head.split()[1:2] == ["0"]

    @property
    def formats(self) -> list[str]:
        return self.head.split()[3:]

    def first(self, prefix: str) -> str:
        """Return what follows ``prefix`` in the first line that has it, empty if none has."""
        return next((line[len(prefix) :] for line in self.lines if line.startswith(prefix)), "")

    @property
    def mid(self) -> str:
        return self.first("a=mid:")

    def keep_formats(self, wanted: list[str]) -> None:
        """Keep these payload types only, in this order, and their attributes in the same order."""
        self.head = " ".join([*self.head.split()[:3], *wanted])
        about = [(line, match.group(1)) for line in self.lines if (match := _PAYLOAD.match(line))]
        rest = [line for line in self.lines if not _PAYLOAD.match(line)]
        self.lines = rest + [line for payload in wanted for line, owner in about if owner == payload]


@dataclass(slots=True)
class Description:
    """A session description taken apart."""

    session: list[str]
    sections: list[Section]

    def __str__(self) -> str:
        lines = list(self.session)
        for section in self.sections:
            lines += [section.head, *section.lines]
        return "\r\n".join(lines) + "\r\n"


def parse(sdp: str) -> Description:
    """Take a description apart. Raises Unreadable for what is no SDP at all."""
    lines = [line for line in sdp.replace("\r\n", "\n").split("\n") if line.strip()]
    if not lines or not lines[0].startswith("v="):
        raise Unreadable("media.answer", "no session", place="line 1")
    session: list[str] = []
    sections: list[Section] = []
    for number, line in enumerate(lines, 1):
        if len(line) < 2 or line[1] != "=":
            raise Unreadable("media.answer", place=f"line {number}")
        if line.startswith("m="):
            if len(line.split()) < 4 or not line.split()[1].isdigit():
                raise Unreadable("media.answer", "m-line", place=f"line {number}")
            sections.append(Section(line, []))
        else:
            (sections[-1].lines if sections else session).append(line)
    return Description(session, sections)


# --- outgoing ---------------------------------------------------------------------------------------------------


def shape_offer(sdp: str, shape: OfferShape) -> str:
    """Return aiortc's offer as it should leave: few codecs in our order, one fingerprint, rates, content marks."""
    offer = parse(sdp)
    drop_weak_fingerprints(offer)
    videos = 0
    for section in offer.sections:
        if section.kind == "audio":
            shape_audio(section)
        elif section.kind == "video":
            _shape_video(section, shape, _CONTENT[min(videos, 1)])
            videos += 1
    _add_transport_cc(offer)
    return str(offer)


def drop_weak_fingerprints(description: Description) -> None:
    """Keep sha-256 alone: both ends must list the same single print for the secure check code to agree."""
    for section in description.sections:
        section.lines = [line for line in section.lines if not _is_weak_fingerprint(line)]


def _add_transport_cc(description: Description) -> None:
    """Number every packet of the bundle for congestion feedback, sound too: a line without would hide its share."""
    used = [number for section in description.sections for number in _extension_numbers(section)]
    free = next(number for number in range(1, 15) if number not in used)
    for section in description.sections:
        if section.kind not in ("audio", "video") or transport_cc_number(section) is not None:
            continue
        section.lines.append(f"a=extmap:{free} {TRANSPORT_CC_URI}")
        codecs = [p for p in section.formats if codec_of(section, p) in ("OPUS", "H264", "VP8")]
        section.lines += [f"a=rtcp-fb:{payload} transport-cc" for payload in codecs]


def _extension_numbers(section: Section) -> list[int]:
    values = [line.removeprefix("a=extmap:") for line in section.lines if line.startswith("a=extmap:")]
    numbers = [value.split(" ", 1)[0].split("/", 1)[0] for value in values]
    return [int(number) for number in numbers if number.isdigit()]


def transport_cc_number(section: Section) -> int | None:
    """Return the id under which a line carries transport-wide numbers, None where it does not or has no feedback."""
    asked = any(line.startswith("a=rtcp-fb:") and line.endswith(" transport-cc") for line in section.lines)
    for line in section.lines if asked else ():
        number, _, uri = line.removeprefix("a=extmap:").partition(" ")
        number = number.split("/", 1)[0]
        if line.startswith("a=extmap:") and uri.split(" ", 1)[0] == TRANSPORT_CC_URI and number.isdigit():
            return int(number) if 0 < int(number) < 15 else None
    return None


def _is_weak_fingerprint(line: str) -> bool:
    return line.startswith("a=fingerprint:") and not line.startswith("a=fingerprint:sha-256 ")


def shape_audio(section: Section) -> None:
    """Keep Opus alone, with redundancy asked for: without that a peer sends none (RFC 7587 6.1)."""
    opus = [payload for payload in section.formats if codec_of(section, payload) == "OPUS"]
    section.keep_formats(opus or section.formats)
    for payload in opus:
        # Nothing says that an answer must confirm it: browsers repeat sound for who offers to ask, and ask in turn.
        section.lines += [f"a=fmtp:{payload} {OPUS_FMTP}", f"a=rtcp-fb:{payload} nack"]


def _shape_video(section: Section, shape: OfferShape, content: str) -> None:
    narrow_video(section, shape.video_codec)
    if content == "slides":
        _allow_full_screens(section)
    mark_video(section, shape.video_kbps, content)


def narrow_video(section: Section, preferred: str) -> None:
    """Keep one H.264 of the Constrained Baseline profile and VP8, the preferred one first, each with its RTX."""
    h264 = [p for p in section.formats if codec_of(section, p) == "H264" and _is_wanted_h264(_fmtp(section, p))][:1]
    vp8 = [p for p in section.formats if codec_of(section, p) == "VP8"][:1]
    chosen = vp8 + h264 if preferred.upper() == "VP8" else h264 + vp8
    section.keep_formats([payload for codec in chosen for payload in (codec, *_retransmissions(section, codec))])


def mark_video(section: Section, kbps: int, content: str) -> None:
    """Say what we want to receive at most, and which of two lines of pictures this is."""
    _insert_bandwidth(section, kbps)
    _insert_after(section, "a=mid:", f"a=content:{content}")
    section.lines.append("a=rtcp-rsize")


def _allow_full_screens(section: Section) -> None:
    for payload in section.formats:
        limits = _SLIDES_LIMITS.get(codec_of(section, payload))
        known = section.first(f"a=fmtp:{payload} ")
        if limits is not None:
            section.lines = [line for line in section.lines if not line.startswith(f"a=fmtp:{payload} ")]
            section.lines.append(f"a=fmtp:{payload} {known};{limits}" if known else f"a=fmtp:{payload} {limits}")


def _is_wanted_h264(fmtp: dict[str, str]) -> bool:
    """Constrained Baseline in packetization mode 1, the one profile every room and browser has (RFC 7742 6.2)."""
    profile = fmtp.get("profile-level-id", "").lower()
    return profile.startswith("42e0") and fmtp.get("packetization-mode") == "1"


def _retransmissions(section: Section, payload: str) -> list[str]:
    return [p for p in section.formats if codec_of(section, p) == "RTX" and _fmtp(section, p).get("apt") == payload]


def _insert_bandwidth(section: Section, kbps: int) -> None:
    if kbps <= 0:
        return
    # b= stands after c= and before the attributes (RFC 8866, 5).
    place = 1 if section.lines and section.lines[0].startswith("c=") else 0
    section.lines[place:place] = [f"b=AS:{kbps}", f"b=TIAS:{kbps * 1000}"]


def _insert_after(section: Section, prefix: str, line: str) -> None:
    place = next((i for i, found in enumerate(section.lines) if found.startswith(prefix)), len(section.lines) - 1)
    section.lines.insert(place + 1, line)


# --- incoming ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer aiortc accepts. ``send_limits_bps`` by mid; ``codecs`` the first codec of each mid, upper case.

    ``transport_cc`` has the extension's id for each mid on which both sides count packets for the whole transport.
    """

    sdp: str
    send_limits_bps: dict[str, int]
    codecs: dict[str, str]
    transport_cc: dict[str, int]
    max_blocks: dict[str, int]
    """By mid, how large a picture may be that we send, in blocks of 16 x 16."""
    rejected: frozenset[str]
    """Lines the other side does not take at all."""
    ufrag: str
    """By which a new connection is told from one that stands."""


def adapt_answer(answer: str, offer: str) -> Answer:
    """Return the node's answer in a form aiortc accepts, and what it says about rates.

    Rejected lines become inactive stand-ins with full transport data, because aiortc refuses them otherwise.
    Raises Unreadable where the answer does not match the offer or lacks what ICE and DTLS need.
    """
    theirs, ours = parse(answer), parse(offer)
    if [section.kind for section in theirs.sections] != [section.kind for section in ours.sections]:
        raise Unreadable("media.answer", "other lines than offered", place="m-lines")
    transport = transport_lines(theirs, ("active", "passive"))
    rejected = frozenset(ours.sections[at].mid for at, section in enumerate(theirs.sections) if section.is_rejected)
    for section, offered in zip(theirs.sections, ours.sections, strict=True):
        if section.is_rejected:
            stand_in(section, offered, transport)
        complete(section, offered, theirs.session, transport)
    return taken(theirs, rejected)


def taken(theirs: Description, rejected: frozenset[str]) -> Answer:
    """Return what the other side says about what we send, from a description in the form aiortc accepts.

    Raises Unreadable where a line has two names, or all are to share the transport of one that is not there.
    """
    _check_names(theirs)
    limits = {section.mid: rate for section in theirs.sections if (rate := send_limit_bps(section)) is not None}
    codecs = {section.mid: codec_of(section, section.formats[0]) for section in theirs.sections if section.formats}
    numbers = {section.mid: number for section in theirs.sections if (number := transport_cc_number(section))}
    blocks = {section.mid: _max_blocks(section) for section in theirs.sections if section.kind == "video"}
    ufrag = next((found for section in theirs.sections if (found := section.first("a=ice-ufrag:"))), "")
    return Answer(str(theirs), limits, codecs, numbers, blocks, rejected, ufrag)


def _check_names(theirs: Description) -> None:
    """See that lines are told apart as we do by aiortc, which else takes their transports away and cannot be closed."""
    if any(sum(line.startswith("a=mid:") for line in section.lines) > 1 for section in theirs.sections):
        raise Unreadable("media.answer", "two names", place="a=mid")
    groups = [line.split()[1:] for line in theirs.session if line.startswith("a=group:BUNDLE ")]
    if any(mids and mids[0] not in {section.mid for section in theirs.sections} for mids in groups):
        raise Unreadable("media.answer", "bundled with no line", place="a=group")


def _max_blocks(section: Section) -> int:
    """A screen of 1920 x 1080 has 8160; what a peer says beyond that is not made use of."""
    value = _fmtp(section, section.formats[0]).get("max-fs", "") if section.formats else ""
    return min(max(int(value), 396), 8160) if value.isdigit() and len(value) < 10 else DEFAULT_BLOCKS


def send_limit_bps(section: Section) -> int | None:
    """Return what the peer wants to receive at most, in bit/s; TIAS before AS. None where it does not say or 0."""
    for prefix, factor in (("b=TIAS:", 1), ("b=AS:", 1000)):
        value = section.first(prefix).strip()
        if value.isdigit() and 0 < int(value) < 10**9:
            return int(value) * factor
    return None


def transport_lines(description: Description, roles: tuple[str, ...]) -> list[str]:
    """Return ICE and DTLS attributes of the bundle: those of the first accepted line, else of the session.

    Raises Unreadable where one is missing or the DTLS role is none of ``roles``.
    """
    names = ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:")
    pools = [section.lines for section in description.sections if not section.is_rejected]
    if not pools:
        raise Unreadable("media.answer", "every line rejected", place="m-lines")
    found: list[str] = []
    for name in names:
        pool = next((pool for pool in [*pools, description.session] if _has(pool, name)), None)
        if pool is None:
            raise Unreadable("media.answer", "missing " + name[2:-1], place="transport")
        found += [line for line in pool if line.startswith(name)]
    if not any(line.strip().removeprefix("a=setup:") in roles for line in found if line.startswith("a=setup:")):
        raise Unreadable("media.answer", "setup", place="transport")
    return found


def _has(lines: Iterable[str], prefix: str) -> bool:
    return any(line.startswith(prefix) for line in lines)


def stand_in(section: Section, offered: Section, transport: list[str]) -> None:
    """Make an inactive line of a rejected one."""
    payload = offered.formats[0]
    section.head = " ".join([f"m={offered.kind}", "9", *offered.head.split()[2:3], payload])
    wanted = (f"a=rtpmap:{payload} ", f"a=fmtp:{payload} ", "a=sctp-port:")
    described = [line for line in offered.lines if line.startswith(wanted)]
    section.lines = ["c=IN IP4 0.0.0.0", *transport, *described, "a=inactive"]


def complete(section: Section, offered: Section, session: list[str], transport: list[str]) -> None:
    """Add what aiortc wants and a bundle or the defaults imply: mid, mux, direction, transport.

    Raises Unreadable where the mid is not the one of ``offered``.
    """
    if not section.mid:
        section.lines.append(f"a=mid:{offered.mid}")
    elif section.mid != offered.mid:
        raise Unreadable("media.answer", "other mid than offered", place="m-lines")
    if section.kind != "application":
        _complete_media(section, session)
    for line in transport:
        if not _has(section.lines, line.split(":", 1)[0] + ":"):
            section.lines.append(line)
    if section.kind == "video":
        _align_h264(section, offered)


def _complete_media(section: Section, session: list[str]) -> None:
    if "a=rtcp-mux" not in section.lines:
        section.lines.append("a=rtcp-mux")
    if not any(f"a={name}" in section.lines for name in _DIRECTIONS):
        inherited = next((name for name in _DIRECTIONS if f"a={name}" in session), "sendrecv")
        section.lines.append(f"a={inherited}")


def _align_h264(section: Section, offered: Section) -> None:
    """Let an H.264 answer of mode 1 carry the profile we offered.

    aiortc matches profile and level by the letter, while a decoder takes any of the Baseline family; a node that
    answers with its own level would be refused.
    """
    ours = next((_fmtp(offered, p) for p in offered.formats if codec_of(offered, p) == "H264"), None)
    if ours is None:
        return
    for payload in section.formats:
        fmtp = _fmtp(section, payload)
        if codec_of(section, payload) != "H264" or fmtp.get("packetization-mode") != "1":
            continue
        fmtp["profile-level-id"] = ours.get("profile-level-id", "42e01f")
        text = ";".join(f"{name}={value}" if value else name for name, value in fmtp.items())
        section.lines = [line for line in section.lines if not line.startswith(f"a=fmtp:{payload} ")]
        section.lines.append(f"a=fmtp:{payload} {text}")


def codec_of(section: Section, payload: str) -> str:
    """Return the name of a payload type, upper case; empty where it is not described."""
    description = section.first(f"a=rtpmap:{payload} ")
    return description.split("/", 1)[0].strip().upper()


def _fmtp(section: Section, payload: str) -> dict[str, str]:
    parts = [part.strip() for part in section.first(f"a=fmtp:{payload} ").split(";") if part.strip()]
    return {name: value for name, _, value in (part.partition("=") for part in parts)}
