"""What a server takes from the wallet: no vault, no root and no keystore stay behind."""

from __future__ import annotations

import gc
import weakref
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.cli.commands.verifier import starting
from ipse.cli.context import Context
from ipse.keys import derivation
from ipse.servers.verifier import start
from ipse.wallet.wallet import Wallet
from tests.conftest import Ipse

OPTIONS = starting.Options(
    certificate=None,
    key=None,
    did="me",
    client_id="x509_hash",
    registration=None,
    mode="direct_post.jwt",
    method="post",
    scheme="openid4vp",
    lifetime=timedelta(minutes=5),
    issuers=(),
    leeway=timedelta(seconds=60),
)


def test_the_wallet_is_gone_once_the_server_has_what_it_needs(
    ipse: Ipse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ipse.variables.items():
        monkeypatch.setenv(name, value)
    held: dict[str, weakref.ref[Any]] = {}
    keys: list[bytes] = []
    take = start.take

    def watched(wallet: Wallet, did: str | None) -> start.Material:
        taken = take(wallet, did)
        for name, part in (("wallet", wallet), ("vault", wallet.vault), ("keystore", wallet.keystore)):
            held[name] = weakref.ref(part)
        keys.extend([wallet.root, derivation.vault_key(wallet.root)])
        return taken

    monkeypatch.setattr(start, "take", watched)
    context = Context()
    material = starting.material_for(context, OPTIONS)
    gc.collect()
    assert {name: part() for name, part in held.items()} == dict.fromkeys(held)
    assert material.database_key not in keys
    assert material.database == ipse.home / "verifier.db"
    assert material.client is not None
    opened = Path("/proc/self/fd")
    if opened.is_dir():
        files = {str(entry.readlink()) for entry in opened.iterdir() if entry.is_symlink()}
        assert not {name for name in files if name.startswith(str(ipse.home))}


def test_the_key_of_the_database_is_derived_for_it_alone() -> None:
    root = bytes(range(32))
    others = {derivation.vault_key(root), derivation.server_key(root, "issuer"), root}
    assert derivation.server_key(root, "verifier") not in others
    assert derivation.server_key(root, "verifier") == derivation.server_key(root, "verifier")
    assert len(derivation.server_key(root, "verifier")) == 32
