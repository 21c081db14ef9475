"""Everything in which one database engine differs from another: opening, locking, ignoring repeats, error numbers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    literal_column,
    make_url,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from vdx_plugin.errors import Misconfigured

BUSY_TIMEOUT_MS = 5_000
"""How long a write waits for another process before it is told ``store.locked``."""

WRITES = "vdx_writes"
"""Execution option of a connection whose transaction will write."""


def make_engine(place: Path | str) -> Engine:
    """Return the engine for a file (SQLite) or a PostgreSQL address. Raises OSError where a file cannot be made, and
    Misconfigured(``store.no_driver``) where the program was installed without what PostgreSQL needs."""
    if isinstance(place, Path):
        _make_private_file(place)
        engine = create_engine(URL.create("sqlite", database=str(place)), hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(make_url(place).set(drivername="postgresql+psycopg"), hide_parameters=True)
    except ModuleNotFoundError as error:
        raise Misconfigured("store.no_driver", "psycopg is not installed") from error


def _make_private_file(path: Path) -> None:
    """Make the file readable by its owner alone; SQLite gives its side files the same rights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if os.name == "posix":
        path.chmod(0o600)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late to read and then write in one transaction, so _begin_sqlite sends it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        # FULL: what was decided about a message must not be forgotten by a power cut. NORMAL could lose it.
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another process wrote in between, however
    # long the busy time limit. IMMEDIATE takes the lock first, and waits for it.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def insert_or_ignore(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert ``rows`` and pass over those whose key is there already; return how many went in."""
    new = _ignoring(connection.dialect.name, table)
    # The row count of such an insert is not told alike by the drivers; the keys that come back are.
    return sum(len(connection.execute(new, row).all()) for row in rows)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert ``row``, or replace the one with the same primary key."""
    connection.execute(_replacing(connection.dialect.name, table, tuple(row)), row)


# The next two are built once for each table: building a statement takes longer than running it.


@cache
def _ignoring(dialect: str, table: Table) -> Executable:
    new: Executable = _insert(dialect, table).on_conflict_do_nothing().returning(*table.primary_key)
    return new


@cache
def _replacing(dialect: str, table: Table, names: Sequence[str]) -> Executable:
    keys = [column.name for column in table.primary_key]
    new = _insert(dialect, table)
    rest = {name: new.excluded[name] for name in names if name not in keys}
    replacing: Executable = new.on_conflict_do_update(index_elements=keys, set_=rest)
    return replacing


def _insert(dialect: str, table: Table) -> Any:
    """Return an insert that knows ON CONFLICT, which each dialect spells in a class of its own."""
    if dialect == "postgresql":
        # Here and not above, because it would cost every start on SQLite 30 ms.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def database_time(connection: Connection) -> ColumnElement[int]:
    """Return the database's own time in microseconds, as an expression: the one clock that all hosts share."""
    if connection.dialect.name == "postgresql":
        return literal_column("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)", BigInteger)
    return literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)", BigInteger)


def error_number(error: DBAPIError) -> str:
    """Return what names the cause: ``sqlite:<primary result code>`` or ``postgresql:<SQLSTATE>``; empty if unknown."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # Extended codes carry the primary one in their low byte.
        code = getattr(cause, "sqlite_errorcode", None)
        return f"sqlite:{code & 0xFF}" if code is not None else ""
    state = getattr(cause, "sqlstate", None)
    return f"postgresql:{state}" if state else ""
