"""Finding an adapter's manifest beside its module, with no code of the package run."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

from vdx_plugin.errors import Misconfigured
from vdx_plugin.ports.manifest import FILE, Manifest, read_manifest

MAX_BYTES = 100_000


def manifest_of(point: EntryPoint) -> Manifest:
    """Read the manifest of an entry point. Raises Misconfigured(``adapter.manifest``, ``adapter.api``)."""
    path = manifest_path(point.module)
    if path is None:
        raise Misconfigured("adapter.manifest", "module not found", name=point.name)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise Misconfigured("adapter.manifest", "too large", name=point.name)
        return read_manifest(text.decode("utf-8"), point.name)
    except FileNotFoundError as error:
        raise Misconfigured("adapter.manifest", f"no {path.name}", name=point.name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("adapter.manifest", type(error).__name__, name=point.name) from error


def version_of(point: EntryPoint) -> str:
    """Return the version of the package, empty where it has none."""
    return point.dist.version if point.dist is not None else ""


def manifest_path(module: str) -> Path | None:
    """Return where the manifest of a module must lie, None when the module is not found."""
    spec = _spec(module)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))) / FILE
    if spec.origin is None:
        return None
    return Path(spec.origin).with_suffix(f".{FILE}")


def _spec(module: str) -> ModuleSpec | None:
    """Find a module without importing its parents, which ``importlib.util.find_spec`` would."""
    head, *rest = module.split(".")
    found = _top(head)
    for part in rest:
        if found is None or not found.submodule_search_locations:
            return None
        head = f"{head}.{part}"
        found = PathFinder.find_spec(head, list(found.submodule_search_locations))
    return found


def _top(name: str) -> ModuleSpec | None:
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__spec__ is not None:
        return loaded.__spec__
    # Every finder, not the path's alone: an editable install is found by one of its own.
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None
