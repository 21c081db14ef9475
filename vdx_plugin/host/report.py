"""The diagnosis of all adapters as text for support. Pure; masked once more, whatever an adapter put into it."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from vdx_plugin import __version__, log
from vdx_plugin.ports import AdapterStatus

_DIGITS = re.compile(r"\d{6,}")
MAX_VALUE = 200


def report_of(statuses: Sequence[AdapterStatus], details: Mapping[str, Mapping[str, str]], now: datetime) -> str:
    """Return one paragraph for each adapter. Settings are told by name only: a folder's name may hold a person's."""
    head = (
        f"vdx-plugin {__version__}, Python {platform.python_version()}, {platform.system()}, {now:%Y-%m-%d %H:%M} UTC"
    )
    return "\n\n".join([head, *(_paragraph(status, details.get(status.name, {})) for status in statuses)]) + "\n"


def _paragraph(status: AdapterStatus, details: Mapping[str, str]) -> str:
    manifest, health = status.manifest, status.health
    lines = [
        f"{status.name} {status.version} ({manifest.vendor if manifest else '?'}): {status.state}",
        f"  api {manifest.api if manifest else '?'}, runner {manifest.runner if manifest else '?'}",
        f"  can: {', '.join(sorted(status.capabilities.can)) or '-'}",
        f"  faults: {status.faults}, last: {status.reason or '-'} {status.detail}".rstrip(),
        f"  health: {health.state if health else 'not asked'} {health.reason if health else ''}".rstrip(),
        f"  set: {', '.join(sorted(status.settings)) or '-'}",
        *(f"  {key}: {_safe(value)}" for key, value in sorted(details.items())),
    ]
    return "\n".join(lines)


def _safe(value: str) -> str:
    """Mask an adapter's own words: no long number, no address, no second line."""
    return _DIGITS.sub("……", log.mask(" ".join(value.split())))[:MAX_VALUE]
