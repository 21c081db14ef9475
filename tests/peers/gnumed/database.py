"""GNUmed's own database, made by its own bootstrapper in a PostgreSQL server that is thrown away at the end.

The bootstrapper wants a master of the server called ``postgres``, and the client refuses a server that does not write
to the disk, log who comes and goes, and keep the time of each commit.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import find_programs

NAME = "gnumed_v22"
_PROGRAMS = Path("/var/lib/gnumed/server")
_WANTED = ("fsync", "log_connections", "log_disconnections", "track_commit_timestamp")
_LIMIT_S = 3600
"""At night it is done in minutes; on a machine that does much else it has taken far longer."""


def installed() -> bool:
    """Tell whether Debian's gnumed-server is there."""
    return (_PROGRAMS / "bootstrap" / "bootstrap_gm_db_system.py").exists()


def user() -> str | None:
    """Return who GNUmed and its database run as: neither runs as root."""
    return "postgres" if os.geteuid() == 0 else None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(place: Path) -> Iterator[int]:
    """Start a server in ``place``, make GNUmed's database in it, which takes minutes, and give the server's port."""
    port, tool = free_port(), str(find_programs() / "pg_ctl")
    options = " ".join(f"-c {name}=on" for name in _WANTED)
    listen = f"-k {place} -p {port} -c listen_addresses=127.0.0.1"
    _run(place, str(find_programs() / "initdb"), "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    _run(place, tool, "-D", "data", "-w", "-l", "log", "-o", f"{listen} {options}", "start")
    try:
        _bootstrap(place, port)
        yield port
    finally:
        _run(place, tool, "-D", "data", "-w", "-m", "immediate", "stop")


def _bootstrap(place: Path, port: int) -> None:
    for name in ("server", "Gnumed"):
        (place / name).symlink_to(_PROGRAMS)
    beside = place / "server" / "bootstrap"
    _run(
        beside,
        *("/usr/bin/python3", str(beside / "bootstrap_gm_db_system.py"), f"--log-file={place / 'bootstrap.log'}"),
        *("--conf-file=bootstrap-latest.conf", "--quiet"),
        **{"HOME": str(place), "PGHOST": str(place), "PGPORT": str(port), "GM_DB_PORT": str(port)},
        # What is lost in a crash here is made anew; the client wants it the other way, and is served so.
        PGOPTIONS="-c synchronous_commit=off",
    )


def _run(place: Path, *command: str, **more: str) -> None:
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **more}
    with (place / "output").open("wb") as words:
        subprocess.run(
            command, cwd=place, env=clean, user=user(), stdout=words, stderr=words, check=True, timeout=_LIMIT_S
        )
