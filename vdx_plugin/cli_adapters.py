"""``vdx-plugin adapters``: list, check, switch, write and examine the connections to clinic systems."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdx_plugin import texts
from vdx_plugin.errors import NotFound
from vdx_plugin.ports import AdapterStatus, Manifest

if TYPE_CHECKING:
    from vdx_plugin.testing.checks import Result

Guard = Callable[[Callable[..., None]], Callable[..., None]]


def add_commands(adapters: click.Group, explains: Guard) -> None:
    """Add the commands to their group; ``explains`` turns errors of ours into sentences."""
    for name, command in (
        ("list", list_adapters),
        ("check", check),
        ("enable", enable),
        ("disable", disable),
        ("new", new),
        ("doctor", doctor),
    ):
        command.callback = explains(command.callback)  # type: ignore[arg-type]  # a command has one
        adapters.add_command(command, name)


@click.command()
def list_adapters() -> None:
    """Show every installed connection by its manifest; nothing of it is imported."""
    for status in _statuses():
        manifest = status.manifest
        can = ", ".join(sorted(manifest.capabilities)) if manifest else ""
        click.echo(f"{status.name:<12} {status.version or '-':<8} {_state(status):<9} {can}")
        if manifest:
            click.echo(f"{'':<12} {manifest.title.said(texts.language())}, {manifest.vendor}, {manifest.licence}")
        if status.reason:
            click.echo(f"{'':<12} {texts.problem(status.reason, **{'name': status.name, **status.facts})}")


@click.command()
@click.argument("name")
@click.option("--tests", default="", help="File with the conformance tests; else the ones its manifest names.")
def check(name: str, tests: str) -> None:
    """Run the conformance kit on the connection NAME and print its level."""
    from vdx_plugin.testing.checks import Level, level_of, lines
    from vdx_plugin.testing.conformance import CHECKS

    manifest = _manifest(name)
    target = tests or _target(manifest)
    if not target:
        click.echo(texts._("Der følger ingen prøver med, så kun det, der ikke kræver et journalsystem, er prøvet."))
        target = str(Path(__file__).parent / "testing" / "without_peer.py")
    results = run_checks(name, target)
    for line in lines(name, results, CHECKS):
        click.echo(line)
    sys.exit(0 if level_of(results, CHECKS) is not Level.NONE else 1)


@click.command()
@click.argument("name")
def enable(name: str) -> None:
    """Switch the connection NAME on, from the next start of the program."""
    _switch(name, on=True)


@click.command()
@click.argument("name")
def disable(name: str) -> None:
    """Switch the connection NAME off, from the next start of the program."""
    _switch(name, on=False)


@click.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def new(name: str, folder: Path | None) -> None:
    """Write a working package for a connection called NAME into FOLDER (vdx-NAME unless told)."""
    from vdx_plugin.testing.scaffold import write_package

    for path in write_package(name, folder or Path(f"vdx-{name}")):
        click.echo(str(path))


@click.command()
def doctor() -> None:
    """Say how every connection that is on would fare, for support; nothing about patients."""
    from vdx_plugin import app, settings

    click.echo(asyncio.run(app.adapter_host(settings.load()).examine()), nl=False)


# --- what they stand on -------------------------------------------------------------------------------------------


def _statuses() -> Sequence[AdapterStatus]:
    from vdx_plugin import settings
    from vdx_plugin.host.kept import Keeping
    from vdx_plugin.host.loading import look, registered_entry_points

    chosen = settings.load()
    texts.set_language(chosen.language)
    points = registered_entry_points()
    disabled = Keeping(chosen.data_dir).now.disabled(chosen.disabled_adapters)
    return sorted(look(points, disabled=disabled), key=lambda status: status.name)


def _state(status: AdapterStatus) -> str:
    return "enabled" if status.state == "loaded" else status.state


def _manifest(name: str) -> Manifest:
    for status in _statuses():
        if status.name == name and status.manifest is not None:
            return status.manifest
    raise NotFound("adapter.not_installed", name=name)


def _target(manifest: Manifest) -> str:
    """Return the file (and class) of the tests that a manifest names, empty when they are not on this machine."""
    module, _colon, kind = manifest.conformance.partition(":")
    try:
        spec = importlib.util.find_spec(module) if module else None
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        return ""
    return f"{spec.origin}::{kind}" if kind else spec.origin


def run_checks(name: str, target: str) -> Sequence[Result]:
    """Run the checks of one adapter in a process of their own and return their results."""
    from vdx_plugin.testing.checks import Outcome, Result
    from vdx_plugin.testing.conformance import CHECKS

    by_number = {check.number: check for check in CHECKS}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--vdx-report", str(report), target]
        subprocess.run(
            command, env={**os.environ, "VDX_CHECK_ADAPTER": name}, capture_output=True, text=True, check=False
        )
        found: Mapping[str, list[Mapping[str, str]]] = json.loads(report.read_text()) if report.exists() else {}
    return [
        Result(by_number[int(row["number"])], Outcome(row["outcome"]), row["reason"]) for row in found.get(name, [])
    ]


def _switch(name: str, *, on: bool) -> None:
    from vdx_plugin import settings
    from vdx_plugin.host.kept import Keeping

    _manifest(name)
    keeping = Keeping(settings.load().data_dir)
    keeping.keep(keeping.now.switch(name, on=on))
    click.echo(
        texts._("Slået til. Det gælder fra næste start.") if on else texts._("Slået fra. Det gælder fra næste start.")
    )
