"""A PostgreSQL server of the tests' own: started in a folder of its own on a local socket, thrown away at the end.

The server refuses to run as root, so under root it runs as another user. Its programs are found on the path, where
Debian keeps them, or in the folder that ``VDX_POSTGRES`` names.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine

from vdx_plugin.store import migrating
from vdx_plugin.store.engine import make_engine

MISSING = (
    "The tests need the programs of a PostgreSQL server (initdb, pg_ctl), and none were found. "
    "Install them (Debian: apt-get install postgresql) or set VDX_POSTGRES to the folder they are in."
)
TEMPLATE = "vdx_template"


def find_programs() -> Path:
    """Return the folder with ``initdb`` and ``pg_ctl``. Raises FileNotFoundError that says what to do."""
    on_path = shutil.which("initdb")
    places = [
        *([Path(told)] if (told := os.environ.get("VDX_POSTGRES")) else []),
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -int(place.parent.name)),
    ]
    for place in places:
        if (place / "initdb").is_file() and (place / "pg_ctl").is_file():
            return place
    raise FileNotFoundError(MISSING)


@dataclass
class Server:
    """A running server; ``new_database`` gives addresses of empty, migrated databases."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Make a database with every table in it, and return its address."""
        name = f"vdx_{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def tell(self, statement: str) -> None:
        """Run one statement as the server's master."""
        engine = create_engine(self.url("postgres").replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """Run a server; ``durable`` writes to the disk before it says so, as in earnest, which tests need not wait for.

    Raises FileNotFoundError where there are no programs.
    """
    programs = find_programs()
    # Short, since the path of a socket may have 107 characters; and not pytest's folder, which another user cannot see.
    folder = Path(tempfile.mkdtemp(prefix="vdx-pg-"))
    user = _other_user(folder)
    try:
        _run(user, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        quick = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        options = f"-k {folder} -c listen_addresses='' -c max_connections=60 {quick}"
        _run(user, programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield _with_template(Server(folder))
        finally:
            _run(user, programs / "pg_ctl", "-D", folder / "data", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_template(server: Server) -> Server:
    server.tell(f"CREATE DATABASE {TEMPLATE}")
    engine = make_engine(server.url(TEMPLATE))
    migrating.bring_up(engine)
    engine.dispose()
    return server


def _other_user(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in names)
    shutil.chown(folder, user)
    return user


def _run(user: str | None, program: Path, *arguments: object) -> None:
    command = [str(program), *map(str, arguments)]
    # The server inherits its starter's outputs, so a pipe would never end.
    with tempfile.TemporaryFile() as words:
        status = subprocess.run(command, user=user, cwd="/", stdout=words, stderr=words, check=False).returncode
        words.seek(0)
        if status:
            raise RuntimeError(f"{program.name} failed: {words.read().decode(errors='replace')[-800:]}")
