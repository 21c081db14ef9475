"""Third-party packages made on disk, good and broken, found by their entry points as installed ones are."""

from __future__ import annotations

from importlib.metadata import DistributionFinder, EntryPoint, MetadataPathFinder
from pathlib import Path
from textwrap import dedent

from vdx_plugin.ports import Capability

GOOD = """
    from vdx_plugin.adapters.dummy import DummySystem
    from vdx_plugin.hookspecs import hookimpl

    class Guest(DummySystem):
        name = "{name}"

    @hookimpl
    def vdx_adapters(register):
        register("{name}", lambda setup: Guest(setup.clock))
"""


def good(name: str) -> str:
    """Source of a guest that works, under a name of its own."""
    return GOOD.format(name=name)


def with_method(name: str, method: str) -> str:
    """Source of a guest with one method replaced by ``method``."""
    head, tail = dedent(good(name)).split("\n@hookimpl")
    body = "\n".join("    " + line for line in dedent(method).strip().splitlines())
    return f"import asyncio, time\n{head}{body}\n\n\n@hookimpl{tail}"


MANIFEST = """
    name = "{name}"
    api = {api}
    title = "Guest {name}"
    vendor = "Eksempel ApS"
    licence = "MIT"
    runner = "{runner}"
    capabilities = [{capabilities}]
"""
EVERYTHING = ", ".join(f'"{capability}"' for capability in Capability)


def manifest(name: str, *, api: int = 1, runner: str = "program", capabilities: str = EVERYTHING) -> str:
    """A guest's manifest."""
    return dedent(MANIFEST.format(name=name, api=api, runner=runner, capabilities=capabilities))


def install(folder: Path, name: str, source: str, *, module: str = "", says: str | None = None) -> None:
    """Lay a package of that name with manifest and metadata into ``folder``, as an installer would.

    ``module`` is the module's name where two packages share a name; ``says`` replaces the manifest, empty for none.
    """
    module = module or f"{name}_guest"
    (folder / f"{module}.py").write_text(dedent(source), encoding="utf-8")
    if says != "":
        (folder / f"{module}.vdx-adapter.toml").write_text(says or manifest(name), encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    package = module.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    entry = f"[vdx_plugin.adapters]\n{name} = {module}\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")


def points_in(folder: Path) -> list[EntryPoint]:
    """Return the entry points of the packages in ``folder`` alone; it must be on ``sys.path`` to load them."""
    found = MetadataPathFinder.find_distributions(DistributionFinder.Context(path=[str(folder)]))
    points = [point for package in found for point in package.entry_points if point.group == "vdx_plugin.adapters"]
    return sorted(points, key=lambda point: point.name)
