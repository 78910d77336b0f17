"""A key used for what it is not for.

The attacker has, or made somebody's program use, a key that was published for something else: to encrypt to,
to agree on secrets, to sign under another algorithm. A JWK says so in `use`, `key_ops` and `alg`; but in a
DID document nobody read them, and such a key verified credentials.

It cannot come back: one function reads a JWK for verifying, wherever it stands (a did:jwk, a DID document,
the metadata of an https issuer, the `cnf` of an SD-JWT), and it looks at all three. That no other code reads
one to verify with is held by a test on the source.
"""

from __future__ import annotations

import ast
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials import formats
from ipse.credentials.formats.format import IssueOptions, SigningKey
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.policy import Sources
from ipse.credentials.report import Outcome
from ipse.credentials.status.published import Published
from ipse.encoding import base64url
from ipse.encoding.timestamps import to_numeric_date
from ipse.errors import UnusableKey
from ipse.keys import ecdsa, key_types
from ipse.protocols import openid4vp
from tests.attacks.presenting import check, in_data_integrity, in_vp_jwt, published, verify, web
from tests.corpus.building import HOLDER, ISSUER, MINTER, NOW, Json, Party, credential, jwt, w3c
from tests.corpus.old_faults import unsigned_credential
from tests.corpus.sd_jwt_building import claims, key_binding, sd_jwt

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
CODE: Final = "key-not-for-signatures"

OTHER_USES: Final[dict[str, Json]] = {
    "use-enc": {"use": "enc"},
    "use-unknown": {"use": "tls"},
    "use-in-another-case": {"use": "SIG"},
    "use-null": {"use": None},
    "use-an-array": {"use": ["sig"]},
    "key_ops-derive": {"key_ops": ["deriveBits"]},
    "key_ops-sign": {"key_ops": ["sign"]},
    "key_ops-none": {"key_ops": []},
    "key_ops-a-text": {"key_ops": "verify"},
    "key_ops-null": {"key_ops": None},
    "use-against-key_ops": {"use": "sig", "key_ops": ["encrypt"]},
    "alg-agrees-on-keys": {"alg": "ECDH-ES+A256KW"},
    "alg-of-another-curve": {"alg": "ES512"},
    "alg-of-an-hmac": {"alg": "HS256"},
    "alg-none": {"alg": "none"},
    "alg-null": {"alg": None},
    "alg-an-array": {"alg": ["EdDSA", "ES256"]},
}
OWN_USES: Final[dict[str, Json]] = {
    "nothing": {},
    "use-sig": {"use": "sig"},
    "key_ops-verify": {"key_ops": ["verify"]},
    "key_ops-more": {"key_ops": ["deriveBits", "verify"]},
    "other-members": {"kid": "1", "x5t": "x"},
}
other_uses = pytest.mark.parametrize("said", OTHER_USES.values(), ids=OTHER_USES)
own_uses = pytest.mark.parametrize("said", OWN_USES.values(), ids=OWN_USES)
every_key = pytest.mark.parametrize("party", [ISSUER, MINTER], ids=["Ed25519", "P-256"])


def did_jwk(party: Party, **said: Any) -> Party:
    """The did:jwk of a key that says these things of its use."""
    written = json.dumps({**key_types.public_to_jwk(party.key.public()), **said})
    did = f"did:jwk:{base64url.encode(written.encode())}"
    return Party(party.key, did, f"{did}#0")


def credentials(by: Party) -> dict[str, Any]:
    """The same said by a party in each format."""
    suite = "eddsa-jcs-2022" if by.key.key_type == "Ed25519" else "ecdsa-jcs-2019"
    return {
        "data-integrity": w3c(credential(by), by, suite=suite),
        "jwt": jwt(credential(by), by),
        "sd-jwt": sd_jwt(claims(iss=by.did), by=by),
    }


