"""Linux desktops: a desktop file of the user, and ``xdg-mime``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from vdx_plugin.errors import Unavailable
from vdx_plugin.url_scheme import descriptions
from vdx_plugin.url_scheme.descriptions import DESKTOP_FILE, MIME
from vdx_plugin.url_scheme.registration import Status

LIMIT_S = 20.0


class LinuxDesktop:
    """``Registration`` for the user whose environment this is."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._environment = dict(os.environ if environment is None else environment)
        home = Path(self._environment.get("HOME") or Path.home())
        data = Path(self._environment.get("XDG_DATA_HOME") or home / ".local" / "share")
        config = Path(self._environment.get("XDG_CONFIG_HOME") or home / ".config")
        self._file = data / "applications" / DESKTOP_FILE
        self._lists = (config / "mimeapps.list", data / "applications" / "mimeapps.list")

    def install(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lists[0].parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(descriptions.desktop_entry(self._command), encoding="utf-8")
        except OSError as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error
        self._mime("default", DESKTOP_FILE, MIME)

    def remove(self) -> None:
        try:
            for path in self._lists:
                if path.exists():
                    path.write_text(descriptions.without_default(path.read_text("utf-8")), encoding="utf-8")
            self._file.unlink(missing_ok=True)
        except (OSError, UnicodeError) as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error

    def status(self) -> Status:
        answering = self._mime("query", "default", MIME)
        if not answering:
            return Status.NOBODY
        try:
            text = self._file.read_text(encoding="utf-8")
        except OSError:
            text = ""
        is_ours = answering == DESKTOP_FILE and text == descriptions.desktop_entry(self._command)
        return Status.OURS if is_ours else Status.OTHER

    def _mime(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["xdg-mime", *arguments],
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error
        return done.stdout.strip()
