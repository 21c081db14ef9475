"""Going through one bundle along the profiles: what is missing, too much, of the wrong type, unbound or untrue.

Every step takes an ``Item``, which is a value of the message with its place, and a ``Node``, which is what the profile
says about it. Findings name place and rule, never content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Json, Message, dig, rows, text_at
from vdx_plugin.invitations.profiles.definitions import CORE, Definitions
from vdx_plugin.invitations.profiles.invariants import SKIPPED, CannotTell, Invariants
from vdx_plugin.invitations.profiles.references import resolve, type_named_in
from vdx_plugin.invitations.profiles.slices import Found, Slicer
from vdx_plugin.invitations.profiles.snapshot import Constraint, Node, Slicing, Structure, TypeRef
from vdx_plugin.invitations.profiles.terminology import Terminology
from vdx_plugin.invitations.profiles.values import BY_HAND, PRIMITIVES, fits, is_of_type

_ANY_RESOURCE = ("Resource", "DomainResource")


@dataclass(frozen=True, slots=True)
class Item:
    """One value of the message. ``extra`` is what a primitive carries beside it; ``within`` its resource."""

    value: Any
    kind: str
    place: str
    within: Json
    extra: Any = None

    def below(self, value: Any, kind: str, place: str, extra: Any = None) -> Item:
        return Item(value, kind, place, self.within, extra)


class Tools:
    """What is worked out once and serves every bundle."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.terminology = Terminology(definitions)
        self.invariants = Invariants()
        self.children: dict[tuple[Node, str], dict[str, Node]] = {}


