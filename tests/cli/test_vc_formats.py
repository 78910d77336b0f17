"""Every format and suite: issued, verified, kept, presented and verified again, with each type of key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.encoding import base64url
from tests.cli.test_vc import UNDEFINED_TERMS, V2, assert_told, checks, did_of, in_process, issued, prepared
from tests.conftest import EXAMPLES, Ipse, at

_KEYS = {"Ed25519": "university", "P-256": "university-p256", "secp256k1": "university-k1"}
_HOLDERS = {"Ed25519": "me", "P-256": "me-p256", "secp256k1": "me-k1"}
_TERM = "https://example.org/degrees/v1"


@dataclass(frozen=True, slots=True)
class _Case:
    """A format, and what the credential that is made has for a suite."""

    form: str
    key_type: str
    suite: str | None = None
    found: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.form, self.suite, self.key_type)))

    @property
    def options(self) -> tuple[str, ...]:
        return ("--format", self.form, *(("--suite", self.suite) if self.suite else ()))


_CASES = (
    _Case("w3c", "Ed25519", None, "eddsa-jcs-2022"),
    _Case("w3c", "Ed25519", "eddsa-rdfc-2022", "eddsa-rdfc-2022"),
    _Case("w3c", "P-256", None, "ecdsa-jcs-2019"),
    _Case("w3c", "P-256", "ecdsa-rdfc-2019", "ecdsa-rdfc-2019"),
    _Case("jwt", "Ed25519", found="EdDSA"),
    _Case("jwt", "P-256", found="ES256"),
    _Case("jwt", "secp256k1", found="ES256K"),
    _Case("sd-jwt", "Ed25519", found="EdDSA"),
    _Case("sd-jwt", "P-256", found="ES256"),
    _Case("sd-jwt", "secp256k1", found="ES256K"),
    _Case("w3c-1.1", "Ed25519", None, "Ed25519Signature2020"),
    _Case("w3c-1.1", "Ed25519", "Ed25519Signature2018", "Ed25519Signature2018"),
    _Case("w3c-1.1", "P-256", None, "JsonWebSignature2020"),
    _Case("w3c-1.1", "secp256k1", "JsonWebSignature2020", "JsonWebSignature2020"),
    _Case("w3c-1.1", "Ed25519", "JWT", "EdDSA"),
    _Case("w3c-1.1", "P-256", "JWT", "ES256"),
)
_IN_PROCESSES_OF_THEIR_OWN = {
    case for case in _CASES if case.key_type == "Ed25519" and case.suite in (None, "eddsa-rdfc-2022")
}
_ALWAYS = ("parse", "data-model", "issuer", "proof", "purpose", "time")
_PASSED = dict.fromkeys(_ALWAYS, "passed")
_NOTHING_BESIDE = {"status": "not applicable", "schema": "not applicable"}
_CREDENTIAL = {**_PASSED, **_NOTHING_BESIDE, "trust": "passed", "holder-binding": "not applicable"}
_PRESENTED = {**_CREDENTIAL, "holder-binding": "passed"}
_PRESENTATION = {**_PRESENTED, "trust": "not applicable"}


@pytest.fixture(scope="module")
def wallet(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Ipse:
    """A wallet with a DID to issue and one to hold for every type of key."""
    home = tmp_path_factory.mktemp("formats") / "wallet"
    shutil.copytree(_template, home)
    ipse = at(home)
    for names in (_KEYS, _HOLDERS):
        for key_type in ("P-256", "secp256k1"):
            ipse("did", "create", "--name", names[key_type], "--key-type", key_type)
    return ipse


@pytest.fixture(scope="module")
def dids(wallet: Ipse) -> dict[str, str]:
    """The DIDs of that wallet by name."""
    return {row["name"]: row["did"] for row in wallet("did", "list", "--json").json["dids"]}


def _skip_without_didkit() -> None:
    """Skip where didkit is not installed. It is not imported here: it may crash the process at its end."""
    if not didkit_process.available():
        pytest.skip("didkit is not installed")


@pytest.fixture(scope="module")
def made(wallet: Ipse, dids: dict[str, str]) -> Callable[[_Case], str]:
    """From a case to its credential, about the holder with the same type of key; each is issued once."""

    @cache
    def issue(case: _Case) -> str:
        if case.form == "w3c-1.1":
            _skip_without_didkit()
        defined = ("--undefined-terms",) if case.form in ("w3c", "jwt") else ()
        subject = dids[_HOLDERS[case.key_type]]
        ipse = wallet if case in _IN_PROCESSES_OF_THEIR_OWN else in_process(wallet)
        return issued(ipse, *case.options, *defined, issuer=_KEYS[case.key_type], subject=subject)

    return issue


def _compact(credential: str) -> str:
    """The credential on one line."""
    return json.dumps(json.loads(credential)) if credential.startswith("{") else credential.strip()


def _unsigned(credential: str) -> Any:
    """The document in a credential of VCDM 2.0."""
    if credential.startswith("{"):
        return {name: value for name, value in json.loads(credential).items() if name != "proof"}
    return _decoded(credential.split(".")[1])


def _decoded(part: str) -> Any:
    return json.loads(base64url.decode(part))


def _suite(credential: str) -> str:
    if credential.startswith("{"):
        proof = json.loads(credential)["proof"]
        return str(proof.get("cryptosuite", proof["type"]))
    return str(_decoded(credential.partition(".")[0])["alg"])


def _changed(part: str) -> str:
    """A base64url part of a token whose text says something else."""
    text = base64url.decode(part).decode()
    return base64url.encode(text.replace("Oceanography", "Oceanographx").encode())


def _tampered(credential: str) -> str:
    """The credential with one letter of a claim changed, inside its encoding."""
    if credential.startswith("{"):
        return _compact(credential.replace("Oceanography", "Oceanographx"))
    if "~" in credential:
        token, *disclosures, binding = credential.strip().split("~")
        return "~".join([token, *map(_changed, disclosures), binding])
    header, payload, signature = credential.strip().split(".")
    return ".".join([header, _changed(payload), signature])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("case", _CASES, ids=str)
def test_what_is_issued_verifies_is_kept_is_presented_and_verifies_again(
    wallet: Ipse, dids: dict[str, str], case: _Case, made: Callable[[_Case], str], tmp_path: Path
) -> None:
    if case not in _IN_PROCESSES_OF_THEIR_OWN:
        wallet = in_process(wallet)
    credential = made(case)
    assert _suite(credential) == case.found
    trusted = ("--issuer", dids[_KEYS[case.key_type]], "--json")
    bound = ("--insecure-no-challenge",) if case.form == "sd-jwt" else ()
    report = wallet("vc", "verify", "-", *trusted, *bound, stdin=credential).json
    assert (report["outcome"], checks(report)) == ("passed", _CREDENTIAL)
    assert "warnings" not in report
    identifier = wallet("vc", "add", "-", stdin=credential).out.strip()
    challenge = ("--audience", "https://shop.example", "--nonce", "n-1")
    file = tmp_path / "presentation"
    wallet("vc", "present", identifier, *challenge, "-o", file)
    report = wallet("vc", "verify", file, *challenge, *trusted).json
    assert report["outcome"] == "passed"
    if case.form == "sd-jwt":
        assert checks(report) == _PRESENTED
        assert "credentials" not in report
    else:
        assert checks(report) == _PRESENTATION
        assert list(map(checks, report["credentials"])) == [_PRESENTED]


def test_the_tampered_twin_of_every_format_fails_its_proof(
    wallet: Ipse, made: Callable[[_Case], str]
) -> None:
    _skip_without_didkit()
    lines = "".join(f"{_tampered(made(case))}\n" for case in _CASES)
    run = wallet("vc", "verify", "--batch", "-", "--any-issuer", "--json", stdin=lines, code=3)
    reports = [json.loads(line)["report"] for line in run.out.splitlines()]
    assert len(reports) == len(_CASES)
    for case, report in zip(_CASES, reports, strict=True):
        assert report["outcome"] == "failed", case
        assert checks(report)["proof"] == "failed", case
    assert run.error["message"].startswith(f"{len(_CASES)} of {len(_CASES)} credentials failed")


def test_the_tampered_twin_of_one_is_named_with_its_check(wallet: Ipse, made: Callable[[_Case], str]) -> None:
    tampered = _tampered(made(_CASES[0]))
    run = wallet("vc", "verify", "-", "--any-issuer", "--json", stdin=tampered, code=3)
    assert checks(run.json) == {
        **_CREDENTIAL,
        "proof": "failed",
        **dict.fromkeys(("purpose", "time", "status", "schema", "trust", "holder-binding"), "undetermined"),
    }
    assert run.error["code"] == "verification-failed"
    assert "proof" in run.error["message"]


@pytest.mark.parametrize(
    ("form", "suite", "key_type", "word"),
    [
        ("w3c", None, "secp256k1", "secp256k1"),
        ("w3c", "eddsa-jcs-2022", "P-256", "eddsa-jcs-2022"),
        ("w3c", "ecdsa-rdfc-2019", "Ed25519", "ecdsa-rdfc-2019"),
        ("w3c", "Ed25519Signature2020", "Ed25519", "Ed25519Signature2020"),
        ("w3c", "paper-2022", "Ed25519", "paper-2022"),
        ("jwt", "eddsa-jcs-2022", "Ed25519", "does not take --suite"),
        ("sd-jwt", "eddsa-jcs-2022", "Ed25519", "does not take --suite"),
        ("w3c-1.1", "Ed25519Signature2020", "P-256", "Ed25519Signature2020"),
        ("w3c-1.1", "eddsa-jcs-2022", "Ed25519", "eddsa-jcs-2022"),
    ],
)
def test_a_suite_that_the_format_or_the_key_does_not_have_is_a_usage_error(
    wallet: Ipse, form: str, suite: str | None, key_type: str, word: str
) -> None:
    wallet = in_process(wallet)
    if form == "w3c-1.1":
        _skip_without_didkit()
    options = ("--format", form, *(("--suite", suite) if suite else ()))
    run = wallet(
        "vc", "issue", "--issuer", _KEYS[key_type], "--type", "T", "--claims", EXAMPLES / "claims.json",
        *options, code=2,
    )  # fmt: skip
    assert_told(run, word)
    assert run.out == ""


def test_the_old_data_models_expiry_is_seen(wallet: Ipse) -> None:
    wallet = in_process(wallet)
    _skip_without_didkit()
    text = issued(wallet, "--format", "w3c-1.1", "--valid-from", "2001-01-01", "--valid-until", "2002-01-01")
    credential = json.loads(text)
    assert credential["@context"][0] == "https://www.w3.org/2018/credentials/v1"
    assert credential["issuanceDate"] == "2001-01-01T00:00:00Z"
    run = wallet("vc", "verify", "-", "--any-issuer", "--json", stdin=text, code=3)
    assert (checks(run.json)["time"], checks(run.json)["proof"]) == ("failed", "passed")


def test_a_term_that_rdf_would_lose_is_not_signed_as_rdf(wallet: Ipse) -> None:
    issue = (
        "vc", "issue", "--issuer", "university", "--type", "DegreeCredential",
        "--claims", EXAMPLES / "claims.json", "--suite", "eddsa-rdfc-2022",
    )  # fmt: skip
    run = wallet(*issue, code=6)
    assert_told(run, "/type/1", "'DegreeCredential'", "no context defines")
    assert run.out == ""
    signed = wallet(*issue, "--undefined-terms")
    assert signed.err == ""
    assert signed.json["@context"] == [V2, UNDEFINED_TERMS]


@pytest.mark.parametrize("form", ["w3c", "jwt"])
def test_a_term_that_rdf_would_lose_is_a_warning_where_json_is_signed(wallet: Ipse, form: str) -> None:
    wallet = in_process(wallet)
    issue = (
        "vc", "issue", "--issuer", "university", "--type", "DegreeCredential",
        "--claims", EXAMPLES / "claims.json", "--format", form,
    )  # fmt: skip
    run = wallet(*issue)
    [warning] = run.err.splitlines()
    assert warning.startswith("warning: ")
    for place in (
        "/type/1",
        "/credentialSubject/degree",
        "/credentialSubject/awardedOn",
        "--undefined-terms",
    ):
        assert place in warning
    assert wallet(*issue, "-q").err == ""
    assert wallet(*issue, "--undefined-terms").err == ""
    assert (
        len(wallet("vc", "lint", "-", "--json", stdin=json.dumps(_unsigned(run.out))).json["warnings"]) == 3
    )


@pytest.fixture
def degrees(tmp_path: Path) -> Path:
    """A context of somebody's own that gives the example claims a meaning."""
    file = tmp_path / "degrees.jsonld"
    terms = ("DegreeCredential", "BachelorDegree", "degree", "awardedOn")
    file.write_text(json.dumps({"@context": {name: f"https://example.org/#{name}" for name in terms}}))
    return file


