"""A consultation's content on disk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from vdx_plugin.domain.parties import LetterFormat, Partner, Party, Purpose
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import Unreadable
from vdx_plugin.store import codec

from .samples import CONTEXT, NOW, PLAN, ROOM

WHOLE = codec.Content(CONTEXT, PLAN, ROOM, (NOW, NOW + timedelta(minutes=20)))


def values_in(thing: object) -> Iterator[tuple[type, str, Any]]:
    """Every field of every dataclass inside ``thing``."""
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield type(thing), field.name, getattr(thing, field.name)
            yield from values_in(getattr(thing, field.name))
    elif isinstance(thing, tuple):
        for part in thing:
            yield from values_in(part)


def test_the_sample_leaves_no_field_empty() -> None:
    """Only a sample with every field filled notices a field the codec forgets."""
    filled: dict[tuple[type, str], bool] = {}
    for owner, name, value in values_in(WHOLE):
        filled[owner, name] = filled.get((owner, name), False) or value not in (None, "", (), False)
    filled.pop((type(PLAN.parties[1].partner), "wants_pin"))  # False is what differs from its default
    assert [key for key, is_filled in filled.items() if not is_filled] == []


def test_everything_comes_back() -> None:
    """The snapshot a consultation is bound to must survive a crash unchanged."""
    assert codec.decode(codec.encode(WHOLE)) == WHOLE


def test_the_smallest_content_comes_back() -> None:
    """None stays None."""
    small = codec.Content(
        dataclasses.replace(
            CONTEXT,
            patient=dataclasses.replace(CONTEXT.patient, identifiers=(), name=None, birth_date=None),
            expires_at=None,
        ),
        Plan(NOW, NOW, ()),
        None,
    )
    assert codec.decode(codec.encode(small)) == small


def test_a_room_without_pins_comes_back_without_pins() -> None:
    """An empty PIN in place of none would count as a PIN somewhere."""
    bare = dataclasses.replace(ROOM, host_pin=None, guest_pin=None, portal_link=None, short_link=None, end=None)
    assert codec.decode(codec.encode(codec.Content(CONTEXT, PLAN, bare))).room == bare


def test_the_first_form_can_still_be_read() -> None:
    """A practice that updates the program keeps the consultations it has."""
    document = json.loads(codec.encode(WHOLE))
    del document["moving_to"], document["plan"]["organised_by"]
    without_what_form_3_added(document)
    old = codec.decode(json.dumps(document | {"form": 1}).encode())
    parties = tuple(dataclasses.replace(party, interpreting=None, partner=old_partner(party)) for party in PLAN.parties)
    plan = dataclasses.replace(PLAN, organised_by="", purpose=Purpose.CONSULTATION, parties=parties)
    assert old == codec.Content(CONTEXT, plan, ROOM)


def without_what_form_3_added(document: dict[str, Any]) -> None:
    del document["plan"]["purpose"]
    for party in document["plan"]["parties"]:
        del party["interpreting"]
        for name in ("format", "mobile", "categories", "parent", "served_by") if party["partner"] else ():
            del party["partner"][name]


def old_partner(party: Party) -> Partner | None:
    if party.partner is None:
        return None
    later: dict[str, Any] = {"format": LetterFormat.NATIVE, "mobile": None, "categories": ()}
    return dataclasses.replace(party.partner, **later, parent=None, served_by=None)


def test_a_newer_form_is_refused() -> None:
    """Half understood is worse than not read: the missing half would be overwritten."""
    document = json.loads(codec.encode(WHOLE)) | {"form": codec.FORM + 1}
    with pytest.raises(Unreadable) as caught:
        codec.decode(json.dumps(document).encode())
    assert caught.value.code == "store.newer"


@pytest.mark.parametrize("keep", [0, 1, 10, 200, -1])
def test_cut_short_is_unreadable_and_says_nothing_of_what_stood_there(keep: int) -> None:
    """A result or Unreadable, nothing else."""
    with pytest.raises(Unreadable) as caught:
        codec.decode(codec.encode(WHOLE)[:keep])
    assert "Prøvesen" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["context", "plan", "room", "form", "moving_to"])
@pytest.mark.parametrize("value", [[], "x", 7, {"a": 1}])
def test_a_part_of_another_shape_is_unreadable(name: str, value: object) -> None:
    """The same, for what is JSON and still wrong."""
    document = json.loads(codec.encode(WHOLE)) | {name: value}
    if not value and name in ("room", "moving_to"):
        assert getattr(codec.decode(json.dumps(document).encode()), name) is None
        return
    with pytest.raises(Unreadable):
        codec.decode(json.dumps(document).encode())
