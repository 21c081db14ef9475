"""The file by which programs of the same user find the running program: port, socket and secret of this session.

It lies in the user's own data folder and is readable by the user alone (mode 0600; on Windows the folder belongs to
the user's profile). Whoever can read it may act as the record system; a file that belongs to somebody else is not
believed, for it would send our tickets there.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vdx_plugin.api.v1 import Unavailable

FILE = "handshake.json"


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where to call, and the session's secret. ``socket`` is a path or the name of a pipe, empty for none."""

    port: int
    secret: str
    socket: str = ""

    def __repr__(self) -> str:
        return f"Handshake({self.port}, …)"


def write(path: Path, handshake: Handshake) -> None:
    """Write the file in one step, so that nobody reads half of it, and never readable by others."""
    text = json.dumps(
        {
            "version": 1,
            "port": handshake.port,
            "socket": handshake.socket,
            "secret": handshake.secret,
            "process": os.getpid(),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def read(path: Path) -> Handshake:
    """Read the file; ``path`` may be the folder it lies in.

    Raises Unavailable(``ticket.no_program``), also for a file that is somebody else's.
    """
    if path.is_dir():
        path = path / FILE
    try:
        with path.open(encoding="utf-8") as file:
            _refuse_others(os.fstat(file.fileno()))
            found = json.load(file)
        return Handshake(int(found["port"]), str(found["secret"]), str(found.get("socket", "")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable("ticket.no_program", type(error).__name__) from error


def _refuse_others(found: os.stat_result) -> None:
    # Windows says who may read by access lists, and the folder lies in the user's profile.
    if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        raise PermissionError("not a file of this user alone")


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
