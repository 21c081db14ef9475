"""The commands. Heavy parts are imported by the command that needs them, so that ``--help`` is quick."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import click

from vdx_plugin import __version__, log, texts
from vdx_plugin.cli_adapters import add_commands
from vdx_plugin.cli_desktop import add_commands as add_desktop_commands
from vdx_plugin.errors import VdxError

if TYPE_CHECKING:
    from vdx_plugin.settings import Settings, Transport

P = ParamSpec("P")
MEASURES_KEPT = timedelta(days=3650)


def _explains(command: Callable[P, None]) -> Callable[P, None]:
    """Turn an error of ours into its sentence and exit status 1, without a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except VdxError as error:
            raise click.ClickException(_sentence(error)) from error

    return wrapped


def _shows(command: Callable[P, None]) -> Callable[P, None]:
    """Show an error of ours in a window where nobody reads a terminal: started by a click or by a link."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except VdxError as error:
            from vdx_plugin import trouble

            if trouble.nobody_reads_the_terminal() and trouble.has_screen():
                trouble.show(_sentence(error))
            raise

    return wrapped


def _sentence(error: VdxError) -> str:
    return f"{texts.problem(error.code, **error.facts)} ({error.code})"


def _settings() -> Settings:
    """Read the settings and speak their language from here on."""
    from vdx_plugin import settings

    chosen = settings.load()
    texts.set_language(chosen.language)
    return chosen


@click.group(invoke_without_command=True)
@click.version_option(__version__, prog_name="vdx-plugin")
@click.option("--verbose", is_flag=True, help="Log more (never patient data).")
@click.pass_context
def main(context: click.Context, *, verbose: bool) -> None:
    """Video consultations from the open patient record."""
    log.setup(level=logging.DEBUG if verbose else logging.WARNING)
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@_explains
@_shows
def run() -> None:
    """Start the program beside the record."""
    from vdx_plugin.errors import Misconfigured
    from vdx_plugin.window import run_with_window

    chosen = _settings()
    missing = chosen.missing()
    if missing:
        raise Misconfigured("settings.missing", setting=", ".join(missing))
    log.setup(file=chosen.data_dir / "vdx-plugin.log")
    sys.exit(run_with_window(chosen))


@main.command()
@click.option("--headless", is_flag=True, help="Do the entire job without a screen and check it.")
@click.option("--guest", type=click.Choice(["bot", "none"]), default="none", help="Let a synthetic guest join.")
@click.option("--guests", type=click.IntRange(0, 5), default=0, help="Let so many synthetic guests join.")
@click.option("--language", type=click.Choice(["da", "en"]), default="da", help="Language of the program.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Keep the demo's data here.")
@click.option(
    "--transport",
    type=click.Choice(["hub", "vans-folder", "vans-http", "record"]),
    default="hub",
    help="How MedCom messages travel.",
)
@_explains
def demo(*, headless: bool, guest: str, guests: int, language: str, data: Path | None, transport: Transport) -> None:
    """See the whole product on this machine, with a local VDX."""
    texts.set_language(language)
    from vdx_plugin.trouble import has_screen

    if not headless and not has_screen():
        click.echo("Her er ingen skærm, så demoen kører uden vinduer (som --headless).")
        headless = True
    if headless:
        from vdx_plugin.demo.script import run_headless

        sys.exit(asyncio.run(run_headless(click.echo, data, transport=transport)))
    from vdx_plugin.demo.windows import run_windows

    sys.exit(run_windows(click.echo, data, guests=max(guests, guest == "bot"), transport=transport))


@main.command()
@click.option("--port", default=8765, show_default=True, help="Port on this machine.")
@_explains
def sandbox(*, port: int) -> None:
    """Run a local VDX with partners, mail and a demo clinic, until Ctrl+C."""
    from vdx_plugin.demo.world import run_sandbox

    try:
        asyncio.run(run_sandbox(port, click.echo))
    except KeyboardInterrupt:
        click.echo("Stoppet.")


@main.command("cds-hooks")
@click.option("--port", default=None, type=int, help="Port on this machine; the setting's unless told.")
@click.option("--try", "on_show", is_flag=True, help="Run it beside a web record that shows the cards.")
@click.option("--counts", is_flag=True, help="Show what became of the cards, and stop.")
@_explains
def cds_hooks(*, port: int | None, on_show: bool, counts: bool) -> None:
    """Show "Start video" as a card in web records (CDS Hooks), until Ctrl+C."""
    from vdx_plugin.cds_hooks import feedback, running

    chosen = _settings()
    if counts:
        for (service, outcome, reason), times in sorted(feedback.count(chosen.data_dir / running.FILE).items()):
            click.echo(f"{times:>6}  {service}  {outcome}  {reason}".rstrip())
        return
    served = chosen.cds_hooks.port if port is None else port
    try:
        asyncio.run(_show_cards(served) if on_show else _serve_cards(chosen, served))
    except KeyboardInterrupt:
        click.echo("Stoppet.")


async def _show_cards(port: int) -> None:
    import tempfile

    from vdx_plugin.demo.cards import cards_on_show

    with tempfile.TemporaryDirectory(prefix="vdx-cards-") as folder:
        async with cards_on_show(Path(folder), port) as address:
            click.echo(f"Prøvejournalen: {address}/")
            await asyncio.Event().wait()


async def _serve_cards(chosen: Settings, port: int) -> None:
    from vdx_plugin.cds_hooks import Links, Trusted, running

    part = chosen.cds_hooks
    served = running.Served(
        part.public_url,
        port,
        tuple(Trusted(one.iss, one.jku) for one in part.trusted),
        Links(part.page_url, part.launch_url, chosen.practice.name or "VDX"),
        chosen.data_dir,
        part.allow_origins,
    )
    async with running.serving(served) as address:
        click.echo(address)
        await asyncio.Event().wait()


@main.group()
def scheme() -> None:
    """Look after vdx:// links on this computer."""


