"""Who asks: each way to prove it, and every way to pass as somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.errors import (
    CertificateRejected,
    IpseError,
    MalformedInput,
    RequestExpired,
    RequestTampered,
    Undetermined,
    UntrustedCertificate,
    WrongOrigin,
)
from ipse.keys import encryption, key_types
from ipse.keys.encryption import new_key
from ipse.protocols.openid4vp import CertificateProof, DidProof, NoProof, VerifierAttestation
from tests import authorities
from tests.unit.protocols.openid4vp.material import (
    ATTESTED,
    ATTESTER,
    BY_ADDRESS,
    DID,
    HOST,
    ISSUING,
    KEY,
    LEAF,
    NOW,
    OTHER,
    RESPONSE_URI,
    ROOT,
    WEB,
    X509_DNS,
    X509_HASH,
    attestation,
    by_each,
    claims,
    parse,
    signed,
    unsecured,
)

DAY = timedelta(days=1)
SOMEBODY = authorities.root("Somebody").leaf()


class TestGood:
    @pytest.mark.parametrize(
        ("client_id", "proof", "party", "name"),
        [
            (X509_HASH, CertificateProof, f"https://{HOST}", "Example Verifier"),
            (X509_DNS, CertificateProof, f"https://{HOST}", "Example Verifier"),
            (f"decentralized_identifier:{WEB}", DidProof, f"https://{HOST}", WEB),
            (f"decentralized_identifier:{DID}", DidProof, DID, DID),
            (ATTESTED, VerifierAttestation, f"{ATTESTED};https://attester.example", "shop"),
        ],
        ids=["hash", "dns", "web", "key", "attested"],
    )
    def test_a_signed_request_says_who_asks_and_by_what_it_is_proved(
        self, client_id: str, proof: type, party: str, name: str
    ) -> None:
        request = parse(signed(client_id))
        assert isinstance(request.client.proof, proof)
        assert (request.client_id, request.party, request.client.name) == (client_id, party, name)
        assert (request.signed, request.reply_to, request.state) == (True, RESPONSE_URI, "s1")
        assert request.reply.encryption is not None

    def test_an_unsigned_request_proves_nothing(self) -> None:
        request = parse(claims(BY_ADDRESS))
        assert (request.client.proof, request.signed) == (NoProof(), False)
        assert [request.party, request.origin] == [f"https://{HOST}"] * 2

    def test_the_chain_of_the_certificate_is_kept(self) -> None:
        proof = parse(signed()).client.proof
        assert isinstance(proof, CertificateProof)
        assert (proof.chain.leaf, proof.chain.anchor) == (LEAF.value, ROOT.value)

    def test_the_attestation_is_kept(self) -> None:
        proof = parse(signed(ATTESTED)).client.proof
        assert isinstance(proof, VerifierAttestation)
        assert (proof.issuer, proof.subject, proof.expires) == ("https://attester.example", "shop", NOW + DAY)
        assert proof.redirect_uris is None

    @by_each
    def test_iss_is_ignored(self, client_id: str) -> None:
        assert parse(signed(client_id, iss="https://somebody.example")).client_id == client_id

    @by_each
    def test_neither_iat_nor_exp_is_needed_and_both_are_obeyed(self, client_id: str) -> None:
        assert parse(signed(client_id)).expires is None
        past, future = int((NOW - DAY).timestamp()), int((NOW + DAY).timestamp())
        assert parse(signed(client_id, iat=past, exp=future)).expires == NOW + DAY
        late: tuple[dict[str, Any], ...] = ({"exp": past}, {"iat": future}, {"nbf": future})
        for changes in late:
            with pytest.raises(RequestExpired) as caught:
                parse(signed(client_id, **changes))
            assert (caught.value.error_code, caught.value.reply.url) == ("invalid_request", RESPONSE_URI)


class TestSignature:
    @by_each
    def test_another_key_is_not_the_verifiers(self, client_id: str) -> None:
        with pytest.raises(RequestTampered, match="does not fit the key") as caught:
            parse(signed(client_id, key=OTHER))
        assert (caught.value.error_code, caught.value.reply) == ("invalid_request", None)

    @by_each
    @pytest.mark.parametrize(
        "algorithm", ["none", "HS256", "ES384", "EdDSA", "RS256", "es256", "", None, ...]
    )
    def test_no_other_algorithm_can_be_talked_into(self, client_id: str, algorithm: Any) -> None:
        with pytest.raises((RequestTampered, Undetermined)) as caught:
            parse(signed(client_id, {"alg": algorithm}))
        assert caught.value.reply is None

    @by_each
    def test_without_a_signature_it_proves_nothing(self, client_id: str) -> None:
        with pytest.raises(RequestTampered, match="is not signed"):
            parse(unsecured(claims(client_id)))
        with pytest.raises(RequestTampered, match="is not signed"):
            parse(claims(client_id))

    @by_each
    @pytest.mark.parametrize(
        "typ", [..., None, "JWT", "OAUTH-AUTHZ-REQ+JWT", "application/oauth-authz-req+jwt"]
    )
    def test_what_was_signed_as_something_else_is_no_request(self, client_id: str, typ: Any) -> None:
        with pytest.raises(RequestTampered, match="is signed as"):
            parse(signed(client_id, {"typ": typ}))

    @by_each
    def test_a_critical_extension_is_refused(self, client_id: str) -> None:
        with pytest.raises(RequestTampered, match="crit"):
            parse(signed(client_id, {"crit": ["b64"], "b64": False}))

    @by_each
    def test_no_character_can_be_changed_added_or_removed(self, client_id: str) -> None:
        request = signed(client_id)
        for position in range(3, len(request), len(request) // 40):
            for spelling in ("A" if request[position] != "A" else "B", "", request[position] * 2):
                with pytest.raises(IpseError):
                    parse(request[:position] + spelling + request[position + 1 :])

    def test_a_key_in_the_header_or_in_the_metadata_is_never_used(self) -> None:
        jwk = {**key_types.public_to_jwk(OTHER.public()), "kid": "o", "alg": "ECDH-ES"}
        with pytest.raises(RequestTampered, match="does not fit"):
            parse(signed(header={"jwk": jwk}, key=OTHER, client_metadata={"jwks": {"keys": [jwk]}}))


class TestCertificates:
    @pytest.mark.parametrize("client_id", [X509_HASH, X509_DNS], ids=["hash", "dns"])
    @pytest.mark.parametrize("x5c", [..., None])
    def test_a_certificate_is_needed(self, client_id: str, x5c: Any) -> None:
        with pytest.raises(RequestTampered, match="no x5c"):
            parse(signed(client_id, {"x5c": x5c}))

    @pytest.mark.parametrize("x5c", [[], "x", [""], ["AAAA"], [5], [LEAF.x5c[0]] * 20, {}])
    def test_a_malformed_chain_is_rejected(self, x5c: Any) -> None:
        with pytest.raises(CertificateRejected) as caught:
            parse(signed(header={"x5c": x5c}))
        assert caught.value.error_code == "invalid_client"

    def test_the_hash_is_that_of_the_leaf(self) -> None:
        for certificate in (ISSUING, ROOT, SOMEBODY):
            name = f"x509_hash:{base64url.encode(certificate.value.fingerprint)}"
            with pytest.raises(RequestTampered, match="has not the hash"):
                parse(signed(name, {"x5c": LEAF.x5c}))

    @pytest.mark.parametrize(
        "host", ["shop.example", "sub.verifier.example", "example", "verifier.example.evil.example"]
    )
    def test_the_dns_name_is_one_of_the_leaf(self, host: str) -> None:
        with pytest.raises(RequestTampered, match=f"not for {host}"):
            parse(signed(f"x509_san_dns:{host}", {"x5c": LEAF.x5c}, response_uri=f"https://{host}/"))

    def test_the_common_name_is_not_a_dns_name(self) -> None:
        leaf = ISSUING.leaf("shop.example", dns_names=())
        with pytest.raises(RequestTampered, match="no DNS name"):
            parse(signed("x509_san_dns:shop.example", {"x5c": leaf.x5c}, key=leaf.signing_key))

    def test_upper_and_lower_case_of_a_host_are_one(self) -> None:
        assert parse(signed("x509_san_dns:Verifier.Example", {"x5c": LEAF.x5c})).client.name

    @pytest.mark.parametrize(
        "address", ["https://evil.example/r", f"https://www.{HOST}/r", "https://localhost/r"]
    )
    def test_the_answer_to_a_dns_name_goes_there_alone(self, address: str) -> None:
        with pytest.raises(WrongOrigin, match="its answer would go to") as caught:
            parse(signed(X509_DNS, response_uri=address))
        assert caught.value.reply is None
        assert parse(signed(X509_DNS, response_uri=f"https://{HOST}:8443/r")).origin == f"https://{HOST}:8443"

    def test_a_certificate_by_its_hash_may_send_answers_anywhere(self) -> None:
        request = parse(signed(response_uri="https://elsewhere.example/r"))
        party = f"x509:{LEAF.value.subject};{ROOT.value.subject}"
        assert (request.origin, request.party) == ("https://elsewhere.example", party)

    def test_the_same_name_by_two_authorities_is_two_parties(self) -> None:
        other = authorities.root("Another Root")
        leaf = other.leaf()
        assert leaf.value.subject == LEAF.value.subject
        name = f"x509_hash:{base64url.encode(leaf.value.fingerprint)}"
        elsewhere = "https://elsewhere.example/r"
        anchors = (ROOT.value, other.value)
        one = parse(signed(response_uri=elsewhere), anchors=anchors)
        two = parse(
            signed(name, {"x5c": leaf.x5c}, leaf.signing_key, response_uri=elsewhere), anchors=anchors
        )
        assert one.party != two.party

    def test_the_party_outlives_a_renewed_certificate(self) -> None:
        leaf = ISSUING.leaf()
        name = f"x509_hash:{base64url.encode(leaf.value.fingerprint)}"
        for address in (RESPONSE_URI, "https://elsewhere.example/r"):
            renewed = parse(signed(name, {"x5c": leaf.x5c}, leaf.signing_key, response_uri=address))
            assert renewed.party == parse(signed(response_uri=address)).party

    def test_an_authority_that_is_not_trusted_leaves_it_open(self) -> None:
        for anchors in ((), (SOMEBODY.value,), (authorities.root("Another Root").value,)):
            with pytest.raises(UntrustedCertificate) as caught:
                parse(signed(), anchors=anchors)
            assert (caught.value.error_code, caught.value.reply) == ("invalid_client", None)

    def test_a_wrong_signature_is_told_even_where_nobody_is_trusted(self) -> None:
        with pytest.raises(RequestTampered):
            parse(signed(key=OTHER), anchors=())

    @pytest.mark.parametrize(
        "changes",
        [
            {"not_after": NOW - DAY / 2},
            {"not_before": NOW + DAY},
            {"usage": authorities.key_usage(key_agreement=True)},
            {"is_authority": True},
        ],
    )
    def test_a_leaf_with_a_fault_is_rejected(self, changes: dict[str, Any]) -> None:
        leaf = ISSUING.leaf(**changes)
        name = f"x509_hash:{base64url.encode(leaf.value.fingerprint)}"
        with pytest.raises(CertificateRejected) as caught:
            parse(signed(name, {"x5c": leaf.x5c}, leaf.signing_key))
        assert (caught.value.error_code, caught.value.reply) == ("invalid_client", None)

    def test_a_leaf_that_signs_itself_and_one_that_issued_another_are_rejected(self) -> None:
        alone = authorities.root("Example Verifier")
        below = LEAF.leaf()
        for leaf in (alone, below):
            name = f"x509_hash:{base64url.encode(leaf.value.fingerprint)}"
            with pytest.raises((CertificateRejected, UntrustedCertificate)):
                parse(signed(name, {"x5c": leaf.x5c}, leaf.signing_key))

    def test_without_a_time_no_certificate_is_believed(self) -> None:
        with pytest.raises(Undetermined, match="as of a time"):
            parse(signed(), now=None)


class TestAttestations:
    @pytest.mark.parametrize(
        ("changes", "error", "reason"),
        [
            ({"sub": "somebody"}, RequestTampered, "is for 'somebody'"),
            ({"sub": ...}, MalformedInput, "sub"),
            ({"sub": ATTESTED}, RequestTampered, "is for"),
            ({"iss": ...}, MalformedInput, "iss"),
            ({"iss": 5}, MalformedInput, "iss"),
            ({"exp": ...}, MalformedInput, "exp"),
            ({"exp": int((NOW - DAY).timestamp())}, RequestExpired, "expired"),
            ({"nbf": int((NOW + DAY).timestamp())}, RequestExpired, "not valid before"),
            ({"iat": int((NOW + DAY).timestamp())}, RequestExpired, "not valid before"),
            ({"cnf": ...}, MalformedInput, "cnf"),
            ({"cnf": {}}, MalformedInput, "cnf"),
            ({"cnf": {"kid": "x"}}, MalformedInput, "cnf"),
            ({"cnf": {"jwk": key_types.public_to_jwk(OTHER.public())}}, RequestTampered, "does not fit"),
            ({"redirect_uris": "x"}, MalformedInput, "redirect_uris"),
            ({"redirect_uris": ["https://verifier.example/"]}, WrongOrigin, "lists other addresses"),
            ({"redirect_uris": []}, WrongOrigin, "lists other addresses"),
        ],
        ids=map(str, range(16)),
    )
    def test_each_fault_is_told(self, changes: dict[str, Any], error: type[IpseError], reason: str) -> None:
        with pytest.raises(error, match=reason) as caught:
            parse(signed(ATTESTED, {"jwt": attestation(**changes)}))
        assert caught.value.reply is None

    @pytest.mark.parametrize("name", ["redirect_uris", "response_uris"])
    def test_an_address_that_is_listed_is_accepted(self, name: str) -> None:
        limits: dict[str, Any] = {name: ["x", RESPONSE_URI]}
        assert parse(signed(ATTESTED, {"jwt": attestation(**limits)})).reply_to == RESPONSE_URI

    @pytest.mark.parametrize(
        "header", [{"typ": "JWT"}, {"typ": ...}, {"alg": "none"}, {"alg": "HS256"}, {"crit": ["x"]}]
    )
    def test_it_is_signed_as_an_attestation(self, header: dict[str, Any]) -> None:
        with pytest.raises(RequestTampered, match="attestation"):
            parse(signed(ATTESTED, {"jwt": attestation(header)}))

    def test_it_is_signed_by_its_issuer(self) -> None:
        with pytest.raises(RequestTampered, match="the verifier attestation: the signature"):
            parse(signed(ATTESTED, {"jwt": attestation(key=OTHER)}))

    @pytest.mark.parametrize("jwt", [..., None, 5, {}])
    def test_an_attestation_is_needed(self, jwt: Any) -> None:
        with pytest.raises(RequestTampered, match="no attestation"):
            parse(signed(ATTESTED, {"jwt": jwt}))

    def test_an_issuer_that_is_not_trusted_leaves_it_open(self) -> None:
        def nobody(issuer: str, _: Any) -> Any:
            raise Undetermined(f"{issuer} is not trusted")

        with pytest.raises(Undetermined, match=r"https://attester\.example is not trusted") as caught:
            parse(signed(ATTESTED), attesters=nobody)
        assert (caught.value.error_code, caught.value.reply) == ("invalid_request", None)

    @pytest.mark.parametrize(
        "names",
        [{"dns_names": ("Attester.example",)}, {"uris": ("https://attester.example",)}],
        ids=["dns", "uri"],
    )
    def test_an_authority_may_attest_in_its_own_name(self, names: dict[str, Any]) -> None:
        authority = authorities.root("Attester", **names)
        good = signed(ATTESTED, {"jwt": attestation(key=authority.signing_key)})
        attested = parse(good, attesters=None, anchors=(ROOT.value, authority.value))
        assert attested.party == f"{ATTESTED};https://attester.example"
        with pytest.raises(RequestTampered, match="the verifier attestation: the signature"):
            parse(signed(ATTESTED), attesters=None, anchors=(authority.value,))

    def test_the_same_name_by_two_attesters_is_two_parties(self) -> None:
        parties = {
            parse(signed(ATTESTED, {"jwt": attestation(iss=issuer)})).party
            for issuer in ("https://attester.example", "https://other.example", "https://other.example/;x")
        }
        assert len(parties) == 3

    @pytest.mark.parametrize(
        "names",
        [{}, {"dns_names": ("attester.example.evil.example",)}, {"uris": ("https://attester.example/x",)}],
        ids=["none", "dns", "uri"],
    )
    def test_and_in_no_other(self, names: dict[str, Any]) -> None:
        authority = authorities.root("https://attester.example", **names)
        made = signed(ATTESTED, {"jwt": attestation(key=authority.signing_key)})
        with pytest.raises(UntrustedCertificate, match="is no authority") as caught:
            parse(made, attesters=None, anchors=(authority.value,))
        assert (caught.value.error_code, caught.value.reply) == ("invalid_client", None)

    def test_an_authority_that_has_expired_attests_nobody(self) -> None:
        authority = authorities.root("Attester", dns_names=("attester.example",), not_after=NOW - DAY / 2)
        made = signed(ATTESTED, {"jwt": attestation(key=authority.signing_key)})
        with pytest.raises(UntrustedCertificate):
            parse(made, attesters=None, anchors=(authority.value,))

    def test_a_verifier_that_is_certified_attests_nobody(self) -> None:
        """Or each verifier could call itself by the name of any other."""
        leaf = ISSUING.leaf("Attester", dns_names=("attester.example",))
        made = attestation({"x5c": leaf.x5c}, leaf.signing_key)
        with pytest.raises(UntrustedCertificate):
            parse(signed(ATTESTED, {"jwt": made}), attesters=None)


class TestUnsecured:
    def test_a_request_object_without_a_signature_is_read_for_an_address(self) -> None:
        request = parse(unsecured(claims(BY_ADDRESS, aud=...)))
        assert (request.client.proof, request.reply_to) == (NoProof(), RESPONSE_URI)

    @pytest.mark.parametrize(
        "header", [{"typ": "JWT"}, {"typ": ...}, {"alg": "ES256"}, {"alg": "None"}, {"crit": ["x"]}]
    )
    def test_its_header_is_checked_all_the_same(self, header: dict[str, Any]) -> None:
        text = unsecured(claims(BY_ADDRESS), **{n: v for n, v in header.items() if v is not ...})
        if header.get("typ") is ...:
            text = base64url.encode(b'{"alg":"none"}') + text[text.index(".") :]
        with pytest.raises((RequestTampered, MalformedInput)):
            parse(text)

    def test_an_address_signs_nothing(self) -> None:
        with pytest.raises(MalformedInput, match="which signs nothing"):
            parse(signed(BY_ADDRESS, {"x5c": LEAF.x5c}))


class TestEncrypted:
    KEY = new_key("wallet")

    def encrypted(self, text: str) -> str:
        public = {name: value for name, value in self.KEY.items() if name != "d"}
        return encryption.encrypt(
            text.encode(), public, enc="A256GCM", kid="wallet", cty="oauth-authz-req+jwt"
        )

    def decrypt(self, text: str) -> bytes:
        return encryption.decrypt(text, self.KEY)[1]

    def test_a_request_object_is_decrypted_and_then_verified(self) -> None:
        inner = signed()
        request = parse(self.encrypted(inner), decrypt=self.decrypt)
        assert (request.text, request.signed) == (inner, True)
        with pytest.raises(RequestTampered):
            parse(self.encrypted(signed(key=OTHER)), decrypt=self.decrypt)

    def test_encryption_proves_nothing(self) -> None:
        with pytest.raises(RequestTampered, match="is not signed"):
            parse(self.encrypted(unsecured(claims())), decrypt=self.decrypt)

    def test_without_a_key_it_is_undetermined(self) -> None:
        with pytest.raises(Undetermined, match="offered no key"):
            parse(self.encrypted(signed()))

    def test_nothing_else_may_be_inside(self) -> None:
        for inner in ("{}", "x", "a.b", self.encrypted(signed()), "\u00e9.e.e"):
            with pytest.raises(MalformedInput, match="does not hold a signed one"):
                parse(self.encrypted(inner), decrypt=self.decrypt)

    def test_several_signatures_are_undetermined(self) -> None:
        for text in ('{"payload":"e30","signatures":[]}', ' {"payload":"e30","signature":"","protected":""}'):
            with pytest.raises(Undetermined, match="JSON serialization"):
                parse(text)


def test_the_attester_is_not_the_verifier() -> None:
    assert ATTESTER.public() != KEY.public()
    assert replace(parse(signed()), digest="") == replace(parse(signed()), digest="")
