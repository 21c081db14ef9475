"""What ``adapters new`` writes is installed as a vendor would, and keeps the contract from the first minute."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from vdx_plugin.cli import main
from vdx_plugin.errors import Refused
from vdx_plugin.testing.scaffold import write_package


def run(folder: Path, site: Path, *command: str) -> str:
    """Run a Python module in ``folder``, with the packages of ``site``."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout


def test_a_new_package_is_found_by_the_host_and_passes_its_own_tests_in_gold(tmp_path: Path) -> None:
    """Half an hour is no time to look for what the template forgot."""
    folder, site = tmp_path / "vdx-acme_care", tmp_path / "site"
    written = CliRunner().invoke(main, ["adapters", "new", "acme_care", str(folder)])
    assert written.exit_code == 0, written.output
    run(folder, site, "pip", "install", "-q", "--no-deps", "--target", str(site), ".")
    listed = run(folder, site, "vdx_plugin", "adapters", "list")
    assert "acme_care" in listed
    told = run(folder, site, "pytest", "-q", "-p", "no:cacheprovider")
    assert "acme_care: gold" in told
    checked = run(folder, site, "vdx_plugin", "adapters", "check", "acme_care", "--tests", "tests/test_conformance.py")
    assert "acme_care: gold" in checked


def test_the_same_package_keeps_the_contract_in_a_process_of_its_own(tmp_path: Path) -> None:
    """One line of its manifest moves it out of our process, and nothing else may change."""
    folder, site = tmp_path / "vdx-apart", tmp_path / "site"
    write_package("apart", folder)
    manifest = folder / "vdx_apart" / "vdx-adapter.toml"
    manifest.write_text(manifest.read_text().replace("api = 1", 'api = 1\nrunner = "process"'))
    run(folder, site, "pip", "install", "-q", "--no-deps", "--target", str(site), ".")
    assert "apart: gold" in run(folder, site, "pytest", "-q", "-p", "no:cacheprovider")


def test_a_new_package_overwrites_nothing(tmp_path: Path) -> None:
    """Somebody's work may lie there."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refused, match=r"adapter\.exists"):
        write_package("acme", tmp_path)


@pytest.mark.parametrize("name", ["", "A", "x", "hej-du", "../up", "æble", "1abc", "a" * 40])
def test_a_name_that_cannot_be_a_package_is_refused(tmp_path: Path, name: str) -> None:
    """It becomes a module, a folder and an entry point."""
    with pytest.raises(Refused, match=r"adapter\.bad_name"):
        write_package(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()
