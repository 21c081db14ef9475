"""The way through the door, as columns of answers."""

from __future__ import annotations

from typing import Any

import pytest

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused, Unavailable, Unreadable, Unsupported, VdxError
from vdx_plugin.media.pexip.admission import NO_PIN, Attempt, failure, first_attempt, judge
from vdx_plugin.media.pexip.replies import Grant, read_call, read_grant, read_renewal

TOKEN = {
    "token": "t1",
    "expires": "120",
    "participant_uuid": "me",
    "role": "HOST",
    "current_service_type": "conference",
    "version": {"version_id": "39"},
    "stun": [{"url": "stun:stun.example.test"}],
    "turn": [{"urls": ["turn:turn.example.test"], "username": "u", "credential": "c"}],
    "client_stats_update_interval": 5000.0,
}
WITH_PIN, WITHOUT = Attempt(Secret("771144")), Attempt(None)


def test_a_pin_we_hold_is_shown_at_once() -> None:
    """It saves a round trip, and a room without PIN does not mind."""
    assert first_attempt(Secret("771144")) == WITH_PIN
    assert first_attempt(Secret("")) == WITHOUT


def test_a_token_is_read_with_what_comes_with_it() -> None:
    """``expires`` is a text, the statistics interval milliseconds."""
    grant = judge(WITH_PIN, 200, TOKEN)
    assert isinstance(grant, Grant)
    assert (grant.participant_id, grant.expires_s, grant.is_host, grant.is_waiting) == ("me", 120.0, True, False)
    assert grant.stats_interval_s == 5.0
    assert [server.urls for server in grant.ice_servers] == [("stun:stun.example.test",), ("turn:turn.example.test",)]


def test_a_grant_does_not_print_its_secrets() -> None:
    """Objects end up in logs."""
    assert "t1" not in repr(judge(WITH_PIN, 200, TOKEN))


def test_a_node_without_ice_servers_gives_none() -> None:
    """Nothing may be put in their place: a public server would learn of every consultation."""
    assert read_grant({"token": "t", "participant_uuid": "me"}).ice_servers == ()


@pytest.mark.parametrize("prompt", [{"pin": "required", "guest_pin": "none"}, {"pin": "none"}])
def test_a_guest_without_pin_goes_in_where_guests_need_none(prompt: dict[str, str]) -> None:
    """The header then says ``none`` literally."""
    assert judge(WITHOUT, 403, prompt) == Attempt(NO_PIN)


RECEPTION = {"conference_extension": "required", "conference_extension_type": "standard"}


def test_a_reception_is_told_which_room_is_wanted_and_then_the_pin_is_asked_for() -> None:
    """The PIN shown at once was the room's, so it is shown again with the room's number."""
    step = judge(WITH_PIN, 403, RECEPTION, extension="1234")
    assert step == Attempt(Secret("771144"), "1234")
    assert judge(Attempt(None, "1234"), 403, {"pin": "none", "guest_pin": "none"}) == Attempt(NO_PIN, "1234")


def test_a_reception_that_does_not_know_the_room_ends_the_way() -> None:
    """Asked a second time, it did not like the first answer."""
    with pytest.raises(Refused) as error:
        judge(Attempt(None, "1234"), 403, RECEPTION, extension="1234")
    assert error.value.code == "call.wrong_extension"


def test_direct_media_and_its_channel_are_read() -> None:
    """Two ends that send to each other chat over a channel of their own."""
    grant = read_grant({**TOKEN, "direct_media": True, "pex_datachannel_id": 3, "use_relay_candidates_only": True})
    assert (grant.direct_media, grant.channel_id, grant.relay_only) == (True, 3, True)
    assert read_grant({**TOKEN, "pex_datachannel_id": 70_000}).channel_id is None


def test_servers_in_the_answer_to_an_offer_are_read() -> None:
    """Where only port 443 is open, the node names them there and nowhere else."""
    server = {"urls": ["turns:turn.example.test:443?transport=tcp"], "username": "u", "credential": "c"}
    answer = read_call({"call_uuid": "c", "sdp": "v=0", "turn": [server, 5]})
    assert [each.urls for each in answer.turn] == [("turns:turn.example.test:443?transport=tcp",)]
    assert "'c'" not in repr(answer.turn)


