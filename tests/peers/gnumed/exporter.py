"""Fetch GNUmed from Debian into a folder of its own, and let it export."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.peers import prepare

PACKAGES = ("gnumed-client", "gnumed-common")
ENCODINGS = ("cp850", "iso-8859-15")
_SCRIPT = Path(__file__).with_name("export.py")


def installed() -> Path | None:
    """Return where GNUmed lies, None when it has not been fetched."""
    found = prepare.PLACE / "gnumed" / "root" / "usr" / "share" / "gnumed"
    return found if found.exists() else None


def fetch() -> Path:
    """Fetch GNUmed by apt, unpacked and not installed, and what its business layer imports from PyPI. Debian only."""
    place = prepare.folder("gnumed")
    found = installed()
    if found is None:
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=place, check=True)
        for package in sorted(place.glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(package), str(place / "root")], check=True)
            package.unlink()
        found = installed()
    assert found is not None, "the package has another layout now"
    return found


def export(target: Path, encoding: str) -> None:
    """Let GNUmed write the file of an invented person; see ``export``."""
    gnumed = installed()
    assert gnumed is not None
    python = prepare.python(prepare.PLACE / "gnumed")
    # GNUmed makes folders in the home directory as soon as it is imported.
    home = {**os.environ, "HOME": str(prepare.PLACE / "gnumed")}
    command = [str(python), str(_SCRIPT), str(gnumed), str(target), encoding]
    subprocess.run(command, check=True, env=home, stdout=subprocess.DEVNULL, timeout=60)
