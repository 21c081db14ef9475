"""Portal and short links, faults and all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vdx_plugin.sandbox.video_api.links import build_portal_link, short_id, without_pin

TEMPLATE = "http://g.test/?c=__uri-with-domain__&pin=__pin__&d=__start-date__&m=__microphone__&t=__call-type__"
SUMMER = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)


def build(host_pin: int | None = 1111, guest_pin: int | None = 2222, microphone: str = "on") -> str:
    return build_portal_link(
        TEMPLATE,
        uri_with_domain="1@d.test",
        host_pin=host_pin,
        guest_pin=guest_pin,
        start=SUMMER,
        guest_microphone=microphone,
    )


def test_the_link_carries_room_guest_pin_and_local_time() -> None:
    """Danish time without an offset, whatever the request's zone; call type is empty as in the real service."""
    assert build() == "http://g.test/?c=1@d.test&pin=2222&d=2026-07-01T13:00:00&m=&t="


@pytest.mark.parametrize(("host_pin", "guest_pin", "pin"), [(1111, None, "1111"), (None, None, "")])
def test_without_a_guest_pin_the_link_gives_away_the_host_pin(
    host_pin: int | None, guest_pin: int | None, pin: str
) -> None:
    """The reason why a client must check both PINs before it sends the link to anybody."""
    assert f"&pin={pin}&" in build(host_pin, guest_pin)


@pytest.mark.parametrize(("microphone", "said"), [("on", ""), ("off", "off"), ("muted", "muted")])
def test_the_microphone_is_named_only_when_it_is_not_on(microphone: str, said: str) -> None:
    """The portal takes its default otherwise."""
    assert f"&m={said}&" in build(microphone=microphone)


def test_a_short_id_has_twelve_hexadecimal_digits() -> None:
    """The search checks the length."""
    assert len(short_id("seed")) == 12
    assert int(short_id("seed"), 16) >= 0


def test_a_link_loses_its_pin_and_nothing_else() -> None:
    """For meetings whose guests must know the PIN themselves."""
    assert without_pin("http://g.test/?c=1@d.test&pin=2222&m=") == "http://g.test/?c=1@d.test&pin=&m="
