"""``start``, ``sentinel`` and ``scheme``: what a record system, a link or a technician calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.contract.local_rig import LocalRig
from vdx_plugin import settings, texts, url_scheme
from vdx_plugin.cli import main
from vdx_plugin.errors import Unsupported
from vdx_plugin.url_scheme import Status

CPR = "8512484901"
CALL = {
    "ydernummer": "12345",
    "initialer": "HH",
    "egenlaegeYdernummer": "",
    "egenlaegeInitialer": "",
    "cpr": CPR,
}


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A workplace with nothing on it."""
    monkeypatch.setattr(settings, "default_file", lambda: tmp_path / "settings.toml")
    monkeypatch.setenv("VDX_PLUGIN_DATA_DIR", str(tmp_path))
    yield
    texts.set_language("da")


def call(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


@pytest.fixture
async def rig(tmp_path: Path):
    made = LocalRig(tmp_path / "adapters" / "local")
    made.folder.mkdir(parents=True)
    await made.begin()
    yield made
    await made.end()


async def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Run the command as a process of its own, as a record would."""
    import asyncio

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vdx_plugin", *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=-2
    )
    async with asyncio.timeout(60):
        out, _none = await process.communicate(stdin)
    return process.returncode or 0, out.decode()


async def test_a_record_starts_by_the_command_line_in_each_form(rig: LocalRig, tmp_path: Path) -> None:
    """``start --ticket T`` and ``start vdx://...``, each in a second process."""
    for form in (["--ticket", "ticket"], ["--", "url"]):
        issued = (await rig.post("/v1/ticket", rig.body())).json()
        status, said = await run("start", "--data", str(tmp_path), form[0], issued[form[1]])
        assert (status, said) == (0, "")
    assert len(rig.sink.starts) == 2


async def test_sentinels_call_goes_by_standard_input(rig: LocalRig, tmp_path: Path) -> None:
    """For a record that can start a program and nothing more."""
    status, said = await run("sentinel", "--data", str(tmp_path), stdin=json.dumps(CALL).encode())
    assert (status, said) == (0, "")
    assert rig.sink.contexts[0].patient.identifiers[0].value == CPR
    assert (await run("sentinel", "--data", str(tmp_path), "--user-left"))[0] == 0
    assert [str(reason) for reason in rig.sink.closings] == ["user_left"]


@pytest.mark.parametrize("arguments", [(CPR,), ("--cpr", CPR), (f"--cpr={CPR}",), ("AabnerJournal", "1", "HH", CPR)])
def test_a_number_in_the_command_line_is_refused_and_not_repeated(arguments: tuple[str, ...]) -> None:
    """Every program of the machine can read a command line, and what is said here ends in somebody's log."""
    result = call("sentinel", *arguments)
    assert result.exit_code == 2
    assert "standard input" in result.output
    assert CPR not in result.output


def test_a_broken_call_gives_a_sentence_without_its_content() -> None:
    """The vendor's developer reads the code; nobody reads the patient."""
    result = call("sentinel", stdin=json.dumps({**CALL, "ydernummer": f"x{CPR}"}).encode())
    assert result.exit_code == 1
    assert "(context.unreadable)" in result.output
    assert CPR not in result.output


@pytest.mark.parametrize("arguments", [(), ("vdx://start/v1?ticket=x", "--ticket", "x"), ("--ticket=x", "y")])
def test_a_start_wants_one_ticket(arguments: tuple[str, ...]) -> None:
    """Two would be a guess."""
    assert call("start", *arguments).exit_code == 2


def test_what_a_page_puts_into_the_address_is_no_option() -> None:
    """The system calls ``start -- ADDRESS``: behind the two strokes everything is the address."""
    result = call("start", "--", "--data=/elsewhere")
    assert result.exit_code == 1
    assert texts.problem("ticket.no_program") in result.output


class Desk:
    """A registration that is played by hand."""

    def __init__(self) -> None:
        self.now = Status.NOBODY

    def install(self) -> None:
        self.now = Status.OURS

    def remove(self) -> None:
        self.now = Status.NOBODY

    def status(self) -> Status:
        return self.now


def test_the_scheme_is_installed_told_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command says how it stands afterwards."""
    desk = Desk()
    monkeypatch.setattr(url_scheme, "here", lambda _command: desk)
    assert "starter dette program" in call("scheme", "install").output
    assert "starter dette program" in call("scheme", "status").output
    desk.now = Status.OTHER
    assert "et andet program" in call("scheme", "status").output
    assert "ikke registreret" in call("scheme", "remove").output


def test_an_operating_system_without_schemes_gives_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a traceback."""

    def none(_command: object) -> Desk:
        raise Unsupported("scheme.unsupported")

    monkeypatch.setattr(url_scheme, "here", none)
    result = call("scheme", "install")
    assert result.exit_code == 1
    assert "(scheme.unsupported)" in result.output
