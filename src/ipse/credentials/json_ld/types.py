"""The types of a document as IRIs, after its contexts are applied.

Source: JSON-LD 1.1 sections 3.5 and 5.1; OpenID4VP 1.0, appendix B.1.1 (`type_values`).
"""

from __future__ import annotations

from typing import Final

from ipse.credentials.json_ld.contexts import ContextFault, Contexts, Scope
from ipse.credentials.json_ld.statements import UnknownContext
from ipse.credentials.json_ld.subjects import known_part
from ipse.credentials.json_ld.terms import Term, expand_iri
from ipse.encoding.strict_json import JsonObject, as_list

__all__ = ["expanded_types"]

_PLAIN: Final = Term()


def expanded_types(document: JsonObject, contexts: Contexts) -> tuple[str, ...]:
    """The IRIs of the document's own types, in order. A type that no context defines stays as it is.

    Contexts that are not at hand define nothing here. Raises TooMuchWork, and CorruptData where a packaged
    context was altered.
    """
    names = [name for name in as_list(document.get("type")) if isinstance(name, str)]
    scope = Scope(contexts)
    try:
        try:
            typed, _ = scope.of_object(document, scope.initial, _PLAIN)
        except UnknownContext:
            typed, _ = scope.of_object(known_part(document, contexts), scope.initial, _PLAIN)
    except (UnknownContext, ContextFault, RecursionError):
        return tuple(names)
    found = []
    for name in names:
        term = typed.terms.get(name)
        iri = expand_iri(typed, name, vocab=True) if term is None else term.iri
        found.append(iri or name)
    return tuple(found)
