"""Linked Data proofs made with ipse's own keys: no private key is handed to another library.

    Ed25519Signature2020    the signature, in multibase
    Ed25519Signature2018    a detached JWS (RFC 7797) by an Ed25519 key
    JsonWebSignature2020    a detached JWS by a key of any type

Signed are two hashes, first that of the proof's own members, read in the document's contexts, then that of
the document. Source: Ed25519 Signature 2018 and 2020, JSON Web Signature 2020 (W3C CCG); RFC 7797 section 5.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ipse.credentials import json_ld, jws
from ipse.credentials.formats.vcdm11 import contexts
from ipse.credentials.json_ld import UnsafeDocument
from ipse.credentials.model import vcdm11
from ipse.dids import resolver
from ipse.encoding import base64url, multibase
from ipse.encoding.strict_json import JsonObject, as_list
from ipse.errors import MalformedInput, NotFound
from ipse.keys.key_types import PrivateKey

__all__ = ["CONTEXT_OF", "check_key", "made_proof"]

CONTEXT_OF: Final = {
    "Ed25519Signature2018": vcdm11.CONTEXT,
    "Ed25519Signature2020": vcdm11.SUITE_CONTEXT,
    "JsonWebSignature2020": contexts.JWS_2020,
}
"""The types of proofs that are made, and the context that defines each."""


def check_key(key: PrivateKey, method: str, purpose: str) -> None:
    """Raise MalformedInput unless `key` is the one that the DID of `method` lists for `purpose`.

    Of a DID whose document holds no keys (did:pkh) nothing is said. Raises Undetermined for a DID or a key
    that is not read.
    """
    did = method.partition("#")[0]
    if not resolver.publishes_keys(did):
        return
    try:
        listed = resolver.find_method(resolver.resolve(did), method, purpose)
    except NotFound as error:
        raise MalformedInput(
            f"the key is not that of the verification method: {error.message}", code="foreign-key"
        ) from error
    if resolver.method_key(listed) != key.public():
        raise MalformedInput("the key is not that of the verification method", code="foreign-key")


def made_proof(document: JsonObject, options: JsonObject, key: PrivateKey) -> JsonObject:
    """The proof of `document`: `options` (with its `type`) and the signature by `key`.

    It names the context that defines its type where the document does not. Raises MalformedInput for what
    the signature would not cover, Undetermined for a context that is not known, TooMuchWork.
    """
    proof = dict(options)
    defining = CONTEXT_OF[options["type"]]
    named = as_list(document.get("@context"))
    if defining not in named:
        proof["@context"] = [defining]
        named = [*named, defining]
    message = _hash({**options, "@context": named}) + _hash(document)
    if options["type"] == "Ed25519Signature2020":
        return {**proof, "proofValue": multibase.encode_base58btc(key.sign(message))}
    header = base64url.encode(jws.encode_json({"alg": key.algorithm, "b64": False, "crit": ["b64"]}))
    signature = key.sign(f"{header}.".encode("ascii") + message)
    return {**proof, "jws": f"{header}..{base64url.encode(signature)}"}


def _hash(document: JsonObject) -> bytes:
    try:
        canonical = json_ld.canonical(document, contexts.carried())
    except UnsafeDocument as error:
        finding = error.findings[0]
        raise MalformedInput(
            f"the signature does not cover {finding}", hint="no @context gives it a meaning"
        ) from error
    return hashlib.sha256(canonical).digest()
