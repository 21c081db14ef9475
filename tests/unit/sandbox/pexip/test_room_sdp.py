"""Offers as browsers and aiortc write them, and the answers they must accept."""

from __future__ import annotations

import random

import pytest

from vdx_plugin.errors import Unreadable
from vdx_plugin.sandbox.pexip.sdp import Local, Offer, read_offer, write_answer

FINGERPRINT = ":".join(["AB"] * 32)
SESSION = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    f"a=fingerprint:sha-256 {FINGERPRINT}",
    "a=setup:actpass",
]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 9",
    "a=mid:0",
    "a=sendrecv",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:9 G722/8000",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=extmap:14 urn:example:unknown",
]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 125 45",
    "a=mid:1",
    "a=sendrecv",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 nack pli",
    "a=rtcp-fb:96 transport-cc",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
    "a=rtpmap:103 H264/90000",
    "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f",
    "a=rtpmap:125 H264/90000",
    "a=fmtp:125 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "a=rtpmap:45 AV1/90000",
    "a=ssrc:1234 cname:x",
]


def sdp(*sections: list[str]) -> str:
    return "\r\n".join(line for section in sections for line in section) + "\r\n"


def read(text: str, codec: str = "VP8") -> Offer:
    return read_offer(text, video_codec=codec)


def answer(offer: Offer, **more: object) -> list[str]:
    local = Local(
        ufrag="wxyz",
        password="p" * 22,
        fingerprint="CD:" * 31 + "CD",
        candidates=("1 1 udp 2130706431 127.0.0.1 5000 typ host",),
        cname="cn",
        **{"ssrcs": {"audio": 11, "video": 22}, **more},  # type: ignore[arg-type]
    )
    return write_answer(offer, local).split("\r\n")


def line_of(lines: list[str], number: int) -> list[str]:
    """Return the m-line with this number and what belongs to it."""
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")] + [len(lines)]
    return lines[starts[number] : starts[number + 1]]


@pytest.mark.parametrize(("codec", "order"), [("VP8", ["96", "125"]), ("H264", ["125", "96"])])
def test_the_room_has_one_codec_it_prefers(codec: str, order: list[str]) -> None:
    """Only constrained baseline in mode 1 counts as H.264, which every browser can do; no RTX, no AV1."""
    lines = answer(read(sdp(SESSION, AUDIO, VIDEO), codec))
    assert line_of(lines, 1)[0].split()[3:] == order
    assert not any("rtx" in line for line in lines)


def test_sound_asks_for_redundancy() -> None:
    """Without ``useinbandfec`` a browser sends none, and every lost packet is heard."""
    audio = line_of(answer(read(sdp(SESSION, AUDIO, VIDEO))), 0)
    assert audio[0].split()[3:] == ["111"]
    assert "a=fmtp:111 minptime=10;useinbandfec=1" in audio
    assert [line for line in audio if "extmap" in line] == ["a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"]


def test_only_offered_feedback_is_promised() -> None:
    """An answer may not add feedback of its own."""
    video = line_of(answer(read(sdp(SESSION, AUDIO, VIDEO))), 1)
    assert [line for line in video if "rtcp-fb:96" in line] == [
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtcp-fb:96 transport-cc",
    ]


@pytest.mark.parametrize("marked", [True, False])
def test_the_second_picture_line_is_the_slides_marked_or_not(marked: bool) -> None:
    """The vendor's browser client marks them and the older one does not."""
    second = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2", "a=recvonly", "a=rtpmap:96 VP8/90000"]
    main = [*VIDEO, "a=content:main"] if marked else VIDEO
    slides = [*second, "a=content:slides"] if marked else second
    offer = read(sdp(SESSION, AUDIO, main, slides))
    assert offer.slides is not None
    assert offer.slides.mid == "2"
    lines = answer(offer, ssrcs={"audio": 11, "video": 22, "slides": 33})
    answered = line_of(lines, 2)
    assert {"a=content:slides", "a=sendonly", "a=ice-ufrag:wxyz", "a=ssrc:33 cname:cn"} < set(answered)
    assert "a=content:main" in line_of(lines, 1)
    assert "a=group:BUNDLE 0 1 2" in lines


@pytest.mark.parametrize(("offered", "answered"), [("sendonly", "recvonly"), ("inactive", "inactive")])
def test_slides_are_answered_by_direction(offered: str, answered: str) -> None:
    """The line stands from the start; its direction is all that changes when slides begin and end."""
    slides = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2", f"a={offered}", "a=rtpmap:96 VP8/90000"]
    line = line_of(answer(read(sdp(SESSION, AUDIO, VIDEO, slides))), 2)
    assert f"a={answered}" in line
    assert not any(text.startswith("a=ssrc") for text in line)


