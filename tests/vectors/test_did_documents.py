"""The did:key vectors of every key type: relationships and keys, whatever way a method is written in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ipse.dids import did_key, resolver
from ipse.dids.verification_methods import RELATIONSHIPS, any_method_key
from ipse.encoding import multibase
from ipse.errors import Undetermined
from ipse.keys import key_types

SHARED = Path(os.environ.get("IPSE_SHARED") or Path(__file__).parents[2].parent / "shared")
VECTORS = SHARED / "vectors" / "did-method-key" / "test-vectors"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the did:key vectors are not in IPSE_SHARED")

DOCUMENTS: dict[str, dict[str, Any]] = {
    did: case["didDocument"]
    for path in sorted(VECTORS.glob("*.json"))
    for did, case in json.loads(path.read_bytes()).items()
}
P_521 = [did for did in DOCUMENTS if did.startswith("did:key:z2J9")]
READ = [did for did in DOCUMENTS if did not in P_521]


def published_key(method: dict[str, Any]) -> bytes:
    """The raw key of a published method: a JWK, or base58 of the raw key or the compressed point."""
    if "publicKeyJwk" in method:
        return key_types.public_from_jwk(method["publicKeyJwk"]).raw
    return multibase.decode_base58btc("z" + method["publicKeyBase58"])


@pytest.mark.parametrize("did", READ)
def test_a_document_has_the_published_relationships(did: str) -> None:
    published, document = DOCUMENTS[did], resolver.resolve(did)
    assert document["id"] == published["id"] == did
    for relationship in RELATIONSHIPS:
        assert document.get(relationship) == published.get(relationship), relationship


@pytest.mark.parametrize("did", READ)
def test_a_document_has_the_published_keys(did: str) -> None:
    published = {method["id"]: published_key(method) for method in DOCUMENTS[did]["verificationMethod"]}
    methods = resolver.resolve(did)["verificationMethod"]
    assert {method["id"]: any_method_key(method).raw for method in methods} == published
    assert all(method["controller"] == did and method["type"] == "Multikey" for method in methods)


@pytest.mark.parametrize("did", READ)
def test_a_published_key_makes_the_did(did: str) -> None:
    method = resolver.resolve(did)["verificationMethod"][0]
    assert did_key.from_public_key(any_method_key(method)) == did


@pytest.mark.parametrize("did", P_521)
def test_a_key_type_that_is_not_read_is_undetermined(did: str) -> None:
    with pytest.raises(Undetermined, match="P-521"):
        resolver.resolve(did)


def test_every_key_type_has_cases() -> None:
    prefixes = {did.removeprefix("did:key:")[:4] for did in DOCUMENTS}
    assert prefixes == {"z6Mk", "zDna", "z82L", "z2J9", "zQ3s"}
    assert (len(READ), len(P_521)) == (16, 2)
