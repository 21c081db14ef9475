"""Every adapter of ours runs the conformance kit, each in a module of its own that its manifest names."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from vdx_plugin.host.loading import is_own, registered_entry_points
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.testing.conformance import CHECKS, AdapterConformance

OURS = sorted(point.name for point in registered_entry_points() if is_own(point))


@pytest.mark.parametrize("name", OURS)
def test_an_adapter_of_ours_names_its_conformance_tests(name: str) -> None:
    """What we ask of vendors we do ourselves; ``adapters check`` finds the tests by this."""
    (point,) = [point for point in registered_entry_points() if point.name == name and is_own(point)]
    module, _colon, kind = manifest_of(point).conformance.partition(":")
    assert module, f"{name} names none"
    assert importlib.util.find_spec(module) is not None, f"{name} names tests that are not there"
    tests = getattr(importlib.import_module(module), kind)
    assert issubclass(tests, AdapterConformance)
    assert tests.name == name
    assert set(tests.does_not_apply) <= {check.number for check in CHECKS}


def test_the_kit_has_the_twenty_five_checks_each_with_its_reason() -> None:
    """A check that says nothing of why it exists convinces nobody."""
    assert [check.number for check in CHECKS] == list(range(1, 26))
    checks = [getattr(AdapterConformance, name) for name in dir(AdapterConformance) if name.startswith("test_")]
    assert all(each.__doc__ for each in checks)
