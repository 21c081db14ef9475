"""``python -m tests.peers.gnumed`` fetches GNUmed and runs the tests against its exporter; nightly, not each push."""

from __future__ import annotations

import sys

import pytest

from tests.peers.gnumed import exporter

exporter.fetch()
sys.exit(pytest.main(["-q", "tests/interop/test_gnumed.py"]))
