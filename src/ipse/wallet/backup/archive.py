"""The archive in a backup: a tar file with a manifest that says what each file is (docs/keeping.md).

    README.txt           how to read it without ipse
    manifest.json        what, when, by which version; name, length and SHA-256 of each other file
    keys.json            the root and the DIDs with their private keys as JWK
    tables/NAME.ndjson   the rows of each table, a JSON object a line

The manifest is authenticated under a key derived from the root, and the rows by the state head that is in
it. So an archive is what the wallet with this root wrote. Which wallet that is, its reader must know.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import CorruptData, IpseError, MalformedInput
from ipse.keys import derivation, key_types
from ipse.keys.key_types import PrivateKey
from ipse.storage import saved_vault
from ipse.storage.manifest import Manifest, parsed
from ipse.storage.saved_vault import SavedVault

__all__ = ["TYPE", "Backup", "pack", "unpack"]

TYPE: Final = "urn:ipse:backup:1"
_PRIVATE: Final = ("jwk",)
"""The members of a key in `keys.json` that wallet.json does not have."""
_README_NAME, _MANIFEST_NAME, _KEYS_NAME = "README.txt", "manifest.json", "keys.json"
_TABLE_NAME: Final = "tables/{}.ndjson"
_MODE: Final = 0o600
_README: Final = """\
This is a backup of an ipse wallet: a tar archive in an age file.

  age -d FILE | tar xf -      opens it without ipse
  ipse backup restore FILE    makes a wallet of it

manifest.json        what this is: when it was made, the version of ipse and of its tables, the state of the
                     wallet, and for each other file its length and SHA-256
keys.json            the secret keys. `root` (base64url, 32 bytes): the keys for each application, for the
                     log and for each credential are HKDF-Expand (RFC 5869, SHA-256) of it, under the labels
                     ipse/1/pairwise/ORIGIN, ipse/1/log and ipse/1/holder/NUMBER. `dids`: each DID with its
                     keys as JWK (RFC 7517)
tables/NAME.ndjson   one JSON object a line, a member for each column. Bytes are an object with one member:
                     utf8, or base64. credentials: `document` is the credential as it came. statements:
                     `text`, and `weight` from -1 (disliked) to 1 (liked). disclosures: `entry` is what
                     left, in its canonical form, chained by SHA-256

Whoever has read this can sign as you.
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """All that is saved of a wallet.

    `created` is RFC 3339 UTC, `program` the version of ipse that made it, `wallet` what wallet.json said,
    `root` 32 bytes, `keys` the private keys by the keystore item that `wallet` names for them.
    """

    created: str
    program: str
    wallet: Manifest
    root: bytes = field(repr=False)
    keys: Mapping[str, PrivateKey] = field(repr=False)
    vault: SavedVault = field(repr=False)

    @property
    def state(self) -> tuple[int, str]:
        """Counter and hex digest of the newest state head. Raises CorruptData."""
        head = strict_json.parse_object(self.vault.head, what="the state in the backup")
        if type(head.get("counter")) is not int:
            raise _damaged("the state in the backup has no counter")
        return head["counter"], hashlib.sha256(self.vault.head).hexdigest()


def pack(backup: Backup) -> bytes:
    """The archive, not encrypted."""
    files = {_KEYS_NAME: strict_json.pretty(_keys(backup)).encode() + b"\n"}
    for table, rows in backup.vault.rows.items():
        files[_TABLE_NAME.format(table)] = b"".join(strict_json.canonical(row) + b"\n" for row in rows)
    manifest = _manifest(backup, files)
    manifest["mac"] = _mac(backup.root, manifest)
    packed = io.BytesIO()
    modified = int(parse_timestamp(backup.created).timestamp())
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        first = {
            _README_NAME: _README.encode(),
            _MANIFEST_NAME: strict_json.pretty(manifest).encode() + b"\n",
        }
        for name, content in {**first, **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), _MODE, modified
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def unpack(data: bytes) -> Backup:
    """The backup in an archive: each file as long and as hashed as the manifest says, which is authentic.

    Raises MalformedInput for what is no such archive, CorruptData where its parts do not fit each other.
    """
    files = _files(data)
    try:
        manifest = strict_json.parse_object(files[_MANIFEST_NAME], what=_MANIFEST_NAME)
        if manifest.get("type") != TYPE:
            found = strict_json.excerpt(manifest.get("type"))
            raise CorruptData(
                f"the backup is of the type {found}, this ipse reads {TYPE}",
                hint="a newer ipse may have written it: upgrade",
            )
        for entry in manifest["files"]:
            _check_file(entry, files)
        keys = strict_json.parse_object(files[_KEYS_NAME], what=_KEYS_NAME)
        root = base64url.decode(keys["root"])
        if len(root) != derivation.ROOT_LENGTH:
            raise _damaged("the root in the backup is not of 32 bytes")
        stated = {name: value for name, value in manifest.items() if name != "mac"}
        if not hmac.compare_digest(_mac(root, stated), manifest["mac"]):
            raise _damaged("the manifest of the backup was not written with the keys that are in it")
        listed = {entry["name"] for entry in manifest["files"]}
        return _read(manifest, keys, root, {name: files[name] for name in listed})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged("the backup does not have the members of one") from error


