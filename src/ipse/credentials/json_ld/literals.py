"""N-Quads terms as RDFC-1.0 writes them, and the literals that JSON values become.

Source: RDF 1.2 N-Quads, canonical form (which RDFC-1.0, section 5, requires); JSON-LD 1.1 Processing
Algorithms and API, section 8.2.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import Final

from ipse.credentials.json_ld.errors import LOST
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json

__all__ = ["RDF", "XSD", "Lossy", "json_literal", "literal", "native", "tagged", "typed"]

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


class Lossy(Exception):
    """Why a JSON value and what RDF makes of it would not be the same; becomes a finding with this code."""

    def __init__(self, reason: str, code: str = LOST) -> None:
        super().__init__(reason)
        self.code = code


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
