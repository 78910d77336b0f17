"""What the rdfc cryptosuites sign: the canonical RDF of a JSON-LD document, or why there is none; and whom a
credential is about, which is read in the same way whatever secures it.

    document --(expansion, safe mode)--> N-Quads --(RDFC-1.0)--> canonical N-Quads

A reader of the JSON and a reader of the signed RDF must see the same statements; whatever ipse can't vouch
for is a finding, and nothing is signed or verified. Two things JSON says and RDF does not keep are no
findings: the order of an array that is no `@list`, and whether one value stands in an array.

The name of a subject is the value of `@id`, of `id`, or of whatever else a context in scope makes an alias of
it. Subjects stand in arrays of any depth, under any name of `credentialSubject`, as objects or as IRIs alone.

Source: JSON-LD 1.1 Processing Algorithms and API; W3C RDF Dataset Canonicalization (RDFC-1.0).
"""

from __future__ import annotations

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.json_ld.canonicalization import HashName, canonicalize
from ipse.credentials.json_ld.contexts import Contexts, known
from ipse.credentials.json_ld.expansion import expand
from ipse.credentials.json_ld.members import misnamed
from ipse.credentials.json_ld.names import ambiguous
from ipse.credentials.json_ld.statements import (
    AMBIGUOUS,
    LOST,
    SWAPPABLE,
    UNDEFINED,
    AmbiguousName,
    Finding,
    TooMuchWork,
    UnknownContext,
    UnsafeDocument,
)
from ipse.credentials.json_ld.subjects import Subjects, subjects
from ipse.credentials.json_ld.types import expanded_types
from ipse.encoding.strict_json import JsonObject

__all__ = [
    "AMBIGUOUS",
    "LOST",
    "SWAPPABLE",
    "UNDEFINED",
    "AmbiguousName",
    "Contexts",
    "Finding",
    "HashName",
    "Subjects",
    "TooMuchWork",
    "UnknownContext",
    "UnsafeDocument",
    "ambiguous",
    "canonical",
    "expanded_types",
    "findings",
    "known",
    "misnamed",
    "subjects",
]


def findings(
    document: JsonObject, contexts: Contexts, *, signs_rdf: bool = False, budget: Budget = UNBOUNDED
) -> tuple[Finding, ...]:
    """What RDF would drop or change of `document`, at most 50 places; empty where nothing would be.

    With `signs_rdf` also names that could have been others when the RDF was signed (AMBIGUOUS): it is safe to
    sign where there is nothing at all. Raises UnknownContext, TooMuchWork, and CorruptData where a packaged
    context was altered.
    """
    found = expand(document, contexts, budget, signs_rdf=signs_rdf).findings
    return tuple(each for each in found if signs_rdf or each.code != AMBIGUOUS)


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
