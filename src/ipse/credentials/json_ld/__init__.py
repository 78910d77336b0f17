"""What the rdfc cryptosuites sign: the canonical RDF of a JSON-LD document, or why there is none.

    document --(expansion, safe mode)--> N-Quads --(RDFC-1.0)--> canonical N-Quads

A reader of the JSON and a reader of the signed RDF must see the same statements; whatever ipse can't vouch
for is a finding, and nothing is signed or verified. Two things JSON says and RDF does not keep are no
findings: the order of an array that is no `@list`, and whether one value stands in an array.

Source: JSON-LD 1.1 Processing Algorithms and API; W3C RDF Dataset Canonicalization (RDFC-1.0).
"""

from __future__ import annotations

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.json_ld.canonicalization import HashName, canonicalize
from ipse.credentials.json_ld.contexts import Contexts, known
from ipse.credentials.json_ld.expansion import expand
from ipse.credentials.json_ld.statements import (
    LOST,
    UNDEFINED,
    Finding,
    TooMuchWork,
    UnknownContext,
    UnsafeDocument,
)
from ipse.encoding.strict_json import JsonObject

__all__ = [
    "LOST",
    "UNDEFINED",
    "Contexts",
    "Finding",
    "HashName",
    "TooMuchWork",
    "UnknownContext",
    "UnsafeDocument",
    "canonical",
    "findings",
    "known",
]


def findings(document: JsonObject, contexts: Contexts, *, budget: Budget = UNBOUNDED) -> tuple[Finding, ...]:
    """What RDF would drop or change of `document`, at most 50 places; empty where it is safe to sign.

    Raises UnknownContext, TooMuchWork, and CorruptData where a packaged context was altered.
    """
    return tuple(expand(document, contexts, budget).findings)


def canonical(
    document: JsonObject,
    contexts: Contexts,
    *,
    hash_name: HashName = "sha256",
    budget: Budget = UNBOUNDED,
) -> bytes:
    """The canonical N-Quads of `document`, UTF-8; `hash_name` is what RDFC-1.0 hashes with.

    Raises UnsafeDocument where there are findings, UnknownContext, TooMuchWork (after some seconds, however
    the document is made), and CorruptData where a packaged context was altered.
    """
    statements = expand(document, contexts, budget)
    if statements.findings:
        raise UnsafeDocument(tuple(statements.findings))
    return canonicalize(statements.made, hash_name, budget=budget)
