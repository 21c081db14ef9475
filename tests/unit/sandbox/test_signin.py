"""Tokens and the check of a bearer."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.server import Sandbox
from vdx_plugin.sandbox.signin import Algorithm, NotSignedIn, SignIn, SignInClient

CLIENT = SignInClient("clinic", "s", "org", "a@b.test", ("meeting-user",))


def make(clock: SandboxClock | None = None, algorithm: Algorithm = "ES256") -> SignIn:
    return SignIn((CLIENT,), (clock or SandboxClock()).now, lifetime_s=60, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_token_carries_the_claims_and_is_accepted(algorithm: Algorithm) -> None:
    """The claim names are those of the national service; both usual algorithms must work."""
    sign_in = make(algorithm=algorithm)
    claims = sign_in.check(f"Bearer {sign_in.issue(CLIENT)}")
    assert claims["dk:medcom:organisation_id"] == "org"
    assert claims["dk:medcom:email"] == "a@b.test"
    assert claims["dk:medcom:video:role"] == ["meeting-user"]


def test_a_token_runs_out_with_the_clock() -> None:
    """A client that never renews must be caught."""
    clock = SandboxClock()
    sign_in = make(clock)
    token = sign_in.issue(CLIENT)
    clock.advance(timedelta(seconds=61))
    with pytest.raises(NotSignedIn, match="not accepted") as refused:
        sign_in.check(f"Bearer {token}")
    assert "expired" in refused.value.challenge


def test_all_tokens_can_be_refused_at_once() -> None:
    """This is how a test takes a session away in the middle of work."""
    sign_in = make()
    token = sign_in.issue(CLIENT)
    sign_in.expire_all()
    with pytest.raises(NotSignedIn):
        sign_in.check(f"Bearer {token}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer not.a.token"])
def test_anything_but_a_good_bearer_is_refused(header: str | None) -> None:
    """Missing, empty, other schemes and rubbish all end the same way."""
    with pytest.raises(NotSignedIn):
        make().check(header)


def test_a_token_signed_by_somebody_else_is_refused() -> None:
    """Right claims under a foreign key are worth nothing."""
    sign_in = make()
    claims = sign_in.check(f"Bearer {sign_in.issue(CLIENT)}")
    forged = jwt.encode({"alg": "ES256"}, dict(claims), ECKey.generate_key("P-256"))
    with pytest.raises(NotSignedIn):
        sign_in.check(f"Bearer {forged}")


def test_a_token_of_another_realm_is_refused() -> None:
    """The server checks the issuer."""
    sign_in = make()
    token = sign_in.issue(SignInClient("x", "s", extra_claims={"iss": "https://elsewhere.test"}))
    with pytest.raises(NotSignedIn):
        sign_in.check(f"Bearer {token}")


async def test_the_token_end_point_takes_form_and_basic_credentials(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """RFC 6749 allows both; libraries differ in which they send."""
    config = sandbox.config
    form = {"grant_type": "client_credentials", "client_id": config.client_id, "client_secret": config.client_secret}
    by_form = await web.post(sandbox.token_url, data=form)
    by_header = await web.post(
        sandbox.token_url,
        data={"grant_type": "client_credentials"},
        auth=(config.client_id, config.client_secret),
    )
    assert by_form.status_code == by_header.status_code == 200
    assert by_form.json()["token_type"] == "Bearer"
    assert by_form.json()["expires_in"] == config.token_lifetime_s


async def test_a_wrong_secret_and_a_wrong_grant_are_refused(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The two answers differ, because different people must act on them."""
    form = {"grant_type": "client_credentials", "client_id": sandbox.config.client_id, "client_secret": "wrong"}
    assert (await web.post(sandbox.token_url, data=form)).status_code == 401
    answer = await web.post(sandbox.token_url, data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_the_published_keys_verify_the_tokens(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """A resource server would fetch these and nothing private may be among them."""
    keys = (await web.get("/auth/realms/vdx/protocol/openid-connect/certs")).json()
    token = sandbox.signin.issue(CLIENT)
    assert jwt.decode(token, KeySet.import_key_set(keys)).claims["sub"] == "clinic"
    assert "d" not in keys["keys"][0]
