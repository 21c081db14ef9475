"""The user's own socket: who gets in, what a crash leaves behind, and the pipe that Windows has instead."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vdx_plugin.user_socket import LONGEST_PATH, Closable, Factory, UserSocket

NOBODY = 65534


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", _hello)])


async def ask(address: str) -> str:
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=address)) as client:
        return (await client.get("http://localhost/")).text


async def test_a_program_of_the_same_user_is_answered(tmp_path: Path) -> None:
    """The same calls as on the port, over a socket that nobody else can open."""
    door = UserSocket(APP)
    await door.start(tmp_path / "own")
    assert await ask(door.address) == "hello"
    assert stat.S_IMODE((tmp_path / "own" / "vdx.sock").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    await door.stop()
    assert list((tmp_path / "own").iterdir()) == []


async def test_another_user_is_hung_up_on_by_what_the_kernel_says(tmp_path: Path) -> None:
    """Where somebody has opened the file's mode, the user at the other end still counts."""
    door = UserSocket(APP, owner=os.getuid() + 1)
    await door.start(tmp_path)
    with pytest.raises(httpx.TransportError):
        await ask(door.address)
    await door.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process of another user")
async def test_a_process_of_another_user_cannot_even_connect(tmp_path: Path) -> None:
    """The file's mode, asked of the kernel by a real second user."""
    door = UserSocket(APP)
    await door.start(tmp_path)
    code = f"import socket; socket.socket(socket.AF_UNIX).connect({door.address!r})"
    tried = await asyncio.create_subprocess_exec(
        "/usr/bin/env", "python3", "-c", code, user=NOBODY, stderr=subprocess.PIPE, cwd="/"
    )
    _out, err = await tried.communicate()
    assert b"PermissionError" in err
    await door.stop()


async def test_a_file_that_a_crash_left_is_replaced(tmp_path: Path) -> None:
    """A program that was killed must not keep the next one from starting."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "vdx.sock"))
    left.close()
    door = UserSocket(APP)
    await door.start(tmp_path)
    assert await ask(door.address) == "hello"
    await door.stop()


async def test_the_end_of_a_first_program_leaves_the_second_its_socket(tmp_path: Path) -> None:
    """Two programs of one user for a moment, as at an update."""
    first, second = UserSocket(APP), UserSocket(APP)
    await first.start(tmp_path)
    await second.start(tmp_path)
    await first.stop()
    assert await ask(second.address) == "hello"
    await second.stop()


async def test_a_home_with_a_long_name_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    """A socket's path has room for about a hundred bytes."""
    door = UserSocket(APP)
    await door.start(tmp_path / ("a" * LONGEST_PATH))
    room = Path(door.address).parent
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    assert await ask(door.address) == "hello"
    await door.stop()
    assert not room.exists()


class LineForAPipe:
    """Stands in for the proactor loop's pipes: what it hands over has no socket and no address, as theirs have none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []

    async def __call__(self, factory: Factory, name: str) -> Sequence[Closable]:
        self.names.append(name)
        return [await asyncio.get_running_loop().create_unix_server(factory, str(self.path))]


async def test_a_pipe_carries_the_same_calls_under_a_name_nobody_can_guess(tmp_path: Path) -> None:
    """The Windows road, with the loop's own call for pipes played by hand: it was not run on Windows."""
    pipes = LineForAPipe(tmp_path / "line")
    doors = [UserSocket(APP, serve_pipe=pipes), UserSocket(APP, serve_pipe=LineForAPipe(tmp_path / "other"))]
    for door in doors:
        await door.start(tmp_path)
    assert pipes.names == [doors[0].address]
    assert doors[0].address.startswith("\\\\.\\pipe\\vdx-plugin-")
    assert doors[0].address != doors[1].address
    assert await ask(str(pipes.path)) == "hello"
    for door in doors:
        await door.stop()
    with pytest.raises(httpx.ConnectError):
        await ask(str(pipes.path))


@pytest.mark.skipif(sys.platform != "win32", reason="named pipes are Windows'")
async def test_a_real_pipe_answers(tmp_path: Path) -> None:
    """What only a Windows machine can show."""
    door = UserSocket(APP)
    await door.start(tmp_path)
    with open(door.address, "r+b", buffering=0) as line:  # noqa: ASYNC230 - a pipe of our own loop
        await asyncio.to_thread(line.write, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"hello" in await asyncio.to_thread(line.read, 4096)
    await door.stop()
