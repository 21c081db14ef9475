"""Compare with a file, or write it anew: ``VDX_WRITE_GOLDEN=1 pytest tests/unit/invitations``, then read the diff."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def read(name: str) -> str:
    """Return what the file says."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def check(name: str, text: str) -> None:
    """Fail unless ``text`` is what the file says."""
    path = _FOLDER / name
    if os.environ.get("VDX_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == read(name), f"{name} differs from the golden file"
