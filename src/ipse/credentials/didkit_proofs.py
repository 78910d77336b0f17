"""W3C VCDM 1.1 credentials with Linked Data proofs, signed and checked by didkit.

didkit works in a child process, one per call. What the child is given can't lead it to the network: only
contexts that didkit carries, only DIDs that hold their own key, no status check.

A Linked Data proof signs the RDF that the contexts make of the JSON, not the JSON. didkit drops undefined
types, relative ids, nulls, empty arrays and unknown keywords in silence, and takes members under another
spelling (`expirationDate` as a full IRI, under `@nest`, behind an inline term), where no reader of JSON finds
them. So spellings are restricted here, and every value is proved to be signed by changing it: a changed copy
that still verifies shows a value that the signature does not cover. The order of array items is signed only
for terms with `"@container": "@list"`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.credentials import didkit_process, vcdm11
from ipse.credentials.timestamps import format_timestamp
from ipse.credentials.urls import URL
from ipse.encoding import base64url, multibase, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, Undetermined, UsageError
from ipse.keys import jwk
from ipse.keys.ed25519 import SIGNATURE_LENGTH
from ipse.keys.key_types import PrivateKey

__all__ = ["DEFAULT_PROOF_TYPE", "ProofResult", "issue", "method_of", "verify_proof"]

DEFAULT_PROOF_TYPE: Final = "Ed25519Signature2020"
"""The newest of the three for Ed25519: its own context, a plain multibase signature, no JOSE header."""
MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32

_KNOWN_CONTEXTS: Final = (
    vcdm11.CONTEXT,
    vcdm11.SUITE_CONTEXT,
    "https://identity.foundation/.well-known/contexts/did-configuration-v0.0.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
    "https://schema.org/",
    "https://w3c-ccg.github.io/lds-jws2020/contexts/lds-jws2020-v1.json",
    "https://w3c-ccg.github.io/vc-ed/plugfest-1-2022/jff-vc-edu-plugfest-1-context.json",
    "https://w3id.org/citizenship/v1",
    "https://w3id.org/security/bbs/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
    "https://w3id.org/traceability/v1",
    "https://w3id.org/vaccination/v1",
    "https://w3id.org/vc-revocation-list-2020/v1",
    "https://w3id.org/vc/status-list/2021/v1",
    "https://w3id.org/vdl/v1",
    "https://www.w3.org/2018/credentials/examples/v1",
)
"""Carried by didkit, and read: none of them hides a member or gives a core member a second name."""
_VOCABULARIES: Final = (
    vcdm11.UNDEFINED_TERM,
    "https://www.w3.org/ns/credentials/examples#",
    "https://www.w3.org/ns/credentials/issuer-dependent#",
)
_ISSUED_TYPES: Final = ("Ed25519Signature2018", DEFAULT_PROOF_TYPE, "JsonWebSignature2020")
_PROOF_TYPES: Final = (
    *_ISSUED_TYPES,
    "EcdsaSecp256k1RecoverySignature2020",
    "EcdsaSecp256k1Signature2019",
    "EcdsaSecp256r1Signature2019",
)
_PROOF_MEMBERS: Final = frozenset(
    {"@context", "type", "created", "verificationMethod", "proofPurpose", "jws", "proofValue"}
    | {"domain", "challenge"}
)
_OFFLINE_DID: Final = re.compile(r"did:(?:key|jwk|pkh):[A-Za-z0-9._:-]{1,4096}")
_FRAGMENT: Final = re.compile(r"[A-Za-z0-9._:-]{1,4096}")
_INVALID: Final = {
    "signature error": "the signature does not fit the credential",
    "Key does not match account id": "the signature does not fit the credential",
    "No applicable proof": "the issuer does not list the verification method for this purpose",
    "Key expansion failed": "a member that no @context defines is not covered by the signature",
}


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What is known of a proof; `verified` is None where it could not be determined.

    `reason` is one lower-case line, empty where the proof holds. `created` is the proof's own date, which is
    not compared with any clock.
    """

    verified: bool | None
    reason: str
    verification_method: str | None = None
    proof_type: str | None = None
    created: datetime | None = None


