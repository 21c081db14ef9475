"""Following and refusing, as columns of events with what is answered and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vdx_plugin.adapters.fhircast.events import Event
from vdx_plugin.adapters.fhircast.follow import Closed, Follower, Opened, OutOfStep
from vdx_plugin.domain.patients import Patient, cpr

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DITTE, AAGE = Patient((cpr("8512484901"),)), Patient((cpr("7103792202"),))


def event(number: int, name: str, patient: Patient | None = None, *, after_s: int | None = None) -> Event:
    return Event(f"e-{number}", NOON + timedelta(seconds=number if after_s is None else after_s), name, patient)


def test_while_idle_every_change_is_followed() -> None:
    """The strip shows who is on screen."""
    follower = Follower()
    assert follower.hear(event(1, "patient-open", DITTE), in_call=False)[0] == 200
    status, told = follower.hear(event(2, "patient-open", AAGE), in_call=False)
    assert status == 200
    assert isinstance(told, Opened)
    assert told.patient == AAGE
    assert not told.is_refused
    assert follower.hear(event(3, "patient-close", AAGE), in_call=False) == (200, Closed())
    assert follower.patient is None


def test_during_a_call_another_patient_is_refused_and_told() -> None:
    """The session never follows the record; the user sees that the two differ."""
    follower = Follower()
    follower.hear(event(1, "patient-open", DITTE), in_call=False)
    status, told = follower.hear(event(2, "patient-open", AAGE), in_call=True)
    assert status == 409
    assert isinstance(told, Opened)
    assert told.is_refused
    assert follower.hear(event(3, "encounter-open", AAGE), in_call=True)[0] == 409


def test_during_a_call_the_calls_own_patient_may_come_back() -> None:
    """Going back to the right record is what the user should do."""
    follower = Follower()
    follower.hear(event(1, "patient-open", DITTE), in_call=False)
    follower.hear(event(2, "patient-open", AAGE), in_call=True)
    status, told = follower.hear(event(3, "patient-open", DITTE), in_call=True)
    assert status == 200
    assert isinstance(told, Opened)
    assert not told.is_refused


def test_after_the_call_changes_are_followed_again() -> None:
    """What bound us is over."""
    follower = Follower()
    follower.hear(event(1, "patient-open", DITTE), in_call=False)
    assert follower.hear(event(2, "patient-open", AAGE), in_call=True)[0] == 409
    assert follower.hear(event(3, "patient-open", AAGE), in_call=False)[0] == 200
    assert follower.patient == AAGE


def test_an_event_older_than_the_one_that_set_the_context_changes_nothing() -> None:
    """FHIRcast 3.0.0, 2.6.1: they may overtake each other."""
    follower = Follower()
    follower.hear(event(5, "patient-open", DITTE), in_call=False)
    assert follower.hear(event(6, "patient-open", AAGE, after_s=1), in_call=False) == (200, None)
    assert follower.patient == DITTE


def test_a_repeated_event_changes_nothing() -> None:
    """Hubs may send twice."""
    follower = Follower()
    follower.hear(event(1, "patient-open", DITTE), in_call=False)
    follower.hear(event(2, "patient-close", DITTE), in_call=False)
    assert follower.hear(event(1, "patient-open", DITTE), in_call=False) == (200, None)
    assert follower.patient is None


def test_closing_what_is_not_open_changes_nothing() -> None:
    """Another program may close what it alone had open."""
    follower = Follower()
    follower.hear(event(1, "patient-open", DITTE), in_call=False)
    assert follower.hear(event(2, "patient-close", AAGE), in_call=False) == (200, None)
    assert follower.hear(event(3, "encounter-close", DITTE), in_call=False) == (200, None)
    assert follower.patient == DITTE


def test_a_user_who_leaves_takes_the_context_along() -> None:
    """On a shared machine the next user must not find it."""
    for name in ("userlogout", "userhibernate"):
        follower = Follower()
        follower.hear(event(1, "patient-open", DITTE), in_call=False)
        assert follower.hear(event(2, name), in_call=False) == (200, Closed(user_left=True))
        assert follower.patient is None


def test_a_sync_error_is_told_and_a_heartbeat_is_not() -> None:
    """The first is about safety, the second is noise of an older version."""
    follower = Follower()
    assert follower.hear(event(1, "syncerror"), in_call=False) == (200, OutOfStep())
    assert follower.hear(event(2, "heartbeat"), in_call=False) == (200, None)
    assert follower.hear(event(3, "imagingstudy-open", DITTE), in_call=False) == (200, None)
