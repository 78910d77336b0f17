"""Recording as everything does that releases something, on a wallet over an encrypted file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ipse.storage.disclosure_log import Entry
from ipse.storage.places import Places
from ipse.wallet import disclosure_log, state
from ipse.wallet.wallet import Wallet

__all__ = ["DAY", "NOW", "SECRET", "content", "disclose", "kept", "opened", "put_back", "vault_of"]

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SECRET: Final = b"passphrase"


def content(released: str = "an answer") -> dict[str, Any]:
    """What an entry says."""
    return {"application": "https://shop.example", "level": "choose", "released": released}


def opened(places: Places, *, doubted: bool = False) -> Wallet:
    """The wallet, opened anew; with `doubted`, whatever state its vault has."""
    return Wallet(places, lambda: SECRET, doubt=(lambda _: None) if doubted else None)


def disclose(wallet: Wallet, *released: str) -> list[Entry]:
    """Record and settle, as everything does that is about to release something."""
    entries = []
    for text in released:
        entries.append(disclosure_log.record(wallet, content(text), now=NOW))
        state.settle(wallet)
    return entries


def kept(wallet: Wallet) -> tuple[int, str] | None:
    """What the keystore remembers, as a wallet sees it that is opened now."""
    again = opened(wallet.places)
    stored = again.keystore.find(again.manifest.state_item)
    if stored is None:
        return None
    said = json.loads(stored)
    assert said.keys() == {"counter", "digest"}
    return said["counter"], said["digest"]


def vault_of(wallet: Wallet) -> bytes:
    """The vault's file as it is."""
    return wallet.places.vault.read_bytes()


def put_back(wallet: Wallet, vault: bytes) -> Wallet:
    """The wallet, opened anew over an older vault, which it may read."""
    wallet.close()
    wallet.places.vault.write_bytes(vault)
    return opened(wallet.places, doubted=True)