add_desktop_commands(main, scheme, _explains, _shows)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Where the program's data lies.")
@click.option("--days", default=90, show_default=True, help="How far back.")
@_explains
def report(*, folder: Path, data: Path | None, days: int) -> None:
    """Write the report on use and quality into FOLDER: one HTML page and a CSV file."""
    from vdx_plugin.commands import report_from_store
    from vdx_plugin.settings import Database

    until = datetime.now(UTC)
    chosen = _settings()
    if data is not None:
        chosen = chosen.model_copy(update={"data_dir": data, "store": Database()})
    written = report_from_store(chosen, folder, until - timedelta(days=days), until)
    for path in written:
        click.echo(str(path))


@main.group()
def adapters() -> None:
    """Look after the connections to clinic systems."""


add_commands(adapters, _explains)


@main.group()
def store() -> None:
    """Look after the key of a database that several hosts share."""


@store.command("new-key")
@_explains
def new_store_key() -> None:
    """Make the key on the first host and show it, to be taken to the others. Without it nothing can be read again."""
    from vdx_plugin.store import keep_shared_key, new_key

    _settings()
    key = new_key()
    keep_shared_key(key)
    click.echo(key)


@store.command("take-key")
@click.password_option("--key", prompt="Key", confirmation_prompt=False, help="Asked for where it is not given.")
@_explains
def take_store_key(*, key: str) -> None:
    """Put the key that the first host showed into this host's keyring."""
    from vdx_plugin.store import keep_shared_key

    _settings()
    keep_shared_key(key.strip())


@main.group()
def partners() -> None:
    """Look after the directory of partners."""


@partners.command("list")
@click.argument("words", nargs=-1)
@_explains
def list_partners(*, words: tuple[str, ...]) -> None:
    """Show the partners, or those that WORDS find."""
    from vdx_plugin.app import partners as open_partners
    from vdx_plugin.invitations.partner_report import partner_line

    found = open_partners(_settings()).find(" ".join(words), limit=100_000)
    for partner in found.partners:
        click.echo(partner_line(partner))


@partners.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@_explains
def check_partners(*, file: Path | None) -> None:
    """Say what is wrong with FILE, or with the directory as it is kept; status 1 if anything is."""
    from vdx_plugin.app import partners as open_partners
    from vdx_plugin.invitations.partner_report import book_lines, preview_lines

    book = open_partners(_settings())
    if file is not None:
        preview = asyncio.run(book.preview(file.read_bytes()))
        _echo(preview_lines(preview))
        sys.exit(1 if preview.refused else 0)
    faults = book_lines(book)
    _echo(faults)
    sys.exit(1 if faults else 0)


