"""Offers read and answers written, as text in and text out. Pure.

Of an offer the server takes one audio line, one main video line and one for slides. Every line is answered with
full transport data, because aiortc refuses an answer whose line lacks them. Sources: RFC 8829 (JSEP) 5.3, RFC 8843
(BUNDLE), RFC 6184 8.1, RFC 7587 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vdx_plugin.errors import Unreadable

EXTENSIONS = frozenset(
    {
        "urn:ietf:params:rtp-hdrext:sdes:mid",
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    }
)
_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
_REVERSED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(frozen=True)
class Codec:
    """A payload type and what it means; ``name`` is upper case for video, ``OPUS`` for sound."""

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    fmtp: str = ""
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One m-line of an offer. ``codecs`` are those this server takes.

    ``max_kbps`` is what its sender wants to receive at most, from ``b=``; 0 is no limit.
    """

    kind: str
    mid: str
    protocol: str
    formats: tuple[str, ...]
    direction: str
    rejected: bool
    slides: bool
    codecs: tuple[Codec, ...]
    extensions: tuple[tuple[int, str], ...]
    ssrcs: tuple[int, ...]
    max_kbps: int = 0

    @property
    def wants(self) -> bool:
        """Whether its sender wants to receive on it."""
        return self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True)
class Offer:
    """What is needed to answer. ``fingerprints`` are (algorithm, value); ``candidates`` the bare values."""

    lines: tuple[Line, ...]
    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    candidates: tuple[str, ...]
    ice_lite: bool

    @property
    def audio(self) -> Line | None:
        """The sound line, if there is one this server can take."""
        return next((line for line in self.lines if line.kind == "audio" and _usable(line)), None)

    @property
    def video(self) -> Line | None:
        """The main picture line, if there is one this server can take."""
        return next((line for line in self.lines if line.kind == "video" and _usable(line) and not line.slides), None)

    @property
    def slides(self) -> Line | None:
        """The slides' line, if there is one this server can take."""
        return next((line for line in self.lines if line.slides and _usable(line)), None)

    @property
    def streams(self) -> dict[str, Line]:
        """The lines this server takes, by ``audio``, ``video`` and ``slides``."""
        found = {"audio": self.audio, "video": self.video, "slides": self.slides}
        return {name: line for name, line in found.items() if line is not None}

    def goes_on(self, earlier: Offer) -> bool:
        """Whether this offer changes the lines of ``earlier`` and leaves its connection as it is (RFC 8839 4.4.1.1)."""
        return (self.ufrag, self.password, self.fingerprints) == (
            earlier.ufrag,
            earlier.password,
            earlier.fingerprints,
        )


@dataclass(frozen=True)
class Local:
    """This end's transport and streams, for the answer. ``ssrcs`` maps ``audio``, ``video`` and ``slides``."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[str, ...]
    ssrcs: dict[str, int]
    cname: str
    names_ssrc: bool = True
    max_video_kbps: int = 0
    rejects_slides: bool = False


def read_offer(text: str, *, video_codec: str, others: bool = True) -> Offer:
    """Return the offer with each video line's codecs ordered ``video_codec`` first, without ``others`` that one alone.

    Unreadable ``sdp.unreadable`` when it breaks SDP or lacks what ICE and DTLS need.
    """
    try:
        session, *sections = _sections(text)
        lines = _mark_slides([_line(section, video_codec, others) for section in sections])
    except (ValueError, IndexError) as error:
        raise Unreadable("sdp.unreadable", type(error).__name__) from error
    everything = [attribute for section in ([*sections, session]) for attribute in section]
    offer = Offer(
        lines=tuple(lines),
        ufrag=_first(everything, "a=ice-ufrag:"),
        password=_first(everything, "a=ice-pwd:"),
        fingerprints=_fingerprints(everything),
        setup=_first(everything, "a=setup:") or "actpass",
        candidates=tuple(dict.fromkeys(_all(everything, "a=candidate:"))),
        ice_lite="a=ice-lite" in everything,
    )
    if not (offer.lines and offer.ufrag and offer.password and offer.fingerprints):
        raise Unreadable("sdp.incomplete", place="session")
    return offer


def write_answer(offer: Offer, local: Local) -> str:
    """Return the answer: same lines, order and mids as the offer, everything in one bundle."""
    taken = [line for line in offer.lines if _port(line, local)]
    head = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(line.mid for line in taken),
        "a=msid-semantic: WMS *",
    ]
    body = [text for line in offer.lines for text in _answer_line(line, offer, local)]
    return "\r\n".join([*head, *body]) + "\r\n"


def answer_setup(offer: Offer) -> str:
    """Return this end's DTLS role: active unless the offer insists on that itself (RFC 8842 5.3)."""
    return "passive" if offer.setup == "active" else "active"


