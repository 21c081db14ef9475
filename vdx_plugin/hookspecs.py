"""Hooks by which an installed package adds to the plug-in (pluggy project name ``vdx_plugin``).

A package names a module under the entry-point group ``vdx_plugin.adapters``; the module implements
``vdx_adapters``. The object that owns a consultation is not a hook but a ``ports.ClinicSystem``: one to one,
asynchronous, typed.
"""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from vdx_plugin.ports import AdapterSetup, ClinicSystem

PROJECT = "vdx_plugin"
GROUP = "vdx_plugin.adapters"
API_VERSION = 1

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

AdapterFactory = Callable[[AdapterSetup], ClinicSystem]
"""Makes the adapter from its setup. Called once, in isolation; it must not block or open anything."""

Register = Callable[[str, AdapterFactory], None]
"""``register(name, factory)``: the name is unique among all adapters."""


class Hooks:
    """The hook specifications."""

    @hookspec
    def vdx_adapters(self, register: Register) -> None:
        """Register the adapters of this package by calling ``register`` once for each."""