@partners.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@_explains
def import_partners(*, file: Path, dry_run: bool) -> None:
    """Take the partners of a table (CSV) into the directory; refused rows are told and left as they were."""
    from vdx_plugin.app import partners as open_partners
    from vdx_plugin.invitations.partner_report import preview_lines

    book, content = open_partners(_settings()), file.read_bytes()

    async def take() -> bool:
        preview = await book.preview(content)
        _echo(preview_lines(preview))
        if not dry_run and preview.changes_anything:
            await book.accept(preview)
        return bool(preview.refused)

    sys.exit(1 if asyncio.run(take()) else 0)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@main.command()
@click.argument("name", type=click.Choice(["vdx.client_secret", "mail.password"]))
@_explains
def secret(name: str) -> None:
    """Put a secret into the keyring (asked for, not shown)."""
    from vdx_plugin import settings

    settings.keep_secret(name, click.prompt(name, hide_input=True))
    click.echo("Gemt.")


@main.command()
@click.option(
    "--report", "path", type=click.Path(path_type=Path), default=None, help="Write a report for support here."
)
@_explains
def doctor(*, path: Path | None) -> None:
    """Say whether VDX can be reached: name, token, organisation, role, template, pool, clock."""
    from vdx_plugin import settings
    from vdx_plugin.booking import diagnosis
    from vdx_plugin.commands import examine_vdx

    chosen = settings.load()
    texts.set_language(chosen.language)
    found = examine_vdx(chosen)
    for line in diagnosis.lines(found):
        click.echo(line)
    if path is not None:
        path.write_text(diagnosis.report(found), encoding="utf-8")
    sys.exit(0 if found.is_well else 1)


@main.command("sign-in")
@_explains
def sign_in() -> None:
    """Sign in at VDX as a person, in the browser; the program stays signed in."""
    import webbrowser

    from vdx_plugin import settings
    from vdx_plugin.commands import sign_in_person

    chosen = settings.load()
    texts.set_language(chosen.language)
    sign_in_person(chosen, webbrowser.open)
    click.echo(texts._("Du er logget på VDX."))


@main.group()
def definitions() -> None:
    """Look after the FHIR packages that messages are checked against."""


@definitions.command("add")
@click.argument("package", type=click.Path(path_type=Path, exists=True))
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Where the program's data lies.")
@_explains
def add_definitions(*, package: Path, data: Path | None) -> None:
    """Install PACKAGE, a package.tgz or a folder with the same files; another version of it is replaced."""
    from vdx_plugin.carriers import definitions_shelf
    from vdx_plugin.invitations.check_report import added_lines
    from vdx_plugin.invitations.profiles import read_package

    shelf = definitions_shelf(_settings().data_dir if data is None else data)
    found = read_package(package)
    shelf.add(found)
    _echo(added_lines(found, shelf.missing()))


@definitions.command("list")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Where the program's data lies.")
@_explains
def list_definitions(*, data: Path | None) -> None:
    """Show what is installed, what is missing, and whether messages are checked by it."""
    from vdx_plugin.carriers import definitions_shelf
    from vdx_plugin.invitations.check_report import shelf_lines

    _echo(shelf_lines(definitions_shelf(_settings().data_dir if data is None else data)))


@definitions.command("remove")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Where the program's data lies.")
@_explains
def remove_definitions(*, name: str, data: Path | None) -> None:
    """Take the package NAME away."""
    from vdx_plugin.carriers import definitions_shelf

    definitions_shelf(_settings().data_dir if data is None else data).remove(name)
    click.echo(texts._("Pakken er fjernet."))


@main.command("check-message")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--sending", is_flag=True, help="Hold it to what only a sender owes, such as narratives, too.")
@_explains
def check_message(*, file: Path, sending: bool) -> None:
    """Check the message in FILE, JSON or XML, by all there is; status 1 if it is wrong, 3 if a check is missing."""
    from vdx_plugin.commands import examine_message
    from vdx_plugin.invitations.check_report import opinion_lines
    from vdx_plugin.invitations.message_check import Verdict

    opinions = examine_message(_settings(), file.read_bytes(), is_outgoing=sending)
    _echo(opinion_lines(opinions))
    verdicts = {one.verdict for one in opinions}
    sys.exit(1 if Verdict.INVALID in verdicts else 3 if Verdict.NOT_CHECKED in verdicts else 0)
