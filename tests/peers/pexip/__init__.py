"""The room vendor's own client, packed for a browser."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.peers.prepare import folder, node

HERE = Path(__file__).parent


def packed() -> Path:
    """Return a folder with a page around the client, ready to be served."""
    place = folder("pexip")
    out = place / "page"
    out.mkdir(exist_ok=True)
    (out / "index.html").write_bytes((HERE / "index.html").read_bytes())
    # The program itself, since the package's own command is put in place by a script that is not run.
    esbuild = [node(), str(place / "node_modules" / "esbuild" / "bin" / "esbuild")]
    wishes = ["--bundle", "--format=esm", "--log-level=error", f"--outfile={out / 'bundle.js'}"]
    search = {**os.environ, "NODE_PATH": str(place / "node_modules")}
    subprocess.run([*esbuild, str(HERE / "page.mjs"), *wishes], check=True, env=search, stdin=subprocess.DEVNULL)
    return out
