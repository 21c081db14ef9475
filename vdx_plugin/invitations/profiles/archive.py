"""Reading a FHIR package: a ``package.tgz`` as registries hand it out, or a folder with the same files.

Source: FHIR NPM packages, "Package specification". Whatever is given becomes a ``Package`` or an error of ours: an
archive may name no place outside itself and may not grow beyond ``MAX_TOTAL``.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from vdx_plugin.errors import Refused, Unreadable
from vdx_plugin.invitations.message import dig, text_at

MAX_TOTAL = 600_000_000
"""Bytes unpacked. hl7.fhir.r4.core 4.0.1, the largest that profiles build on, has about 250 million."""
MAX_FILES = 40_000
MAX_FILE = 100_000_000
KINDS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})

_NAME = re.compile(r"[a-z0-9][a-z0-9.\-]{0,80}")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.\-]{0,40}")
_FOLDER = re.compile(r"(?P<name>[a-z0-9][a-z0-9.\-]*?)-(?P<version>[0-9]+\.[0-9A-Za-z.\-]+)")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """What one package defines. ``resources`` holds its definitions by file name; examples are left out."""

    name: str
    version: str
    resources: dict[str, Resource]
    needs: dict[str, str] = field(default_factory=dict)
    """Name and version of each package it builds on."""
    without_snapshot: int = 0
    """Profiles that cannot be used, because the package does not say what they come to in the end."""


def read_package(path: Path) -> Package:
    """Read a package. Raises Refused and Unreadable (``definitions.*``)."""
    try:
        files = dict(_in_folder(path) if path.is_dir() else _in_archive(path))
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise Unreadable("definitions.unreadable", type(error).__name__) from error
    return _package(files, path.name)


def _in_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    inner = path / "package"
    allowance = _Allowance()
    for file in sorted((inner if inner.is_dir() else path).glob("*.json")):
        allowance.take(file.stat().st_size)
        yield file.name, file.read_bytes()


def _in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    allowance = _Allowance()
    # As a stream: sizes are known from the heads before anything is unpacked, and nothing is ever written to its name.
    # And through gzip, which tells a download that broke off from one that is whole; tarfile takes both.
    with gzip.open(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for member in archive:
            place = PurePosixPath(member.name)
            if place.is_absolute() or ".." in place.parts or "\\" in member.name:
                raise Refused("definitions.unsafe")
            allowance.take(member.size)
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and place.parts[:-1] == ("package",) and place.suffix == ".json":
                yield place.name, content.read()
        while rest := unpacked.read(1 << 16):
            allowance.take(len(rest))


class _Allowance:
    """Counts files and bytes. Raises Refused(``definitions.too_large``)."""

    def __init__(self) -> None:
        self._files = self._bytes = 0

    def take(self, size: int) -> None:
        self._files += 1
        self._bytes += size
        if size > MAX_FILE or self._bytes > MAX_TOTAL or self._files > MAX_FILES:
            raise Refused("definitions.too_large")


def _package(files: dict[str, bytes], folder_name: str) -> Package:
    parsed = {name: _parse(body) for name, body in files.items() if not name.startswith(".")}
    manifest = parsed.pop("package.json", None)
    name, version = _identity(manifest, folder_name)
    resources = {name: value for name, value in parsed.items() if dig(value, "resourceType") in KINDS}
    usable = {name: value for name, value in resources.items() if _is_usable(value)}
    if not usable:
        raise Refused("definitions.empty")
    needs = dig(manifest, "dependencies")
    known = {str(key): str(value) for key, value in needs.items()} if isinstance(needs, dict) else {}
    return Package(name, version, usable, known, len(resources) - len(usable))


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("definitions.unreadable", "not JSON") from None


def _identity(manifest: Any, folder_name: str) -> tuple[str, str]:
    """Name and version from ``package.json``; of a folder without one, from the folder's name ``name-1.2.3``."""
    if manifest is None:
        found = _FOLDER.fullmatch(folder_name)
        if found is None:
            raise Refused("definitions.nameless")
        return found["name"], found["version"]
    versions = dig(manifest, "fhirVersions") or dig(manifest, "fhir-version-list") or ["4.0.1"]
    if not isinstance(versions, list) or not any(str(one).startswith("4.0") for one in versions):
        raise Refused("definitions.not_r4")
    name, version = text_at(manifest, "name"), text_at(manifest, "version")
    if not _NAME.fullmatch(name) or ".." in name or not _VERSION.fullmatch(version):
        raise Refused("definitions.nameless")
    return name, version


def _is_usable(resource: Any) -> bool:
    if not text_at(resource, "url"):
        return False
    return resource["resourceType"] != "StructureDefinition" or bool(dig(resource, "snapshot", "element"))
