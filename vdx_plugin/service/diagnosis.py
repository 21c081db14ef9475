"""The diagnosis of VDX as the desk shows it: each step as it is answered."""

from __future__ import annotations

from vdx_plugin.ports import DiagnosisLine, Examiner
from vdx_plugin.service.screen import Screen
from vdx_plugin.service.view import DiagnosisView


async def examine(examiner: Examiner, screen: Screen) -> None:
    """Go through every step and show it; what was shown of an earlier diagnosis goes away at once."""
    lines: list[DiagnosisLine] = []

    def answered(line: DiagnosisLine) -> None:
        lines.append(line)
        screen.change(diagnosis=DiagnosisView(is_running=True, lines=tuple(lines)))

    screen.change(diagnosis=DiagnosisView(is_running=True))
    done = DiagnosisView()
    try:
        report = await examiner.examine(answered)
        done = DiagnosisView(lines=report.lines, text=report.text)
    finally:
        # Also when it is given up, so that it can be asked for again.
        screen.change(diagnosis=done)
    screen.change(vdx_reachable=report.is_well or screen.view.vdx_reachable)
