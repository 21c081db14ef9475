"""Two adapters, one desktop: which patient counts."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest

from tests.fakes_clinic import NOON, HandClock, RememberingSink, context_of
from tests.unit.host.guests import good, install, manifest, points_in, with_method
from vdx_plugin.adapters import dummy
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.desktop import Conflict, Desktop
from vdx_plugin.host.tracing import Trace, masked
from vdx_plugin.ports import ContextChange, HealthState

DITTE, AAGE = dummy.PATIENTS


class Two:
    """Two record systems on one workplace; ``desk_a`` counts more until somebody says otherwise."""

    def __init__(self, folder) -> None:
        self.clock, self.sink = HandClock(), RememberingSink()
        self.folder, self.secrets = folder, {}
        self.traced: list[str] = []
        self.host = self.new_host()

    def new_host(self) -> AdapterHost:
        return AdapterHost(
            clock=self.clock,
            data_dir=self.folder / "data",
            points=points_in(self.folder),
            secrets=lambda name: Secret(self.secrets.get(name, "")),
            keep_secret=self.secrets.__setitem__,
            trace=Trace(self.traced.append),
        )

    def record(self, name: str) -> dummy.DummySystem:
        return self.host._state.running[name].adapter

    def open(self, name: str, number: int) -> None:
        self.record(name).open_record(number)

    def status(self, name: str):
        return next(status for status in self.host.statuses() if status.name == name)


SETTINGS = """
[[settings]]
name = "greeting"
label = { da = "Hilsen", en = "Greeting" }
[[settings]]
name = "limit"
kind = "number"
label = { da = "Grænse", en = "Limit" }
[[settings]]
name = "token"
kind = "secret"
label = { da = "Nøgle", en = "Key" }
[problems."desk_a.bang"]
da = "Udråbstegn."
en = "Exclamation mark."
"""
CONFIGURED = """
    from vdx_plugin.adapters.dummy import DummySystem
    from vdx_plugin.api.v1 import Health, HealthState, hookimpl

    class Guest(DummySystem):
        name = "desk_a"
        setup = None

        async def try_settings(self):
            good = "!" not in self.setup.settings.get("greeting", "") and self.setup.secrets
            return Health(HealthState.GOOD) if good else Health(HealthState.BAD, "desk_a.bang")

        async def health(self):
            return Health(HealthState.DEGRADED, "desk_a.bang")

        async def diagnostics(self):
            return {"open": "Ditte 8512484901 https://x.example/?patient=1", "version": "3.1"}

    @hookimpl
    def vdx_adapters(register):
        def make(setup):
            guest = Guest(setup.clock)
            guest.setup = setup
            return guest
        register("desk_a", make)
"""


@pytest.fixture
async def two(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "desk_a", CONFIGURED, says=manifest("desk_a") + SETTINGS)
    install(tmp_path, "desk_b", good("desk_b"))
    made = Two(tmp_path)
    await made.host.start(made.sink)
    yield made
    await made.host.stop()


async def test_two_adapters_at_once_show_the_patient_of_the_one_that_counts_and_tell_the_conflict(two):
    """Two patients open is when the wrong one is called."""
    two.open("desk_a", 0)
    two.open("desk_b", 1)
    assert [context.patient for context in two.sink.contexts] == [DITTE]
    assert two.sink.notices == ["adapter.conflict"]
    assert (two.status("desk_b").reason, two.status("desk_b").facts["name"]) == ("adapter.conflict", "desk_a")


async def test_a_click_in_the_record_that_does_not_count_starts_nothing(two):
    """The doctor is told which record holds another patient, at every click."""
    two.open("desk_a", 0)
    two.open("desk_b", 1)
    two.record("desk_b").click_start()
    two.record("desk_b").click_start()
    assert two.sink.starts == []
    assert two.sink.notices == ["adapter.conflict"] * 3


async def test_a_click_for_the_patient_whom_both_show_starts(two):
    """One patient in two systems is no conflict."""
    two.open("desk_a", 0)
    two.open("desk_b", 0)
    two.record("desk_b").click_start()
    assert [context.source for context in two.sink.starts] == ["desk_b"]
    assert two.sink.notices == []


async def test_the_record_behind_comes_forward_when_the_one_before_it_is_closed(two):
    """It is what the screen shows then."""
    two.open("desk_a", 0)
    two.open("desk_b", 1)
    two.record("desk_a").close_record()
    assert [context.patient for context in two.sink.contexts] == [DITTE, AAGE]
    assert two.sink.closings == []


async def test_a_user_who_leaves_closes_every_record(two):
    """On a shared machine the next user must not find the last one's patient."""
    two.open("desk_b", 1)
    two.open("desk_a", 0)
    two.host._state.running["desk_a"].inlet.closed(ContextChange.USER_LEFT)
    assert two.sink.closings == [ContextChange.USER_LEFT]
    assert len(two.sink.contexts) == 2


async def test_the_order_is_changed_by_hand_kept_and_settles_the_conflict(two):
    """The clinic knows which of its systems the doctor works in."""
    two.open("desk_a", 0)
    two.open("desk_b", 1)
    await two.host.prefer("desk_b", up=True)
    assert [status.name for status in two.host.statuses()] == ["desk_b", "desk_a"]
    assert [context.patient for context in two.sink.contexts] == [DITTE, AAGE]
    again = two.new_host()
    await again.start(RememberingSink())
    assert [status.name for status in again.statuses()] == ["desk_b", "desk_a"]
    await again.stop()


