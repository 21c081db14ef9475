"""Making ``vdx://`` known to the operating system, for the user who asks and nobody else.

``descriptions`` says, for each system, what is to be registered, as pure values. ``linux``, ``windows`` and ``macos``
carry it out. On all three the system hands over the whole address as one argument, no shell is between, and ``--``
stands before it, so that nothing in it can be taken for an option. What the address may hold is decided where it is
redeemed: a ticket and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from vdx_plugin.errors import Unsupported
from vdx_plugin.url_scheme.linux import LinuxDesktop
from vdx_plugin.url_scheme.macos import MacDesktop
from vdx_plugin.url_scheme.registration import Registration, Status
from vdx_plugin.url_scheme.windows import WindowsRegistry

__all__ = ["Registration", "Status", "command_of_this_program", "here"]


def command_of_this_program() -> tuple[str, ...]:
    """Return what starts this program's ``start`` command, without a console window on Windows."""
    python = Path(sys.executable)
    if sys.platform == "win32":
        windowless = python.with_name("pythonw.exe")
        python = windowless if windowless.exists() else python
    return (str(python), "-m", "vdx_plugin", "start", "--")


def here(command: Sequence[str]) -> Registration:
    """Return the registration of this operating system. Raises Unsupported(``scheme.unsupported``)."""
    if sys.platform == "win32":
        return WindowsRegistry(command)
    if sys.platform == "darwin":
        return MacDesktop(command)
    if sys.platform.startswith("linux"):
        return LinuxDesktop(command)
    raise Unsupported("scheme.unsupported", sys.platform)
