"""Opening the store, and the store itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from vdx_plugin.ports import Clock, ConsultationStore, LetterBook, MeasureStore, Outbox
from vdx_plugin.store import migrating
from vdx_plugin.store.audit import Audit
from vdx_plugin.store.checks import Checks
from vdx_plugin.store.consultations import Consultations
from vdx_plugin.store.engine import make_engine
from vdx_plugin.store.letters import Letters
from vdx_plugin.store.measures import Measures
from vdx_plugin.store.outbox import LEASE, OutboxTable
from vdx_plugin.store.sealing import Sealer
from vdx_plugin.store.thread import StoreThread
from vdx_plugin.store.usual_teams import UsualTeams

KEEP_PAYLOADS = timedelta(days=30)
"""How long letters and answers are kept after a message is over, for questions from the other side."""

KEEP_USUAL_TEAMS = timedelta(days=730)
"""How long it is remembered which team a patient had, from the last time it was chosen."""


KEEP_CHECKS = timedelta(days=90)
"""How long checks of the workplace are kept: a quarter shows whether a line grows worse."""

FILE_HOST = "file"
"""Name of the one host that uses a database file."""


class Store:
    """One open database. Its parts may be used until ``close``."""

    def __init__(
        self, thread: StoreThread, sealer: Sealer, clock: Clock, *, host: str = "", lease: timedelta = LEASE
    ) -> None:
        self._thread = thread
        self._consultations = Consultations(thread, sealer, clock)
        self._outbox = OutboxTable(thread, sealer, host=host, lease=lease)
        self._letters = Letters(thread, sealer)
        self._measures = Measures(thread)
        self._audit = Audit(thread)
        self.usual_teams = UsualTeams(thread, sealer, clock)
        self.checks = Checks(thread, host)

    @property
    def consultations(self) -> ConsultationStore:
        return self._consultations

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def letters(self) -> LetterBook:
        return self._letters

    @property
    def measures(self) -> MeasureStore:
        return self._measures

    @property
    def audit(self) -> Audit:
        """The audit log; ``ports.AuditLog``, and ``between`` to read it."""
        return self._audit

    async def erase_before(self, now: datetime, *, keep: timedelta = KEEP_PAYLOADS) -> int:
        """Empty what is over and older than ``keep`` before ``now``; return how many.

        That is messages with their receivers, answers, and letters of partners. Safe to repeat; meant for once a day
        and at the start.
        """
        await self.usual_teams.forget(now - KEEP_USUAL_TEAMS)
        await self.checks.erase(now - KEEP_CHECKS)
        before = now - keep
        erased = await self._outbox.erase_payloads(before) + await self._consultations.erase_answers(before)
        return erased + await self._letters.erase(before)

    async def close(self) -> None:
        """Finish what is under way and close the database and its thread."""
        await self._thread.close()


async def open_store(
    place: Path | str, sealer: Sealer, clock: Clock, *, host: str = "", lease: timedelta = LEASE
) -> Store:
    """Open the database at ``place`` (a path: SQLite; a text: a database address), made or migrated as needed.

    ``host`` names this host among those that share the database and is the same after a restart; a file has one host
    only. ``lease`` is how long it is believed to live without a word. Raises Unavailable(``store.*``) and
    Misconfigured(``store.newer``).
    """
    thread = StoreThread()
    await thread.open(lambda: _ready_engine(place))
    if isinstance(place, Path):
        host = host or FILE_HOST
    return Store(thread, sealer, clock, host=host, lease=lease)


def _ready_engine(place: Path | str) -> Engine:
    engine = make_engine(place)
    try:
        migrating.bring_up(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
