"""What processes cost, read from /proc (Linux): processor time, resident and proportional memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def is_readable() -> bool:
    """Whether this system has what this module reads."""
    return (_PROC / "self" / "stat").exists()


def cpu_s(pids: Iterable[int]) -> float:
    """Return the processor time of all threads of these processes; one that is gone counts nothing."""
    return sum(sum(map(int, fields[11:13])) for pid in pids if (fields := _stat(pid))) / _TICKS_PER_S


def peak_mb(pid: int) -> float:
    """Return the most memory that was ever resident, in MB of 10**6 bytes."""
    return _kib(pid, "status", "VmHWM:") * 1024 / 1e6


def resident_mb(pid: int) -> float:
    """Return the memory that is resident now, in MB of 10**6 bytes."""
    return _kib(pid, "status", "VmRSS:") * 1024 / 1e6


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return len(list((_PROC / str(pid) / "task").iterdir()))


def files(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(list((_PROC / str(pid) / "fd").iterdir()))


def proportional_mb(pids: Iterable[int]) -> float:
    """Return the memory in use, what several processes share counted once between them."""
    return sum(_kib(pid, "smaps_rollup", "Pss:") for pid in pids) * 1024 / 1e6


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def family_with(word: str) -> list[int]:
    """Return the processes with ``word`` on their command line, and all their descendants."""
    found: set[int] = set()
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and word.encode() in _read(int(entry.name), "cmdline"):
            found.update(family(int(entry.name)))
    return sorted(found)


def _stat(pid: int) -> list[bytes]:
    """Return the fields of ``stat`` from the third on (proc(5)); the second is a name that may hold anything."""
    return _read(pid, "stat").rpartition(b")")[2].split()


def _kib(pid: int, file: str, key: str) -> int:
    for line in _read(pid, file).decode(errors="replace").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def _read(pid: int, file: str) -> bytes:
    try:
        return (_PROC / str(pid) / file).read_bytes()
    except OSError:
        return b""
