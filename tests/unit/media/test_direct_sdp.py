"""Direct media: a browser's offer reaches aiortc, and aiortc's answer leaves, in forms both can use."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription

from tests.fuzz.damage import damaged
from vdx_plugin.errors import Unreadable
from vdx_plugin.media.direct_sdp import adapt_offer, shape_answer
from vdx_plugin.media.sdp import OfferShape, parse

GOLDEN = Path(__file__).parent / "golden"
SHAPE = OfferShape()


def text(name: str) -> str:
    return (GOLDEN / f"{name}.sdp").read_text(encoding="ascii")


OFFER = text("direct_offer_from_browser")
RAW_ANSWER = text("direct_answer_from_aiortc")


def test_an_offer_is_adapted_as_the_golden_one() -> None:
    """One H.264 and VP8 are left of ten payload types; limits are read."""
    adapted = adapt_offer(OFFER, SHAPE)
    assert adapted.sdp.replace("\r\n", "\n") == text("direct_offer_adapted")
    assert adapted.said.send_limits_bps == {"1": 1_700_000}
    assert adapted.said.max_blocks == {"1": 3600, "2": 8160}
    assert adapted.said.transport_cc == {"0": 3, "1": 3}
    assert adapted.said.ufrag == "Bro1"


def test_an_answer_leaves_as_the_golden_one() -> None:
    """Single print, redundancy in sound, marks, limits, and feedback where the offer has it."""
    answer = shape_answer(RAW_ANSWER, adapt_offer(OFFER, SHAPE), SHAPE)
    assert answer.replace("\r\n", "\n") == text("direct_answer_shaped")


def test_aiortc_takes_what_was_adapted() -> None:
    """Its parser is the one that counts."""
    media = SessionDescription.parse(adapt_offer(OFFER, SHAPE).sdp).media
    assert [each.kind for each in media] == ["audio", "video", "video", "application"]
    assert [codec.name for codec in media[1].rtp.codecs] == ["H264", "rtx", "VP8", "rtx"]


def test_a_line_rejected_in_the_offer_is_rejected_in_the_answer() -> None:
    """RFC 3264, 6: the answer must not open what the offer closed."""
    offer = adapt_offer(
        OFFER.replace("m=video 9 UDP/TLS/RTP/SAVPF 96 97\n", "m=video 0 UDP/TLS/RTP/SAVPF 96 97\n"), SHAPE
    )
    assert offer.said.rejected == {"2"}
    heads = [section.head.split()[1] for section in parse(shape_answer(RAW_ANSWER, offer, SHAPE)).sections]
    assert heads == ["40000", "40000", "0", "40000"]


@pytest.mark.parametrize(
    ("damage", "by"),
    [
        ("v=0\n", ""),
        ("m=application", "m=text"),
        ("a=mid:2", "a=mid:1"),
        ("a=ice-pwd:browserbrowserbrowser12\n", ""),
        ("a=fingerprint:sha-256 33:44\n", ""),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("VP8/90000", "VP7/90000"),
    ],
)
def test_an_offer_that_cannot_be_one_is_unreadable(damage: str, by: str) -> None:
    """It is left unanswered; the connection that stands goes on."""
    assert damage in OFFER
    offer = OFFER.replace(damage, by)
    if "VP7" in by:
        offer = offer.replace("H264/90000", "H265/90000")
    with pytest.raises(Unreadable):
        adapt_offer(offer, SHAPE)


def test_more_lines_than_there_are_kinds_of_are_unreadable() -> None:
    """Each would cost a receiver."""
    line = OFFER[OFFER.rindex("m=application") :]
    with pytest.raises(Unreadable):
        adapt_offer(OFFER + "".join(line.replace("a=mid:3", f"a=mid:{n}") for n in range(4, 50)), SHAPE)


def test_damaged_offers_are_adapted_or_unreadable() -> None:
    """Fixed seed: whoever sits at the other end must not be able to raise anything else in us."""
    chance = random.Random(11)
    for _ in range(1500):
        try:
            offer = adapt_offer(damaged(OFFER, chance), SHAPE)
        except Unreadable:
            continue
        if len(parse(offer.sdp).sections) == 4:
            shape_answer(RAW_ANSWER, offer, SHAPE)