def _manifest(backup: Backup, files: Mapping[str, bytes]) -> JsonObject:
    counter, digest = backup.state
    wallet, vault = backup.wallet, backup.vault
    return {
        "type": TYPE,
        "read": "README.txt says how to read this without ipse",
        "created": backup.created,
        "ipse": backup.program,
        "wallet": {
            "id": wallet.wallet_id,
            "created": wallet.created,
            "keystore": wallet.keystore,
            "root_item": wallet.root_item,
        },
        "schema": vault.schema,
        "state": {"counter": counter, "digest": digest, "head": vault.head.decode(), "mac": vault.mac.hex()},
        "sequences": dict(vault.sequences),
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "left_out": {
            **saved_vault.LEFT_OUT,
            "models": "embedding models are not the wallet's: they are fetched or compiled again",
        },
    }


def _keys(backup: Backup) -> JsonObject:
    return {
        "root": base64url.encode(backup.root),
        "default": backup.wallet.default,
        "dids": [
            {
                "name": record.name,
                "did": record.did,
                "method": record.method,
                "created": record.created,
                "successor": record.successor,
                "keys": [
                    {
                        "id": key.id,
                        "key_type": key.key_type,
                        "public": key.public,
                        "created": key.created,
                        "item": key.item,
                        "jwk": key_types.private_to_jwk(backup.keys[key.item]),
                    }
                    for key in record.keys
                ],
            }
            for record in backup.wallet.dids
        ],
    }


def _mac(root: bytes, manifest: JsonObject) -> str:
    stated = strict_json.canonical(manifest)
    return hmac.digest(derivation.backup_key(root), stated, "sha256").hex()


def _files(data: bytes) -> dict[str, bytes]:
    """The files in the archive. Raises MalformedInput."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                # A sparse file would be as large as it says, with nothing behind it.
                plain = entry.isreg() and not entry.issparse() and entry.size <= len(data)
                content = archive.extractfile(entry) if plain else None
                if content is None or entry.name in files:
                    raise MalformedInput(f"{entry.name[:60]!r} is no file of a backup, or is there twice")
                files[entry.name] = content.read()
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        raise MalformedInput("not a backup: there is no tar archive in it") from error
    if _MANIFEST_NAME not in files:
        raise MalformedInput("not a backup: there is no manifest.json in the archive")
    return files


def _check_file(entry: JsonObject, files: Mapping[str, bytes]) -> None:
    name = entry["name"]
    content = files.get(name)
    if content is None:
        raise _damaged(f"the backup has lost {strict_json.excerpt(name)}")
    if (len(content), hashlib.sha256(content).hexdigest()) != (entry["bytes"], entry["sha256"]):
        raise _damaged(f"{name} in the backup is not as it was written")


def _read(manifest: JsonObject, keys: JsonObject, root: bytes, files: Mapping[str, bytes]) -> Backup:
    private: dict[str, PrivateKey] = {}
    dids = [{**entry, "keys": [_place(key, private) for key in entry["keys"]]} for entry in keys["dids"]]
    about, state = manifest["wallet"], manifest["state"]
    document = {
        "version": 1,
        "wallet_id": about["id"],
        "keystore": about["keystore"],
        "root_item": about["root_item"],
        "created": about["created"],
        "dids": dids,
        "default": keys["default"],
        "leftovers": [],
    }
    if type(manifest["schema"]) is not int:
        raise TypeError
    vault = SavedVault(
        manifest["schema"],
        {
            table: _rows(files[name], name)
            for table in saved_vault.TABLES
            if (name := _TABLE_NAME.format(table)) in files
        },
        {str(name): int(number) for name, number in manifest["sequences"].items()},
        state["head"].encode(),
        bytes.fromhex(state["mac"]),
    )
    wallet = parsed(strict_json.canonical(document), what=_KEYS_NAME)
    return Backup(str(manifest["created"]), str(manifest["ipse"]), wallet, root, private, vault)


def _place(key: JsonObject, private: dict[str, PrivateKey]) -> JsonObject:
    """The members that wallet.json has of a key; its private half is put into `private`."""
    try:
        private[key["item"]] = key_types.signing(key_types.private_from_jwk(key["jwk"]))
    except IpseError as error:
        raise _damaged(f"the key {strict_json.excerpt(key['id'])} in the backup can't be read") from error
    return {name: value for name, value in key.items() if name not in _PRIVATE}


def _rows(content: bytes, name: str) -> Sequence[dict[str, Any]]:
    lines = content.split(b"\n")[:-1]
    return [strict_json.parse_object(line, what=f"{name}, line {n}") for n, line in enumerate(lines, 1)]


def _damaged(message: str) -> CorruptData:
    return CorruptData(message, hint="take another one; `ipse backup verify FILE` says which are whole")
