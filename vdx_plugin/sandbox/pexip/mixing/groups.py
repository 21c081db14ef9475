"""Who gets one and the same bitstream. Pure.

Viewers who would see the same picture in the same codec share an encoder, at the rate of the weakest, unless their
lines differ by more than 30 %: then the stronger ones get one of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vdx_plugin.sandbox.pexip.mixing.load import Size

APART = 1.3


@dataclass(frozen=True)
class Wish:
    """What one viewer is to see. ``tiles`` are uuids, or nothing where a ``card`` is shown instead."""

    viewer: str
    codec: str
    tiles: tuple[str, ...]
    bps: int
    size: Size
    card: str = ""
    view: str = ""
    names: bool = True


@dataclass(frozen=True)
class Group:
    """One picture encoded once. ``viewers`` come in order of entering; the first names the encoder."""

    viewers: tuple[str, ...]
    codec: str
    tiles: tuple[str, ...]
    bps: int
    size: Size
    card: str = ""
    view: str = ""
    names: bool = True

    @property
    def lead(self) -> str:
        return self.viewers[0]


def share_out(wishes: Iterable[Wish]) -> tuple[Group, ...]:
    """Return the groups, in order of their first viewers."""
    same: dict[Wish, list[Wish]] = {}
    for wish in wishes:
        same.setdefault(replace(wish, viewer="", bps=0), []).append(wish)
    return tuple(group for alike in same.values() for group in _by_rate(alike))


def _by_rate(alike: list[Wish]) -> list[Group]:
    left = list(alike)
    found: list[Group] = []
    while left:
        lowest = min(wish.bps for wish in left)
        near = [wish for wish in left if wish.bps <= lowest * APART]
        left = [wish for wish in left if wish.bps > lowest * APART]
        first = near[0]
        viewers = tuple(wish.viewer for wish in near)
        found.append(Group(viewers, first.codec, first.tiles, lowest, first.size, first.card, first.view, first.names))
    return found
