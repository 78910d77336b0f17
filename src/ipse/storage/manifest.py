"""The manifest: in clear, nothing secret, the pointer to everything that is.

It names the keystore, the wallet's root item and, for each DID, its name and its keystore item. A key
exists for the wallet from the moment the manifest that points to it is in place, and no longer than
that: items are written before they are pointed to and removed after. So listing, showing and completing
names needs no keystore. Pairwise DIDs are derived, never listed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ipse.encoding import strict_json
from ipse.errors import AlreadyExists, CorruptData, MalformedInput, NotFound, UsageError
from ipse.storage import files

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DidRecord", "Manifest", "change", "check_name", "create", "read"]

_VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class DidRecord:
    """One DID of the owner. `item` is its key's item in the keystore, `created` RFC 3339 UTC."""

    name: str
    did: str
    method: str
    key_type: str
    item: str
    created: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `wallet.json` says. `keystore` is "os" or "file"."""

    wallet_id: str
    keystore: str
    root_item: str
    created: str
    dids: tuple[DidRecord, ...] = ()

    def find(self, name_or_did: str) -> DidRecord:
        """The record with this name or DID. Raises NotFound."""
        for record in self.dids:
            if name_or_did in (record.name, record.did):
                return record
        raise NotFound(f"no DID is called {name_or_did!r}", hint="`ipse did list` shows the names")

    def with_did(self, record: DidRecord) -> Manifest:
        """The manifest with one more DID. Raises AlreadyExists where the name is taken."""
        if any(record.name == known.name for known in self.dids):
            raise AlreadyExists(
                f"a DID is already called {record.name!r}", hint="choose another --name; nothing was changed"
            )
        return replace(self, dids=(*self.dids, record))


def check_name(name: str) -> str:
    """`name` if a DID may be called so. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a name",
            hint="up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
        )
    return name


def create(path: Path, manifest: Manifest) -> None:
    """Write the first manifest. Raises AlreadyExists where there is one."""
    with files.exclusive(path):
        if path.exists():
            raise AlreadyExists(
                f"there is already a wallet in {path.parent}",
                hint="use it as it is, or set IPSE_HOME to another folder for a second one",
            )
        _write(path, manifest)


def read(path: Path) -> Manifest:
    """The manifest at `path`. Raises NotFound where there is no wallet, CorruptData."""
    try:
        document = strict_json.parse_object(files.read_private(path), what=str(path))
    except NotFound as error:
        raise NotFound(f"there is no wallet in {path.parent}", hint="make one with `ipse init`") from error
    except MalformedInput as error:
        raise CorruptData(error.message) from error
    version = document.pop("version", None)
    if type(version) is not int or version != _VERSION:
        raise CorruptData(
            f"{path} has version {version!r}, this ipse reads {_VERSION}",
            hint="a newer ipse may have written it: upgrade",
        )
    try:
        if not isinstance(document["dids"], list):
            raise TypeError
        manifest = Manifest(**{**document, "dids": tuple(DidRecord(**item) for item in document["dids"])})
    except (TypeError, KeyError, AttributeError) as error:
        raise CorruptData(f"{path} does not have the members of a manifest") from error
    _check_members(path, manifest)
    return manifest


def change(path: Path, edit: Callable[[Manifest], Manifest]) -> Manifest:
    """Read, `edit` and write under the lock; gives the new manifest."""
    with files.exclusive(path):
        manifest = edit(read(path))
        _write(path, manifest)
    return manifest


def _write(path: Path, manifest: Manifest) -> None:
    document: dict[str, Any] = {"version": _VERSION, **asdict(manifest)}
    files.write_private(path, strict_json.pretty(document).encode() + b"\n")


def _check_members(path: Path, manifest: Manifest) -> None:
    members = [value for record in manifest.dids for value in asdict(record).values()]
    members += [manifest.wallet_id, manifest.keystore, manifest.root_item, manifest.created]
    if not all(isinstance(member, str) for member in members) or manifest.keystore not in ("os", "file"):
        raise CorruptData(f"{path} does not have the members of a manifest")
    if len({record.name for record in manifest.dids}) != len(manifest.dids):
        raise CorruptData(f"{path} gives one name to two DIDs")
