"""What leaves the practice must not tell of fewer than five."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

from tests.unit.monitoring.measured import MARCH, held, party, use
from vdx_plugin.domain.measures import UseMeasure
from vdx_plugin.monitoring.aggregation import aggregate
from vdx_plugin.monitoring.export import export_rows, write_export
from vdx_plugin.monitoring.table_file import Row

OUTCOMES = ("video", "phone", "failed", "nobody_came", "broken_off")


def visits(video: int, phone: int = 0, failed: int = 0, nobody: int = 0) -> list[UseMeasure]:
    number = itertools.count(1)
    return [
        *(held(next(number)) for _ in range(video)),
        *(use(next(number), fallback="phone", join_ms=None) for _ in range(phone)),
        *(use(next(number), failed_step="room", reason_code="vdx.unreachable", join_ms=None) for _ in range(failed)),
        *(use(next(number), most_participants=1) for _ in range(nobody)),
    ]


def exported(uses: list[UseMeasure]) -> dict[str, Row]:
    return {row.figure: row for row in export_rows(aggregate(uses, [], MARCH)) if row.group == "all"}


def test_figures_of_many_go_out_as_they_are() -> None:
    """Holding back everything would be safe and useless."""
    rows = exported(visits(30, phone=6, nobody=7))
    assert [rows[key].value for key in ("attempts", "meetings", *OUTCOMES)] == [43, 30, 30, 6, 0, 7, 0]
    assert rows["success_share"].value == pytest.approx(30 / 43)
    assert not any(row.held_back for key, row in rows.items() if key in OUTCOMES)


def test_a_small_cell_is_held_back_with_the_one_that_would_give_it_away() -> None:
    """With 30 of 39 on video and 7 on phone known, the two that failed would be plain to see."""
    rows = exported(visits(30, phone=7, failed=2))
    assert rows["failed"].held_back
    assert rows["phone"].held_back
    assert rows["failed"].value is None
    assert rows["contact_share"].held_back
    assert (rows["attempts"].value, rows["video"].value) == (39, 30)


def test_the_rest_of_a_whole_counts_as_a_cell() -> None:
    """Eighteen meetings of twenty attempts tell of two that were none."""
    rows = exported(visits(18, failed=1, nobody=1))
    assert rows["meetings"].held_back
    assert rows["success_share"].held_back
    assert all(rows[key].held_back for key in ("video", "failed", "nobody_came"))
    assert rows["minutes_per_meeting"].held_back


def test_no_outcome_of_fewer_than_five_can_be_worked_out() -> None:
    """Checked as an attacker would: what the shown total leaves for the hidden cells must not be one to four."""
    for counts in itertools.product((0, 1, 3, 5, 9), repeat=4):
        rows = exported(visits(*counts))
        attempts, meetings = rows["attempts"].value, rows["meetings"].value
        shown = [int(rows[key].value or 0) for key in OUTCOMES if not rows[key].held_back]
        assert not any(0 < count < 5 for count in shown), counts
        if attempts is not None and len(shown) < len(OUTCOMES):
            assert attempts - sum(shown) >= 5, counts
            assert len(OUTCOMES) - len(shown) >= 2, counts
        if attempts is not None and meetings is not None:
            assert not 0 < attempts - meetings < 5, counts


def test_the_file_says_what_was_held_back_and_names_no_practice(tmp_path: Path) -> None:
    """An empty cell alone could mean that nothing was measured."""
    uses = visits(3)
    path = write_export(uses, [party(1)], tmp_path / "out", MARCH)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    attempts = next(row for row in rows if row["figure"] == "attempts" and row["group"] == "all")
    assert (attempts["value"], attempts["held_back"], attempts["scope"]) == ("", "1", "export")
    assert {row["practice"] for row in rows} == {""}
    assert {row["n"] for row in rows} == {""}
