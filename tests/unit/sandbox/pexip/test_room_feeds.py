"""When a room is forwarded and when it is mixed, and who is held to speak."""

from __future__ import annotations

import pytest

from vdx_plugin.sandbox.pexip.feeds import MIXED, Party, SpeakerWatch, must_mix, takes_over

BOTH = frozenset({"VP8", "H264"})


@pytest.mark.parametrize(
    ("parties", "mixes"),
    [
        ((), False),
        ((Party("a", BOTH, "VP8"),), False),
        ((Party("a", BOTH, "VP8"), Party("b", BOTH, "H264")), False),
        ((Party("a", BOTH, "VP8"), Party("b", BOTH, "VP8"), Party("c", BOTH, "VP8")), True),
        ((Party("a", BOTH, "VP8"), Party("b", frozenset({"H264"}), "H264")), True),
        ((Party("a", BOTH, "VP8"), Party("b", phone=True)), True),
        ((Party("a", BOTH, "VP8"), Party("b")), False),
    ],
)
def test_two_who_understand_each_other_are_forwarded(parties: tuple[Party, ...], mixes: bool) -> None:
    """Forwarding costs nothing and loses nothing; everything else needs the mixer. No picture is no obstacle."""
    assert must_mix(parties) is mixes


def test_a_speaker_keeps_the_word_until_silent_for_a_moment() -> None:
    """Pictures that jump at every cough are worse than none."""
    watch = SpeakerWatch(hold_s=1)
    assert watch.heard("a", 20, at=0)
    assert not watch.heard("b", 20, at=0.5)
    assert not watch.heard("a", 20, at=1.4)
    assert not watch.heard("b", 20, at=2.0)
    assert not watch.heard("b", 100, at=5)
    assert watch.heard("b", 20, at=5)
    assert watch.spoken == ("b", "a")


def test_who_has_left_has_no_word() -> None:
    """Or nobody could take it from them."""
    watch = SpeakerWatch()
    watch.heard("a", 20, at=0)
    watch.forget(frozenset({"b"}))
    assert watch.spoken == ()
    assert watch.heard("b", 20, at=0.1)


@pytest.mark.parametrize(
    ("fed", "wanted", "starts", "over"),
    [
        (None, "a", False, True),
        ("b", "a", False, False),
        ("b", "a", True, True),
        (MIXED, "a", True, True),
        (None, "b", True, False),
        ("a", "a", True, False),
    ],
)
def test_one_source_takes_over_from_another_at_a_key_frame(
    fed: str | None, wanted: str, starts: bool, over: bool
) -> None:
    """Until then the former goes on; where there is none, nothing is waited for."""
    assert takes_over("a", fed, wanted, starts=starts) is over
