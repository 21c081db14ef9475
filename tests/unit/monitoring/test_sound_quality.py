"""The E-model against values worked out by hand from its formulas."""

from __future__ import annotations

import pytest

from vdx_plugin.monitoring.sound_quality import mos, rating


@pytest.mark.parametrize(
    ("loss", "jitter_ms", "rtt_ms", "expected"),
    [
        # 26.5 ms one way: 0.024 * 26.5 = 0.636.
        (0.0, 0.0, 0.0, 93.2 - 0.636),
        # 50 + 20 + 26.5 = 96.5 ms: 2.316; 5 % lost: 95 * 5 / 25 = 19.
        (0.05, 10.0, 100.0, 93.2 - 2.316 - 19.0),
        # 150 + 100 + 26.5 = 276.5 ms: 6.636 + 0.11 * 99.2 = 17.548.
        (0.0, 50.0, 300.0, 93.2 - 17.548),
        # 95 * 100 / 120 = 79.17 leaves 13.4; a second of delay takes more than that.
        (1.0, 0.0, 1000.0, 0.0),
    ],
)
def test_the_rating_follows_g107(loss: float, jitter_ms: float, rtt_ms: float, expected: float) -> None:
    """The estimate must be the published formula and not a look-alike."""
    assert rating(loss, jitter_ms, rtt_ms) == pytest.approx(expected, abs=0.001)


def test_the_best_line_scores_just_under_the_top_of_the_scale() -> None:
    """Annex B gives 4.41 for a rating of 93.2; delay of the codec alone takes a hundredth or two."""
    assert mos(0, 0, 0) == pytest.approx(4.40, abs=0.01)


def test_a_score_never_leaves_its_scale() -> None:
    """The polynomial dips under 1 for hopeless lines, which is no opinion anybody can have."""
    scores = [mos(loss / 20, 0, rtt) for loss in range(21) for rtt in (0, 200, 800, 2000)]
    assert all(1.0 <= score <= 4.41 for score in scores)
    assert min(scores) == 1.0


@pytest.mark.parametrize("worse", [(0.02, 5, 40), (0.01, 60, 40), (0.01, 5, 400)])
def test_each_kind_of_trouble_lowers_the_score(worse: tuple[float, float, float]) -> None:
    """Loss, jitter and delay must each be able to show in the figure."""
    assert mos(*worse) < mos(0.01, 5, 40)


def test_error_correction_is_worth_something_only_when_packets_are_lost() -> None:
    """In-band correction changes what loss costs and nothing else."""
    assert mos(0.05, 5, 40) > mos(0.05, 5, 40, error_correction=False)
    assert mos(0.0, 5, 40) == mos(0.0, 5, 40, error_correction=False)


@pytest.mark.parametrize("wrong", [(-0.1, 0, 0), (1.1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_a_measurement_that_cannot_be_is_refused(wrong: tuple[float, float, float]) -> None:
    """Loss in per cent instead of a share is the easy mistake."""
    with pytest.raises(ValueError, match="share"):
        rating(*wrong)
