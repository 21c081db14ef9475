"""What the commands about definitions and checks say, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message_check import Checker, Opinion, Verdict
from vdx_plugin.invitations.profiles import Package, Shelf
from vdx_plugin.texts import _


def added_lines(package: Package, missing: Mapping[str, str]) -> Iterator[str]:
    """Say what was put on the shelf, and what it builds on that is not there."""
    yield _("{name} {version} er lagt ind: {count} definitioner.").format(
        name=package.name, version=package.version, count=len(package.resources)
    )
    if package.without_snapshot:
        yield _("{count} profiler kan ikke bruges: pakken rummer ikke deres endelige form (snapshot).").format(
            count=package.without_snapshot
        )
    yield from _missing_lines({name: version for name, version in missing.items() if name in package.needs})


def shelf_lines(shelf: Shelf) -> Iterator[str]:
    """Say what is installed, what that lacks, and whether messages are checked by it."""
    packages = shelf.packages()
    for one in packages:
        yield f"{one.name:<40} {one.version:<12} {one.definitions:>5}"
    yield from _missing_lines(shelf.missing())
    lacking = shelf.lacking()
    if not packages:
        yield _("Ingen definitioner er lagt ind. Beskeder kontrolleres efter programmets egne regler.")
    elif lacking:
        yield _("Profilerne kan ikke bruges endnu: {packages} mangler.").format(packages=", ".join(lacking))
    else:
        yield _("Beskeder kontrolleres efter programmets egne regler og efter profilerne.")


def _missing_lines(missing: Mapping[str, str]) -> Iterator[str]:
    for name, version in missing.items():
        yield _("Mangler: {name} {version}. Det, der bygger på den, bliver ikke kontrolleret.").format(
            name=name, version=version
        )


def opinion_lines(opinions: Sequence[Opinion]) -> Iterator[str]:
    """Say what each checker found, each finding with its place."""
    for one in opinions:
        yield f"{_checker(one.checker)}: {_verdict(one.verdict)}"
        yield from (_finding_line(finding) for finding in one.findings)


def _checker(checker: Checker) -> str:
    return {
        Checker.RULES: _("Programmets regler"),
        Checker.PROFILES: _("Profiler"),
        Checker.VALIDATOR: _("Valideringstjeneste"),
    }[checker]


def _verdict(verdict: Verdict) -> str:
    return {
        Verdict.VALID: _("i orden"),
        Verdict.INVALID: _("fejl"),
        Verdict.NOT_CHECKED: _("ikke kontrolleret, tjenesten svarer ikke"),
    }[verdict]


def _finding_line(finding: Finding) -> str:
    weight = _("advarsel") if finding.is_warning else _("fejl")
    return f"  {weight}  {finding.place}  {finding.rule}: {finding.text}"
