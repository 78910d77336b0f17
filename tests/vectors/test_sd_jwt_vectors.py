"""The 14 cases of the IETF reference implementation of SD-JWT: read, verified, and issued anew."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ipse.credentials.formats.sd_jwt import (
    NO_CHALLENGE,
    Challenge,
    ClaimPath,
    SdJwt,
    SdJwtInvalid,
    VerifiedSdJwt,
    bind,
    disclosable_paths,
    issue,
    parse,
    select,
    verify,
)
from ipse.encoding import base64url

SHARED = Path(os.environ.get("IPSE_SHARED") or Path(__file__).parents[2].parent / "shared")
VECTORS = SHARED / "vectors" / "sd-jwt"
TYPE = "example+sd-jwt"
JSON_CASE = "json_serialization_flattened"
NAMES = [
    "address_only_flat",
    "address_only_recursive",
    "address_only_structured_one_open",
    "array_full_sd",
    "array_recursive_sd",
    "complex_eidas",
    JSON_CASE,
    "key_binding",
    "no_sd",
    "object_data_types",
    "recursions",
    "simple",
    "simple_structured",
    "w3c-vc",
]


@dataclass(frozen=True)
class P256:
    """A P-256 key over `cryptography`; both a Signer and a VerificationKey."""

    jwk: dict[str, str]
    algorithm: str = "ES256"

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        try:
            self._public().public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    def sign(self, message: bytes) -> bytes:
        number = int.from_bytes(base64url.decode(self.jwk["d"]))
        key = ec.EllipticCurvePrivateNumbers(number, self._public()).private_key()
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def _public(self) -> ec.EllipticCurvePublicNumbers:
        x, y = (int.from_bytes(base64url.decode(self.jwk[name])) for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())


@dataclass(frozen=True)
class Case:
    name: str

    def text(self, stem: str) -> str:
        compact = self.path(f"{stem}.txt")
        if compact.exists():
            return compact.read_text("utf-8")
        # The reference implementation writes the JSON serialization as one JSON string.
        text: str = json.loads(self.path(f"{stem}.json").read_text("utf-8"))
        return text

    def json(self, file: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.path(file).read_text("utf-8"))
        return value

    def path(self, file: str) -> Path:
        return VECTORS / self.name / file

    @property
    def is_bound(self) -> bool:
        return self.path("kb_jwt_payload.json").exists()

    @property
    def bound_at(self) -> int:
        at: int = self.json("kb_jwt_payload.json")["iat"] if self.is_bound else keys()["iat"]
        return at

    def all_claims(self) -> dict[str, Any]:
        settings = keys()
        claims = {
            "iss": settings["identifiers"]["issuer"],
            "iat": settings["iat"],
            "exp": settings["exp"],
            **self.json("user_claims.json"),
        }
        if self.is_bound:
            public = {name: value for name, value in settings["holder_key"].items() if name != "d"}
            claims["cnf"] = {"jwk": public}
        return claims

    def verify(self, text: str, *, presented: bool) -> VerifiedSdJwt:
        settings = keys()
        asked = Challenge(settings["identifiers"]["verifier"], settings["key_binding_nonce"])
        return verify(
            text,
            resolve_issuer_key=lambda *_: P256(settings["issuer_key"]),
            resolve_holder_key=lambda cnf: P256(cnf["jwk"]),
            types=TYPE,
            challenge=asked if presented and self.is_bound else NO_CHALLENGE,
            now=self.bound_at + 5,
        )


def keys() -> dict[str, Any]:
    value: dict[str, Any] = json.loads((VECTORS / "keys.json").read_text("utf-8"))
    return value


def vector(name: str) -> Case:
    if not (VECTORS / name).is_dir():
        pytest.skip(f"SD-JWT vector {name} is not in {VECTORS}")
    return Case(name)


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return vector(request.param)


def bound(case: Case, presentation: SdJwt) -> SdJwt:
    settings = keys()
    return bind(
        presentation,
        signer=P256(settings["holder_key"]),
        audience=settings["identifiers"]["verifier"],
        nonce=settings["key_binding_nonce"],
        issued_at=case.bound_at,
    )


def test_issuance_verifies_and_gives_all_claims(case: Case) -> None:
    verified = case.verify(case.text("sd_jwt_issuance"), presented=False)
    assert verified.claims == case.all_claims()


def test_presentation_verifies_and_gives_exactly_the_verified_contents(case: Case) -> None:
    text = case.text("sd_jwt_presentation")
    binds_json_text = case.name == JSON_CASE
    if binds_json_text:
        text = parse(text).bare
    verified = case.verify(text, presented=not binds_json_text)
    assert verified.claims == case.json("verified_contents.json")
    if case.is_bound and not binds_json_text:
        assert verified.binding == case.json("kb_jwt_payload.json")


def test_binding_over_the_json_text_of_the_credential_is_refused() -> None:
    """RFC 9901 section 8.1 takes sd_hash over the compact form in any serialization.

    The reference implementation takes it over the JSON text its holder was given, and does not look at
    it when it verifies JSON.
    """
    case = vector(JSON_CASE)
    issued, text = case.text("sd_jwt_issuance"), case.text("sd_jwt_presentation")
    over_json = "~".join((issued, *parse(text).disclosures, ""))
    assert case.json("kb_jwt_payload.json")["sd_hash"] == digest_of(over_json)
    with pytest.raises(SdJwtInvalid) as caught:
        case.verify(text, presented=True)
    assert (caught.value.check, "sd_hash" in caught.value.reason) == ("holder-binding", True)


def test_json_presentation_with_a_binding_over_its_compact_form_verifies() -> None:
    case = vector(JSON_CASE)
    outer = json.loads(case.text("sd_jwt_presentation"))
    bare = parse(parse(case.text("sd_jwt_presentation")).bare)
    flattened = {
        **{name: outer[name] for name in ("payload", "protected", "signature")},
        "header": {"disclosures": outer["disclosures"], "kb_jwt": bound(case, bare).kb_jwt},
    }
    verified = case.verify(json.dumps(flattened), presented=True)
    assert verified.claims == case.json("verified_contents.json")


def test_presentation_under_another_issuer_key_is_refused(case: Case) -> None:
    with pytest.raises(SdJwtInvalid) as caught:
        verify(
            case.text("sd_jwt_presentation"),
            resolve_issuer_key=lambda *_: P256(keys()["holder_key"]),
            types=TYPE,
            challenge=NO_CHALLENGE,
            now=case.bound_at,
        )
    assert caught.value.check == "proof"


def test_payload_holds_what_the_vector_says(case: Case) -> None:
    assert parse(case.text("sd_jwt_issuance")).jwt.payload == case.json("sd_jwt_payload.json")


def test_compact_form_reads_back_as_written(case: Case) -> None:
    for stem in ("sd_jwt_issuance", "sd_jwt_presentation"):
        value = parse(case.text(stem))
        assert parse(value.compact) == value
        if case.path(f"{stem}.txt").exists():
            assert value.compact == case.text(stem)


def test_disclosable_paths_are_those_of_the_specification(case: Case) -> None:
    assert set(disclosable_paths(parse(case.text("sd_jwt_issuance")))) == specified_paths(case)


@pytest.mark.parametrize("decoys", [0, 3])
def test_issued_anew_and_presented_alike_gives_the_same_contents(case: Case, decoys: int) -> None:
    settings = keys()
    ours = parse(
        issue(
            case.all_claims(),
            disclosable=specified_paths(case),
            signer=P256(settings["issuer_key"]),
            typ=TYPE,
            decoys=decoys,
        )
    )
    assert case.verify(ours.compact, presented=False).claims == case.all_claims()

    selection = select(ours, presented_paths(case))
    presentation = selection.presentation
    if case.is_bound:
        presentation = bound(case, presentation)
    verified = case.verify(presentation.compact, presented=True)
    assert verified.claims == selection.claims == case.json("verified_contents.json")


def test_selecting_the_presented_paths_gives_the_official_presentation() -> None:
    case = vector("recursions")
    selection = select(parse(case.text("sd_jwt_issuance")), presented_paths(case))
    official = parse(case.text("sd_jwt_presentation"))
    assert set(selection.presentation.disclosures) == set(official.disclosures)
    assert selection.claims == case.json("verified_contents.json")


def digest_of(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def specified_paths(case: Case) -> set[ClaimPath]:
    """The paths that specification.yml marks with !sd."""
    yaml = pytest.importorskip("yaml")
    found: set[ClaimPath] = set()

    def walk(node: Any, path: ClaimPath) -> None:
        if isinstance(node, yaml.MappingNode):
            steps = [(name.value, name.tag, value) for name, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            steps = [(position, value.tag, value) for position, value in enumerate(node.value)]
        else:
            return
        for step, tag, value in steps:
            if tag == "!sd":
                found.add((*path, step))
            walk(value, (*path, step))

    document = yaml.compose(case.path("specification.yml").read_text("utf-8"))
    walk(next(value for name, value in document.value if name.value == "user_claims"), ())
    return found


def presented_paths(case: Case) -> list[ClaimPath]:
    """The paths in the credential of what the official presentation discloses."""
    issued = parse(case.text("sd_jwt_issuance"))
    presented = parse(case.text("sd_jwt_presentation")).disclosures
    return [
        path
        for path in disclosable_paths(issued)
        if set(select(issued, [path]).presentation.disclosures) <= set(presented)
    ]
