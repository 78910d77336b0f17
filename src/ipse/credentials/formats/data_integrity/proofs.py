"""Reading proofs: the shape of each, and how those of one document hang together.

Source: W3C Verifiable Credential Data Integrity 1.0, sections 2.1, 2.1.1 (proof sets) and 2.1.2 (proof
chains).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.data_integrity.cryptosuites import (
    SUITES,
    HashName,
    Suite,
    hash_data,
    hash_name_of,
    signature_length,
)
from ipse.credentials.model.rules import URL
from ipse.encoding import multibase, strict_json
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput, Undetermined, VerificationFailed
from ipse.keys.key_types import PublicKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = [
    "MAX_PROOFS",
    "Proof",
    "in_order",
    "previous_of",
    "proof_of",
    "proofs_of",
    "read_proof",
    "verify_proof",
]

MAX_PROOFS: Final = 16
"""Proofs of one document that are looked at."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof of a document. Its shape was checked, its signature was not.

    `members` is the proof as it came; `previous` are the ids of the proofs that it builds on, which have
    to be right as well for this one to mean anything; `domain` is empty where the proof names none.
    """

    members: JsonObject = field(repr=False)
    suite: Suite
    verification_method: str
    purpose: str
    signature: bytes = field(repr=False)
    id: str | None
    previous: tuple[str, ...]
    created: datetime | None
    expires: datetime | None
    domain: tuple[str, ...]
    challenge: str | None

    @property
    def options(self) -> JsonObject:
        """The members that are signed: all but the signature itself."""
        return {name: value for name, value in self.members.items() if name != "proofValue"}


def proofs_of(secured: JsonObject) -> tuple[Proof, ...]:
    """The proofs of a secured document in the order they stand in, at least one.

    Raises VerificationFailed where there is none, one is malformed, two have the same id, or one builds on
    a proof that is not there or on itself; Undetermined for proof types and cryptosuites that ipse does
    not know and for more than MAX_PROOFS; MalformedInput for bottomless nesting.
    """
    strict_json.check_value(secured, "the document")
    entries = secured.get("proof")
    entries = entries if isinstance(entries, list) else [entries]
    if not any(isinstance(entry, dict) for entry in entries):
        raise VerificationFailed("there is no proof")
    if len(entries) > MAX_PROOFS:
        raise Undetermined(f"a set of {len(entries)} proofs is not supported: at most {MAX_PROOFS} are read")
    proofs: list[Proof] = []
    unknown: Undetermined | None = None
    for entry in entries:
        try:
            proofs.append(read_proof(entry))
        except Undetermined as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown
    in_order(proofs)
    return tuple(proofs)


def proof_of(secured: JsonObject) -> JsonObject:
    """The members of the one proof of a document. Raises as `proofs_of`, and Undetermined for several."""
    proofs = proofs_of(secured)
    if len(proofs) > 1:
        raise Undetermined(f"a set of {len(proofs)} proofs is not supported")
    return proofs[0].members


def in_order(proofs: Sequence[Proof]) -> tuple[Proof, ...]:
    """The proofs, each after those that it builds on.

    Raises VerificationFailed where two have the same id, or one builds on a proof that is not among them
    or, in however many steps, on itself.
    """
    named = [proof.id for proof in proofs if proof.id is not None]
    if len(set(named)) != len(named):
        raise VerificationFailed("two proofs have the same id")
    absent = {name for proof in proofs for name in proof.previous} - set(named)
    if absent:
        raise VerificationFailed(
            f"a proof builds on {excerpt(min(absent))}, which is no proof of this document"
        )
    ordered: list[Proof] = []
    placed: set[str | None] = set()
    waiting = list(proofs)
    while waiting:
        ready = [proof for proof in waiting if placed.issuperset(proof.previous)]
        if not ready:
            raise VerificationFailed("the proofs build on each other in a circle")
        waiting = [proof for proof in waiting if not placed.issuperset(proof.previous)]
        placed.update(proof.id for proof in ready)
        ordered += ready
    return tuple(ordered)


def previous_of(proof: Proof, proofs: Sequence[Proof]) -> tuple[Proof, ...]:
    """The proofs that `proof` builds on, in the order of the document (4.5, steps 3.2 and 3.3)."""
    return tuple(other for other in proofs if other.id is not None and other.id in proof.previous)


def read_proof(members: Json) -> Proof:
    """The proof that `members` are. Raises VerificationFailed and Undetermined as `proofs_of`."""
    if not isinstance(members, dict):
        raise VerificationFailed(f"a proof is an object, not {excerpt(members)}")
    suite = _suite(members)
    if suite.canonicalisation == "rdfc":
        _refuse_what_rdf_would_drop(members)
    return Proof(
        members=members,
        suite=suite,
        verification_method=_text(members, "verificationMethod"),
        purpose=_text(members, "proofPurpose"),
        signature=_signature(members),
        id=_url(members, "id"),
        previous=_texts(members, "previousProof"),
        created=_moment(members, "created"),
        expires=_moment(members, "expires"),
        domain=_texts(members, "domain"),
        challenge=_optional_text(members, "challenge"),
    )


def _suite(members: JsonObject) -> Suite:
    kind, name = members.get("type"), members.get("cryptosuite")
    if kind == "DataIntegrityProof":
        suite = SUITES.get(name) if isinstance(name, str) else None
        if suite is None or suite.has_own_type:
            raise Undetermined(f"the cryptosuite {excerpt(name)} is not supported")
        return suite
    suite = SUITES.get(kind) if isinstance(kind, str) else None
    if suite is None or not suite.has_own_type:
        raise Undetermined(f"the proof type {excerpt(kind)} is not supported")
    if "cryptosuite" in members:
        raise VerificationFailed(f"a proof of the type {kind} has no cryptosuite")
    return suite


def _refuse_what_rdf_would_drop(members: JsonObject) -> None:
    """Raise VerificationFailed for a member that anybody could add, since it leaves no trace in the RDF.

    Such are null, empty arrays and JSON-LD keywords. All that the vocabulary knows in a proof are strings
    and arrays of strings.
    """
    for name, value in members.items():
        texts = value if isinstance(value, list) else [value]
        if name != "@context" and (
            name.startswith("@") or not texts or not all(isinstance(text, str) for text in texts)
        ):
            raise VerificationFailed(
                f"the proof has {excerpt(name)}: {excerpt(value)}, which would not be signed"
            )


def _text(members: JsonObject, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise VerificationFailed(f"the proof has no {name}")
    return value


def _optional_text(members: JsonObject, name: str) -> str | None:
    return _text(members, name) if name in members else None


def _url(members: JsonObject, name: str) -> str | None:
    value = _optional_text(members, name)
    if value is not None and not URL.fullmatch(value):
        raise VerificationFailed(f"{name} of the proof is {excerpt(value)}, not a URL")
    return value


def _texts(members: JsonObject, name: str) -> tuple[str, ...]:
    """A string, or an array of at least one, none of them twice; empty where there is no such member."""
    if name not in members:
        return ()
    value = members[name]
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise VerificationFailed(
            f"{name} of the proof is {excerpt(value)}, not a string or an array of strings"
        )
    if len(set(texts)) != len(texts):
        raise VerificationFailed(f"{name} of the proof names the same twice")
    return tuple(texts)


def _moment(members: JsonObject, name: str) -> datetime | None:
    if name not in members:
        return None
    try:
        return parse_timestamp(members[name])
    except MalformedInput as error:
        raise VerificationFailed(f"{name} of the proof: {error.message}") from error


def _signature(members: JsonObject) -> bytes:
    try:
        return multibase.decode_base58btc(_text(members, "proofValue"))
    except MalformedInput as error:
        raise VerificationFailed(f"proofValue is {error.message}") from error


def verify_proof(
    secured: JsonObject,
    proof: Proof | JsonObject,
    key: PublicKey,
    *,
    contexts: Contexts | None = None,
    budget: Budget = UNBOUNDED,
) -> JsonObject:
    """The document that `proof`, one of those of `secured`, signs, without any proofs, if `key` made it.

    Where a JCS proof names its own @context, the document comes back with that one, since that is what was
    signed (3.3.2). The proofs that this one builds on are signed by it and not verified here: they have to
    be right as well, and `in_order` says which come first. Under RDFC the statements are signed that members
    stand for; where an array is no list, its order is not, nor whether a single value stands in one.

    Raises VerificationFailed where it is not, MalformedInput where it would not all be signed, Undetermined
    for a JSON-LD context that is not known and for names that could have been others when they were signed,
    DataError for a graph that takes too much work, and where the budget is used up.
    """
    if not isinstance(proof, Proof):
        proof = read_proof(proof)
    if key.key_type not in proof.suite.key_types:
        raise VerificationFailed(f"{proof.suite.name} is not for {key.key_type} keys")
    length = signature_length(key.key_type)
    if len(proof.signature) != length:
        raise VerificationFailed(f"proofValue holds {len(proof.signature)} bytes, a signature has {length}")
    document = _without_proofs(secured, proof)
    signed = document
    if proof.previous:
        earlier = previous_of(proof, proofs_of(secured))
        signed = {**document, "proof": [other.members for other in earlier]}
    message = _message(signed, proof, hash_name_of(key.key_type), contexts, budget)
    if not key.verify(message, proof.signature):
        raise VerificationFailed("the signature does not fit the document")
    return document


def _message(
    signed: JsonObject, proof: Proof, hash_name: HashName, contexts: Contexts | None, budget: Budget
) -> bytes:
    """What `proof` signs. Raises as `hash_data`, and AmbiguousName where names could have been others."""
    try:
        return hash_data(
            signed, proof.options, proof.suite, hash_name=hash_name, contexts=contexts, budget=budget
        )
    except MalformedInput as error:
        if proof.suite.canonicalisation == "rdfc":
            from ipse.credentials.json_ld import AMBIGUOUS, SWAPPABLE, AmbiguousName, UnsafeDocument

            if isinstance(error, UnsafeDocument) and error.code in (AMBIGUOUS, SWAPPABLE):
                raise AmbiguousName(error.findings) from error
        raise


def _without_proofs(secured: JsonObject, proof: Proof) -> JsonObject:
    """The document with the contexts that were signed.

    Under RDFC the proof is read in the document's @context whatever it names itself (3.2.5), so one that
    names another could only mislead its readers.
    """
    document = {name: value for name, value in secured.items() if name != "proof"}
    if "@context" in proof.members:
        named = as_list(proof.members["@context"])
        if as_list(document.get("@context"))[: len(named)] != named:
            raise VerificationFailed("the document's @context does not begin with the one that was signed")
        if proof.suite.canonicalisation == "jcs":
            document["@context"] = proof.members["@context"]
    return document
