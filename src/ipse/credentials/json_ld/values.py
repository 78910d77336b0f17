"""The RDF node or literal that a single JSON value is.

Source: JSON-LD 1.1 Processing Algorithms and API, sections 5.3 (value expansion) and 8.2 (to RDF). Each
function raises Lossy, or MalformedInput from canonical JSON, where the value would get lost or changed.
"""

from __future__ import annotations

from typing import Final

from ipse.credentials.json_ld import vocabulary
from ipse.credentials.json_ld.errors import UNDEFINED
from ipse.credentials.json_ld.literals import Lossy, json_literal, literal, native, tagged, typed
from ipse.credentials.json_ld.terms import ABSENT, ActiveContext, Term, expand_iri, is_iri
from ipse.encoding.strict_json import Json, excerpt

__all__ = ["has_direction", "named", "reference", "scalar", "value_object"]

_AS_NODE: Final = frozenset((None, "@id", "@vocab", "@none"))


def scalar(item: Json, term: Term, active: ActiveContext) -> str:
    """A string, number or boolean that is the value of `term`."""
    if term.type == "@json":
        return json_literal(item)
    if not isinstance(item, str):
        return native(item, None if term.type in _AS_NODE else term.type)
    if term.type is None or term.type == "@none":
        if has_direction(term, active):
            raise Lossy("has a base direction, which gets lost in RDF")
        tag = active.language if term.language is ABSENT else term.language
        return literal(item) if tag is None else tagged(item, str(tag))
    if term.type == "@id":
        return reference(item, active)
    if term.type == "@vocab":
        return f"<{named(item, active)}>"
    return typed(item, term.type)


def has_direction(term: Term, active: ActiveContext) -> bool:
    """Whether the strings of `term` have a base direction."""
    return (active.direction if term.direction is ABSENT else term.direction) is not None


def value_object(value: Json, datatype: Json, language: Json, active: ActiveContext) -> str:
    """A value object; `datatype` and `language` are ABSENT where it has none."""
    if datatype is not ABSENT:
        if language is not ABSENT:
            raise Lossy("has both a datatype and a language")
        iri = expand_iri(active, datatype, vocab=True) if isinstance(datatype, str) else None
        if iri == "@json":
            return json_literal(value)
        if iri is None or not is_iri(iri):
            raise Lossy(f"has the datatype {excerpt(datatype)}, which is no IRI")
    else:
        iri = None
    if language is not ABSENT:
        if not isinstance(value, str) or not isinstance(language, str):
            raise Lossy("has a language and is no string, or the language is none")
        return tagged(value, language)
    if isinstance(value, str):
        return literal(value) if iri is None else typed(value, iri)
    if isinstance(value, bool | int | float):
        return native(value, iri)
    raise Lossy(f"has the @value {excerpt(value)}, which RDF has not")


def reference(value: Json, active: ActiveContext) -> str:
    """The node that an identifier names, which must be spelled in full."""
    if not isinstance(value, str):
        raise Lossy(f"is {excerpt(value)}, an IRI is expected")
    if value.startswith("_:"):
        raise Lossy("is a blank node's name, which RDF does not keep")
    if expand_iri(active, value, vocab=False) != value:
        raise Lossy("is shortened by a context; an identifier must be written in full")
    if not is_iri(value):
        raise Lossy(f"is {excerpt(value)}, which is no absolute IRI")
    return f"<{value}>"


def named(value: Json, active: ActiveContext) -> str:
    """The IRI that a term, a compact or a whole IRI stands for, as types do."""
    iri = expand_iri(active, value, vocab=True) if isinstance(value, str) else None
    if iri is None or ":" not in iri:
        raise Lossy(f"is {excerpt(value)}, which no context defines", UNDEFINED)
    if iri.startswith("_:") or not is_iri(iri):
        raise Lossy(f"stands for {excerpt(iri)}, which is no IRI")
    if value not in active.terms and vocabulary.disguised(value, iri):
        raise Lossy("is shortened by a prefix that looks like a URL's scheme")
    if vocabulary.renamed(value, iri, active.terms.get(value)):
        raise Lossy(vocabulary.RENAMED.format(iri[:100]))
    return iri
