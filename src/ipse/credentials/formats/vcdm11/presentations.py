"""W3C VCDM 1.1 presentations with Linked Data proofs, signed here and checked by didkit.

What is in a presentation is held to the same rules as a credential (see `embedded_proofs`): every value in
it, the credentials' own proofs included, is shown to be signed by changing it. The credentials themselves are
verified one by one, elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs
from ipse.credentials.formats.vcdm11.embedded_proofs import ProofResult
from ipse.credentials.formats.vcdm11.spelling import check_method, check_presentation_spelling
from ipse.credentials.model import vcdm11
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, UsageError
from ipse.keys.key_types import PrivateKey

__all__ = ["PURPOSE", "issue_presentation", "verify_presentation_proof"]

PURPOSE: Final = "authentication"


def issue_presentation(
    presentation: JsonObject,
    key: PrivateKey,
    verification_method: str,
    *,
    audience: str,
    nonce: str,
    created: datetime,
    proof_type: str | None = None,
) -> JsonObject:
    """`presentation` with a proof by the holder's `key` for one verifier, and nothing else changed.

    `audience` becomes the proof's `domain`, `nonce` its `challenge`; `created` is aware; `proof_type` as for
    a credential. Raises MalformedInput (the data model, a value that the signature would not cover, a key
    that is not the holder's), Undetermined (a DID or context that can't be read offline), UsageError (an
    empty audience or nonce, a proof type that the key does not make), MissingFeature.
    """
    if not (audience and nonce):
        raise UsageError("a presentation needs an audience and a nonce, neither of them empty")
    options: JsonObject = {
        "type": embedded_proofs.type_of_proof(key.key_type, proof_type),
        "created": format_timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
        "domain": audience,
        "challenge": nonce,
    }
    embedded_proofs.refuse_signed(presentation)
    vcdm11.refuse_broken_presentation(presentation)
    check_method(vcdm11.holder_of(presentation), verification_method, party="holder")
    check_presentation_spelling(presentation)
    return embedded_proofs.sign(
        presentation, options, key, lambda secured: _ask_didkit(secured, audience, nonce)
    )


def verify_presentation_proof(
    presentation: JsonObject, *, audience: str, nonce: str, budget: Budget = UNBOUNDED
) -> ProofResult:
    """Whether a key of the holder made the proof over all of `presentation`, for this verifier and nonce.

    Never reaches the network. The credentials in it, and when it was made, are the caller's. Raises
    MissingFeature; everything else is in the result.
    """
    proof = presentation.get("proof")

    def examine() -> JsonObject:
        vcdm11.refuse_broken_presentation(presentation)
        check_method(vcdm11.holder_of(presentation), embedded_proofs.method_of(presentation), party="holder")
        for name, expected in (("domain", audience), ("challenge", nonce)):
            if not expected or presentation["proof"].get(name) != expected:
                raise MalformedInput(f"proof.{name} is not {expected!r}: made for somebody or something else")
        check_presentation_spelling(presentation)
        return _ask_didkit(presentation, audience, nonce, budget=budget)

    return embedded_proofs.result_of(proof, PURPOSE, examine)


def _ask_didkit(
    presentation: JsonObject, audience: str, nonce: str, *, budget: Budget = UNBOUNDED
) -> JsonObject:
    """A child's answer, as for a credential. Raises Undetermined."""
    return didkit_process.run(
        {
            "kind": "presentation",
            "document": presentation,
            "expected": {"proofPurpose": PURPOSE, "domain": audience, "challenge": nonce},
        },
        budget=budget,
    )
