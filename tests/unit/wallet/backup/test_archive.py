"""An archive holds what it says, whole, and is read without ipse."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from ipse.errors import CorruptData, DataError, IpseError, MalformedInput, UsageError, WrongPassphrase
from ipse.keys import age_file, key_types
from ipse.storage import saved_vault
from ipse.wallet.backup import archive, making
from ipse.wallet.backup.archive import Backup

Files = dict[str, bytes]


def files_of(packed: bytes) -> Files:
    """The files in an archive, as any program reads them."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as opened:
        found = {}
        for entry in opened:
            content = opened.extractfile(entry)
            assert content is not None
            found[entry.name] = content.read()
        return found


def packed_of(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_what_is_packed_is_unpacked(backup: Backup) -> None:
    again = archive.unpack(archive.pack(backup))
    assert again == backup
    assert archive.pack(again) == archive.pack(backup)


def test_it_reads_without_ipse(backup: Backup) -> None:
    files = files_of(archive.pack(backup))
    assert list(files)[:3] == ["README.txt", "manifest.json", "keys.json"]
    assert b"age -d FILE" in files["README.txt"]
    said = [json.loads(line)["text"] for line in files["tables/statements.ndjson"].splitlines()]
    assert said == ["tea", "rain", "fog"]
    assert json.loads(files["tables/credentials.ndjson"])["document"] == {"utf8": "{}"}
    keys = json.loads(files["keys.json"])
    assert {did["name"]: did["keys"][0]["jwk"]["crv"] for did in keys["dids"]} == {
        "me": "Ed25519", "p": "P-256", "k": "secp256k1", "site": "Ed25519",
    }  # fmt: skip
    manifest = json.loads(files["manifest.json"])
    assert {f"tables/{name}.ndjson" for name in saved_vault.TABLES} | {"keys.json"} == {
        entry["name"] for entry in manifest["files"]
    }
    assert manifest["left_out"].keys() == {*saved_vault.LEFT_OUT, "models"}
    for entry in manifest["files"]:
        assert hashlib.sha256(files[entry["name"]]).hexdigest() == entry["sha256"]


def test_no_secret_shows_in_what_is_printed_of_it(backup: Backup) -> None:
    shown = repr(backup)
    assert repr(backup.root) not in shown
    assert "PrivateKey" not in shown
    assert repr("tea") not in shown, "in quotes: a DID may well hold these three letters"


def in_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def act(files: Files) -> None:
        manifest = json.loads(files["manifest.json"])
        change(manifest)
        files["manifest.json"] = json.dumps(manifest).encode()

    return act


def in_keys(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    """Change the keys and the manifest with them, as who has no root would."""

    def act(files: Files) -> None:
        keys = json.loads(files["keys.json"])
        change(keys)
        files["keys.json"] = json.dumps(keys).encode()
        manifest = json.loads(files["manifest.json"])
        (entry,) = [entry for entry in manifest["files"] if entry["name"] == "keys.json"]
        entry["bytes"] = len(files["keys.json"])
        entry["sha256"] = hashlib.sha256(files["keys.json"]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()

    return act


FAULTS: dict[str, Callable[[Files], object]] = {
    "no manifest": lambda files: files.pop("manifest.json"),
    "no keys": lambda files: files.pop("keys.json"),
    "a table less": lambda files: files.pop("tables/grants.ndjson"),
    "a byte of a table": lambda files: files.update({"tables/statements.ndjson": b"{}\n"}),
    "a manifest that is no JSON": lambda files: files.update({"manifest.json": b"{"}),
    "another type": in_manifest(lambda manifest: manifest.update(type="urn:ipse:backup:2")),
    "a later date": in_manifest(lambda manifest: manifest.update(created="2027-01-01T00:00:00Z")),
    "another state": in_manifest(lambda manifest: manifest["state"].update(counter=1)),
    "no state": in_manifest(lambda manifest: manifest.pop("state")),
    "a table fewer listed": in_manifest(lambda manifest: manifest["files"].pop()),
    "files that are no list": in_manifest(lambda manifest: manifest.update(files=7)),
    "no mac": in_manifest(lambda manifest: manifest.pop("mac")),
    "a mac that is no text": in_manifest(lambda manifest: manifest.update(mac=None)),
    "another root": in_keys(lambda keys: keys.update(root="A" * 43)),
    "a short root": in_keys(lambda keys: keys.update(root="AAAA")),
    "a root that is no text": in_keys(lambda keys: keys.update(root=[])),
    "another key": in_keys(
        lambda keys: keys["dids"][0]["keys"][0].update(
            jwk=key_types.private_to_jwk(key_types.generate("Ed25519"))
        )
    ),
    "a DID less": in_keys(lambda keys: keys["dids"].pop()),
    "keys that are no list": in_keys(lambda keys: keys.update(dids=None)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_archive_that_is_not_as_it_was_written_is_refused(backup: Backup, name: str) -> None:
    files = files_of(archive.pack(backup))
    FAULTS[name](files)
    with pytest.raises(DataError):
        archive.unpack(packed_of(files))


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 10240, b"PK\3\4" + bytes(600), b"x" * 2000])
def test_what_is_no_archive_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput, match="not a backup"):
        archive.unpack(data)


def test_an_archive_that_is_cut_anywhere_is_refused(backup: Backup) -> None:
    packed = archive.pack(backup)
    end = max(place for place, byte in enumerate(packed) if byte)
    for length in range(0, end, 997):
        with pytest.raises(DataError):
            archive.unpack(packed[:length])


def test_a_link_and_a_file_that_is_there_twice_are_refused(backup: Backup) -> None:
    made = io.BytesIO(archive.pack(backup))
    linked = tarfile.TarInfo("keys.json")
    linked.type, linked.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for extra in (linked, tarfile.TarInfo("keys.json"), tarfile.TarInfo("manifest.json")):
        copy = io.BytesIO(made.getvalue())
        with tarfile.open(fileobj=copy, mode="a") as opened:
            opened.addfile(extra)
        with pytest.raises(MalformedInput):
            archive.unpack(copy.getvalue())


def test_a_file_that_claims_to_be_huge_costs_nothing(backup: Backup) -> None:
    """A sparse file takes no room in an archive and all the memory of its reader."""
    sparse = tarfile.TarInfo("keys.json")
    sparse.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(sparse.tobuf(format=tarfile.GNU_FORMAT))
    header[386:398] = b"00000000000\0"  # one region, at 0 and of no length
    header[398:410] = b"00000000000\0"
    header[483:495] = b"77777777777\0"  # of 8 GiB
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(MalformedInput):
        archive.unpack(bytes(header) + archive.pack(backup))


class TestEncryptedToKeys:
    def test_any_recipient_opens_it_and_nobody_else(self, backup: Backup) -> None:
        import pyrage

        first, second, other = (pyrage.x25519.Identity.generate() for _ in range(3))
        sealed = making.sealed_for(backup, [str(first.to_public()), str(second.to_public())])
        assert b"manifest.json" not in sealed
        for identity in (first, second):
            text = f"# created today\n{identity}\n".encode()
            assert (
                making.open_encrypted(sealed, passphrase=bytes, identity=functools.partial(bytes, text))
                == backup
            )
        with pytest.raises(WrongPassphrase):
            making.open_encrypted(sealed, passphrase=bytes, identity=lambda: str(other).encode())
        with pytest.raises(IpseError, match="recipients") as caught:
            making.open_encrypted(sealed, passphrase=bytes)
        assert "--identity" in caught.value.hint
        with pytest.raises(MalformedInput, match="no private key"):
            making.open_encrypted(sealed, passphrase=bytes, identity=lambda: b"nothing")
        altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
        with pytest.raises(WrongPassphrase):
            making.open_encrypted(altered, passphrase=bytes, identity=lambda: str(first).encode())

    @pytest.mark.parametrize("recipient", ["", "age1", "age1" + "q" * 58, "ssh-ed25519 AAAA", "me@example"])
    def test_what_is_no_key_is_refused_by_name(self, recipient: str) -> None:
        with pytest.raises(UsageError, match="is not a public key"):
            age_file.check_recipients([recipient])


def test_an_archive_that_was_decrypted_already_is_read(backup: Backup) -> None:
    assert making.open_encrypted(archive.pack(backup), passphrase=bytes) == backup


def test_a_table_of_another_state_is_found(backup: Backup) -> None:
    """Whoever has the root can write any archive; that its rows are of its state, the state says."""
    from dataclasses import replace

    from ipse.errors import VaultAltered
    from ipse.wallet.backup import verifying

    forged = replace(backup, vault=replace(backup.vault, rows={**backup.vault.rows, "grants": []}))
    with pytest.raises(VaultAltered):
        verifying.verify(archive.unpack(archive.pack(forged)))


def test_a_key_of_another_did_is_found(backup: Backup) -> None:
    from dataclasses import replace

    from ipse.wallet.backup import verifying

    keys = {item: key_types.generate(key.key_type) for item, key in backup.keys.items()}
    with pytest.raises(CorruptData, match="another key"):
        verifying.verify(archive.unpack(archive.pack(replace(backup, keys=keys))))
