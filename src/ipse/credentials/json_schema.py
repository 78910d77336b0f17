"""JSON Schema: the rows of a batch, and what the `credentialSchema` of a credential asks of it.

Sources: JSON Schema 2020-12, 2019-09 and draft 7; W3C Verifiable Credentials JSON Schema Specification.
Nothing is ever fetched: a schema refers to itself and to the documents that are given, or it is refused.
Regular expressions run in linear time, so that no pattern can hang the program.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.report import NotApplicable, Rejected
from ipse.encoding import base64url, multibase, strict_json
from ipse.encoding.safe_text import one_line
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt
from ipse.errors import MalformedInput, Undetermined

__all__ = [
    "DIALECTS",
    "MAX_ENTRIES",
    "MAX_VIOLATIONS",
    "Document",
    "Validator",
    "check_credential_schema",
    "compile_schema",
]

DIALECTS: Final = {
    "https://json-schema.org/draft/2020-12/schema": "Draft202012Validator",
    "https://json-schema.org/draft/2019-09/schema": "Draft201909Validator",
    "http://json-schema.org/draft-07/schema": "Draft7Validator",
}
"""The dialects that are read, by what `$schema` says; the first is taken where it says nothing."""

Document: TypeAlias = bytes | JsonObject
"""A schema document as published, or read already, where no digest can be compared any more."""

MAX_VIOLATIONS: Final = 20
MAX_ENTRIES: Final = 16
"""Schemas of one credential; each is compiled."""
_MAX_REASON: Final = 200
_WORK_PER_LEVEL: Final = 3
"""By which the work to collect violations grows with each level of a value, where a schema leads into itself
twice. The library's verdict alone stays quick."""
_MAX_WORK: Final = 20_000


class _Error(Protocol):
    @property
    def instance_path(self) -> list[str | int]: ...
    @property
    def message(self) -> str: ...


class _Compiled(Protocol):
    def iter_errors(self, instance: Json) -> list[_Error]: ...
    def is_valid(self, instance: Json) -> bool: ...


class Validator:
    """A compiled schema."""

    def __init__(self, compiled: _Compiled) -> None:
        self._compiled = compiled

    def violations(self, value: Json) -> list[tuple[str, str]]:
        """Where `value` breaks the schema (RFC 6901 JSON pointer) and how; empty where it conforms.

        At most MAX_VIOLATIONS of them. The messages name members, never their values.
        """
        if self._compiled.is_valid(value):
            return []
        if _takes_long_to_explain(value):
            return [("", "the value does not conform, and is too large or nested too deeply to say where")]
        found: list[tuple[str, str]] = []
        for error in self._compiled.iter_errors(value):
            found.append((_pointer(error.instance_path), one_line(error.message, _MAX_REASON)))
            if len(found) == MAX_VIOLATIONS:
                break
        return found


def compile_schema(schema: JsonObject, *, known: Mapping[str, JsonObject] | None = None) -> Validator:
    """The validator for `schema`, whose references may lead into itself and into `known` (by URL).

    Raises Undetermined for a dialect that is none of DIALECTS, MalformedInput for what is no schema of its
    dialect, refers to something that is not given, or holds a pattern that needs backtracking.
    """
    import jsonschema_rs

    dialect = _dialect(schema)
    try:
        registry = jsonschema_rs.Registry(
            [(url, document) for url, document in (known or {}).items()], retriever=_refuse
        )
        compiled: _Compiled = getattr(jsonschema_rs, DIALECTS[dialect])(
            schema,
            registry=registry,
            retriever=_refuse,
            pattern_options=jsonschema_rs.RegexOptions(),
            mask="the value",
        )
    except (ValueError, TypeError, RecursionError, jsonschema_rs.ReferencingError) as error:
        reason = one_line(getattr(error, "message", "") or str(error).split("\n", 1)[0], _MAX_REASON)
        raise MalformedInput(
            f"not a JSON Schema that can be used: {reason}",
            hint="references must lead to schemas that are given, patterns must do without look-around",
        ) from error
    return Validator(compiled)


def check_credential_schema(
    credential: JsonObject, documents: Mapping[str, Document], *, budget: Budget = UNBOUNDED
) -> tuple[str, object]:
    """A check step: the credential against every entry of its `credentialSchema`.

    `documents` are schema documents by URL. Returns the reason and the value that decided
    it. Raises Rejected where one schema is broken or one document has another digest than the credential
    says; else Undetermined for a schema that is not at hand, can't be used, or is of another type than
    JsonSchema, and for more than MAX_ENTRIES; NotApplicable without `credentialSchema`; TooMuchWork where the
    budget is used up, which is asked before each.
    """
    entries = _distinct(as_list(credential.get("credentialSchema", [])))
    if not entries:
        raise NotApplicable("no-schema", "its credentialSchema is empty")
    if len(entries) > MAX_ENTRIES:
        raise Undetermined(f"it has {len(entries)} schemas, at most {MAX_ENTRIES} are looked at")
    open_question: Undetermined | None = None
    for entry in entries:
        budget.check()
        try:
            _check_entry(credential, entry, documents)
        except Undetermined as error:
            open_question = open_question or error
    if open_question is not None:
        raise open_question
    return "conforms to its JSON Schema", ", ".join(excerpt(entry["id"]) for entry in entries)


