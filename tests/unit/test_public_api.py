"""The public API: what `import ipse` offers is listed, documented, typed and loaded late."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import ipse
from ipse import errors
from ipse.wallet.api.credentials import Credentials
from ipse.wallet.api.disclosure import Disclosure
from ipse.wallet.api.identities import Identities
from ipse.wallet.api.profile import Profile
from tests.conftest import PASSPHRASE

_PARTS = (Credentials, Disclosure, Identities, Profile)
_SOURCE = Path(ipse.__file__)


def _type_checked() -> dict[str, str]:
    """The names that type checkers see, and the module each comes from."""
    tree = ast.parse(_SOURCE.read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_the_lists_of_public_names_agree() -> None:
    lazy = {name: f"ipse.{module}" for module, names in ipse._MODULES.items() for name in names}
    lazy |= dict.fromkeys(errors.__all__, "ipse.errors")
    assert _type_checked() == lazy
    assert sorted(lazy) == sorted(ipse.__all__)
    assert sorted(dir(ipse)) == sorted([*ipse.__all__, "__version__"])


def test_every_public_name_is_what_its_module_exports() -> None:
    for name, module in _type_checked().items():
        found = getattr(ipse, name)
        assert found is getattr(sys.modules[module], name)
        assert name in sys.modules[module].__all__


def test_what_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'verify_everything'"):
        getattr(ipse, "verify_everything")  # noqa: B009 - a name that type checkers refuse


def _loaded(script: str) -> set[str]:
    """The modules that a fresh interpreter has after `script`, the standard library's left out."""
    script += "\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split() if name.split(".")[0] not in sys.stdlib_module_names}


def test_importing_ipse_loads_nothing_else() -> None:
    assert _loaded("import ipse; dir(ipse)") - _loaded("") == {"ipse"}


def test_verifying_loads_neither_database_nor_keyring_nor_model() -> None:
    loaded = _loaded("import ipse\nipse.Verifier(ipse.Policy(any_issuer=True)).examine('{}')")
    assert "ipse.credentials.verifier" in loaded
    heavy = ("sqlcipher3", "numpy", "keyring", "typer", "rich", "onnxruntime")
    assert [name for name in loaded if name.startswith(heavy)] == []


def _documented() -> Iterator[tuple[str, object]]:
    for name in ipse.__all__:
        yield name, getattr(ipse, name)
    for owner in (*(getattr(ipse, name) for name in ipse.__all__), *_PARTS):
        if not inspect.isclass(owner):
            continue
        for name, member in vars(owner).items():
            if not name.startswith("_") and (inspect.isroutine(member) or isinstance(member, property)):
                yield f"{owner.__name__}.{name}", getattr(owner, name)


_DOCUMENTED = dict(_documented())


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_every_public_name_has_a_docstring(name: str) -> None:
    thing = _DOCUMENTED[name]
    text = inspect.getdoc(thing) or ""
    assert text.split("\n")[0].endswith((".", ":")), name
    if inspect.isclass(thing):
        assert "__doc__" in vars(thing), name
        assert not text.startswith(f"{thing.__name__}("), f"{name} has the docstring of a dataclass"


def test_issuers_are_any_collection_and_no_single_text() -> None:
    assert ipse.Policy(issuers=["did:example:a"]) == ipse.Policy(issuers=frozenset({"did:example:a"}))
    assert ipse.Policy(trusted={"did:example:a": ["A"]}).trusted == {"did:example:a": frozenset({"A"})}
    with pytest.raises(ipse.UsageError, match="issuers are a collection of texts, not one text"):
        ipse.Policy(issuers="did:example:a")
    with pytest.raises(ipse.UsageError, match="the types of an issuer are a collection"):
        ipse.Policy(trusted={"did:example:a": "A"})


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ipse.UsageError, match="has no zone"):
        ipse.Verifier(ipse.Policy(any_issuer=True)).verify("{}", now=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ipse.UsageError, match="has no zone"):
        ipse.Wallet.create(ipse.Places.under(tmp_path), now=datetime(2026, 1, 1))  # noqa: DTZ001


def _asked(nonce: str) -> str:
    """A request for a credential of the type `https://issuer.example/a` with its claim `x`."""
    address = "https://shop.example/cb"
    query = {
        "id": "a",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["https://issuer.example/a"]},
        "claims": [{"path": ["x"]}],
    }
    request = {
        "client_id": f"redirect_uri:{address}",
        "response_type": "vp_token",
        "nonce": nonce,
        "dcql_query": {"credentials": [query]},
    }
    return json.dumps(request)


def test_a_verifier_is_answered_as_the_owner_decides(wallet: ipse.Wallet) -> None:
    me = wallet.identities.find("me").did
    issuer = wallet.issuer(format="sd-jwt")
    credential = issuer.issue(ipse.Draft(me, ["https://issuer.example/a"], {"x": 1, "y": 2})).credential
    wallet.credentials.add(credential)
    shown: list[ipse.CredentialProposal] = []

    def decide(proposal: ipse.CredentialProposal, *, accepted: bool) -> ipse.CredentialDecision:
        shown.append(proposal)
        return ipse.CredentialDecision(accepted)

    told: list[str] = []
    with pytest.raises(ipse.ConsentRefused):
        wallet.answer(
            _asked("n-0"),
            credentials=lambda proposal: decide(proposal, accepted=False),
            told=lambda said: told.append(said.code),
        )
    assert told == ["access_denied"]
    answered = wallet.answer(_asked("n-1"), credentials=lambda proposal: decide(proposal, accepted=True))
    assert answered.url.startswith("https://shop.example/cb#vp_token=")
    (leaving,) = shown[1].options[0].leaving
    assert dict(leaving.revealed) == {("x",): 1, ("sub",): me}
    assert [entry.content["said"] for entry in wallet.disclosure.log()] == [False, True]


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[ipse.Wallet]:
    places = ipse.Places.under(tmp_path / "wallet")
    with ipse.Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE) as made:
        made.identities.create("me")
        yield made


