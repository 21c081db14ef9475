"""Runs inside GNUmed, which calls it at its hooks: leaves the file of the patient just opened in our folder.

Written whole under another name and renamed, as the record systems that do it well do.
"""

from __future__ import annotations

import os
from pathlib import Path


def run_script(hook: str = "") -> None:
    if hook != "post_patient_activation":
        return
    from Gnumed.business.gmPerson import gmCurrentPatient

    patient = gmCurrentPatient()
    target = Path(os.environ["VDX_GDT_FOLDER"]) / f"gnumed-{patient.ID}.gdt"
    part = target.with_suffix(".part")
    patient.export_as_gdt(filename=str(part), encoding="cp850")
    part.replace(target)
