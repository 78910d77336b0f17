"""What is asked beyond the signature: whose word it is, what the issuer's lists say, several proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from ipse.credentials import verifier
from ipse.credentials.policy import ANY_TYPE, NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Check, Outcome
from ipse.credentials.status import Published
from ipse.credentials.verifier import Verification
from ipse.encoding import strict_json
from ipse.errors import StorageError, Undetermined
from ipse.keys import key_types
from tests.corpus import status_faults
from tests.corpus.building import (
    HOLDER,
    ISSUER,
    MINTER,
    NOW,
    PEER,
    STRANGER,
    Json,
    Party,
    changed,
    credential,
    jwt,
    presentation,
    presented,
    proof,
    w3c,
)
from tests.corpus.found import document_of
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import DEGREE, claims, digest, disclosure, sd_jwt

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED
VCT: Final = "https://issuer.example/degree"
FROM_ISSUER: Final = Policy(issuers=frozenset({ISSUER.did, MINTER.did}))


def fetching(published: dict[str, Json | str | bytes]) -> Callable[[str], Published]:
    """Finds what is in `published`, by URL, and nothing else."""

    def fetch(url: str) -> Published:
        if url not in published:
            raise Undetermined(f"{url} does not answer")
        content = published[url]
        text = strict_json.pretty(content) if isinstance(content, dict) else content
        return Published(url, text if isinstance(text, bytes) else text.encode(), NOW)

    return fetch


def verify(document: Json | str, policy: Policy = FROM_ISSUER, **sources: Any) -> Verification:
    return verifier.verify(document, policy=policy, now=NOW, sources=Sources(**sources))


def check(found: Verification, name: str) -> Check:
    return next(check for check in found.report.checks if check.name == name)


def trusting(*types: str, issuer: str = ISSUER.did) -> Policy:
    return Policy(trusted={issuer: frozenset(types)})


class TestTrustByType:
    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    @pytest.mark.parametrize(
        ("types", "trusted", "expected"),
        [
            (["DegreeCredential"], ["DegreeCredential"], PASSED),
            (["DegreeCredential"], ["DoctorCredential"], FAILED),
            (["DegreeCredential"], ["degreecredential"], FAILED),
            (["DegreeCredential"], ["VerifiableCredential"], FAILED),
            (["DegreeCredential"], [ANY_TYPE], PASSED),
            (["DegreeCredential"], [], FAILED),
            (["DegreeCredential", "DoctorCredential"], ["DegreeCredential"], FAILED),
            (["DegreeCredential", "DoctorCredential"], ["DegreeCredential", "DoctorCredential"], PASSED),
            (["DoctorCredential", "DegreeCredential"], ["DegreeCredential", "X"], FAILED),
            ([], ["VerifiableCredential"], PASSED),
            ([], ["DegreeCredential"], FAILED),
            (["*"], ["DegreeCredential"], FAILED),
        ],
    )
    def test_every_type_that_is_claimed_must_be_one_the_issuer_is_trusted_for(
        self, form: str, types: list[str], trusted: list[str], expected: Outcome
    ) -> None:
        document = credential(type=["VerifiableCredential", *types])
        found = verify(w3c(document) if form == "w3c" else jwt(document), trusting(*trusted))
        assert check(found, "trust").outcome is expected
        assert found.report.outcome is expected

    @pytest.mark.parametrize(
        ("trusted", "expected"),
        [([VCT], PASSED), ([VCT + "/"], FAILED), (["VerifiableCredential"], FAILED), ([ANY_TYPE], PASSED)],
    )
    def test_the_type_of_an_sd_jwt_is_its_vct(self, trusted: list[str], expected: Outcome) -> None:
        assert check(verify(sd_jwt(claims()), trusting(*trusted)), "trust").outcome is expected

    def test_other_names_of_a_vct_are_not_believed(self) -> None:
        # aka_vcts is the issuer's claim that the type is also another one, which it may not be trusted for.
        text = sd_jwt(claims(vct="https://issuer.example/other", aka_vcts=[VCT]))
        assert check(verify(text, trusting(VCT)), "trust").outcome is FAILED

    def test_an_issuer_that_is_not_in_the_list_fails(self) -> None:
        found = verify(w3c(credential()), trusting(ANY_TYPE, issuer=STRANGER.did))
        assert check(found, "trust").outcome is FAILED

    def test_an_empty_trust_list_leaves_it_open(self) -> None:
        assert check(verify(w3c(credential()), Policy()), "trust").outcome is UNDETERMINED

    def test_issuers_that_are_asked_for_go_before_the_trust_list(self) -> None:
        policy = Policy(issuers=frozenset({STRANGER.did}), trusted={ISSUER.did: frozenset({ANY_TYPE})})
        assert check(verify(w3c(credential()), policy), "trust").outcome is FAILED

    def test_each_credential_of_a_presentation_is_judged_by_its_own_type(self) -> None:
        other = credential(MINTER, type=["VerifiableCredential", "DoctorCredential"])
        answer = presented(presentation(w3c(credential()), enveloped(jwt(other, MINTER))))
        policy = Policy(
            trusted={
                ISSUER.did: frozenset({"DegreeCredential"}),
                MINTER.did: frozenset({"DegreeCredential"}),
            },
            challenge=NO_CHALLENGE,
        )
        found = verify(answer, policy)
        assert [part.report.outcome for part in found.credentials] == [UNDETERMINED, FAILED]
        assert check(found.credentials[1], "trust").code == "type-not-trusted"


class TestPublishedKeys:
    """SD-JWT VCs of issuers that publish their keys at an https URL."""

    SITE: Final = "https://issuer.example/tenant/1"
    METADATA: Final = "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"
    KEYS: Final = "https://issuer.example/keys"

    def key(self, kid: str | None = "key-1", by: Party = ISSUER) -> Json:
        return {**key_types.public_to_jwk(by.key.public()), **({} if kid is None else {"kid": kid})}

    def metadata(self, *keys: Json, **changes: Any) -> Json:
        return changed({"issuer": self.SITE, "jwks": {"keys": list(keys)}}, **changes)

    def found(
        self, published: dict[str, Any], *, kid: Any = "key-1", by: Party = ISSUER, site: str = SITE
    ) -> Verification:
        text = sd_jwt(claims(iss=site), by=by, kid=kid)
        return verify(text, Policy(issuers=frozenset({site})), fetch=fetching(published))

    def test_a_key_in_the_metadata_signs_for_the_issuer(self) -> None:
        found = self.found({self.METADATA: self.metadata(self.key("key-0", STRANGER), self.key())})
        assert found.report.outcome is PASSED
        assert check(found, "purpose").outcome is NOT_APPLICABLE

    def test_a_key_at_another_url_of_the_metadata_does_too(self) -> None:
        metadata = self.metadata(jwks=..., jwks_uri=self.KEYS)
        assert (
            self.found({self.METADATA: metadata, self.KEYS: {"keys": [self.key()]}}).report.outcome is PASSED
        )

    def test_the_only_key_needs_no_name(self) -> None:
        published = {self.METADATA: self.metadata(self.key(None))}
        assert self.found(published, kid=...).report.outcome is PASSED

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://issuer.example/tenant/2"},
            {"issuer": ...},
            {"issuer": "https://issuer.example/tenant/1/"},
            {"jwks": ...},
            {"jwks": {"keys": []}},
            {"jwks": {"keys": {}}},
            {"jwks": []},
            {"jwks": {"keys": [{"kid": "key-1", "kty": "OKP", "crv": "Ed25519", "x": "AA"}]}},
            {"jwks": ..., "jwks_uri": "http://issuer.example/keys"},
            {"jwks": ..., "jwks_uri": 5},
        ],
    )
    def test_metadata_that_does_not_give_the_issuers_key_fails(self, metadata: Json) -> None:
        found = self.found({self.METADATA: self.metadata(self.key(), **metadata)})
        assert found.report.decisive.name == "issuer"
        assert found.report.outcome is FAILED

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"use": "sig", "key_ops": ["verify"], "alg": "EdDSA"}, PASSED),
            ({"use": "enc"}, FAILED),
            ({"key_ops": ["encrypt"]}, FAILED),
            ({"key_ops": "verify"}, FAILED),
            ({"alg": "ES256"}, FAILED),
            ({"d": "AAAA"}, FAILED),
        ],
    )
    def test_a_key_that_is_published_for_something_else_fails(self, said: Json, expected: Outcome) -> None:
        found = self.found({self.METADATA: self.metadata({**self.key(), **said})})
        assert check(found, "issuer").outcome is expected

    def test_two_keys_of_one_name_fail(self) -> None:
        published = {self.METADATA: self.metadata(self.key(), self.key(by=STRANGER))}
        assert check(self.found(published), "issuer").outcome is FAILED

    @pytest.mark.parametrize("kid", ["key-2", ...])
    def test_a_key_that_is_not_published_fails(self, kid: Any) -> None:
        published = {self.METADATA: self.metadata(self.key(), self.key("key-0", STRANGER))}
        assert check(self.found(published, kid=kid), "issuer").outcome is FAILED

    def test_a_signature_by_another_key_fails(self) -> None:
        found = self.found({self.METADATA: self.metadata(self.key())}, by=STRANGER)
        assert check(found, "proof").outcome is FAILED

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"\xff", b'{"issuer":1,"issuer":2}'])
    def test_what_is_no_metadata_leaves_it_open(self, content: bytes) -> None:
        found = self.found({self.METADATA: content})
        assert check(found, "issuer").outcome is UNDETERMINED
        assert found.report.outcome is UNDETERMINED

    def test_metadata_out_of_reach_leaves_it_open(self) -> None:
        found = self.found({})
        assert found.report.outcome is UNDETERMINED
        assert found.report.decisive.name == "issuer"

    def test_a_network_that_fails_leaves_it_open(self) -> None:
        def fetch(url: str) -> Published:
            raise StorageError("the disk is full")

        found = verify(sd_jwt(claims(iss=self.SITE)), fetch=fetch)
        assert found.report.outcome is not PASSED

    @pytest.mark.parametrize(
        "site",
        ["https://issuer.example?x=1", "https://issuer.example#x", "http://issuer.example", "issuer", ""],
    )
    def test_an_issuer_that_is_no_such_url_never_passes(self, site: str) -> None:
        asked: list[str] = []

        def fetch(url: str) -> Published:
            asked.append(url)
            raise Undetermined("nothing is there")

        found = verify(sd_jwt(claims(iss=site)), fetch=fetch)
        assert found.report.outcome is not PASSED
        assert asked == []

    def test_nothing_is_fetched_for_an_issuer_with_a_did(self) -> None:
        assert verify(sd_jwt(claims())).report.outcome is PASSED


LISTS: Final = status_faults.published()


def with_lists(**changes: Json | str) -> Callable[[str], Published]:
    site = "https://issuer.example/status/"
    return fetching({**LISTS, **{site + name: content for name, content in changes.items()}})


class TestStatus:
    def test_both_kinds_of_lists_are_read(self) -> None:
        for good in status_faults.good():
            found = verify(good.content, fetch=with_lists())
            assert check(found, "status").outcome is PASSED
            assert found.report.outcome is PASSED

    @pytest.mark.parametrize(
        ("name", "expected", "word"),
        [
            ("w3c-revoked", FAILED, "revoked"),
            ("w3c-expired", UNDETERMINED, "expired"),
            ("w3c-of-another-issuer", UNDETERMINED, ""),
            ("w3c-unsigned", UNDETERMINED, "proof"),
            ("w3c-bomb", UNDETERMINED, "MiB"),
        ],
    )
    def test_a_vc_jwt_is_looked_up_as_well(self, name: str, expected: Outcome, word: str) -> None:
        document = credential(credentialStatus=status_faults._entry(name))
        found = verify(jwt(document), fetch=with_lists())
        assert check(found, "status").outcome is expected
        assert word in check(found, "status").reason
        assert found.report.outcome is expected

    def test_a_list_may_be_a_token_itself(self) -> None:
        document = credential(credentialStatus=status_faults._entry("w3c-good"))
        fetch = with_lists(**{"w3c-good": jwt(status_faults._list("w3c-good"))})
        assert verify(w3c(document), fetch=fetch).report.outcome is PASSED
        stolen = jwt(status_faults._list("w3c-good"), STRANGER)
        found = verify(w3c(document), fetch=with_lists(**{"w3c-good": stolen}))
        assert check(found, "status").outcome is UNDETERMINED

    def test_a_list_is_never_a_presentation(self) -> None:
        answer = presented(presentation(w3c(status_faults._list("w3c-good"))))
        document = credential(credentialStatus=status_faults._entry("w3c-good"))
        found = verify(w3c(document), fetch=with_lists(**{"w3c-good": answer}))
        assert check(found, "status").outcome is UNDETERMINED

    @pytest.mark.parametrize("name", sorted(url.rpartition("/")[2] for url in LISTS))
    def test_of_no_list_but_the_good_one_a_credential_passes(self, name: str) -> None:
        token = name.startswith("token-")
        made = (
            status_faults._with_token(name)
            if token
            else w3c(credential(credentialStatus=status_faults._entry(name)))
        )
        found = verify(made, fetch=with_lists())
        assert (found.report.outcome is PASSED) == name.endswith("-good")

    def test_each_list_is_fetched_once_and_kept_as_long_as_it_says(self) -> None:
        asked: list[str] = []
        kept: list[tuple[str, bool]] = []

        def fetch(url: str) -> Published:
            asked.append(url)
            return with_lists()(url)

        entries = [status_faults._entry("w3c-good", statusListIndex=str(number)) for number in range(3)]
        entries.append(status_faults._entry("w3c-unsigned"))
        verify(
            w3c(credential(credentialStatus=entries)),
            fetch=fetch,
            keep=lambda published, until: kept.append((published.url.rpartition("/")[2], until is not None)),
        )
        assert len(asked) == 2
        assert kept == [("w3c-good", True), ("w3c-unsigned", False)]

    def test_nothing_is_looked_up_of_what_nobody_signed(self) -> None:
        def fetch(url: str) -> Published:
            pytest.fail("a stranger led the verifier to a URL")

        document = w3c(credential(credentialStatus=status_faults._entry("w3c-good")), STRANGER)
        assert verify(document, fetch=fetch).report.outcome is FAILED

    def test_revoked_goes_before_what_could_not_be_determined(self) -> None:
        entries = [status_faults._entry("w3c-unsigned"), status_faults._entry("w3c-revoked")]
        found = verify(w3c(credential(credentialStatus=entries)), fetch=with_lists())
        assert check(found, "status").outcome is FAILED

    def test_a_credential_in_a_presentation_is_looked_up(self) -> None:
        revoked = w3c(credential(credentialStatus=status_faults._entry("w3c-revoked")))
        policy = Policy(issuers=frozenset({ISSUER.did}), challenge=NO_CHALLENGE)
        found = verify(presented(presentation(revoked)), policy, fetch=with_lists())
        assert check(found.credentials[0], "status").outcome is FAILED
        assert check(found, "status").outcome is NOT_APPLICABLE

    def test_a_self_asserted_credential_is_looked_up(self) -> None:
        own = credential(HOLDER, credentialStatus=status_faults._entry("w3c-good"))
        policy = Policy(issuers=frozenset({HOLDER.did}), challenge=NO_CHALLENGE)
        found = verify(presented(presentation(own)), policy, fetch=with_lists())
        assert check(found.credentials[0], "status").outcome is UNDETERMINED


class TestSeveralProofs:
    def proofs(self, *made: Json) -> Verification:
        return verify({**credential(), "proof": list(made)})

    def test_a_set_by_several_dids_passes_where_all_hold(self) -> None:
        own, other = proof(credential()), proof(credential(), STRANGER)
        ecdsa = proof(credential(), MINTER, suite="ecdsa-jcs-2019")
        for proofs in ([own, other], [other, own], [own, other, ecdsa]):
            found = self.proofs(*proofs)
            assert found.report.outcome is PASSED
            assert document_of(found) == credential()

    def test_the_issuers_own_must_be_among_them(self) -> None:
        found = self.proofs(proof(credential(), STRANGER), proof(credential(), HOLDER))
        assert check(found, "proof").outcome is FAILED

    @pytest.mark.parametrize("position", [0, 1])
    @pytest.mark.parametrize(
        ("other", "name", "expected"),
        [
            ({"proofValue": "z" + "2" * 86}, "proof", FAILED),
            ({"created": "2026-02-02T00:00:00Z"}, "proof", FAILED),
            ({"cryptosuite": "bbs-2023"}, "proof", UNDETERMINED),
            ({"verificationMethod": "did:example:x#key"}, "proof", UNDETERMINED),
            ({"verificationMethod": "did:key:z#z"}, "proof", FAILED),
            ({"verificationMethod": HOLDER.method}, "proof", FAILED),
        ],
    )
    def test_one_that_does_not_hold_spoils_the_set(
        self, position: int, other: Json, name: str, expected: Outcome
    ) -> None:
        made = [proof(credential())]
        made.insert(position, {**proof(credential(), STRANGER), **other})
        found = self.proofs(*made)
        assert check(found, name).outcome is expected
        assert found.report.outcome is expected

    @pytest.mark.parametrize("position", [0, 1])
    def test_each_is_made_to_assert_by_a_key_that_is_listed_for_it(self, position: int) -> None:
        for other in (
            proof(credential(), STRANGER, proofPurpose="authentication"),
            proof(credential(), PEER),
        ):
            made = [proof(credential())]
            made.insert(position, other)
            assert check(self.proofs(*made), "purpose").outcome is FAILED

    @pytest.mark.parametrize("position", [0, 1])
    def test_the_first_to_expire_ends_them_all(self, position: int) -> None:
        made = [proof(credential())]
        made.insert(position, proof(credential(), STRANGER, expires="2026-06-30T00:00:00Z"))
        assert check(self.proofs(*made), "time").outcome is FAILED

    def test_a_chain_signs_the_proofs_before_it(self) -> None:
        own = proof(credential(), id="urn:uuid:1")
        witnessed = proof(
            {**credential(), "proof": [own]}, STRANGER, id="urn:uuid:2", previousProof="urn:uuid:1"
        )
        assert self.proofs(own, witnessed).report.outcome is PASSED
        assert check(self.proofs(witnessed), "proof").outcome is FAILED
        again = proof(credential(), id="urn:uuid:1", created="2026-01-02T00:00:00Z")
        assert check(self.proofs(again, witnessed), "proof").outcome is FAILED
        assert check(self.proofs({**own, "id": "urn:uuid:3"}, witnessed), "proof").outcome is FAILED

    def test_proofs_of_two_canonical_forms_can_be_together(self) -> None:
        found = self.proofs(proof(credential()), proof(credential(), STRANGER, suite="eddsa-rdfc-2022"))
        assert found.report.outcome is PASSED

    def test_what_rdf_would_lose_spoils_a_set_in_which_one_signs_rdf(self) -> None:
        more = credential(credentialSubject={"id": HOLDER.did, "undefined": "x", "degree": "x"})
        less = credential(credentialSubject={"id": HOLDER.did, "degree": "x"})
        rdf = proof(less, STRANGER, suite="eddsa-rdfc-2022")
        assert verify({**more, "proof": [proof(more), rdf]}).report.outcome is FAILED

    def test_the_fewest_contexts_that_any_of_them_signed_come_back(self) -> None:
        whole = credential()
        more = {**whole, "@context": [*whole["@context"], {"extra": "https://evil.example/#extra"}]}
        found = verify({**more, "proof": [proof(more, STRANGER), proof(whole)]})
        assert found.report.outcome is PASSED
        assert document_of(found) == whole


class TestOldSdJwtType:
    """vc+sd-jwt was the type of SD-JWT VCs, and is the type of W3C credentials in an SD-JWT."""

    def test_an_sd_jwt_vc_of_the_old_type_passes(self) -> None:
        assert verify(sd_jwt(claims(), typ="vc+sd-jwt")).report.outcome is PASSED

    @pytest.mark.parametrize("validity", [{}, {"validUntil": "2026-01-02T00:00:00Z"}])
    @pytest.mark.parametrize("more", [{}, {"vct": VCT}])
    def test_a_w3c_credential_in_an_sd_jwt_never_passes_by_the_rules_of_another_format(
        self, validity: Json, more: Json
    ) -> None:
        payload = {**credential(**validity), "iss": ISSUER.did, **more}
        found = verify(jwt(payload, typ="vc+sd-jwt") + "~")
        assert found.report.outcome is UNDETERMINED

    @pytest.mark.parametrize("name", ["exp", "cnf", "status", "nbf"])
    def test_what_a_verifier_has_to_see_is_not_disclosed_selectively_either(self, name: str) -> None:
        values: dict[str, Any] = {
            "exp": 1_900_000_000,
            "nbf": 1,
            "cnf": {"jwk": key_types.public_to_jwk(HOLDER.key.public())},
            "status": {"status_list": {"idx": 0, "uri": "https://issuer.example/status/token-good"}},
        }
        text = disclosure(name, values[name])
        payload = claims(**{name: ..., "_sd": [digest(text), digest(DEGREE)]})
        found = verify(sd_jwt(payload, text, typ="vc+sd-jwt"), fetch=with_lists())
        assert check(found, "data-model").outcome is FAILED
