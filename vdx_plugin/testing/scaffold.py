"""A new adapter's package, complete and conformant from the first minute: what ``adapters new`` writes."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template

from vdx_plugin.errors import Refused

_NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "vdx-adapter.toml": "vdx_{name}/vdx-adapter.toml",
    "adapter.py": "vdx_{name}/__init__.py",
    "peer.py": "tests/peer.py",
    "test_conformance.py": "tests/test_conformance.py",
}


def rendered(name: str) -> dict[str, str]:
    """Return every file of a new package, by its path. Raises Refused(``adapter.bad_name``)."""
    if not _NAME.fullmatch(name):
        raise Refused("adapter.bad_name", name=name[:40])
    word = "".join(part.capitalize() for part in name.split("_"))
    values = {"name": name, "title": word, "class": f"{word}System", "peer": f"{word}Peer"}
    folder = files("vdx_plugin.testing") / "template"
    return {
        path.format(name=name): Template((folder / f"{source}.tmpl").read_text(encoding="utf-8")).substitute(values)
        for source, path in _FILES.items()
    }


def write_package(name: str, folder: Path) -> list[Path]:
    """Write a new package into ``folder``. Raises Refused(``adapter.bad_name``, ``adapter.exists``)."""
    written = {folder / path: text for path, text in rendered(name).items()}
    if folder.exists() and any(folder.iterdir()):
        raise Refused("adapter.exists", name=folder.name)
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(written)