def _with_degrees() -> dict[str, Any]:
    return {
        "@context": [V2, _TERM],
        "type": ["VerifiableCredential", "DegreeCredential"],
        "credentialSubject": json.loads((EXAMPLES / "claims.json").read_text()),
    }


def test_a_foreign_context_is_known_where_its_file_is_given(wallet: Ipse, degrees: Path) -> None:
    wallet = in_process(wallet)
    here = ("--context", f"{_TERM}={degrees}")
    signed = prepared(wallet, _with_degrees(), "--suite", "eddsa-rdfc-2022", "--issuer", "university", *here)
    assert signed.err == ""
    verify = ("vc", "verify", "-", "--any-issuer")
    wallet(*verify, *here, stdin=signed.out)
    run = wallet(*verify, stdin=signed.out, code=9)
    assert_told(run, _TERM, "proof")
    wallet("vc", "add", "-", stdin=signed.out, code=9)
    identifier = wallet("vc", "add", "-", *here, stdin=signed.out).out.strip()
    wallet("vc", "check", identifier, *here)
    wallet("vc", "check", identifier, code=9)


def test_a_foreign_context_that_is_not_at_hand_is_undetermined_and_names_the_option(wallet: Ipse) -> None:
    wallet = in_process(wallet)
    run = prepared(wallet, _with_degrees(), "--suite", "eddsa-rdfc-2022", code=9)
    assert_told(run, _TERM, "--context")
    assert run.out == ""