def _sections(text: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            sections.append([])
        if line:
            sections[-1].append(line)
    if not sections[0] or not sections[0][0].startswith("v=0"):
        raise ValueError("no session")
    return sections


def _line(section: list[str], video_codec: str, others: bool) -> Line:
    kind, port, protocol, *formats = section[0][2:].split()
    codecs = _codecs(section, formats, kind)
    if kind == "video":
        codecs.sort(key=lambda codec: codec.name != video_codec)
        codecs = [codec for codec in codecs if others or codec.name == video_codec]
    return Line(
        kind=kind,
        mid=_first(section, "a=mid:"),
        protocol=protocol,
        formats=tuple(formats),
        direction=next((name for name in _REVERSED if f"a={name}" in section), "sendrecv"),
        rejected=int(port) == 0,
        slides="a=content:slides" in section,
        codecs=tuple(codecs),
        extensions=_extensions(section),
        ssrcs=tuple(dict.fromkeys(int(value.split()[0]) for value in _all(section, "a=ssrc:"))),
        max_kbps=_limit(section),
    )


def _limit(section: list[str]) -> int:
    exact = _first(section, "b=TIAS:")
    return int(exact) // 1000 if exact else int(_first(section, "b=AS:") or 0)


def _mark_slides(lines: list[Line]) -> list[Line]:
    """Without ``a=content`` the second video line is the slides, as the vendor's clients order them."""
    marked: list[Line] = []
    main_seen = False
    for line in lines:
        slides = line.slides or (line.kind == "video" and main_seen)
        main_seen = main_seen or (line.kind == "video" and not slides)
        marked.append(Line(**{**line.__dict__, "slides": slides}))
    return marked


def _codecs(section: list[str], formats: Sequence[str], kind: str) -> list[Codec]:
    parameters = dict(value.split(" ", 1) for value in _all(section, "a=fmtp:") if " " in value)
    feedback = [value.split(" ", 1) for value in _all(section, "a=rtcp-fb:") if " " in value]
    found: list[Codec] = []
    for value in _all(section, "a=rtpmap:"):
        payload, _, description = value.partition(" ")
        name, rate, *channels = description.strip().split("/")
        codec = Codec(
            name=name.upper(),
            payload_type=int(payload),
            clock_rate=int(rate),
            channels=int(channels[0]) if channels else 1,
            fmtp=parameters.get(payload, ""),
            feedback=tuple(text for target, text in feedback if target in (payload, "*")),
        )
        if payload in formats and _takes(codec, kind) and all(codec.name != other.name for other in found):
            found.append(codec)
    return found


def _takes(codec: Codec, kind: str) -> bool:
    if kind == "audio":
        return codec.name == "OPUS"
    if kind != "video":
        return False
    return codec.name == "VP8" or (codec.name == "H264" and _is_constrained_baseline(codec.fmtp))


def _is_constrained_baseline(fmtp: str) -> bool:
    """Packetization mode 1 and profile 42 with constraint_set1, which every WebRTC browser has (RFC 7742 6.2)."""
    values = dict(part.strip().lower().split("=", 1) for part in fmtp.split(";") if "=" in part)
    profile = values.get("profile-level-id", "")
    if values.get("packetization-mode") != "1" or len(profile) != 6:
        return False
    return profile.startswith("42") and bool(int(profile[2:4], 16) & 0x40)


def _extensions(section: list[str]) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    for value in _all(section, "a=extmap:"):
        number, uri, *_ = value.split()
        if uri in EXTENSIONS:
            found.append((int(number.split("/")[0]), uri))
    return tuple(found)


def _fingerprints(lines: list[str]) -> tuple[tuple[str, str], ...]:
    values = [value.split(" ", 1) for value in _all(lines, "a=fingerprint:") if " " in value]
    return tuple(dict.fromkeys((algorithm, digest.strip()) for algorithm, digest in values))


def _all(lines: list[str], prefix: str) -> list[str]:
    return [line[len(prefix) :] for line in lines if line.startswith(prefix)]


def _first(lines: list[str], prefix: str) -> str:
    return next(iter(_all(lines, prefix)), "")


def _usable(line: Line) -> bool:
    return bool(line.codecs) and not line.rejected


def _port(line: Line, local: Local) -> int:
    refused = line.slides and local.rejects_slides
    return 9 if line.kind in ("audio", "video") and _usable(line) and not refused else 0


def _answer_line(line: Line, offer: Offer, local: Local) -> list[str]:
    port = _port(line, local)
    formats = [str(codec.payload_type) for codec in line.codecs] if port else list(line.formats)
    text = [f"m={line.kind} {port} {line.protocol} {' '.join(formats)}", "c=IN IP4 0.0.0.0"]
    if port and line.kind == "video" and not line.slides and local.max_video_kbps:
        text += [f"b=AS:{local.max_video_kbps}", f"b=TIAS:{local.max_video_kbps * 1000}"]
    text += [f"a=mid:{line.mid}", *_transport(offer, local)]
    if not port:
        return [*text, "a=inactive"]
    text += [] if line.kind == "audio" else [f"a=content:{'slides' if line.slides else 'main'}"]
    text += ["a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux", f"a={_REVERSED[line.direction]}"]
    text += [f"a=extmap:{number} {uri}" for number, uri in line.extensions]
    text += [attribute for codec in line.codecs for attribute in _codec_lines(codec, line.kind)]
    return [*text, *_stream_lines("slides" if line.slides else line.kind, local)] if line.wants else text


def _transport(offer: Offer, local: Local) -> list[str]:
    return [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        *(f"a=candidate:{candidate}" for candidate in local.candidates),
        "a=end-of-candidates",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{answer_setup(offer)}",
    ]


def _codec_lines(codec: Codec, kind: str) -> list[str]:
    if kind == "audio":
        return [
            f"a=rtpmap:{codec.payload_type} opus/{codec.clock_rate}/{codec.channels}",
            *_feedback_lines(codec, ("transport-cc",)),
            f"a=fmtp:{codec.payload_type} minptime=10;useinbandfec=1",
        ]
    text = [f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}"]
    text += _feedback_lines(codec, _FEEDBACK)
    if codec.fmtp:
        text.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    return text


def _feedback_lines(codec: Codec, taken: Sequence[str]) -> list[str]:
    return [f"a=rtcp-fb:{codec.payload_type} {name}" for name in taken if name in codec.feedback]


def _stream_lines(kind: str, local: Local) -> list[str]:
    # One stream for sound and picture, so that a browser plays them in step; slides are another.
    stream = f"{local.cname}-screen" if kind == "slides" else local.cname
    text = [f"a=msid:{stream} {local.cname}-{kind}"]
    if local.names_ssrc and kind in local.ssrcs:
        text.append(f"a=ssrc:{local.ssrcs[kind]} cname:{local.cname}")
    return text