def issue(
    credential: JsonObject,
    key: PrivateKey,
    verification_method: str,
    *,
    created: datetime,
    proof_type: str = DEFAULT_PROOF_TYPE,
) -> JsonObject:
    """`credential` with a proof by `key` and nothing else changed; every value in it is signed.

    `created` is aware. Raises MalformedInput (the data model, a value that the signature would not cover, a
    key that is not the issuer's), Undetermined (a DID or context that can't be read offline), UsageError
    (another proof type), MissingFeature.
    """
    didkit_process.require()
    if proof_type not in _ISSUED_TYPES:
        raise UsageError(f"{proof_type!r} proofs are not made", hint=f"one of {', '.join(_ISSUED_TYPES)}")
    if "proof" in credential:
        raise MalformedInput("the credential has a proof already", hint="sign it without its proof")
    vcdm11.refuse_broken(credential)
    _check_method(vcdm11.issuer_of(credential), verification_method)
    _check_spelling(credential)
    options = {
        "type": proof_type,
        "created": format_timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    answer = _ask_didkit(credential, "assertionMethod", options, json.dumps(jwk.private_to_jwk(key)))
    if answer["errors"]:
        reason = _meaning(answer["errors"]) or _line(answer["errors"])
        raise MalformedInput(f"didkit does not sign it: {reason}")
    _refuse_unsigned(answer)
    signed: JsonObject = answer["document"]
    names = signed.keys() | credential.keys()
    changed = sorted(name for name in names if _text(signed.get(name)) != _text(credential.get(name)))
    if changed != ["proof"] or not options.items() <= signed["proof"].items():
        raise MalformedInput(f"didkit would write it differently: {', '.join(changed)}")
    return {**credential, "proof": signed["proof"]}


def verify_proof(credential: JsonObject, *, proof_purpose: str = "assertionMethod") -> ProofResult:
    """Whether a key of the issuer made the proof over all of `credential`. Never reaches the network.

    Dates, trust and status are the caller's. Raises MissingFeature; everything else is in the result.
    """
    didkit_process.require()
    proof = credential.get("proof")
    said = proof if isinstance(proof, dict) else {}
    method, kind = (
        said[name] if isinstance(said.get(name), str) else None for name in ("verificationMethod", "type")
    )
    result = ProofResult(False, "", method, kind)
    try:
        result = replace(result, created=_check_proof(proof, proof_purpose))
        vcdm11.refuse_broken(credential)
        _check_method(vcdm11.issuer_of(credential), method_of(credential))
        _check_spelling(credential)
        answer = _ask_didkit(credential, proof_purpose)
        if answer["errors"] and (reason := _meaning(answer["errors"])):
            raise MalformedInput(reason)
        if answer["errors"]:
            raise Undetermined(f"didkit could not check it: {_line(answer['errors'])}")
        _refuse_unsigned(answer)
    except Undetermined as error:
        return replace(result, verified=None, reason=error.message)
    except MalformedInput as error:
        return replace(result, reason=error.message)
    return replace(result, verified=True)


def _check_proof(proof: Json, purpose: str) -> datetime:
    """The proof's date, where its form is one that didkit reads as it stands."""
    if isinstance(proof, list) and proof:
        raise Undetermined("an array of proofs is not supported")
    if not isinstance(proof, dict):
        raise MalformedInput("there is no proof")
    if proof.get("type") not in _PROOF_TYPES:
        raise Undetermined(f"the proof type {proof.get('type')!r} is not supported")
    for name, value in proof.items():
        if name not in _PROOF_MEMBERS:
            raise Undetermined(f"the proof member {name[:60]!r} is not supported")
        if name != "@context" and not isinstance(value, str):
            raise MalformedInput(f"proof.{name} is not a string")
    if proof.get("proofPurpose") != purpose:
        raise MalformedInput(f"proof.proofPurpose is {proof.get('proofPurpose')!r}, not {purpose}")
    _check_contexts(proof.get("@context", []), inline=False)
    member, other = ("proofValue", "jws") if proof["type"] == DEFAULT_PROOF_TYPE else ("jws", "proofValue")
    if member not in proof or other in proof:
        raise MalformedInput(f"the signature of {proof['type']} stands in {member} and nowhere else")
    if member == "proofValue":
        if len(multibase.decode_base58btc(proof[member])) != SIGNATURE_LENGTH:
            raise MalformedInput("proof.proofValue does not have the length of a signature")
    else:
        header, _, _ = proof[member].partition("..")
        protected = strict_json.parse_object(base64url.decode(header), what="the header of proof.jws")
        if protected != {"alg": protected.get("alg"), "b64": False, "crit": ["b64"]}:
            raise MalformedInput("proof.jws is no detached signature (RFC 7797)")
    return vcdm11.timestamp_of(proof, "created")


def _check_method(issuer: str, method: str) -> None:
    """A key that is read from the issuer's DID itself; any other DID would send didkit to the network."""
    if not _OFFLINE_DID.fullmatch(issuer):
        raise Undetermined(
            f"the key of {issuer[:100]!r} can't be read offline", hint="did:key and did:jwk can"
        )
    did, _, fragment = method.partition("#")
    if did != issuer or not _FRAGMENT.fullmatch(fragment):
        raise MalformedInput(f"the verification method {method[:100]!r} is not one of the issuer's")


def _check_spelling(credential: JsonObject) -> None:
    """Every member under its own name, so that what is signed and what is read are the same."""
    _check_contexts(credential["@context"], inline=True)
    level: list[Json] = [{name: credential[name] for name in credential.keys() - {"@context", "id", "proof"}}]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Undetermined(f"nesting of more than {MAX_DEPTH} levels is not given to didkit")
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                for name in item:
                    if ":" in name or name.startswith("@"):
                        raise Undetermined(f"{name[:60]!r} is no plain name and could stand for another")
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and (item.startswith("_:") or item == credential.get("id")):
                raise Undetermined(f"the id {item[:60]!r} could carry members of another object")
        level = below
    if len(json.dumps(credential)) > MAX_BYTES:
        raise Undetermined(f"more than {MAX_BYTES // 1024} KiB are not given to didkit")


def _check_contexts(contexts: Json, *, inline: bool) -> None:
    for entry in vcdm11.entries(contexts):
        if isinstance(entry, dict) and inline:
            for term, definition in entry.items():
                if not _is_faithful(term, definition):
                    raise Undetermined(f"the inline @context could hide or rename {term[:60]!r}")
        elif entry not in _KNOWN_CONTEXTS:
            raise Undetermined(f"the @context {str(entry)[:100]!r} is not one that is known offline")


def _is_faithful(term: str, definition: Json) -> bool:
    """Whether an inline entry keeps names as they are: `name` is …#name or …/name, and no key is dropped."""
    if term in ("@vocab", "@version"):
        return definition in (_VOCABULARIES if term == "@vocab" else (1.1,))
    parts = definition if isinstance(definition, dict) else {"@id": definition}
    iri, coercion = parts.get("@id"), parts.get("@type", "@id")
    return (
        vcdm11.NAME.fullmatch(term) is not None
        and parts.keys() <= {"@id", "@type", "@container"}
        and isinstance(iri, str)
        and isinstance(coercion, str)
        and URL.fullmatch(iri) is not None
        and re.split("[#/:]", iri)[-1] == term
        and parts.get("@container", "@set") in ("@set", "@list")
    )


def _meaning(errors: list[str]) -> str | None:
    """What didkit's words say against the credential, where they are of a known kind."""
    return next((reason for error in errors for sign, reason in _INVALID.items() if sign in error), None)


def _refuse_unsigned(answer: JsonObject) -> None:
    if answer["unsigned"]:
        names = _line(answer["unsigned"][:3])
        raise MalformedInput(f"the signature does not cover {names}", hint="no @context gives it a meaning")


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _line(texts: list[str]) -> str:
    """One line that is safe to print, whatever the credential put into it."""
    return "".join(character for character in "; ".join(texts) if character.isprintable())[:200]


def _ask_didkit(
    credential: JsonObject, purpose: str, options: JsonObject | None = None, key: str = ""
) -> JsonObject:
    """A child's answer: `document`, `errors` of its verification, `unsigned` names. Raises Undetermined.

    The key goes through the pipe, never on the command line.
    """
    return didkit_process.run({"credential": credential, "purpose": purpose, "options": options, "key": key})


def method_of(credential: JsonObject) -> str:
    """The proof's `verificationMethod`. Raises MalformedInput."""
    proof = credential.get("proof")
    method = proof.get("verificationMethod") if isinstance(proof, dict) else None
    return vcdm11.uri_of(method, "proof.verificationMethod")
