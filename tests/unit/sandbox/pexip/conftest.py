"""A room server for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from roomhouse import House, running


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with running() as house:
        yield house
