"""Invariants in FHIRPath, by fhirpathpy. The only module that knows that library.

Each expression is compiled once. The functions that FHIR adds to FHIRPath and fhirpathpy lacks (``resolve``,
``conformsTo``, ``hasValue``, ``htmlChecks``) are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

from vdx_plugin.invitations.message import Json
from vdx_plugin.invitations.profiles.values import is_plain_xhtml

# WORKAROUND fhirpathpy 2.2.4: expressions it cannot work out, and why leaving them out loses nothing here.
SKIPPED: Mapping[str, str] = {
    "ref-1": "asks %rootResource.contained: a reference to a contained resource is resolved by the walker itself",
    "dom-3": "asks descendants() of whole resources: slow, and only about resources nobody refers to",
    "bdl-10": "is about documents only, and a message is none",
}

Resolve = Callable[[Any], Json | None]
Conforms = Callable[[Any, str], bool]
Compiled = Callable[[Any, dict[str, Any]], list[Any]]


class CannotTell(Exception):
    """The library could not work the expression out."""


class Invariants:
    """Evaluates expressions. ``resolve`` and ``conforms`` answer for the bundle that is being checked."""

    def __init__(self) -> None:
        self._compiled: dict[str, Compiled] = {}
        self._resolve: Resolve = lambda _: None
        self._conforms: Conforms = lambda _value, _profile: True

    def turn_to(self, resolve: Resolve, conforms: Conforms) -> None:
        """Take another bundle as what references and ``conformsTo`` are about."""
        self._resolve, self._conforms = resolve, conforms

    def is_true(self, expression: str, value: Any, path: str, resource: Json, root: Json) -> bool:
        """Evaluate on a value whose FHIR type, or place in a resource, is ``path``. Raises CannotTell."""
        variables = {"resource": resource, "rootResource": root}
        try:
            if expression not in self._compiled:
                self._compiled[expression] = self._compile(expression)
            found = self._compiled[expression](_start(value, path), variables)
        except RecursionError:
            raise CannotTell("RecursionError") from None
        except Exception as error:  # noqa: BLE001 - the library raises plain Exception for whatever it cannot do
            raise CannotTell(type(error).__name__) from None
        return found == [True]

    def _compile(self, expression: str) -> Compiled:
        functions = {
            "resolve": {"fn": self._resolved, "arity": {0: []}},
            "conformsTo": {"fn": self._conforming, "arity": {1: ["String"]}},
            "hasValue": {"fn": _has_value, "arity": {0: []}},
            "htmlChecks": {"fn": lambda inputs: all(map(is_plain_xhtml, inputs)), "arity": {0: []}},
        }
        options = {"userInvocationTable": functions, "traceFn": lambda _label, _value: None}
        compiled: Compiled = fhirpathpy.compile(_whole_texts(expression), models["r4"], options)
        return compiled

    def _resolved(self, inputs: list[Any]) -> list[Json]:
        return [found for one in inputs if (found := self._resolve(one)) is not None]

    def _conforming(self, inputs: list[Any], profile: str) -> list[bool]:
        return [all(self._conforms(one, profile) for one in inputs)]


def _start(value: Any, path: str) -> Any:
    # WORKAROUND fhirpathpy 2.2.4: an expression that begins with a type's name, as ``Bundle.entry``, finds a resource
    # only when it is handed over bare, and anything else only when its type is told.
    is_resource = isinstance(value, dict) and "resourceType" in value
    return value if is_resource else ResourceNode.create_node(value, path)


def _has_value(inputs: list[Any]) -> list[bool]:
    return [len(inputs) == 1 and not isinstance(inputs[0], dict | list)]


def _whole_texts(expression: str) -> str:
    """Line breaks inside an expression are white space; Windows' would upset the library's lexer."""
    return re.sub(r"\s*\r?\n\s*", " ", expression)
