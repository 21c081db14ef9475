"""A description as a hostile or broken node might send it."""

from __future__ import annotations

import random


def damaged(sdp: str, chance: random.Random) -> str:
    """Return it with one to four lines gone, doubled, cut, lengthened or all in disorder."""
    lines = sdp.splitlines()
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(lines))
        action = chance.randrange(5)
        if action == 0:
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
