"""W3C VCDM 1.1 credentials with Linked Data proofs, signed here and checked by didkit.

didkit works in a child process, one per call, and sees no private key. What the child is given can't lead it
to the network: only contexts that didkit carries, only DIDs that hold their own key, no status check.

A Linked Data proof signs the RDF that the contexts make of the JSON, not the JSON. didkit drops undefined
types, relative ids, nulls, empty arrays and unknown keywords in silence, and takes members under another
spelling (`expirationDate` as a full IRI, under `@nest`, behind an inline term), where no reader of JSON finds
them. So spellings are restricted here, and every value is proved to be signed by changing it: a changed copy
that still verifies shows a value that the signature does not cover. The order of array items is signed only
for terms with `"@container": "@list"`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.vcdm11 import didkit_process, signing
from ipse.credentials.formats.vcdm11.spelling import check_contexts, check_method, check_spelling
from ipse.credentials.json_ld.statements import AMBIGUOUS, SWAPPABLE, AmbiguousName, UnsafeDocument
from ipse.credentials.model import vcdm11
from ipse.encoding import base64url, multibase, safe_text, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, Undetermined, UsageError
from ipse.keys.ed25519 import SIGNATURE_LENGTH
from ipse.keys.key_types import PrivateKey

__all__ = [
    "DEFAULT_PROOF_TYPE",
    "PROOF_TYPES",
    "ProofResult",
    "issue",
    "meaning",
    "method_of",
    "one_line",
    "refuse_signed",
    "refuse_unsigned",
    "result_of",
    "sign",
    "type_of_proof",
    "verify_proof",
]

DEFAULT_PROOF_TYPE: Final = "Ed25519Signature2020"
"""The newest of the three for Ed25519: its own context, a plain multibase signature, no JOSE header."""
_FOR_ANY_KEY: Final = "JsonWebSignature2020"
PROOF_TYPES: Final = tuple(signing.CONTEXT_OF)
"""The types of proofs that are made."""
_READ_TYPES: Final = (
    *PROOF_TYPES,
    "EcdsaSecp256k1RecoverySignature2020",
    "EcdsaSecp256k1Signature2019",
    "EcdsaSecp256r1Signature2019",
)
_PROOF_MEMBERS: Final = frozenset(
    {"@context", "type", "created", "verificationMethod", "proofPurpose", "jws", "proofValue"}
    | {"domain", "challenge"}
)
_INVALID: Final = {
    "signature error": "the signature does not fit the document",
    "Key does not match account id": "the signature does not fit the document",
    "No applicable proof": "the signer does not list the verification method for this purpose",
    "Key expansion failed": "a member that no @context defines is not covered by the signature",
}


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What is known of a proof; `verified` is None where it could not be determined.

    `reason` is one lower-case line, empty where the proof holds; `code` is for programs, empty where it is
    that of every proof that does not hold, or could not be checked. `created` is the proof's own date,
    `not_before` and `expires` are from when to when it is meant to hold, None where it does not say; none is
    compared with any clock.
    """

    verified: bool | None
    reason: str
    verification_method: str | None = None
    proof_type: str | None = None
    created: datetime | None = None
    expires: datetime | None = None
    not_before: datetime | None = None
    code: str = ""


