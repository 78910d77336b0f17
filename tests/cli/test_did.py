"""`ipse init`, `status` and `did` as a person and a script use them."""

from __future__ import annotations

import json
import stat

from tests.conftest import Ipse


def test_init_says_where_the_keys_go(no_wallet: Ipse) -> None:
    run = no_wallet("init", "--keystore", "file")
    assert f"encrypted file {no_wallet.home}/keystore.json" in run.out
    assert "nobody can bring back the passphrase" in run.err
    assert "next: `ipse did create" in run.err
    assert no_wallet.home.is_dir()


def test_a_passphrase_costs_64_mib_and_three_passes_to_try(no_wallet: Ipse) -> None:
    """RFC 9106 section 4, the second recommended option. All other tests use cheaper files."""
    no_wallet("init", "--keystore", "file")
    derivation = json.loads((no_wallet.home / "keystore.json").read_text())["kdf"]
    assert (derivation["name"], derivation["memory"], derivation["passes"]) == ("argon2id", 64 * 1024**2, 3)
    did = no_wallet("did", "create", "--name", "me").out
    assert no_wallet("did", "list", "--json").json["dids"][0]["did"] == did.strip()
    assert json.loads((no_wallet.home / "keystore.json").read_text())["kdf"] == derivation


def test_init_never_falls_back_to_a_file_by_itself(no_wallet: Ipse) -> None:
    run = no_wallet("init", code=4)
    assert run.err.startswith("error: no OS keyring answers")
    assert "hint: " in run.err
    assert "ipse init --keystore file" in run.err
    assert not no_wallet.home.exists() or not list(no_wallet.home.iterdir())


def test_init_without_a_terminal_says_how_to_give_the_passphrase(no_wallet: Ipse) -> None:
    alone = Ipse(no_wallet.home)
    run = alone("init", "--keystore", "file", code=4)
    assert "--passphrase-file" in run.err
    assert not no_wallet.home.exists() or not list(no_wallet.home.iterdir())


def test_a_second_init_changes_nothing(ipse: Ipse) -> None:
    before = {path.name: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()}
    run = ipse("init", "--keystore", "file", "--json", code=2)
    assert run.error["code"] == "already-exists"
    assert before == {path.name: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()}


def test_everything_a_wallet_writes_is_open_to_its_owner_alone(ipse: Ipse) -> None:
    ipse("did", "create", "--name", "third")
    assert stat.S_IMODE(ipse.home.stat().st_mode) == 0o700
    for path in ipse.home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_status_counts_what_the_wallet_holds(ipse: Ipse) -> None:
    facts = ipse("status", "--json").json
    assert facts["dids"] == 2
    assert facts["keystore"] == "file"
    assert facts["unlocked"] is True
    assert (facts["credentials"], facts["statements"], facts["disclosures"]) == (0, 0, 0)


def test_status_of_a_locked_wallet_says_so_and_asks_for_nothing(ipse: Ipse) -> None:
    facts = Ipse(ipse.home)("status", "--json").json
    assert facts["unlocked"] is False
    assert facts["dids"] == 2


def test_create_prints_the_did_alone(ipse: Ipse) -> None:
    run = ipse("did", "create", "--name", "third")
    assert run.out.startswith("did:key:z6Mk")
    assert run.out.count("\n") == 1
    assert run.err == ""


def test_show_has_the_promised_members(ipse: Ipse) -> None:
    facts = ipse("did", "show", "me", "--json").json
    assert facts["name"] == "me"
    assert facts["did"].startswith("did:key:z6Mk")
    assert (facts["method"], facts["key_type"]) == ("key", "Ed25519")
    assert ipse("did", "show", facts["did"], "--json").json == facts


def test_the_document_is_that_of_the_did(ipse: Ipse) -> None:
    did = ipse("did", "show", "me", "--json").json["did"]
    document = ipse("did", "document", "me").json
    assert document["id"] == did
    assert document["verificationMethod"][0]["controller"] == did
    assert document["assertionMethod"] == [document["verificationMethod"][0]["id"]]


def test_listing_and_showing_need_no_keystore(ipse: Ipse) -> None:
    (ipse.home / "keystore.json").unlink()
    locked = Ipse(ipse.home)
    assert [row["name"] for row in locked("did", "list", "--json").json["dids"]] == ["me", "university"]
    assert locked("did", "list").out.splitlines()[0].startswith("me ")
    locked("did", "show", "me")
    locked("did", "document", "me")


def test_a_taken_name_changes_nothing(ipse: Ipse) -> None:
    before = (ipse.home / "keystore.json").read_bytes()
    run = ipse("did", "create", "--name", "me", "--json", code=2)
    assert run.error["code"] == "already-exists"
    assert (ipse.home / "keystore.json").read_bytes() == before


def test_a_name_that_can_deceive_is_refused(ipse: Ipse) -> None:
    for name in ("did:key:z6Mk", "a b", "", "../x", "m\u00e9", "-x", "x" * 65):
        assert ipse("did", "create", f"--name={name}", "--json", code=2).error["code"] == "usage"


def test_an_unknown_name_is_exit_5(ipse: Ipse) -> None:
    run = ipse("did", "show", "nobody", code=5)
    assert run.out == ""
    assert run.err == "error: no DID is called 'nobody'\nhint: `ipse did list` shows the names\n"


def test_without_a_wallet_every_noun_says_to_make_one(no_wallet: Ipse) -> None:
    for command in (("status",), ("did", "list"), ("vc", "list"), ("profile", "list"), ("log", "list")):
        run = no_wallet(*command, "--json", code=5)
        assert run.error["hint"] == "make one with `ipse init`"


def test_a_wrong_passphrase_is_exit_4(ipse: Ipse, tmp_path_factory: object) -> None:
    wrong = ipse.home.parent / "wrong"
    wrong.write_text("not it\n")
    wrong.chmod(0o600)
    run = ipse("did", "create", "--name", "x", "--passphrase-file", wrong, "--json", code=4)
    assert run.error["code"] == "wrong-passphrase"


def test_a_passphrase_file_that_others_can_read_is_warned_of(ipse: Ipse) -> None:
    open_file = ipse.home.parent / "open"
    open_file.write_text("correct horse battery staple\n")
    open_file.chmod(0o644)
    assert "others can read" in ipse("vc", "list", "--passphrase-file", open_file).err


def test_an_altered_manifest_cannot_pass_off_another_key(ipse: Ipse) -> None:
    manifest = ipse.home / "wallet.json"
    dids = [row["did"] for row in ipse("did", "list", "--json").json["dids"]]
    manifest.write_text(
        manifest.read_text().replace(dids[0], "DID").replace(dids[1], dids[0]).replace("DID", dids[1])
    )
    claims = ipse.home.parent / "claims.json"
    claims.write_text('{"a": 1}')
    run = ipse("vc", "issue", "--issuer", "me", "--type", "T", "--claims", claims, "--json", code=6)
    assert run.error["code"] == "corrupt"