def test_slides_can_be_rejected() -> None:
    """An older node does; a client must keep its call."""
    slides = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2", "a=sendrecv", "a=rtpmap:96 VP8/90000"]
    lines = answer(read(sdp(SESSION, AUDIO, VIDEO, slides)), rejects_slides=True)
    assert line_of(lines, 2)[0] == "m=video 0 UDP/TLS/RTP/SAVPF 96"
    assert "a=group:BUNDLE 0 1" in lines


def test_the_offerers_limit_is_read() -> None:
    """What a client asks to receive at most is what it must not be sent more than."""
    offer = read(sdp(SESSION, AUDIO, [VIDEO[0], "b=AS:900", "b=TIAS:850000", *VIDEO[1:]]))
    assert offer.video is not None
    assert offer.video.max_kbps == 850


def test_an_offer_for_the_same_connection_is_known() -> None:
    """Anything else is a new connection under the same call."""
    first = read(sdp(SESSION, AUDIO, VIDEO))
    assert read(sdp(SESSION, AUDIO, VIDEO, ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2"])).goes_on(first)
    assert not read(sdp([line.replace("abcd", "efgh") for line in SESSION], AUDIO, VIDEO)).goes_on(first)


def test_slides_first_in_the_offer_leave_the_main_picture_alone() -> None:
    """The content attribute decides, not the place."""
    slides = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:2", "a=rtpmap:96 VP8/90000", "a=content:slides"]
    offer = read(sdp(SESSION, slides, VIDEO))
    assert offer.video is not None
    assert offer.video.mid == "1"


def test_what_cannot_be_taken_is_rejected_and_left_out_of_the_bundle() -> None:
    """Data channels and unknown codecs; the count and order of lines stay."""
    data = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2"]
    other = ["m=video 9 UDP/TLS/RTP/SAVPF 45", "a=mid:1", "a=rtpmap:45 AV1/90000"]
    lines = answer(read(sdp(SESSION, AUDIO, other, data)))
    assert [line.split()[1] for line in lines if line.startswith("m=")] == ["9", "0", "0"]
    assert "a=group:BUNDLE 0" in lines


@pytest.mark.parametrize(
    ("offered", "answered"), [("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")]
)
def test_directions_are_turned_round(offered: str, answered: str) -> None:
    """Somebody without a camera receives only."""
    video = [line.replace("sendrecv", offered) for line in VIDEO]
    assert f"a={answered}" in line_of(answer(read(sdp(SESSION, AUDIO, video))), 1)


@pytest.mark.parametrize(("offered", "answered"), [("actpass", "active"), ("passive", "active"), ("active", "passive")])
def test_the_dtls_role_fits_the_offer(offered: str, answered: str) -> None:
    """Two actives or two passives would never shake hands."""
    session = [line.replace("actpass", offered) for line in SESSION]
    assert f"a=setup:{answered}" in answer(read(sdp(session, AUDIO)))


def test_streams_need_not_be_named_and_the_rate_may_be_capped() -> None:
    """Both are things a real node may do."""
    lines = answer(read(sdp(SESSION, AUDIO, VIDEO)), names_ssrc=False, max_video_kbps=1200)
    assert not any(line.startswith("a=ssrc") for line in lines)
    assert "b=TIAS:1200000" in line_of(lines, 1)
    assert not any(line.startswith("b=") for line in line_of(lines, 0))


@pytest.mark.parametrize("missing", ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"])
def test_an_offer_without_transport_is_refused(missing: str) -> None:
    """It could never connect."""
    session = [line for line in SESSION if not line.startswith(missing)]
    with pytest.raises(Unreadable) as error:
        read(sdp(session, AUDIO, VIDEO))
    assert error.value.code == "sdp.incomplete"


def test_damaged_offers_give_an_answer_or_unreadable() -> None:
    """Whatever a client sends, the server says yes or no and never falls over."""
    whole = sdp(SESSION, AUDIO, VIDEO)
    dice = random.Random(7)
    for _ in range(2000):
        text = list(whole)
        for _ in range(dice.randint(1, 12)):
            place = dice.randrange(len(text))
            text[place : place + dice.randint(0, 9)] = dice.choice(["", "\r\n", "m=", "a=", ":", " ", "ø", "9"])
        try:
            answer(read("".join(text)))
        except Unreadable:
            continue
