"""What a call leaves in memory."""

from __future__ import annotations

import gc
import weakref

from vdx_plugin.media.memory import give_back
from vdx_plugin.media.session import load_media


class Cycle:
    """Holds itself, as a connection and its tracks hold each other."""

    def __init__(self) -> None:
        self.itself = self


def test_what_only_holds_itself_is_freed_after_a_call() -> None:
    """Its pictures would stay until Python happens to look, which is rarely with so few objects."""
    gc.disable()
    try:
        left = weakref.ref(Cycle())
        assert left() is not None
        give_back()
        assert left() is None
    finally:
        gc.enable()


async def test_the_collector_passes_over_what_was_there_before_a_call() -> None:
    """While it looks through the whole program, no sound comes out of the card: 0.1 s and more, once in ten."""
    try:
        await load_media()
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        give_back()
    assert gc.get_freeze_count() == 0