def test_a_context_file_never_stands_for_a_context_that_ipse_carries(wallet: Ipse, degrees: Path) -> None:
    wallet = in_process(wallet)
    run = prepared(wallet, _with_degrees(), "--context", f"{V2}={degrees}", code=2)
    assert_told(run, V2, "replaced")
    signed = issued(wallet)
    assert_told(
        wallet("vc", "verify", "-", "--any-issuer", "--context", f"{V2}={degrees}", stdin=signed, code=2)
    )


@pytest.mark.parametrize("given", ["degrees.jsonld", "=degrees.jsonld", f"{_TERM}="])
def test_a_context_is_given_as_url_and_file(wallet: Ipse, given: str) -> None:
    wallet = in_process(wallet)
    assert_told(prepared(wallet, _with_degrees(), "--context", given, code=2), "URL=FILE")


def test_a_context_file_that_is_none_is_malformed(wallet: Ipse, degrees: Path) -> None:
    wallet = in_process(wallet)
    here = ("--context", f"{_TERM}={degrees}")
    assert_told(prepared(wallet, _with_degrees(), *here, *here, code=2), "twice")
    degrees.write_text('{"terms": {}}')
    assert_told(prepared(wallet, _with_degrees(), *here, code=6), _TERM, "@context")
    degrees.write_text("[]")
    assert_told(prepared(wallet, _with_degrees(), *here, code=6), str(degrees))


def test_a_key_of_the_right_type_is_the_one_that_signs(wallet: Ipse) -> None:
    signed = json.loads(issued(wallet, issuer="university-p256"))
    assert signed["proof"]["verificationMethod"].startswith(did_of(wallet, "university-p256"))
