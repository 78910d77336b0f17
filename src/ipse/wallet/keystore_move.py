"""Moving all keys of a wallet from one keystore to another, so that it can be interrupted anywhere.

What is about to be written is noted in the manifest first; then every item is copied and read back; then
the manifest points to the copies; then the old items go. A move that was interrupted is taken up by
starting it again: what it left is removed first.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace

from ipse.errors import AlreadyExists, UsageError
from ipse.storage import manifest
from ipse.storage.manifest import Leftover, Manifest
from ipse.wallet.wallet import Passphrase, Wallet, open_keystore

__all__ = ["move"]

_log = logging.getLogger(__name__)


def move(wallet: Wallet, to: str, *, new_passphrase: Passphrase) -> str:
    """Move every key to the keystore of kind `to` ("os" or "file"); its description.

    `new_passphrase` is asked for a new file's passphrase. Raises UsageError where the keys are there
    already, KeystoreError, StorageError; nothing is lost by any of them.
    """
    wallet.sweep()
    with manifest.changing(wallet.places.manifest) as (current, write):
        if current.keystore == to:
            raise UsageError(
                f"the keys are in that keystore already: {wallet.keystore.description}",
                hint="nothing was moved",
            )
        if to == "file" and wallet.places.keystore.exists():  # not ours: what was has been swept away
            raise AlreadyExists(
                f"there is already a keystore at {wallet.places.keystore}",
                hint="ipse never overwrites keys: move the file away if you are sure",
            )
        source = wallet.keystore
        secrets_by_item = {item: source.get(item) for item in current.items()}
        names = {item: f"{item.partition('-')[0]}-{secrets.token_hex(8)}" for item in secrets_by_item}
        remembered = source.find(current.state_item)
        if remembered is not None:
            secrets_by_item[current.state_item] = remembered
            names[current.state_item] = _renamed(current, names).state_item
        planned = tuple(Leftover(to, name) for name in names.values())
        write(replace(current, leftovers=(*current.leftovers, *planned)))
        target = open_keystore(to, wallet.places, current.wallet_id, new_passphrase, create=to == "file")
        for item, secret in secrets_by_item.items():
            target.add(names[item], secret)
        _log.info("copied %d items to %s", len(names), target.description)
        left = tuple(Leftover(current.keystore, item) for item in names)
        moved = replace(_renamed(current, names), keystore=to, leftovers=(*current.leftovers, *left))
        write(moved)
    wallet.switch_to(target, moved)
    wallet.sweep()
    return target.description


def _renamed(current: Manifest, names: dict[str, str]) -> Manifest:
    dids = tuple(
        replace(record, keys=tuple(replace(key, item=names[key.item]) for key in record.keys))
        for record in current.dids
    )
    return replace(current, root_item=names[current.root_item], dids=dids)
