"""Where Chromium is, and how it is started for tests and pictures: alone, quiet, with made-up camera and microphone."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MADE_UP_DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
LOOPBACK_CALLS = ("--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns")
ARGUMENTS = [*QUIET, *MADE_UP_DEVICES, *LOOPBACK_CALLS]


def find_chromium() -> str:
    """Return the program; ``VDX_CHROMIUM`` names it where it is not on the path. Raises FileNotFoundError."""
    named = os.environ.get("VDX_CHROMIUM")
    found = named or next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        raise FileNotFoundError("no Chromium; install it or name it in VDX_CHROMIUM")
    return found