@every_key
class TestInADidDocument:
    @other_uses
    def test_a_key_for_something_else_verifies_nothing(self, party: Party, said: Json) -> None:
        by, documents = web(party, jwk=said)
        for document in credentials(by).values():
            found = verify(document, documents=documents, issuers=frozenset({by.did}), challenge=None)
            assert found.report.outcome is FAILED
            assert found.report.decisive.code == CODE

    @own_uses
    def test_a_key_for_signatures_does(self, party: Party, said: Json) -> None:
        by, documents = web(party, jwk=said)
        for document in credentials(by).values():
            found = verify(document, documents=documents, issuers=frozenset({by.did}), challenge=None)
            assert found.report.outcome is PASSED

    def test_its_algorithm_may_have_either_name(self, party: Party) -> None:
        def verified(name: str) -> Any:
            by, documents = web(party, jwk={"alg": name})
            document = credentials(by)["jwt"]
            return verify(document, documents=documents, issuers=frozenset({by.did}), challenge=None)

        for name in (party.key.algorithm, *(["Ed25519"] if party is ISSUER else [])):
            assert verified(name).report.outcome is PASSED
        other = verified("Ed25519" if party is MINTER else "Ed448")
        assert other.report.decisive.code == CODE


@every_key
@pytest.mark.parametrize(
    "said",
    [
        {"key_ops": ["deriveKey"]},
        {"alg": "ECDH-ES+A256KW"},
        {"alg": "ES512"},
        {"use": "sig", "alg": "ECDH-ES"},
    ],
    ids=["ops", "alg", "other-alg", "use-and-alg"],
)
def test_in_a_did_jwk_it_verifies_nothing(party: Party, said: Json) -> None:
    by = did_jwk(party, **said)
    for document in credentials(by).values():
        found = verify(document, issuers=frozenset({by.did}), challenge=None)
        assert found.report.outcome is FAILED
        assert found.report.decisive.code == CODE


@pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
@every_key
class TestOfAnOldIssuer:
    def token(self, by: Party) -> str:
        vc = unsigned_credential(issuer=by.did)
        return jwt({"iss": by.did, "nbf": 1_767_225_600, "vc": vc}, by, typ="JWT")

    def embedded(self, by: Party) -> Json:
        signing_key = SigningKey(by.did, by.method, by.key)
        options = IssueOptions("w3c-1.1", suite="JsonWebSignature2020")
        signed = formats.named("w3c-1.1").signer(signing_key, options, created=NOW)(
            unsigned_credential(issuer=by.did)
        )
        assert isinstance(signed, dict)
        return signed

    def test_a_key_for_signatures_verifies_both_forms(self, party: Party) -> None:
        by = did_jwk(party, key_ops=["verify"])
        for document in (self.token(by), self.embedded(by)):
            found = verify(document, issuers=frozenset({by.did}), challenge=None)
            assert found.report.outcome is PASSED

    def test_a_key_for_something_else_verifies_neither(self, party: Party) -> None:
        by = did_jwk(party, key_ops=["deriveKey"])
        found = verify(self.token(by), issuers=frozenset({by.did}), challenge=None)
        assert check(found, "proof") == (FAILED, CODE)
        try:
            signed = self.embedded(by)
        except UnusableKey:
            return
        found = verify(signed, issuers=frozenset({by.did}), challenge=None)
        assert check(found, "purpose") == (FAILED, CODE)


class TestOfAHolder:
    @other_uses
    def test_it_proves_no_presentation(self, said: Json) -> None:
        by, documents = web(HOLDER, jwk=said)
        about = w3c(credential(credentialSubject={"id": by.did, "degree": "x"}))
        for answer in (in_data_integrity(about, by=by), in_vp_jwt(about, by=by)):
            assert check(verify(answer, documents=documents), "proof") == (FAILED, CODE)

    @other_uses
    def test_it_binds_no_sd_jwt_by_value(self, said: Json) -> None:
        cnf = {"jwk": {**key_types.public_to_jwk(HOLDER.key.public()), **said}}
        found = verify(key_binding(sd_jwt(claims(cnf=cnf))))
        assert check(found, "holder-binding") == (FAILED, CODE)

    def test_it_binds_no_sd_jwt_by_name(self) -> None:
        by, documents = web(HOLDER, jwk={"use": "enc"})
        found = verify(key_binding(sd_jwt(claims(cnf={"kid": by.method}))), documents=documents)
        assert check(found, "holder-binding") == (FAILED, CODE)

    @own_uses
    def test_a_key_for_signatures_binds(self, said: Json) -> None:
        cnf = {"jwk": {**key_types.public_to_jwk(HOLDER.key.public()), **said}}
        assert verify(key_binding(sd_jwt(claims(cnf=cnf)))).report.outcome is PASSED


