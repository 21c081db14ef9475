"""What can go wrong, named by what must happen next.

Every error of ours carries a ``code``: a stable name such as ``vdx.unreachable`` under which ``texts.problem``
holds the sentence for the doctor, and ``facts`` that fill the sentence. Neither code, facts nor detail ever
hold a name, an identifier, a PIN, a token or a full address, so an error may be logged as it is.
"""

from __future__ import annotations


class VdxError(Exception):
    """Base of all that the plug-in reports itself; ``detail`` is for the log and support."""

    def __init__(self, code: str, detail: str = "", **facts: str | int) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.facts = facts


class Unavailable(VdxError):
    """The other side cannot be reached or is out of order: try later."""


class OutcomeUnknown(Unavailable):
    """The request was sent and no answer came: ask what happened before doing it again."""


class SignInNeeded(VdxError):
    """A person must sign in or renew a right."""


class Refused(VdxError):
    """They understood and said no. ``field`` names the form field at fault, where there is one."""

    def __init__(self, code: str, detail: str = "", *, field: str | None = None, **facts: str | int) -> None:
        super().__init__(code, detail, **facts)
        self.field = field


class NotFound(Refused):
    """What was asked for does not exist (any longer)."""


class Conflict(Refused):
    """Somebody else changed it first, or it is already taken."""


class Unreadable(VdxError):
    """What came in breaks its standard. ``place`` says where, never what stood there."""

    def __init__(self, code: str, detail: str = "", *, place: str = "", **facts: str | int) -> None:
        super().__init__(code, f"{detail} at {place}" if place else detail, **facts)
        self.place = place


class Unsupported(VdxError):
    """The other side cannot do this at all: choose another way."""


class Misconfigured(VdxError):
    """A setting is missing or wrong: whoever runs the clinic's machines must act."""
