"""``start.py`` runs before anything is installed, so what it says must be enough to go on with."""

from __future__ import annotations

import ctypes.util
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "start.py"


@pytest.fixture
def start(tmp_path: Path) -> ModuleType:
    """The script as a module of its own, with a project in a folder of its own."""
    spec = importlib.util.spec_from_file_location("start_under_test", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("first", encoding="utf-8")
    module.ROOT, module.ENVIRONMENT = tmp_path, tmp_path / ".venv"
    return module


class Calls:
    """Stands in for subprocess.call: notes what was asked for, and answers with a status."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.pip: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], **_: object) -> int:
        if "pip" in command:
            self.pip.append(command)
            return self.status
        return 0


@pytest.fixture
def calls(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(subprocess, "call", calls)
    start.python().parent.mkdir(parents=True)
    start.python().touch()
    return calls


def test_an_older_python_is_told_so(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A syntax error deep in the package would not tell anybody what to do."""
    monkeypatch.setattr(start.shutil, "which", lambda name: "/opt/python3.12" if name == "python3.12" else None)
    with pytest.raises(start.Stop, match=r"3\.11 or newer, and this is 3\.9(.|\n)*/opt/python3\.12 "):
        start.check_python((3, 9))
    start.check_python((3, 11))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wheels elsewhere bring their libraries")
def test_missing_libraries_come_as_one_line_to_copy(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt's own message names a plug-in, and no package that anybody could install."""
    found = set(start.LIBRARIES) | set(start.SCREEN_LIBRARIES)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: name if name in found else None)
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    monkeypatch.setattr(start.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("DISPLAY", ":0")
    start.check_libraries()
    found -= {"EGL", "xcb-cursor"}
    with pytest.raises(start.Stop, match=r"\n    sudo apt-get install -y libegl1 libxcb-cursor0$"):
        start.check_libraries()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(start.Stop, match=r"\n    sudo dnf install -y libglvnd-egl$"):
        start.check_libraries()


def test_it_installs_again_only_when_the_declarations_changed(start: ModuleType, calls: Calls) -> None:
    """Nobody starts a demo twice if the second time is as slow as the first."""
    start.prepare(dev=False)
    start.prepare(dev=False)
    assert len(calls.pip) == 1
    assert str(start.ROOT / "constraints.txt") in calls.pip[0]
    (start.ROOT / "constraints.txt").write_text("second", encoding="utf-8")
    start.prepare(dev=False)
    assert len(calls.pip) == 2


def test_the_tests_need_more_than_the_demo_and_the_demo_no_less_than_the_tests(start: ModuleType, calls: Calls) -> None:
    """A demo between two test runs must not take the tools away again."""
    start.prepare(dev=False)
    start.prepare(dev=True)
    start.prepare(dev=False)
    start.prepare(dev=True)
    assert [command[-1].endswith("[dev]") for command in calls.pip] == [False, True]


def test_an_installation_that_failed_is_tried_again(start: ModuleType, calls: Calls) -> None:
    """The network may be back."""
    calls.status = 1
    with pytest.raises(start.Stop, match="pip could not install"):
        start.prepare(dev=False)
    calls.status = 0
    start.prepare(dev=False)
    assert len(calls.pip) == 2


def test_a_python_without_venv_names_the_package(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian leaves ensurepip out, and its own message speaks of a failed command."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    version = "{}.{}".format(*sys.version_info)
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    with pytest.raises(start.Stop, match=rf"apt-get install -y python{version}-venv"):
        start.create_environment()


def test_chromium_is_the_one_named_or_the_first_found(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong name in the variable must not silently fall back to another browser."""
    own = tmp_path / "chromium"
    own.touch()
    monkeypatch.setenv("VDX_CHROMIUM", str(own))
    assert start.find_chromium() == str(own)
    monkeypatch.setenv("VDX_CHROMIUM", str(tmp_path / "gone"))
    with pytest.raises(start.Stop, match="no such file"):
        start.find_chromium()
    monkeypatch.delenv("VDX_CHROMIUM")
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/bin/{name}" if name == "google-chrome" else None)
    assert start.find_chromium() == "/bin/google-chrome"
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    monkeypatch.setattr(start, "CHROMIUM_PLACES", ())
    with pytest.raises(start.Stop, match="set VDX_CHROMIUM"):
        start.find_chromium()


def test_tests_without_a_database_server_are_not_begun(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Half an hour into the tests would be too late to say what to install."""
    (tmp_path / "initdb").touch()
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    monkeypatch.setenv("VDX_POSTGRES", str(tmp_path))
    start.check_postgres()
    monkeypatch.setenv("VDX_POSTGRES", str(tmp_path / "gone"))
    monkeypatch.setattr(start.Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(start.Stop, match="set VDX_POSTGRES"):
        start.check_postgres()


def test_the_first_check_that_fails_ends_the_run(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What came first is the cause more often than what came last, and the status must not be lost."""
    ran: list[str] = []

    def run(module: str, *arguments: str, folder: Path | None = None) -> int:
        ran.append(" ".join([module, *arguments]))
        return 3 if module == "mypy" else 0

    monkeypatch.setattr(start, "find_chromium", lambda: "/bin/chromium")
    monkeypatch.setattr(start, "check_postgres", lambda: None)
    monkeypatch.setattr(start, "prepare", lambda *, dev: None)
    monkeypatch.setattr(start, "run", run)
    monkeypatch.setenv("VDX_CHROMIUM", "")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert start.run_checks(["-k", "export"]) == 3
    assert ran == ["ruff check .", "ruff format --check .", "mypy"]
    assert "FAILED at types" in capsys.readouterr().err


def test_the_constraints_name_no_place(start: ModuleType) -> None:
    """A pin to an address or a folder works on one machine only."""
    lines = (SOURCE.parent / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in pins)
    assert not any(line.lower().startswith("vdx") for line in pins)
