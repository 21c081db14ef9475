"""The commands: what a person reads when something is wrong, and in which language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vdx_plugin import settings, texts, trouble
from vdx_plugin.cli import main


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workplace with nothing on it: its settings file, and where its data would lie."""
    file = tmp_path / "settings.toml"
    monkeypatch.setattr(settings, "default_file", lambda: file)
    monkeypatch.setattr(trouble, "has_screen", lambda: False)
    monkeypatch.setenv("VDX_PLUGIN_DATA_DIR", str(tmp_path / "data"))
    yield file
    texts.set_language("da")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_start_without_a_running_program_says_what_to_do() -> None:
    """The doctor has clicked in the record and nothing happens: the one sentence is all there is."""
    result = call("start", "vdx://start/v1?ticket=unknown")
    assert result.exit_code == 1
    assert texts.problem("ticket.no_program") in result.output


def test_the_sentence_comes_in_the_language_of_the_workplace(workplace: Path) -> None:
    """A setting that only the windows follow is half a setting."""
    danish = texts.problem("ticket.no_program")
    workplace.write_text('language = "en"', encoding="utf-8")
    result = call("start", "unknown")
    assert result.exit_code == 1
    assert danish not in result.output


@pytest.mark.parametrize(
    "content",
    [b"not toml", b"\xff\xfe", b"surprise = 1", b"[vdx]\npoll_s = -1"],
    ids=["not-toml", "not-utf8", "unknown-name", "bad-value"],
)
def test_a_damaged_settings_file_gives_a_sentence_and_no_traceback(workplace: Path, content: bytes) -> None:
    """Whoever keeps the machines must read which setting, not where in the code."""
    workplace.write_bytes(content)
    result = call("adapters", "list")
    assert result.exit_code == 1
    assert "(settings." in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_settings_variable_of_the_wrong_form_gives_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group of settings given as plain text cannot be read; the text itself may be a secret."""
    monkeypatch.setenv("VDX_PLUGIN_VDX", "hemmeligt")
    result = call("adapters", "list")
    assert result.exit_code == 1
    assert "(settings.value)" in result.output
    assert "hemmeligt" not in result.output


def test_a_settings_file_that_is_a_folder_gives_a_sentence(workplace: Path) -> None:
    """Nothing about the place of the file may end in a traceback."""
    workplace.mkdir()
    result = call("adapters", "list")
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_click_without_a_terminal_shows_its_trouble_in_a_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who follows a link from the record sees no standard error."""
    shown: list[str] = []
    monkeypatch.setattr(trouble, "nobody_reads_the_terminal", lambda: True)
    monkeypatch.setattr(trouble, "has_screen", lambda: True)
    monkeypatch.setattr(trouble, "show", shown.append)
    result = CliRunner().invoke(main, ["start", "vdx://start/v1?ticket=x", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert len(shown) == 1
    assert shown[0].startswith("Videoprogrammet kører ikke")


# --- partners -------------------------------------------------------------------------------------------------------

TABLE = """id;name;role;channel;sor;gln;parent
town;Hjemmesygeplejen;municipality;medcom;953741000016009;5790000000302;
home;Plejehjemmet Skovly;nursing_home;medcom;953751000016006;;953741000016009
ward;Afsnit X;hospital;medcom;441211000016000;5790000000204;
"""


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Two partners, of whom one receives for the other, and a row with a wrong check digit."""
    file = tmp_path / "table.csv"
    file.write_text(TABLE, encoding="utf-8")
    return str(file)


def test_partners_are_imported_and_the_refused_row_is_told(table: str) -> None:
    """Whoever keeps the machines fills the directory without a window."""
    tried = call("partners", "import", "--dry-run", table)
    assert tried.exit_code == 1
    assert "2 nye" in tried.output
    assert call("partners", "list").output == ""
    taken = call("partners", "import", table)
    assert "Linje 4, kolonne gln (13 cifre): Kontrolcifferet" in taken.output
    assert "5790000000204" not in taken.output
    listed = call("partners", "list", "skov").output.splitlines()
    assert len(listed) == 1
    assert "5790000000302" in listed[0]
    assert "gennem Hjemmesygeplejen" in listed[0]


def test_a_table_can_be_checked_and_so_can_what_is_kept(table: str) -> None:
    """The table before it is taken, the directory after."""
    assert call("partners", "check", table).exit_code == 1
    call("partners", "import", table)
    kept = call("partners", "check")
    assert (kept.exit_code, kept.output) == (0, "")


def test_a_file_that_is_no_table_gives_a_sentence(tmp_path: Path) -> None:
    """And no traceback."""
    file = tmp_path / "letter.pdf"
    file.write_bytes(b"%PDF-1.7")
    result = call("partners", "import", str(file))
    assert result.exit_code == 1
    assert "(partners.no_table)" in result.output
