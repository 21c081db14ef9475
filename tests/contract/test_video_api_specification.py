"""The sandbox's video API against VDX's own OpenAPI document: whatever is sent, the answers keep to it.

The document belongs to MedCom and states no licence, so it is not part of this repository: it is read from the folder
that ``VDX_SHARED`` names, or from ``shared`` beside the repository, and without it these tests are skipped. Its known
defects are mended while loading: error codes are enumerated as numbers though they are text, and some refusals that the
server gives are not listed; an organiser may be any text in a request and only an address of 45 in an answer.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.signin import SignInClient
from vdx_plugin.sandbox.video_api.routes import Api

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

from hypothesis import HealthCheck, settings  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

SHARED = Path(os.environ.get("VDX_SHARED") or Path(__file__).parents[3] / "shared")
DOCUMENT = SHARED / "specs" / "vdx" / "video-api-v2.yaml"
if not DOCUMENT.is_file():
    pytest.skip("VDX's OpenAPI document is not here (VDX_SHARED names its folder)", allow_module_level=True)

ROLES = ("meeting-user", "meeting-planner", "meeting-admin", "meeting-provisioner-user")
KNOWN_FALLS = (
    "Unexpected exception caught. could not execute statement",
    "Unexpected exception caught. Cannot invoke a method because the value is null",
    "Unexpected exception caught. Transaction silently rolled back",
    "Unexpected exception caught. Either both from-start-time",
    "Unexpected exception caught. Query did not return a unique result",
)
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def document() -> dict[str, Any]:
    """Read the document; times in examples stay text."""

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined, misc]
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    found: dict[str, Any] = yaml.load(DOCUMENT.read_text("utf-8"), Loader)
    return _mended(found)


def _mended(found: dict[str, Any]) -> dict[str, Any]:
    code = found["components"]["schemas"]["detailedError"]["allOf"][1]["properties"]["detailed_error_code"]
    code["enum"] = [str(number) for number in code["enum"]]
    detail = found["components"]["schemas"]["detailedError"]["allOf"][1]["properties"]["detailed_error"]
    detail["nullable"] = True
    # An organiser is any text in a request, so it comes back as any text.
    found["components"]["schemas"]["meetingUser"]["properties"]["email"] = {"type": "string"}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            answers = operation["responses"]
            plain = {"description": "not listed", "content": {"application/json": {}}}
            for status in ("400", "404", "406", "415"):
                answers.setdefault(status, plain)
            # Malformed input, unknown paths and refused roles come in the framework's own form, without a code.
            for status in ("400", "403", "404"):
                answers[status] = plain
            assert path.startswith("/v2/")
    return found


schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[str, dict[str, str]]]:
    """A sandbox in a loop and thread of its own: its address, and the headers of somebody who may do everything."""
    started, stop = threading.Event(), asyncio.Event()
    told: dict[str, Any] = {}

    async def serve() -> None:
        config = SandboxConfig(provision_delay_s=0.01, pool_size=2, pool_minimum_age_s=0, allow_custom_uri=True)
        async with Sandbox(config).running() as sandbox:
            person = SignInClient("all", "x", config.organisation, config.email, ROLES)
            told["url"] = f"{sandbox.base_url}/videoapi"
            told["token"] = sandbox.signin.issue(person, lifetime_s=36_000)
            told["loop"] = asyncio.get_running_loop()
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sandbox", daemon=True)
    thread.start()
    assert started.wait(30)
    yield told["url"], {"Authorization": f"Bearer {told['token']}"}
    told["loop"].call_soon_threadsafe(stop.set)
    thread.join(30)
    assert not thread.is_alive()


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_keeps_to_the_document(case: Any, api: tuple[str, dict[str, str]]) -> None:
    """Status, form and content of each, for good and for bad requests; the sandbox falls only where VDX does."""
    url, headers = api
    answer = case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)
    if answer.status_code >= 500:
        assert answer.json()["detailed_error"].startswith(KNOWN_FALLS)


def test_every_path_of_the_document_is_there() -> None:
    """A path that the sandbox lacks answers 404 like a meeting that does not exist, so it is asked for by name."""
    api: Any = Api(None, None, None)  # type: ignore[arg-type]
    known = {(method, f"/v2{route.path}") for route in api.routes() for method in route.methods - {"HEAD"}}
    named = {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert known == named
