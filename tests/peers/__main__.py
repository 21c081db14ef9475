"""``python -m tests.peers [NAME ...]`` installs the named peers, all of them without a name."""

from __future__ import annotations

import sys

from tests.peers.gnuhealth import server
from tests.peers.prepare import NAMES, folder

for name in sys.argv[1:] or NAMES:
    print(f"{name}: {folder(name).name}", flush=True)
    if name == "gnuhealth":
        server.prepared()
