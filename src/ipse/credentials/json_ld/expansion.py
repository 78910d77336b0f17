"""From a JSON-LD document to statements, and what gets lost or changed on the way.

Source: JSON-LD 1.1 Processing Algorithms and API, sections 5.1 (expansion) and 8.1 (to RDF), done in one
pass. What the algorithms drop in silence, and what ipse does not support, is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.json_ld import names, values, vocabulary
from ipse.credentials.json_ld.contexts import ContextFault, Contexts, Scope
from ipse.credentials.json_ld.statements import AMBIGUOUS, ROOT, Enough, Lossy, Statements, Where
from ipse.credentials.json_ld.terms import ABSENT, KEYWORDS, ActiveContext, Term, expand_iri
from ipse.credentials.json_ld.values import RDF, json_literal, literal, tagged
from ipse.credentials.json_ld.vocabulary import is_keyword, name_fault
from ipse.encoding.strict_json import MAX_DEPTH, Json, JsonObject, as_list, excerpt
from ipse.errors import MalformedInput

__all__ = ["expand"]

_VALUE_MEMBERS: Final = frozenset(("@value", "@type", "@language"))
_TYPE: Final = f"<{RDF}type>"
_FIRST: Final = f"<{RDF}first>"
_REST: Final = f"<{RDF}rest>"
_NIL: Final = f"<{RDF}nil>"
_PLAIN: Final = Term()


def expand(
    document: JsonObject, contexts: Contexts, budget: Budget = UNBOUNDED, *, signs_rdf: bool = True
) -> Statements:
    """The statements of a document and its findings; they are all of them only where nothing was found.

    Without `signs_rdf` there is no look for names that could have been others: they are signed themselves.
    Raises UnknownContext, TooMuchWork, and CorruptData for a packaged context that was altered. The budget
    is asked now and then.
    """
    statements = Statements(budget)
    try:
        _Expansion(statements, contexts, budget, signs_rdf).document(document)
        statements.close()
    except RecursionError:
        statements.find(ROOT, "is nested too deep")
    except Enough:
        pass
    return statements


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an object stands: its graph, and the member of a credential or presentation that holds it.

    `root` is for the credential or presentation itself.
    """

    graph: str = ""
    member: str = ""
    root: bool = False


@dataclass(frozen=True, slots=True)
class _Object:
    """An object, its names sorted out: the name of each keyword, and (name, IRI, term) of each property."""

    element: JsonObject
    keywords: dict[str, str]
    properties: list[tuple[str, str, Term]]
    typed: ActiveContext
    """The context in which its types are named."""
    active: ActiveContext
    """The context of its members."""
    where: Where


