"""Search among partners as one types: an index of all words of names and roles, by their beginnings.

With 10,000 partners a key stroke must be answered while the next one is typed, so no partner is looked at whom the
words do not lead to.
"""

from __future__ import annotations

import heapq
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from vdx_plugin.domain.parties import Partner, PartyRole
from vdx_plugin.errors import Misconfigured, Unreadable
from vdx_plugin.invitations.partner_table import read_partners
from vdx_plugin.ports import Found, Refusal

_ROLE_WORDS = {
    PartyRole.HOSPITAL: "sygehus hospital afdeling ambulatorium",
    PartyRole.MUNICIPALITY: "kommune hjemmepleje hjemmesygepleje",
    PartyRole.NURSING_HOME: "plejehjem plejecenter",
    PartyRole.INTERPRETER: "tolk tolkebureau",
    PartyRole.PATIENT: "patient",
    PartyRole.OTHER: "andre",
}
_LONG = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
_SHORT = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})
# In the order of the Danish alphabet, behind every letter that others have.
_ALPHABET = str.maketrans({"æ": "\uf001", "ø": "\uf002", "å": "\uf003"})


class _Words:
    """Which entries have a word that begins so."""

    def __init__(self, entries: Iterable[tuple[int, Sequence[frozenset[str]]]]) -> None:
        found: defaultdict[str, set[int]] = defaultdict(set)
        for number, words in entries:
            for form in {form for word in words for form in word}:
                found[form].add(number)
        self._forms = sorted(found)
        self._numbers = [found[form] for form in self._forms]

    def beginning(self, typed: frozenset[str]) -> set[int]:
        """Return the entries with a word that begins with one of the spellings typed."""
        return set().union(*(numbers for form in typed for numbers in self._of(form)))

    def _of(self, form: str) -> list[set[int]]:
        return self._numbers[bisect_left(self._forms, form) : bisect_left(self._forms, form + "\U0010ffff")]


class TableDirectory:
    """Implements ``ports.PartnerDirectory``; ``refused`` tells what was left out of it."""

    def __init__(self, partners: Sequence[Partner], refused: Sequence[Refusal] = ()) -> None:
        self.refused = tuple(refused)
        self._partners = tuple(partners)
        self._by_name = sorted(partners, key=lambda partner: partner.name.casefold().translate(_ALPHABET))
        names = [_words(partner.name) for partner in self._by_name]
        roles = [_words(_ROLE_WORDS[partner.role]) for partner in self._by_name]
        self._first = _Words((number, words[:1]) for number, words in enumerate(names))
        self._names = _Words(enumerate(names))
        self._roles = _Words(enumerate(roles))

    def all(self) -> Sequence[Partner]:
        """Return every partner in the order of the file."""
        return self._partners

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        """Return the partners of whom every word typed begins a word of name or role; best first.

        Case and accents do not count; ``æ ø å`` may be typed as ``ae oe aa`` or ``o a``. No words find all.
        """
        return self.find(text, limit=limit).partners

    def find(self, text: str, *, role: PartyRole | None = None, limit: int = 20) -> Found:
        """Do as ``search`` among the partners of one role, and count them.

        Names that begin with the first word come first, then those with all words in the name, then those whose role
        was needed; by the alphabet within each.
        """
        wanted = _words(text)
        if not wanted:
            numbers = [n for n, partner in enumerate(self._by_name) if role in (None, partner.role)]
            return Found(tuple(self._by_name[n] for n in numbers[:limit]), len(numbers))
        in_name = set.intersection(*(self._names.beginning(word) for word in wanted))
        at_all = set.intersection(*(self._names.beginning(word) | self._roles.beginning(word) for word in wanted))
        if role is not None:
            at_all = {n for n in at_all if self._by_name[n].role is role}
        first = self._first.beginning(wanted[0]) & in_name
        best = heapq.nsmallest(limit, at_all, key=lambda n: (n not in first, n not in in_name, n))
        return Found(tuple(self._by_name[n] for n in best), len(at_all))


def read_directory(content: bytes) -> TableDirectory:
    """Read the table a setting names. Raises Misconfigured(``settings.partners``) when it is no such table at all."""
    try:
        table = read_partners(content)
    except Unreadable as error:
        raise Misconfigured("settings.partners", error.detail, setting="partners") from error
    return TableDirectory(table.partners, table.refused)


def _words(text: str) -> tuple[frozenset[str], ...]:
    """Each word in the spellings by which it may be typed."""
    cleaned = "".join(character if character.isalnum() else " " for character in text.casefold())
    return tuple(_spellings(word) for word in cleaned.split())


@lru_cache(maxsize=1 << 15)
def _spellings(word: str) -> frozenset[str]:
    return frozenset({_fold(word, _LONG), _fold(word, _SHORT)})


def _fold(word: str, table: Mapping[int, str]) -> str:
    plain = unicodedata.normalize("NFC", word).translate(table)
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