async def test_switching_off_is_kept_for_the_next_start(two):
    """Whoever switches off what troubles him does not want it back tomorrow."""
    await two.host.disable("desk_b")
    again = two.new_host()
    await again.start(RememberingSink())
    assert {status.name: status.state for status in again.statuses()} == {"desk_a": "running", "desk_b": "disabled"}
    await again.stop()


async def test_settings_are_checked_before_they_are_kept_and_secrets_never_lie_in_a_file(two):
    """A form that is saved halfway is a connection that is down tomorrow morning."""
    with pytest.raises(Refused, match=r"setting\.number") as caught:
        await two.host.configure("desk_a", {"limit": "many"}, {})
    assert caught.value.field == "limit"
    await two.host.configure("desk_a", {"greeting": "Hej", "limit": "3"}, {"token": "hunter2"})
    assert two.status("desk_a").settings == {"greeting": "Hej", "limit": "3"}
    assert two.secrets == {"adapters.desk_a.token": "hunter2"}
    assert two.status("desk_a").secrets_set == {"token"}
    assert two.record("desk_a").setup.secrets["token"].reveal() == "hunter2"
    files = [file.read_text(encoding="utf-8") for file in (two.folder / "data").rglob("*") if file.is_file()]
    assert files
    assert not any("hunter2" in text for text in files)
    assert json.loads((two.folder / "data" / "adapters.json").read_text())["settings"]["desk_a"]["limit"] == "3"


async def test_settings_can_be_tried_without_keeping_them(two):
    """The answer of the system stands beside the form before anything is saved."""
    tried = await two.host.try_settings("desk_a", {"greeting": "Hej!"}, {"token": "x"})
    assert (tried.state, tried.reason) == (HealthState.BAD, "desk_a.bang")
    assert (await two.host.try_settings("desk_a", {"greeting": "Hej"}, {"token": "x"})).state is HealthState.GOOD
    assert two.status("desk_a").settings == {}
    with pytest.raises(NotFound):
        await two.host.try_settings("nobody", {}, {})


async def test_health_is_asked_and_keeps_the_time_since_when(two):
    """ "Since this morning" helps support more than "now"."""
    await two.host.look()
    two.clock.pass_by(minutes=5)
    await two.host.look()
    health = two.status("desk_a").health
    assert (health.state, health.since) == (HealthState.DEGRADED, NOON)


async def test_the_diagnosis_names_nobody_whatever_an_adapter_puts_into_it(two):
    """It is sent to support by mail."""
    await two.host.configure("desk_a", {"greeting": "C:/Ditte"}, {"token": "hunter2"})
    report = await two.host.diagnostics()
    assert "desk_a 1.0 (Eksempel ApS): running" in report
    assert "version: 3.1" in report
    assert not any(word in report for word in ("8512484901", "patient=1", "hunter2", "C:/Ditte"))


async def test_a_trace_shows_every_call_and_no_patient(two, caplog):
    """Sent to the vendor as it is."""
    with caplog.at_level(logging.DEBUG):
        two.open("desk_a", 0)
        await two.host.confirm(context_of("desk_a", DITTE))
    text = "".join(two.traced)
    assert "desk_a confirm(context=ClinicContext) ok" in text
    assert "desk_a opened() heard" in text
    assert not any(word in text for word in ("8512484901", "Ditte", "dummy-user"))


def test_masked_arguments_tell_the_kind_and_not_the_content():
    """By type, so that a field added tomorrow is masked too."""
    assert masked("8512484901") == "str[10]"
    assert masked(DITTE.birth_date) == "date"
    assert masked(NOON) == NOON.isoformat()
    assert masked((DITTE, AAGE)) == "tuple[2]"
    assert masked(DITTE) == "Patient"


def test_a_hidden_record_that_no_longer_holds_is_forgotten():
    """A record of this morning must not come up when another is closed."""
    desktop = Desktop({"a": 0, "b": 1}.__getitem__, lambda context: not context.is_stale(NOON))
    desktop.open("b", context_of("b", AAGE, NOON - timedelta(hours=3)))
    desktop.open("a", context_of("a", DITTE))
    assert desktop.conflicts() == [Conflict("a", "b")]
    assert desktop.close("a")
    assert desktop.shown is None


async def test_a_record_that_was_open_before_the_program_came_is_asked_for(tmp_path, monkeypatch):
    """Otherwise the doctor would have to open the patient twice."""
    monkeypatch.syspath_prepend(tmp_path)
    opens = "async def start(self, sink):\n    await super().start(sink)\n    from vdx_plugin.adapters import dummy\n"
    opens += "    self._open = dummy.ClinicContext(self.name, dummy.PATIENTS[1], dummy.USER, dummy.PRACTICE, "
    install(tmp_path, "early", with_method("early", opens + "self._clock.now())"))
    sink, host = RememberingSink(), AdapterHost(clock=HandClock(), points=points_in(tmp_path))
    await host.start(sink)
    assert [context.patient for context in sink.contexts] == [AAGE]
    await host.stop()
