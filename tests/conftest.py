"""What tests of several folders share: the PostgreSQL server that is started once, when the first of them asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

# How long an example takes is up to the machine and what else it does.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def database_server() -> Iterator[postgres.Server]:
    """A server of our own. Where it cannot be had the test fails and says what to install: it is never skipped."""
    try:
        postgres.find_programs()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    with postgres.server() as running:
        yield running
