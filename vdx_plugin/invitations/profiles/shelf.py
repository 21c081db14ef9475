"""The packages a site has installed, in a folder of the program's data: add, list, remove.

Each package lies in ``NAME/`` with its definitions and ``shelf.json``, which says what is in which file, so that a
start reads one small file for each package and a definition is read when it is first asked for. One version of a
package at a time: two would disagree about what an address without a version means.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vdx_plugin.errors import NotFound, Unavailable
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.message import dig, rows, text_at
from vdx_plugin.invitations.profiles.archive import Package
from vdx_plugin.invitations.profiles.definitions import Definitions, Entry

INDEX = "shelf.json"

# Some packages travel under another name than the one others ask for them by: what counts is that the definitions are
# there. The second column is an address that only this package defines.
_KNOWN_BY = {
    "hl7.fhir.r4.core": "http://hl7.org/fhir/StructureDefinition/Bundle",
    "hl7.fhir.dk.core": "http://hl7.dk/fhir/core/StructureDefinition/dk-core-patient",
}
# Without these there is nothing to check a message against.
_NEEDED = {
    "hl7.fhir.r4.core": _KNOWN_BY["hl7.fhir.r4.core"],
    "medcom.fhir.dk.carecommunication": codes.CARE_COMMUNICATION,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """One package on the shelf."""

    name: str
    version: str
    definitions: int
    needs: dict[str, str]


class Shelf:
    """A folder of packages. It need not exist before something is added. Blocking: not for the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, package: Package) -> None:
        """Keep a package; another version of it is replaced. Raises Unavailable(``definitions.folder``)."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(prefix=".part-", dir=self._folder))
            try:
                _write(package, part)
                place = self._folder / package.name
                if place.exists():
                    shutil.rmtree(place)
                part.rename(place)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except OSError as error:
            raise Unavailable("definitions.folder", type(error).__name__) from error

    def remove(self, name: str) -> None:
        """Take a package away. Raises NotFound(``definitions.unknown``), Unavailable(``definitions.folder``)."""
        # Looked up among what is there, so that a name can never lead out of the folder.
        if name not in {one.name for one in self.packages()}:
            raise NotFound("definitions.unknown")
        try:
            shutil.rmtree(self._folder / name)
        except OSError as error:
            raise Unavailable("definitions.folder", type(error).__name__) from error

    def packages(self) -> Sequence[Installed]:
        """Return what is installed, by name."""
        return [_installed(index) for _, index in self._indices()]

    def missing(self) -> dict[str, str]:
        """Return name and version of each package that an installed one builds on and that is not here."""
        here, urls = {one.name for one in self.packages()}, self._urls()
        needed = {name: version for one in self.packages() for name, version in one.needs.items()}
        return {
            name: version
            for name, version in sorted(needed.items())
            if name not in here and _KNOWN_BY.get(name) not in urls
        }

    def lacking(self) -> list[str]:
        """Return the packages without which profiles cannot be used at all; empty when they can."""
        urls = self._urls()
        return [name for name, url in _NEEDED.items() if url not in urls]

    def definitions(self) -> Definitions:
        """Return everything that is installed, each definition read when it is first asked for."""
        entries = [
            Entry(text_at(row, "kind"), text_at(row, "url"), text_at(row, "version"), _reader(folder / _file(row)))
            for folder, index in self._indices()
            for row in rows(index, "definitions")
        ]
        return Definitions(entries)

    def _urls(self) -> set[str]:
        return {text_at(row, "url") for _, index in self._indices() for row in rows(index, "definitions")}

    def _indices(self) -> list[tuple[Path, Any]]:
        found = []
        with suppress(OSError):
            for path in sorted(self._folder.glob(f"*/{INDEX}")):
                with suppress(OSError, ValueError):
                    found.append((path.parent, json.loads(path.read_bytes())))
        return found


def _write(package: Package, folder: Path) -> None:
    index = []
    for number, resource in enumerate(package.resources.values()):
        file = f"{number:05}.json"
        (folder / file).write_text(json.dumps(resource, ensure_ascii=False), encoding="utf-8")
        version = text_at(resource, "version")
        index.append({"file": file, "kind": resource["resourceType"], "url": resource["url"], "version": version})
    head = {"name": package.name, "version": package.version, "needs": package.needs}
    (folder / INDEX).write_text(json.dumps({**head, "definitions": index}), encoding="utf-8")


def _installed(index: Any) -> Installed:
    needs = dig(index, "needs")
    return Installed(
        text_at(index, "name"),
        text_at(index, "version"),
        len(rows(index, "definitions")),
        needs if isinstance(needs, dict) else {},
    )


def _file(row: Any) -> str:
    return Path(text_at(row, "file")).name


def _reader(path: Path) -> Callable[[], Any]:
    def read() -> Any:
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise Unavailable("definitions.folder", type(error).__name__) from error

    return read
