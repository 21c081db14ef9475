"""Whether a code is in a value set, as far as the installed definitions can tell.

Source: FHIR R4 ValueSet.compose. What rests on a code system that is not installed, or on a filter other than
``is-a`` and ``descendent-of`` on ``concept``, is not known, and nobody is blamed for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vdx_plugin.invitations.message import Json, dig, rows, text_at
from vdx_plugin.invitations.profiles.definitions import Definitions

Code = tuple[str, str]


class Terminology:
    """Answers from the value sets and code systems of ``definitions``; each is worked out once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._sets: dict[str, tuple[frozenset[Code], bool]] = {}

    def holds(self, value_set: str, system: str | None, code: str) -> bool:
        """True when the code is in the value set, or when that cannot be known.

        ``system`` is None for elements of type ``code``, which have none.
        """
        members, is_complete = self._expand(value_set)
        if system is None:
            return not is_complete or any(one == code for _, one in members)
        return not is_complete or (system, code) in members

    def _expand(self, canonical: str) -> tuple[frozenset[Code], bool]:
        if canonical not in self._sets:
            # A value set that includes itself must come to an end.
            self._sets[canonical] = frozenset(), False
            self._sets[canonical] = self._compose(self._definitions.value_set(canonical))
        return self._sets[canonical]

    def _compose(self, value_set: Json | None) -> tuple[frozenset[Code], bool]:
        if value_set is None or not rows(value_set, "compose", "include"):
            return frozenset(), False
        parts = [self._included(part) for part in rows(value_set, "compose", "include")]
        without = [self._included(part) for part in rows(value_set, "compose", "exclude")]
        members = frozenset().union(*(codes for codes, _ in parts))
        excluded = frozenset().union(*(codes for codes, _ in without))
        return members - excluded, all(is_complete for _, is_complete in parts)

    def _included(self, part: Json) -> tuple[frozenset[Code], bool]:
        """Codes of one ``include``: what its system gives, narrowed to the value sets it names."""
        sets = [self._expand(str(one)) for one in dig(part, "valueSet") or []]
        chosen = [self._of_system(part), *sets] if "system" in part else sets
        members = frozenset.intersection(*(codes for codes, _ in chosen)) if chosen else frozenset()
        return members, bool(chosen) and all(is_complete for _, is_complete in chosen)

    def _of_system(self, part: Json) -> tuple[frozenset[Code], bool]:
        system = text_at(part, "system")
        if rows(part, "concept"):
            return frozenset((system, text_at(one, "code")) for one in rows(part, "concept")), True
        found = self._definitions.code_system(system)
        if found is None or text_at(found, "content") != "complete":
            return frozenset(), False
        codes: set[str] = set(_codes(found))
        for one in rows(part, "filter"):
            narrowed = _filtered(found, one)
            if narrowed is None:
                return frozenset(), False
            codes &= narrowed
        return frozenset((system, code) for code in codes), True


def _codes(concept: Any) -> Iterator[str]:
    for child in rows(concept, "concept"):
        yield text_at(child, "code")
        yield from _codes(child)


def _filtered(system: Json, one: Json) -> set[str] | None:
    kind, top = text_at(one, "op"), text_at(one, "value")
    if text_at(one, "property") != "concept" or kind not in ("is-a", "descendent-of"):
        return None
    concept = _concept(system, top)
    below = set(_codes(concept)) if concept is not None else set()
    return below | {top} if kind == "is-a" else below


def _concept(concept: Any, code: str) -> Json | None:
    for child in rows(concept, "concept"):
        found = child if text_at(child, "code") == code else _concept(child, code)
        if found is not None:
            return found
    return None
