"""Good input made bad, by chance."""

from __future__ import annotations

import random
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    5,
    -1e300,
    float("inf"),
    "x" * 9000,
    "",
    [],
    {},
    [[]],
    {"a": {}},
    "\x00",
    "YES",
    "æ",
)
"""Values nobody expects where something else belongs."""


def damaged(sdp: str, chance: random.Random) -> str:
    """Return a description with one to four lines gone, doubled, cut, lengthened or all in disorder."""
    lines = sdp.splitlines()
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(lines))
        action = chance.randrange(5)
        if action == 0 and len(lines) > 1:
            del lines[place]
        elif action == 1:
            lines.insert(place, chance.choice(lines))
        elif action == 2:
            lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
        elif action == 3:
            lines[place] += chance.choice([" ", ":", ";=", "\x00", "æ", "9" * 400])
        else:
            chance.shuffle(lines)
    return "\n".join(lines)


def damaged_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes as they are, changed here and there, cut short, or others altogether."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(200))
    changed = bytearray(data)
    for _ in range(chance.choice([0, 0, 1, 2, 8]) if data else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randint(0, len(changed))] if chance.random() < 0.2 else changed)


def damaged_value(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with members gone, odd, or in place of each other, at any depth."""
    if chance.random() < 0.1:
        return chance.choice(ODD)
    if isinstance(value, dict):
        kept = {key: damaged_value(item, chance) for key, item in value.items() if chance.random() > 0.05}
        if value and chance.random() < 0.1:
            kept[chance.choice([*value, "x"])] = chance.choice([*value.values(), *ODD])
        return kept
    if isinstance(value, list):
        items = [damaged_value(item, chance) for item in value]
        # Many of something small: a whole answer's size is for those to try who make one.
        return items * chance.choice([1, 1, 1, 0, 300 if len(repr(items)) < 1000 else 1])
    return value
