"""One issuer: with every option and in every format, a single credential and a batch say the same.

Both issue a credential that verifies and has the same members, with the same warnings, or both refuse for the
same reason before anything is written.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials import json_ld, model, verifier
from ipse.credentials.formats import NAMES, data_integrity, sd_jwt
from ipse.credentials.formats.sd_jwt.issuance import MAX_DECOYS
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import IssueOptions
from ipse.credentials.model import vcdm11
from ipse.credentials.policy import NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Outcome
from ipse.credentials.status import Published
from ipse.errors import IpseError, UsageError
from ipse.storage.places import Places
from ipse.wallet import identities, issuing, status
from ipse.wallet.batch import Rows
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.batch import in_process

NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
UNTIL: Final = datetime(2027, 7, 1, 12, tzinfo=UTC)
TERMS: Final = {name: f"https://schema.org/{name}" for name in ("name", "address", "city", "street")}
OWN: Final = "https://issuer.example/terms/v1"
SUITES: Final = (None, *data_integrity.SUITES, "JWT", "Ed25519Signature2018", "JsonWebSignature2020", "x")
ISSUERS: Final = {"ed": "Ed25519", "p256": "P-256", "k1": "secp256k1"}
PAID: Final = "account"
"""The did:pkh: an account, whose document publishes no key."""
VARIABLE: Final = frozenset({"id", "jti", "issuanceDate", "validFrom", "iat", "proof"})
"""Members that differ between two credentials of the same content."""


def claims() -> dict[str, Any]:
    return {"name": "{{name}}", "address": {"city": "Kiel", "street": "{{street}}"}}


def template(form: str, **changes: Any) -> dict[str, Any]:
    """A template in which every term is defined."""
    documents: dict[str, dict[str, Any]] = {
        "sd-jwt": {"vct": "https://issuer.example/member", "sub": "did:example:me", **claims()},
        "w3c-1.1": {
            "@context": [vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT, TERMS],
            "type": ["VerifiableCredential"],
            "issuanceDate": "2026-07-01T12:00:00Z",
            "credentialSubject": {"id": "did:example:me", **claims()},
        },
    }
    plain = {
        "@context": [model.CONTEXT, TERMS],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:me", **claims()},
    }
    return {**documents.get(form, plain), **changes}


ROW: Final = {"name": "Ada Lovelace", "street": "Harbour Road 1"}


def filled(value: Any) -> Any:
    """What a template says of ROW."""
    if isinstance(value, dict):
        return {name: filled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return ROW.get(value[2:-2], value) if isinstance(value, str) and value.startswith("{{") else value


@dataclass(frozen=True)
class Made:
    """What came of it: a credential with its warnings, or the error that refused it."""

    credential: Any = None
    warnings: tuple[str, ...] = ()
    refusal: tuple[type[IpseError], str, str, str] | None = None


def attempt(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except IpseError as error:
        return Made(refusal=(type(error), error.code, error.message, error.hint))


@pytest.fixture(scope="module")
def made_wallet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet over an encrypted file, with issuers and status lists of each kind."""
    folder = tmp_path_factory.mktemp("made") / "wallet"
    places = Places(data=folder, cache=folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"passphrase", now=NOW) as made:
        for name, key_type in ISSUERS.items():
            identities.create(made, name, key_type=key_type, now=NOW)
        identities.create(made, "jwk", kind=Kind("jwk"), now=NOW)
        identities.create(made, PAID, kind=Kind("pkh"), now=NOW)
        for issuer in ("ed", "p256"):
            for kind in ("w3c", "token"):
                url = f"https://issuer.example/{issuer}/{kind}"
                status.create_list(
                    made,
                    f"{issuer}-{kind}",
                    url=url,
                    purpose="revocation",
                    kind=kind,
                    issuer=issuer,
                    now=NOW,
                )
    return folder


