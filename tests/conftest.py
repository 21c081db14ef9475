"""What tests of several folders share: the PostgreSQL server that is started once, when the first of them asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def database_server() -> Iterator[postgres.Server]:
    """A server of our own. Where it cannot be had the test fails and says what to install: it is never skipped."""
    try:
        postgres.find_programs()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    with postgres.server() as running:
        yield running
