"""What an update really changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.sandbox.video_api.samples import NOW, ORGANISATIONS, caller, meeting, room
from vdx_plugin.sandbox.video_api.changes import apply_change, organizer_of_new
from vdx_plugin.sandbox.video_api.problems import ApiProblem
from vdx_plugin.sandbox.video_api.values import Caller, Change, Meeting, ProvisionStatus, Role, Room

PATCH_ALL = Change(
    replaces=False,
    subject="Ny",
    start=NOW + timedelta(hours=5),
    end=NOW + timedelta(hours=6),
    description="Nyt",
    labels=("b",),
    guest_microphone="off",
    guest_pin=9999,
    call_type="audio",
)
PLANNER = caller(Role.PLANNER)


def change(
    status: ProvisionStatus, change: Change = PATCH_ALL, organisation: str = "practice", by: Caller = PLANNER
) -> tuple[Meeting, Room]:
    return apply_change(
        meeting(), room(status), change, by, ORGANISATIONS[organisation], NOW, lambda m, r: f"link?pin={r.guest_pin}"
    )


def test_while_the_room_waits_everything_changes_and_the_link_keeps_the_old_pin() -> None:
    """The link is built before the PIN is stored: a client must not hand it out."""
    changed, room_after = change(ProvisionStatus.AWAITS_PROVISION)
    assert (changed.subject, changed.labels, room_after.guest_pin) == ("Ny", ("b",), 9999)
    assert room_after.available_from == NOW + timedelta(hours=5) - timedelta(minutes=15)
    assert room_after.portal_link == "link?pin=2222"


def test_when_the_room_is_up_most_is_left_without_a_word() -> None:
    """Only end, microphone, PIN question, labels and information change; the answer is 200 all the same."""
    changed, room_after = change(ProvisionStatus.PROVISIONED_OK)
    assert (changed.end, changed.labels, changed.guest_microphone) == (PATCH_ALL.end, ("b",), "off")
    assert (changed.subject, changed.start, changed.description) == ("Samtale", meeting().start, "Om")
    assert (room_after.guest_pin, room_after.portal_link) == (2222, "link?pin=2222")
    assert room_after.ends_at == PATCH_ALL.end


def test_an_organisation_with_a_pool_may_change_texts_and_start_of_a_room_that_is_up() -> None:
    """Pool rooms are given out before their meeting has words; PINs stay all the same."""
    changed, room_after = change(ProvisionStatus.PROVISIONED_OK, organisation="pooled")
    assert (changed.subject, changed.start) == ("Ny", PATCH_ALL.start)
    assert room_after.guest_pin == 2222
    assert room_after.available_from == room().available_from


@pytest.mark.parametrize("status", [s for s in ProvisionStatus if s not in ("AWAITS_PROVISION", "PROVISIONED_OK")])
def test_in_any_other_state_a_change_is_refused(status: ProvisionStatus) -> None:
    """The client must read the status and decide again."""
    with pytest.raises(ApiProblem) as refused:
        change(status)
    assert (refused.value.status, refused.value.code) == (406, 12)


def test_a_patch_leaves_what_it_does_not_name_and_a_put_clears_it() -> None:
    """The two verbs differ exactly here."""
    words = {"subject": "Ny", "start": meeting().start, "end": meeting().end}
    patched, _ = change(ProvisionStatus.AWAITS_PROVISION, Change(replaces=False, **words))  # type: ignore[arg-type]
    assert (patched.description, patched.labels) == ("Om", ("a",))
    put = Change(replaces=True, labels=(), additional_information=(), **words)  # type: ignore[arg-type]
    replaced, room_after = change(ProvisionStatus.AWAITS_PROVISION, put)
    assert (replaced.description, replaced.labels) == (None, ())
    assert room_after.guest_pin == 2222


@pytest.mark.parametrize(
    ("roles", "replaces", "asked", "organizer"),
    [
        ((Role.USER,), False, "chef@practice.test", "anden@practice.test"),
        ((Role.PLANNER,), False, "chef@practice.test", "chef@practice.test"),
        ((Role.PLANNER,), False, None, "laege@practice.test"),
        ((Role.PLANNER,), True, None, "anden@practice.test"),
    ],
)
def test_who_organises_after_a_change(
    roles: tuple[Role, ...], replaces: bool, asked: str | None, organizer: str
) -> None:
    """An edit by a plain user takes the meeting over, and so does anybody's PUT without an organiser."""
    by = caller(*roles, email="anden@practice.test")
    asked_change = Change(
        replaces=replaces,
        subject="Ny",
        start=NOW,
        end=NOW,
        labels=(),
        additional_information=(),
        organized_by_email=asked,
    )
    changed, _ = change(ProvisionStatus.AWAITS_PROVISION, asked_change, by=by)
    assert changed.organized_by.email == organizer


def test_a_plain_user_cannot_book_for_somebody_else() -> None:
    """The asked organiser is dropped without a word."""
    assert organizer_of_new(caller(Role.USER), "chef@practice.test").email == "laege@practice.test"
    assert organizer_of_new(caller(Role.PLANNER), "chef@practice.test").email == "chef@practice.test"