@pytest.fixture
def wallet(made_wallet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wallet]:
    """A copy of it for one test, in which batches run without processes."""
    monkeypatch.setattr("ipse.wallet.batch.workers.running", in_process.running)
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    shutil.copytree(made_wallet, places.data)
    with Wallet(places, lambda: b"passphrase") as opened:
        yield opened


def members(text: Any) -> dict[str, Any]:
    """What a credential says, of an SD-JWT also what can be withheld and how many digests there are."""
    if isinstance(text, str) and "~" in text:
        token = sd_jwt.parse(text)
        paths = sd_jwt.disclosable_paths(token)
        said = sd_jwt.select(token, paths).claims
        digests = json.dumps(token.jwt.payload).count('"...":')
        digests += sum(len(each) for each in found(token.jwt.payload, "_sd"))
        return {
            **{name: value for name, value in said.items() if name not in VARIABLE | {"status"}},
            " paths": sorted(map(str, paths)),
            " digests": digests,
            " status": list(said.get("status", {})),
        }
    from ipse.credentials import formats

    document = formats.claimed(text if isinstance(text, str) else json.dumps(text)).document
    proof = document.get("proof", {})
    return {
        **{name: value for name, value in document.items() if name not in VARIABLE | {"credentialStatus"}},
        " proof": [proof.get("type"), proof.get("cryptosuite"), proof.get("verificationMethod")],
        " status": list(found(document.get("credentialStatus", []), "type")),
    }


def found(value: Any, name: str) -> Iterator[Any]:
    """Every value of the member `name`, at any depth."""
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for item in value.values():
            yield from found(item, name)
    for item in value if isinstance(value, list) else ():
        yield from found(item, name)


def verdict(wallet: Wallet, credential: Any, options: IssueOptions) -> Outcome:
    bodies = {
        one.record.url: status.publish(wallet, one.record.name, now=NOW, ttl=None, valid_until=UNTIL).encode()
        for one in status.every(wallet)
    }
    sources = Sources(contexts=options.contexts, fetch=lambda url: Published(url, bodies[url], NOW))
    policy = Policy(any_issuer=True, challenge=NO_CHALLENGE)
    return verifier.verify(credential, policy=policy, now=NOW, sources=sources).report.outcome


def both(
    wallet: Wallet,
    issuer: str,
    source: dict[str, Any],
    options: IssueOptions,
    tmp_path: Path,
    lists: tuple[str, ...] = (),
) -> Made:
    """What both made of it, once it is known that they agree."""
    output = tmp_path / "out.ndjson"

    def single() -> Made:
        issued = issuing.issue(wallet, issuer, filled(source), options, lists=lists, now=NOW)
        return Made(issued.credential, issued.warnings)

    def batch() -> Made:
        rows = Rows(io.BytesIO(json.dumps(ROW).encode()), "ndjson", what="rows")
        summary = issuing.issue_batch(wallet, issuer, source, options, rows, output, lists=lists, now=NOW)
        (line,) = output.read_text().splitlines()
        return Made(json.loads(line).get("credential", line), summary.warnings)

    ones, many = attempt(single), attempt(batch)
    assert ones.refusal == many.refusal
    if ones.refusal is not None:
        assert not output.exists()
        assert {each.used for each in status.every(wallet)} == {0}
        return ones
    assert ones.warnings == many.warnings
    assert members(ones.credential) == members(many.credential)
    for made in (ones, many):
        assert verdict(wallet, made.credential, options) is Outcome.PASSED
    return ones


needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")


def formats_and(*values: Any, forms: tuple[str, ...] = NAMES) -> list[Any]:
    """Each format with each of the values."""
    return [
        pytest.param(form, value, id=f"{form}-{value}", marks=needs_didkit if form == "w3c-1.1" else ())
        for form in forms
        for value in values
    ]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("form", "by"), formats_and(*ISSUERS, "jwk"))
