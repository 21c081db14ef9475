"""The pytest plug-in: fixtures for tests of adapters, and the level told at the end of a run (entry point pytest11)."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# The rest of the kit is imported by those who use it: pytest loads this module in every run on the machine.
if TYPE_CHECKING:
    from vdx_plugin.testing.checks import Result
    from vdx_plugin.testing.stand_ins import FakeVdx, VirtualClock
    from vdx_plugin.testing.workplace import VdxHost

RESULTS = pytest.StashKey[dict[str, list[Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--vdx-report``."""
    parser.addoption("--vdx-report", default="", help="Write the outcome of every conformance check here (JSON).")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the outcomes."""
    config.stash[RESULTS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the outcome of each check."""
    report = yield
    check = getattr(getattr(item, "function", None), "vdx_check", None)
    adapter = getattr(getattr(item, "cls", None), "name", "")
    if check is not None and adapter and (report.when == "call" or report.outcome != "passed"):
        item.config.stash[RESULTS].setdefault(adapter, []).append(_result(check, report))
    return report


def _result(check: Any, report: pytest.TestReport) -> Result:
    from vdx_plugin.testing.checks import Outcome, Result
    from vdx_plugin.testing.running_checks import DOES_NOT_APPLY, NOT_SHOWN

    if report.outcome == "passed":
        return Result(check, Outcome.PASSED)
    if report.outcome == "failed":
        return Result(check, Outcome.FAILED)
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "").removeprefix("Skipped: ")
    if reason.startswith(DOES_NOT_APPLY):
        return Result(check, Outcome.DOES_NOT_APPLY, reason.removeprefix(DOES_NOT_APPLY))
    return Result(check, Outcome.NOT_SHOWN, reason.removeprefix(NOT_SHOWN))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell every adapter's level."""
    results = config.stash[RESULTS]
    if not results:
        return
    from vdx_plugin.testing.checks import lines
    from vdx_plugin.testing.conformance import CHECKS

    terminalreporter.section("conformance of adapters")
    for name in sorted(results):
        for line in lines(name, results[name], CHECKS):
            terminalreporter.write_line(line)
    where = config.getoption("--vdx-report")
    if where:
        written = {name: [_row(result) for result in found] for name, found in results.items()}
        Path(where).write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def _row(result: Result) -> dict[str, str | int]:
    return {"number": result.check.number, "outcome": str(result.outcome), "reason": result.reason}


@pytest.fixture
def vdx_clock() -> VirtualClock:
    """A clock that stands still until the test moves it."""
    from vdx_plugin.testing.stand_ins import VirtualClock

    return VirtualClock()


@pytest.fixture
def fake_vdx() -> FakeVdx:
    """The program's side of the desk; give it to ``vdx_host.start``."""
    from vdx_plugin.testing.stand_ins import FakeVdx

    return FakeVdx()


@pytest.fixture
def vdx_host(vdx_clock: VirtualClock, tmp_path: Path) -> VdxHost:
    """A host that refuses discovery: add entry points with ``vdx_host.point(name, module)``."""
    from vdx_plugin.testing.workplace import VdxHost

    return VdxHost([], vdx_clock, tmp_path)
