"""Erasing once a day, without anybody asking for it."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from vdx_plugin.errors import Unavailable
from vdx_plugin.ports import OutboxState
from vdx_plugin.store import AesSealer, Store, open_store
from vdx_plugin.store.upkeep import Upkeep

from .samples import NOW, TurnedClock, message


async def test_what_has_been_kept_long_enough_is_erased_at_the_start(tmp_path: Path) -> None:
    """Whoever starts the program each morning never keeps it running for a day."""
    clock = TurnedClock()
    store = await open_store(tmp_path / "store.db", AesSealer(bytes(32)), clock)
    await store.outbox.add([message("a")], NOW)
    await store.outbox.mark("a", OutboxState.ACKNOWLEDGED, NOW)
    clock.at = NOW + timedelta(days=8)
    upkeep = Upkeep(store, clock, timedelta(days=7), after_start_s=0.0)
    upkeep.start()
    while (row := await store.outbox.by_message("m-a")) is not None and row.draft.payload:
        pass
    await upkeep.close()
    await store.close()


class FullStore(Store):
    """A store that cannot be written."""

    def __init__(self) -> None:
        pass

    async def erase_before(self, now: object, *, keep: timedelta = timedelta()) -> int:
        raise Unavailable("store.full")


async def test_a_store_out_of_order_ends_no_upkeep(caplog: pytest.LogCaptureFixture) -> None:
    """The disk may have room again tomorrow."""
    caplog.set_level(logging.WARNING, logger="vdx_plugin")
    await Upkeep(FullStore(), TurnedClock(), timedelta(days=7)).erase()
    assert "could not be erased" in caplog.text
