"""Measures of use (``ports.MeasureStore``). Column names are the fields' names, with ``line_`` before the line's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from vdx_plugin.domain.measures import LineFigures, PartyMeasure, Replaces, StartPath, UseMeasure
from vdx_plugin.domain.parties import Channel, PartyRole
from vdx_plugin.errors import Unreadable
from vdx_plugin.store.engine import upsert
from vdx_plugin.store.schema import party_measure, use_measure
from vdx_plugin.store.thread import StoreThread

LINE = "line_"


class Measures:
    """Fills ``ports.MeasureStore``."""

    def __init__(self, thread: StoreThread) -> None:
        self._thread = thread

    async def record(self, use: UseMeasure, parties: Sequence[PartyMeasure]) -> None:
        def work(connection: Connection) -> None:
            upsert(connection, use_measure, use_row(use))
            connection.execute(delete(party_measure).where(party_measure.c.visit == use.visit))
            if parties:
                rows = [party_row(party) | {"position": position} for position, party in enumerate(parties)]
                connection.execute(insert(party_measure), rows)

        await self._thread.write(work)

    async def between(self, start: datetime, end: datetime) -> tuple[list[UseMeasure], list[PartyMeasure]]:
        """Return the visits begun from ``start`` up to, not including, ``end``, in their order, and their parties.

        Raises Unreadable(``store.unreadable``) for a row that is no measure.
        """
        within = (use_measure.c.created_at >= start, use_measure.c.created_at < end)
        order = (use_measure.c.created_at, use_measure.c.visit)
        uses = select(use_measure).where(*within).order_by(*order)
        parties = select(party_measure).join(use_measure).where(*within).order_by(*order, party_measure.c.position)

        def work(connection: Connection) -> tuple[list[UseMeasure], list[PartyMeasure]]:
            return (
                [_read_use(row) for row in connection.execute(uses).mappings()],
                [_read_party(row) for row in connection.execute(parties).mappings()],
            )

        return await self._thread.read(work)


def use_row(use: UseMeasure) -> dict[str, Any]:
    """Return the columns of one visit."""
    row = {field.name: getattr(use, field.name) for field in fields(use) if field.name != "line"}
    row |= {LINE + field.name: getattr(use.line, field.name) for field in fields(use.line)}
    return row | {"start_path": use.start_path.value, "replaces": use.replaces.value}


def party_row(party: PartyMeasure) -> dict[str, Any]:
    """Return the columns of one party, without its position."""
    row = {field.name: getattr(party, field.name) for field in fields(party)}
    return row | {"role": party.role.value, "channel": party.channel.value}


def _read_use(row: Mapping[Any, Any]) -> UseMeasure:
    values = {field.name: row[field.name] for field in fields(UseMeasure) if field.name != "line"}
    values["line"] = LineFigures(**{field.name: row[LINE + field.name] for field in fields(LineFigures)})
    with _readable("use_measure"):
        values["start_path"] = StartPath(values["start_path"])
        values["replaces"] = Replaces(values["replaces"])
        return UseMeasure(**values)


def _read_party(row: Mapping[Any, Any]) -> PartyMeasure:
    values = {field.name: row[field.name] for field in fields(PartyMeasure)}
    with _readable("party_measure"):
        values["role"] = PartyRole(values["role"])
        values["channel"] = Channel(values["channel"])
        return PartyMeasure(**values)


@contextmanager
def _readable(place: str) -> Iterator[None]:
    """A measure refuses texts that could say who the patient is, also where they come from the database."""
    try:
        yield
    except ValueError:
        raise Unreadable("store.unreadable", "not a measure", place=place) from None
