"""The checks of an installed adapter that brings no tests: what can be shown without its clinic system."""

from __future__ import annotations

import os

from vdx_plugin.testing.conformance import AdapterConformance


class TestInstalled(AdapterConformance):
    """Whatever adapter the command names."""

    name = os.environ.get("VDX_CHECK_ADAPTER", "")
