"""From the record system's message to what the doctor sees: HL7 v2 over MLLP, one message at a time."""

from __future__ import annotations

import asyncio

from tests.bench import place
from tests.bench.child import Child
from tests.bench.figures import Figures

PART = "Record system: HL7 message leaves the clinic -> known here (a connection for each)"
FIRST_NUMBER = 900_000


async def measure(figures: Figures, runs: int) -> None:
    """Send ``runs`` new patients and as many new appointments to a program with its windows."""
    async with place.sandbox() as here, here.doctor() as doctor:
        for number in range(FIRST_NUMBER, FIRST_NUMBER + runs):
            await _one(
                figures, here.sandbox, doctor, number, "known", "adt_a04_1", "A04 -> directory knows the patient"
            )
            await _one(
                figures, here.sandbox, doctor, number, "shown", "siu_s12_1", "S12 -> appointment in the day's list"
            )


async def _one(
    figures: Figures, sandbox: Child, doctor: Child, number: int, watch: str, message: str, name: str
) -> None:
    seen = asyncio.create_task(doctor.ask(watch, number=number), name="bench-watch")
    await doctor.ask("patient_is_open")  # answered after the watch has begun
    sent = await sandbox.ask("send", message=message, number=number)
    if not sent["accepted"]:
        raise AssertionError(f"{message} was not accepted")
    figures.add(
        PART, f"{message[:3].upper()}: message -> acknowledged", "ms", (sent["answered_s"] - sent["sent_s"]) * 1000
    )
    figures.add(PART, name, "ms", (await seen - sent["sent_s"]) * 1000)