def _distinct(entries: list[Json]) -> list[Json]:
    """The entries, each once."""
    return list({strict_json.canonical({"entry": entry}): entry for entry in entries}.values())


def _check_entry(credential: JsonObject, entry: Json, documents: Mapping[str, Document]) -> None:
    if not isinstance(entry, dict) or not isinstance(url := entry.get("id"), str):
        raise Rejected("malformed", "an entry of credentialSchema has no id", excerpt(entry))
    kind = entry.get("type")
    if "JsonSchema" not in (kind if isinstance(kind, list) else [kind]):
        raise Undetermined(f"the credentialSchema type {excerpt(kind)} is not supported")
    if url not in documents:
        raise Undetermined(
            f"the JSON Schema {excerpt(url)} is not at hand", hint="give it with --schema URL=FILE"
        )
    _check_digests(credential, entry, url, documents[url])
    validator = _validator(url, tuple((place, _as_bytes(other)) for place, other in documents.items()))
    broken = validator.violations(credential)
    if broken:
        pointer, message = broken[0]
        raise Rejected("schema-broken", f"breaks its JSON Schema at {pointer or '/'}: {message}", url)


@lru_cache(maxsize=16)
def _validator(url: str, documents: tuple[tuple[str, bytes], ...]) -> Validator:
    """The validator of the document at `url`. Raises Undetermined: a schema can't judge if it is broken."""
    schemas: dict[str, JsonObject] = {}
    for place, data in documents:
        try:
            schemas[place] = strict_json.parse_object(data, what=f"the JSON Schema {excerpt(place)}")
        except MalformedInput as error:
            if place == url:
                raise Undetermined(error.message, hint=error.hint) from error
    try:
        return compile_schema(schemas.pop(url), known=schemas)
    except MalformedInput as error:
        raise Undetermined(f"the JSON Schema {excerpt(url)}: {error.message}", hint=error.hint) from error


def _as_bytes(document: Document) -> bytes:
    return document if isinstance(document, bytes) else strict_json.canonical(document)


def _check_digests(credential: JsonObject, entry: JsonObject, url: str, document: Document) -> None:
    """Digests stand in the entry itself or in the `relatedResource` of the same id (VCDM 2.0 section 5.3)."""
    related = credential.get("relatedResource", [])
    for source in (entry, *(related if isinstance(related, list) else [related])):
        if not isinstance(source, dict) or source.get("id") != url:
            continue
        for name, fits in (("digestSRI", _fits_sri), ("digestMultibase", _fits_multibase)):
            if name not in source:
                continue
            if not isinstance(document, bytes):
                raise Undetermined(f"{name} of the JSON Schema {excerpt(url)} takes its bytes to be compared")
            if not fits(source[name], document):
                raise Rejected(
                    "schema-digest",
                    f"the JSON Schema {excerpt(url)} is not the one whose {name} is stated",
                    source[name],
                )


def _fits_sri(stated: Json, document: bytes) -> bool:
    """Whether a Subresource Integrity value fits: of its strongest hashes, any one has to."""
    if not isinstance(stated, str):
        return False
    options: dict[str, list[str]] = {}
    for part in stated.split():
        name, _, digest = part.partition("-")
        options.setdefault(name, []).append(digest.split("?", 1)[0])
    for name in ("sha512", "sha384", "sha256"):
        if name in options:
            made = base64.b64encode(hashlib.new(name, document).digest()).decode()
            return made in options[name]
    return False


_MULTIHASHES: Final = {0x12: "sha256", 0x20: "sha384", 0x13: "sha512"}


def _fits_multibase(stated: Json, document: bytes) -> bool:
    """Whether a multihash of SHA-2 in base58btc or base64url fits."""
    if not isinstance(stated, str):
        return False
    try:
        raw = base64url.decode(stated[1:]) if stated.startswith("u") else multibase.decode_base58btc(stated)
    except MalformedInput:
        return False
    if len(raw) < 2 or raw[0] not in _MULTIHASHES:
        return False
    digest = hashlib.new(_MULTIHASHES[raw[0]], document).digest()
    return raw[1] == len(digest) and raw[2:] == digest


def _dialect(schema: JsonObject) -> str:
    if "$schema" not in schema:
        return next(iter(DIALECTS))
    named = schema["$schema"]
    dialect = named.removesuffix("#") if isinstance(named, str) else ""
    if dialect not in DIALECTS:
        raise Undetermined(
            f"the JSON Schema dialect {excerpt(named)} is not supported",
            hint="ipse reads JSON Schema 2020-12, 2019-09 and draft 7",
        )
    return dialect


def _takes_long_to_explain(value: Json) -> bool:
    """Whether collecting the violations in `value` could take more than some tenths of a second."""
    level, work, weight = [value], 0, 1
    while level:
        work += weight * len(level)
        if work > _MAX_WORK:
            return True
        level = [child for item in level for child in _children(item)]
        weight *= _WORK_PER_LEVEL
    return False


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse(url: str) -> Json:
    raise ValueError(f"{excerpt(url)} is not at hand")


def _pointer(path: list[str | int]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return one_line("".join(f"/{part}" for part in parts), _MAX_REASON)
