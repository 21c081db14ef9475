"""What a check found wrong with a message: which rule, where, and why, never what stood there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` is MedCom's key of the invariant where there is one; ``text`` is ours, in Danish, for support."""

    rule: str
    place: str
    text: str
    is_warning: bool = False
    """Worth telling, but no reason to hold a message back or turn it down."""