class TestOfAnHttpsIssuer:
    URL: Final = "https://issuer.example"

    def verified(self, said: Json) -> Any:
        key: Json = {**key_types.public_to_jwk(ISSUER.key.public()), "kid": "1", **said}
        metadata = json.dumps({"issuer": self.URL, "jwks": {"keys": [key]}}).encode()
        sources = Sources(fetch=lambda url: Published(url, metadata, NOW))
        document = sd_jwt(claims(iss=self.URL), kid="1")
        return verify(document, sources=sources, issuers=frozenset({self.URL}), challenge=None)

    @other_uses
    def test_a_key_for_something_else_verifies_nothing(self, said: Json) -> None:
        assert check(self.verified(said), "issuer") == (FAILED, CODE)

    @own_uses
    def test_a_key_for_signatures_does(self, said: Json) -> None:
        assert self.verified({**said, "kid": "1"}).report.outcome is PASSED


@other_uses
def test_of_an_application_it_signs_no_request(said: Json) -> None:
    by, documents = web(HOLDER, "did:web:shop.example", jwk=said)
    payload = {
        "client_id": f"decentralized_identifier:{by.did}",
        "response_type": "vp_token",
        "redirect_uri": "https://shop.example/back",
        "aud": openid4vp.WALLET,
        "nonce": "n" * 32,
        "iat": to_numeric_date(NOW),
        "exp": to_numeric_date(NOW + timedelta(days=1)),
        "dcql_query": {"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {}}]},
    }
    with pytest.raises(UnusableKey) as raised:
        openid4vp.parse_request(jwt(payload, by, typ=openid4vp.TYPE), resolve=published(documents))
    assert raised.value.code == CODE


def test_what_agrees_on_keys_alone_never_verifies() -> None:
    """A P-256 key that a document lists for key agreement, and for nothing else."""
    by, documents = web(MINTER)
    (document,) = documents.values()
    document["keyAgreement"] = document.pop("assertionMethod")
    document.pop("authentication")
    for signed in credentials(by).values():
        found = verify(signed, documents=documents, issuers=frozenset({by.did}), challenge=None)
        assert found.report.outcome is FAILED
        assert found.report.decisive.code in ("key-not-listed", "unknown-key")


def test_no_code_reads_a_jwk_to_verify_with_past_the_check() -> None:
    source = Path(formats.__file__).parents[2]
    reading = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "public_from_jwk"
    }
    # Those build a DID document, read a method whatever it is for, compare a key with one of the owner's, and
    # read keys to encrypt to, which verify nothing.
    assert reading <= {
        "dids/did_jwk.py",
        "dids/verification_methods.py",
        "keys/encryption.py",
        "protocols/openid4vp/client_metadata.py",
        "wallet/holder_keys.py",
        "wallet/presenting.py",
    }


def test_the_algorithm_of_a_key_has_no_third_name() -> None:
    for key in (ISSUER.key.public(), MINTER.key.public(), ecdsa.generate("secp256k1").public()):
        written: Json = {**key_types.public_to_jwk(key)}
        assert key_types.verifying_from_jwk({**written, "alg": key.algorithm}) == key
        for name in ("eddsa", "ed25519", "Ed448", "ESP256", "ES256K1", "", 5):
            with pytest.raises(UnusableKey):
                key_types.verifying_from_jwk({**written, "alg": name})
