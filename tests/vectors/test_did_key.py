"""The vectors of the did:key method.

Their documents are written with older verification method types than ours (Multikey), so what is
compared is the DID, the public key and the relationships.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ipse.dids import did_key, resolver
from ipse.encoding import base64url, multibase
from ipse.errors import NotFound, Undetermined
from ipse.keys.ed25519 import PrivateKey

SHARED = Path(os.environ.get("IPSE_SHARED") or Path(__file__).parents[2].parent / "shared")
VECTORS = SHARED / "vectors" / "did-method-key" / "test-vectors"
P_521 = "did:key:z2J9"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the did:key vectors are not in IPSE_SHARED")


@cache
def cases(name: str) -> dict[str, Any]:
    """The cases of one file, by DID; none where the vectors are absent."""
    path = VECTORS / f"{name}.json"
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}


def published_key(method: dict[str, Any]) -> bytes:
    """The public key of a published method, which is written in one of two ways."""
    if "publicKeyJwk" in method:
        return base64url.decode(method["publicKeyJwk"]["x"])
    return multibase.decode_base58btc("z" + method["publicKeyBase58"])


OTHER_KEYS = [*cases("nist-curves"), *cases("secp256k1")]


@pytest.mark.parametrize("did", cases("ed25519-x25519"))
def test_a_seed_gives_the_published_did(did: str) -> None:
    seed = bytes.fromhex(cases("ed25519-x25519")[did]["seed"])
    assert did_key.from_public_key(PrivateKey(seed).public()) == did


@pytest.mark.parametrize("did", cases("ed25519-x25519"))
def test_a_did_resolves_to_the_published_public_key(did: str) -> None:
    published = cases("ed25519-x25519")[did]["verificationKeyPair"]
    method_id = cases("ed25519-x25519")[did]["didDocument"]["assertionMethod"][0]
    method = resolver.find_method(resolver.resolve(did), method_id, "assertionMethod")
    assert resolver.method_key(method).raw == published_key(published)
    assert method["controller"] == published["controller"] == did


@pytest.mark.parametrize("did", cases("ed25519-x25519"))
@pytest.mark.parametrize(
    "relationship", ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"]
)
def test_the_signing_key_has_the_published_relationships(did: str, relationship: str) -> None:
    published = cases("ed25519-x25519")[did]["didDocument"]
    document = resolver.resolve(did)
    assert document["id"] == published["id"]
    assert document[relationship] == published[relationship]


@pytest.mark.parametrize("did", cases("ed25519-x25519"))
def test_the_signing_key_is_not_for_key_agreement(did: str) -> None:
    with pytest.raises(NotFound):
        resolver.find_method(resolver.resolve(did), did_key.verification_method_id(did), "keyAgreement")


@pytest.mark.parametrize("did", [did for did in OTHER_KEYS if did.startswith(P_521)])
def test_a_did_of_a_key_type_that_is_not_read_is_undetermined_and_not_called_invalid(did: str) -> None:
    with pytest.raises(Undetermined, match="P-521"):
        resolver.resolve(did)


@pytest.mark.parametrize("did", [did for did in OTHER_KEYS if not did.startswith(P_521)])
def test_a_did_of_another_key_type_resolves_to_its_key(did: str) -> None:
    method = resolver.find_method(
        resolver.resolve(did), did_key.verification_method_id(did), "assertionMethod"
    )
    assert did_key.from_public_key(resolver.method_key(method)) == did


def test_every_file_has_cases() -> None:
    assert len(cases("ed25519-x25519")) == 5
    assert len(OTHER_KEYS) == 13
