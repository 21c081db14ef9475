"""Which slice a repetition belongs to.

Source: FHIR R4 Profiling, "Slicing" and "Discriminator". A discriminator is answered twice: what the slice's
definition demands at its path, and what the element has there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vdx_plugin.invitations.message import Json, text_at
from vdx_plugin.invitations.profiles.definitions import Definitions
from vdx_plugin.invitations.profiles.snapshot import Node, Slicing
from vdx_plugin.invitations.profiles.values import fits

_STEP = re.compile(r"extension\('([^']+)'\)|resolve\(\)|ofType\([^)]*\)|[^.()]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A value met on a path, with its type where its name tells it."""

    value: Any
    kind: str = ""


class Slicer:
    """Answers for one bundle: ``resolve`` follows its references, ``conforms`` asks whether a profile is kept."""

    def __init__(
        self,
        definitions: Definitions,
        resolve: Callable[[Any], Json | None],
        conforms: Callable[[Any, str], bool],
    ) -> None:
        self._definitions = definitions
        self._resolve = resolve
        self._conforms = conforms

    def slice_of(self, node: Node, slicing: Slicing, item: Found) -> tuple[str, Node] | None:
        """Return name and definition of the slice that the item belongs to, or None."""
        if not slicing.discriminators:
            return None
        for name, one in node.slices.items():
            if all(self._agrees(kind, path, one, item) for kind, path in slicing.discriminators):
                return name, one
        return None

    def _agrees(self, kind: str, path: str, one: Node, item: Found) -> bool:
        steps = [step for step in _steps(path) if step != "$this"]
        demanded = list(self._demanded(one, steps))
        found = self._follow(item, steps)
        if kind in ("value", "pattern"):
            return self._has_value(demanded, found)
        if kind == "exists":
            return any((node.most == 0) != bool(found) for node in demanded if node.most == 0 or node.least > 0)
        if kind == "type":
            return any(_is_type(node, one) for node in demanded for one in found)
        profiles = [url for node in demanded for ref in node.types for url in (*ref.profiles, *ref.targets)]
        return kind == "profile" and any(self._conforms(one.value, url) for one in found for url in profiles)

    def _has_value(self, demanded: list[Node], found: list[Found]) -> bool:
        """Every fixed value, pattern or value set at the path is met; a slice that fixes nothing there matches none."""
        tests = [node for node in demanded if node.fixed is not None or node.pattern is not None]
        return bool(tests) and all(any(_meets(node, one.value) for one in found) for node in tests)

    def _demanded(self, node: Node, steps: list[str]) -> Iterator[Node]:
        """Yield the definitions at a path below a slice: in the slice itself and in the profiles of its type."""
        if not steps:
            yield node
            return
        yield from self._demanded_below(node, steps)
        for ref in node.types:
            for url in ref.profiles:
                structure = self._definitions.structure(url)
                if structure is not None:
                    yield from self._demanded_below(structure.root, steps)

    def _demanded_below(self, node: Node, steps: list[str]) -> Iterator[Node]:
        step, rest = steps[0], steps[1:]
        if step == "resolve()" or step.startswith("ofType("):
            yield from self._demanded(node, rest)
            return
        url = _url_of(step)
        child = node.children.get("extension" if url else step) or node.children.get(f"{step}[x]")
        if child is None:
            return
        if url:
            named = [one for one in child.slices.values() if self._is_extension(one, url)]
        else:
            # ``extension.value`` without an address means any of them.
            named = [child, *child.slices.values()]
        for one in named:
            yield from self._demanded(one, rest)

    def _is_extension(self, node: Node, url: str) -> bool:
        profiles = [profile.partition("|")[0] for ref in node.types for profile in ref.profiles]
        own = node.children.get("url")
        return url in profiles or (own is not None and url in (own.fixed, own.pattern))

    def _follow(self, item: Found, steps: list[str]) -> list[Found]:
        found = [item]
        for step in steps:
            found = [below for one in found for below in self._step(one, step)]
        return found

    def _step(self, one: Found, step: str) -> list[Found]:
        if step == "resolve()":
            target = self._resolve(one.value)
            return [Found(target, str(target.get("resourceType", "")))] if target is not None else []
        if step.startswith("ofType("):
            return [one] if one.kind.lower() == step[7:-1].lower() else []
        url = _url_of(step)
        below = _children(one.value, "extension" if url else step)
        return [child for child in below if not url or text_at(child.value, "url") == url]


def _steps(path: str) -> list[str]:
    return [found[0] for found in _STEP.finditer(path)]


def _url_of(step: str) -> str:
    found = re.fullmatch(r"extension\('([^']+)'\)", step)
    return found[1] if found else ""


def _children(value: Any, name: str) -> list[Found]:
    """Values of an element by its name, or of a choice by its stem."""
    if not isinstance(value, dict):
        return []
    found = []
    for key, child in value.items():
        kind = key[len(name) :] if key.startswith(name) else "-"
        if kind == "" or kind[0].isupper():
            found += [Found(one, kind or _kind_of(one)) for one in (child if isinstance(child, list) else [child])]
    return found


def _kind_of(value: Any) -> str:
    return str(value.get("resourceType", "")) if isinstance(value, dict) else ""


def _meets(node: Node, value: Any) -> bool:
    return value == node.fixed if node.fixed is not None else fits(node.pattern, value)


def _is_type(node: Node, one: Found) -> bool:
    wanted = {ref.code.lower() for ref in node.types}
    wanted |= {url.partition("|")[0].rpartition("/")[2].lower() for ref in node.types for url in ref.targets}
    return one.kind.lower() in wanted