def test_a_renewal_may_bring_another_role() -> None:
    """The other host may have made a guest of us."""
    assert read_renewal({"token": "t", "role": "GUEST"}).is_host is False
    assert read_renewal({"token": "t", "role": "HOST"}).is_host is True
    assert read_renewal({"token": "t"}).is_host is None


@pytest.mark.parametrize(
    ("attempt", "status", "result", "kind", "code"),
    [
        (WITH_PIN, 403, "Invalid PIN", Refused, "call.wrong_pin"),
        (WITH_PIN, 403, {"pin": "required", "guest_pin": "required"}, Refused, "call.wrong_pin"),
        (Attempt(NO_PIN), 403, {"pin": "required", "guest_pin": "none"}, Refused, "call.wrong_pin"),
        (WITHOUT, 403, {"pin": "required", "guest_pin": "required"}, Refused, "call.pin_needed"),
        (WITH_PIN, 403, "Participant exceeded PIN entry retries", Refused, "call.pin_locked"),
        (WITH_PIN, 403, {"display_name": "required"}, Refused, "call.refused"),
        (WITH_PIN, 403, {"idp": [{"name": "x"}]}, Unsupported, "call.sign_in_page"),
        (WITH_PIN, 403, {"redirect_url": "x"}, Unsupported, "call.sign_in_page"),
        (WITH_PIN, 403, {"conference_extension": "required"}, Unsupported, "call.reception"),
        (WITH_PIN, 403, None, Refused, "call.refused"),
        (WITH_PIN, 404, "Neither conference nor gateway found", NotFound, "call.not_found"),
        (WITH_PIN, 502, None, Unavailable, "call.unreachable"),
        (WITH_PIN, 503, "maintenance", Unavailable, "call.unreachable"),
        (WITH_PIN, 529, "busy", Unavailable, "call.unreachable"),
        (WITH_PIN, 415, "type", Refused, "call.refused"),
        (WITH_PIN, 302, None, Refused, "call.refused"),
        (WITH_PIN, 200, "success", Unreadable, "call.unreadable"),
        (WITH_PIN, 200, {"token": "t"}, Unreadable, "call.unreadable"),
        (WITH_PIN, 200, {"token": 5, "participant_uuid": []}, Unreadable, "call.unreadable"),
    ],
)
def test_every_other_answer_is_an_error_of_ours(
    attempt: Attempt, status: int, result: Any, kind: type[VdxError], code: str
) -> None:
    """The HTTP code and the type of the result decide; the node's word for success is not asked."""
    with pytest.raises(kind) as error:
        judge(attempt, status, result)
    assert type(error.value) is kind
    assert error.value.code == code
    assert "771144" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "result", "code"),
    [
        (403, "Invalid token", "call.token_gone"),
        (401, "", "call.token_gone"),
        (403, "Invalid role", "call.not_host"),
        (400, "Illegal value", "call.refused"),
        (404, "Participant not found", "call.not_found"),
        (429, "", "call.unreachable"),
    ],
)
def test_refusals_of_other_requests_are_told_apart(status: int, result: str, code: str) -> None:
    """A token that has run out calls for something else than a right that is missing."""
    assert failure(status, result).code == code


@pytest.mark.parametrize(
    ("result", "sdp", "ignored"),
    [
        ({"call_uuid": "c", "sdp": "v=0"}, "v=0", False),
        ({"call_uuid": "c", "sdp": ""}, "", True),
        ({"call_uuid": "c", "sdp": "v=0", "offer_ignored": True}, "v=0", True),
        ({"sdp": "v=0"}, "v=0", False),
        ("v=0", "v=0", False),
        ("", "", True),
    ],
)
def test_an_update_is_answered_by_a_text_or_an_object(result: Any, sdp: str, ignored: bool) -> None:
    """Versions differ."""
    answer = read_call(result, call_id="c")
    assert (answer.call_id, answer.sdp, answer.offer_ignored) == ("c", sdp, ignored)


def test_a_call_without_an_id_is_unreadable() -> None:
    """It could never be acknowledged."""
    with pytest.raises(Unreadable):
        read_call({"sdp": "v=0"})


@pytest.mark.parametrize(("expires", "seconds"), [("120", 120.0), (90, 90.0), ("x", 120.0), (-1, 5.0), ("1e9", 3600.0)])
def test_a_senseless_life_is_made_sensible(expires: Any, seconds: float) -> None:
    """Zero would make us refresh without end."""
    assert read_renewal({"token": "t", "expires": expires}).expires_s == seconds
