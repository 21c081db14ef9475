"""macOS: a small app in the user's own Applications folder, which LaunchServices knows by its ``Info.plist``."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from vdx_plugin.errors import Unavailable
from vdx_plugin.url_scheme import descriptions
from vdx_plugin.url_scheme.descriptions import BUNDLE
from vdx_plugin.url_scheme.registration import Status

LSREGISTER = "/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/Support/lsregister"
LIMIT_S = 60.0
Run = Callable[[Sequence[str]], None]


def run(command: Sequence[str]) -> None:
    """Run one of the system's tools. Raises OSError, SubprocessError."""
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)


class MacDesktop:
    """``Registration`` for the user whose home it is. ``status`` knows our own app and no other program's."""

    def __init__(self, command: Sequence[str], home: Path | None = None, run_tool: Run = run) -> None:
        self._command = command
        self._app = (home or Path.home()) / "Applications" / BUNDLE
        self._source = self._app.with_suffix(".applescript")
        self._run = run_tool

    def install(self) -> None:
        try:
            self._app.parent.mkdir(parents=True, exist_ok=True)
            self._source.write_text(descriptions.applet(self._command), encoding="utf-8")
            self._run(["osacompile", "-o", str(self._app), str(self._source)])
            facts = self._app / "Contents" / "Info.plist"
            said = plistlib.loads(facts.read_bytes()) | descriptions.bundle_facts()
            facts.write_bytes(plistlib.dumps(said))
            self._run(["codesign", "--force", "--sign", "-", str(self._app)])
            self._run([LSREGISTER, "-f", str(self._app)])
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error

    def remove(self) -> None:
        try:
            if self._app.exists():
                self._run([LSREGISTER, "-u", str(self._app)])
                shutil.rmtree(self._app)
            self._source.unlink(missing_ok=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error

    def status(self) -> Status:
        try:
            text = self._source.read_text(encoding="utf-8")
        except OSError:
            return Status.NOBODY
        is_ours = self._app.exists() and text == descriptions.applet(self._command)
        return Status.OURS if is_ours else Status.OTHER
