"""The whole of GNUmed: installed from Debian, its database made, its client running with somebody logged in."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.gnumed import client, database

PACKAGES = ("gnumed-client", "gnumed-server", "xdotool", "xvfb")
ASKED_FOR = "VDX_GNUMED"
"""Set by the nightly command only: where GNUmed is there, its database still takes minutes."""


def install() -> None:
    """Install GNUmed with its server, and what shows and operates a window where there is no screen."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES]
    subprocess.run(command, env=quiet, check=True, stdin=subprocess.DEVNULL)


def installed() -> bool:
    """Tell whether the nightly command runs and all that is needed is there."""
    return (
        ASKED_FOR in os.environ
        and database.installed()
        and all(shutil.which(name) for name in ("gnumed", "xdotool", "Xvfb"))
    )


@contextmanager
def running() -> Iterator[client.Remote]:
    """Run GNUmed in a folder of its own and give its remote control; nothing is left of it afterwards."""
    # Not pytest's folder, which the other user cannot see; and short, for the path of the database's socket.
    place = Path(tempfile.mkdtemp(prefix="vdx-gm-"))
    own = {name: place / name for name in ("database", "client")}
    try:
        for folder in own.values():
            folder.mkdir()
            if (user := database.user()) is not None:
                shutil.chown(folder, user)
        place.chmod(0o755)
        with database.running(own["database"]) as port, client.running(own["client"], port) as remote:
            yield remote
    finally:
        shutil.rmtree(place, ignore_errors=True)
