"""What the name of a member stands for, and whether readers of the JSON would know.

Source: JSON-LD 1.1 Processing Algorithms and API, section 5.1.2.
"""

from __future__ import annotations

from ipse.credentials.json_ld import vocabulary
from ipse.credentials.json_ld.errors import UNDEFINED
from ipse.credentials.json_ld.literals import Lossy
from ipse.credentials.json_ld.terms import ActiveContext, Term, expand_iri, is_iri
from ipse.encoding.strict_json import JsonObject, excerpt

__all__ = ["is_keyword", "is_type", "keeps_types", "name_fault"]


def name_fault(name: str, iri: str | None, term: Term | None) -> str | Lossy:
    """What is wrong with the name of a property, the empty string where nothing is."""
    if name in ("id", "type"):
        return f"does not mean @{name} here"
    if iri is None or ":" not in iri:
        return Lossy("is a term that no context defines", UNDEFINED)
    if iri.startswith("_:"):
        return "is a blank node, which RDF has not as a property"
    if not is_iri(iri):
        return f"stands for {excerpt(iri)}, which is no IRI"
    if term is None and vocabulary.disguised(name, iri):
        return "is shortened by a prefix that looks like a URL's scheme"
    if term is not None and term.reverse:
        return "is a reverse property, which is not supported"
    if term is not None and term.nest is not None:
        return "is nested (@nest), which is not supported"
    return next(vocabulary.property_faults(name, iri, term), "")


def keeps_types(element: JsonObject, active: ActiveContext) -> bool:
    """Whether `element` is a value or a mere reference, to which type-scoped contexts go on applying."""
    names = [expand_iri(active, name, vocab=True) for name in element]
    return "@value" in names or names == ["@id"]


def is_keyword(name: str, keyword: str, active: ActiveContext) -> bool:
    term = active.terms.get(name)
    return term is not None and term.iri == keyword


def is_type(name: str, active: ActiveContext) -> bool:
    return name == "@type" or is_keyword(name, "@type", active)