class Walker:
    """Checks one bundle. Not for two threads at a time: the tools are shared."""

    def __init__(self, message: Message, tools: Tools) -> None:
        self._message = message
        self._bundle = message.bundle
        self._tools = tools
        self._definitions = definitions = tools.definitions
        self._names = _names_of_resources(message)
        self._slicer = Slicer(definitions, message.resolve, self._conforms)
        self._done: dict[tuple[int, str], list[Finding]] = {}
        self._truths: dict[tuple[str, str], bool | None] = {}
        tools.invariants.turn_to(message.resolve, self._conforms)

    def check(self, profiles: Sequence[str]) -> list[Finding]:
        """Return what breaks the bundle's own definition or one of ``profiles``, each finding once."""
        return list(dict.fromkeys(self._resource(self._bundle, "Bundle", profiles)))

    # resources

    def _resource(self, resource: Json, place: str, profiles: Sequence[str] = ()) -> Iterator[Finding]:
        """Check against FHIR's definition, the profiles it claims and those asked for."""
        kind = text_at(resource, "resourceType")
        claimed = [url for url in _as_list(dig(resource, "meta", "profile")) if isinstance(url, str)]
        for url in dict.fromkeys([CORE + kind, *profiles, *claimed]):
            yield from self._against(resource, url, place)

    def _against(self, resource: Json, url: str, place: str) -> list[Finding]:
        """Check one resource against one profile; each pair is gone through once."""
        key = id(resource), url
        if key not in self._done:
            # References may lead back here: meanwhile the resource is taken to keep the profile.
            self._done[key] = []
            structure = self._definitions.structure(url)
            if structure is None:
                self._done[key] = [_unknown_profile(place)]
            else:
                item = Item(resource, structure.kind, place, resource)
                self._done[key] = list(self._rooted(item, structure))
        return self._done[key]

    def _rooted(self, item: Item, structure: Structure) -> Iterator[Finding]:
        if text_at(item.value, "resourceType") == structure.kind:
            yield from self._whole(item, structure)
        else:
            yield Finding("type", item.place, "profilen gælder en anden ressource")

    def _whole(self, item: Item, structure: Structure) -> Iterator[Finding]:
        """Check a resource or a value of a data type against a profile of it."""
        yield from self._inside(item, structure.root)
        yield from self._truth(item, structure.root.constraints, structure.kind)

    def _conforms(self, value: Any, url: str) -> bool:
        structure = self._definitions.structure(url)
        if structure is None or not isinstance(value, dict):
            return structure is None
        if "resourceType" in value:
            return not any(not one.is_warning for one in self._against(value, url, self._name(value)))
        return not any(not one.is_warning for one in self._whole(Item(value, structure.kind, "", value), structure))

    def _name(self, resource: Json) -> str:
        return self._names.get(id(resource), text_at(resource, "resourceType"))

    # elements

    def _element(self, item: Item, node: Node) -> Iterator[Finding]:
        """Check one value against its definition."""
        if node.fixed is not None and item.value != node.fixed:
            yield Finding("fixed", item.place, "skal have den faste værdi fra profilen")
        if node.pattern is not None and not fits(node.pattern, item.value):
            yield Finding("pattern", item.place, "skal passe til profilens mønster")
        if node.max_length is not None and isinstance(item.value, str) and len(item.value) > node.max_length:
            yield Finding("max-length", item.place, "er for lang")
        yield from self._typed(item, node)
        if node.binding is not None:
            yield from self._bound(item, node.binding.value_set)
        yield from self._truth(item, node.constraints, node.path)

    def _typed(self, item: Item, node: Node) -> Iterator[Finding]:
        if item.kind in _ANY_RESOURCE or (not node.children and item.kind == ""):
            yield from self._nested(item)
        elif item.kind in PRIMITIVES:
            yield from self._primitive(item)
        elif not isinstance(item.value, dict):
            yield Finding("type", item.place, "har forkert type")
        else:
            yield from self._complex(item, node)

    def _nested(self, item: Item) -> Iterator[Finding]:
        """A resource inside another: an entry of the bundle, or a contained one."""
        kind = text_at(item.value, "resourceType")
        if not kind:
            yield Finding("type", item.place, "er ikke en ressource")
        elif self._definitions.of_type(kind) is None:
            yield _unknown_profile(item.place)
        else:
            yield from self._resource(item.value, self._names.get(id(item.value), item.place))

    def _primitive(self, item: Item) -> Iterator[Finding]:
        if item.value is not None and not is_of_type(item.kind, item.value):
            yield Finding("type", item.place, "kan ikke være en værdi af den type")
        if item.extra is not None:
            structure = self._definitions.of_type("Element")
            if not isinstance(item.extra, dict):
                yield Finding("type", item.place, "har forkert type")
            elif structure is not None:
                yield from self._inside(item.below(item.extra, "Element", item.place), structure.root)

    def _complex(self, item: Item, node: Node) -> Iterator[Finding]:
        yield from self._inside(item, node)
        structure = self._definitions.of_type(item.kind)
        if structure is not None and structure.root is not node:
            yield from self._truth(item, structure.root.constraints, item.kind)
        ref = next((one for one in node.types if one.code == item.kind), TypeRef(item.kind))
        known = [found for url in ref.profiles if (found := self._definitions.structure(url)) is not None]
        if ref.profiles and not known:
            yield _unknown_profile(item.place)
        yield from self._one_of(item, known)
        if item.kind == "Reference":
            yield from self._reference(item, ref)
        if item.kind == "Extension":
            yield from self._extension(item, known)

    def _one_of(self, item: Item, profiles: list[Structure]) -> Iterator[Finding]:
        """Keep the one profile there is, or any one of several."""
        each = [list(self._whole(item, profile)) for profile in profiles]
        if len(each) == 1:
            yield from each[0]
        elif each and all(any(not one.is_warning for one in findings) for findings in each):
            yield Finding("type", item.place, "opfylder ingen af de tilladte profiler")

    def _extension(self, item: Item, known: list[Structure]) -> Iterator[Finding]:
        """An extension nobody asked for must keep the definition at its own address, where that is installed."""
        structure = None if known else self._definitions.structure(text_at(item.value, "url"))
        if structure is not None:
            yield from self._whole(item, structure)

    # what is inside an element

    def _inside(self, item: Item, node: Node) -> Iterator[Finding]:
        children = self._children_of(node, item.kind)
        if not children:
            return
        known = {"resourceType"} if "resourceType" in item.value and item.kind != "Element" else set()
        for child in children.values():
            found: list[Item] = []
            for name, kind in child.properties():
                known |= {name, f"_{name}"}
                found += self._values(item, child, name, kind)
            yield from self._repetitions(item, child, found)
        if set(item.value) - known:
            # An unknown name could hold anything, so the place is that of the element around it.
            yield Finding("unknown-element", item.place, "har et element, som ikke findes her")

    def _children_of(self, node: Node, kind: str) -> dict[str, Node]:
        """What may stand inside: the profile's word, filled up from the type where the profile is silent."""
        key = node, kind
        known = self._tools.children
        if key not in known:
            structure = self._definitions.of_type(kind)
            base = structure.root.children if structure is not None else {}
            own = {name: _filled(one, base.get(name)) for name, one in node.children.items()}
            known[key] = own or base
        return known[key]

    def _values(self, item: Item, node: Node, name: str, kind: str) -> list[Item]:
        """The values under one JSON name, each with its place."""
        place = f"{item.place}.{name}" if item.place else name
        value, extra = item.value.get(name), item.value.get(f"_{name}")
        if value is None and extra is None:
            return []
        if not node.is_list:
            return [item.below(value, kind, place, extra)]
        values, extras = _as_list(value), _as_list(extra)
        length = max(len(values), len(extras))
        values += [None] * (length - len(values))
        extras += [None] * (length - len(extras))
        pairs = enumerate(zip(values, extras, strict=True))
        return [item.below(one, kind, f"{place}[{number}]", other) for number, (one, other) in pairs]

    def _repetitions(self, parent: Item, node: Node, found: list[Item]) -> Iterator[Finding]:
        place = f"{parent.place}.{node.stem}" if parent.place else node.stem
        yield from _cardinality(node, len(found), place)
        yield from self._arrays(parent, node, place)
        if node.slicing is not None and node.slices:
            yield from self._sliced(node, node.slicing, found, place)
        else:
            for one in found:
                yield from self._element(one, self._referred(node, parent))

    def _arrays(self, parent: Item, node: Node, place: str) -> Iterator[Finding]:
        for name, _ in node.properties():
            value = parent.value.get(name)
            if value is not None and (isinstance(value, list) != node.is_list or value == []):
                yield Finding("type", place, "skal være en liste" if node.is_list else "må ikke være en liste")

    def _referred(self, node: Node, parent: Item) -> Node:
        """Follow a content reference such as ``#Bundle.link`` to the definition it stands for."""
        if not node.content_of:
            return node
        structure = self._definitions.of_type(node.content_of.partition(".")[0])
        target = structure.nodes.get(node.content_of) if structure is not None else None
        return target or node

    def _sliced(self, node: Node, slicing: Slicing, found: list[Item], place: str) -> Iterator[Finding]:
        counts: Counter[str] = Counter()
        order = list(node.slices)
        latest = 0
        for one in found:
            match = self._slicer.slice_of(node, slicing, Found(one.value, one.kind))
            if match is None:
                if slicing.is_closed:
                    yield Finding("slicing", one.place, "hører ikke til nogen af de tilladte slags")
                yield from self._element(one, node)
                continue
            name, definition = match
            counts[name] += 1
            if slicing.is_ordered and order.index(name) < latest:
                yield Finding("slicing", one.place, "står i forkert rækkefølge")
            latest = max(latest, order.index(name))
            yield from self._element(_retyped(one, definition), definition)
        for name, definition in node.slices.items():
            yield from _cardinality(definition, counts[name], f"{place}:{name}")

    # bindings, references, invariants

    def _bound(self, item: Item, value_set: str) -> Iterator[Finding]:
        value = item.value
        if item.kind in PRIMITIVES:
            # A primitive that only says why it is absent has no code to judge.
            is_in = value is None or (isinstance(value, str) and self._tools.terminology.holds(value_set, None, value))
        elif item.kind == "CodeableConcept":
            is_in = any(self._has_code(one, value_set) for one in rows(value, "coding"))
        else:
            is_in = self._has_code(value, value_set)
        if not is_in:
            yield Finding("binding", item.place, f"koden er ikke i værdisættet {_short(value_set)}")

    def _has_code(self, coding: Any, value_set: str) -> bool:
        return self._tools.terminology.holds(value_set, text_at(coding, "system"), text_at(coding, "code"))

    def _reference(self, item: Item, ref: TypeRef) -> Iterator[Finding]:
        address = text_at(item.value, "reference")
        if not address:
            return
        target = resolve(self._message, address, item.within)
        if target is None:
            if ref.is_bundled or address.startswith("#"):
                yield Finding("bundled", item.place, "det, der henvises til, er ikke med i beskeden")
            elif not self._may_be(type_named_in(address), ref.targets):
                yield Finding("reference-type", item.place, "henviser til en forkert slags ressource")
            return
        if not self._may_be(text_at(target, "resourceType"), ref.targets):
            yield Finding("reference-type", item.place, "henviser til en forkert slags ressource")
        elif ref.is_bundled:
            yield from self._target(item, target, ref.targets)

    def _may_be(self, kind: str, targets: Sequence[str]) -> bool:
        kinds = {self._kind_of(url) for url in targets}
        return not kinds or not kind or bool(kinds & {kind, "Resource", ""})

    def _kind_of(self, url: str) -> str:
        structure = self._definitions.structure(url)
        if structure is not None:
            return structure.kind
        return url.partition("|")[0].removeprefix(CORE) if url.startswith(CORE) else ""

    def _target(self, item: Item, target: Json, profiles: Sequence[str]) -> Iterator[Finding]:
        """What travels along must keep the profile that the reference demands, whatever it claims itself."""
        kind = text_at(target, "resourceType")
        asked = [url for url in profiles if self._kind_of(url) == kind and self._definitions.structure(url)]
        if len(asked) == 1:
            yield from self._against(target, asked[0], self._name(target))
        elif asked and not any(self._conforms(target, url) for url in asked):
            yield Finding("reference-profile", item.place, "det, der henvises til, opfylder ikke profilen")

    def _truth(self, item: Item, constraints: Sequence[Constraint], path: str) -> Iterator[Finding]:
        for one in constraints:
            if one.key in SKIPPED or not one.expression:
                continue
            is_true = self._is_true(one, item, path)
            if is_true is None:
                yield Finding(one.key, item.place, "reglen kunne ikke efterprøves", is_warning=True)
            elif not is_true:
                yield Finding(one.key, item.place, "opfylder ikke reglen", is_warning=one.is_warning)

    def _is_true(self, one: Constraint, item: Item, path: str) -> bool | None:
        value = item.extra if item.value is None else item.value
        by_hand = BY_HAND.get(one.key)
        if by_hand is not None:
            return by_hand(value)
        if one.key.startswith("dom-") and not rows(value, "contained"):
            return True
        key = item.place, one.expression
        if key not in self._truths:
            kind = item.kind if item.kind not in ("BackboneElement", "Element", "") else path
            try:
                self._truths[key] = self._tools.invariants.is_true(
                    one.expression, value, kind, item.within, self._bundle
                )
            except CannotTell:
                self._truths[key] = None
        return self._truths[key]


