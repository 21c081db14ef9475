"""``python -m tests.peers.smart``: the record's page, for trying the adapter by hand until Ctrl+C."""

from __future__ import annotations

import sys

from tests.peers.smart.server import running

LAUNCH = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:53682/launch"

with running() as server:
    server.begin()
    server.control("set", launchUrl=LAUNCH)
    print(f"adapters.smart.servers = {server.fhir}\nadapters.smart.client_id = vdx-plugin\nrecord: {server.url}/record")
    try:
        server.process.wait()
    except KeyboardInterrupt:
        print("stopped")
