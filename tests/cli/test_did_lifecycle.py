"""A DID's whole life at the command line: other methods, default, rename, rotate, export, import, delete."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import EXAMPLES, Ipse
from tests.waiting import PATIENCE

_CLAIMS = EXAMPLES / "claims.json"


def _dids(ipse: Ipse) -> dict[str, Any]:
    return {row["name"]: row for row in ipse("did", "list", "--json").json["dids"]}


def _signs(ipse: Ipse, name: str) -> None:
    """What this DID issues verifies against its own document."""
    did = _dids(ipse)[name]["did"]
    run = ipse("vc", "issue", "--issuer", name, "--type", "T", "--claims", _CLAIMS)
    ipse("vc", "verify", "-", "--issuer", did, stdin=run.out)


@pytest.mark.parametrize(
    ("options", "start", "key_type"),
    [
        ((), "did:key:z6Mk", "Ed25519"),
        (("--key-type", "P-256"), "did:key:zDn", "P-256"),
        (("--key-type", "secp256k1"), "did:key:zQ3s", "secp256k1"),
        (("--method", "jwk"), "did:jwk:", "Ed25519"),
        (("--method", "jwk", "--key-type", "P-256"), "did:jwk:", "P-256"),
        (("--method", "pkh"), "did:pkh:eip155:1:0x", "secp256k1"),
        (("--method", "pkh", "--chain", "137"), "did:pkh:eip155:137:0x", "secp256k1"),
    ],
)
def test_each_method_and_key_type_is_made_and_resolves_to_itself(
    options: tuple[str, ...], start: str, key_type: str, ipse: Ipse
) -> None:
    did = ipse("did", "create", "--name", "new", *options).out.strip()
    assert did.startswith(start)
    assert _dids(ipse)["new"]["key_type"] == key_type
    document = ipse("did", "document", "new").json
    assert document["id"] == did
    assert Ipse(ipse.home.parent / "nobody")("did", "resolve", did).json == document
    if key_type != "secp256k1":
        _signs(ipse, "new")


def test_a_did_web_is_written_out_and_says_where_it_belongs(ipse: Ipse, tmp_path: Path) -> None:
    file = tmp_path / "did.json"
    run = ipse(
        "did", "create", "--name", "site", "--method", "web", "--domain", "Example.com:8443/a/b", "-o", file
    )
    assert run.out == "did:web:example.com%3A8443:a:b\n"
    assert "publish it at https://example.com:8443/a/b/did.json" in run.err
    assert json.loads(file.read_text()) == ipse("did", "document", "site").json
    assert json.loads(file.read_text())["id"] == "did:web:example.com%3A8443:a:b"


def test_where_its_document_can_not_be_written_no_did_web_is_made(ipse: Ipse, tmp_path: Path) -> None:
    make = ("did", "create", "--name", "site", "--method", "web", "--domain", "example.com", "-o")
    for place in (tmp_path / "nowhere" / "did.json", tmp_path):
        ipse(*make, place, code=6)
    assert "site" not in _dids(ipse)


@pytest.mark.parametrize(
    "options",
    [
        ("--method", "web"),
        ("--domain", "example.com"),
        ("--method", "ion"),
        ("--key-type", "RSA"),
        ("--method", "pkh", "--key-type", "Ed25519"),
    ],
)
def test_what_can_not_be_made_is_a_usage_error_that_makes_nothing(
    options: tuple[str, ...], ipse: Ipse
) -> None:
    before = _dids(ipse)
    assert ipse("did", "create", "--name", "new", *options, "--json", code=2).error["code"] == "usage"
    assert _dids(ipse) == before


@pytest.mark.parametrize(
    "domain", ["..", "exa mple.com", "127.0.0.1", "example.com/../x", "user@example.com"]
)
def test_a_domain_that_is_none_is_refused(domain: str, ipse: Ipse, tmp_path: Path) -> None:
    ipse("did", "create", "--name", "n", "--method", "web", "--domain", domain, "-o", tmp_path / "x", code=6)
    assert not (tmp_path / "x").exists()


def test_the_first_did_is_the_default_and_another_can_be_chosen(ipse: Ipse) -> None:
    dids = _dids(ipse)
    assert ipse("did", "default").out.strip() == dids["me"]["did"]
    issued = ipse("vc", "issue", "--type", "T", "--claims", _CLAIMS).json
    assert issued["issuer"] == dids["me"]["did"]
    ipse("did", "default", "university")
    assert ipse("vc", "issue", "--type", "T", "--claims", _CLAIMS).json["issuer"] == dids["university"]["did"]
    assert [name for name, row in _dids(ipse).items() if row["default"]] == ["university"]
    ipse("did", "delete", "university", "--confirm", "university")
    ipse("did", "default", code=5)


def test_a_renamed_did_signs_under_its_new_name_alone(ipse: Ipse) -> None:
    did = _dids(ipse)["me"]["did"]
    ipse("did", "rename", "me", "myself")
    assert _dids(ipse)["myself"]["did"] == did
    assert _dids(ipse)["myself"]["default"] is True
    _signs(ipse, "myself")
    ipse("did", "show", "me", code=5)
    assert ipse("did", "rename", "myself", "university", "--json", code=2).error["code"] == "already-exists"
    ipse("did", "rename", "myself", "no good", code=2)
    _signs(ipse, "myself")


@pytest.mark.parametrize("key_type", ["Ed25519", "P-256"])
def test_a_did_key_is_followed_by_a_successor_that_the_old_key_names(
    key_type: str, ipse: Ipse, tmp_path: Path
) -> None:
    old = ipse("did", "create", "--name", "it", "--key-type", key_type).out.strip()
    link = tmp_path / "link.json"
    new = ipse("did", "rotate", "it", "--succession", link).out.strip()
    assert new != old
    assert _dids(ipse)["it"]["did"] == new
    assert _dids(ipse)["it.1"]["did"] == old
    assert _dids(ipse)["it.1"]["successor"] == new
    subject = json.loads(link.read_text())["credentialSubject"]
    assert subject == {"id": old, "successor": new}
    ipse("vc", "verify", link, "--issuer", old)
    ipse("vc", "verify", link, "--issuer", new, code=3)
    _signs(ipse, "it")
    _signs(ipse, "it.1")
    shelf = ipse("vc", "list", "--json").json["credentials"]
    assert [row["issuer"] for row in shelf] == [old]
    ipse("did", "rotate", "it.1", code=2)
    assert ipse("did", "rotate", "it").out.strip() not in (old, new)
    assert _dids(ipse)["it.2"]["did"] == new


def test_a_did_pkh_is_followed_too(ipse: Ipse) -> None:
    old = ipse("did", "create", "--name", "eth", "--method", "pkh").out.strip()
    run = ipse("did", "rotate", "eth", "--json").json
    assert run["did"] != old
    assert run["did"].startswith("did:pkh:eip155:1:")
    assert run["succession"].count(".") == 2


def test_a_did_web_keeps_its_old_method_until_it_is_retired(ipse: Ipse, tmp_path: Path) -> None:
    file = tmp_path / "did.json"
    create = ("did", "create", "--name", "site", "--method", "web", "--domain", "example.com", "-o", file)
    did = ipse(*create).out.strip()
    first = json.loads(file.read_text())["verificationMethod"]
    assert ipse("did", "rotate", "site", "-o", file, "--force").out.strip() == did
    both = json.loads(file.read_text())["verificationMethod"]
    assert [method["id"] for method in both] == [f"{did}#key-1", f"{did}#key-2"]
    assert both[0] == first[0]
    issued = ipse("vc", "issue", "--issuer", "site", "--type", "T", "--claims", _CLAIMS).json
    assert issued["proof"]["verificationMethod"] == f"{did}#key-2"
    ipse("did", "rotate", "site", "--retire", "-o", file, "--force")
    assert json.loads(file.read_text())["verificationMethod"] == both[1:]
    ipse("did", "rotate", "me", "--retire", code=2)


def test_an_export_is_encrypted_and_comes_back(ipse: Ipse, tmp_path: Path) -> None:
    secret = tmp_path / "key-passphrase"
    secret.touch(mode=0o600)
    secret.write_text("another secret\n")
    file = tmp_path / "me.key"
    did = _dids(ipse)["me"]["did"]
    ipse("did", "export", "me", "-o", file, "--key-passphrase-file", secret)
    assert b'"d"' not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    ipse("did", "delete", "me", "--confirm", "me")
    restored = ipse("did", "import", file, "--name", "back", "--key-passphrase-file", secret).out.strip()
    assert restored == did
    _signs(ipse, "back")
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("not it\n")
    run = ipse("did", "import", file, "--name", "x", "--key-passphrase-file", wrong, "--json", code=4)
    assert run.error["code"] == "wrong-passphrase"


def test_a_plaintext_export_takes_the_long_word(ipse: Ipse) -> None:
    assert ipse("did", "export", "me", "--json", code=4).error["code"] == "passphrase-needed"
    jwk = ipse("did", "export", "me", "--insecure-plaintext").json
    assert set(jwk) == {"kty", "crv", "x", "d"}
    run = ipse("did", "import", "-", "--name", "again", "--json", stdin=json.dumps(jwk), code=2)
    assert run.error["code"] == "already-exists"


def test_a_key_of_a_common_tool_comes_in(ipse: Ipse, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    for number, form in enumerate((PrivateFormat.PKCS8, PrivateFormat.OpenSSH)):
        text = key.private_bytes(Encoding.PEM, form, NoEncryption())
        did = ipse("did", "import", "-", "--name", f"pem-{number}", stdin=text).out.strip()
        assert did.startswith("did:key:z6Mk")
        _signs(ipse, f"pem-{number}")
        ipse("did", "delete", f"pem-{number}", "--confirm", f"pem-{number}")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"hello", b"\x00\xff", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"]
)
def test_what_is_no_key_is_refused_without_repeating_it(content: bytes, ipse: Ipse) -> None:
    run = ipse("did", "import", "-", "--name", "x", stdin=content, code=6)
    assert run.err.startswith("error: ")
    assert "AAAA" not in run.err
    assert "x" not in _dids(ipse)


def test_deleting_takes_the_name_once_more(ipse: Ipse) -> None:
    assert ipse("did", "delete", "me", "--json", code=7).error["hint"].endswith("--confirm NAME")
    ipse("did", "delete", "me", "--confirm", "you", code=2)
    _signs(ipse, "me")
    ipse("did", "delete", "me", "--confirm", "me")
    assert list(_dids(ipse)) == ["university"]
    ipse("did", "delete", "me", "--confirm", "me", code=5)


def _typed_at(ipse: Ipse, prompt: str, typed: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """The exit code of a command where `typed` answers `prompt`, and what the terminal shows after that."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "ipse", *arguments],
        env={**ipse.variables, **variables},
        encoding="utf-8",
        timeout=PATIENCE,
    )
    child.expect_exact(prompt)
    child.send(typed)
    shown = child.read()
    child.close()
    return child.exitstatus, shown


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("me\r", 0, ""),
        ("you\r", 7, "the name that was typed is a different one"),
        ("\x03", 130, "\r\nerror: interrupted"),
        ("\x04", 130, "\r\nerror: interrupted"),
    ],
)
def test_a_person_types_the_name_to_delete(typed: str, code: int, said: str, ipse: Ipse) -> None:
    ended, shown = _typed_at(ipse, "type me to delete it: ", typed, "did", "delete", "me")
    assert ended == code
    assert said in shown
    assert ("me" in _dids(ipse)) == (code != 0)


@pytest.mark.parametrize("typed", ["\x03", "\x04"], ids=["interrupt", "end of input"])
def test_an_error_begins_a_line_where_a_passphrase_is_not_typed(typed: str, ipse: Ipse) -> None:
    prompt = "passphrase of the keystore: "
    ended, shown = _typed_at(ipse, prompt, typed, "did", "create", "--name", "z", IPSE_PASSPHRASE_FILE="")
    assert ended == 130
    assert shown.startswith("\r\nerror: interrupted")
