"""The commands about definitions and checks, as a person uses them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.invitations import official
from tests.unit.invitations.official_definitions import folders
from tests.unit.invitations.profiles.small import CORE, package
from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from vdx_plugin import settings, texts
from vdx_plugin.carriers import definitions_shelf, message_check
from vdx_plugin.cli import main
from vdx_plugin.invitations.message import read_message, write_xml
from vdx_plugin.settings import Partners, Settings


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(settings, "default_file", lambda: tmp_path / "settings.toml")
    monkeypatch.setenv("VDX_PLUGIN_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path / "data"
    texts.set_language("da")


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.json"
    path.write_bytes(composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids()).payload)
    return path


def test_without_definitions_the_own_rules_are_all_there_is() -> None:
    """And the command says so."""
    assert "egne regler" in call("definitions", "list").output


@official.needed
def test_medcoms_packages_are_installed_and_used(tmp_path: Path, workplace: Path) -> None:
    """From an archive or a folder, in any order; what is missing is named; then a fault shows from both checkers."""
    packed = tmp_path / "package.tgz"
    core, *rest = sorted(folders(), key=lambda folder: "core-3.0.1" not in folder.name)
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(core, "package")
    added = call("definitions", "add", packed)
    assert added.exit_code == 0
    assert "medcom.fhir.dk.core 3.0.1" in added.output
    assert "Mangler: hl7.fhir.r4.core 4.0.1" in added.output
    assert "Profilerne kan ikke bruges endnu" in call("definitions", "list").output
    for folder in rest:
        assert call("definitions", "add", folder).exit_code == 0
    listed = call("definitions", "list").output
    assert "Beskeder kontrolleres efter programmets egne regler og efter profilerne." in listed
    assert "Mangler: hl7.fhir.r4.core" not in listed
    good, bad = letter(tmp_path), next(path for path in official.BROKEN if path.name.startswith("b14"))
    assert call("check-message", "--sending", good).exit_code == 0
    told = call("check-message", bad)
    assert told.exit_code == 1
    assert "Communication.payload[1].contentAttachment.title" in told.output
    assert told.output.count("fejl  ") == 2
    assert call("definitions", "remove", "medcom.fhir.dk.carecommunication").exit_code == 0
    assert definitions_shelf(workplace).lacking() == ["medcom.fhir.dk.carecommunication"]


def test_a_message_in_xml_is_checked_too(tmp_path: Path) -> None:
    """Partners may send either."""
    path = tmp_path / "letter.xml"
    path.write_bytes(write_xml(read_message(letter(tmp_path).read_bytes(), "application/fhir+json")))
    told = call("check-message", path)
    assert told.exit_code == 0
    assert "Programmets regler: i orden" in told.output


def test_a_file_that_is_no_message_is_said_to_be_none(tmp_path: Path) -> None:
    """No traceback, and status 1."""
    path = tmp_path / "x.json"
    path.write_bytes(b"{}")
    told = call("check-message", path)
    assert told.exit_code == 1
    assert "(invite.unreadable)" in told.output


def test_a_validator_that_does_not_answer_has_a_status_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither right nor wrong: a script that checks messages must be able to tell."""
    # Port 9 of this machine: nobody listens.
    monkeypatch.setenv("VDX_PLUGIN_PARTNERS__VALIDATOR_URL", "http://127.0.0.1:9")
    told = call("check-message", letter(tmp_path))
    assert told.exit_code == 3
    assert "ikke kontrolleret" in told.output


def test_a_damaged_package_is_told_with_a_sentence_and_changes_nothing(tmp_path: Path, workplace: Path) -> None:
    """Whoever keeps the machines reads what to do."""
    path = tmp_path / "package.tgz"
    path.write_bytes(b"\x1f\x8b broken")
    told = call("definitions", "add", path)
    assert told.exit_code == 1
    assert "(definitions.unreadable)" in told.output
    assert not (workplace / "definitions").exists()
    assert "(definitions.unknown)" in call("definitions", "remove", "nothing").output


async def test_an_incomplete_set_of_definitions_is_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A site that installed something must not believe that it is used."""
    chosen = Settings(data_dir=tmp_path, partners=Partners(validator_url="http://127.0.0.1:9", validator="fhir"))
    definitions_shelf(tmp_path).add(package(*CORE))
    check = message_check(chosen)
    await check.close()
    assert "medcom.fhir.dk.carecommunication missing" in caplog.text
