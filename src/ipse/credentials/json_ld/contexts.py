"""JSON-LD contexts: the packaged ones, held to their hashes, those that a user gives, and what each defines.

None is ever fetched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, TypeAlias

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.json_ld.statements import TooMuchWork, UnknownContext
from ipse.credentials.json_ld.terms import (
    ABSENT,
    MAX_IRI,
    ActiveContext,
    ContextFault,
    Definitions,
    Origin,
    Term,
    direction,
    is_iri,
    language,
)
from ipse.credentials.json_ld.vocabulary import is_type, keeps_types
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt
from ipse.errors import CorruptData, MalformedInput, UsageError

__all__ = ["PACKAGED", "ContextFault", "Contexts", "Scope", "known", "load"]

PACKAGED: Final = {
    "https://www.w3.org/2018/credentials/v1": (
        "credentials-v1.jsonld",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",  # VCDM 2.0, appendix B.1
    ),
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.jsonld",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",  # VCDM 2.0, appendix B.1
    ),
    "https://www.w3.org/ns/credentials/undefined-terms/v2": (
        "undefined-terms-v2.jsonld",
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    ),
    "https://www.w3.org/ns/credentials/examples/v2": (
        "credentials-examples-v2.jsonld",
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    "https://www.w3.org/ns/credentials/status/v1": (
        "bitstring-status-list-v1.jsonld",
        "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
    ),
    "https://w3id.org/vc/status-list/2021/v1": (
        "status-list-2021-v1.jsonld",
        "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
    ),
    "https://w3id.org/security/data-integrity/v1": (
        "data-integrity-v1.jsonld",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "data-integrity-v2.jsonld",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",  # VC Data Integrity 1.0, 2.4
    ),
    "https://w3id.org/security/multikey/v1": (
        "multikey-v1.jsonld",
        "c5f3806f8286920573221938917988a18a4cc5a09e968d29649613c7a1c2b1f6",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        "ed25519-2020-v1.jsonld",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    "https://w3id.org/security/suites/ed25519-2018/v1": (
        "ed25519-2018-v1.jsonld",
        "166c6abb9e08176cee5f6c87c9c1bbfefa5717da391bcac525e5437f93eab809",
    ),
    "https://w3id.org/security/suites/x25519-2020/v1": (
        "x25519-2020-v1.jsonld",
        "b234f84fe7cebb0efef37cad82667eeacb6d414f6c51ac37f5dc803a4a0c728a",
    ),
    "https://w3id.org/security/v1": (
        "security-v1.jsonld",
        "e2d146cd556f6fa5f14996c6f1749667d5a14073fa30f0643990068e2c0b1bac",
    ),
    "https://w3id.org/security/v2": (
        "security-v2.jsonld",
        "4cb186bc29c08af6e40c58178c22dd84d542f2871a063afed6e648b47abc3cf6",
    ),
    "https://www.w3.org/ns/did/v1": (
        "did-v1.jsonld",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
}


def load(name: str, expected: str, package: str = __package__) -> JsonObject:
    """The document in the file `name` of the folder `contexts` of a package.

    Raises CorruptData where the file is missing, or its SHA-256 is not `expected`, in hex.
    """
    try:
        data = resources.files(package).joinpath("contexts", name).read_bytes()
    except OSError as error:
        raise CorruptData(
            f"the packaged context {name} can't be read: {error.strerror}", hint="reinstall ipse"
        ) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise CorruptData(f"the packaged context {name} is not the one that ipse pins", hint="reinstall ipse")
    return strict_json.parse_object(data, what=name)


_SETTINGS: Final = frozenset(
    ["@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab"]
)
_MAX_KEY: Final = 64 * 1024
_MAX_KEPT: Final = 50_000
_MAX_WORK: Final = 200_000
_MAX_REMOTE: Final = 8


_Pinned: TypeAlias = "tuple[str, str] | tuple[str, str, str]"


class Contexts:
    """Context documents by URL: the packaged ones, and what the user gave besides.

    Processed contexts are kept, up to a bound, so that the second document with the same `@context` costs
    little. Safe to use from several threads.
    """

    def __init__(
        self,
        extra: Mapping[str, JsonObject] | None = None,
        packaged: Mapping[str, _Pinned] = PACKAGED,
    ) -> None:
        """`packaged` are the arguments of `load` by URL, for a format that takes other contexts."""
        self._extra = dict(extra or {})
        self._packaged = packaged
        self._loaded: dict[str, JsonObject] = {}
        self._kept: dict[tuple[int, str | int], ActiveContext] = {}
        self._weight = 0
        self.initial = ActiveContext()

    def __reduce__(self) -> tuple[type[Contexts], tuple[object, object]]:
        """Leave out what was processed: it is kept under identities that only hold in this process."""
        return Contexts, (self._extra, self._packaged)

    def with_extra(self, documents: Mapping[str, JsonObject]) -> Contexts:
        """These contexts and `documents` (`{"@context": ...}` each).

        Raises UsageError where one has a packaged URL, MalformedInput where it is no context document.
        """
        for url, document in documents.items():
            if url in self._packaged:
                raise UsageError(
                    f"the context {url} comes with ipse and can't be replaced",
                    hint="leave that --context out",
                )
            if not isinstance(document, dict) or "@context" not in document:
                raise MalformedInput(f"the context {url} has no member @context")
        return Contexts({**self._extra, **documents}, self._packaged)

    @property
    def extra(self) -> Mapping[str, JsonObject]:
        """The documents that the user gave, by URL."""
        return MappingProxyType(self._extra)

    def __contains__(self, url: object) -> bool:
        return url in self._packaged or url in self._extra

    def __iter__(self) -> Iterator[str]:
        """The URLs of all of them."""
        yield from self._packaged
        yield from self._extra

    def is_packaged(self, url: str) -> bool:
        """Whether the context of `url` comes with ipse."""
        return url in self._packaged

    def document(self, url: str) -> JsonObject:
        """The context document of `url`. Raises UnknownContext, and CorruptData for a packaged one."""
        if url in self._extra:
            return self._extra[url]
        if url not in self._packaged:
            raise UnknownContext(url)
        if url not in self._loaded:
            self._loaded[url] = load(*self._packaged[url])
        return self._loaded[url]

    def kept(self, key: tuple[int, str | int]) -> ActiveContext | None:
        """What was processed before under `key`."""
        return self._kept.get(key)

    def keep(self, key: tuple[int, str | int], active: ActiveContext) -> None:
        """Remember `active`; everything else is forgotten where that gets too much."""
        weight = 50 + len(active.terms) + len(str(key[1])) // 64
        if self._weight + weight > _MAX_KEPT:
            self._kept.clear()
            self._weight = 0
        self._weight += weight
        self._kept[key] = active


@cache
def known() -> Contexts:
    """The packaged contexts."""
    return Contexts()


class Scope:
    """Processes the contexts of one document, within a bound of work."""

    def __init__(self, contexts: Contexts, budget: Budget = UNBOUNDED) -> None:
        self._contexts = contexts
        self._budget = budget
        self._work = 0
        self.initial = contexts.initial

    def local(self, active: ActiveContext, local: Json) -> ActiveContext:
        """`active` after the `@context` of an object.

        Raises ContextFault (with the position where `local` is an array), UnknownContext, TooMuchWork.
        """
        if not isinstance(local, list):
            return self._kept_entry(active, local, 0, Origin.DOCUMENT)
        for position, entry in enumerate(local):
            try:
                active = self._kept_entry(active, entry, 0, Origin.DOCUMENT)
            except ContextFault as fault:
                fault.position = position
                raise
        return active

    def scoped(self, active: ActiveContext, term: Term, *, of_type: bool) -> ActiveContext:
        """`active` after the scoped context of `term`, which is that of a type or of a property."""
        key = (active.serial, term.serial)
        made = self._contexts.kept(key)
        if made is None:
            made = self._process(
                active,
                term.context,
                remote=0,
                origin=term.origin,
                override=not of_type,
                propagate=not of_type,
            )
            self._contexts.keep(key, made)
        again = None if of_type else made.terms.get(term.name)
        if again is not None and not again.same(term):
            # Processors disagree on which of the two definitions its values then have.
            raise ContextFault(f"redefines the property {excerpt(term.name)} in the context of that property")
        return made

    def of_object(
        self, element: JsonObject, active: ActiveContext, holder: Term
    ) -> tuple[ActiveContext, ActiveContext]:
        """The contexts for the types of `element` and for its members (section 5.1.2, steps 7 to 11).

        `holder` is the term of the property whose value the object is. Raises as `local` does.
        """
        if active.previous is not None and not keeps_types(element, active):
            active = active.previous
        if holder.context is not ABSENT:
            active = self.scoped(active, holder, of_type=False)
        if "@context" in element:
            active = self.local(active, element["@context"])
        typed = active
        naming = [name for name in element if is_type(name, typed)]
        for name in sorted(naming):
            for kind in sorted(kind for kind in as_list(element[name]) if isinstance(kind, str)):
                term = typed.terms.get(kind)
                if term is not None and term.context is not ABSENT:
                    active = self.scoped(active, term, of_type=True)
        return typed, active

    def _process(
        self,
        active: ActiveContext,
        local: Json,
        *,
        remote: int,
        origin: Origin,
        override: bool = False,
        propagate: bool = True,
    ) -> ActiveContext:
        before = active
        if not propagate and isinstance(local, list) and None in local[1:]:
            raise ContextFault("has null in the middle of the context of a type")
        for entry in local if isinstance(local, list) else [local]:
            if not override and propagate:
                active = self._kept_entry(active, entry, remote, origin)
            else:
                active = self._entry(active, entry, remote, origin, override)
        if not propagate and active.previous is None:
            active = self._copy(active)
            active.previous = before
        return active

    def _kept_entry(self, active: ActiveContext, entry: Json, remote: int, origin: Origin) -> ActiveContext:
        """Like _entry for what every document does, remembered by the entry's text."""
        if isinstance(entry, str):
            key = (active.serial, "@" + entry)
        elif isinstance(entry, dict) and origin is Origin.DOCUMENT:
            try:
                text = json.dumps(entry)
            except (ValueError, RecursionError):
                raise ContextFault("is nested too deep") from None
            key = (active.serial, text)
        else:
            return self._entry(active, entry, remote, origin, False)
        made = self._contexts.kept(key)
        if made is None:
            made = self._entry(active, entry, remote, origin, False)
            if len(key[1]) <= _MAX_KEY:
                self._contexts.keep(key, made)
        return made

    def _entry(
        self, active: ActiveContext, entry: Json, remote: int, origin: Origin, override: bool
    ) -> ActiveContext:
        if entry is None:
            if not override and any(term.protected for term in active.terms.values()):
                raise ContextFault("is null, which would undo protected terms")
            return self._copy(self.initial)
        if isinstance(entry, str):
            if remote >= _MAX_REMOTE:
                raise ContextFault(f"refers to {excerpt(entry)} in a circle")
            document = self._contexts.document(entry)
            return self._process(
                active,
                document.get("@context"),
                remote=remote + 1,
                origin=Origin.PACKAGED if self._contexts.is_packaged(entry) else Origin.USER,
            )
        if not isinstance(entry, dict):
            raise ContextFault(f"is {excerpt(entry)}, neither a URL nor an object")
        return self._object(active, entry, origin, override, remote)

    def _object(
        self, active: ActiveContext, local: JsonObject, origin: Origin, override: bool, remote: int
    ) -> ActiveContext:
        result = self._copy(active)
        self._settings(result, local, origin, override)
        definitions = Definitions(result, local, override_protected=override, origin=origin)
        self._spend(len(local))
        for term in local:
            if term not in _SETTINGS:
                definitions.create(term)
        if origin is not Origin.PACKAGED:
            self._check_scoped(result, local, remote)
        return result

    def _settings(self, result: ActiveContext, local: JsonObject, origin: Origin, override: bool) -> None:
        if local.get("@version", 1.1) != 1.1:
            raise ContextFault(f"has @version {excerpt(local['@version'])}, only 1.1 is known")
        for name in ("@base", "@import", "@propagate"):
            if name in local:
                raise ContextFault(f"has {name}, which is not supported")
        if "@vocab" in local:
            vocab = local["@vocab"]
            if vocab is not None:
                expander = Definitions(result, {}, override_protected=override, origin=origin)
                vocab = expander.expand(vocab) if isinstance(vocab, str) and vocab else None
                if vocab is None or len(vocab) > MAX_IRI or not is_iri(vocab):
                    raise ContextFault(f"has @vocab {excerpt(local['@vocab'])}, which is no IRI")
            result.vocab = vocab
        if "@language" in local:
            result.language = language(local["@language"])
        if "@direction" in local:
            result.direction = direction(local["@direction"])

    def _check_scoped(self, result: ActiveContext, local: JsonObject, remote: int) -> None:
        """Scoped contexts that are not ours are tried out where they are defined (section 4.2.2, 21.3)."""
        for name in local:
            term = None if name in _SETTINGS else result.terms.get(name)
            if term is not None and term.context is not ABSENT and term.origin is not Origin.PACKAGED:
                if remote >= _MAX_REMOTE:
                    raise ContextFault(f"gives {excerpt(name)} contexts within contexts without end")
                try:
                    self._process(result, term.context, remote=remote + 1, origin=term.origin, override=True)
                except ContextFault as fault:
                    raise ContextFault(f"gives {excerpt(name)} a context that {fault}") from None

    def _copy(self, active: ActiveContext) -> ActiveContext:
        self._spend(len(active.terms))
        return active.copy()

    def _spend(self, work: int) -> None:
        self._budget.check()
        self._work += work + 1
        if self._work > _MAX_WORK:
            raise TooMuchWork("the contexts of the document define too many terms")
