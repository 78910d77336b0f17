"""New signatures for changed documents, by the keys of the corpus, so that what is behind them is reached."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from ipse.credentials.formats.data_integrity import SUITES, hash_data
from ipse.encoding import base64url, multibase
from ipse.keys.key_types import PrivateKey
from tests.corpus.building import HOLDER, ISSUER, MINTER, PEER, STRANGER

__all__ = ["signed_again"]

_KEYS: Final = {party.did: party.key for party in (ISSUER, MINTER, HOLDER, STRANGER, PEER)}


def signed_again(data: bytes) -> bytes:
    """`data` with every signature that can be made anew; as it is where it is beyond repair."""
    try:
        return _signed_text(data.decode()).encode()
    except Exception:
        return data


def _signed_text(text: str) -> str:
    if text.startswith("{"):
        return json.dumps(_signed_document(json.loads(text)), ensure_ascii=False)
    if "~" in text:
        return _signed_sd_jwt(text)
    return _signed_jws(text) if text.count(".") == 2 else text


def _signed_sd_jwt(text: str) -> str:
    jwt, *rest = text.split("~")
    *disclosures, binding = rest
    jwt = _signed_jws(jwt)
    if binding:
        header, body, signature = binding.split(".")
        payload = json.loads(base64url.decode(body))
        bare = "~".join((jwt, *disclosures, ""))
        payload["sd_hash"] = base64url.encode(hashlib.sha256(bare.encode("ascii")).digest())
        binding = _signed_jws(f"{header}.{_encoded(payload)}.{signature}", HOLDER.key)
    return "~".join((jwt, *disclosures, binding))


def _signed_jws(text: str, key: PrivateKey | None = None) -> str:
    header, body, _ = text.split(".")
    if key is None:
        key = _key_named(json.loads(base64url.decode(header)).get("kid"))
    message = f"{header}.{body}"
    return f"{message}.{base64url.encode(key.sign(message.encode('ascii')))}"


def _signed_document(document: Any) -> Any:
    """A W3C document with new proofs (JCS ones alone, which are quick), its credentials first."""
    held = document.get("verifiableCredential")
    for at, credential in enumerate(held if isinstance(held, list) else ()):
        if isinstance(credential, dict) and isinstance(credential.get("proof"), dict):
            held[at] = _signed_document(credential)
    proof = document.get("proof")
    if not isinstance(proof, dict) or "jcs" not in proof["cryptosuite"]:
        return document
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    bare = {name: value for name, value in document.items() if name != "proof"}
    signature = _key_named(proof["verificationMethod"]).sign(
        hash_data(bare, options, SUITES[proof["cryptosuite"]])
    )
    return {**bare, "proof": {**options, "proofValue": multibase.encode_base58btc(signature)}}


def _key_named(method: Any) -> PrivateKey:
    return _KEYS.get(str(method).partition("#")[0], ISSUER.key)


def _encoded(value: Any) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":")).encode())
