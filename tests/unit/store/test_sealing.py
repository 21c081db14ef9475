"""Seals and keys."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from vdx_plugin.errors import Misconfigured, Unavailable, Unreadable
from vdx_plugin.store.sealing import AesSealer, NoVault, keep_shared_key, new_key, open_sealer, shared_sealer

PLACE = "consultation:1"


class Vault:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def put(self, name: str, text: str) -> None:
        self.kept[name] = text


class MissingVault:
    """A machine without keyring."""

    def get(self, name: str) -> str | None:
        raise NoVault

    def put(self, name: str, text: str) -> None:
        raise NoVault


class LockedVault:
    """A keyring whose owner has not unlocked it."""

    def get(self, name: str) -> str | None:
        raise Unavailable("store.key_locked")

    def put(self, name: str, text: str) -> None:
        raise Unavailable("store.key_locked")


def test_what_is_sealed_opens_and_does_not_show() -> None:
    """The point of it."""
    sealer = AesSealer(os.urandom(32))
    sealed = sealer.seal("Åse".encode(), PLACE)
    assert "Åse".encode() not in sealed
    assert sealer.open(sealed, PLACE).decode() == "Åse"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    """A nonce used twice opens both pieces to whoever sees them."""
    sealer = AesSealer(os.urandom(32))
    assert sealer.seal(b"x", PLACE) != sealer.seal(b"x", PLACE)


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    """Form, nonce, content and seal alike."""
    sealer = AesSealer(os.urandom(32))
    sealed = bytearray(sealer.seal(b"something", PLACE))
    sealed[position] ^= 1
    with pytest.raises(Unreadable):
        sealer.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(11), b"plain text"])
def test_what_was_never_sealed_is_unreadable(sealed: bytes) -> None:
    """A result or Unreadable."""
    with pytest.raises(Unreadable):
        AesSealer(bytes(32)).open(sealed, PLACE)


def test_a_piece_cannot_be_moved_to_another_row() -> None:
    """One patient's content in another's row would look sound."""
    sealer = AesSealer(bytes(32))
    with pytest.raises(Unreadable):
        sealer.open(sealer.seal(b"x", "consultation:1"), "consultation:2")


def test_another_key_opens_nothing() -> None:
    """A copied file is of no use."""
    with pytest.raises(Unreadable):
        AesSealer(b"a" * 32).open(AesSealer(b"b" * 32).seal(b"x", PLACE), PLACE)


def test_the_key_is_made_once_and_kept_in_the_keyring(tmp_path: Path) -> None:
    """Nothing lies beside the database then."""
    vault = Vault()
    sealed = open_sealer(tmp_path / "store.db", vault=vault).seal(b"x", PLACE)
    assert open_sealer(tmp_path / "store.db", vault=vault).open(sealed, PLACE) == b"x"
    assert list(tmp_path.iterdir()) == []


def test_without_keyring_the_key_is_a_file_of_the_owners_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once in the log, when it is made."""
    with caplog.at_level(logging.WARNING, logger="vdx_plugin"):
        sealed = open_sealer(tmp_path / "store.db", vault=MissingVault()).seal(b"x", PLACE)
        assert open_sealer(tmp_path / "store.db", vault=MissingVault()).open(sealed, PLACE) == b"x"
    assert len(caplog.records) == 1
    if os.name == "posix":
        assert (tmp_path / "store.key").stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_used_also_when_a_keyring_turns_up(tmp_path: Path) -> None:
    """A new key in the keyring would hide what the old one sealed."""
    sealed = open_sealer(tmp_path / "store.db", vault=MissingVault()).seal(b"x", PLACE)
    assert open_sealer(tmp_path / "store.db", vault=Vault()).open(sealed, PLACE) == b"x"


@pytest.mark.parametrize("vault", [Vault(), MissingVault()])
def test_no_new_key_is_made_for_an_old_database(tmp_path: Path, vault: Vault | MissingVault) -> None:
    """The program would start with everything unreadable, and then write over it."""
    (tmp_path / "store.db").write_bytes(b"something")
    with pytest.raises(Misconfigured) as caught:
        open_sealer(tmp_path / "store.db", vault=vault)
    assert caught.value.code == "store.key_lost"


def test_a_locked_keyring_is_told_as_such(tmp_path: Path) -> None:
    """It is not the same as none: the key is there."""
    with pytest.raises(Unavailable) as caught:
        open_sealer(tmp_path / "store.db", vault=LockedVault())
    assert caught.value.code == "store.key_locked"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA"])
def test_a_damaged_key_is_not_used(tmp_path: Path, text: str) -> None:
    """Nor replaced."""
    (tmp_path / "store.key").write_text(text)
    with pytest.raises(Misconfigured):
        open_sealer(tmp_path / "store.db", vault=Vault())


def test_a_key_brought_to_another_host_opens_what_the_first_has_sealed() -> None:
    """Hosts that share a database share its key."""
    first, second, key = Vault(), Vault(), new_key()
    for vault in (first, second):
        keep_shared_key(key, vault)
    assert shared_sealer(second).open(shared_sealer(first).seal(b"x", PLACE), PLACE) == b"x"


def test_a_shared_key_is_never_made_by_itself_nor_replaced() -> None:
    """A second key would hide from one host what the other has written."""
    vault = Vault()
    with pytest.raises(Misconfigured, match=r"store\.key_missing"):
        shared_sealer(vault)
    keep_shared_key(new_key(), vault)
    with pytest.raises(Misconfigured, match=r"store\.key_there"):
        keep_shared_key(new_key(), vault)


def test_a_text_that_is_no_key_is_not_kept() -> None:
    """Copied one character short."""
    vault = Vault()
    with pytest.raises(Misconfigured, match=r"store\.key_lost"):
        keep_shared_key(new_key()[:-2], vault)
    assert vault.kept == {}
    with pytest.raises(Misconfigured, match=r"store\.key_missing"):
        keep_shared_key(new_key(), MissingVault())
