"""The reference for authors of adapters: ``python -m tests.contract.reference`` writes it from the docstrings.

With ``--check`` nothing is written, and the exit status says whether the file is true.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from vdx_plugin import hookspecs
from vdx_plugin.api import v1
from vdx_plugin.ports.manifest import Manifest, Setting, SettingKind

FILE = Path(__file__).parents[2] / "docs" / "adapters" / "reference.md"
HEAD = """# Reference for authors of adapters

Written by `python -m tests.contract.reference` from the docstrings of `vdx_plugin.api.v1`, version {api} of the
contract; a test holds it against the code. Begin with the [tutorial](tutorial.md).
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD.format(api=v1.__api__)]
    parts += ["## The adapter\n", _doc(v1.ClinicSystem), *_methods(v1.ClinicSystem)]
    parts += ["## What the adapter tells\n", _doc(v1.AdapterSink), *_methods(v1.AdapterSink)]
    parts += ["## Capabilities\n", _members(v1.Capability)]
    parts += ["## Hooks\n", _doc(hookspecs), *_hooks()]
    parts += ["## The manifest\n", _doc(Manifest), _doc(Setting), "Kinds of settings:\n", _members(SettingKind)]
    parts += ["## Values, errors and tools\n", *_names()]
    return "\n".join(parts)


def _doc(thing: object) -> str:
    return (inspect.getdoc(thing) or "") + "\n"


def _signature(name: str, function: Callable[..., object]) -> str:
    given = inspect.signature(function)
    without_self = [each for key, each in given.parameters.items() if key != "self"]
    start = "async " if inspect.iscoroutinefunction(function) else ""
    return f"`{start}{name}{given.replace(parameters=without_self)}`".replace("'", "")


def _methods(protocol: type) -> Iterator[str]:
    for kind in reversed(protocol.__mro__):
        for name, thing in vars(kind).items():
            if not name.startswith("_") and inspect.isfunction(thing) and kind.__module__.startswith("vdx_plugin"):
                yield f"### {name}\n\n{_signature(name, thing)}\n\n{_doc(thing)}"


def _hooks() -> Iterator[str]:
    for name, thing in vars(hookspecs.Hooks).items():
        if name.startswith("vdx_"):
            limit = hookspecs.LIMITS_S[name]
            yield f"### {name}\n\n{_signature(name, thing)}\n\n{_doc(thing)}\nLimit: {limit:g} s.\n"


def _members(kind: type) -> str:
    """List the members of an enumeration with the docstring that stands under each."""
    lines = inspect.getsource(kind).splitlines()
    found = []
    for number, line in enumerate(lines):
        name, equals, value = line.strip().partition(" = ")
        if equals and name.isupper():
            below = lines[number + 1].strip() if number + 1 < len(lines) else ""
            told = below.strip('"') if below.startswith('"""') else ""
            found.append(f"- `{value.strip(chr(34))}`" + (f": {told}" if told else ""))
    return "\n".join(found) + "\n"


def _names() -> Iterator[str]:
    told = {"ClinicSystem", "AdapterSink", "Capability", "Manifest"}
    for name in v1.__all__:
        thing = getattr(v1, name)
        if name not in told and (inspect.isclass(thing) or inspect.isfunction(thing)):
            yield f"- **{name}**: {(inspect.getdoc(thing) or '').splitlines()[0]}"


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        return 0 if FILE.read_text(encoding="utf-8") == page() else 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
