"""The tutorial followed literally: every block of it, in its order, as somebody would who has never seen us."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.contract import reference, table
from vdx_plugin import hookspecs
from vdx_plugin.api.v1 import ClinicSystem
from vdx_plugin.testing.conformance import CHECKS
from vdx_plugin.testing.scaffold import rendered

DOCS = Path(__file__).parents[2] / "docs" / "adapters"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?( append)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 100


@dataclass(frozen=True)
class Block:
    kind: str
    path: str
    appends: bool
    text: str


def blocks() -> list[Block]:
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    return [Block(kind, path, bool(appends), body) for kind, path, appends, body in BLOCK.findall(text)]


def follow(folder: Path, site: Path) -> str:
    """Do what each block says; return what the commands printed."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(site),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    told = ""
    for block in blocks():
        if block.path:
            file = folder / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a" if block.appends else "w", encoding="utf-8") as out:
                out.write(block.text if not block.appends else "\n" + block.text if is_method(block) else block.text)
        elif block.kind == "sh":
            # Beside our own environment, which must stay as it is.
            commands = block.text.replace("pip install", f"pip install --target '{site}'")
            done = subprocess.run(
                ["sh", "-e", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
            told += done.stdout
    return told


def is_method(block: Block) -> bool:
    """A method appended to a class stands a line below what is there."""
    return block.text.startswith("    ")


def test_the_tutorial_followed_literally_ends_in_gold_with_less_than_a_hundred_lines(tmp_path: Path) -> None:
    """The promise of the whole kit. Prints what it took."""
    folder, site = tmp_path / "vdx-acme", tmp_path / "site"
    folder.mkdir()
    began = time.monotonic()
    told = follow(folder, site)
    assert "acme: gold" in told
    source = (folder / "vdx_acme" / "__init__.py").read_text(encoding="utf-8").splitlines()
    lines = [line for line in source if line.strip() and not line.strip().startswith(("#", '"""'))]
    print(f"tutorial: {len(lines)} lines of adapter, {time.monotonic() - began:.0f} s to carry out")
    assert len(lines) < MOST_LINES


def test_the_tutorial_and_the_template_are_the_same_package(tmp_path: Path) -> None:
    """Two ways to the same place, or one of them is out of date."""
    made: dict[str, str] = {}
    for block in blocks():
        if block.path:
            before = made.get(block.path, "") if block.appends else ""
            made[block.path] = before + ("\n" if block.appends and is_method(block) else "") + block.text
    expected = rendered("acme")
    for path, text in made.items():
        assert squeezed(text) == squeezed(expected[path]), path


def squeezed(text: str) -> str:
    """A text without its empty lines, which a page of Markdown sets in its own way."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def test_the_reference_is_what_the_code_says() -> None:
    """Written by a command; a docstring that changes must change the page."""
    assert reference.FILE.read_text(encoding="utf-8") == reference.page(), "python -m tests.contract.reference"


def test_every_hook_and_every_method_has_its_place_in_the_reference() -> None:
    """What is not written down does not exist for a vendor."""
    page = reference.FILE.read_text(encoding="utf-8")
    hooks = [name for name in vars(hookspecs.Hooks) if name.startswith("vdx_")]
    methods = [name for name in vars(ClinicSystem) if not name.startswith("_")]
    calls = [name for name in methods if callable(getattr(ClinicSystem, name))]
    assert [name for name in (*hooks, *calls) if f"### {name}\n" not in page] == []


def test_the_conformance_table_has_every_check_and_every_adapter_with_tests() -> None:
    """``python -m tests.contract.table`` runs them all; here only that nobody was forgotten."""
    page = table.FILE.read_text(encoding="utf-8")
    assert [check.number for check in CHECKS if f"| {check.number} | {check.level} | {check.title} |" not in page] == []
    (head,) = [line for line in page.splitlines() if line.startswith("| # |")]
    assert [name for name in ("dummy", "hl7v2", "local") if f" {name} |" not in head] == []
