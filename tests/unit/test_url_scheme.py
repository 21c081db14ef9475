"""``vdx://`` made known to three operating systems: what they are told, and Linux really asked."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from vdx_plugin.errors import Unavailable
from vdx_plugin.url_scheme import command_of_this_program, descriptions
from vdx_plugin.url_scheme.descriptions import RegistryValue
from vdx_plugin.url_scheme.linux import LinuxDesktop
from vdx_plugin.url_scheme.macos import MacDesktop
from vdx_plugin.url_scheme.registration import Status
from vdx_plugin.url_scheme.windows import COMMAND_KEY, WindowsRegistry

COMMAND = ("/opt/vdx/python", "-m", "vdx_plugin", "start", "--")
TICKET = "abcdefghijklmnopqrstuvwx"


# --- what is said -------------------------------------------------------------------------------------------------


def test_the_address_stands_alone_behind_the_end_of_options_on_every_system() -> None:
    """A page writes the address; no part of it may become an option, another argument or a command."""
    assert "Exec=/opt/vdx/python -m vdx_plugin start -- %u\n" in descriptions.desktop_entry(COMMAND)
    assert descriptions.windows_command(COMMAND) == '/opt/vdx/python -m vdx_plugin start -- "%1"'
    script = descriptions.applet(COMMAND)
    assert '{"-m", "vdx_plugin", "start", "--", theAddress}' in script
    assert "do shell script" not in script
    assert command_of_this_program()[-2:] == ("start", "--")


@pytest.mark.parametrize(
    ("program", "exec_line"),
    [
        ("/opt/a b/python", 'Exec="/opt/a b/python" %u'),
        ("/opt/100%/python", "Exec=/opt/100%%/python %u"),
        ("/opt/a$b/python", r'Exec="/opt/a\\$b/python" %u'),
        ('/opt/a"b/python', r'Exec="/opt/a\\"b/python" %u'),
    ],
)
def test_a_program_in_an_odd_place_is_quoted_as_the_desktop_entry_specification_says(
    program: str, exec_line: str
) -> None:
    """The Exec key, version 1.5: quoted, escaped inside the quotes, and once more as a string of the file."""
    assert exec_line in descriptions.desktop_entry([program])


def test_a_windows_program_below_program_files_is_quoted() -> None:
    """Else Windows would look for C:\\Program.exe first."""
    command = descriptions.windows_command([r"C:\Program Files\VDX\pythonw.exe", "-m", "vdx_plugin", "start", "--"])
    assert command == r'"C:\Program Files\VDX\pythonw.exe" -m vdx_plugin start -- "%1"'


def test_windows_is_told_below_the_users_own_key_that_it_is_a_protocol() -> None:
    """Without the empty ``URL Protocol`` it is no scheme; below the user's key it needs no administrator."""
    values = descriptions.registry_values(COMMAND)
    assert all(value.key.startswith(r"Software\Classes\vdx") for value in values)
    assert RegistryValue(r"Software\Classes\vdx", "URL Protocol", "") in values


def test_what_others_have_in_the_list_of_defaults_stays() -> None:
    """Removing ours must not change what opens the user's PDFs, or another program's vdx."""
    listed = (
        "[Default Applications]\napplication/pdf=x.desktop\nx-scheme-handler/vdx=vdx-plugin-link.desktop;o.desktop\n"
    )
    assert descriptions.without_default(listed) == (
        "[Default Applications]\napplication/pdf=x.desktop\nx-scheme-handler/vdx=o.desktop;\n"
    )
    assert "vdx" not in descriptions.without_default("x-scheme-handler/vdx=vdx-plugin-link.desktop\n")


# --- Linux, for real ----------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An empty home with the tools of a desktop, and a screen by name only."""
    if shutil.which("xdg-mime") is None:
        pytest.skip("xdg-utils is not installed")
    import os

    place = tmp_path / "home"
    (place / ".config").mkdir(parents=True)
    return {"HOME": str(place), "PATH": os.environ["PATH"], "DISPLAY": ":99", "LANG": "C.UTF-8"}


def catcher(folder: Path) -> tuple[str, ...]:
    """A program that writes down its arguments, one a line."""
    program = folder / "catch"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {folder}/caught\n", encoding="utf-8")
    program.chmod(0o755)
    return (str(program), "start", "--")


