"""From counts to a state a doctor can act on."""

from __future__ import annotations

import pytest

from vdx_plugin.media.line import CALM_TICKS, Counts, LineWatch, listening_score, percentile, quality_of
from vdx_plugin.ports import LineChanged, LineQuality

GOOD, UNSTABLE, LOST, NONE = LineQuality.GOOD, LineQuality.UNSTABLE, LineQuality.LOST, LineQuality.NONE


@pytest.mark.parametrize(
    ("loss", "jitter_ms", "rtt_ms", "quality"),
    [
        (0.0, None, None, GOOD),
        (0.029, 40, 400, GOOD),
        (0.03, 1, 1, UNSTABLE),
        (0.0, 41, 1, UNSTABLE),
        (0.0, 1, 401, UNSTABLE),
    ],
)
def test_the_line_is_unstable_past_any_threshold(
    loss: float, jitter_ms: float | None, rtt_ms: float | None, quality: LineQuality
) -> None:
    """Each alone is heard or seen."""
    assert quality_of(loss, jitter_ms, rtt_ms) is quality


class Line:
    """A line whose counts grow by what each second brings."""

    def __init__(self) -> None:
        self.watch = LineWatch()
        self.at_s = 100.0
        self.counts = Counts()
        self.watch.tick(self.at_s, self.counts, expected=True)

    def second(self, received: int = 50, lost: int = 0, sent: int = 50, *, expected: bool = True) -> LineChanged | None:
        self.at_s += 1
        was = self.counts
        self.counts = Counts(was.received + received, was.lost + lost, was.sent + sent, rtt_ms=30.0, jitter_ms=5.0)
        return self.watch.tick(self.at_s, self.counts, expected=expected)

    def seconds(self, count: int, received: int = 50, lost: int = 0, *, expected: bool = True) -> list[LineQuality]:
        found = [self.second(received, lost, expected=expected) for _ in range(count)]
        return [change.quality for change in found if change is not None]


def test_a_good_line_is_told_at_once_and_then_every_five_seconds() -> None:
    """The window shows loss and delay; once a second would flicker."""
    assert Line().seconds(11) == [GOOD, GOOD, GOOD]


def test_loss_is_told_at_once_and_forgiven_only_after_calm() -> None:
    """A line at the threshold must not toggle a warning every second."""
    line = Line()
    line.seconds(6)
    assert line.second(received=40, lost=20).quality is UNSTABLE  # type: ignore[union-attr]
    later = [line.second() for _ in range(5 + CALM_TICKS)]
    states = [change.quality for change in later if change is not None]
    assert states[-1] is GOOD
    assert later[CALM_TICKS - 2] is None


def test_silence_of_a_second_is_a_lost_line_when_somebody_should_be_heard() -> None:
    """The bar over the picture comes before the doctor wonders."""
    line = Line()
    line.second()
    assert line.second(received=0).quality is LOST  # type: ignore[union-attr]


def test_silence_in_an_empty_room_is_no_lost_line() -> None:
    """Before the patient comes nothing arrives, and nothing is wrong."""
    line = Line()
    assert line.seconds(10, received=0, expected=False) == []


def test_the_line_is_back_with_the_first_packets() -> None:
    """The warning must go as soon as there is something to see."""
    line = Line()
    line.seconds(3)
    line.seconds(3, received=0)
    assert line.second().quality is GOOD  # type: ignore[union-attr]


def test_only_seconds_with_media_both_ways_count_as_held() -> None:
    """A consultation where the patient never saw anything was none."""
    line = Line()
    line.seconds(3)
    line.second(received=0)
    line.second(sent=0)
    assert line.watch.two_way_s == 3.0


def test_a_new_path_counting_from_zero_is_no_loss() -> None:
    """Counters of a fresh connection start over."""
    line = Line()
    line.seconds(5)
    line.watch.restart()
    line.counts = Counts()
    assert UNSTABLE not in line.seconds(5)
    assert line.watch.figures().loss_p95 == 0


def test_packets_that_come_late_are_not_negative_loss() -> None:
    """The lost total falls when a late packet arrives."""
    line = Line()
    line.second(lost=5)
    line.second(lost=-5)
    assert line.watch.figures().loss_p50 == 0


def test_figures_of_nothing_are_none() -> None:
    """A measure that was not taken must not read as zero."""
    figures = LineWatch().figures()
    assert (figures.loss_p50, figures.rtt_ms_p95, figures.mos) == (None, None, None)


def test_the_score_falls_with_loss_and_delay_and_keeps_its_scale() -> None:
    """G.107 ends at 1 and about 4.4."""
    scores = [listening_score(0, 0), listening_score(0.05, 0), listening_score(0.05, 600), listening_score(1, 5000)]
    assert scores == sorted(scores, reverse=True)
    assert 4.2 < scores[0] < 4.5
    assert scores[-1] == 1.0


def test_percentiles_are_nearest_rank() -> None:
    """So that a figure is always one that was measured."""
    assert percentile([], 0.5) is None
    assert percentile([4, 1, 3, 2], 0.5) == 2
    assert percentile(range(1, 101), 0.95) == 95


def test_a_break_told_early_is_followed_by_good_at_once() -> None:
    """Otherwise the warning would stand for five seconds after the picture is back."""
    line = Line()
    line.seconds(6)
    assert line.watch.lose().quality is LOST
    assert line.second().quality is GOOD  # type: ignore[union-attr]