def _names_of_resources(message: Message) -> dict[int, str]:
    """Name each resource of the bundle by its type, with a number where the type comes more than once."""
    names = {}
    for one in message.resources:
        kind = text_at(one, "resourceType")
        alike = [id(other) for other in message.all(kind)]
        names[id(one)] = f"{kind}[{alike.index(id(one))}]" if len(alike) > 1 else kind
    return names


def _filled(node: Node, base: Node | None) -> Node:
    """A definition without types of its own, as some tools write them, has those of what it narrows."""
    types = node.types or (base.types if base is not None and not node.content_of else ())
    slices = {name: one if one.types else replace(one, types=types) for name, one in node.slices.items()}
    return replace(node, types=types, slices=slices)


def _retyped(item: Item, node: Node) -> Item:
    return replace(item, kind=node.types[0].code) if not item.kind and len(node.types) == 1 else item


def _cardinality(node: Node, count: int, place: str) -> Iterator[Finding]:
    if count < node.least:
        yield Finding("min", place, "mangler")
    if node.most is not None and count > node.most:
        yield Finding("max", place, "må ikke være der" if node.most == 0 else "er der for mange gange")


def _unknown_profile(place: str) -> Finding:
    return Finding("profile-unknown", place, "profilen er ikke installeret", is_warning=True)


def _short(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
