"""How tokens are got, kept and renewed."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from vdx_plugin.booking.auth import ClientCredentials, Token, TokenAuth
from vdx_plugin.errors import Misconfigured, SignInNeeded, Unavailable, VdxError

from .vdx_double import ACCESS, Answer, VdxDouble


class Seconds:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def client(vdx: VdxDouble, seconds: Seconds | None = None) -> httpx.AsyncClient:
    auth = TokenAuth(ClientCredentials(ACCESS), role_claim=ACCESS.role_claim, monotonic=seconds or Seconds())
    return httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(vdx.handle), base_url=ACCESS.base_url)


async def test_the_program_names_itself_by_basic_with_its_secret_encoded() -> None:
    """RFC 6749, 2.3.1: id and secret are form-encoded first, or a plus in the secret breaks."""
    vdx = VdxDouble()
    await client(vdx).get("info")
    request = vdx.token_calls[0]
    assert httpx.BasicAuth("clinic", "s%2Bcret")._auth_header == request.headers["Authorization"]
    assert request.content == b"grant_type=client_credentials"


async def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    """A token that runs out under way costs a refused request."""
    vdx, seconds = VdxDouble(), Seconds()
    async with client(vdx, seconds) as http:
        await http.get("info")
        seconds.at = 239
        await http.get("info")
        assert len(vdx.token_calls) == 1
        seconds.at = 240
        await http.get("info")
    assert len(vdx.token_calls) == 2


async def test_many_requests_at_once_ask_for_one_token() -> None:
    """Four start-up requests must not open four sessions."""
    vdx = VdxDouble()
    async with client(vdx) as http:
        await asyncio.gather(*(http.get("info") for _ in range(4)))
    assert len(vdx.token_calls) == 1


async def test_a_refused_token_is_renewed_once_and_the_request_repeated() -> None:
    """The server may forget its sessions before their time."""
    vdx = VdxDouble()
    async with client(vdx) as http:
        await http.get("info")
        vdx.good_tokens.clear()
        response = await http.get("info")
    assert response.status_code == 200
    assert len(vdx.token_calls) == 2


async def test_a_new_token_that_is_refused_needs_a_person() -> None:
    """One renewal, never a loop."""
    vdx = VdxDouble(takes_no_token=True)
    async with client(vdx) as http:
        with pytest.raises(SignInNeeded) as caught:
            await http.get("info")
    assert caught.value.code == "vdx.sign_in"
    assert len(vdx.token_calls) == 2


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, SignInNeeded, "vdx.sign_in"),
        (400, SignInNeeded, "vdx.sign_in"),
        (503, Unavailable, "vdx.unreachable"),
        (404, Misconfigured, "vdx.setup"),
    ],
)
async def test_each_refusal_of_the_token_service_says_what_to_do(status: int, error: type[VdxError], code: str) -> None:
    """Renewing a right, waiting and correcting an address are three different people's work."""
    vdx = VdxDouble()
    vdx.trouble["token"] = [Answer(status)]
    async with client(vdx) as http:
        with pytest.raises(error) as caught:
            await http.get("info")
    assert caught.value.code == code


async def test_a_cancelled_renewal_does_not_block_the_next() -> None:
    """The lock must be given back, or the program could never sign in again."""
    vdx = VdxDouble()
    held = asyncio.Event()

    async def hang_once(request: httpx.Request) -> httpx.Response:
        if request.url.host == "signin.test" and not held.is_set():
            held.set()
            await asyncio.Event().wait()
        return vdx.handle(request)

    auth = TokenAuth(ClientCredentials(ACCESS))
    async with httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(hang_once)) as http:
        first = asyncio.create_task(http.get("https://vdx.test/videoapi/v2/info"))
        await held.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await http.get("https://vdx.test/videoapi/v2/info")).status_code == 200


def test_a_token_does_not_show_itself() -> None:
    """A token in a traceback is a token in the log."""
    assert "secret" not in repr(Token("secret", 300))
