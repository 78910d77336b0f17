"""Chains of certificates: what passes, and each fault on its own."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import (
    CertificateRejected,
    InputTooLarge,
    IpseError,
    MalformedInput,
    Undetermined,
    UntrustedCertificate,
)
from ipse.keys import certificates
from ipse.keys.certificates import Chain, authority_key_ids, check_chain, read_certificates, without_trust
from tests.authorities import (
    DAY,
    NOW,
    Held,
    authority_plan,
    build,
    distinguished,
    key_usage,
    leaf_plan,
    new_key,
    root,
    x5c_entry,
)

ROOT = root()
ISSUING = ROOT.authority()
LEAF = ISSUING.leaf(uris=("https://verifier.example/party",))
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")


def checked(x5c: object, *anchors: Held) -> Chain:
    return check_chain(x5c, [anchor.value for anchor in anchors or (ROOT,)], now=NOW)


def refusal(x5c: object, *anchors: Held) -> str:
    with pytest.raises(CertificateRejected) as caught:
        checked(x5c, *anchors)
    assert caught.value.message[0].islower()
    assert "\n" not in caught.value.message
    return caught.value.code


def test_a_chain_leads_to_the_anchor_that_signed_its_last_certificate() -> None:
    chain = checked(LEAF.x5c, root("Other Root CA"), ROOT)
    assert chain.anchor == ROOT.value
    assert [entry.subject for entry in chain.certificates] == ["CN=Example Verifier", "CN=Example Issuing CA"]
    assert chain.leaf.dns_names == ("verifier.example",)
    assert chain.leaf.uris == ("https://verifier.example/party",)
    assert chain.leaf.key == LEAF.signing_key.public()
    assert chain.leaf.fingerprint == LEAF.certificate.fingerprint(hashes.SHA256())
    assert chain.leaf.x5c == LEAF.x5c[0]


def test_authority_key_ids_are_base64url_and_those_that_the_chain_names() -> None:
    def key_id(held: Held) -> str:
        digest = x509.SubjectKeyIdentifier.from_public_key(held.key.public_key()).digest
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    assert checked(LEAF.x5c).authority_key_ids == (key_id(ISSUING), key_id(ROOT))


def test_authority_key_ids_are_read_of_what_nobody_has_checked_yet() -> None:
    assert authority_key_ids(LEAF.x5c) == checked(LEAF.x5c).authority_key_ids
    assert authority_key_ids(["!"]) == authority_key_ids(None) == ()


def test_a_leaf_signed_by_the_anchor_itself_passes() -> None:
    assert checked(ROOT.leaf().x5c).anchor == ROOT.value


def test_an_authority_below_a_root_can_be_the_anchor() -> None:
    assert checked(LEAF.x5c[:1], ISSUING).anchor == ISSUING.value


def test_keys_on_p_384_with_sha_384_pass() -> None:
    top = root(key=new_key(ec.SECP384R1()), digest=hashes.SHA384())
    leaf = top.leaf(key=new_key(ec.SECP384R1()), digest=hashes.SHA384())
    assert checked(leaf.x5c, top).leaf.key.algorithm == "ES384"


def test_a_leaf_without_key_usage_and_one_that_says_it_is_no_authority_pass() -> None:
    assert checked(ISSUING.leaf(usage=None).x5c)
    assert checked(ISSUING.leaf(is_authority=False).x5c)


def test_an_extended_key_usage_narrows_nothing() -> None:
    usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.0.18013.5.1.6")])
    assert checked(ISSUING.leaf(extensions=[(usage, True)]).x5c)


def test_of_two_anchors_of_one_name_and_key_the_valid_one_counts() -> None:
    expired = root(key=ROOT.key, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    assert checked(LEAF.x5c, expired, ROOT).anchor == ROOT.value


def test_the_organisation_and_its_identifier_are_read() -> None:
    name = distinguished("Shop", "LEIXG-529900T8BM49AURSDO55", organization_name="Example Books Ltd")
    leaf = checked(ISSUING.issue(leaf_plan(name)).x5c).leaf
    assert leaf.organization_identifier == "LEIXG-529900T8BM49AURSDO55"
    assert leaf.name == "Example Books Ltd"
    assert LEAF.value.name == "Example Verifier"


@pytest.mark.parametrize("subject", [x509.Name([]), distinguished(" ")], ids=["none", "blank"])
def test_a_certificate_is_never_without_a_name(subject: x509.Name) -> None:
    named = ROOT.issue(replace(leaf_plan(), name=subject)).value
    unnamed = ROOT.issue(replace(leaf_plan(), name=x509.Name([]), dns_names=())).value
    assert named.name.strip()
    assert unnamed.name == f"SHA-256 {unnamed.fingerprint.hex()}"
    assert LEAF.value.organization_identifier is None


def _a_leaf_that_issued_another() -> list[str]:
    forged = LEAF.leaf("Bank")
    assert len(forged.x5c) == 3
    return forged.x5c


def _same_name_other_key() -> list[str]:
    return root().authority().leaf().x5c


def _foreign_signature() -> list[str]:
    """A leaf that names the issuing authority and is signed with another key."""
    forged = build(leaf_plan(), new_key().public_key(), ISSUING.certificate.subject, new_key())
    return [x5c_entry(forged), *LEAF.x5c[1:]]


def _leaf_signed_by_its_own_key() -> list[str]:
    key = new_key()
    return [x5c_entry(build(leaf_plan(), key.public_key(), leaf_plan().name, key))]


def _authorities(count: int) -> Held:
    held = ROOT
    for number in range(count):
        held = held.authority(f"CA {number}")
    return held


FAULTS: dict[str, tuple[str, Callable[[], object]]] = {
    "leaf-expired": (
        "certificate-expired",
        lambda: ISSUING.leaf(not_before=NOW - 9 * DAY, not_after=NOW - timedelta(seconds=1)).x5c,
    ),
    "leaf-not-yet-valid": (
        "certificate-not-yet-valid",
        lambda: ISSUING.leaf(not_before=NOW + timedelta(seconds=1)).x5c,
    ),
    "authority-expired": (
        "certificate-expired",
        lambda: ROOT.authority(not_before=NOW - 9 * DAY, not_after=NOW - DAY).leaf().x5c,
    ),
    "authority-not-yet-valid": (
        "certificate-not-yet-valid",
        lambda: ROOT.authority(not_before=NOW + DAY).leaf().x5c,
    ),
    "leaf-issued-another-leaf": ("not-an-authority", _a_leaf_that_issued_another),
    "leaf-is-an-authority": ("leaf-is-authority", lambda: ISSUING.authority("Below").x5c),
    "leaf-self-signed": ("leaf-self-signed", _leaf_signed_by_its_own_key),
    "leaf-named-as-its-issuer": (
        "leaf-self-signed",
        lambda: ISSUING.issue(leaf_plan("Example Issuing CA")).x5c,
    ),
    "leaf-for-key-agreement-alone": (
        "key-usage",
        lambda: ISSUING.leaf(usage=key_usage(key_agreement=True)).x5c,
    ),
    "authority-not-for-signing-certificates": (
        "key-usage",
        lambda: ROOT.authority(usage=key_usage(digital_signature=True)).leaf().x5c,
    ),
    "authority-without-basic-constraints": (
        "not-an-authority",
        lambda: ROOT.authority(is_authority=None).leaf().x5c,
    ),
    "authority-with-the-flag-off": (
        "not-an-authority",
        lambda: ROOT.authority(is_authority=False).leaf().x5c,
    ),
    "path-length-exceeded": (
        "path-too-long",
        lambda: ROOT.authority("Upper CA", path_length=0).authority().leaf().x5c,
    ),
    "anchor-inside": ("anchor-in-chain", lambda: [*LEAF.x5c, x5c_entry(ROOT.certificate)]),
    "other-root-inside": ("anchor-in-chain", lambda: [*LEAF.x5c, x5c_entry(root().certificate)]),
    "swapped-order": ("chain-out-of-order", lambda: [LEAF.x5c[0], *_authorities(2).x5c[::-1]]),
    "authority-first": ("leaf-is-authority", lambda: LEAF.x5c[::-1]),
    "link-missing": (
        "chain-out-of-order",
        lambda: [LEAF.x5c[0], *_authorities(1).x5c],
    ),
    "foreign-signature": ("certificate-signature", _foreign_signature),
    "same-name-other-key": ("certificate-signature", _same_name_other_key),
    "same-certificate-twice": ("chain-out-of-order", lambda: [LEAF.x5c[0], *LEAF.x5c]),
    "critical-extension-unknown": (
        "critical-extension",
        lambda: ISSUING.leaf(extensions=[(UNKNOWN, True)]).x5c,
    ),
    "critical-extension-unknown-of-an-authority": (
        "critical-extension",
        lambda: ROOT.authority(extensions=[(UNKNOWN, True)]).leaf().x5c,
    ),
    "critical-policy-constraints": (
        "critical-extension",
        lambda: ROOT.authority(extensions=[(x509.PolicyConstraints(0, None), True)]).leaf().x5c,
    ),
    "name-not-permitted": (
        "certificate-path",
        lambda: (
            ROOT.authority(extensions=[(x509.NameConstraints([x509.DNSName("bank.example")], None), True)])
            .leaf()
            .x5c
        ),
    ),
    "name-excluded": (
        "certificate-path",
        lambda: (
            ROOT.authority(extensions=[(x509.NameConstraints(None, [x509.DNSName("example")]), True)])
            .leaf()
            .x5c
        ),
    ),
    "constraint-on-directory-names": (
        "certificate-path",
        lambda: (
            ROOT.authority(
                extensions=[(x509.NameConstraints([x509.DirectoryName(distinguished("A"))], None), True)]
            )
            .leaf()
            .x5c
        ),
    ),
    "1000-certificates": ("chain-too-long", lambda: LEAF.x5c * 500),
    "one-certificate-too-many": ("chain-too-long", lambda: _authorities(certificates.MAX_CHAIN).leaf().x5c),
    "no-certificates": ("chain-malformed", list),
    "a-string": ("chain-malformed", lambda: LEAF.x5c[0]),
    "an-object": ("chain-malformed", lambda: {"0": LEAF.x5c[0]}),
    "missing": ("chain-malformed", lambda: None),
    "a-number-inside": ("chain-malformed", lambda: [LEAF.x5c[0], 7]),
    "not-base64": ("chain-malformed", lambda: ["%%%", *LEAF.x5c[1:]]),
    "base64url": (
        "chain-malformed",
        lambda: [base64.urlsafe_b64encode(b"\xff\xef" * 30 + LEAF.der).decode()],
    ),
    "base64-with-line-ends": ("chain-malformed", lambda: [base64.encodebytes(LEAF.der).decode()]),
    "base64-without-padding": (
        "chain-malformed",
        lambda: [base64.b64encode(b"\x30" * 4).decode().rstrip("="), *LEAF.x5c[1:]],
    ),
    "not-ascii": ("chain-malformed", lambda: ["é" + LEAF.x5c[0], *LEAF.x5c[1:]]),
    "pem-inside": ("chain-malformed", lambda: [LEAF.pem.decode(), *LEAF.x5c[1:]]),
    "trailing-bytes": (
        "chain-malformed",
        lambda: [base64.b64encode(LEAF.der + b"\0").decode(), *LEAF.x5c[1:]],
    ),
    "half-a-certificate": (
        "chain-malformed",
        lambda: [base64.b64encode(LEAF.der[:200]).decode(), *LEAF.x5c[1:]],
    ),
    "empty-certificate": ("chain-malformed", lambda: ["", *LEAF.x5c[1:]]),
    "large-certificate": ("chain-malformed", lambda: ["AAAA" * 100_000, *LEAF.x5c[1:]]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_chain_with_one_fault_is_refused(fault: str) -> None:
    code, x5c = FAULTS[fault]
    assert refusal(x5c()) == code


def test_base64_has_one_spelling_and_its_last_bits_are_zero() -> None:
    leaf = next(held for number in range(50) if len((held := ISSUING.leaf("L" * (1 + number))).der) % 3 == 1)
    first = leaf.x5c[0]
    assert first.endswith("==")
    other = first[:-3] + chr(ord(first[-3]) + 1) + "=="
    assert base64.b64decode(other) == leaf.der
    assert refusal([other, *leaf.x5c[1:]]) == "chain-malformed"


def test_the_signature_of_a_certificate_ends_with_a_whole_byte() -> None:
    leaf = next(held for number in range(200) if (held := ISSUING.leaf(f"{number}")).der[-1] % 2 == 0)
    place = len(leaf.der) - len(leaf.certificate.signature) - 1
    other = leaf.der[:place] + b"\x01" + leaf.der[place + 1 :]
    assert x509.load_der_x509_certificate(other).signature == leaf.certificate.signature
    assert refusal([base64.b64encode(other).decode(), *leaf.x5c[1:]]) == "chain-malformed"


def test_a_large_certificate_is_refused_though_all_of_it_is_signed() -> None:
    large = x509.UnrecognizedExtension(UNKNOWN.oid, b"\x04\x82\x4e\x20" + bytes(20_000))
    assert refusal(ISSUING.leaf(extensions=[(large, False)]).x5c) == "chain-malformed"


def _der(tag: int, content: bytes) -> bytes:
    """An element of DER with 128 bytes or more."""
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _elements(content: bytes) -> list[bytes]:
    found = []
    while content:
        length, start = content[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(content[2:start], "big")
        found.append(content[: start + length])
        content = content[start + length :]
    return found


def test_a_certificate_of_version_1_is_not_read_though_its_signature_holds() -> None:
    body = _elements(LEAF.certificate.tbs_certificate_bytes[4:])
    tbs = _der(0x30, b"".join(part for part in body if part[0] not in (0xA0, 0xA3)))
    signature = ISSUING.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    bits = bytes([0x03, len(signature) + 1, 0]) + signature
    older = _der(0x30, tbs + _elements(LEAF.der[4:])[1] + bits)
    assert x509.load_der_x509_certificate(older).version is x509.Version.v1
    assert refusal([base64.b64encode(older).decode(), *LEAF.x5c[1:]]) == "chain-malformed"


def test_no_certificate_of_a_trusted_authority_is_among_them_whoever_signed_it() -> None:
    assert refusal(LEAF.x5c, ISSUING) == "anchor-in-chain"
    other = root("Other Root CA")
    crossed = other.issue(authority_plan("Example Root CA"), ROOT.key)
    x5c = [*ROOT.leaf().x5c, *crossed.x5c]
    assert checked(x5c, other).anchor == other.value
    assert refusal(x5c, ROOT, other) == "anchor-in-chain"


def test_the_faults_are_those_of_the_chain_and_not_of_how_they_are_made() -> None:
    assert checked(_authorities(2).leaf().x5c)
    assert checked(_authorities(certificates.MAX_CHAIN - 1).leaf().x5c)
    assert checked(ROOT.authority("Upper CA", path_length=1).authority().leaf().x5c)
    assert checked(ISSUING.leaf(extensions=[(UNKNOWN, False)]).x5c)
    permitted = x509.NameConstraints([x509.DNSName("verifier.example")], None)
    assert checked(ROOT.authority(extensions=[(permitted, True)]).leaf().x5c)


ANCHORS: dict[str, tuple[str, dict[str, Any]]] = {
    "expired": ("certificate-expired", {"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}),
    "not-yet-valid": ("certificate-not-yet-valid", {"not_before": NOW + DAY}),
    "no-authority": ("not-an-authority", {"is_authority": False}),
    "not-for-signing-certificates": ("key-usage", {"usage": key_usage(digital_signature=True)}),
    "path-length-exceeded": ("path-too-long", {"path_length": 0}),
    "critical-extension-unknown": ("critical-extension", {"extensions": [(UNKNOWN, True)]}),
    "name-not-permitted": (
        "certificate-path",
        {"extensions": [(x509.NameConstraints([x509.DNSName("bank.example")], None), True)]},
    ),
}


@pytest.mark.parametrize("fault", ANCHORS)
def test_an_anchor_with_one_fault_is_not_relied_on(fault: str) -> None:
    code, changes = ANCHORS[fault]
    assert refusal(LEAF.x5c, root(key=ROOT.key, **changes)) == code


@pytest.mark.parametrize("anchors", [(), (root("Other Root CA"),)], ids=["none", "another"])
def test_a_chain_to_no_anchor_is_undetermined(anchors: tuple[Held, ...]) -> None:
    with pytest.raises(UntrustedCertificate) as caught:
        check_chain(LEAF.x5c, [anchor.value for anchor in anchors], now=NOW)
    assert "ipse trust add --ca" in caught.value.hint


UNSUPPORTED: dict[str, Callable[[], list[str]]] = {
    "rsa-leaf": lambda: ISSUING.leaf(key=rsa.generate_private_key(65537, 2048)).x5c,
    "p-521": lambda: ISSUING.leaf(key=new_key(ec.SECP521R1())).x5c,
    "secp256k1": lambda: ISSUING.leaf(key=new_key(ec.SECP256K1())).x5c,
    "p-224": lambda: ISSUING.leaf(key=new_key(ec.SECP224R1())).x5c,
    "ed25519-leaf": lambda: ISSUING.leaf(key=ed25519.Ed25519PrivateKey.generate()).x5c,
    "rsa-authority": lambda: root(key=rsa.generate_private_key(65537, 2048)).leaf().x5c,
    "sha-3": lambda: ISSUING.leaf(digest=hashes.SHA3_256()).x5c,
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_an_algorithm_that_is_not_read_is_undetermined(kind: str) -> None:
    with pytest.raises(Undetermined) as caught:
        checked(UNSUPPORTED[kind]())
    assert caught.value.code == "certificate-algorithm"


def test_a_signature_over_sha_1_is_refused() -> None:
    # OpenSSL 3 signs none of these any more, so the algorithm's identifier is replaced in one of SHA-256.
    sha256, sha1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    der = bytearray(LEAF.der.replace(b"\x30\x0a" + sha256, b"\x30\x09" + sha1))
    total = int.from_bytes(der[2:4], "big") - 2
    inner = int.from_bytes(der[6:8], "big") - 1
    der[2:4], der[6:8] = total.to_bytes(2, "big"), inner.to_bytes(2, "big")
    assert refusal([base64.b64encode(der).decode(), *LEAF.x5c[1:]]) == "weak-signature"


@given(st.integers(0, len(LEAF.x5c) - 1), st.integers(min_value=0), st.integers(0, 7))
def test_a_chain_with_one_bit_changed_never_passes(place: int, position: int, bit: int) -> None:
    ders = [bytearray(base64.b64decode(entry)) for entry in LEAF.x5c]
    ders[place][position % len(ders[place])] ^= 1 << bit
    with pytest.raises(IpseError):
        checked([base64.b64encode(der).decode() for der in ders])


@given(st.binary(max_size=400))
def test_bytes_of_no_certificate_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_certificates(data)


class TestWithoutTrust:
    """A verifier that nobody vouches for is still named, and its faults are still found."""

    def test_the_certificates_are_read(self) -> None:
        assert without_trust(LEAF.x5c, now=NOW)[0] == LEAF.value

    @pytest.mark.parametrize(
        "fault",
        [
            name
            for name, (code, _) in FAULTS.items()
            if code != "certificate-path" and name != "same-name-other-key"
        ],
    )
    def test_a_fault_that_shows_without_the_anchor_is_found(self, fault: str) -> None:
        with pytest.raises(CertificateRejected) as caught:
            without_trust(FAULTS[fault][1](), now=NOW)
        assert caught.value.code == FAULTS[fault][0]


class TestFiles:
    """PEM with one or several, or DER."""

    def test_pem_and_der_hold_the_same(self) -> None:
        assert read_certificates(ROOT.pem) == read_certificates(ROOT.der) == (ROOT.value,)

    def test_a_bundle_holds_several_in_order(self) -> None:
        assert read_certificates(b"# two\n" + ROOT.pem + b"\n" + ISSUING.pem) == (ROOT.value, ISSUING.value)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"hello",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            ROOT.der + b"\n",
        ],
        ids=["empty", "text", "no-certificate", "cut", "another-pem", "der-and-more"],
    )
    def test_a_file_without_a_certificate_is_malformed(self, data: bytes) -> None:
        with pytest.raises(MalformedInput):
            read_certificates(data)

    def test_a_large_file_and_a_large_bundle_are_refused(self) -> None:
        with pytest.raises(InputTooLarge):
            read_certificates(b" " * 2_000_000)
        with pytest.raises(InputTooLarge):
            read_certificates(ROOT.pem * 201)

    def test_a_private_key_is_never_quoted(self) -> None:
        with pytest.raises(MalformedInput) as caught:
            read_certificates(b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
        assert "c2VjcmV0" not in caught.value.message + caught.value.hint


def test_names_are_shown_without_what_steers_a_terminal() -> None:
    hostile = ISSUING.leaf("\x1b[2J\u202eBank", not_after=NOW - timedelta(seconds=1), not_before=NOW - DAY)
    with pytest.raises(CertificateRejected) as caught:
        checked(hostile.x5c)
    assert caught.value.message.isprintable()
