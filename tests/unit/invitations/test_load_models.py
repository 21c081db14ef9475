"""The first letter of a process waits for nothing that can be loaded beforehand."""

from __future__ import annotations

import subprocess
import sys

_FIRST_LETTER = """
import sys
from tests.unit.invitations import samples

composer, party = samples.composer(), samples.HOSPITAL_PARTY
composer.prepare()
before = set(sys.modules)
composer.invitation(samples.consultation(party), party, samples.ROOM, samples.NOW, samples.ids())
print(*sorted(set(sys.modules) - before))
"""


def test_after_preparing_the_first_letter_imports_nothing() -> None:
    """In a process of its own, since this one may have written letters before."""
    done = subprocess.run([sys.executable, "-c", _FIRST_LETTER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
