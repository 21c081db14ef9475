"""Runs inside GNUmed, which calls it at its hooks: leaves the file of the patient just opened in our folder.

The file is written whole under another name and renamed, as the record systems that do it well do. Afterwards the hook
is named in a list, outside the folder, so that whoever drives GNUmed knows it has run.
"""

from __future__ import annotations

import os
from pathlib import Path


def run_script(hook: str = "") -> None:
    if hook == "post_patient_activation":
        _leave_file()
    with Path(os.environ["VDX_GNUMED_HOOKS"]).open("a", encoding="ascii") as done:
        done.write(f"{hook}\n")


def _leave_file() -> None:
    from Gnumed.business.gmPerson import gmCurrentPatient

    patient = gmCurrentPatient()
    target = Path(os.environ["VDX_GDT_FOLDER"]) / f"gnumed-{patient.ID}.gdt"
    part = target.with_suffix(".part")
    patient.export_as_gdt(filename=str(part), encoding="cp850")
    part.replace(target)
