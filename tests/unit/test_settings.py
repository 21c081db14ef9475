"""Settings: what no setting may do, and that a wrong one is named without its value."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from vdx_plugin import app, carriers, settings
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.settings import Data, Database, Partners, Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"resend_after_min": 29},
        {"max_resends": 4},
        {"converted_resend_after_min": 119},
        {"converted_max_resends": 4},
        {"max_resends": -1},
        {"workers": 0},
    ],
)
def test_no_setting_sends_again_sooner_or_more_often_than_medcom_allows(wrong: dict[str, int]) -> None:
    """Never before half an hour, never more than three times; two hours where a letter is converted."""
    with pytest.raises(ValidationError):
        Partners(**wrong)  # type: ignore[arg-type]


def test_how_long_word_to_a_party_can_be_taken_back_is_a_setting() -> None:
    """Some want it gone at once; nobody wants a cancellation to lie here for minutes."""
    assert app.desk_settings(Settings()).undo_within == timedelta(seconds=8)
    assert app.desk_settings(Settings(partners=Partners(undo_within_s=0))).undo_within == timedelta(0)
    with pytest.raises(ValidationError):
        Partners(undo_within_s=61)


def test_resend_settings_reach_the_rules() -> None:
    """A setting that nothing reads is a promise that nobody keeps."""
    limits = carriers.resend_limits(
        Partners(resend_after_min=45, max_resends=3, converted_resend_after_min=180, converted_max_resends=1)
    )
    assert (limits.native.answer_within, limits.native.max_resends) == (timedelta(minutes=45), 3)
    assert (limits.converted.answer_within, limits.converted.max_resends) == (timedelta(minutes=180), 1)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///x.db",
        "postgresql://vdx:password@db.example/vdx",
        "postgresql://db.example/vdx",
        "mysql://vdx@db.example/vdx",
    ],
)
def test_a_database_address_is_of_postgresql_with_a_user_and_without_a_password(url: str) -> None:
    """Nothing secret stands in the settings."""
    with pytest.raises(ValidationError):
        Database(url=url)


def test_messages_are_kept_for_a_day_at_least() -> None:
    """Nought would erase what the partner may still ask about today."""
    with pytest.raises(ValidationError):
        Data(keep_messages_days=0)


def test_a_wrong_setting_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The address may hold a password that somebody put there."""
    monkeypatch.setattr(settings, "default_file", lambda: tmp_path / "settings.toml")
    monkeypatch.setenv("VDX_PLUGIN_STORE__URL", "postgresql://vdx:hemmelig@db.example/vdx")
    with pytest.raises(Misconfigured) as caught:
        settings.load()
    assert caught.value.facts["setting"] == "store.url"
    assert "hemmelig" not in str(caught.value)


def test_the_password_of_the_database_comes_from_the_keyring_and_is_quoted() -> None:
    """A slash or an at sign in it would otherwise become part of the address."""
    address = app.database_address("postgresql://vdx@db.example:5432/vdx?sslmode=require", Secret("a/b@c"))
    assert address == "postgresql://vdx:a%2Fb%40c@db.example:5432/vdx?sslmode=require"
    assert app.database_address("postgresql://vdx@/vdx?host=x", Secret("")) == "postgresql://vdx@/vdx?host=x"


def test_a_host_has_the_same_name_after_a_restart_and_another_for_each_workplace(tmp_path: Path) -> None:
    """By it a host knows what it was sending itself when it died."""
    one, other = Settings(data_dir=tmp_path / "a"), Settings(data_dir=tmp_path / "b")
    assert app.host_name(one) == app.host_name(one) != app.host_name(other)
