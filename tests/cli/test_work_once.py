"""A command derives the key, decrypts the keystore and reads the manifest and each setting once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nacl.bindings
import pytest

from ipse.cli import main
from ipse.storage import files, settings
from tests.conftest import EXAMPLES, Ipse

_DERIVE = "crypto_pwhash_alg"
_LIMITS = {"setting limit-year", "setting limit-life"}
_DECRYPT = "crypto_aead_xchacha20poly1305_ietf_decrypt"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the derivations, the decryptions and what is read of the wallet, in this process."""
    done: Counter[str] = Counter()

    def count(module: Any, name: str, label: Callable[..., str]) -> None:
        original = getattr(module, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            done[label(*arguments)] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, counted)

    count(nacl.bindings, _DERIVE, lambda *_: "derivations")
    count(nacl.bindings, _DECRYPT, lambda *_: "decryptions")
    count(files, "read_private", lambda path: f"read {path.name}")
    count(settings, "get", lambda _, name: f"setting {name}")
    return done


@pytest.fixture
def run(ipse: Ipse, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command on the wallet in this process."""
    for name, value in ipse.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IPSE_HOME", str(ipse.home))
    return lambda *arguments: main.run([*map(str, arguments)])


def test_verifying_against_the_trust_list(
    ipse: Ipse, run: Callable[..., int], work: Counter[str], tmp_path: Path
) -> None:
    credential = tmp_path / "credential.json"
    claims = EXAMPLES / "claims.json"
    ipse(
        "vc", "issue", "--issuer", "university", "--type", "DegreeCredential", "--claims", claims,
        "--undefined-terms", "-o", credential,
    )  # fmt: skip
    did = ipse("did", "show", "university", "--json").json["did"]
    ipse("trust", "add", did, "--for", "DegreeCredential")
    assert run("vc", "verify", credential) == 0
    assert (work["derivations"], work["decryptions"]) == (1, 1)
    assert work["read keystore.json"] == 3  # the root, and twice the state
    assert work["read wallet.json"] == 1


@pytest.mark.parametrize(
    ("exact", "code"), [(["--exact"], 0), ([], 7)], ids=["exactly", "from a summary, which has too little"]
)
def test_answering_an_application(
    taught: Ipse, run: Callable[..., int], work: Counter[str], tmp_path: Path, exact: list[str], code: int
) -> None:
    request = tmp_path / "request.json"
    taught("profile", "like", "science fiction about other planets", "-q")
    taught(
        "dapp", "request", "--audience", "https://shop.example", "--purpose", "to show you three books",
        "--candidates", EXAMPLES / "candidates.txt", "--top", "3", "-o", request,
    )  # fmt: skip
    taught("dapp", "grant", "https://shop.example", "--level", "choose", "--allow-unsigned", *exact)
    assert run("dapp", "answer", request) == code
    assert work["derivations"] == 1
    assert work["decryptions"] == 1
    # Once more under its lock, so that nobody moves the keys while the new state is kept.
    assert work["read wallet.json"] == 2
    # Again in the transaction that releases the answer: another command may have changed it.
    twice = "setting date-confirmed"
    read = {name: times for name, times in work.items() if name.startswith("setting ")}
    assert read == {name: 2 if name == twice else 1 for name in read}
    assert set(read) & _LIMITS == (set() if exact else _LIMITS)


def test_creating_a_did(run: Callable[..., int], work: Counter[str]) -> None:
    assert run("did", "create", "--name", "other") == 0
    assert (work["derivations"], work["decryptions"]) == (1, 1)
    assert work["read wallet.json"] == 2  # the second time under the lock, to change it
