"""Times as people read them: a wrong hour in a letter is a missed consultation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vdx_plugin.invitations.spoken_time import instant, short, span

WINTER = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SUMMER = datetime(2026, 10, 14, 11, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)


def test_a_time_is_told_in_danish_local_time_with_its_weekday() -> None:
    """UTC printed as local time would be one or two hours wrong."""
    assert span(SUMMER, SUMMER + HALF) == "onsdag den 14. oktober 2026 kl. 13.00-13.30 (dansk tid)"
    assert span(WINTER, WINTER + HALF) == "mandag den 5. januar 2026 kl. 13.00-13.30 (dansk tid)"


def test_a_time_is_told_in_english() -> None:
    """Patients and interpreters may read English."""
    assert span(SUMMER, SUMMER + HALF, "en") == "Wednesday 14 October 2026 at 13:00-13:30 (Danish time)"


def test_an_end_on_another_day_is_told_with_its_day() -> None:
    """Out-of-hours calls go past midnight."""
    start = datetime(2026, 10, 14, 21, 45, tzinfo=UTC)
    assert span(start, start + HALF) == (
        "onsdag den 14. oktober 2026 kl. 23.45 til torsdag den 15. oktober 2026 kl. 00.15 (dansk tid)"
    )


@pytest.mark.parametrize(("hour", "word"), [(0, "sommertid"), (1, "vintertid")])
def test_the_hour_that_comes_twice_says_which_it_is(hour: int, word: str) -> None:
    """25 October 2026, 02.30 comes twice."""
    start = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    assert span(start, start + timedelta(minutes=10)).endswith(f"kl. 02.30-02.40 (dansk tid, {word})")


def test_an_instant_carries_denmarks_offset() -> None:
    """FHIR times must have a zone; receivers show the offset's clock."""
    assert instant(SUMMER) == "2026-10-14T13:00:00+02:00"
    assert instant(WINTER) == "2026-01-05T13:00:00+01:00"


def test_a_time_without_zone_is_a_mistake() -> None:
    """Guessing the zone would be guessing the hour."""
    with pytest.raises(ValueError, match="zone"):
        short(datetime(2026, 1, 1))  # noqa: DTZ001 - the case itself
