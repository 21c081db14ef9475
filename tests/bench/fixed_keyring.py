"""A keyring for the bench that always knows the same things, named to the program by PYTHON_KEYRING_BACKEND.

The system's own would keep what the bench writes, and a machine for tests often has none.
"""

from __future__ import annotations

import base64
from typing import ClassVar

from keyring.backend import KeyringBackend


class FixedKeyring(KeyringBackend):
    """Answers without a disk or a desktop session; a real one adds its own time."""

    priority: ClassVar[float] = 0.1

    def get_password(self, service: str, username: str) -> str | None:
        return base64.b64encode(bytes(32)).decode() if username == "store" else "bench"

    # The bench must write nothing into a keyring: whoever tries is told.
    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError
