"""Who is in the room, rebuilt from events. Pure.

Each connection of the event stream begins with the whole roster in a bracket. Until the bracket closes the old
roster stands, so that a reconnect announces nobody's leaving and coming. Source: client REST API v2, events.
"""

from __future__ import annotations

from vdx_plugin.media.pexip.events import NodeEvent, Row, RowGone, RowSet, SpeakersChanged, SyncBegun, SyncEnded
from vdx_plugin.ports import RoomParticipant

MAX_ROWS = 500


class Roster:
    """Feed it events; ``apply`` tells whether the roster is different now."""

    def __init__(self, own_id: str) -> None:
        self._own_id = own_id
        self._rows: dict[str, Row] = {}
        self._incoming: dict[str, Row] | None = None
        self._speaking: frozenset[str] = frozenset()
        self.is_synced = False

    def apply(self, event: NodeEvent) -> bool:
        """Take in one event and return True when ``participants`` has changed (or is known for the first time)."""
        if isinstance(event, SyncBegun):
            self._incoming = {}
            return False
        if isinstance(event, SyncEnded):
            return self._close_bracket()
        if isinstance(event, SpeakersChanged):
            return self._hear(event.speaking)
        rows = self._rows if self._incoming is None else self._incoming
        if isinstance(event, RowSet):
            changed = rows.get(event.row.id) != event.row and (event.row.id in rows or len(rows) < MAX_ROWS)
            if changed:
                rows[event.row.id] = event.row
            return changed and self._incoming is None
        if isinstance(event, RowGone):
            return rows.pop(event.id, None) is not None and self._incoming is None
        return False

    def _hear(self, speaking: frozenset[str]) -> bool:
        now = speaking & self._rows.keys()
        changed, self._speaking = now != self._speaking, now
        return changed

    def _close_bracket(self) -> bool:
        if self._incoming is None:
            return False
        changed = self._incoming != self._rows or not self.is_synced
        self._rows, self._incoming, self.is_synced = self._incoming, None, True
        return changed

    def participants(self) -> tuple[RoomParticipant, ...]:
        """Return the roster in the order of coming."""
        return tuple(
            RoomParticipant(
                id=row.id,
                display_name=row.display_name,
                is_host=row.is_host,
                is_waiting=row.is_waiting,
                is_self=row.id == self._own_id,
                has_media=row.has_media,
                call_tag=row.call_tag,
                is_muted=row.is_muted,
                is_spotlit=row.is_spotlit,
                is_presenting=row.is_presenting,
                is_called_up=row.is_called_up,
                is_speaking=row.id in self._speaking,
            )
            for row in self._rows.values()
        )

    @property
    def own_row(self) -> Row | None:
        """Our own row, None while the node does not list us."""
        return self._rows.get(self._own_id)

    @property
    def hears_others(self) -> bool:
        """Whether somebody else inside has media, so that picture and sound are to be expected."""
        return any(row.has_media and not row.is_waiting and row.id != self._own_id for row in self._rows.values())

    def name_of(self, participant_id: str) -> str:
        """Return a participant's name, empty if unknown."""
        row = self._rows.get(participant_id)
        return row.display_name if row else ""
