"""What holds in the room, from the node's events: lock, rules, slides, holding. Pure: events in, changes out."""

from __future__ import annotations

from dataclasses import replace

from vdx_plugin.media.pexip.events import (
    ConferenceChanged,
    HoldChanged,
    LayoutChanged,
    NodeEvent,
    SlidesBegan,
    SlidesEnded,
    SlidesRevoked,
    SplashShown,
)
from vdx_plugin.ports import CallEvent, Held, LockChanged, RoomRules, RulesChanged, Slides, SlidesChanged

# The theme's names for what two ends show each other in place of a picture; others are decoration.
_SPLASHES = (("waiting_for_host", "call.awaits_host"), ("escalate", "call.moving"))


class RoomState:
    """Feed it events; each is answered by what changed, in the port's words."""

    def __init__(self, own_id: str, *, is_host: bool, is_direct: bool) -> None:
        self._own_id = own_id
        self._locked: bool | None = None
        self._slides = SlidesChanged(Slides.NONE)
        self._held = ""
        self.rules = RoomRules(is_host=is_host, is_direct=is_direct)

    @property
    def slides(self) -> Slides:
        """Who shows something now."""
        return self._slides.slides

    def apply(self, event: NodeEvent) -> list[CallEvent]:
        """Take in one event of the node."""
        match event:
            case ConferenceChanged():
                return self._conference(event)
            case LayoutChanged(view):
                return self._rule(replace(self.rules, layout=view))
            case SlidesBegan(presenter_id, name):
                is_own = presenter_id == self._own_id
                return self._show(SlidesChanged(Slides.OURS) if is_own else SlidesChanged(Slides.THEIRS, name))
            case SlidesEnded() if self.slides is Slides.OURS:
                return []
            case SlidesEnded() | SlidesRevoked():
                return self._show(SlidesChanged(Slides.NONE))
            case HoldChanged(on_hold):
                return self._hold("call.on_hold" if on_hold else "")
            case SplashShown(key):
                return self._hold(next((code for part, code in _SPLASHES if part in key), ""))
            case _:
                return []

    def set_host(self, *, is_host: bool) -> list[CallEvent]:
        """We were made host, or guest."""
        return self._rule(replace(self.rules, is_host=is_host))

    def _conference(self, event: ConferenceChanged) -> list[CallEvent]:
        told: list[CallEvent] = []
        if event.locked is not None and event.locked is not self._locked:
            self._locked = event.locked
            told.append(LockChanged(event.locked))
        if event.guests_muted is not None:
            told += self._rule(replace(self.rules, guests_muted=event.guests_muted))
        return told

    def _rule(self, rules: RoomRules) -> list[CallEvent]:
        if rules == self.rules:
            return []
        self.rules = rules
        return [RulesChanged(rules)]

    def _show(self, slides: SlidesChanged) -> list[CallEvent]:
        if slides == self._slides:
            return []
        self._slides = slides
        return [slides]

    def _hold(self, code: str) -> list[CallEvent]:
        if code == self._held:
            return []
        self._held = code
        return [Held(code)]
