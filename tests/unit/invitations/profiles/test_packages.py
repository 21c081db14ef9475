"""Packages as they come from outside: what is taken in, what is refused, and what lies on the shelf afterwards."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.unit.invitations.profiles.small import CORE, FHIR, OURS, files_of, package, profile
from vdx_plugin.errors import NotFound, Refused, Unreadable, VdxError
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.profiles import Shelf, archive, read_package
from vdx_plugin.invitations.profiles.definitions import Definitions, entries_of

HOUSE = profile("house", "House", {"street": {"min": 1}})
MADE = package(HOUSE, needs={"parcel.base": "1.0.0"})


def tgz(path: Path, files: dict[str, bytes], *, folder: str = "package/") -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, body in files.items():
            member = tarfile.TarInfo(folder + name)
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
    return path


def folder(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for name, body in files.items():
        (path / name).write_bytes(body)
    return path


def test_an_archive_and_a_folder_of_the_same_files_are_the_same_package(tmp_path: Path) -> None:
    """Registries hand out one, version control the other."""
    files = files_of(MADE)
    packed = read_package(tgz(tmp_path / "package.tgz", files))
    assert packed == read_package(folder(tmp_path / "loose", files))
    assert packed == read_package(folder(tmp_path / "unpacked" / "package", files).parent)
    assert (packed.name, packed.version, packed.needs) == ("parcel.example", "1.0.0", {"parcel.base": "1.0.0"})
    assert [one["url"] for one in packed.resources.values()] == [f"{OURS}house"]


def test_a_folder_without_a_manifest_is_named_by_its_name(tmp_path: Path) -> None:
    """Definitions rebuilt from another source have none."""
    files = {"StructureDefinition-house.json": json.dumps(HOUSE).encode()}
    found = read_package(folder(tmp_path / "r4core-4.0.1-subset", files))
    assert (found.name, found.version) == ("r4core", "4.0.1-subset")
    with pytest.raises(Refused) as refused:
        read_package(folder(tmp_path / "anything", files))
    assert refused.value.code == "definitions.nameless"


def test_examples_and_other_resources_of_a_package_are_left_out(tmp_path: Path) -> None:
    """The core package alone has thousands."""
    files = files_of(MADE) | {"SearchParameter-x.json": b'{"resourceType": "SearchParameter", "url": "urn:x"}'}
    path = tgz(tmp_path / "a.tgz", files | {"example/Patient-x.json": b'{"resourceType": "Patient"}'})
    assert len(read_package(path).resources) == 1


def test_profiles_without_a_snapshot_are_counted(tmp_path: Path) -> None:
    """They cannot be used, and whoever installs them must hear it."""
    bare = {key: value for key, value in HOUSE.items() if key != "snapshot"} | {"url": f"{OURS}bare"}
    found = read_package(tgz(tmp_path / "a.tgz", files_of(package(HOUSE, bare))))
    assert (len(found.resources), found.without_snapshot) == (1, 1)


@pytest.mark.parametrize("name", ["../../escaped.json", "/etc/escaped.json", "a\\..\\..\\escaped.json"])
def test_a_package_that_points_outside_itself_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is ever written under a name from an archive, but who sends such a one means no good."""
    path = tgz(tmp_path / "a.tgz", {name: b"{}"}, folder="" if name.startswith("/") else "package/")
    with pytest.raises(Refused) as refused:
        read_package(path)
    assert refused.value.code == "definitions.unsafe"


