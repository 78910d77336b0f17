"""Under -v the program logs what it does, and nothing that is secret or of the profile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipse.encoding import base64url
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey
from tests.cli.test_vc import in_process
from tests.conftest import PASSPHRASE, Ipse

_SEED = b"a planted seed of 32 bytes, mine"
_SHOP = "https://shop.example"
_PLANTED = {
    "a statement": "anglerfish",
    "a disliked statement": "spreadsheets",
    "a secret statement": "insomnia",
    "a topic": "bioluminescence",
    "a candidate": "bathysphere",
    "a question": "cuttlefish",
    "a claim": "oceanographer",
    "an undisclosed claim": "abyssopelagic",
    "a nonce": "a-nonce-of-mine",
    "the passphrase": PASSPHRASE.decode(),
    "a key": base64url.encode(_SEED),
    "a key in hex": _SEED.hex(),
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files that the commands read, with what is planted in them."""
    texts = {
        "key": json.dumps(key_types.private_to_jwk(PrivateKey(_SEED))),
        "claims": '{"job": "oceanographer", "zone": "abyssopelagic"}',
        "candidates": "a bathysphere of one's own\nspreadsheets for managers\n",
        "import": '{"text": "films about anglerfish", "weight": 0.5}\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: tmp_path / name for name in texts}


def _tour(ipse: Ipse, files: dict[str, Path], folder: Path) -> list[str]:
    """Run much of what a wallet is for, each command with -q and -v; what each wrote to stderr."""

    def run(*arguments: str | Path, stdin: str = "", code: int | None = 0) -> str:
        done = ipse(*arguments, "-q", "-v", stdin=stdin, code=code)
        said.append(done.err)
        return done.out.strip()

    said: list[str] = []
    run("did", "import", files["key"], "--name", "planted")
    me = run("did", "default", "planted")
    for form in ("w3c", "jwt", "sd-jwt"):
        made = run(
            "vc", "issue", "--issuer", "university", "--subject", me, "--type", "T", "--claims",
            files["claims"], "--format", form, *(["--undefined-terms"] if form != "sd-jwt" else []),
        )  # fmt: skip
        run("vc", "verify", "-", "--any-issuer", "--insecure-no-challenge", stdin=made)
        identifier = run("vc", "add", "-", stdin=made)
        run("vc", "check", identifier)
        shown = run(
            "vc", "present", identifier, "--audience", _SHOP, "--nonce", "a-nonce-of-mine",
            *(["--disclose", "job"] if form == "sd-jwt" else []),
        )  # fmt: skip
        run("vc", "verify", "-", "--any-issuer", "--audience", _SHOP, "--nonce", "wrong", stdin=shown, code=3)
    run("profile", "like", "the light of the anglerfish")
    run("profile", "dislike", "spreadsheets, and who loves them")
    run("profile", "like", "help against insomnia", "--sensitivity", "secret")
    run("profile", "import", files["import"])
    run("profile", "topics", "add", "bioluminescence", "--means", "light of the deep sea")
    run("profile", "topics")
    run("profile", "search", "cuttlefish")
    run("profile", "rank", files["candidates"])
    run("profile", "feedback", "1")
    run("profile", "why", "cuttlefish")
    run("profile", "edit", "1", "--text", "the anglerfish itself")
    run("profile", "interests")
    run("profile", "stats")
    run("profile", "map", "-o", folder / "map.html")
    choose, order = ("--level", "choose", "--top", "1"), ("--level", "order")
    for asked, exact in ((choose, []), (choose, ["--exact"]), (order, ["--exact"])):
        run("dapp", "grant", _SHOP, *asked[:2], "--allow-unsigned", *exact)
        request = run(
            "dapp", "request", "--audience", _SHOP, "--purpose", "to sell a bathysphere", "--candidates",
            files["candidates"], *asked,
        )  # fmt: skip
        (folder / "request").write_text(request)
        answer = run("dapp", "answer", folder / "request", code=0 if exact else None)
        run("dapp", "verify", "-", "--request", folder / "request", stdin=answer, code=None)
    run("dapp", "summary", "renew")
    run("dapp", "exposure")
    run("log", "verify")
    run("profile", "forget", "1", "--yes")
    run("profile", "like", "", code=6)
    return said


def test_the_log_holds_nothing_secret_and_nothing_of_the_profile(
    taught: Ipse, files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    lines = [
        line for said in _tour(in_process(taught), files, tmp_path / "out") for line in said.splitlines()
    ]
    for what, planted in _PLANTED.items():
        assert [line for line in lines if planted.casefold() in line.casefold()] == [], what
    logged = {line.partition(":")[0] for line in lines if line.startswith("ipse.")}
    assert {
        "ipse.keys.keystore.encrypted_file",
        "ipse.storage.vault",
        "ipse.wallet.identities",
        "ipse.wallet.resolution",
        "ipse.wallet.profile.remembering",
        "ipse.wallet.profile.ranking",
        "ipse.wallet.disclosure_log",
    } <= logged


def test_without_v_nothing_is_logged(ipse: Ipse) -> None:
    run = in_process(ipse)
    assert "ipse.keys" in run("vc", "list", "-v").err
    assert "ipse.keys" in run("-v", "vc", "list").err
    assert "ipse." not in run("vc", "list").err


def test_the_log_is_legible_whatever_is_looked_up(no_wallet: Ipse) -> None:
    run = in_process(no_wallet)("did", "resolve", "did:web:example.org:\x1b[31m", "-v", code=None)
    assert "\x1b" not in run.err
