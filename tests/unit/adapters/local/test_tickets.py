"""Launch tickets and the ``vdx://`` address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes_clinic import NOON, context_of
from vdx_plugin.adapters.local.tickets import MAX_REMEMBERED, Holder, TicketBook, address_of, token_in
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.errors import Refused

TOKEN = "Zk3-_" + "a" * 38
HANNE = Holder("hanne", "hanne@pc-1")
CONTEXT = context_of("local", Patient((cpr("8512484901"),)))
SECOND = timedelta(seconds=1)


@pytest.fixture
def book():
    made = TicketBook()
    made.issue(TOKEN, CONTEXT, HANNE, NOON)
    return made


def refusal(book: TicketBook, token: str = TOKEN, holder: Holder = HANNE, after: timedelta = SECOND) -> str:
    with pytest.raises(Refused) as caught:
        book.redeem(token, holder, NOON + after)
    return caught.value.code


def test_a_ticket_gives_its_context_once(book):
    """A link clicked twice must not start two calls."""
    assert book.redeem(TOKEN, HANNE, NOON + SECOND) == CONTEXT
    assert refusal(book) == "ticket.used"


def test_a_ticket_ends_after_a_minute(book):
    """The record may show somebody else by then."""
    assert refusal(book, after=timedelta(seconds=60)) == "ticket.stale"
    assert refusal(book) == "ticket.used"


def test_a_ticket_is_good_until_the_minute_is_over(book):
    """Slow machines need their time."""
    assert book.redeem(TOKEN, HANNE, NOON + timedelta(seconds=59.9)) == CONTEXT


@pytest.mark.parametrize("holder", [Holder("bent", "hanne@pc-1"), Holder("hanne", "hanne@pc-2"), Holder("", "")])
def test_a_ticket_in_the_wrong_hands_is_refused_and_spent(book, holder):
    """Another user of the record, another machine or another user of the machine."""
    assert refusal(book, holder=holder) == "ticket.foreign"
    assert refusal(book) == "ticket.used"


def test_an_invented_ticket_is_unknown(book):
    """Any web page can make one up."""
    assert refusal(book, token="b" * 43) == "ticket.unknown"


def test_when_the_user_leaves_no_ticket_is_good(book):
    """The next user of the machine must not start with the last one's patient."""
    book.forget_all()
    assert refusal(book) == "ticket.unknown"


def test_the_book_does_not_grow(book):
    """A record that asks for tickets and never uses them."""
    for number in range(MAX_REMEMBERED + 10):
        book.issue(f"{number:043d}", CONTEXT, HANNE, NOON)
    assert len(book._tickets) == MAX_REMEMBERED
    assert refusal(book) == "ticket.unknown"


@pytest.mark.parametrize("text", [TOKEN, address_of(TOKEN), address_of(TOKEN).replace("v1?", "v1/?")])
def test_a_ticket_is_read_bare_or_in_its_address(text):
    """Browsers add the slash."""
    assert token_in(text) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vdx://start/v1",
        "vdx://start/v1?ticket=",
        "vdx://start/v1?ticket=short",
        f"vdx://start/v2?ticket={TOKEN}",
        f"vdx://start/v1?ticket={TOKEN};rm%20-rf",
        f"vdx://start/v1?ticket={TOKEN}&cpr=8512484901",
        f"vdx://start/v1?ticket={TOKEN}#x",
        f"vdx://start/v1?ticket={TOKEN}\n",
        f" {TOKEN}",
        f"VDX://start/v1?ticket={TOKEN}",
        f"vdx://evil@start/v1?ticket={TOKEN}",
        f"https://start/v1?ticket={TOKEN}",
        "a" * 500,
        "--help",
        "ticket\u0660" * 6,
    ],
)
def test_anything_else_is_no_ticket(text):
    """The operating system hands over the whole address as it was clicked, shell signs included."""
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        token_in(text)


def test_an_ended_ticket_keeps_no_patient(book):
    """Used, given to the wrong hands or grown old: that it was a ticket is enough to say what is wrong with it."""
    book.issue("b" * 43, CONTEXT, HANNE, NOON)
    book.issue("c" * 43, CONTEXT, HANNE, NOON)
    book.redeem(TOKEN, HANNE, NOON)
    assert refusal(book, token="b" * 43, holder=Holder("bent", "bent@pc-1")) == "ticket.foreign"
    book.sweep(NOON + timedelta(seconds=60))
    assert [ticket.context for ticket in book._tickets.values()] == [None, None, None]
    assert refusal(book, token="c" * 43) == "ticket.stale"
