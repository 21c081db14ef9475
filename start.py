"""The one command: ``python3 start.py demo`` shows the product, ``python3 start.py test`` checks it.

Standard library only, because it runs before anything is installed. It makes the virtual environment ``.venv``,
installs the package with the pinned versions of ``constraints.txt`` when they or ``pyproject.toml`` have changed, says
which system libraries are missing and how to get them, and hands over. ``pictures`` takes those of the README anew.
Any other word is a command of ``vdx-plugin``: ``python3 start.py sandbox --port 8765``.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
OLDEST = (3, 11)
WINDOWS = sys.platform == "win32"

# library as the linker names it: (Debian and Ubuntu, Fedora)
LIBRARIES = {
    "EGL": ("libegl1", "libglvnd-egl"),
    "GL": ("libgl1", "libglvnd-glx"),
    "xkbcommon": ("libxkbcommon0", "libxkbcommon"),
    "dbus-1": ("libdbus-1-3", "dbus-libs"),
    "fontconfig": ("libfontconfig1", "fontconfig"),
    "glib-2.0": ("libglib2.0-0", "glib2"),
    "pulse": ("libpulse0", "pulseaudio-libs"),
    "portaudio": ("libportaudio2", "portaudio"),
}
# Needed to open a window under X11, and not for the offscreen tests.
SCREEN_LIBRARIES = {
    "xcb-cursor": ("libxcb-cursor0", "xcb-util-cursor"),
    "xcb-icccm": ("libxcb-icccm4", "xcb-util-wm"),
    "xcb-image": ("libxcb-image0", "xcb-util-image"),
    "xcb-keysyms": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "xcb-render-util": ("libxcb-render-util0", "xcb-util-renderutil"),
    "xkbcommon-x11": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "%ProgramFiles%\\Google\\Chrome\\Application\\chrome.exe",
    "%ProgramFiles(x86)%\\Google\\Chrome\\Application\\chrome.exe",
    "%LocalAppData%\\Google\\Chrome\\Application\\chrome.exe",
)
CHECKS = (
    ("style", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("layers", ["importlinter"]),
    ("peers", ["tests.peers"]),
    ("tests", ["pytest"]),
)


class Stop(Exception):
    """Something the user must do first; the text says what."""


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    try:
        check_python(sys.version_info[:2])
        if not arguments or arguments[0] in ("-h", "--help"):
            print(__doc__)
            return 0
        check_libraries()
        if arguments[0] == "test":
            return run_checks(arguments[1:])
        if arguments[0] == "pictures":
            return take_pictures(arguments[1:])
        prepare(dev=False)
        return run("vdx_plugin", *arguments)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def check_python(version: tuple[int, ...]) -> None:
    """Raise Stop for a Python that is too old, with the line that would work if a newer one is on the path."""
    if version >= OLDEST:
        return
    newer = next((name for minor in range(20, 10, -1) if (name := shutil.which(f"python3.{minor}"))), None)
    command = " ".join(sys.argv)
    hint = f"Use the newer one on this machine:\n    {newer} {command}" if newer else "Install it and try again."
    needed, found = ".".join(map(str, OLDEST)), ".".join(map(str, version))
    raise Stop(f"vdx-plugin needs Python {needed} or newer, and this is {found}. {hint}")


def check_libraries() -> None:
    """Raise Stop with one line to copy when Qt or the sound library would not find what it needs."""
    if not sys.platform.startswith("linux"):
        return  # the wheels for Windows and macOS bring everything
    with_screen = bool(os.environ.get("DISPLAY"))
    needed = {**LIBRARIES, **(SCREEN_LIBRARIES if with_screen else {})}
    missing = [packages for name, packages in needed.items() if not ctypes.util.find_library(name)]
    if missing:
        raise Stop(
            f"Qt and the sound card need libraries that are missing here. Install them:\n    {packages_line(missing)}"
        )


def packages_line(missing: list[tuple[str, str]]) -> str:
    """Return the command of this system's package manager for packages named (Debian, Fedora)."""
    root = "" if WINDOWS or os.geteuid() == 0 else "sudo "
    if shutil.which("dnf"):
        return f"{root}dnf install -y {' '.join(fedora for _, fedora in missing)}"
    return f"{root}apt-get install -y {' '.join(debian for debian, _ in missing)}"


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome: ``VDX_CHROMIUM``, else the first one found. Raises Stop."""
    told = os.environ.get("VDX_CHROMIUM")
    if told:
        if Path(told).is_file():
            return told
        raise Stop(f"VDX_CHROMIUM names {told}, and there is no such file.")
    found = [path for name in CHROMIUM_NAMES if (path := shutil.which(name))]
    found += [path for place in CHROMIUM_PLACES if Path(path := os.path.expandvars(place)).is_file()]
    if found:
        return found[0]
    if sys.platform.startswith("linux"):
        how = f"Install it:\n    {packages_line([('chromium', 'chromium')])}\nor"
    else:
        how = "Install Chrome or Chromium, or"
    raise Stop(f"The tests need Chromium or Chrome, and none was found. {how} set VDX_CHROMIUM to its path.")


def check_postgres() -> None:
    """Raise Stop where the tests would not find the programs of a PostgreSQL server, which they run by themselves."""
    told = os.environ.get("VDX_POSTGRES", "")
    places = [Path(told), *Path("/usr/lib/postgresql").glob("*/bin")]
    if shutil.which("initdb") or any((place / "initdb").is_file() for place in places):
        return
    packages = packages_line([("postgresql", "postgresql-server")])
    how = f"Install them:\n    {packages}\nor" if sys.platform.startswith("linux") else "Install PostgreSQL, or"
    raise Stop(
        f"The tests run a PostgreSQL server, and its programs were not found. {how} set VDX_POSTGRES to their folder."
    )


def prepare(*, dev: bool) -> None:
    """Make ``.venv`` hold the package and what it needs; do nothing when it does already. Raises Stop."""
    stamp = ENVIRONMENT / "vdx-plugin.stamp"
    mark = fingerprint()
    kept = stamp.read_text(encoding="utf-8").split() if stamp.is_file() and python_works() else []
    if kept[:1] == [mark] and (not dev or "dev" in kept):
        return
    if not python_works():
        create_environment()
    dev = dev or "dev" in kept
    print("Installing vdx-plugin into .venv (a few minutes the first time) ...", flush=True)
    what = f"{ROOT}[dev]" if dev else str(ROOT)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    if subprocess.call([str(python()), *pip, "--editable", what], cwd=ROOT):
        raise Stop("pip could not install vdx-plugin; its words are above. The first time needs the network.")
    stamp.write_text(f"{mark} dev" if dev else mark, encoding="utf-8")


def fingerprint() -> str:
    """Return what an installation depends on as one word: the two files, the place, the Python."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def python() -> Path:
    """Return the interpreter of the environment."""
    return ENVIRONMENT / ("Scripts/python.exe" if WINDOWS else "bin/python")