def test_the_passphrase_is_asked_for_only_where_a_key_is_needed(wallet: ipse.Wallet) -> None:
    with ipse.Wallet.open(wallet.places) as opened:
        assert [record.name for record in opened.identities.every()] == ["me"]
        with pytest.raises(ipse.PassphraseNeeded) as needed:
            opened.credentials.every()
    assert "`passphrase`" in needed.value.hint


def test_nothing_is_presented_without_a_plain_yes(wallet: ipse.Wallet) -> None:
    me = wallet.identities.find("me").did
    held = wallet.credentials.add(wallet.issuer().issue(ipse.Draft(me, ["A"], {})).credential)
    challenge = ipse.Challenge("https://shop.example", "a-nonce")
    for answer in (False, None, "no"):
        with pytest.raises(ipse.ConsentRefused):
            wallet.credentials.present([held.id], challenge, consent=lambda _: answer)  # type: ignore[arg-type, return-value]  # noqa: B023
    assert wallet.disclosure.log() == []
    presented = wallet.credentials.present([held.id[:6]], challenge, consent=lambda _: True)
    verifier = ipse.Verifier(ipse.Policy(issuers={me}, challenge=challenge))
    assert verifier.verify_presentation(presented).holder == me
    assert [entry.content["released"] for entry in wallet.disclosure.log()] == [presented]


def test_a_held_credential_that_no_longer_passes_raises(wallet: ipse.Wallet) -> None:
    me = wallet.identities.find("me").did
    draft = ipse.Draft(me, ["A"], {}, valid_until=datetime(2100, 1, 1, tzinfo=UTC))
    held = wallet.credentials.add(wallet.issuer(format="jwt").issue(draft).text)
    assert wallet.credentials.check(held.id).subject == me
    with pytest.raises(ipse.VerificationFailed) as expired:
        wallet.credentials.check(held.id, now=datetime(2101, 1, 1, tzinfo=UTC))
    assert expired.value.report.decisive.code == "expired"
    wallet.credentials.remove(held.id[:6])
    assert wallet.credentials.every() == []


def test_an_issuer_is_refused_before_its_first_credential(wallet: ipse.Wallet) -> None:
    with pytest.raises(ipse.UsageError, match="is not a credential format"):
        wallet.issuer(format="paper")
    with pytest.raises(ipse.UsageError, match="does not take --decoys"):
        wallet.issuer(format="jwt", decoys=3)
    with pytest.raises(ipse.MalformedInput, match="is not a DID"):
        wallet.issuer().issue(ipse.Draft("me", ["A"], {}))


def test_what_was_issued_is_text_in_every_format(wallet: ipse.Wallet) -> None:
    draft = ipse.Draft(None, ["A"], {"name": "nobody"})
    embedded, token = wallet.issuer().issue(draft), wallet.issuer(format="jwt").issue(draft)
    assert json.loads(embedded.text) == embedded.credential
    assert token.text == token.credential


_CONSUMER = """
import ipse
from datetime import datetime

def verify(text: str, issuers: list[str]) -> str | None:
    credential: ipse.VerifiedCredential = ipse.Verifier(ipse.Policy(issuers=issuers)).verify(text)
    end: datetime | None = credential.valid_until
    print(end, credential.report.outcome is ipse.Outcome.PASSED)
    return credential.subject

def report(failed: ipse.VerificationFailed) -> tuple[ipse.Check, ...]:
    return failed.report.checks if failed.report is not None else ()

def issue(wallet: ipse.Wallet, subject: str) -> str:
    issuer: ipse.Issuer = wallet.issuer("university", format="jwt")
    return issuer.issue(ipse.Draft(subject, ["A"], {"name": "Ada"})).text

def present(wallet: ipse.Wallet, challenge: ipse.Challenge) -> str:
    return wallet.credentials.present(["a1"], challenge, consent=lambda prepared: prepared.holder is not None)

def decide(proposal: ipse.Proposal) -> ipse.Decision:
    return ipse.Decision(not proposal.warnings)

def answer(wallet: ipse.Wallet, request: str) -> bool:
    return wallet.disclosure.answer(request, consent=decide).said

with ipse.Wallet.open(ipse.find_places(), passphrase=lambda: b"secret") as wallet:
    names: list[str] = [record.name for record in wallet.identities.every()]
    best: str = wallet.profile.rank(["a", "b"])[0].text
"""


@pytest.mark.slow
def test_a_strictly_typed_program_finds_every_type(tmp_path: Path) -> None:
    from mypy import api

    program = tmp_path / "consumer.py"
    program.write_text(_CONSUMER)
    out, problems, code = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(program)])
    assert code == 0, out + problems
    program.write_text(_CONSUMER + "\nipse.Policy(issuers=3)\nipse.no_such_name\n")
    wrong, _, code = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(program)])
    assert code == 1
    assert 'has incompatible type "int"' in wrong
    assert "no_such_name" in wrong
