"""A StructureDefinition's snapshot as a tree, so that a message can be gone through along it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vdx_plugin.invitations.message import Json, dig, rows, text_at

_SYSTEM = "http://hl7.org/fhirpath/System."


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One allowed type of an element."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    is_bundled: bool = False
    """A reference whose target must travel in the same bundle."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One invariant: its key in the package, and what FHIRPath must make true."""

    key: str
    expression: str
    is_warning: bool


@dataclass(frozen=True, slots=True)
class Slicing:
    """How an element's repetitions are told apart: kind and path of each discriminator."""

    discriminators: tuple[tuple[str, str], ...]
    is_closed: bool
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """A required value set."""

    value_set: str


@dataclass(slots=True, eq=False)
class Node:
    """One element definition. ``children`` and ``slices`` are empty where the type alone says what is inside."""

    name: str
    path: str
    least: int
    most: int | None
    is_list: bool
    types: tuple[TypeRef, ...] = ()
    slicing: Slicing | None = None
    fixed: Any = None
    pattern: Any = None
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    content_of: str = ""
    max_length: int | None = None
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    @property
    def is_choice(self) -> bool:
        return self.name.endswith("[x]")

    @property
    def stem(self) -> str:
        return self.name.removesuffix("[x]")

    def properties(self) -> Iterator[tuple[str, str]]:
        """Yield each JSON name under which the element may stand, with its type code where the name tells it."""
        if not self.is_choice:
            yield self.name, self.types[0].code if self.types else ""
            return
        for one in self.types:
            yield self.stem + one.code[:1].upper() + one.code[1:], one.code


@dataclass(frozen=True, slots=True)
class Structure:
    """A profile or type: its address, FHIR type, and the tree under ``root``."""

    url: str
    kind: str
    root: Node
    nodes: dict[str, Node]
    """Every node by its element id."""


def structure_of(definition: Json) -> Structure:
    """Build the tree. Elements that hang nowhere are left out, as a snapshot without them would be."""
    nodes: dict[str, Node] = {}
    for element in rows(definition, "snapshot", "element"):
        element_id = text_at(element, "id") or text_at(element, "path")
        node = _node(element)
        nodes[element_id] = node
        _hang(element_id, node, nodes)
    root = next(iter(nodes.values()), Node("", "", 0, None, is_list=False))
    return Structure(text_at(definition, "url"), text_at(definition, "type"), root, nodes)


def _hang(element_id: str, node: Node, nodes: dict[str, Node]) -> None:
    parent_id, _, last = element_id.rpartition(".")
    _, is_slice, slice_name = last.partition(":")
    if is_slice:
        whole = nodes.get(element_id.removesuffix(f":{slice_name}"))
        if whole is not None:
            whole.slices[slice_name] = node
    elif parent_id in nodes:
        nodes[parent_id].children[node.name] = node


def _node(element: Json) -> Node:
    path = text_at(element, "path")
    most = text_at(element, "max") or "*"
    base_most = text_at(element, "base", "max") or most
    binding = dig(element, "binding")
    return Node(
        name=path.rpartition(".")[2],
        path=path,
        least=int(dig(element, "min") or 0),
        most=None if most == "*" else int(most),
        is_list=base_most != "1",
        types=tuple(_type(one) for one in rows(element, "type")),
        slicing=_slicing(dig(element, "slicing")),
        fixed=_value(element, "fixed"),
        pattern=_value(element, "pattern"),
        binding=Binding(text_at(binding, "valueSet")) if text_at(binding, "strength") == "required" else None,
        constraints=tuple(_constraint(one) for one in rows(element, "constraint")),
        content_of=text_at(element, "contentReference").rpartition("#")[2],
        max_length=dig(element, "maxLength"),
    )


def _type(one: Json) -> TypeRef:
    code = text_at(one, "code")
    if code.startswith(_SYSTEM):
        # Ids and addresses of extensions are written as FHIRPath's own types.
        code = "string"
    texts = {name: tuple(str(url) for url in dig(one, name) or []) for name in ("profile", "targetProfile")}
    return TypeRef(code, texts["profile"], texts["targetProfile"], dig(one, "aggregation") == ["bundled"])


def _constraint(one: Json) -> Constraint:
    return Constraint(text_at(one, "key"), text_at(one, "expression"), text_at(one, "severity") == "warning")


def _slicing(value: Any) -> Slicing | None:
    if value is None:
        return None
    pairs = tuple((text_at(one, "type"), text_at(one, "path")) for one in rows(value, "discriminator"))
    return Slicing(pairs, text_at(value, "rules") == "closed", dig(value, "ordered") is True)


def _value(element: Json, prefix: str) -> Any:
    return next((value for name, value in element.items() if name.startswith(prefix)), None)
