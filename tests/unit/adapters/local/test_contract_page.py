"""The page vendors build from says what the program does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import vdx_plugin.adapters.local as package
from tests.contract.local_rig import LocalRig
from vdx_plugin.adapters.local import calls
from vdx_plugin.adapters.local.answering import Answering
from vdx_plugin.adapters.local.letterbox import Kind

PAGE = (Path(__file__).parents[4] / "docs" / "adapters" / "local.md").read_text(encoding="utf-8")
BODIES = dict(re.findall(r"```json POST (\S+)\n(.*?)```", PAGE, re.S))
MODELS = {
    "/v1/context/open": calls.ContextBody,
    "/v1/context/close": calls.CloseBody,
    "/v1/context/confirm": calls.ConfirmBody,
    "/v1/sentinel/AabnerJournal": calls.SentinelBody,
    "/v1/writeback/{key}/receipt": calls.ReceiptBody,
    "/v1/letters": calls.LetterBody,
}


@pytest.mark.parametrize("path", list(MODELS))
def test_every_example_is_a_call_that_is_taken_with_every_field_there_is(path: str) -> None:
    """A vendor copies the example and leaves out what he has not."""
    told = json.loads(BODIES[path])
    taken = calls.read(MODELS[path], BODIES[path].encode())
    optional = {"conflict", "cprSystem"}
    assert set(told) == set(type(taken).model_fields) - optional
    assert optional.intersection(type(taken).model_fields) <= set(re.findall(r"`(\w+)", PAGE))


async def test_every_call_stands_on_the_page(tmp_path: Path) -> None:
    """What is not written there does not exist for a vendor; ``redeem`` is our own second process's."""
    answering = Answering(*[None] * 6)  # type: ignore[arg-type]  # only its list is read
    paths = {call.path.replace("/{key}", "") for call in answering.calls(letters=True)} - {"/v1/redeem"}
    assert [path for path in paths if path.removesuffix("/receipt") not in PAGE] == []


async def test_the_polls_answer_has_the_lists_the_page_names(tmp_path: Path) -> None:
    """And no others."""
    rig = LocalRig(tmp_path)
    await rig.begin()
    answer: dict[str, Any] = (await rig.http.get("/v1/writeback")).json()
    await rig.end()
    (example,) = re.findall(r'```json answer\n(\{\n  "entries".*?)```', PAGE, re.S)
    assert set(json.loads(example)) == set(answer)
    assert {str(kind) for kind in Kind} <= set(answer)


def test_every_setting_and_problem_stands_on_the_page() -> None:
    """What a technician sees in the form he finds here."""
    manifest = tomllib.loads((Path(package.__file__).parent / "vdx-adapter.toml").read_text(encoding="utf-8"))
    assert [one["name"] for one in manifest["settings"] if f"`{one['name']}`" not in PAGE] == []


def test_every_proof_that_is_named_exists() -> None:
    """A proof that was renamed proves nothing."""
    tests = Path(__file__).parents[3]
    text = "".join(file.read_text(encoding="utf-8") for file in tests.rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in text] == []
