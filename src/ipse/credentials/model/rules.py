"""The rules of VCDM 2.0 for credentials and presentations, and the shapes that they share.

Source: Verifiable Credentials Data Model 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput

__all__ = [
    "CONTEXT",
    "ENVELOPED_CREDENTIAL",
    "ENVELOPED_PRESENTATION",
    "URL",
    "Violation",
    "check_context",
    "check_digests",
    "check_identifier",
    "check_text",
    "check_typed",
    "check_types",
    "embedded_proof_violations",
    "entries",
    "is_enveloped",
    "is_url",
    "prefixed",
    "presentation_violations",
    "proof_violations",
    "type_names",
    "violations",
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
    elif {ENVELOPED_CREDENTIAL, ENVELOPED_PRESENTATION}.intersection(names):
        yield Violation("/type", "must not be that of an envelope too")


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


def violations(credential: JsonObject) -> list[Violation]:
    """The rules of VCDM 2.0 that a credential breaks; empty where it conforms.

    What takes JSON-LD processing (undefined or redefined terms) is not looked at here, nor is `proof`:
    see `proof_violations`.
    """
    return [
        *check_context(credential),
        *check_types(credential, "VerifiableCredential"),
        *check_identifier(credential, "", required=False),
        *_issuer(credential),
        *_subject(credential),
        *_validity(credential),
        *check_typed(credential, "credentialStatus"),
        *check_typed(credential, "credentialSchema", id_required=True),
        *check_typed(credential, "refreshService"),
        *check_typed(credential, "termsOfUse"),
        *check_typed(credential, "evidence"),
        *check_typed(credential, "confidenceMethod"),
        *check_typed(credential, "renderMethod"),
        *_related(credential),
        *check_text(credential, "name"),
        *check_text(credential, "description"),
    ]


def proof_violations(document: JsonObject) -> list[Violation]:
    """The rules for the shape of `proof`, where there is one (VC Data Integrity 1.0, section 2.1)."""
    broken: list[Violation] = []
    for pointer, entry in entries(document, "proof"):
        if not isinstance(entry, dict):
            broken.append(Violation(pointer, "must be an object, or an array of objects"))
        elif not isinstance(entry.get("type"), str) or type_names(entry["type"]) is None:
            broken.append(Violation(f"{pointer}/type", "must be there, one term or absolute URL"))
    return broken


def _issuer(credential: JsonObject) -> Iterator[Violation]:
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        yield from check_identifier(issuer, "/issuer", required=True)
        yield from check_text(issuer, "name", inside="/issuer")
        yield from check_text(issuer, "description", inside="/issuer")
    elif not is_url(issuer):
        yield Violation("/issuer", "must be a URL or an object with an id")


def _subject(credential: JsonObject) -> Iterator[Violation]:
    if credential.get("credentialSubject") in (None, []):
        yield Violation("/credentialSubject", "must be there")
        return
    for pointer, entry in entries(credential, "credentialSubject"):
        if not isinstance(entry, dict) or not entry:
            yield Violation(pointer, "must be an object with at least one member")
        else:
            yield from check_identifier(entry, pointer, required=False)


def _validity(credential: JsonObject) -> Iterator[Violation]:
    moments: dict[str, datetime] = {}
    for name in ("validFrom", "validUntil"):
        if name in credential:
            try:
                moments[name] = parse_timestamp(credential[name])
            except MalformedInput as error:
                yield Violation(f"/{name}", f"must be a dateTimeStamp: {error.message}")
    if len(moments) == 2 and moments["validUntil"] < moments["validFrom"]:
        yield Violation("/validUntil", "must not be before validFrom")


def _related(credential: JsonObject) -> Iterator[Violation]:
    """Objects with an id, each its own, and a digest (section 5.3)."""
    seen: set[str] = set()
    for pointer, entry in entries(credential, "relatedResource"):
        if not isinstance(entry, dict):
            yield Violation(pointer, "must be an object")
            continue
        yield from check_identifier(entry, pointer, required=True)
        if not entry.keys() & {"digestSRI", "digestMultibase"}:
            yield Violation(pointer, "must have digestSRI or digestMultibase")
        yield from check_digests(entry, pointer)
        identifier = entry.get("id")
        if isinstance(identifier, str):
            if identifier in seen:
                yield Violation(f"{pointer}/id", "must not be named twice")
            seen.add(identifier)


ENVELOPED_CREDENTIAL: Final = "EnvelopedVerifiableCredential"
ENVELOPED_PRESENTATION: Final = "EnvelopedVerifiablePresentation"

_ENVELOPE: Final = re.compile(
    r"data:application/(?:(?P<kind>[A-Za-z0-9.-]+)\+)?(?:jwt|sd-jwt|cose)(?:;[^,]*)?,.+", re.IGNORECASE
)
"""A data: URL (RFC 2397) of a media type that ends like those of VC-JOSE-COSE."""
_OF_PRESENTATIONS: Final = ("vp", "vp-ld")


def presentation_violations(presentation: JsonObject) -> list[Violation]:
    """The rules of VCDM 2.0 that a presentation, enveloped or not, breaks; empty where it conforms.

    Embedded credentials are judged by the rules for credentials. What takes JSON-LD processing is not
    looked at here, nor is `proof`: see `embedded_proof_violations`.
    """
    if is_enveloped(presentation, ENVELOPED_PRESENTATION):
        return list(_enveloped(presentation, ENVELOPED_PRESENTATION))
    return [
        *check_context(presentation),
        *check_types(presentation, "VerifiablePresentation"),
        *check_identifier(presentation, "", required=False),
        *_holder(presentation),
        *check_typed(presentation, "termsOfUse"),
        *check_typed(presentation, "refreshService"),
        *_credentials(presentation),
    ]


def embedded_proof_violations(presentation: JsonObject) -> list[Violation]:
    """The rules for the shape of the presentation's `proof` and those of the credentials in it."""
    broken = proof_violations(presentation)
    for pointer, entry in entries(presentation, "verifiableCredential"):
        if isinstance(entry, dict):
            broken += prefixed(pointer, proof_violations(entry))
    return broken


