"""The public module: complete, and the only one our own adapters need."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import vdx_plugin.adapters
from vdx_plugin.api import v1
from vdx_plugin.host.loading import registered_entry_points
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.ports import Capability
from vdx_plugin.ports.manifest import API_VERSION

FOLDER = Path(vdx_plugin.adapters.__file__).parent


def imports_of(file: Path) -> set[str]:
    """The modules of this program that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "vdx_plugin"}


def test_our_own_adapters_import_the_public_module_and_nothing_else() -> None:
    """What ours need and vendors cannot have would make the contract a pretence."""
    reaching = {}
    for file in sorted(FOLDER.rglob("*.py")):
        adapter = file.relative_to(FOLDER).parts[0].removesuffix(".py")
        own = f"vdx_plugin.adapters.{adapter}"
        allowed = ("vdx_plugin.api.v1", own)
        foreign = {name for name in imports_of(file) if not any(f"{name}.".startswith(f"{one}.") for one in allowed)}
        if foreign:
            reaching[file.name] = sorted(foreign)
    assert reaching == {}


def test_the_public_module_says_everything_it_offers() -> None:
    """A name that works by accident would be missed when it goes."""
    public = {name for name in vars(v1) if name.isidentifier() and not name.startswith("_") and name != "loopback"}
    assert public == set(v1.__all__)
    named = {name: getattr(v1, name) for name in v1.__all__}
    explained = {name: thing for name, thing in named.items() if inspect.isclass(thing) or inspect.isfunction(thing)}
    assert [name for name, thing in explained.items() if not thing.__doc__] == []


def test_the_versions_of_module_and_manifest_are_the_same() -> None:
    """A vendor writes one number."""
    assert v1.__api__ == API_VERSION == 1


def test_every_adapter_of_ours_has_a_manifest_that_can_be_read() -> None:
    """The host refuses one without."""
    manifests = {point.name: manifest_of(point) for point in registered_entry_points() if "vdx_plugin." in point.value}
    assert {"dummy", "hl7v2", "local"} <= set(manifests)
    assert all(manifest.title.is_complete and manifest.licence for manifest in manifests.values())
    assert manifests["dummy"].capabilities == frozenset(Capability)
