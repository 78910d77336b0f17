"""Issuing under certificates: they are the key's, and they say who the issuer is."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.credentials import verifier
from ipse.credentials.formats import sd_jwt
from ipse.credentials.issuer import Draft, IssueOptions, Issuer, SigningKey
from ipse.credentials.policy import NO_CHALLENGE, Policy
from ipse.dids import did_key
from ipse.errors import CertificateRejected, MalformedInput, UsageError
from ipse.keys.certificates import read_certificates
from tests.authorities import DAY, NOW, Held, root

ROOT = root()
LEAF = ROOT.authority().leaf("Example Issuer", uris=("urn:issuer", "https://issuer.example/a"))
DRAFT = Draft(None, ["urn:example:degree"], {"degree": "a"})


def key_of(held: Held) -> SigningKey:
    did = did_key.from_public_key(held.signing_key.public())
    return SigningKey(did, did_key.verification_method_id(did), held.signing_key)


def issuer(held: Held, x5c: list[str] | None = None, form: str = "sd-jwt") -> Issuer:
    options = IssueOptions(form, x5c=tuple(held.x5c if x5c is None else x5c))
    return Issuer(key_of(held), options, now=NOW)


def issued(held: Held, content: Any = DRAFT) -> Any:
    text = issuer(held).issue(content).credential
    assert isinstance(text, str)
    policy = Policy(issuer_anchors=(ROOT.value,), challenge=NO_CHALLENGE)
    assert verifier.verify(text, policy=policy, now=NOW).report.outcome.value == "passed"
    return sd_jwt.parse(text).jwt


def test_the_header_has_the_certificates_and_no_key_of_the_did() -> None:
    assert issued(LEAF).header == {"typ": "dc+sd-jwt", "x5c": LEAF.x5c, "alg": "ES256"}


def test_the_issuer_is_the_https_url_of_the_certificate_or_has_no_other_name() -> None:
    assert issued(LEAF).payload["iss"] == "https://issuer.example/a"
    assert "iss" not in issued(ROOT.leaf("Example Issuer")).payload


def test_a_prepared_credential_and_a_template_name_the_same_issuer() -> None:
    prepared = {"vct": "urn:example:degree", "degree": "a"}
    assert issued(LEAF, prepared).payload["iss"] == "https://issuer.example/a"
    row = issuer(LEAF).template({**prepared, "degree": "{{degree}}"}).issue({"degree": "b"})
    assert sd_jwt.parse(str(row)).jwt.payload["iss"] == "https://issuer.example/a"


def test_certificates_of_another_key_are_refused() -> None:
    with pytest.raises(UsageError, match="not that of the key that signs"):
        issuer(LEAF, ROOT.leaf().x5c)


@pytest.mark.parametrize(
    "x5c",
    [
        [*LEAF.x5c, read_certificates(ROOT.der)[0].x5c],
        LEAF.x5c[::-1],
        ["AAAA"],
        ROOT.leaf(not_before=NOW - 9 * DAY, not_after=NOW - DAY).x5c,
    ],
    ids=["anchor-inside", "swapped", "none", "expired"],
)
def test_certificates_that_no_verifier_accepts_are_refused(x5c: list[str]) -> None:
    with pytest.raises((CertificateRejected, MalformedInput)):
        issuer(LEAF, x5c)


def test_other_formats_take_no_certificates() -> None:
    with pytest.raises(UsageError, match="does not take --x5c"):
        issuer(LEAF, form="jwt")