def issue(
    credential: JsonObject,
    key: PrivateKey,
    verification_method: str,
    *,
    created: datetime,
    proof_type: str | None = None,
) -> JsonObject:
    """`credential` with a proof by `key` and nothing else changed; every value in it is signed.

    `created` is aware. Without `proof_type` it is DEFAULT_PROOF_TYPE, or JsonWebSignature2020 for keys that
    are not Ed25519. Raises MalformedInput (the data model, a value that the signature would not cover, a
    key that is not the issuer's), Undetermined (a DID or context that can't be read offline), UsageError
    (a proof type that the key does not make), MissingFeature.
    """
    options: JsonObject = {
        "type": type_of_proof(key.key_type, proof_type),
        "created": format_timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    refuse_signed(credential)
    vcdm11.refuse_broken(credential)
    check_method(vcdm11.issuer_of(credential), verification_method)
    check_spelling(credential)
    return sign(credential, options, key, lambda secured: _ask_didkit(secured, "assertionMethod"))


def verify_proof(
    credential: JsonObject, *, proof_purpose: str = "assertionMethod", budget: Budget = UNBOUNDED
) -> ProofResult:
    """Whether a key of the issuer made the proof over all of `credential`. Never reaches the network.

    Dates, trust and status are the caller's. Raises MissingFeature; everything else is in the result.
    """

    def examine() -> JsonObject:
        vcdm11.refuse_broken(credential)
        check_method(vcdm11.issuer_of(credential), method_of(credential))
        check_spelling(credential)
        return _ask_didkit(credential, proof_purpose, budget=budget)

    return result_of(credential.get("proof"), proof_purpose, examine)


def type_of_proof(key_type: str, proof_type: str | None) -> str:
    """`proof_type` if keys of this type make such proofs, and where it is None the one for this type of key.

    Raises UsageError, MissingFeature.
    """
    didkit_process.require()
    made = PROOF_TYPES if key_type == "Ed25519" else (_FOR_ANY_KEY,)
    if proof_type is None:
        return DEFAULT_PROOF_TYPE if DEFAULT_PROOF_TYPE in made else _FOR_ANY_KEY
    if proof_type not in made:
        raise UsageError(
            f"{proof_type!r} proofs are not made with {key_type} keys", hint=f"one of {', '.join(made)}"
        )
    return proof_type


def refuse_signed(document: JsonObject) -> None:
    """Raise MalformedInput for a document that has a proof already."""
    if "proof" in document:
        raise MalformedInput("the document has a proof already", hint="sign it without its proof")


def sign(
    document: JsonObject, options: JsonObject, key: PrivateKey, check: Callable[[JsonObject], JsonObject]
) -> JsonObject:
    """`document` with a proof by `key`, once a second implementation agrees that it holds.

    `check` gives didkit's answer to the signed document: didkit takes some dates and some chains of objects
    that look alike for others. Raises MalformedInput where it says no or a value would not be signed, and as
    `signing.check_key` and `signing.made_proof`.
    """
    signing.check_key(key, options["verificationMethod"], options["proofPurpose"])
    secured = {**document, "proof": signing.made_proof(document, options, key)}
    answer = check(secured)
    if answer["errors"]:
        reason = meaning(answer) or one_line(answer["errors"])
        raise MalformedInput(
            f"didkit would not verify it: {reason}",
            hint="write dates like 2026-01-31T12:00:00Z; `--suite JWT` signs the text itself",
            code="implementations-disagree",
        )
    refuse_unsigned(answer)
    return secured


def result_of(proof: Json, purpose: str, examine: Callable[[], JsonObject]) -> ProofResult:
    """What is known of `proof` once its form is checked and `examine` gave a child's answer."""
    didkit_process.require()
    said = proof if isinstance(proof, dict) else {}
    method, kind = (
        said[name] if isinstance(said.get(name), str) else None for name in ("verificationMethod", "type")
    )
    result = ProofResult(False, "", method, kind)
    try:
        result = replace(result, created=_check_proof(proof, purpose))
        answer = examine()
        if answer["errors"] and (reason := meaning(answer)):
            raise MalformedInput(reason)
        if answer["errors"]:
            raise Undetermined(f"didkit could not check it: {one_line(answer['errors'])}")
        refuse_unsigned(answer)
    except UnsafeDocument as error:
        if error.code not in (AMBIGUOUS, SWAPPABLE):
            return replace(result, reason=error.message, code=error.code)
        unclear = AmbiguousName(error.findings)
        return replace(result, verified=None, reason=unclear.message, code=unclear.code)
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
    if proof.get("type") not in _READ_TYPES:
        raise Undetermined(f"the proof type {proof.get('type')!r} is not supported")
    for name, value in proof.items():
        if name not in _PROOF_MEMBERS:
            raise Undetermined(f"the proof member {name[:60]!r} is not supported")
        if name != "@context" and not isinstance(value, str):
            raise MalformedInput(f"proof.{name} is not a string")
    if proof.get("proofPurpose") != purpose:
        raise MalformedInput(f"proof.proofPurpose is {proof.get('proofPurpose')!r}, not {purpose}")
    check_contexts(proof.get("@context", []), inline=False)
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


def meaning(answer: JsonObject) -> str | None:
    """What didkit's words say against the document, where they are of a known kind."""
    return next(
        (reason for error in answer["errors"] for sign, reason in _INVALID.items() if sign in error), None
    )


def refuse_unsigned(answer: JsonObject) -> None:
    """Raise MalformedInput where a child found values that the signature does not cover."""
    if answer["unsigned"]:
        names = one_line(answer["unsigned"][:3])
        raise MalformedInput(f"the signature does not cover {names}", hint="no @context gives it a meaning")


def one_line(texts: list[str]) -> str:
    """One line that is safe to print, whatever the document put into it."""
    return safe_text.one_line("; ".join(texts), 200)


def _ask_didkit(credential: JsonObject, purpose: str, *, budget: Budget = UNBOUNDED) -> JsonObject:
    """A child's answer: `errors` of its verification, `unsigned` names. Raises Undetermined."""
    expected = {"proofPurpose": purpose}
    job: JsonObject = {"kind": "credential", "document": credential, "expected": expected}
    return didkit_process.run(job, budget=budget)


def method_of(credential: JsonObject) -> str:
    """The proof's `verificationMethod`. Raises MalformedInput."""
    proof = credential.get("proof")
    method = proof.get("verificationMethod") if isinstance(proof, dict) else None
    return vcdm11.uri_of(method, "proof.verificationMethod")
