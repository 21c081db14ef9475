"""The media of a test call: whoever is in it gets their own sound and picture back, over the line both ways."""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.leg import Leg
from vdx_plugin.sandbox.pexip.switch import Switch


class Mirror(Switch):
    """A switch that passes on to everybody what is theirs. Nothing is mixed, and nobody gets another's."""

    def _decide(self) -> None:
        """There is nothing to settle: what comes goes back."""

    def _wanted(self, viewer: str) -> str | None:
        return viewer

    def _viewers(self, source: Leg, kind: str, *, starts: bool) -> list[Leg]:
        goes_back = kind == "slides" or self._feeds(source.uuid, kind, source.uuid, starts=starts)
        return [source] if goes_back else []
