"""Values out of JSON that may be anything. Nothing here raises on content; a missing value is its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_TEXT = 4096


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any, *, limit: int = MAX_TEXT) -> str:
    """Return a text, cut to ``limit`` characters; empty for anything else."""
    return value[:limit] if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """Return a finite number, also one written as text (``expires`` is); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def flag(value: Any) -> bool:
    """Return a truth value, written as a boolean or as ``YES``."""
    return value is True or (isinstance(value, str) and value.upper() in ("YES", "TRUE", "ON"))


def rows(value: Any, *, limit: int = 200) -> list[Mapping[str, Any]]:
    """Return the objects of a list, at most ``limit``; what is no object is left out."""
    return [row for row in value[:limit] if isinstance(row, dict)] if isinstance(value, list) else []
