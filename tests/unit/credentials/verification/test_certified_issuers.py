"""SD-JWT VCs and status lists whose signers certificates name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest

from ipse.credentials import jws, verifier
from ipse.credentials.formats import claimed, sd_jwt
from ipse.credentials.policy import NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Outcome
from ipse.credentials.status import Published, status_list_cwt, token_status_list
from ipse.dids import did_jwk
from ipse.encoding import base64url
from ipse.errors import Undetermined
from ipse.keys import key_types
from tests.authorities import DAY, NOW, Held, root

ISSUERS = root("PID Root CA")
LISTS = root("Status Root CA")
VCT = "urn:eudi:pid:1"
URL = "https://lists.example/1"
HTTPS = "https://pid.example/issuer"
ISSUER = ISSUERS.authority("PID Issuing CA").leaf("PID Provider", dns_names=("pid.example",))
LISTER = LISTS.leaf("List Provider", dns_names=("lists.example",))
KEPT: Any = Policy(issuer_anchors=(ISSUERS.value,), status_anchors=(LISTS.value,), challenge=NO_CHALLENGE)


def credential(signer: Held = ISSUER, *, key: Any = None, x5c: Any = None, **claims: Any) -> str:
    content = {"vct": VCT, "iat": int(NOW.timestamp()), "family_name": "Ada", **claims}
    return sd_jwt.issue(
        content,
        disclosable=[("family_name",)],
        signer=key or signer.signing_key,
        typ=sd_jwt.VC_TYPE,
        x5c=signer.x5c if x5c is None else x5c,
    )


def verified(text: str, policy: Policy = KEPT, **sources: Any) -> verifier.Verification:
    return verifier.verify(text, policy=policy, now=NOW, sources=Sources(**sources))


def code(text: str, check: str, policy: Policy = KEPT, **sources: Any) -> tuple[Outcome, str]:
    found = verified(text, policy, **sources).report.check(check)
    return found.outcome, found.code


def unreachable(url: str) -> Published:
    raise AssertionError(f"{url} is fetched")


class TestIssuer:
    def test_without_iss_the_issuer_is_the_subject_of_the_certificate(self) -> None:
        found = verified(credential())
        assert found.report.outcome is Outcome.PASSED
        assert found.verified is not None
        assert found.verified.to_json()["issuer"] == "CN=PID Provider"
        assert "leads to PID Root CA" in found.report.check("issuer").reason
        assert found.report.check("trust").value == "CN=PID Root CA"
        assert found.report.check("purpose").outcome is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize(
        ("iss", "names"),
        [
            (HTTPS, {}),
            ("https://pid.example", {}),
            ("https://pid.example", {"dns_names": ("PID.example",)}),
            (HTTPS, {"dns_names": (), "uris": (HTTPS,)}),
            ("urn:pid:1", {"uris": ("urn:pid:1",)}),
        ],
    )
    def test_an_iss_that_the_certificate_names_is_the_issuer(self, iss: str, names: dict[str, Any]) -> None:
        signer = ISSUERS.leaf("PID Provider", **{"dns_names": ("pid.example",), **names})
        found = verified(credential(signer, iss=iss))
        assert found.report.outcome is Outcome.PASSED
        assert found.content is not None
        assert found.content.issuer == iss

    @pytest.mark.parametrize(
        "iss",
        [
            "https://bank.example",
            "https://pid.example.bank.example",
            "https://pid.example@bank.example/",
            "https://bank.example/pid.example",
            "https://bank.example\\pid.example",
            "http://pid.example",
            "pid.example",
            "CN=PID Provider",
            "urn:pid:1",
        ],
    )
    def test_an_iss_that_the_certificate_does_not_name_is_refused(self, iss: str) -> None:
        assert code(credential(iss=iss), "issuer") == (Outcome.FAILED, "issuer-not-in-certificate")

    def test_a_wildcard_names_no_issuer(self) -> None:
        signer = ISSUERS.leaf(dns_names=("*.pid.example",))
        text = credential(signer, iss="https://a.pid.example")
        assert code(text, "issuer") == (Outcome.FAILED, "issuer-not-in-certificate")

    def test_no_name_of_a_certificate_is_taken_for_a_did(self) -> None:
        signer = ISSUERS.leaf("did:web:bank.example")
        found = verified(credential(signer))
        assert found.content is not None
        assert not found.content.issuer.startswith("did:")

    def test_what_is_claimed_names_the_subject_too(self) -> None:
        assert claimed(credential()).issuer == "CN=PID Provider"
        assert claimed(credential(iss=HTTPS)).issuer == HTTPS
        assert claimed(credential(x5c=["!"])).issuer == ""


class TestTrust:
    def test_without_an_authority_it_is_undetermined_whoever_is_accepted(self) -> None:
        for policy in (
            Policy(challenge=NO_CHALLENGE),
            Policy(any_issuer=True, challenge=NO_CHALLENGE),
            Policy(trusted={HTTPS: ["*"]}, challenge=NO_CHALLENGE),
            replace(KEPT, issuer_anchors=KEPT.status_anchors),
        ):
            found = code(credential(), "issuer", policy)
            assert found == (Outcome.UNDETERMINED, "untrusted-certificate"), policy

    def test_any_issuer_that_a_trusted_authority_names_is_accepted(self) -> None:
        policy = replace(KEPT, any_issuer=True)
        assert verified(credential(), policy).report.outcome is Outcome.PASSED

    def test_where_issuers_are_named_an_authority_vouches_for_no_other(self) -> None:
        policy = replace(KEPT, issuers=frozenset({HTTPS}))
        assert verified(credential(iss=HTTPS), policy).report.outcome is Outcome.PASSED
        status = token_status_list.build_reference(uri=URL, index=1)
        for text in (credential(status=status), credential(status=status, iss="https://pid.example/other")):
            found = verified(text, policy, fetch=unreachable).report.check("trust")
            assert (found.outcome, found.code) == (Outcome.FAILED, "issuer-not-asked-for")

    def test_a_trust_list_beside_the_authority_is_not_asked(self) -> None:
        policy = replace(KEPT, trusted={"https://other.example": ["*"]})
        assert verified(credential(iss=HTTPS), policy).report.outcome is Outcome.PASSED

    @pytest.mark.parametrize(
        "signer",
        [
            ISSUERS.leaf(not_before=NOW - 9 * DAY, not_after=NOW - DAY),
            ISSUERS.leaf().leaf("Forged"),
            root("PID Root CA").leaf(),
        ],
        ids=["expired", "issued-by-a-leaf", "same-name-other-key"],
    )
    def test_a_chain_with_a_fault_fails(self, signer: Held) -> None:
        assert verified(credential(signer)).report.outcome is Outcome.FAILED

    def test_another_key_than_that_of_the_certificate_fails(self) -> None:
        text = credential(key=key_types.generate("P-256"))
        assert code(text, "proof")[0] is Outcome.FAILED

    def test_nothing_is_fetched_for_what_leads_to_no_authority(self) -> None:
        reference = token_status_list.build_reference(uri=URL, index=1)
        text = credential(root("Nobody").leaf(), status=reference)
        report = verified(text, fetch=unreachable, resolve=unreachable).report
        assert report.outcome is Outcome.UNDETERMINED
        stranger = credential(root("Nobody").leaf(dns_names=("pid.example",)), iss=HTTPS)
        report = verified(stranger, fetch=unreachable, resolve=unreachable).report
        assert report.outcome is Outcome.UNDETERMINED

    def test_a_did_is_proved_by_its_document_and_never_by_a_certificate(self) -> None:
        key = key_types.private_key("P-256", bytes(range(1, 33)))
        did = did_jwk.from_public_key(key.public())
        assert verified(credential(iss=did)).report.outcome is Outcome.FAILED
        policy = Policy(issuers={did}, challenge=NO_CHALLENGE)
        assert verified(credential(iss=did), policy).report.outcome is Outcome.FAILED
        own = ISSUERS.leaf(uris=(did,))
        assert verified(credential(own, iss=did), policy).report.outcome is Outcome.FAILED

    def test_an_https_issuer_that_is_accepted_by_name_may_publish_its_keys_as_well(self) -> None:
        jwk = {**key_types.public_to_jwk(ISSUER.signing_key.public())}

        def fetch(url: str) -> Published:
            assert url == "https://pid.example/.well-known/jwt-vc-issuer/issuer"
            body = jws.encode_json({"issuer": HTTPS, "jwks": {"keys": [jwk]}})
            return Published(url, body, NOW)

        for policy in (
            Policy(issuers={HTTPS}, challenge=NO_CHALLENGE),
            Policy(trusted={HTTPS: [VCT]}, challenge=NO_CHALLENGE),
        ):
            found = verified(credential(iss=HTTPS), policy, fetch=fetch)
            assert found.report.outcome is Outcome.PASSED
        assert (
            code(credential(iss=HTTPS), "trust", Policy(trusted={"did:key:z6Mk": ["*"]}))[0] is Outcome.FAILED
        )


def status_list(signer: Held = LISTER, *, bits: bytes = b"\0\0\0", key: Any = None, **claims: Any) -> str:
    content = token_status_list.build_claims(
        uri=URL, packed=token_status_list.pack(bits, 1), bits=1, issued=NOW, expires=NOW + DAY
    )
    return token_status_list.sign(
        {**content, **claims}, key or signer.signing_key, key_id=None, x5c=signer.x5c
    )


LISTED = credential(status=token_status_list.build_reference(uri=URL, index=1))


def judged(text: str, policy: Policy = KEPT, presented: str = LISTED) -> tuple[Outcome, str]:
    def fetch(url: str) -> Published:
        return Published(url, text.encode(), NOW)

    found = verified(presented, policy, fetch=fetch).report.check("status")
    return found.outcome, found.reason


class TestStatusLists:
    def test_a_list_of_a_trusted_list_provider_counts(self) -> None:
        assert judged(status_list())[0] is Outcome.PASSED
        assert judged(status_list(bits=b"\0\1\0"))[0] is Outcome.FAILED
        assert judged(status_list(iss="https://lists.example"))[0] is Outcome.PASSED

    def test_it_counts_for_the_credential_of_a_did_as_well(self) -> None:
        key = key_types.private_key("P-256", bytes(range(1, 33)))
        did = did_jwk.from_public_key(key.public())
        reference = token_status_list.build_reference(uri=URL, index=1)
        text = sd_jwt.issue(
            {"iss": did, "vct": VCT, "status": reference}, disclosable=[], signer=key, typ=sd_jwt.VC_TYPE
        )
        policy = Policy(issuers={did}, status_anchors=(LISTS.value,), challenge=NO_CHALLENGE)
        assert judged(status_list(), policy, text)[0] is Outcome.PASSED
        assert judged(status_list(), replace(policy, status_anchors=()), text)[0] is Outcome.UNDETERMINED

    def test_the_issuer_may_sign_its_own_list_with_its_certificate(self) -> None:
        policy = replace(KEPT, status_anchors=())
        assert judged(status_list(ISSUER), policy)[0] is Outcome.PASSED
        renewed = ISSUERS.leaf("PID Provider")
        assert judged(status_list(renewed), policy)[0] is Outcome.PASSED

    @pytest.mark.parametrize(
        ("signer", "reason"),
        [
            (ISSUERS.leaf("Another Provider"), "not trusted for status lists"),
            (root("Nobody").leaf(), "who is not trusted here"),
            (LISTS.leaf(not_before=NOW - 9 * DAY, not_after=NOW - timedelta(seconds=1)), "expired"),
            (LISTS.leaf().leaf("Forged"), "not that of an authority"),
        ],
        ids=["another-provider-of-the-issuers-authority", "nobody", "expired", "issued-by-a-leaf"],
    )
    def test_a_list_of_anybody_else_leaves_the_status_undetermined(self, signer: Held, reason: str) -> None:
        outcome, said = judged(status_list(signer))
        assert outcome is Outcome.UNDETERMINED
        assert reason in said

    def test_a_list_signed_with_another_key_or_of_another_url_or_name_is_not_relied_on(self) -> None:
        for text in (
            status_list(key=ISSUER.signing_key),
            status_list(sub="https://lists.example/2"),
            status_list(iss="https://bank.example"),
        ):
            assert judged(text)[0] is Outcome.UNDETERMINED

    def test_nobody_names_a_list_but_its_certificates_or_the_issuers_own_key(self) -> None:
        text = token_status_list.sign(
            token_status_list.build_claims(
                uri=URL, packed=token_status_list.pack(b"\0\0", 1), bits=1, issued=NOW
            ),
            LISTER.signing_key,
            key_id="1",
        )
        assert judged(text)[0] is Outcome.UNDETERMINED


def test_undetermined_says_how_an_authority_is_trusted() -> None:
    with pytest.raises(Undetermined) as caught:
        verified(credential(root("Nobody").leaf())).report.raise_unless_passed("the credential")
    assert "Nobody" in caught.value.message


class TestCwtLists:
    """The same in a CWT, whose certificates are in `x5chain`."""

    @staticmethod
    def made(x5chain: object, *, protected: bool, key: Any = None) -> bytes:
        compressed = base64url.decode(
            str(
                token_status_list.build_claims(
                    uri=URL, packed=token_status_list.pack(b"\0\0\0", 1), bits=1, issued=NOW
                )["status_list"]["lst"]
            )
        )
        payload = cbor2.dumps({2: URL, 6: int(NOW.timestamp()), 65533: {"bits": 1, "lst": compressed}})
        header: dict[int, object] = {1: -7, 16: status_list_cwt.CWT_TYPE}
        chain: dict[int, object] = {33: x5chain}
        signed = cbor2.dumps({**header, **chain} if protected else header)
        signer = key or LISTER.signing_key
        signature = signer.sign(cbor2.dumps(["Signature1", signed, b"", payload]))
        return cbor2.dumps([signed, {} if protected else chain, payload, signature])

    @staticmethod
    def outcome(body: bytes) -> Outcome:
        found = verified(LISTED, fetch=lambda url: Published(url, body, NOW))
        return found.report.check("status").outcome

    @pytest.mark.parametrize("protected", [True, False])
    def test_one_certificate_or_several_lead_to_the_authority(self, protected: bool) -> None:
        issuing = LISTS.authority("Lists CA")
        below = issuing.leaf("List Provider")
        chain = [below.der, issuing.der]
        assert self.outcome(self.made(LISTER.der, protected=protected)) is Outcome.PASSED
        made = self.made(chain, protected=protected, key=below.signing_key)
        assert self.outcome(made) is Outcome.PASSED

    @pytest.mark.parametrize(
        "x5chain", [[], "x", [1], {}, [LISTER.der, LISTS.der], root("Nobody").leaf().der]
    )
    def test_anything_else_leaves_the_status_undetermined(self, x5chain: object) -> None:
        assert self.outcome(self.made(x5chain, protected=True)) is Outcome.UNDETERMINED

    def test_another_key_than_that_of_the_certificate_does_too(self) -> None:
        made = self.made(LISTER.der, protected=True, key=ISSUER.signing_key)
        assert self.outcome(made) is Outcome.UNDETERMINED
