"""Tables: that questions use their indexes, and that no field is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, Select, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from vdx_plugin import texts
from vdx_plugin.ports import OutboxState
from vdx_plugin.store import AesSealer, faults, migrating
from vdx_plugin.store.consultations import UNFINISHED
from vdx_plugin.store.engine import make_engine
from vdx_plugin.store.measures import party_row, use_row
from vdx_plugin.store.outbox import DUE
from vdx_plugin.store.schema import consultation, outbox, party_measure, use_measure

from .samples import NOW, PARTY, USE


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(tmp_path / "store.db")
    migrating.bring_up(engine)
    yield engine
    engine.dispose()


def steps_of(connection: Connection, question: Select[tuple[int]] | Select[tuple[object, ...]]) -> str:
    """What SQLite means to do, with the values it would have."""
    compiled = question.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    return " | ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))


def test_claiming_from_a_hundred_thousand_messages_reads_an_index_and_sorts_nothing(engine: Engine) -> None:
    """Most of them over, some waiting for later: as after years."""
    rows = [
        {
            "key": f"k{number}",
            "consultation_id": UUID(int=number),
            "party_key": "p",
            "kind": "invitation",
            "channel": "medcom",
            "message_id": f"m{number}",
            "thread_id": f"t{number}",
            "mime": "x",
            "state": (OutboxState.QUEUED if number % 1000 == 0 else OutboxState.ACKNOWLEDGED).value,
            "attempts": 1,
            "created_at": NOW,
            "due_at": NOW + timedelta(seconds=number - 50_000) if number % 1000 == 0 else None,
            "problem": "",
            "receipt": "",
        }
        for number in range(100_000)
    ]
    with engine.begin() as connection:
        connection.execute(insert(outbox), rows)
        connection.exec_driver_sql("ANALYZE")
        steps = steps_of(connection, DUE.params(now=NOW, limit=10))
        assert "ix_outbox_due" in steps
        assert "TEMP B-TREE" not in steps
        assert list(connection.execute(DUE, {"now": NOW, "limit": 10}).scalars()) == [
            number * 1000 + 1 for number in range(10)
        ]


def test_unfinished_among_ten_thousand_are_found_by_index(engine: Engine) -> None:
    """It is asked at every start."""
    sealed = AesSealer(bytes(32)).seal(b"x", "x")
    rows = [
        {
            "id": uuid4(),
            "meeting_id": uuid4(),
            "stage": "closed" if number % 5000 else "ended",
            "is_open": number % 5000 == 0,
            "created_at": NOW - timedelta(seconds=number),
            "sealed_content": sealed,
        }
        for number in range(10_000)
    ]
    with engine.begin() as connection:
        connection.execute(insert(consultation), rows)
        connection.exec_driver_sql("ANALYZE")
        steps = steps_of(connection, UNFINISHED)
        assert "ix_consultation_open" in steps
        assert "TEMP B-TREE" not in steps
        assert len(connection.execute(UNFINISHED).all()) == 2


def test_every_field_of_a_measure_has_its_column() -> None:
    """A new field without a column would be lost without a word."""
    assert set(use_row(USE)) == {column.name for column in use_measure.columns}
    assert {*party_row(PARTY), "position"} == {column.name for column in party_measure.columns}


def test_every_fault_has_a_sentence() -> None:
    """A code without a sentence would show as a code."""
    assert {*faults.BY_NUMBER.values(), "store.failed"} - texts.known_problems() <= {"store.failed"}
    assert "store.failed" not in texts.problem("store.failed")


def test_an_error_of_a_driver_shows_no_values() -> None:
    """SQLAlchemy puts the statement's values into its text; ours must not take it over."""
    from vdx_plugin.errors import Unavailable

    with pytest.raises(Unavailable) as caught, faults.translated():
        raise DBAPIError("INSERT", {"key": "6101700007"}, Exception("x"))
    assert "6101700007" not in str(caught.value)
    assert caught.value.code == "store.failed"
