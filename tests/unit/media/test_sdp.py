"""Offers leave in the vendor's form, answers reach aiortc in a form it takes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription

from tests.fuzz.damage import damaged
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.peer import _SDP_FAULTS
from vdx_plugin.media.sdp import (
    TRANSPORT_CC_URI,
    Answer,
    OfferShape,
    adapt_answer,
    parse,
    send_limit_bps,
    shape_offer,
    transport_cc_number,
)

GOLDEN = Path(__file__).parent / "golden"


def text(name: str) -> str:
    return (GOLDEN / f"{name}.sdp").read_text(encoding="ascii")


RAW = text("offer_from_aiortc")
OFFER = shape_offer(RAW, OfferShape())
ANSWER = text("answer_from_node")


def payloads(sdp: str, kind: str) -> list[str]:
    return next(section.formats for section in parse(sdp).sections if section.kind == kind)


def test_an_offer_leaves_as_the_golden_one() -> None:
    """Any change of what a node sees is to be made on purpose."""
    assert OFFER.replace("\r\n", "\n") == text("offer_shaped_h264")


def test_h264_comes_first_unless_vp8_is_wanted() -> None:
    """Nodes take the first codec they know."""
    assert payloads(OFFER, "video") == ["101", "102", "97", "98"]
    assert payloads(shape_offer(RAW, OfferShape("VP8")), "video") == ["97", "98", "101", "102"]


def test_only_one_h264_of_constrained_baseline_mode_one_is_offered() -> None:
    """Vendor clients offer exactly this one because nodes have been seen to pick a mode they then break."""
    assert "42001f" not in OFFER
    assert OFFER.count("H264/90000") == 1


def test_one_fingerprint_is_offered_and_it_is_sha_256() -> None:
    """The secure check code is computed over the prints both ends list."""
    assert "sha-384" not in OFFER
    assert "sha-512" not in OFFER
    assert OFFER.count("a=fingerprint:sha-256 ") == 2


def test_opus_is_alone_and_asks_for_error_correction_and_repeats() -> None:
    """Without the parameter peers send no redundancy at all, and we hear no other format."""
    assert payloads(OFFER, "audio") == ["96"]
    assert "a=fmtp:96 minptime=10;useinbandfec=1" in OFFER
    assert "a=rtcp-fb:96 nack" in OFFER


def test_a_second_picture_line_is_marked_as_slides() -> None:
    """The node tells the two apart by this mark alone."""
    video = RAW[RAW.index("m=video") :]
    shaped = parse(shape_offer(RAW + video.replace("a=mid:1", "a=mid:2"), OfferShape()))
    assert [section.first("a=content:") for section in shaped.sections] == ["", "main", "slides"]


THREE = text("three_lines_from_aiortc")
THREE_OFFER = shape_offer(THREE, OfferShape())
THREE_ANSWER = text("three_lines_answer")


def with_ssrc(sdp: str) -> str:
    head, *sections = sdp.split("m=")
    return head + "".join(f"m={each}a=ssrc:{number} cname:node\n" for number, each in enumerate(sections, 11))


def test_an_offer_with_slides_leaves_as_the_golden_one() -> None:
    """The line for slides says that it takes a whole screen, the one for faces does not."""
    assert THREE_OFFER.replace("\r\n", "\n") == text("three_lines_shaped")
    assert [line for line in THREE_OFFER.splitlines() if "max-fs" in line] == [
        "a=fmtp:101 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
        ";max-fs=8160;max-mbps=245760;max-br=3732",
        "a=fmtp:97 max-fs=8160;max-fr=30",
    ]


def test_an_answer_with_slides_is_completed_as_the_golden_one() -> None:
    """Each line of pictures has a limit of its own."""
    adapted = adapt_answer(THREE_ANSWER, THREE_OFFER)
    assert adapted.sdp.replace("\r\n", "\n") == text("three_lines_answer_adapted")
    assert adapted.send_limits_bps == {"1": 1_100_000, "2": 900_000}
    assert adapted.rejected == frozenset()


@pytest.mark.parametrize("named", [True, False])
def test_two_lines_of_pictures_pass_with_and_without_the_names_of_their_streams(named: bool) -> None:
    """Whether a node names them is not documented; packets then tell by their MID or payload type."""
    answer = with_ssrc(THREE_ANSWER) if named else THREE_ANSWER
    media = SessionDescription.parse(adapt_answer(answer, THREE_OFFER).sdp).media
    assert [each.direction for each in media] == ["sendrecv"] * 3
    assert [[source.ssrc for source in each.ssrc] for each in media] == ([[11], [12], [13]] if named else [[], [], []])


def test_slides_that_are_rejected_leave_the_rest_of_the_call_alone() -> None:
    """aiortc would drop the whole call; the line is known to be closed instead."""
    head = THREE_ANSWER[: THREE_ANSWER.rindex("m=video")]
    adapted = adapt_answer(head + "m=video 0 UDP/TLS/RTP/SAVPF 101\n", THREE_OFFER)
    assert adapted.rejected == {"2"}
    assert [each.direction for each in SessionDescription.parse(adapted.sdp).media][2] == "inactive"


@pytest.mark.parametrize(
    ("fmtp", "blocks"),
    [("max-fs=8160", 8160), ("max-fs=99999", 8160), ("max-fs=1", 396), ("max-fs=many", 3600), ("max-fs=", 3600)],
)
def test_a_screen_is_as_large_as_the_other_side_says_it_takes(fmtp: str, blocks: int) -> None:
    """Texts are unreadable when a screen is shrunk without need, and a decoder fails on one too large."""
    answer = THREE_ANSWER.replace("max-fs=3600", fmtp)
    assert adapt_answer(answer, THREE_OFFER).max_blocks == {"1": blocks, "2": blocks}


def test_no_rate_is_named_when_none_is_wanted() -> None:
    """Zero means automatic, not nothing."""
    assert "b=" not in shape_offer(RAW, OfferShape(video_kbps=0))


def test_an_answer_is_completed_as_the_golden_one() -> None:
    """Transport from the bundle, default direction, mux and our own H.264 profile are filled in."""
    adapted = adapt_answer(ANSWER, OFFER)
    assert adapted.sdp.replace("\r\n", "\n") == text("answer_adapted")
    assert adapted.codecs == {"0": "OPUS", "1": "H264"}


def test_the_senders_limit_is_read_exact_before_rough() -> None:
    """TIAS is the payload rate; AS has headers in it."""
    assert adapt_answer(ANSWER, OFFER).send_limits_bps == {"1": 1_100_000}
    assert adapt_answer(ANSWER.replace("b=TIAS:1100000\n", ""), OFFER).send_limits_bps == {"1": 1_200_000}


@pytest.mark.parametrize("line", ["b=TIAS:0", "b=TIAS:-5", "b=TIAS:many", "b=TIAS:99999999999", "b=CT:5"])
def test_a_senseless_limit_is_no_limit(line: str) -> None:
    """A limit of nothing would turn the picture off."""
    section = parse(f"v=0\nm=video 9 X 96\n{line}\n").sections[0]
    assert send_limit_bps(section) is None


def rejected_video() -> str:
    head = ANSWER[: ANSWER.index("m=video")]
    return head + "m=video 0 UDP/TLS/RTP/SAVPF 101\na=mid:1\n"


def test_a_rejected_line_becomes_an_inactive_stand_in_aiortc_accepts() -> None:
    """aiortc raises on a rejected line and takes the whole call down with it."""
    adapted = SessionDescription.parse(adapt_answer(rejected_video(), OFFER).sdp)
    stand_in = adapted.media[1]
    assert stand_in.direction == "inactive"
    assert stand_in.rtp.muxId == "1"
    assert stand_in.ice.usernameFragment == "wxyz"
    assert [codec.name for codec in stand_in.rtp.codecs] == ["H264"]


def test_an_answer_without_ssrc_lines_passes() -> None:
    """Whether nodes send them is not documented."""
    assert "a=ssrc" not in adapt_answer(ANSWER, OFFER).sdp


def test_transport_named_for_the_session_alone_is_enough() -> None:
    """Fingerprint, role and credentials may all stand above the lines (RFC 8839 5, RFC 8842 5)."""
    lines = [line for line in ANSWER.splitlines() if line.startswith(("a=ice-", "a=fingerprint", "a=setup"))]
    rest = [line for line in ANSWER.splitlines() if line not in lines]
    adapted = SessionDescription.parse(adapt_answer("\n".join(rest[:4] + lines + rest[4:]), OFFER).sdp)
    assert {media.ice.password for media in adapted.media} == {"vutsrqponmlkjihgfedcba"}
    assert {media.dtls.role for media in adapted.media} == {"client"}


@pytest.mark.parametrize(
    ("damage", "by"),
    [
        ("a=ice-pwd:vutsrqponmlkjihgfedcba\n", ""),
        ("a=fingerprint:sha-256 11:22\n", ""),
        ("a=setup:active", "a=setup:actpass"),
        ("m=audio", "m=video"),
        ("a=mid:1", "a=mid:7"),
        ("v=0\n", ""),
        ("m=audio 41000", "m=audio x"),
        ("a=rtcp-mux", "rtcp-mux"),
    ],
)
def test_an_answer_that_cannot_be_one_is_unreadable(damage: str, by: str) -> None:
    """It ends the attempt with our own error instead of somewhere inside aiortc."""
    assert damage in ANSWER
    with pytest.raises(Unreadable):
        adapt_answer(ANSWER.replace(damage, by), OFFER)


def test_an_answer_that_rejects_everything_is_unreadable() -> None:
    """There is no transport left to stand in with."""
    with pytest.raises(Unreadable):
        adapt_answer(rejected_video().replace("m=audio 41000", "m=audio 0"), OFFER)


def test_damaged_answers_are_read_or_unreadable_and_aiortc_fails_only_as_expected() -> None:
    """A node, or whoever sits between, must not be able to raise anything else in us."""
    chance = random.Random(20)
    outcomes = {"read": 0, "unreadable": 0}
    for _ in range(3000):
        try:
            adapted = adapt_answer(damaged(ANSWER, chance), OFFER)
        except Unreadable:
            outcomes["unreadable"] += 1
            continue
        assert isinstance(adapted, Answer)
        outcomes["read"] += 1
        try:
            SessionDescription.parse(adapted.sdp)
        except StopIteration:
            pass  # becomes a RuntimeError inside setRemoteDescription, which is a coroutine
        except _SDP_FAULTS:
            pass
    assert min(outcomes.values()) > 300


def test_sound_and_pictures_are_numbered_for_the_whole_transport_under_one_free_id() -> None:
    """A line without numbers hides its share from the estimate; an id taken twice is refused."""
    numbers = [transport_cc_number(section) for section in parse(OFFER).sections]
    assert numbers == [2, 2]
    used = [line.split(":")[1].split(" ")[0] for line in parse(OFFER).sections[1].lines if line.startswith("a=extmap:")]
    assert len(used) == len(set(used))
    assert shape_offer(OFFER, OfferShape()).count(TRANSPORT_CC_URI) == 2


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([f"a=extmap:4 {TRANSPORT_CC_URI}", "a=rtcp-fb:96 transport-cc"], 4),
        ([f"a=extmap:4/sendrecv {TRANSPORT_CC_URI}", "a=rtcp-fb:* transport-cc"], 4),
        ([f"a=extmap:4 {TRANSPORT_CC_URI}"], None),
        (["a=rtcp-fb:96 transport-cc"], None),
        ([f"a=extmap:99 {TRANSPORT_CC_URI}", "a=rtcp-fb:96 transport-cc"], None),
        ([f"a=extmap:x {TRANSPORT_CC_URI}", "a=rtcp-fb:96 transport-cc"], None),
    ],
)
def test_packets_are_numbered_only_where_the_answer_takes_number_and_feedback(
    lines: list[str], number: int | None
) -> None:
    """A number without feedback tells nothing, and an id beyond one byte's form would change every header."""
    answer = adapt_answer(ANSWER.replace("a=mid:0\n", "a=mid:0\n" + "\n".join([*lines, ""])), OFFER)
    assert answer.transport_cc == ({} if number is None else {"0": number})