def test_links_in_a_package_are_not_followed(tmp_path: Path) -> None:
    """A link may point at any file of the machine."""
    path = tmp_path / "a.tgz"
    with tarfile.open(path, "w:gz") as made:
        for name, body in files_of(MADE).items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
        link = tarfile.TarInfo("package/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
    assert len(read_package(path).resources) == 1


@pytest.mark.parametrize("limit", ["MAX_FILE", "MAX_TOTAL", "MAX_FILES"])
def test_a_package_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A small archive can hold a very large one."""
    monkeypatch.setattr(archive, limit, 1)
    with pytest.raises(Refused) as refused:
        read_package(tgz(tmp_path / "a.tgz", files_of(MADE)))
    assert refused.value.code == "definitions.too_large"


def test_damaged_archives_are_an_error_of_ours_wherever_they_end(tmp_path: Path) -> None:
    """A download that broke off, at any byte."""
    whole = tgz(tmp_path / "whole.tgz", files_of(MADE)).read_bytes()
    cut = tmp_path / "cut.tgz"
    for length in range(0, len(whole) - 8, 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(VdxError):
            read_package(cut)
    cut.write_bytes(b"not an archive at all")
    with pytest.raises(Unreadable):
        read_package(cut)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fhirVersions": ["5.0.0"]}, "definitions.not_r4"),
        ({"name": "../up"}, "definitions.nameless"),
        ({"name": "a..b"}, "definitions.nameless"),
        ({"version": "latest"}, "definitions.nameless"),
        ({"name": 3}, "definitions.nameless"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(tmp_path: Path, change: dict[str, object], code: str) -> None:
    """The name becomes a folder, so it may hold nothing else."""
    manifest = {"name": "parcel.example", "version": "1.0.0", "fhirVersions": ["4.0.1"], **change}
    with pytest.raises(Refused) as refused:
        read_package(tgz(tmp_path / "a.tgz", files_of(MADE, manifest)))
    assert refused.value.code == code


def test_a_package_without_definitions_is_refused(tmp_path: Path) -> None:
    """A wrong file was chosen."""
    with pytest.raises(Refused) as refused:
        read_package(tgz(tmp_path / "a.tgz", {"package.json": b"{}"}))
    assert refused.value.code in ("definitions.empty", "definitions.nameless")
    with pytest.raises(Unreadable):
        read_package(tgz(tmp_path / "b.tgz", {"package.json": b"{"}))


def test_the_shelf_keeps_one_version_of_a_package(tmp_path: Path) -> None:
    """Two would disagree about what an address without a version means."""
    shelf = Shelf(tmp_path / "definitions")
    assert shelf.packages() == []
    shelf.add(package(HOUSE))
    shelf.add(package(HOUSE, profile("castle", "House", {})))
    assert [(one.name, one.definitions) for one in shelf.packages()] == [("parcel.example", 2)]
    shelf.remove("parcel.example")
    assert shelf.packages() == []
    assert list((tmp_path / "definitions").iterdir()) == []


@pytest.mark.parametrize("name", ["parcel", "..", "../definitions", ""])
def test_only_what_is_on_the_shelf_can_be_taken_away(tmp_path: Path, name: str) -> None:
    """A name must never lead out of the folder."""
    shelf = Shelf(tmp_path / "definitions")
    shelf.add(package(HOUSE))
    with pytest.raises(NotFound):
        shelf.remove(name)
    assert len(shelf.packages()) == 1


def test_definitions_come_back_from_the_shelf_when_they_are_asked_for(tmp_path: Path) -> None:
    """By address, and by address and version."""
    shelf = Shelf(tmp_path)
    shelf.add(package(*CORE, HOUSE))
    found = shelf.definitions()
    assert found.structure(f"{OURS}house|1.0.0") is not None
    assert found.structure(f"{OURS}house|9.9.9") is not None
    assert found.structure(f"{OURS}castle") is None
    assert found.of_type("Parcel") is not None


def test_a_pinned_version_is_taken_before_a_newer_one() -> None:
    """And the newest where none is pinned, or the pinned one is not there."""
    old, new = ({**HOUSE, "version": version, "type": kind} for version, kind in (("1.9.0", "Old"), ("1.10.0", "New")))
    both = Definitions([*entries_of(package(old)), *entries_of(package(new))])
    kinds = {pin: both.structure(f"{OURS}house{pin}") for pin in ("|1.9.0", "|1.10.0", "", "|2.0.0")}
    assert {pin: found.kind for pin, found in kinds.items() if found} == {
        "|1.9.0": "Old",
        "|1.10.0": "New",
        "": "New",
        "|2.0.0": "New",
    }


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """And one that travels under another name is recognised by what it defines."""
    shelf = Shelf(tmp_path)
    shelf.add(package(HOUSE, needs={"hl7.fhir.r4.core": "4.0.1", "hl7.terminology.r4": "7.0.1"}))
    assert shelf.missing() == {"hl7.fhir.r4.core": "4.0.1", "hl7.terminology.r4": "7.0.1"}
    assert shelf.lacking() == ["hl7.fhir.r4.core", "medcom.fhir.dk.carecommunication"]
    shelf.add(package(*CORE, name="r4core"))
    assert shelf.missing() == {"hl7.terminology.r4": "7.0.1"}
    assert any(one["url"] == f"{FHIR}Bundle" for one in CORE)
    shelf.add(package({**HOUSE, "url": codes.CARE_COMMUNICATION}, name="letters"))
    assert shelf.lacking() == []
