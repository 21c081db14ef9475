"""Made-up connections to clinic systems, for pictures and tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vdx_plugin.ports import (
    AdapterStatus,
    Capabilities,
    Capability,
    Choice,
    Health,
    HealthState,
    Manifest,
    Setting,
    SettingKind,
    Words,
)


def adapters(now: datetime, *, can_write: bool = True) -> tuple[AdapterStatus, ...]:
    """Return connections in every state: one that works, one hidden by it, one on pause, one that failed, one off."""
    abilities = {Capability.CONTEXT, Capability.APPOINTMENTS} | ({Capability.WRITE_BACK} if can_write else set())
    record = AdapterStatus(
        "dummy",
        "running",
        capabilities=Capabilities(frozenset(abilities)),
        manifest=_manifest("dummy", Words("Journalsystemet", "The record system")),
        version="2.4.1",
        health=Health(HealthState.GOOD, since=now),
        settings={"server": "https://journal.example", "workstation": "stue-2"},
        secrets_set=frozenset({"token"}),
    )
    hidden = replace(
        record,
        name="gdt",
        reason="adapter.conflict",
        manifest=_manifest("gdt", Words("Mappe med filer", "Folder of files")),
        health=Health(HealthState.BAD, "writeback.unavailable", since=now),
        facts={"name": "dummy", "other": "gdt"},
    )
    return (
        record,
        hidden,
        AdapterStatus("hl7v2", "paused", "adapter.paused", faults=3),
        AdapterStatus("local", "failed", "adapter.import_failed", "ImportError"),
        AdapterStatus("smart", "disabled", manifest=_manifest("smart", Words("SMART", "SMART"))),
    )


def _manifest(name: str, title: Words) -> Manifest:
    """A connection with a setting of every kind."""
    none, ask = Words("", ""), Words("Spørg leverandøren.", "Ask the vendor.")
    ready, kept = (
        Words("Når journalen er klar.", "Once the record is ready."),
        Words("I nøgleringen.", "In the keyring."),
    )
    kinds = (
        ("server", SettingKind.ADDRESS, Words("Adresse", "Address"), ask),
        ("folder", SettingKind.FOLDER, Words("Mappe", "Folder"), none),
        ("wait", SettingKind.NUMBER, Words("Vent højst (sekunder)", "Wait at most (seconds)"), none),
        ("write", SettingKind.SWITCH, Words("Skriv notater", "Write notes"), ready),
        ("token", SettingKind.SECRET, Words("Adgangskode", "Password"), kept),
    )
    choices = (Choice("P", Words("drift", "production")), Choice("T", Words("test", "test")))
    settings = tuple(
        Setting(key, label, kind, help_text, "20" if kind is SettingKind.NUMBER else "", kind is SettingKind.ADDRESS)
        for key, kind, label, help_text in kinds
    )
    mode = Setting("mode", Words("Meddelelser er", "Messages are"), SettingKind.CHOICE, default="P", choices=choices)
    return Manifest(name, 1, title, frozenset(Capability), "Eksempel Journal ApS", "MIT", settings=(*settings, mode))
