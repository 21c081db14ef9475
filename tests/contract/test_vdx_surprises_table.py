"""The table in the docs and the tests it names."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from tests.contract import test_vdx_surprises

TABLE = Path(__file__).parents[2] / "docs" / "vdx-surprises.md"


def test_each_of_the_37_surprises_stands_in_the_table_with_its_test() -> None:
    """A surprise without a test is one the client may not survive."""
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| `(test_(\d\d)_\w+)` \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _name, _again in rows] == list(range(1, 38))
    assert all(int(number) == int(again) for number, _name, again in rows)
    tests = dict(inspect.getmembers(test_vdx_surprises, inspect.isfunction))
    assert [name for _number, name, _again in rows if name not in tests] == []


def test_each_numbered_test_stands_in_the_table() -> None:
    """And the other way round."""
    text = TABLE.read_text("utf-8")
    numbered = [name for name in dir(test_vdx_surprises) if re.match(r"test_\d\d_", name)]
    assert [name for name in numbered if f"`{name}`" not in text] == []
