"""What a record system or the desktop calls: ``start`` with a ticket, ``sentinel``, and the registration of ``vdx://``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdx_plugin import texts

if TYPE_CHECKING:
    from vdx_plugin.settings import Settings
    from vdx_plugin.url_scheme import Registration, Status

Guard = Callable[[Callable[..., None]], Callable[..., None]]
DATA = click.option("--data", type=click.Path(path_type=Path), help="Where the running program's data lies.")


def add_commands(main: click.Group, scheme: click.Group, explains: Guard, shows: Guard) -> None:
    """Add the commands; ``explains`` turns errors of ours into sentences, ``shows`` puts them on the screen."""
    start.callback = explains(shows(start.callback))  # type: ignore[arg-type]  # a command has one
    sentinel.callback = explains(sentinel.callback)  # type: ignore[arg-type]  # as above
    main.add_command(start)
    main.add_command(sentinel)
    for command in (install, remove, status):
        command.callback = explains(command.callback)  # type: ignore[arg-type]  # as above
        scheme.add_command(command)


@click.command()
@click.argument("address", required=False)
@click.option("--ticket", default=None, help="The ticket alone.")
@DATA
def start(address: str | None, ticket: str | None, data: Path | None) -> None:
    """Start a video consultation in the running program from a ticket or a vdx:// ADDRESS."""
    if (address is None) == (ticket is None):
        raise click.UsageError("Give an address or --ticket, one of them.")
    from vdx_plugin.adapters.local import redeem_in_running_program

    redeem_in_running_program(ticket or address or "", _where_it_runs(data))


# A number of a patient must not stand in a command line, where every program of the machine can read it. One that does
# all the same is not repeated on the screen or in a log, as click's own sentence would.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("surplus", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.option("--close", is_flag=True, help="The record was closed. Reads nothing.")
@click.option("--user-left", is_flag=True, help="The user has left the record system. Reads nothing.")
@DATA
def sentinel(surplus: tuple[str, ...], *, close: bool, user_left: bool, data: Path | None) -> None:
    """Tell the running program which record is open: Sentinel's AabnerJournal as JSON on standard input.

    {"ydernummer": "012345", "initialer": "HH", "egenlaegeYdernummer": "012345", "egenlaegeInitialer": "BB", "cpr": "…"}
    """
    if surplus:
        raise click.UsageError("The patient goes by standard input, never as an argument.")
    from vdx_plugin.adapters import local
    from vdx_plugin.ports import ContextChange

    folder = _where_it_runs(data)
    if close or user_left:
        local.close_record(ContextChange.USER_LEFT if user_left else ContextChange.CLOSED, folder)
    else:
        local.open_record(sys.stdin.buffer.read(65_536), folder)


@click.command()
def install() -> None:
    """Make vdx:// links start this program, for this user."""
    registration = _registration()
    registration.install()
    click.echo(_said(registration.status()))


@click.command()
def remove() -> None:
    """Take that away again; another program's registration is left alone."""
    registration = _registration()
    registration.remove()
    click.echo(_said(registration.status()))


@click.command()
def status() -> None:
    """Say who answers vdx:// links of this user."""
    click.echo(_said(_registration().status()))


def _registration() -> Registration:
    from vdx_plugin import url_scheme

    _settings()
    return url_scheme.here(url_scheme.command_of_this_program())


def _said(found: Status) -> str:
    return {
        "ours": texts._("vdx:// starter dette program."),
        "other": texts._("vdx:// går til et andet program, eller til et eksemplar af dette et andet sted."),
        "nobody": texts._("vdx:// er ikke registreret."),
    }[found]


def _where_it_runs(data: Path | None) -> Path:
    return (data or _settings().data_dir) / "adapters" / "local"


def _settings() -> Settings:
    """Read the settings and speak their language from here on."""
    from vdx_plugin import settings

    chosen = settings.load()
    texts.set_language(chosen.language)
    return chosen
