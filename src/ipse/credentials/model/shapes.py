"""What the rules of VCDM 2.0 are made of: violations, and the shapes that return in many places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "CONTEXT",
    "URL",
    "Violation",
    "check_context",
    "check_digests",
    "check_identifier",
    "check_text",
    "check_typed",
    "check_types",
    "entries",
    "is_url",
    "prefixed",
    "type_names",
]

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"

URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f<>\"{}|\\^`]+")
"""An absolute URL or URI: a scheme, and nothing in it that no URL can hold (RFC 3986, WHATWG URL)."""

_TYPE: Final = re.compile(r"[^\s\x00-\x1f\x7f@][^\s\x00-\x1f\x7f]*")
"""A JSON-LD term or an absolute URL: neither a keyword nor something with white space."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_DIGESTS: Final = {
    # Subresource Integrity, section 3.5: an algorithm and a base64 value, perhaps with options.
    "digestSRI": re.compile(r"sha(256|384|512)-[A-Za-z0-9+/_-]+={0,2}(\?[\x21-\x7e]*)?"),
    # Controlled Identifiers 1.0, section 2.4: base64url or base58btc.
    "digestMultibase": re.compile(r"u[A-Za-z0-9_-]+|z[1-9A-HJ-NP-Za-km-z]+"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a document breaks: where (RFC 6901 JSON pointer) and what the rule is."""

    pointer: str
    rule: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'} {self.rule}"


def prefixed(pointer: str, violations: Iterable[Violation]) -> Iterator[Violation]:
    """The violations of a part that stands at `pointer`, as violations of the whole."""
    for violation in violations:
        yield Violation(pointer + violation.pointer, violation.rule)


def check_context(document: JsonObject) -> Iterator[Violation]:
    """An array that begins with the base context, then URLs and objects (section 4.3)."""
    context = document.get("@context")
    if not isinstance(context, list) or not context or context[0] != CONTEXT:
        yield Violation("/@context", f"must be an array that begins with {CONTEXT}")
        return
    for position, entry in enumerate(context):
        if not isinstance(entry, dict) and not is_url(entry):
            yield Violation(f"/@context/{position}", "must be a URL or an object")


def check_types(document: JsonObject, required: str) -> Iterator[Violation]:
    """Terms and absolute URLs, `required` among them (section 4.5)."""
    names = type_names(document.get("type"))
    if names is None:
        yield Violation("/type", "must be a name or an array of names, each a term or an absolute URL")
    elif required not in names:
        yield Violation("/type", f"must contain {required}")
    elif len(set(names)) != len(names):
        yield Violation("/type", "must not name a type twice")


def type_names(types: Json) -> list[str] | None:
    """The names in the value of a `type`; None where it is none, or holds what is no name."""
    names = types if isinstance(types, list) else [types]
    if names and all(isinstance(name, str) and _TYPE.fullmatch(name) for name in names):
        return names
    return None


def check_identifier(entry: JsonObject, pointer: str, *, required: bool) -> Iterator[Violation]:
    """An `id` is one URL (section 4.4)."""
    if (required or "id" in entry) and not is_url(entry.get("id")):
        yield Violation(f"{pointer}/id", "must be one URL")


def check_typed(document: JsonObject, name: str, *, id_required: bool = False) -> Iterator[Violation]:
    """One object or more, each with a type, an `id` that is a URL, and digests where it has any."""
    for pointer, entry in entries(document, name):
        if not isinstance(entry, dict):
            yield Violation(pointer, "must be an object")
            continue
        if type_names(entry.get("type")) is None:
            yield Violation(f"{pointer}/type", "must be there, each a term or an absolute URL")
        yield from check_identifier(entry, pointer, required=id_required)
        yield from check_digests(entry, pointer)


def check_digests(entry: JsonObject, pointer: str) -> Iterator[Violation]:
    """The digests of a resource and its media type, where they are there (section 5.3)."""
    for name, form in _DIGESTS.items():
        if name in entry:
            value = entry[name]
            digests = value if isinstance(value, list) else [value]
            if not digests or not all(
                isinstance(digest, str) and form.fullmatch(digest) for digest in digests
            ):
                yield Violation(f"{pointer}/{name}", "must be a digest, or an array of them")
    media_type = entry.get("mediaType", "a/b")
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        yield Violation(f"{pointer}/mediaType", "must be a media type")


def check_text(document: JsonObject, name: str, *, inside: str = "") -> Iterator[Violation]:
    """A string or a language value object, or an array of those (sections 4.6 and 11.1)."""
    for pointer, entry in entries(document, name):
        if not isinstance(entry, str) and not _is_language_value(entry):
            yield Violation(inside + pointer, "must be a string or a language value object")


def entries(document: JsonObject, name: str) -> Iterator[tuple[str, Json]]:
    """Each value of the member `name` with its pointer; an empty array counts as one wrong value."""
    if name not in document:
        return
    value = document[name]
    if isinstance(value, list) and value:
        for position, entry in enumerate(value):
            yield f"/{name}/{position}", entry
    else:
        yield f"/{name}", value


def is_url(value: Json) -> bool:
    """Whether `value` is an absolute URL."""
    return isinstance(value, str) and URL.fullmatch(value) is not None


def _is_language_value(value: Json) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"@value", "@language", "@direction"}:
        return False
    language = value.get("@language", "en")
    return (
        isinstance(value.get("@value"), str)
        and isinstance(language, str)
        and _LANGUAGE.fullmatch(language) is not None
        and value.get("@direction", "ltr") in ("ltr", "rtl")
    )
