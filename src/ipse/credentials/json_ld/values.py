"""JSON values as RDF literals and IRIs, or why they would not say the same.

Each function raises Lossy, or MalformedInput from canonical JSON, where a value would get lost or changed.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import Final

from ipse.credentials.json_ld import vocabulary
from ipse.credentials.json_ld.statements import UNDEFINED, Lossy
from ipse.credentials.json_ld.terms import ABSENT, ActiveContext, Term, expand_iri, is_iri
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, excerpt

__all__ = [
    "RDF",
    "XSD",
    "has_direction",
    "json_literal",
    "literal",
    "named",
    "native",
    "reference",
    "scalar",
    "tagged",
    "typed",
    "usual_tag",
    "value_object",
]

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

_BOOLEANS: Final = frozenset((XSD + "boolean",))
_FLOATS: Final = frozenset(XSD + name for name in ("double", "float"))
_INTEGERS: Final = _FLOATS | {
    XSD + name
    for name in (
        "decimal", "integer", "long", "int", "short", "byte", "nonNegativeInteger", "nonPositiveInteger",
        "negativeInteger", "positiveInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
    )
}  # fmt: skip

_MAX_FLOAT: Final = sys.float_info.max
_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\x7f\ufffe\uffff]')
_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F, 0xFFFE, 0xFFFF)},
    **{ord(character): "\\" + letter for character, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)},
}


def literal(text: str, datatype: str | None = None) -> str:
    """A literal of an absolute datatype IRI, or a plain string. Raises Lossy for what is no text."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Lossy("holds half of a surrogate pair, which is no character") from None
    quoted = text.translate(_ESCAPES) if _ESCAPED.search(text) else text
    if datatype is None or datatype == XSD + "string":
        return f'"{quoted}"'
    return f'"{quoted}"^^<{datatype}>'


def typed(text: str, datatype: str) -> str:
    """A string under a datatype. Raises Lossy for booleans: "false" is true where JSON is read."""
    if datatype == XSD + "boolean":
        raise Lossy("is a string where its datatype wants true or false")
    return literal(text, datatype)


def tagged(text: str, language: str) -> str:
    """A string in a language. Raises Lossy where the tag is none of BCP 47."""
    if not _well_formed(language):
        raise Lossy(f"has the language {strict_json.excerpt(language)}, which is no language tag")
    return f"{literal(text)}@{language.lower()}"


def usual_tag(tag: str) -> str:
    """A language tag as RFC 5646 says that it is written (section 2.1.1); RDF keeps it in lower case."""
    parts = tag.lower().split("-")
    for position, part in enumerate(parts[1:], 1):
        if len(parts[position - 1]) > 1:
            parts[position] = {2: part.upper(), 4: part.title()}.get(len(part), part)
    return "-".join(parts)


def json_literal(value: Json) -> str:
    """An rdf:JSON literal. Raises MalformedInput where `value` has no canonical form."""
    return literal(strict_json.canonical(value).decode(), RDF + "JSON")


def native(value: bool | int | float, datatype: str | None) -> str:
    """The literal of a JSON number or boolean. Raises Lossy where reading it back gives something else."""
    if isinstance(value, bool):
        _allow(datatype, _BOOLEANS, "a boolean")
        return literal("true" if value else "false", datatype or XSD + "boolean")
    if not -_MAX_FLOAT <= value <= _MAX_FLOAT:
        raise Lossy(f"is {value!r:.40}, which is no JSON number")
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e21):
        if value == 0 and str(value)[0] == "-":
            raise Lossy("is a negative zero")
        _allow(datatype, _INTEGERS, "a number")
        if datatype != XSD + "double":
            return literal(str(int(value)), datatype or XSD + "integer")
    else:
        _allow(datatype, _FLOATS, "a number with a fraction")
    text = _double(float(value))
    if float(text) != value:
        raise Lossy("has more digits than RDF keeps of a number")
    return literal(text, datatype or XSD + "double")


def _allow(datatype: str | None, allowed: frozenset[str], kind: str) -> None:
    """In XSD, only datatypes under which the value can't be taken for a string's."""
    if datatype is not None and datatype.startswith(XSD) and datatype not in allowed:
        raise Lossy(f"is {kind} where its term wants an xsd:{datatype.removeprefix(XSD)}")


def _double(value: float) -> str:
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}E{int(exponent)}"


@lru_cache(maxsize=256)
def _well_formed(language: str) -> bool:
    import pyoxigraph

    try:
        pyoxigraph.Literal("", language=language)
    except ValueError:
        return False
    return True


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
    if value == RDF + "nil":
        raise Lossy("is the empty list, which must be written as one")
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