def test_with_every_type_of_key(wallet: Wallet, tmp_path: Path, form: str, by: str) -> None:
    made = both(wallet, by, template(form), IssueOptions(form), tmp_path)
    assert (made.refusal is not None) == (form == "w3c" and by == "k1")


@pytest.mark.sampled(20)
@pytest.mark.parametrize("by", ["ed", "p256"])
@pytest.mark.parametrize(("form", "suite"), formats_and(*SUITES))
def test_with_every_suite(wallet: Wallet, tmp_path: Path, form: str, suite: str | None, by: str) -> None:
    made = both(wallet, by, template(form), IssueOptions(form, suite=suite), tmp_path)
    taken = {
        ("w3c", "ed"): {None, "eddsa-jcs-2022", "eddsa-rdfc-2022"},
        ("w3c", "p256"): {None, "ecdsa-jcs-2019", "ecdsa-rdfc-2019"},
        ("w3c-1.1", "ed"): {
            *(None, "JWT", "Ed25519Signature2018", "Ed25519Signature2020", "JsonWebSignature2020")
        },
        ("w3c-1.1", "p256"): {None, "JWT", "JsonWebSignature2020"},
    }.get((form, by), {None})
    assert (made.refusal is None) == (suite in taken)


@pytest.mark.parametrize(("form", "by"), formats_and(PAID))
def test_of_an_account_whose_did_publishes_no_key_none_is_issued(
    wallet: Wallet, tmp_path: Path, form: str, by: str
) -> None:
    made = both(wallet, by, template(form), IssueOptions(form), tmp_path)
    assert made.refusal is not None
    assert made.refusal[0] is UsageError
    assert "publishes no key" in made.refusal[2]


@pytest.mark.parametrize(("form", "suite"), formats_and(None, "eddsa-rdfc-2022", forms=("w3c",)))
@pytest.mark.parametrize("at_hand", [True, False])
def test_with_contexts_of_the_user(
    wallet: Wallet, tmp_path: Path, form: str, suite: str | None, *, at_hand: bool
) -> None:
    known = json_ld.known().with_extra({OWN: {"@context": TERMS}}) if at_hand else None
    source = template(form, **{"@context": [model.CONTEXT, OWN]})
    if at_hand or suite is not None:
        made = both(wallet, "ed", source, IssueOptions(form, suite=suite, contexts=known), tmp_path)
        assert (made.refusal is None) == at_hand
        assert made.warnings == ()


@pytest.mark.parametrize("form", ["w3c", "jwt"])
def test_a_context_that_was_not_checked_is_said_of_a_batch_too(
    wallet: Wallet, tmp_path: Path, form: str
) -> None:
    source = template(form, **{"@context": [model.CONTEXT, OWN]})
    single = issuing.issue(wallet, "ed", filled(source), IssueOptions(form), now=NOW).warnings
    rows = Rows(io.BytesIO(json.dumps(ROW).encode()), "ndjson", what="rows")
    output = tmp_path / "out.ndjson"
    summary = issuing.issue_batch(wallet, "ed", source, IssueOptions(form), rows, output, now=NOW)
    assert summary.warnings == single
    assert "were not checked" in single[0]
    assert OWN in single[0]


@pytest.mark.parametrize(("form", "by"), formats_and("ed", forms=("sd-jwt", "w3c-1.1")))
def test_without_a_use_for_contexts_they_are_refused(
    wallet: Wallet, tmp_path: Path, form: str, by: str
) -> None:
    known = json_ld.known().with_extra({OWN: {"@context": TERMS}})
    made = both(wallet, by, template(form), IssueOptions(form, contexts=known), tmp_path)
    assert made.refusal is not None
    assert "does not take --context" in made.refusal[2]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("form", "add"), formats_and(True, False))
