"""A wallet with something of everything, and its backup."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ipse.storage import grants, settings, statements, topic_store, trusted_issuers
from ipse.storage.credential_store import StoredCredential, add
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure, holder_keys, identities, state
from ipse.wallet.backup import making, restoring
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.restoring import Question, Restored
from ipse.wallet.disclosure import summaries
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.recorded import DAY, NOW, SECRET, disclose

TIME = "2026-11-22T12:00:00Z"
SHOP = "https://shop.example"
TOPIC = "politics"


def fill(wallet: Wallet) -> None:
    """Put something of everything into a wallet."""
    identities.create(wallet, "me", now=NOW)
    identities.create(wallet, "p", key_type="P-256", now=NOW)
    identities.create(wallet, "k", kind=Kind("pkh"), now=NOW)
    identities.create(wallet, "site", kind=Kind("web", domain="a.example"), now=NOW)
    vault = wallet.vault
    said = [NewStatement(text, 0.5, "typed") for text in ("tea", "rain", "fog")]
    statements.add(vault, said, now=TIME)
    disclosure.grant(wallet, SHOP, level="choose", now=NOW, expires=NOW + 90 * DAY, exact=True)
    topic_store.set_access(vault, TOPIC, True)
    trusted_issuers.add(vault, "did:web:issuer.example", ["Degree"], now=TIME)
    add(vault, StoredCredential("urn:1", "{}", "jwt", "did:x", None, ("A",), None, None, True, TIME))
    settings.put(vault, "embedding-fingerprint", "made here")
    settings.put(vault, "compiled-model-x", "made here")
    summaries.change_limits(wallet, year=400, life=800)
    holder_keys.fresh(wallet)
    disclose(wallet, "an answer")
    state.settle(wallet)


def backup_of(wallet: Wallet) -> Backup:
    """The backup of a wallet as it is."""
    return making.collect(wallet, program="1.0", now=NOW)


def unasked(_: Question) -> Collection[str]:
    """For a restore that asks nothing."""
    raise AssertionError("nothing newer is known")


def restore(
    backup: Backup,
    folder: Path,
    *,
    ask: Callable[[Question], Collection[str]] = unasked,
    keystore: str = "file",
    **options: Any,
) -> Restored:
    """Restore to `folder` under the tests' passphrase."""
    return restoring.restore(
        Places.under(folder),
        backup,
        keystore=keystore,
        passphrase=lambda: SECRET,
        new_passphrase=lambda: SECRET,
        ask=ask,
        now=NOW + DAY,
        **options,
    )


def standing(wallet: Wallet) -> list[str]:
    """Who has a grant that stands."""
    return [grant.party for grant in grants.every(wallet.vault) if grant.revoked is None]
