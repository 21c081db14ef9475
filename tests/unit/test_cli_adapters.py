"""The commands for connections, each as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from vdx_plugin import settings, texts
from vdx_plugin.cli import main
from vdx_plugin.testing.checks import Check, Level, Outcome, Result, level_of, lines, table


@pytest.fixture(autouse=True)
def workplace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "default_file", lambda: tmp_path / "settings.toml")
    monkeypatch.setenv("VDX_PLUGIN_DATA_DIR", str(tmp_path / "data"))
    texts.set_language("da")


def call(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["adapters", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_list_says_what_each_connection_is_and_can_by_its_manifest() -> None:
    """For a connection that is off as well: nothing is imported for it."""
    told = call("list")
    assert "Prøvesystem, vdx-plugin, MPL-2.0" in told
    (dummy,) = [line for line in told.splitlines() if line.startswith("dummy")]
    assert "disabled" in dummy
    assert "write_back" in dummy


def test_enable_and_disable_are_kept_for_the_next_start() -> None:
    """The running program is not touched: it has a page for that."""
    assert "næste start" in call("enable", "dummy")
    assert "enabled" in next(line for line in call("list").splitlines() if line.startswith("dummy"))
    call("disable", "local")
    assert "disabled" in next(line for line in call("list").splitlines() if line.startswith("local"))


def test_a_connection_that_is_not_installed_is_told_in_a_sentence() -> None:
    """A slip of the fingers must not look like a fault of the program."""
    result = CliRunner().invoke(main, ["adapters", "enable", "nobody"])
    assert result.exit_code == 1
    assert "nobody" in result.output
    assert "(adapter.not_installed)" in result.output


def test_doctor_tells_of_every_connection_that_is_on_and_starts_none() -> None:
    """It may be run beside the program, whose ports it must not take."""
    told = call("doctor")
    assert "local 0.1.0 (vdx-plugin): loaded" in told
    assert "health: good" in told


CHECKS = (Check(1, Level.BRONZE, "one"), Check(2, Level.SILVER, "two"), Check(3, Level.GOLD, "three"))


def results(*outcomes: Outcome) -> list[Result]:
    return [Result(check, outcome) for check, outcome in zip(CHECKS, outcomes, strict=True)]


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        ((Outcome.PASSED, Outcome.PASSED, Outcome.PASSED), Level.GOLD),
        ((Outcome.PASSED, Outcome.DOES_NOT_APPLY, Outcome.FAILED), Level.SILVER),
        ((Outcome.PASSED, Outcome.NOT_SHOWN, Outcome.PASSED), Level.BRONZE),
        ((Outcome.FAILED, Outcome.PASSED, Outcome.PASSED), Level.NONE),
    ],
)
def test_a_level_is_reached_when_everything_up_to_it_was_shown(outcomes: tuple[Outcome, ...], level: Level) -> None:
    """What nobody has tried is not kept."""
    assert level_of(results(*outcomes), CHECKS) is level


def test_a_check_that_was_not_run_reaches_no_level() -> None:
    """A run that stopped halfway proves nothing."""
    assert level_of(results(*[Outcome.PASSED] * 3)[:1], CHECKS) is Level.BRONZE
    assert level_of([], CHECKS) is Level.NONE


def test_outcomes_are_told_by_number_and_as_a_table_with_their_reasons() -> None:
    """The reason stands where the mark is, or nobody believes it."""
    found = [Result(CHECKS[1], Outcome.DOES_NOT_APPLY, "no notes"), Result(CHECKS[0], Outcome.PASSED)]
    assert lines("acme", found, CHECKS)[0].startswith(" 1 bronze passed")
    page = table({"acme": found}, CHECKS)
    assert "| 2 | silver | two | – |" in page
    assert "- `acme` 2: no notes" in page
    assert "| 3 | gold | three | not run |" in page
