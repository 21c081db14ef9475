"""Nothing is lost and nothing comes twice, wherever the program is killed; ``kill_table`` says how it is found out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.kill_child import FOLDER, HUB, MAIL, SUPPLIER, TEXT
from tests.e2e.kill_table import HEAD, ROWS, KillTable, Outcome, Row, killing, table

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kills(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KillTable]:
    folder: Path = tmp_path_factory.mktemp("kills")
    async with killing(folder) as running:
        yield running


@pytest.mark.parametrize(("road", "message"), ROWS, ids=[f"{road}, {message}" for road, message in ROWS])
async def test_a_kill_at_any_step_loses_and_doubles_nothing(kills: KillTable, road: str, message: str) -> None:
    """By MessageHeader.id exactly one has come; of mail and text messages one at most, and a doubt is told."""
    row = await kills.row(road, message)
    assert not row.faults, "\n".join(row.faults)
    assert row.kills >= len(row.outcomes) - 2
    steps = {outcome.point for outcome in row.outcomes}
    outside = {HUB: ["http POST", "http DELETE"], SUPPLIER: ["http POST", "http DELETE"], MAIL: ["smtp DATA"]}
    outside |= {FOLDER: ["folder write", "folder put away"], TEXT: ["http POST"]}
    for step in ("OutboxTable.claim#1", "OutboxTable.settle#1", *outside[road]):
        assert {"before", "after"} <= {point.rpartition(" ")[2] for point in steps if step in point}


async def test_the_table_counts_what_went_wrong() -> None:
    """A table that is always clean would prove nothing."""
    lost = Outcome("http POST#1 after", killed=True, came=0, distinct=0, state="sent", faults=("nothing came",))
    fine = Outcome("http POST#1 before", killed=True, came=2, distinct=1, state="acknowledged")
    row = Row(HUB, "invitation", [lost, fine])
    assert row.cells() == [HUB, "invitation", "1", "2", "1", "1", "0", "1"]
    assert table([row]).count("\n") == 2
    assert len(HEAD) == len(row.cells())
    assert row.faults == [f"{HUB}, invitation, http POST#1 after: nothing came"]
