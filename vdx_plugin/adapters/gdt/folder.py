"""The folder, with the traps of files. Everything here blocks and is called in a thread.

A file of the record is taken by renaming it, so that of two programs one gets it, and read under its new name. One
that still grows is left alone until it stands; one that is held by a virus scanner or a slow network drive is tried
again; one older than a minute is nobody's open record any longer and is put into the folder ``stale``; one that cannot
be read into ``refused``. Files for others are not touched.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vdx_plugin.adapters.gdt import lines
from vdx_plugin.adapters.gdt.result import key_of
from vdx_plugin.api.v1 import MAX_AGE, Unavailable

STALE, REFUSED = "stale", "refused"
_TAKEN = ".vdx-taken"
_WRITING = ".vdx-part"
_ENDING = re.compile(r"\.(gdt|\d{3})", re.IGNORECASE)
_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken, whole and young enough. ``name`` holds nothing about a patient that we would repeat."""

    path: Path
    payload: bytes
    written_at: datetime
    is_repeat: bool
    """The same bytes as a file before, written at the same time: a copy, not another press of the key."""

    def __repr__(self) -> str:
        return f"Taken({len(self.payload)} bytes)"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look into the folder brought: files taken, and how many were too old or from the future."""

    taken: tuple[Taken, ...] = ()
    stale: int = 0
    ahead: int = 0


class Inbox:
    """Files that the record leaves for us: their name begins with ``prefix`` and ends in .gdt or a number.

    One that names another receiver than ``own_id`` is not touched, however old it is.
    """

    def __init__(self, folder: Path, prefix: str, own_id: str) -> None:
        self._folder = folder
        self._prefix = prefix.upper()
        self._own_id = own_id.upper()
        self._foreign: dict[str, tuple[int, int]] = {}
        """Files for others, by size and time, so that they are read once."""
        self._sizes: dict[str, tuple[int, int]] = {}
        """Size and time of files that were not whole at the last look."""
        self._seen: dict[tuple[bytes, int], None] = {}

    def look(self, now: datetime) -> Look:
        """Take what is ready, oldest first. Raises Unavailable(``gdt.folder``) when the folder cannot be read."""
        try:
            found = sorted(self._candidates(), key=lambda item: item[1].st_mtime_ns)
        except OSError as error:
            raise Unavailable("gdt.folder", type(error).__name__) from error
        names = {path.name for path, _stat in found}
        self._sizes = {name: seen for name, seen in self._sizes.items() if name in names}
        self._foreign = {name: seen for name, seen in self._foreign.items() if name in names}
        taken: list[Taken] = []
        stale = ahead = 0
        for path, stat in found:
            payload = self._peek(path, stat)
            if payload is None:
                continue
            age = now - datetime.fromtimestamp(stat.st_mtime, UTC)
            if abs(age) > MAX_AGE:
                moved = put_aside(path, STALE)
                stale += moved and age > timedelta(0)
                ahead += moved and age < timedelta(0)
            elif self._stands(path, stat, payload) and (got := self._take(path, stat)) is not None:
                taken.append(got)
        return Look(tuple(taken), stale, ahead)

    def _peek(self, path: Path, stat: os.stat_result) -> bytes | None:
        """Read a file where it lies. None for one that is held just now, and for one that is for somebody else."""
        mark = (stat.st_size, stat.st_mtime_ns)
        if self._foreign.get(path.name) == mark:
            return None
        try:
            payload = _read(path)
        except OSError:
            # A virus scanner, a slow network drive, another program that was first: the next look comes soon.
            return None
        if lines.receiver_of(payload) in ("", self._own_id):
            return payload
        self._foreign[path.name] = mark
        return None

    def _candidates(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for entry in os.scandir(self._folder):
            path = Path(entry.path)
            if not path.name.upper().startswith(self._prefix) or not _ENDING.fullmatch(path.suffix):
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    found.append((path, path.stat()))
            except FileNotFoundError:
                continue
        return found

    def _take(self, path: Path, stat: os.stat_result) -> Taken | None:
        """Take one file. None: later, or never because somebody else was first."""
        try:
            claim = path.with_name(path.name + _TAKEN)
            path.replace(claim)
            payload = _read(claim)
        except OSError:
            return None
        key = (hashlib.sha256(payload).digest(), stat.st_mtime_ns)
        is_repeat = key in self._seen
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return Taken(claim, payload, datetime.fromtimestamp(stat.st_mtime, UTC), is_repeat)

    def _stands(self, path: Path, stat: os.stat_result, payload: bytes) -> bool:
        if stat.st_size > lines.MAX_BYTES:
            return True
        whole = lines.is_whole(payload)
        seen, self._sizes[path.name] = self._sizes.get(path.name), (stat.st_size, stat.st_mtime_ns)
        if whole is None:
            return seen == (stat.st_size, stat.st_mtime_ns) and len(payload) == stat.st_size
        return whole


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(lines.MAX_BYTES + 1)


def done(path: Path) -> None:
    """Delete a file that has been dealt with; one that is held just now is swept up later."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def sweep(folder: Path, prefix: str) -> None:
    """Delete what was taken and could not be deleted then, and halves of our own."""
    for path in folder.glob("*"):
        if path.name.upper().startswith(prefix.upper()) and path.suffix in (_TAKEN, _WRITING):
            done(path)


def put_aside(path: Path, where: str) -> bool:
    """Move a file into a folder beside it, under a name that is free there. False when it is held just now."""
    target = path.parent / where
    try:
        target.mkdir(exist_ok=True)
    except OSError:
        return False
    name = path.name.removesuffix(_TAKEN)
    free = next(name for name in (name, *(f"{name}.{n}" for n in range(1, 10_000))) if not (target / name).exists())
    return _quietly_move(path, target / free)


def _quietly_move(path: Path, target: Path) -> bool:
    try:
        path.replace(target)
    except OSError:
        return False
    return True


class Outbox:
    """Files that we leave for the record. The consultation's key stands in each, and in its name if that is long."""

    def __init__(self, folder: Path, prefix: str, *, short_names: bool) -> None:
        self._folder = folder
        self._prefix = prefix
        self._short = short_names

    def lay(self, key: str, payload: bytes) -> Path:
        """Leave a file, whole at once; one of that key that lies already stays. Raises Unavailable(``gdt.folder``)."""
        try:
            there = self.lying(key)
            if there is not None:
                return there
            path = self._folder / self._name(key)
            part = path.with_name(f"{path.name}{_WRITING}")
            with part.open("wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise Unavailable("gdt.folder", type(error).__name__) from error
        return path

    def lying(self, key: str) -> Path | None:
        """Return the file of that key that the record has not taken yet. Raises OSError."""
        for path in self._folder.iterdir():
            if not path.name.startswith(self._prefix) or not _ENDING.fullmatch(path.suffix):
                continue
            if key in path.name or (self._short and self._key_in(path) == key):
                return path
        return None

    def _key_in(self, path: Path) -> str:
        try:
            return key_of(path.read_bytes())
        except OSError:
            return ""

    def _name(self, key: str) -> str:
        if not self._short:
            return f"{self._prefix}_{key}.gdt"
        for number in range(1, 1000):
            name = f"{self._prefix}.{number:03d}"
            if not (self._folder / name).exists():
                return name
        raise FileExistsError("every number is taken")


def try_out(folder: Path) -> None:
    """See whether files can be read, made and deleted. Raises Unavailable(``gdt.folder``)."""
    try:
        os.listdir(folder)
        trial = folder / f"trial-{os.getpid()}{_WRITING}"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        raise Unavailable("gdt.folder", type(error).__name__) from error
