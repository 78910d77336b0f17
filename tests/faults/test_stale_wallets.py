"""Two processes with the same wallet open: what one did is never undone by what the other still believes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipse.errors import IpseError, StorageError
from ipse.storage.places import Places
from ipse.wallet import identities, keystore_move, rotation
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.desktop import Desktop
from tests.faults.conftest import NOW

Act = Callable[[Wallet], object]


def _opened(places: Places) -> Wallet:
    return Wallet(places, lambda: PASSPHRASE)


def _signing(places: Places) -> set[str]:
    """The DIDs that are listed, each of which must sign."""
    with _opened(places) as wallet:
        for record in wallet.manifest.dids:
            identities.signing_key(wallet, record.name)
        return {key.public for record in wallet.manifest.dids for key in record.keys}


_ACTS: dict[str, Act] = {
    "rotate": lambda wallet: rotation.rotate(wallet, "me", now=NOW),
    "rename": lambda wallet: identities.rename(wallet, "me", "renamed"),
    "rotate a did:web": lambda wallet: rotation.rotate(wallet, "site", now=NOW),
    "rename a did:web": lambda wallet: identities.rename(wallet, "site", "renamed"),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("second", _ACTS)
@pytest.mark.parametrize("first", _ACTS)
def test_no_key_is_lost_to_a_wallet_that_was_opened_before_it_was_made(
    first: str, second: str, wallet: Wallet
) -> None:
    identities.create(wallet, "me", now=NOW)
    identities.create(wallet, "site", kind=Kind("web", domain="example.com"), now=NOW)
    with _opened(wallet.places) as early, _opened(wallet.places) as late:
        _ACTS[first](early)
        made = _signing(wallet.places)
        try:
            _ACTS[second](late)
        except IpseError:
            assert _signing(wallet.places) == made
    assert made <= _signing(wallet.places)
    ids = [key.id for record in _opened(wallet.places).manifest.dids for key in record.keys]
    assert len(set(ids)) == len(ids)


def test_no_key_goes_into_a_keystore_that_was_left_meanwhile(desktop: Desktop, wallet: Wallet) -> None:
    identities.create(wallet, "me", now=NOW)
    keystore_move.move(wallet, "os", new_passphrase=lambda: PASSPHRASE)
    with _opened(wallet.places) as late:
        assert late.root
        with _opened(wallet.places) as early:
            keystore_move.move(early, "file", new_passphrase=lambda: PASSPHRASE)
        with pytest.raises(StorageError, match="meanwhile"):
            identities.create(late, "new", now=NOW)
    assert len(_signing(wallet.places)) == 1
    assert desktop.items() == []


def test_a_second_rotation_of_a_stale_wallet_says_what_happened(wallet: Wallet) -> None:
    identities.create(wallet, "site", kind=Kind("web", domain="example.com"), now=NOW)
    with _opened(wallet.places) as early, _opened(wallet.places) as late:
        rotation.rotate(early, "site", now=NOW)
        with pytest.raises(StorageError, match="'site' was changed by another process meanwhile"):
            rotation.rotate(late, "site", now=NOW)
