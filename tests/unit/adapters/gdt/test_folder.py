"""The traps of files, each once."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes_clinic import NOON
from tests.unit.adapters.gdt.test_lines import FOLDER, HALF
from vdx_plugin.adapters.gdt import folder
from vdx_plugin.adapters.gdt.folder import Inbox, Outbox
from vdx_plugin.errors import Unavailable

REQUEST = (FOLDER / "good" / "request.gdt").read_bytes()
NO_SIZE = (FOLDER / "good" / "gnumed_form_cp850.gdt").read_bytes()
KEY = "0" * 31 + "1"


def leave(place: Path, payload: bytes = REQUEST, name: str = "VDXPEDV1.gdt", at: datetime = NOON) -> Path:
    path = place / name
    path.write_bytes(payload)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path, "VDXP", "VDXP")


def test_a_whole_file_is_taken_once(inbox, tmp_path):
    """Renamed before it is read, so that of two programs one gets it."""
    path = leave(tmp_path)
    (taken,) = inbox.look(NOON).taken
    assert (taken.payload, taken.written_at, path.exists()) == (REQUEST, NOON, False)
    assert Inbox(tmp_path, "VDXP", "VDXP").look(NOON).taken == ()
    folder.done(taken.path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_is_left_until_it_stands(inbox, tmp_path):
    """Cut in a line; then with whole lines and no size, so that only time tells."""
    leave(tmp_path, HALF)
    assert inbox.look(NOON).taken == ()
    leave(tmp_path, NO_SIZE[: NO_SIZE.index(b"3102") - 3])
    assert inbox.look(NOON).taken == ()
    leave(tmp_path, NO_SIZE, at=NOON + timedelta(milliseconds=10))
    assert inbox.look(NOON).taken == ()
    (taken,) = inbox.look(NOON).taken
    assert taken.payload == NO_SIZE


def test_a_file_of_yesterday_is_put_aside_and_never_followed(inbox, tmp_path):
    """It is the record of somebody who has left; two of one name are both kept."""
    for _day in range(2):
        path = leave(tmp_path, at=NOON - timedelta(days=1))
        found = inbox.look(NOON)
        assert (found.taken, found.stale, path.exists()) == ((), 1, False)
    assert sorted(one.name for one in (tmp_path / "stale").iterdir()) == ["VDXPEDV1.gdt", "VDXPEDV1.gdt.1"]


def test_the_sixtieth_second_is_the_last(inbox, tmp_path):
    """As for every context."""
    leave(tmp_path, at=NOON - timedelta(seconds=60))
    assert len(inbox.look(NOON).taken) == 1
    leave(tmp_path, at=NOON - timedelta(seconds=61))
    assert inbox.look(NOON).stale == 1


def test_a_file_from_the_future_is_put_aside(inbox, tmp_path):
    """Two clocks disagree, and then no age can be trusted."""
    leave(tmp_path, at=NOON + timedelta(minutes=2))
    found = inbox.look(NOON)
    assert (found.taken, found.stale, found.ahead) == ((), 0, 1)


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=1)])
def test_a_file_for_another_workstation_is_not_touched(inbox, tmp_path, age):
    """In a folder that two share: by name, or by 8315 whatever its name."""
    by_name = leave(tmp_path, name="NABOEDV1.gdt", at=NOON - age)
    by_field = leave(tmp_path, REQUEST.replace(b"8315VDXP", b"8315NABO"), at=NOON - age)
    for _look in range(3):
        assert inbox.look(NOON) == folder.Look()
    assert by_name.exists()
    assert by_field.exists()


@pytest.mark.parametrize(
    "name", ["VDXPEDV1.tmp", "VDXPEDV1.gdt.part", "~VDXPEDV1.gdt", "VDXP", "VDXPEDV1.gdt.vdx-taken"]
)
def test_what_is_not_a_records_file_is_not_touched(inbox, tmp_path, name):
    """Halves of programs that write under another name first."""
    path = leave(tmp_path, name=name)
    assert inbox.look(NOON) == folder.Look()
    assert path.exists()


@pytest.mark.parametrize("name", ["vdxpedv1.GDT", "VDXPEDV1.001", "VDXPEDV1.999"])
def test_names_are_taken_in_every_spelling(inbox, tmp_path, name):
    """Windows does not mind, and a sequence stands in for the ending."""
    leave(tmp_path, name=name)
    assert len(inbox.look(NOON).taken) == 1


def test_a_locked_file_is_tried_again(inbox, tmp_path, monkeypatch):
    """A virus scanner holds what is new for a moment."""
    leave(tmp_path)
    with monkeypatch.context() as locked:
        locked.setattr(Path, "replace", _denied)
        assert inbox.look(NOON).taken == ()
        locked.setattr(folder, "_read", _denied)
        assert inbox.look(NOON).taken == ()
    assert len(inbox.look(NOON).taken) == 1


def _denied(*_args: object) -> bytes:
    raise PermissionError


def test_a_copy_is_told_from_another_press_of_the_key(inbox, tmp_path):
    """The same bytes of the same time are a copy by a network drive; of another time, another press."""
    leave(tmp_path)
    assert not inbox.look(NOON).taken[0].is_repeat
    leave(tmp_path, name="VDXPEDV1 (2).gdt")
    assert inbox.look(NOON).taken[0].is_repeat
    leave(tmp_path, at=NOON + timedelta(seconds=5))
    assert not inbox.look(NOON).taken[0].is_repeat


def test_several_files_come_in_the_order_they_were_written(inbox, tmp_path):
    """The last one is whose record is open."""
    leave(tmp_path, name="VDXPEDV1.002", at=NOON)
    leave(tmp_path, name="VDXPEDV1.001", at=NOON + timedelta(seconds=1))
    assert [taken.path.name[:12] for taken in inbox.look(NOON).taken] == ["VDXPEDV1.002", "VDXPEDV1.001"]


def test_a_folder_that_is_away_is_unavailable(tmp_path):
    """A network drive in the morning."""
    with pytest.raises(Unavailable, match=r"gdt\.folder"):
        Inbox(tmp_path / "away", "VDXP", "VDXP").look(NOON)
    with pytest.raises(Unavailable, match=r"gdt\.folder"):
        Outbox(tmp_path / "away", "EDV1VDXP", short_names=False).lay(KEY, b"")


def test_what_could_not_be_deleted_is_swept_up_and_nothing_else(tmp_path):
    """At the next start; a neighbour's is the neighbour's."""
    for name in ("VDXPEDV1.gdt.vdx-taken", "VDXP.gdt.vdx-part", "NABO.gdt.vdx-taken", "VDXPEDV1.gdt"):
        leave(tmp_path, name=name)
    folder.sweep(tmp_path, "VDXP")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["NABO.gdt.vdx-taken", "VDXPEDV1.gdt"]


@pytest.mark.parametrize("short", [False, True])
def test_a_result_of_the_same_key_is_the_same_file(tmp_path, short):
    """Written twice after a crash, taken once."""
    box = Outbox(tmp_path, "EDV1VDXP", short_names=short)
    payload = b"01380006310\r\n0418410" + KEY.encode() + b"\r\n"
    first = box.lay(KEY, payload)
    assert box.lay(KEY, payload) == first == box.lying(KEY)
    other = box.lay("f" * 32, payload.replace(KEY.encode(), b"f" * 32))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([first.name, other.name])
    assert first.name == ("EDV1VDXP.001" if short else f"EDV1VDXP_{KEY}.gdt")
    first.unlink()
    assert box.lying(KEY) is None


def test_a_result_appears_whole(tmp_path, monkeypatch):
    """A record that looks every second must not read half."""
    seen: list[list[str]] = []
    whole = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append([path.name for path in tmp_path.iterdir()])
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    path = Outbox(tmp_path, "EDV1VDXP", short_names=True).lay(KEY, b"x")
    assert seen == [["EDV1VDXP.001.vdx-part"]]
    assert path.read_bytes() == b"x"


def test_when_every_number_is_taken_it_is_unavailable(tmp_path):
    """The record has not looked for a long time."""
    for number in range(1, 1000):
        (tmp_path / f"EDV1VDXP.{number:03d}").touch()
    with pytest.raises(Unavailable):
        Outbox(tmp_path, "EDV1VDXP", short_names=True).lay(KEY, b"x")
