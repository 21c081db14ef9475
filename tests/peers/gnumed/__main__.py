"""``python -m tests.peers.gnumed`` installs GNUmed and runs the tests against it; nightly, not each push.

First its exporter alone, then the whole of it: its database, its client on a screen, a person logged in. It is to run
as root on Debian, where it installs packages; GNUmed itself then runs as another user.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.peers.gnumed import exporter, program

TESTS = ("tests/interop/test_gnumed.py", "tests/interop/test_gnumed_program.py")
LIMIT_S = 7200
"""Making the database takes longer than a test may otherwise."""

exporter.fetch()
program.install()
# In a process of its own: pytest wants to be first to import what it tests.
asked = {**os.environ, program.ASKED_FOR: "yes"}
sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-q", "-rA", f"--timeout={LIMIT_S}", *TESTS], env=asked))
