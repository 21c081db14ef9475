"""The profile checker as the rest of the program uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from vdx_plugin.invitations import codes
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message
from vdx_plugin.invitations.profiles.definitions import Definitions

if TYPE_CHECKING:
    from vdx_plugin.invitations.profiles.walker import Tools

PROFILE_OF = {codes.CARE_EVENT: codes.CARE_COMMUNICATION, codes.ACK_EVENT: codes.ACKNOWLEDGEMENT}
"""What a message of each event must keep, whatever profile it claims."""


class ProfileChecker:
    """Checks messages against definitions, which ``load`` returns when the first message comes.

    Blocking, some hundredths of a second for a message and half a second for the first: call it in a thread. Safe to
    call from several at once; they take turns, as the FHIRPath library keeps a clock of its own between calls.
    """

    def __init__(self, load: Callable[[], Definitions]) -> None:
        self._load = load
        self._tools: Tools | None = None
        self._turn = threading.Lock()

    def check(self, message: Message) -> list[Finding]:
        """Return what breaks the profiles: errors, and warnings that break nothing. Raises Unavailable."""
        # The FHIRPath library takes its time to import, and most workplaces never need it.
        from vdx_plugin.invitations.profiles import walker

        with self._turn:
            self._tools = self._tools or walker.Tools(self._load())
            profile = PROFILE_OF.get(message.event)
            return walker.Walker(message, self._tools).check([profile] if profile else [])
