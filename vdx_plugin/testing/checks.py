"""What a check is, how its outcomes make a level, and how they are told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How far an adapter has been shown to keep the contract."""

    NONE = "none"
    BRONZE = "bronze"
    """Context in, start and stop, nobody's data in logs, old and replayed launches refused."""
    SILVER = "silver"
    """Notes exactly once, conflicts and outages told, reconnects."""
    GOLD = "gold"
    """Merges, a change of patient during a call, two systems at once, a thousand launches."""


LEVELS = (Level.BRONZE, Level.SILVER, Level.GOLD)


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    DOES_NOT_APPLY = "does not apply"
    """The adapter has not the capability, or the system has no such thing; the reason says which."""
    NOT_SHOWN = "not shown"
    """Nobody has tried it: the peer cannot do that."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the contract."""

    number: int
    level: Level
    title: str


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    outcome: Outcome
    reason: str = ""


def level_of(results: Iterable[Result], checks: Sequence[Check]) -> Level:
    """Return the highest level of which, and below, every check passed or does not apply."""
    good = {result.check.number for result in results if result.outcome in (Outcome.PASSED, Outcome.DOES_NOT_APPLY)}
    bad = {result.check.number for result in results if result.outcome in (Outcome.FAILED, Outcome.NOT_SHOWN)}
    reached = Level.NONE
    for level in LEVELS:
        if any(check.number not in good or check.number in bad for check in checks if check.level is level):
            break
        reached = level
    return reached


def lines(name: str, results: Sequence[Result], checks: Sequence[Check]) -> list[str]:
    """Return the outcome of every check and the level, as a command line shows them."""
    ordered = sorted(results, key=lambda result: result.check.number)
    told = [
        f"{result.check.number:>2} {result.check.level:<6} {result.outcome:<14} {result.check.title}"
        + (f" ({result.reason})" if result.reason else "")
        for result in ordered
    ]
    return [*told, f"{name}: {level_of(results, checks)}"]


def table(by_adapter: Mapping[str, Sequence[Result]], checks: Sequence[Check]) -> str:
    """Return the outcomes of all adapters as a Markdown table, with what does not apply explained below it."""
    names = sorted(by_adapter)
    head = ["| # | level | check | " + " | ".join(names) + " |", "|---|---|---|" + "---|" * len(names)]
    rows = [_row(check, by_adapter, names) for check in checks]
    levels = " | ".join(f"**{level_of(by_adapter[name], checks)}**" for name in names)
    foot = [f"| | | **level** | {levels} |"]
    return "\n".join([*head, *rows, *foot, "", *_reasons(by_adapter, names)]) + "\n"


_MARK = {Outcome.PASSED: "yes", Outcome.FAILED: "NO", Outcome.DOES_NOT_APPLY: "–", Outcome.NOT_SHOWN: "not shown"}


def _row(check: Check, by_adapter: Mapping[str, Sequence[Result]], names: Sequence[str]) -> str:
    marks = [
        next((_MARK[result.outcome] for result in by_adapter[name] if result.check.number == check.number), "not run")
        for name in names
    ]
    return f"| {check.number} | {check.level} | {check.title} | " + " | ".join(marks) + " |"


def _reasons(by_adapter: Mapping[str, Sequence[Result]], names: Sequence[str]) -> list[str]:
    return [
        f"- `{name}` {result.check.number}: {result.reason}"
        for name in names
        for result in sorted(by_adapter[name], key=lambda result: result.check.number)
        if result.outcome is not Outcome.PASSED
    ]
