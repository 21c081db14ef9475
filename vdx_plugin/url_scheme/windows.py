"""Windows: a few values below HKEY_CURRENT_USER, which need no administrator and hold for one user."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Protocol

from vdx_plugin.errors import Unavailable
from vdx_plugin.url_scheme import descriptions
from vdx_plugin.url_scheme.descriptions import WINDOWS_KEY, RegistryValue
from vdx_plugin.url_scheme.registration import Status

COMMAND_KEY = rf"{WINDOWS_KEY}\shell\open\command"
_OUR_KEYS = (COMMAND_KEY, rf"{WINDOWS_KEY}\shell\open", rf"{WINDOWS_KEY}\shell", WINDOWS_KEY)
"""Innermost first, as a key with keys in it cannot be deleted."""


class Registry(Protocol):
    """The part of the user's registry that is needed. Each raises OSError."""

    def write(self, value: RegistryValue) -> None: ...

    def read(self, key: str) -> str | None:
        """Return a key's own text, None where it is not there."""
        ...

    def delete(self, key: str) -> None:
        """Delete a key without keys in it; one that is not there is no error."""
        ...


class WindowsRegistry:
    """``Registration`` for the user who is signed in."""

    def __init__(self, command: Sequence[str], registry: Registry | None = None) -> None:
        self._command = command
        self._registry = UserRegistry() if registry is None else registry

    def install(self) -> None:
        try:
            for value in descriptions.registry_values(self._command):
                self._registry.write(value)
        except OSError as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error

    def remove(self) -> None:
        if self.status() is not Status.OURS:
            return
        try:
            for key in _OUR_KEYS:
                self._registry.delete(key)
        except OSError as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error

    def status(self) -> Status:
        try:
            command = self._registry.read(COMMAND_KEY)
        except OSError as error:
            raise Unavailable("scheme.failed", type(error).__name__) from error
        if command is None:
            return Status.NOBODY
        return Status.OURS if command == descriptions.windows_command(self._command) else Status.OTHER


class UserRegistry:
    """``Registry`` by ``winreg``."""

    def write(self, value: RegistryValue) -> None:
        if sys.platform == "win32":
            import winreg

            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, value.key) as key:
                winreg.SetValueEx(key, value.name, 0, winreg.REG_SZ, value.text)

    def read(self, key: str) -> str | None:
        if sys.platform == "win32":
            import winreg

            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as found:
                    return str(winreg.QueryValueEx(found, "")[0])
            except FileNotFoundError:
                return None
        return None

    def delete(self, key: str) -> None:
        if sys.platform == "win32":
            import contextlib
            import winreg

            with contextlib.suppress(FileNotFoundError):
                winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