@pytest.mark.parametrize("suite", [None, "eddsa-rdfc-2022"])
def test_with_undefined_terms(
    wallet: Wallet, tmp_path: Path, form: str, suite: str | None, *, add: bool
) -> None:
    source = template(form)
    if "credentialSubject" in source and form != "w3c-1.1":
        source["credentialSubject"] |= {"unheardOf": "x"}
    made = both(wallet, "ed", source, IssueOptions(form, suite=suite, undefined_terms=add), tmp_path)
    if form in ("sd-jwt", "w3c-1.1"):
        assert (made.refusal is not None) == (add or suite is not None)
    elif suite is None:
        assert bool(made.warnings) == (not add)
    elif form == "w3c":
        assert (made.refusal is None) == add


@pytest.mark.parametrize("suite", [None, "eddsa-rdfc-2022"])
def test_a_context_that_redefines_what_is_protected(
    wallet: Wallet, tmp_path: Path, suite: str | None
) -> None:
    source = template("w3c", **{"@context": [model.CONTEXT, {**TERMS, "VerifiableCredential": "urn:x"}]})
    assert both(wallet, "ed", source, IssueOptions("w3c", suite=suite), tmp_path).refusal is not None


@pytest.mark.sampled(13)
@pytest.mark.parametrize(
    ("form", "wanted"),
    formats_and(
        *((), ("all",), ("none",), ("name",), ("address.city", "/name"), ("address",), ("absent",)),
        *(("address.absent",), ("all", "name"), ("none", "all"), ("vct",), ("name", "name"), ("",)),
    ),
)
def test_with_every_choice_of_what_can_be_withheld(
    wallet: Wallet, tmp_path: Path, form: str, wanted: tuple[str, ...]
) -> None:
    made = both(wallet, "ed", template(form), IssueOptions(form, disclosable=wanted), tmp_path)
    if form != "sd-jwt":
        assert (made.refusal is None) == (wanted == ())
    elif set(wanted) & {"absent", "address.absent", "vct", ""} or wanted in (
        ("all", "name"),
        ("none", "all"),
    ):
        assert made.refusal is not None
    else:
        hidden = {(): 4, ("all",): 4, ("none",): 0, ("address.city", "/name"): 2}.get(wanted, 1)
        assert len(members(made.credential)[" paths"]) == hidden


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("form", "decoys"), formats_and(0, 3, MAX_DECOYS, MAX_DECOYS + 1, -1))
def test_with_decoys(wallet: Wallet, tmp_path: Path, form: str, decoys: int) -> None:
    made = both(wallet, "ed", template(form), IssueOptions(form, decoys=decoys), tmp_path)
    assert (made.refusal is None) == (decoys == 0 or (form == "sd-jwt" and 0 <= decoys <= MAX_DECOYS))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("form", "lists"),
    formats_and(
        *(("ed-w3c",), ("ed-token",), ("p256-w3c",), ("p256-token",), ("absent",)),
        *(("ed-w3c", "ed-token"), ("ed-w3c", "p256-w3c"), ("ed-token", "ed-token")),
    ),
)
def test_with_every_kind_of_status_list(
    wallet: Wallet, tmp_path: Path, form: str, lists: tuple[str, ...]
) -> None:
    made = both(wallet, "ed", template(form), IssueOptions(form), tmp_path, lists)
    fitting = {"w3c": ("ed-w3c",), "jwt": ("ed-w3c",), "sd-jwt": ("ed-token",)}.get(form)
    assert (made.refusal is None) == (lists == fitting)


def test_in_a_format_that_is_none(wallet: Wallet, tmp_path: Path) -> None:
    made = both(wallet, "ed", template("w3c"), IssueOptions("mdoc"), tmp_path)
    assert made.refusal is not None
    assert "not a credential format" in made.refusal[2]


@pytest.mark.parametrize(("form", "name"), formats_and("nobody"))
def test_by_an_issuer_that_is_none(wallet: Wallet, tmp_path: Path, form: str, name: str) -> None:
    assert both(wallet, name, template(form), IssueOptions(form), tmp_path).refusal is not None
