"""A second clinic system on the same workplace, for the check that two at once are told apart."""

from __future__ import annotations

from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSink,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    Organisation,
    Patient,
    Register,
    hookimpl,
)

SECOND = "zz_second"


class SecondSystem(Adapter):
    """Opens whatever record it is told to."""

    name = SECOND
    capabilities = Capabilities(frozenset({Capability.CONTEXT}))

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sink: AdapterSink | None = None

    async def start(self, sink: AdapterSink) -> None:
        self._sink = sink

    async def stop(self) -> None:
        self._sink = None

    def open_record(self, patient: Patient) -> None:
        """Open a record. Only between start and stop."""
        if self._sink is None:
            raise RuntimeError("not started")
        self._sink.opened(
            ClinicContext(SECOND, patient, ClinicUser("second"), Organisation("Lægehuset"), self._clock.now())
        )


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(SECOND, lambda setup: SecondSystem(setup.need_clock()))