def is_enveloped(document: JsonObject, kind: str) -> bool:
    """Whether `document` says that it is an envelope of `kind`."""
    types = document.get("type")
    return kind in types if isinstance(types, list) else types == kind


def _holder(presentation: JsonObject) -> Iterator[Violation]:
    if "holder" not in presentation:
        return
    holder = presentation["holder"]
    if isinstance(holder, dict):
        yield from check_identifier(holder, "/holder", required=True)
    elif not is_url(holder):
        yield Violation("/holder", "must be a URL or an object with an id")


def _credentials(presentation: JsonObject) -> Iterator[Violation]:
    for pointer, entry in entries(presentation, "verifiableCredential"):
        if isinstance(entry, dict):
            yield from prefixed(pointer, _credential(entry))
        else:
            yield Violation(pointer, "must be a credential or an enveloped credential, each an object")


def _credential(entry: JsonObject) -> list[Violation]:
    if is_enveloped(entry, ENVELOPED_CREDENTIAL):
        return list(_enveloped(entry, ENVELOPED_CREDENTIAL))
    return violations(entry)


def _enveloped(document: JsonObject, kind: str) -> Iterator[Violation]:
    context = document.get("@context")
    contexts: list[Json] = context if isinstance(context, list) else [context]
    if CONTEXT not in contexts or not all(isinstance(entry, dict) or is_url(entry) for entry in contexts):
        yield Violation("/@context", f"must be URLs and objects, {CONTEXT} among them")
    if document["type"] not in (kind, [kind]):
        yield Violation("/type", f"must be {kind} alone")
    identifier = document.get("id")
    match = _ENVELOPE.fullmatch(identifier) if isinstance(identifier, str) and is_url(identifier) else None
    if match is None:
        yield Violation("/id", "must be a data: URL that holds a JWT, an SD-JWT or a COSE signature")
    elif match["kind"] and (match["kind"].lower() in _OF_PRESENTATIONS) != (kind == ENVELOPED_PRESENTATION):
        yield Violation("/id", f"must hold what an {kind} is for, by its media type")
