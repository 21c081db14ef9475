"""The bench still measures what it says, counted and not timed: it is run too seldom to find out only then."""

from __future__ import annotations

import pytest

from tests.bench import click, dock, feed, outage, room_of_six
from tests.bench.child import Child, ChildFailed
from tests.bench.figures import Figures


def counts(figures: Figures, part: str) -> dict[str, int]:
    """Return how many values each figure of a part has."""
    return {figure.name: len(figure.values) for figure in figures.all() if figure.part == part}


async def test_a_start_is_measured_up_to_the_painted_strip() -> None:
    """And it loads no media, which is what keeps it short."""
    figures = Figures()
    await dock.measure(figures, 1)
    assert set(counts(figures, dock.PART).values()) == {1}
    assert "aiortc and PyAV loaded before the strip is painted: no." in figures.notes
    assert all(value >= 0 for figure in figures.all() for value in figure.values)


async def test_a_message_is_followed_from_the_clinic_to_the_desk() -> None:
    """The part needs the clinic's messages to stay as it rewrites them."""
    figures = Figures()
    await feed.measure(figures, 2)
    assert set(counts(figures, feed.PART).values()) == {2}


async def test_a_click_is_followed_to_the_first_picture_and_a_guest_into_an_open_room() -> None:
    """Without the browser, which the interoperability tests cover."""
    figures = Figures()
    await click.measure(figures, 1, with_browser=False)
    for part in (click.FIRST, click.LATER):
        found = counts(figures, part)
        assert found["click -> room ready"] == found["click -> first remote picture"] == 1
        assert found["our join: ICE and DTLS"] == 1
    assert counts(figures, click.OURS)["enter -> first picture decoded, all of it"] == 1


async def test_further_clicks_in_a_process_are_told_from_its_first() -> None:
    """The first loads what the others find."""
    figures = Figures()
    await click.measure_many(figures, 2)
    found = [counts(figures, part)["click -> first remote picture"] for part in (click.FIRST, click.MANY)]
    assert found == [1, 2]


async def test_an_outage_is_followed_until_sound_and_picture_are_back() -> None:
    """Long enough that somebody is told."""
    figures = Figures()
    await outage.measure(figures, 1, 4.0)
    assert set(counts(figures, "4 s without a network").values()) == {1}


async def test_a_room_is_measured_from_its_viewers() -> None:
    """Each of them counts, and the server's time is its own."""
    figures = Figures()
    await room_of_six.measure(figures, 360, people=3, measured_s=2)
    found = counts(figures, "Room of 3, 360 lines asked for")
    assert found["processor time of the server"] == 1
    assert found["pictures a second, per viewer"] == found["lines of the composed picture"] == 3
    assert {value for f in figures.all() if f.name.startswith("lines") for value in f.values} == {360}


async def test_a_process_that_cannot_start_says_why() -> None:
    """Otherwise the bench would wait its time out and tell nothing."""
    with pytest.raises(ChildFailed, match="No module named"):
        async with Child("tests.bench.nothing_of_the_kind"):
            raise AssertionError("it started")


async def test_a_question_that_fails_is_an_answer() -> None:
    """The far end's trouble must reach whoever reads the bench."""
    async with Child("tests.bench.guest") as guest:
        with pytest.raises(ChildFailed, match="the guest is in no room"):
            await guest.ask("received")
