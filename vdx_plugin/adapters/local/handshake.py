"""The file by which programs of the same user find the running program: port and secret of this session.

It lies in the user's own data folder and is readable by the user alone (mode 0600; on Windows the folder belongs to
the user's profile). Whoever can read it may act as the record system.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vdx_plugin.errors import Unavailable

FILE = "handshake.json"


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where to call, and the session's secret."""

    port: int
    secret: str

    def __repr__(self) -> str:
        return f"Handshake({self.port}, …)"


def write(path: Path, handshake: Handshake) -> None:
    """Write the file in one step, so that nobody reads half of it, and never readable by others."""
    text = json.dumps({"version": 1, "port": handshake.port, "secret": handshake.secret, "process": os.getpid()})
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def read(path: Path) -> Handshake:
    """Read the file; ``path`` may be the folder it lies in. Raises Unavailable(``ticket.no_program``)."""
    if path.is_dir():
        path = path / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Handshake(int(found["port"]), str(found["secret"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable("ticket.no_program", type(error).__name__) from error


def remove(path: Path, own: Handshake) -> None:
    """Remove the file if it is still ours: a second program may have taken its place."""
    with suppress(Unavailable):
        if read(path) == own:
            path.unlink(missing_ok=True)


def workstation() -> str:
    """Return this machine's name and the operating system's user, to which tickets are bound."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "?"
    return f"{user}@{socket.gethostname()}"
