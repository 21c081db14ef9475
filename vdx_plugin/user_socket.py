"""HTTP for programs of the same operating-system user alone: a Unix socket, and on Windows a named pipe.

A loopback port can be reached by everybody on the machine, and by every page in a browser. A Unix socket with mode
0600 in a folder with mode 0700 cannot, and the kernel says which user is at the other end. A named pipe has no
address that a page could name; its name is random, and asyncio makes it with Windows' own access list, which lets
other users read at most, and a caller must write.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from vdx_plugin.loopback import config_for

HOST = "localhost"
"""What a caller names as its host; there is no address to name."""
FILE = "vdx.sock"
LONGEST_PATH = 100
"""Bytes of a path that fit everywhere: 108 on Linux, 104 on macOS."""
STOP_LIMIT_S = 1.0

_LOCAL_PEERCRED = (0, 1)
"""SOL_LOCAL and LOCAL_PEERCRED of macOS, which ``socket`` does not name; struct xucred begins version, uid."""


class Closable(Protocol):
    """What accepts callers until it is closed."""

    def close(self) -> None: ...


Factory = Callable[[], asyncio.Protocol]
ServePipe = Callable[[Factory, str], Awaitable[Sequence[Closable]]]


def peer_uid(line: socket.socket) -> int:
    """Return the user at the other end of a Unix socket, as the kernel tells. Raises OSError where it does not."""
    if hasattr(socket, "SO_PEERCRED"):
        _pid, uid, _gid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return int(uid)
    if sys.platform == "darwin":
        _version, uid = struct.unpack("II", line.getsockopt(*_LOCAL_PEERCRED, 76)[:8])
        return int(uid)
    raise OSError("this system does not say who is at the other end")


class UserSocket:
    """Serves ``app`` between ``start`` and ``stop``. ``address`` is then a path, or the name of a pipe."""

    def __init__(self, app: ASGIApp, *, owner: int | None = None, serve_pipe: ServePipe | None = None) -> None:
        self.address = ""
        self._config = config_for(app)
        self._state = ServerState()
        self._owner = owner
        self._serve_pipe = serve_pipe
        self._listeners: list[Closable] = []
        self._inode: tuple[int, int] | None = None
        self._own_room: Path | None = None

    async def start(self, folder: Path) -> None:
        """Listen, on a socket in ``folder`` or one of our own where its path is too long. Raises OSError."""
        if not self._config.loaded:
            self._config.load()
        if self._serve_pipe is not None or sys.platform == "win32":
            await self._start_pipe()
        else:
            await self._start_unix(folder)

    async def stop(self) -> None:
        """Stop listening; calls under way are given a moment to end."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=STOP_LIMIT_S)
        for task in self._state.tasks:
            task.cancel()
        self._remove_file()
        self.address = ""

    # --- Unix -------------------------------------------------------------------------------------------------------

    async def _start_unix(self, folder: Path) -> None:
        path = self._room(folder) / FILE
        # Bound beside its place and moved there once it is ours alone: no moment in which others may connect, and a
        # file that a crash left behind is replaced.
        new = path.with_name(f"{secrets.token_hex(3)}.new")
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.bind(str(new))
            new.chmod(0o600)
            line.setblocking(False)
            loop = asyncio.get_running_loop()
            self._listeners.append(await loop.create_unix_server(self._guarded_line, sock=line))
            new.replace(path)
        except OSError:
            line.close()
            new.unlink(missing_ok=True)
            raise
        self.address = str(path)
        self._inode = _inode(path)

    def _guarded_line(self) -> asyncio.Protocol:
        owner = os.getuid() if self._owner is None else self._owner
        return _OwnUserOnly(self._config, self._state, owner)

    def _remove_file(self) -> None:
        if self._inode is not None and _inode(Path(self.address)) == self._inode:
            Path(self.address).unlink(missing_ok=True)
        if self._own_room is not None:
            self._own_room.rmdir()
        self._inode = self._own_room = None

    def _room(self, folder: Path) -> Path:
        """Return a folder that is ours alone and whose name leaves room for a socket's."""
        if len(os.fsencode(folder)) + len(FILE) + 5 > LONGEST_PATH:
            runtime = os.environ.get("XDG_RUNTIME_DIR") or None
            self._own_room = Path(tempfile.mkdtemp(prefix="vdx-", dir=runtime))
            return self._own_room
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        return folder

    # --- Windows ----------------------------------------------------------------------------------------------------

    async def _start_pipe(self) -> None:
        name = rf"\\.\pipe\vdx-plugin-{secrets.token_hex(16)}"
        # The proactor loop alone has it, and typeshed does not know it.
        serve = self._serve_pipe or cast(ServePipe, asyncio.get_running_loop().start_serving_pipe)  # type: ignore[attr-defined]
        self._listeners.extend(await serve(lambda: H11Protocol(self._config, self._state, {}), name))
        self.address = name


class _OwnUserOnly(H11Protocol):
    """Hangs up on everybody but ``owner`` before a byte is read."""

    def __init__(self, config: object, state: ServerState, owner: int) -> None:
        super().__init__(config, state, {})  # type: ignore[arg-type]  # a Config; uvicorn.config is not imported for it
        self._owner_uid = owner

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        try:
            is_own = peer_uid(transport.get_extra_info("socket")) == self._owner_uid
        except OSError:
            is_own = False
        if not is_own:
            transport.abort()


def _inode(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISSOCK(found.st_mode):
            return found.st_dev, found.st_ino
    return None