def python_works() -> bool:
    """True when the environment is there and of this Python; one left by a removed Python is not."""
    if not python().is_file():
        return False
    wanted = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    return subprocess.call([str(python()), "-c", wanted], stderr=subprocess.DEVNULL) == 0


def create_environment() -> None:
    """Make the environment anew. Raises Stop where the system's Python came without venv."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise Stop(f"This Python came without venv. Install it:\n    {packages_line([(package, 'python3')])}")
    print("Making the virtual environment .venv ...", flush=True)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]):
        raise Stop("The virtual environment .venv could not be made; the reason is above.")


def run_checks(pytest_arguments: list[str]) -> int:
    """Run every check, in order, and return the status of the first that fails, else 0."""
    chromium = find_chromium()
    check_postgres()
    prepare(dev=True)
    os.environ["VDX_CHROMIUM"] = chromium
    # Tests draw, but nobody looks; with a screen their windows would take the focus.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name, command in CHECKS:
        print(f"\n== {name}: {' '.join(command)}", flush=True)
        more = pytest_arguments if command == ["pytest"] else []
        status = lint_imports() if command == ["importlinter"] else run(*command, *more, folder=ROOT)
        if status:
            print(
                f"\nFAILED at {name}. What came before it is in order; what comes after it was not run.",
                file=sys.stderr,
            )
            return status
    print("\nAll checks passed.")
    return 0


def take_pictures(arguments: list[str]) -> int:
    """Take the pictures of the README from the running program and return the exit status."""
    os.environ["VDX_CHROMIUM"] = find_chromium()
    prepare(dev=True)
    return run("tests.pictures", *arguments, folder=ROOT)


def lint_imports() -> int:
    """Run import-linter, which has a script but cannot be run as a module."""
    script = python().with_name("lint-imports.exe" if WINDOWS else "lint-imports")
    return subprocess.call([str(script)], cwd=ROOT)


def run(module: str, *arguments: str, folder: Path | None = None) -> int:
    """Run a module in the environment, in ``folder`` or where the user stands, and return its exit status."""
    child = subprocess.Popen([str(python()), "-m", module, *arguments], cwd=folder)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # it went to the child too, which is closing down: wait for it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
