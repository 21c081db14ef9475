"""When a window may come to the front."""

from __future__ import annotations

from dataclasses import replace

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import InvitationState, Presence
from vdx_plugin.ports import LineQuality
from vdx_plugin.ui import scenes
from vdx_plugin.ui.attention import calls_for


def test_somebody_who_begins_to_wait_calls_for_attention() -> None:
    """The commonest complaint about waiting rooms: nobody saw that somebody waited."""
    assert calls_for(scenes.in_call(), scenes.in_call(guests=scenes.waiting()))


def test_somebody_who_goes_on_waiting_does_not() -> None:
    """Once is a message, every second is a nuisance."""
    waiting = scenes.in_call(guests=scenes.waiting())
    assert not calls_for(waiting, replace(waiting, is_busy=True))


def test_somebody_let_in_calls_for_attention() -> None:
    """The doctor may be writing in the record when the patient appears."""
    before = scenes.in_call()
    parties = tuple(replace(each, presence=Presence.IN_CALL) for each in before.parties)
    assert calls_for(before, replace(before, parties=parties))


def test_a_lost_line_calls_for_attention_once() -> None:
    """Otherwise the doctor talks to nobody."""
    good, lost = scenes.in_call(), scenes.in_call(scenes.call(LineQuality.LOST))
    assert calls_for(good, lost)
    assert not calls_for(lost, lost)


def test_news_of_an_invitation_does_not_interrupt() -> None:
    """A receipt can wait until the doctor looks."""
    before = scenes.in_call()
    parties = tuple(replace(each, invitation=InvitationState.DELIVERED) for each in before.parties)
    assert not calls_for(before, replace(before, parties=parties))


def test_nothing_interrupts_when_it_is_over() -> None:
    """The note can wait."""
    assert not calls_for(scenes.in_call(), scenes.ended())
    assert scenes.ended().stage is Stage.ENDED
