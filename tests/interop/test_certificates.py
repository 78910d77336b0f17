"""Certificates and registrations against others: OpenSSL, openvc-core and polaris-oid4vp."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials.formats import sd_jwt
from ipse.keys import key_types
from ipse.keys.certificates import check_chain
from ipse.protocols.openid4vp.over_asking import findings
from tests.authorities import NOW, Held
from tests.registrations import ACCESS, ROOT, claims, credential, signed
from tests.unit.keys import test_certificates as chains
from tests.unit.protocols.openid4vp import test_over_asking as over_asking

OPENSSL = shutil.which("openssl")
AT = str(int(NOW.timestamp()))
_OF_RFC_5280 = (
    "leaf-expired",
    "leaf-not-yet-valid",
    "authority-expired",
    "authority-not-yet-valid",
    "leaf-issued-another-leaf",
    "authority-not-for-signing-certificates",
    "authority-with-the-flag-off",
    "path-length-exceeded",
    "foreign-signature",
    "same-name-other-key",
    "critical-extension-unknown",
    "critical-extension-unknown-of-an-authority",
    "name-not-permitted",
    "name-excluded",
)
"""Faults that every validator of paths finds; the others are of JOSE and HAIP."""


def openssl_verifies(x5c: Sequence[str], anchor: Held, folder: Path) -> bool:
    def written(name: str, ders: Sequence[bytes]) -> str:
        lines = [base64.encodebytes(der).decode() for der in ders]
        blocks = [f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n" for text in lines]
        (folder / name).write_text("".join(blocks))
        return str(folder / name)

    ders = [base64.b64decode(entry) for entry in x5c]
    assert OPENSSL is not None
    command = [OPENSSL, "verify", "-no-CApath", "-no-CAstore", "-attime", AT]
    command += ["-CAfile", written("anchor.pem", [anchor.der]), "-untrusted", written("sent.pem", ders)]
    done = subprocess.run([*command, written("leaf.pem", ders[:1])], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(OPENSSL is None, reason="no openssl")
class TestOpenssl:
    def test_it_verifies_what_passes_here(self, tmp_path: Path) -> None:
        permitted = chains.ROOT.leaf(extensions=[(chains.UNKNOWN, False)])
        for x5c in (chains.LEAF.x5c, chains.ROOT.leaf().x5c, permitted.x5c):
            check_chain(x5c, [chains.ROOT.value], now=NOW)
            assert openssl_verifies(x5c, chains.ROOT, tmp_path)

    @pytest.mark.parametrize("fault", _OF_RFC_5280)
    def test_it_finds_the_same_faults(self, fault: str, tmp_path: Path) -> None:
        x5c: Any = chains.FAULTS[fault][1]()
        assert not openssl_verifies(x5c, chains.ROOT, tmp_path)


class TestOpenvc:
    @pytest.fixture(autouse=True)
    def openvc(self) -> None:
        pytest.importorskip("openvc.rp_registration", reason="openvc-core is not installed")

    def test_it_finds_the_same_key_in_a_chain(self) -> None:
        from openvc.x5c import resolve_x5c_key

        found = resolve_x5c_key(
            chains.LEAF.x5c,
            "https://verifier.example",
            trust_anchors=[chains.ROOT.certificate],
            now=NOW,
        )
        assert found == key_types.public_to_jwk(chains.LEAF.value.key)

    def test_it_reads_the_same_registration(self) -> None:
        from openvc import rp_registration
        from openvc.rp_cert import parse_rp_access_certificate

        theirs = rp_registration.verify_rp_registration_certificate(
            signed(), trust_anchors=[ROOT.certificate], now=NOW
        )
        ours = over_asking.REGISTERED.valid[0]
        assert theirs.subject_identifier == ours.subject
        assert theirs.trade_name == ours.name
        assert theirs.expires_at == ours.expires
        assert [entry["value"] for entry in theirs.purpose] == [text.text for text in ours.use.purposes]
        assert tuple(theirs.credentials[0].claim_paths) == ours.use.credentials[0].paths
        access = parse_rp_access_certificate(ACCESS.certificate)
        rp_registration.check_matches_access_certificate(theirs, access)


_NAMES = st.sampled_from(["a", "b"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3) | st.builds(
    lambda name, index, rest: [name, index, *rest],
    _NAMES,
    st.sampled_from([0, 1, None]),
    st.lists(_NAMES, max_size=1),
)
_TYPES = st.lists(st.sampled_from(["urn:a", "urn:b"]), min_size=1, max_size=2, unique=True)


@given(
    st.lists(st.tuples(_TYPES, st.lists(_PATHS, max_size=3)), min_size=1, max_size=3),
    _TYPES,
    st.lists(_PATHS, min_size=1, max_size=3),
)
def test_openvc_finds_the_same_requests_within_a_registration(
    registered: list[tuple[list[str], list[Any]]], types: list[str], paths: list[Any]
) -> None:
    rp_registration = pytest.importorskip("openvc.rp_registration", reason="openvc-core is not installed")
    content = [credential(*granted, meta={"vct_values": kinds}) for kinds, granted in registered]
    held = over_asking.registered(*content)
    asked = over_asking.asks(*paths, meta={"vct_values": types})
    theirs = rp_registration.parse_rp_registration_certificate(signed(claims(credentials=content)))
    try:
        rp_registration.check_request_within_registration(theirs, {"credentials": [asked]})
        within = True
    except rp_registration.RpRegistrationError:
        within = False
    if any(isinstance(step, str) and _null_before(granted, at) for _, one in registered for granted in one
           for path in paths for at, step in enumerate(path)):  # fmt: skip
        return  # a null is for elements of arrays; openvc-core lets it stand for members as well
    assert (not findings(over_asking.request(asked), held)) is within


def _null_before(granted: list[Any], at: int) -> bool:
    return at < len(granted) and granted[at] is None


def test_polaris_takes_an_sd_jwt_under_our_certificates() -> None:
    polaris = pytest.importorskip("polaris_oid4vp.sdjwt", reason="polaris-oid4vp is not installed")
    leaf = ROOT.authority("PID CA").leaf("PID Provider")
    holder = key_types.generate("P-256")
    issued = sd_jwt.issue(
        {
            "vct": "urn:eudi:pid:1",
            "iat": int(NOW.timestamp()),
            "cnf": {"jwk": key_types.public_to_jwk(holder.public())},
            "given_name": "Ada",
        },
        disclosable=[("given_name",)],
        signer=leaf.signing_key,
        typ=sd_jwt.VC_TYPE,
        x5c=leaf.x5c,
    )
    chosen = sd_jwt.select(sd_jwt.parse(issued), [("given_name",)])
    presented = sd_jwt.bind(
        chosen.presentation, signer=holder, audience="x509_hash:x", nonce="n", issued_at=int(NOW.timestamp())
    )
    verdict = polaris.verify_presentation(
        presented.compact,
        expected_nonce="n",
        expected_audience="x509_hash:x",
        trust_anchors=[ROOT.certificate],
        now=int(NOW.timestamp()),
    )
    assert verdict.authentic, verdict
    assert verdict.issuer_subject == "CN=PID Provider"
    assert verdict.issuer_anchor == "CN=Access Root CA"
