"""The keyrings of macOS and Windows, as stand-ins with their limits: they can't run everywhere."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from ipse.keys import key_types
from ipse.keys.keystore import os_keyring
from ipse.storage.places import Places
from ipse.wallet import identities, rotation
from ipse.wallet.wallet import Wallet
from tests.faults.conftest import NOW

_WINDOWS_LIMIT = 1280
"""Characters of one item: 2,560 bytes in UTF-16."""


class StandIn(KeyringBackend):
    """Keeps items as the systems do: bounded in size, each opened by a prompt of its own."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}
        self.prompts: Counter[str] = Counter()

    def get_password(self, service: str, username: str) -> str | None:
        if (service, username) not in self.items:
            return None
        self.prompts[username] += 1
        return self.items[service, username]

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > _WINDOWS_LIMIT:
            raise PasswordSetError("the item is too large")
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.items:
            raise PasswordDeleteError("no such item")
        del self.items[service, username]


@pytest.fixture(params=["darwin", "win32"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StandIn:
    """The one keyring of another system; every other backend says that it is not for this one."""
    mine = {"darwin": "macOS", "win32": "Windows"}[request.param]
    stand_in = StandIn()

    def instantiate(path: str) -> KeyringBackend | str:
        return stand_in if f".{mine}." in path else "not on this system"

    monkeypatch.setattr(sys, "platform", request.param)
    monkeypatch.setattr(os_keyring, "_instantiate", instantiate)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setattr(os_keyring, "_configured_backend", lambda: None)
    return stand_in


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the wallet of the test lies."""
    return Places(tmp_path / "wallet", tmp_path / "cache")


def _opened(places: Places) -> Wallet:
    return Wallet(places, lambda: b"never asked for")


@pytest.mark.parametrize("key_type", key_types.SIGNING_TYPES)
def test_a_whole_wallet_fits(key_type: str, elsewhere: StandIn, places: Places) -> None:
    with Wallet.create(places, keystore="os", passphrase=lambda: b"", now=NOW) as wallet:
        identities.create(wallet, "n" * 64, key_type=key_type, now=NOW)
        identities.rename(wallet, "n" * 64, "me")
        rotation.rotate(wallet, "me", now=NOW)
    assert len(elsewhere.items) == 4
    assert max(map(len, elsewhere.items.values())) <= _WINDOWS_LIMIT // 4


def test_signing_opens_one_item_and_the_vault_two(elsewhere: StandIn, places: Places) -> None:
    with Wallet.create(places, keystore="os", passphrase=lambda: b"", now=NOW) as wallet:
        identities.create(wallet, "me", now=NOW)
    elsewhere.prompts.clear()
    with _opened(places) as wallet:
        identities.signing_key(wallet, "me")
        assert list(elsewhere.prompts.values()) == [1]
        assert wallet.vault
        assert wallet.vault
        assert sorted(elsewhere.prompts.values()) == [1, 1, 1]  # the root, and the state of the vault
    assert "me" in [record.name for record in _opened(places).manifest.dids]
    assert sum(elsewhere.prompts.values()) == 3


def test_deleting_removes_the_item_and_twice_is_no_error(elsewhere: StandIn, places: Places) -> None:
    with Wallet.create(places, keystore="os", passphrase=lambda: b"", now=NOW) as wallet:
        record = identities.create(wallet, "me", now=NOW)
        identities.delete(wallet, "me")
        wallet.keystore.remove(record.current.item)
    assert len(elsewhere.items) == 2