def test_linux_registers_says_so_and_takes_it_away(home: dict[str, str]) -> None:
    """As ``xdg-mime`` itself sees it."""
    desktop = LinuxDesktop(COMMAND, home)
    assert desktop.status() is Status.NOBODY
    desktop.install()
    desktop.install()
    assert desktop.status() is Status.OURS
    assert LinuxDesktop(("/elsewhere", "start", "--"), home).status() is Status.OTHER
    desktop.remove()
    assert desktop.status() is Status.NOBODY


def test_linux_leaves_another_programs_registration_alone(home: dict[str, str]) -> None:
    """A scheme is nobody's by right: the status must say who has it."""
    folder = Path(home["HOME"]) / ".local/share/applications"
    folder.mkdir(parents=True)
    (folder / "other.desktop").write_text("[Desktop Entry]\nType=Application\nName=O\nExec=/bin/true %u\n")
    subprocess.run(["xdg-mime", "default", "other.desktop", "x-scheme-handler/vdx"], env=home, check=True)
    desktop = LinuxDesktop(COMMAND, home)
    assert desktop.status() is Status.OTHER
    desktop.remove()
    assert desktop.status() is Status.OTHER


@pytest.mark.parametrize(
    "address",
    [f"vdx://start/v1?ticket={TICKET}", 'vdx://start/v1?ticket=a;rm%20-rf $(touch x) `y` "q" --data /z'],
)
def test_xdg_open_hands_over_the_whole_address_as_one_argument(
    home: dict[str, str], tmp_path: Path, address: str
) -> None:
    """No shell reads it, and nothing in it becomes an option."""
    LinuxDesktop(catcher(tmp_path), home).install()
    subprocess.run(["xdg-open", address], env=home, check=True, timeout=30)
    assert (tmp_path / "caught").read_text().splitlines() == ["start", "--", address]


def test_a_machine_without_the_tools_gives_one_sentence(home: dict[str, str], tmp_path: Path) -> None:
    """A server without a desktop."""
    with pytest.raises(Unavailable, match=r"scheme\.failed"):
        LinuxDesktop(COMMAND, {**home, "PATH": str(tmp_path)}).install()


# --- Windows and macOS, with their tools played by hand -----------------------------------------------------------


class RegistryInMemory:
    """Keys and values, and Windows' rule that a key with keys in it cannot be deleted."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, str]] = {}

    def write(self, value: RegistryValue) -> None:
        self.keys.setdefault(value.key, {})[value.name] = value.text

    def read(self, key: str) -> str | None:
        return self.keys.get(key, {}).get("")

    def delete(self, key: str) -> None:
        if any(other.startswith(f"{key}\\") for other in self.keys):
            raise PermissionError
        self.keys.pop(key, None)


def test_windows_registers_and_takes_away_only_what_is_ours() -> None:
    """The registry is played by hand; it was not run on Windows."""
    registry = RegistryInMemory()
    ours, other = WindowsRegistry(COMMAND, registry), WindowsRegistry(("x.exe",), registry)
    assert ours.status() is Status.NOBODY
    ours.install()
    assert (ours.status(), other.status()) == (Status.OURS, Status.OTHER)
    assert registry.read(COMMAND_KEY) == descriptions.windows_command(COMMAND)
    other.remove()
    assert ours.status() is Status.OURS
    ours.remove()
    assert registry.keys == {}


class MacTools:
    """``osacompile`` makes an app with a plist of its own; the others are only written down."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(self, command: Sequence[str]) -> None:
        name, *arguments = command
        self.ran.append(Path(name).name)
        if name == "osacompile":
            contents = Path(arguments[1]) / "Contents"
            contents.mkdir(parents=True)
            (contents / "Info.plist").write_bytes(plistlib.dumps({"CFBundleExecutable": "applet"}))


def test_macos_gets_an_app_that_names_the_scheme_and_keeps_what_the_compiler_wrote(tmp_path: Path) -> None:
    """The tools are played by hand; it was not run on macOS."""
    tools = MacTools()
    desktop = MacDesktop(COMMAND, tmp_path, tools)
    assert desktop.status() is Status.NOBODY
    desktop.install()
    facts = plistlib.loads((tmp_path / "Applications" / descriptions.BUNDLE / "Contents/Info.plist").read_bytes())
    assert facts["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["vdx"]
    assert facts["CFBundleExecutable"] == "applet"
    assert tools.ran == ["osacompile", "codesign", "lsregister"]
    assert desktop.status() is Status.OURS
    assert MacDesktop(("/elsewhere",), tmp_path, tools).status() is Status.OTHER
    desktop.remove()
    assert desktop.status() is Status.NOBODY
