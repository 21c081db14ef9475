"""File drop: a note laid into a folder, and the receipt read back. For records that cannot poll.

One note is one file, named by its key, and appears whole (written beside and renamed). The record takes it by renaming
it, which one of us alone can win: what it has not taken within the time is taken away again. Receipts stay a month,
since they say nothing about the patient and answer a repeat after a restart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from vdx_plugin.adapters.local import calls
from vdx_plugin.adapters.local.calls import ReceiptBody
from vdx_plugin.api.v1 import Unreadable

RECEIPTS_KEPT = timedelta(days=30)
NOTES_KEPT = timedelta(days=1)
"""How long a note that a crash left behind may lie there; it is about a patient."""
_LONGEST_RECEIPT_BYTES = 65_536


class NotesFolder:
    """Every call touches the disk, which may be another machine's: call it off the loop. All raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lay(self, key: str, body: Mapping[str, object]) -> None:
        """Lay the note out, and forget an earlier refusal. A repeat is the same file; one already taken stays taken."""
        if self._taken(key).exists():
            return
        self._receipt(key).unlink(missing_ok=True)
        self._write(self._waiting(key), body)

    def _write(self, path: Path, body: Mapping[str, object]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(body, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def try_out(self) -> None:
        """Write, rename and delete a file without content, under a name that no record takes for a note."""
        path = self._folder / "vdx-trial.json"
        self._write(path, {})
        path.unlink()

    def receipt(self, key: str) -> ReceiptBody | None:
        """Return the receipt, None where there is none or only half of one."""
        path = self._receipt(key)
        try:
            if path.stat().st_size > _LONGEST_RECEIPT_BYTES:
                return None
            return calls.read(ReceiptBody, path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        except (FileNotFoundError, Unreadable):
            return None

    def withdraw(self, key: str) -> bool:
        """Take the note back. False when the record was first."""
        try:
            self._waiting(key).unlink()
        except FileNotFoundError:
            return False
        return True

    def clear(self, key: str) -> None:
        """There is a receipt: nothing about the patient stays in the folder."""
        self._waiting(key).unlink(missing_ok=True)
        self._taken(key).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> None:
        """Remove what is older than it may lie there."""
        for pattern, kept in (("vdx-*.receipt.json", RECEIPTS_KEPT), ("vdx-*.note.*", NOTES_KEPT)):
            for path in self._folder.glob(pattern):
                if now.timestamp() - path.stat().st_mtime > kept.total_seconds():
                    path.unlink(missing_ok=True)

    def _waiting(self, key: str) -> Path:
        return self._folder / f"vdx-{key}.note.json"

    def _taken(self, key: str) -> Path:
        return self._folder / f"vdx-{key}.note.taken"

    def _receipt(self, key: str) -> Path:
        return self._folder / f"vdx-{key}.receipt.json"
