"""The guests of the demo: by which link each comes, and under what name."""

from __future__ import annotations

from vdx_plugin.demo.guests import targets_of

LINK = "https://portal.test/guest/?conference=710001%40rooms.test&pin=2233&name={}&tag={}"


def test_more_guests_than_links_come_in_company() -> None:
    """Three guests where two are invited: each has a link, no two have a name, and who invited them still counts."""
    links = [LINK.format("Afdeling%20M", "a"), LINK.format("Patient", "p")]
    targets = targets_of(links, "http://node.test", 5)
    names = [target.display_name for target in targets]
    assert names == ["Afdeling M", "Patient", "Afdeling M 2", "Patient 2", "Afdeling M 3"]
    assert [target.call_tag for target in targets] == ["a", "p", "a", "p", "a"]
    assert {target.node for target in targets} == {"http://node.test"}
