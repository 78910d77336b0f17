"""A planted secret is searched for wherever it could have got to, in every spelling it could have there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.encoding import base64url
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey
from tests.conftest import EXAMPLES, Ipse
from tests.desktop import Desktop
from tests.unit.keys.material import secret_multikey

_SEED = bytes(range(7, 39))
_PASSPHRASE = b"planted-passphrase-9b1deb4d"
_STATEMENT = "phosphorescent anglerfish of the abyss"

# Tells what every process that ipse starts is given. `-c` programs and arguments included.
_WITNESS = """
import os, sys
def witness(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn"):
        with open(os.environ["WITNESS"], "ab") as file:
            file.write(repr((event, arguments, dict(os.environ))).encode() + b"\\n")
sys.addaudithook(witness)
"""


def _spellings(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for encoded in (base64.b64encode(secret), base64url.encode(secret).encode()):
        yield encoded.rstrip(b"=")[:-1]
    yield repr(secret).encode()[2:-1]


@pytest.fixture
def planted(no_wallet: Ipse, tmp_path: Path) -> Ipse:
    """A place for a wallet with a known passphrase, under a witness."""
    (tmp_path / "witness").mkdir()
    (tmp_path / "witness" / "sitecustomize.py").write_text(_WITNESS)
    secret = tmp_path / "planted"
    secret.touch(mode=0o600)
    secret.write_bytes(_PASSPHRASE + b"\n")
    return Ipse(
        no_wallet.home,
        {
            "PYTHONPATH": str(tmp_path / "witness"),
            "WITNESS": str(tmp_path / "seen"),
            "IPSE_PASSPHRASE_FILE": str(secret),
        },
    )


def _live(ipse: Ipse, tmp_path: Path, *, keystore: str) -> str:
    """Much of what a wallet is for; all that was printed."""
    key = PrivateKey(_SEED)
    said: list[str] = []

    def run(*arguments: str | Path, stdin: str = "", code: int | None = 0) -> str:
        done = ipse(*arguments, "-v", stdin=stdin, code=code)
        said.extend((done.out, done.err))
        return done.out

    run("init", "--keystore", keystore)
    run("did", "import", "-", "--name", "planted", stdin=json.dumps(key_types.private_to_jwk(key)))
    for form in ("w3c", "w3c-1.1"):
        issue = ("vc", "issue", "--type", "T", "--claims", EXAMPLES / "claims.json", "--format", form)
        credential = run(*issue, code=None)
        run("vc", "verify", "-", "--any-issuer", stdin=credential or "{}", code=None)
    run(
        "did", "export", "planted", "-o", tmp_path / "exported", "--key-passphrase-file", tmp_path / "planted"
    )
    run("did", "rename", "planted", "renamed")
    run("did", "rotate", "renamed")
    run("did", "import", "-", "--name", "x", stdin="-----BEGIN PRIVATE KEY-----\nAAAA", code=6)
    run("did", "import", "-", "--name", "x", "--debug", stdin=secret_multikey(key), code=2)
    run("status")
    run("did", "delete", "renamed.1", "--confirm", "renamed.1")
    if keystore == "file":
        run("unlock")
        run("vc", "list")
        run("lock")
    return "".join(said)


def _search(secret: bytes, ipse: Ipse, tmp_path: Path, said: str, *, but: set[Path]) -> None:
    for spelling in _spellings(secret):
        assert spelling not in said.encode(), "on stdout or stderr"
        seen = tmp_path / "seen"
        assert not seen.exists() or spelling not in seen.read_bytes(), "in a child's arguments or environment"
        for path in (*ipse.home.rglob("*"), tmp_path / "exported"):
            if path.is_file() and path not in but:
                assert spelling not in path.read_bytes(), path


@pytest.mark.slow
def test_a_key_and_a_passphrase_stay_where_they_belong(planted: Ipse, tmp_path: Path) -> None:
    said = _live(planted, tmp_path, keystore="file")
    for secret in (_SEED, _PASSPHRASE):
        _search(secret, planted, tmp_path, said, but=set())


@pytest.mark.slow
def test_a_key_in_the_keyring_is_nowhere_else(planted: Ipse, tmp_path: Path, desktop: Desktop) -> None:
    on_desktop = Ipse(planted.home, {**planted.environment, **desktop.environment})
    said = _live(on_desktop, tmp_path, keystore="os")
    _search(_SEED, on_desktop, tmp_path, said, but=set())
    for spelling in _spellings(_SEED):
        assert spelling not in desktop.files()


@pytest.mark.slow
def test_the_witness_sees_what_it_is_there_for(planted: Ipse, tmp_path: Path) -> None:
    pytest.importorskip("didkit", reason="didkit has no wheels for this Python")
    _live(planted, tmp_path, keystore="file")
    seen = (tmp_path / "seen").read_bytes()
    assert b"didkit_child" in seen
    assert b"IPSE_HOME" in seen


def test_what_the_owner_likes_lies_nowhere_in_clear(taught: Ipse) -> None:
    taught("profile", "like", _STATEMENT)
    taught("profile", "search", "fish")
    for path in taught.home.rglob("*"):
        if path.is_file():
            assert b"anglerfish" not in path.read_bytes(), path
