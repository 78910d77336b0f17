"""`ipse trust`: whose credentials are accepted, and of which types."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_vc import assert_told, checks, did_of, in_process, issued, reason
from tests.conftest import EXAMPLES, Ipse


def _verified(ipse: Ipse, text: str, *options: str, code: int = 0) -> Any:
    return ipse("vc", "verify", "-", "--json", *options, stdin=text, code=code).json


def _rows(ipse: Ipse) -> list[tuple[str, str]]:
    return [(row["did"], row["type"]) for row in ipse("trust", "list", "--json").json["issuers"]]


def test_an_issuer_is_trusted_for_the_types_that_were_said_and_no_others(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    university, me = did_of(ipse, "university"), did_of(ipse, "me")
    degree = issued(ipse)
    other = ipse(
        "vc", "issue", "--issuer", "university", "--type", "DegreeCredential", "--type", "Passport",
        "--claims", EXAMPLES / "claims.json", "-q",
    ).out  # fmt: skip
    untyped = ipse(
        "vc", "issue", "--credential", "-", "--issuer", "university", "-q",
        stdin='{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],'
        ' "credentialSubject": {"name": "Ada"}}',
    ).out  # fmt: skip
    ipse("trust", "add", university, "--for", "DegreeCredential")
    assert checks(_verified(ipse, degree))["trust"] == "passed"
    report = _verified(ipse, other, code=3)
    assert checks(report)["trust"] == "failed"
    assert reason(report, "trust") == "the issuer is not trusted for this type"
    assert checks(_verified(ipse, untyped, code=3))["trust"] == "failed"
    assert checks(_verified(ipse, issued(ipse, issuer="me"), code=3))["trust"] == "failed"
    ipse("trust", "add", university, "--for", "*")
    for text in (degree, other, untyped):
        _verified(ipse, text)
    _verified(ipse, degree, "--issuer", me, code=3)
    _verified(ipse, issued(ipse, issuer="me"), "--issuer", me)


def test_the_type_of_an_sd_jwt_is_its_vct(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse, "--format", "sd-jwt")
    ipse("trust", "add", did_of(ipse, "university"), "--for", "Passport")
    assert checks(_verified(ipse, text, code=3))["trust"] == "failed"
    ipse("trust", "add", did_of(ipse, "university"), "--for", "DegreeCredential")
    _verified(ipse, text)


def test_the_wallets_own_dids_are_not_trusted_for_being_its_own(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    text = issued(ipse, issuer="me")
    assert checks(_verified(ipse, text, code=9))["trust"] == "undetermined"
    ipse("trust", "add", did_of(ipse, "university"), "--for", "*")
    assert checks(_verified(ipse, text, code=3))["trust"] == "failed"


def test_without_a_wallet_the_issuer_has_to_be_named(ipse: Ipse, no_wallet: Ipse) -> None:
    text, university = issued(ipse), did_of(ipse, "university")
    nowhere = Ipse(no_wallet.home.parent / "nowhere")
    assert checks(_verified(nowhere, text, code=9))["trust"] == "undetermined"
    _verified(nowhere, text, "--issuer", university)
    _verified(nowhere, text, "--issuer", "did:key:z6MkOther", "--issuer", university)


def test_trust_is_listed_and_taken_back_type_by_type_or_whole(ipse: Ipse) -> None:
    ipse = in_process(ipse)
    university, me = did_of(ipse, "university"), did_of(ipse, "me")
    run = ipse("trust", "list")
    assert (run.out, "trust add" in run.err) == ("", True)
    ipse("trust", "add", university, "--for", "Degree", "--for", "Badge")
    ipse("trust", "add", university, "--for", "Degree")
    ipse("trust", "add", me, "--for", "*")
    ipse("trust", "add", "https://issuer.example", "--for", "Badge")
    everyone = [(university, "Degree"), (university, "Badge"), (me, "*"), ("https://issuer.example", "Badge")]
    assert sorted(_rows(ipse)) == sorted(everyone)
    ipse("trust", "delete", university, "--for", "Badge")
    assert (university, "Badge") not in _rows(ipse)
    assert (university, "Degree") in _rows(ipse)
    ipse("trust", "delete", university)
    assert {did for did, _ in _rows(ipse)} == {me, "https://issuer.example"}
    assert_told(ipse("trust", "delete", university, code=5), university)
    assert_told(ipse("trust", "delete", me, "--for", "Badge", code=5), me)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("did:key:z6Mk",), 2),
        (("did:key:z6Mk", "--for", ""), 2),
        (("did:key:z6Mk", "--for", "a\nb"), 2),
        (("did:key:z6Mk", "--for", " Degree"), 2),
        (("did:key:z6Mk", "--for", "x" * 501), 2),
        (("university", "--for", "Degree"), 6),
        (("http://issuer.example", "--for", "Degree"), 6),
        (("", "--for", "Degree"), 6),
        (("did:", "--for", "Degree"), 6),
    ],
)
def test_what_is_no_issuer_or_no_type_is_not_trusted(
    ipse: Ipse, arguments: tuple[str, ...], code: int
) -> None:
    ipse = in_process(ipse)
    assert_told(ipse("trust", "add", *arguments, code=code))
    assert _rows(ipse) == []