class _Expansion:
    def __init__(self, statements: Statements, known: Contexts, budget: Budget, signs_rdf: bool) -> None:
        self._out = statements
        self._signs_rdf = signs_rdf
        self._known = known
        self._scope = Scope(known, budget)
        self._depth = 0

    def document(self, document: JsonObject) -> None:
        self._object(document, self._scope.initial, _PLAIN, ROOT, _Place(root=True))

    # Objects

    def _object(
        self, element: JsonObject, active: ActiveContext, holder: Term, where: Where, place: _Place
    ) -> str | None:
        """State what `element` says; the node or literal that it is, None where it is neither."""
        if not self._deeper(where):
            return None
        try:
            typed, active = self._scope.of_object(element, active, holder)
        except ContextFault as fault:
            at: Where = (where, "@context") if "@context" in element else where
            self._out.find(at if fault.position is None else (at, fault.position), str(fault))
            node = None
        else:
            keywords, properties = self._members(element, active, where)
            entry = _Object(element, keywords, properties, typed, active, where)
            node = self._value(entry, place) if "@value" in keywords else self._node(entry, place)
        self._depth -= 1
        return node

    def _deeper(self, where: Where) -> bool:
        if self._depth >= MAX_DEPTH:
            self._out.find(where, f"is nested deeper than {MAX_DEPTH} levels")
            return False
        self._depth += 1
        return True

    def _members(
        self, element: JsonObject, active: ActiveContext, where: Where
    ) -> tuple[dict[str, str], list[tuple[str, str, Term]]]:
        keywords: dict[str, str] = {}
        properties: list[tuple[str, str, Term]] = []
        for name in element:
            if name == "@context":
                continue
            term = active.terms.get(name)
            iri = term.iri if term is not None else expand_iri(active, name, vocab=True)
            if iri in KEYWORDS:
                self._keyword(name, iri, keywords, where)
                continue
            fault = name_fault(name, iri, term)
            if fault:
                self._out.find((where, name), fault)
            elif iri is not None:
                self._out.spend(len(iri))
                properties.append((name, iri, term or _PLAIN))
        return keywords, properties

    def _keyword(self, name: str, keyword: str, keywords: dict[str, str], where: Where) -> None:
        if keyword in keywords:
            self._out.find((where, name), f"is another name for {keywords[keyword]}, which is here already")
        elif name != keyword and (name != keyword[1:] or name not in ("id", "type")):
            self._out.find((where, name), f"is another name for {keyword}")
        keywords[keyword] = name

    def _value(self, entry: _Object, place: _Place) -> str | None:
        """A value object."""
        element, keywords, where = entry.element, entry.keywords, entry.where
        for keyword in keywords.keys() - _VALUE_MEMBERS:
            self._out.find((where, keywords[keyword]), "gets lost in RDF")
        for name, _, _ in entry.properties:
            self._out.find((where, name), "can't stand beside @value")
        if place.member in vocabulary.CORE and place.member not in ("name", "description"):
            self._out.find(where, f"is a value object, which {place.member} can't have")
        datatype = element[keywords["@type"]] if "@type" in keywords else ABSENT
        language = element[keywords["@language"]] if "@language" in keywords else ABSENT
        if datatype is not ABSENT and self._signs_rdf:
            fault = names.value_fault(datatype, entry.active, self._known)
            if fault is not None:
                self._out.find((where, keywords["@type"]), fault)
        try:
            return values.value_object(element[keywords["@value"]], datatype, language, entry.active)
        except (Lossy, MalformedInput) as error:
            self._out.find(where, str(error))
            return None

    # Nodes

    def _node(self, entry: _Object, place: _Place) -> str | None:
        element, keywords, where = entry.element, entry.keywords, entry.where
        for keyword, name in keywords.items():
            if keyword not in ("@id", "@type"):
                what = keyword if name == keyword else f"{name} ({keyword})"
                self._out.find((where, name), f"is there, and {what} is not supported")
            elif name == keyword and is_keyword(name[1:], keyword, entry.active):
                self._out.find((where, name), f"must be written as {name[1:]}, which readers look for")
        subject = self._identity(entry, place)
        if subject is None:
            return None
        kinds: list[str] = []
        if "@type" in keywords:
            name = keywords["@type"]
            kinds = self._types(subject, element[name], entry.typed, (where, name), place.graph)
        read = place.root and _is_read(element)
        if read:
            self._root(entry)
        if self._signs_rdf or len({iri for _, iri, _ in entry.properties}) < len(entry.properties):
            for name, fault in names.property_faults(
                element, entry.properties, entry.active, kinds, self._known
            ):
                self._out.find((where, name), fault)
        for name, iri, term in entry.properties:
            inner = _Place(place.graph, name if read else "")
            self._property(subject, iri, term, element[name], entry.active, (where, name), inner)
        return subject

    def _identity(self, entry: _Object, place: _Place) -> str | None:
        """The node that the object is; None where its id is none."""
        keywords, where = entry.keywords, entry.where
        if "@id" not in keywords:
            return self._out.blank()
        name = keywords["@id"]
        try:
            subject = values.reference(entry.element[name], entry.active)
        except Lossy as error:
            self._out.find((where, name), error)
            return None
        if len(keywords) + len(entry.properties) > 1:
            self._out.describe(subject, place.graph, where)
        elif place.root:
            self._out.find(where, "has only an id, of which RDF keeps nothing")
        elif place.member in vocabulary.OBJECTS:
            self._out.refer(subject, place.graph, where)
        return subject

    def _root(self, entry: _Object) -> None:
        """Find what a reader of a credential or presentation would misread."""
        for name, iri, _ in entry.properties:
            for fault in vocabulary.root_faults(name, iri):
                self._out.find((entry.where, name), fault)

    def _types(self, subject: str, value: Json, typed: ActiveContext, where: Where, graph: str) -> list[str]:
        """State the types of an object; their IRIs."""
        kinds: list[str] = []
        if value == []:
            self._out.find(where, "is empty, which gets lost in RDF")
        for at, kind in _places(value, where):
            try:
                iri = values.named(kind, typed)
            except Lossy as error:
                self._out.find(at, Lossy(f"as a type {error}", error.code))
                continue
            for fault in vocabulary.type_faults(kind, iri, typed.terms.get(kind)):
                self._out.find(at, fault)
            kinds.append(iri)
            self._out.add(subject, _TYPE, f"<{iri}>", graph, at)
        if self._signs_rdf:
            for _, ambiguity in names.type_faults(value, typed, self._known):
                self._out.find(where, ambiguity)
        return kinds

    # Properties

    def _property(
        self,
        subject: str,
        iri: str,
        term: Term,
        value: Json,
        active: ActiveContext,
        where: Where,
        place: _Place,
    ) -> None:
        for at, target in self._targets(iri, term, value, active, where, place):
            if target is not None:
                self._out.add(subject, f"<{iri}>", target, place.graph, at)

    def _targets(
        self, iri: str, term: Term, value: Json, active: ActiveContext, where: Where, place: _Place
    ) -> Iterator[tuple[Where, str | None]]:
        """The nodes and literals that the value of a property is."""
        container = term.container
        if term.type == "@json" and not container <= {"@set"}:
            self._out.find(where, "is of type @json in a container, which is not supported")
        elif term.type == "@json":
            yield where, self._literal(where, json_literal, value)
        elif "@list" in container:
            if place.member in vocabulary.CORE:
                self._out.find(where, f"is a list, which {place.member} can't have")
            yield where, self._list(as_list(value), term, active, where, place.graph)
        elif "@language" in container and isinstance(value, dict):
            yield from self._language_map(term, value, active, where)
        elif isinstance(value, dict) and not container <= {"@set", "@graph"}:
            self._out.find(where, f"is a map ({', '.join(sorted(container))}), which is not supported")
        else:
            if value == []:
                self._out.find(where, "is empty, which gets lost in RDF")
            for at, item in _places(value, where):
                if isinstance(item, list):
                    self._out.find(at, "is an array in an array, of which RDF keeps only the items")
                elif "@graph" in container:
                    yield at, self._graph(iri, term, item, active, at, place)
                else:
                    yield at, self._item(item, term, active, at, place)

    def _item(self, item: Json, term: Term, active: ActiveContext, where: Where, place: _Place) -> str | None:
        """The node or literal that one value is."""
        if term.type == "@vocab" and self._signs_rdf:
            fault = names.reference_fault(item, term, active, self._scope, self._known)
            if fault is not None:
                self._out.find(where, fault)
        if isinstance(item, dict):
            return self._object(item, active, term, where, place)
        if item is None:
            self._out.find(where, "is null, which gets lost in RDF")
            return None
        if term.context is not ABSENT:
            try:
                active = self._scope.scoped(active, term, of_type=False)
            except ContextFault as wrong:
                self._out.find(where, f"has a context that {wrong}")
                return None
            term = active.terms.get(_nearest_name(where), _PLAIN)
        node = self._literal(where, values.scalar, item, term, active)
        if node is not None and node.startswith("<") and place.member in vocabulary.OBJECTS:
            self._out.refer(node, place.graph, where)
        return node

    def _literal(self, where: Where, make: Callable[..., str], *given: Json) -> str | None:
        try:
            return make(*given)
        except Lossy as error:
            self._out.find(where, error)
            return None
        except MalformedInput as error:
            self._out.find(where, str(error))
            return None

    def _graph(
        self, iri: str, term: Term, item: Json, active: ActiveContext, where: Where, place: _Place
    ) -> str:
        """The name of a graph of its own, in which `item` is stated."""
        name = self._out.blank()
        before = len(self._out.made)
        if isinstance(item, dict):
            root = iri == vocabulary.CORE["verifiableCredential"]
            self._object(item, active, term, where, _Place(f" {name}", place.member, root))
        if len(self._out.made) == before:
            self._out.find(where, "is to be a graph and says nothing that RDF keeps")
        return name

    def _language_map(
        self, term: Term, value: JsonObject, active: ActiveContext, where: Where
    ) -> Iterator[tuple[Where, str | None]]:
        if not value:
            self._out.find(where, "is empty, which gets lost in RDF")
        if values.has_direction(term, active):
            self._out.find(where, "has a base direction, which gets lost in RDF")
        for tag, texts in value.items():
            at: Where = (where, tag)
            if texts == []:
                self._out.find(at, "is empty, which gets lost in RDF")
            plain = expand_iri(active, tag, vocab=True) == "@none"
            if plain and tag != "@none":
                self._out.find(at, "is another name for @none")
            elif not plain and self._signs_rdf and tag != values.usual_tag(tag):
                self._out.find(at, Lossy(f"could be {values.usual_tag(tag)!r} as well", AMBIGUOUS))
            for spot, text in _places(texts, at):
                if not isinstance(text, str):
                    self._out.find(spot, f"is {excerpt(text)}, a string is expected")
                else:
                    yield spot, self._literal(spot, *((literal, text) if plain else (tagged, text, tag)))

    def _list(
        self, items: list[Json], term: Term, active: ActiveContext, where: Where, graph: str
    ) -> str | None:
        """The first node of an RDF collection."""
        if not self._deeper(where):
            return None
        nodes: list[str | None] = []
        for position, item in enumerate(items):
            at = (where, position)
            if isinstance(item, list):
                nodes.append(self._list(item, term, active, at, graph))
            else:
                nodes.append(self._item(item, term, active, at, _Place(graph)))
        self._depth -= 1
        rest = _NIL
        for node in reversed(nodes):
            cell = self._out.blank()
            self._out.add(cell, _FIRST, node or _NIL, graph, where)
            self._out.add(cell, _REST, rest, graph, where)
            rest = cell
        return rest


def _is_read(element: JsonObject) -> bool:
    """Whether readers take `element` for a credential or a presentation."""
    types = as_list(element.get("type"))
    return any(name in types for name in vocabulary.READ)


def _places(value: Json, where: Where) -> Iterator[tuple[Where, Json]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield (where, position), item
    else:
        yield where, value


def _nearest_name(where: Where) -> str:
    """The name of the property that a value belongs to."""
    while where is not None:
        where, step = where
        if isinstance(step, str):
            return step
    return ""
