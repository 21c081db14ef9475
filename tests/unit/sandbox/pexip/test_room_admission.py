"""PINs, tries and tokens."""

from __future__ import annotations

import pytest

from vdx_plugin.sandbox.pexip.admission import Asked, Holder, Passed, PinGuard, TokenBook, Wrong, judge
from vdx_plugin.sandbox.pexip.state import Role
from vdx_plugin.sandbox.rooms import VirtualRoom

HOST, GUEST = Passed(Role.CHAIR), Passed(Role.GUEST)
BOTH = VirtualRoom("a", "7711", "2233")
HOST_ONLY = VirtualRoom("b", "7711", None)
GUEST_ONLY = VirtualRoom("c", None, "2233")
OPEN = VirtualRoom("d", None, None)
SAME = VirtualRoom("e", "7711", "7711")


@pytest.mark.parametrize(
    ("room", "pin", "verdict"),
    [
        (BOTH, None, Asked("required", "required")),
        (BOTH, "7711", HOST),
        (BOTH, "2233", GUEST),
        (BOTH, "none", Wrong()),
        (BOTH, "", Wrong()),
        (BOTH, "9999", Wrong()),
        (BOTH, "æøå", Wrong()),
        (HOST_ONLY, None, Asked("required", "none")),
        (HOST_ONLY, "none", GUEST),
        (HOST_ONLY, "7711", HOST),
        (HOST_ONLY, "2233", Wrong()),
        (GUEST_ONLY, None, Asked("required", "none")),
        (GUEST_ONLY, "2233", HOST),
        (GUEST_ONLY, "none", Wrong()),
        (OPEN, None, HOST),
        (OPEN, "7711", HOST),
        (SAME, "7711", HOST),
    ],
)
def test_what_a_pin_is_worth(room: VirtualRoom, pin: str | None, verdict: object) -> None:
    """The prompts and variants of ``request_token``; no host PIN makes everybody a host."""
    assert judge(room, pin) == verdict


def test_three_wrong_pins_shut_the_door_for_a_while() -> None:
    """Even the right PIN is not looked at then, or guessing would cost nothing."""
    guard = PinGuard(tries=3, lock_s=60)
    for second in range(3):
        assert not guard.is_shut(("a",), at=second)
        guard.note_wrong(("a",), at=second)
    assert guard.is_shut(("a",), at=3)
    assert not guard.is_shut(("b",), at=3)
    assert not guard.is_shut(("a",), at=62)


def test_a_right_pin_forgets_the_wrong_ones() -> None:
    """Two slips today shall not count tomorrow."""
    guard = PinGuard(tries=3, lock_s=60)
    guard.note_wrong(("a",), at=0)
    guard.note_wrong(("a",), at=1)
    guard.note_right(("a",))
    guard.note_wrong(("a",), at=2)
    assert not guard.is_shut(("a",), at=3)


def test_a_refreshed_token_replaces_the_old_one() -> None:
    """A client that refreshes twice at once loses one of the two; it must queue them."""
    minted = iter(["first", "second"])
    book = TokenBook(life_s=120, mint=lambda: next(minted))
    anna = Holder("room", "anna")
    assert book.issue(anna, at=0) == "first"
    assert book.issue(anna, at=100) == "second"
    assert book.holder("first", at=101) is None
    assert book.holder("second", at=219) == anna


def test_a_token_dies_of_age_and_is_listed_until_revoked() -> None:
    """Whoever does not refresh is dropped from the room."""
    book = TokenBook(life_s=120, mint=lambda: "only")
    anna = Holder("room", "anna")
    book.issue(anna, at=0)
    assert book.holder("only", at=120) is None
    assert book.expired(at=119) == []
    assert book.expired(at=120) == [anna]
    book.revoke("anna")
    assert book.expired(at=120) == []
