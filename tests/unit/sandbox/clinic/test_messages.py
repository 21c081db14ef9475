"""The demo clinic's messages are those of ``fixtures``, and the plug-in's adapter takes every one."""

from __future__ import annotations

from importlib.resources import files

from tests.unit.adapters.hl7v2.samples import FOLDER, news

PACKAGED = files("vdx_plugin.sandbox.clinic") / "messages"


def test_the_package_carries_the_fixtures_unchanged():
    """A wheel has no fixtures folder, and two truths would drift apart."""
    packaged = {item.name: item.read_bytes() for item in PACKAGED.iterdir() if item.name.endswith(".hl7")}
    assert packaged
    assert packaged == {file.name: file.read_bytes() for file in FOLDER.glob("*.hl7")}


def test_every_message_of_the_demo_clinic_is_taken():
    """The two sides are written apart from each other and meet here."""
    for file in sorted(FOLDER.glob("*.hl7")):
        news(file.read_bytes(), processing_id="P")
