"""What is known of a package before any of its code runs."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from tests.fakes_clinic import HandClock, RememberingSink
from tests.unit.host.guests import good, install, manifest, points_in
from vdx_plugin import texts
from vdx_plugin.errors import Misconfigured
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.loading import load, look, registered_entry_points
from vdx_plugin.ports import SettingKind
from vdx_plugin.ports.manifest import Manifest, Words, read_manifest

SETTINGS = """
    [[settings]]
    name = "port"
    kind = "number"
    label = { da = "Port", en = "Port" }
    default = "80"
    least = 1
    most = 99

    [[settings]]
    name = "mode"
    kind = "choice"
    label = { da = "Måde", en = "Mode" }
    choices = [{ value = "a", label = { da = "A", en = "A" } }, { value = "b" }]

    [[settings]]
    name = "server"
    kind = "address"
    label = { da = "Server", en = "Server" }
    required = true

    [[settings]]
    name = "key"
    kind = "secret"
    label = { da = "Nøgle", en = "Key" }
"""


def with_settings() -> Manifest:
    return read_manifest(manifest("acme") + dedent(SETTINGS), "acme")


def test_a_manifest_is_read_with_nothing_of_the_package_imported(tmp_path, monkeypatch):
    """A package that crashes at import must still be listed by name, vendor and version."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "crash", "raise AssertionError('imported')")
    (status,) = look(points_in(tmp_path))
    assert (status.state, status.version) == ("loaded", "1.0")
    assert status.manifest is not None
    assert status.manifest.vendor == "Eksempel ApS"


def test_the_environment_may_name_the_only_adapters_that_are_known(monkeypatch):
    """The way out when one of them keeps the program from starting."""
    monkeypatch.setenv("VDX_ADAPTERS", "local, dummy")
    assert [point.name for point in registered_entry_points()] == ["dummy", "local"]
    monkeypatch.setenv("VDX_ADAPTERS", "")
    assert registered_entry_points() == []


def test_a_package_without_a_manifest_is_refused_unread(tmp_path, monkeypatch):
    """Without it nobody knows what it was written for."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "bare", "raise AssertionError('imported')", says="")
    (status,) = load(points_in(tmp_path)).rejected
    assert (status.state, status.reason) == ("failed", "adapter.manifest")


async def test_another_version_of_the_contract_gives_one_clear_sentence(tmp_path, monkeypatch):
    """And is not imported: what it would do is anybody's guess."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "future", "raise AssertionError('imported')", says=manifest("future", api=2))
    install(tmp_path, "present", good("present"))
    sink = RememberingSink()
    host = AdapterHost(clock=HandClock(), points=points_in(tmp_path))
    await host.start(sink)
    future, present = host.statuses()
    assert (future.reason, present.state) == ("adapter.api", "running")
    assert texts.problem(future.reason, **future.facts) == (
        "Forbindelsen future er skrevet til version 2 af kontrakten, og programmet taler version 1: "
        "bed leverandøren om en udgave, der passer."
    )
    assert sink.notices == ["adapter.api"]
    await host.stop()


async def test_an_adapter_that_lies_about_its_capabilities_is_refused_when_it_is_made(tmp_path, monkeypatch):
    """What the manifest does not declare nobody has agreed to."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "greedy", good("greedy"), says=manifest("greedy", capabilities='"context"'))
    host = AdapterHost(clock=HandClock(), points=points_in(tmp_path))
    await host.start(RememberingSink())
    (status,) = host.statuses()
    assert (status.state, status.reason) == ("failed", "adapter.invalid")
    assert "is not in its manifest" in status.detail


@pytest.mark.parametrize(
    "broken",
    [
        "not toml [",
        manifest("other"),
        manifest("acme", capabilities='"flying"'),
        manifest("acme", runner="cloud"),
        manifest("acme") + '[problems."vdx.unreachable"]\nda = "x"\nen = "y"\n',
        manifest("acme") + '[problems."acme.down"]\nda = "kun dansk"\n',
        manifest("acme") + '[[settings]]\nname = "x"\nlabel = "X"\nkind = "choice"\n',
        manifest("acme") + '[[settings]]\nname = "x"\nlabel = "X"\nkind = "secret"\ndefault = "hunter2"\n',
        manifest("acme") + '[[settings]]\nname = "Not A Name"\nlabel = "X"\n',
        manifest("acme") + "settings = 3\n",
        "api = 1\n",
    ],
)
def test_a_broken_manifest_is_refused_with_its_place_and_nothing_else(broken):
    """It comes from a stranger and decides what is imported."""
    with pytest.raises(Misconfigured, match=r"adapter\.manifest"):
        read_manifest(broken, "acme")


def test_each_setting_is_checked_by_its_kind():
    """The fault stands beside the field before anything is saved."""
    acme = with_settings()
    bad = {"port": "100", "mode": "c", "server": "ftp://x", "key": "a\nb", "extra": "1"}
    assert acme.faults(bad) == {
        "port": "setting.range",
        "mode": "setting.choice",
        "server": "setting.address",
        "key": "setting.text",
        "extra": "setting.unknown",
    }
    assert acme.faults({"port": "x"}) == {"port": "setting.number", "server": "setting.missing"}
    assert acme.faults({"server": "https://a.example"}) == {}


def test_a_required_secret_is_not_missing_when_it_is_given_or_kept():
    """It is never among the values, so a form with a required password could otherwise never be saved."""
    acme = with_settings()
    strict = replace(acme, settings=tuple(replace(one, required=True) for one in acme.settings))
    values = {"server": "https://a.example", "mode": "a", "port": "80"}
    assert strict.faults(values) == {"key": "setting.missing"}
    assert strict.faults(values, {"key"}) == {}


def test_defaults_are_filled_in_and_secrets_never_are():
    """The adapter reads one mapping, and the keyring stays apart."""
    acme = with_settings()
    assert acme.filled({"mode": "a"}) == {"port": "80", "mode": "a"}
    assert acme.secret_names() == ("key",)
    assert [setting.kind for setting in acme.settings][-1] is SettingKind.SECRET


def test_a_guests_sentences_are_its_own_and_never_ours():
    """It may not rewrite what the program says about VDX."""
    texts.learn({"acme.down": ("Acme er nede.", "Acme is down."), "vdx.unreachable": ("x", "y")})
    assert texts.problem("acme.down") == "Acme er nede."
    assert texts.problem("vdx.unreachable").startswith("VDX svarer ikke")
    assert Words("a", "b").said("en") == "b"
