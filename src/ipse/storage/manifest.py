"""The manifest: in clear, nothing secret, the pointer to everything that is.

It names the keystore, the wallet's root item and, for each DID, its name, its public keys and their
keystore items. A key exists for the wallet from the moment the manifest that points to it is in place, and
no longer than that: items are written before they are pointed to and removed after. So listing, showing and
completing names needs no keystore. Pairwise DIDs are derived, never listed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import FROM_BACKUP, AlreadyExists, CorruptData, MalformedInput, NotFound, UsageError
from ipse.storage import files

__all__ = [
    "DidRecord",
    "Edit",
    "KeyRecord",
    "Leftover",
    "Manifest",
    "change",
    "changing",
    "check_name",
    "create",
    "encoded",
    "parsed",
    "read",
]

_VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEYSTORES: Final = ("os", "file")

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key of a DID.

    `id` is its verification method's DID URL, `public` its Multikey, `item` where the private half lies in
    the keystore, `created` RFC 3339 UTC.
    """

    id: str
    key_type: str
    public: str
    item: str
    created: str


@dataclass(frozen=True, slots=True)
class DidRecord:
    """One DID of the owner: its keys in the order they were made, the last one signs.

    `successor` is the DID that took its place, or empty.
    """

    name: str
    did: str
    method: str
    created: str
    keys: tuple[KeyRecord, ...]
    successor: str = ""

    @property
    def current(self) -> KeyRecord:
        """The key that signs."""
        return self.keys[-1]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A keystore item that nothing points to and that is to be removed."""

    keystore: str
    item: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `wallet.json` says. `keystore` is "os" or "file"; `default` a DID's name, or empty."""

    wallet_id: str
    keystore: str
    root_item: str
    created: str
    dids: tuple[DidRecord, ...] = ()
    default: str = ""
    leftovers: tuple[Leftover, ...] = ()

    @property
    def state_item(self) -> str:
        """The keystore item that remembers the newest state of the vault.

        It goes by the root's name: where another could be named, so could an older state.
        """
        return f"log-{self.root_item.partition('-')[2]}"

    def find(self, name_or_did: str) -> DidRecord:
        """The record with this name or DID. Raises NotFound."""
        for record in self.dids:
            if name_or_did in (record.name, record.did):
                return record
        raise NotFound(f"no DID is called {name_or_did!r}", hint="`ipse did list` shows the names")

    def with_did(self, record: DidRecord) -> Manifest:
        """The manifest with one more DID; the first one becomes the default. Raises AlreadyExists."""
        for known in self.dids:
            if record.name == known.name:
                raise AlreadyExists(
                    f"a DID is already called {record.name!r}",
                    hint="choose another name; nothing was changed",
                )
            if record.did == known.did:
                raise AlreadyExists(f"{record.did} is already in the wallet as {known.name!r}")
        return replace(self, dids=(*self.dids, record), default=self.default or record.name)

    def with_changed(self, name: str, record: DidRecord) -> Manifest:
        """The manifest with `record` in the place of the DID called `name`. Raises AlreadyExists."""
        if record.name != name and any(record.name == known.name for known in self.dids):
            raise AlreadyExists(
                f"a DID is already called {record.name!r}", hint="choose another name; nothing was changed"
            )
        dids = tuple(record if known.name == name else known for known in self.dids)
        return replace(self, dids=dids, default=record.name if self.default == name else self.default)

    def without_did(self, name: str) -> Manifest:
        """The manifest without the DID called `name`."""
        dids = tuple(known for known in self.dids if known.name != name)
        return replace(self, dids=dids, default="" if self.default == name else self.default)

    def dropping(self, *items: str) -> Manifest:
        """The manifest with `items` of its keystore among those to be removed."""
        return replace(self, leftovers=(*self.leftovers, *(Leftover(self.keystore, item) for item in items)))

    def items(self) -> tuple[str, ...]:
        """Every keystore item that the manifest points to."""
        return (self.root_item, *(key.item for record in self.dids for key in record.keys))


Edit = Callable[[Manifest], Manifest]


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
        return parsed(files.read_private(path), what=str(path))
    except NotFound as error:
        raise NotFound(f"there is no wallet in {path.parent}", hint="make one with `ipse init`") from error


def parsed(data: bytes, *, what: str) -> Manifest:
    """The manifest that `data` spells; `what` names it in the errors. Raises CorruptData."""
    try:
        document = strict_json.parse_object(data, what=what)
    except MalformedInput as error:
        raise CorruptData(error.message, hint=FROM_BACKUP) from error
    version = document.pop("version", None)
    if type(version) is not int or version != _VERSION:
        raise CorruptData(
            f"{what} has version {strict_json.excerpt(version)}, this ipse reads {_VERSION}",
            hint="a newer ipse may have written it: upgrade",
        )
    try:
        manifest = _manifest(document)
    except (TypeError, KeyError, AttributeError) as error:
        raise CorruptData(f"{what} does not have the members of a manifest", hint=FROM_BACKUP) from error
    if len({record.name for record in manifest.dids}) != len(manifest.dids):
        raise CorruptData(f"{what} gives one name to two DIDs", hint=FROM_BACKUP)
    needed = {Leftover(manifest.keystore, item) for item in (*manifest.items(), manifest.state_item)}
    if needed.intersection(manifest.leftovers):
        raise CorruptData(f"{what} calls keys left over that it points to", hint=FROM_BACKUP)
    return manifest


def encoded(manifest: Manifest) -> bytes:
    """What wallet.json holds of `manifest`."""
    document: dict[str, Any] = {"version": _VERSION, **asdict(manifest)}
    return strict_json.pretty(document).encode() + b"\n"


@contextmanager
def changing(path: Path) -> Iterator[tuple[Manifest, Callable[[Manifest], None]]]:
    """Hold the manifest's lock: what it says, and how to write another. For work that must not overlap."""
    with files.exclusive(path):
        yield read(path), lambda manifest: _write(path, manifest)


def change(path: Path, edit: Edit) -> Manifest:
    """Read, `edit` and write under the lock; gives the new manifest."""
    with changing(path) as (manifest, write):
        manifest = edit(manifest)
        write(manifest)
    return manifest


def _write(path: Path, manifest: Manifest) -> None:
    files.write_private(path, encoded(manifest))


def _manifest(document: JsonObject) -> Manifest:
    dids = tuple(
        _record(DidRecord, {**entry, "keys": tuple(_record(KeyRecord, key) for key in _array(entry["keys"]))})
        for entry in _array(document["dids"])
    )
    leftovers = tuple(_record(Leftover, entry) for entry in _array(document["leftovers"]))
    manifest = _record(Manifest, {**document, "dids": dids, "leftovers": leftovers})
    if manifest.keystore not in _KEYSTORES or not all(record.keys for record in dids):
        raise TypeError
    return manifest


def _record(cls: type[_Record], members: JsonObject) -> _Record:
    """A record whose members are all there, and strings but for the tuples."""
    if members.keys() != {field.name for field in fields(cls)}:  # type: ignore[arg-type]
        raise TypeError
    if not all(isinstance(member, (str, tuple)) for member in members.values()):
        raise TypeError
    return cls(**members)


def _array(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
