"""What didkit is given: DIDs that hold their own key, contexts that it carries, and names with one spelling.

didkit would reach for the network for any other DID, and takes members under spellings in which no reader
of JSON finds them. Bounds on size and depth keep its child process alive.
"""

from __future__ import annotations

import json
import re
from typing import Final

from ipse.credentials.formats.vcdm11.contexts import KNOWN_CONTEXTS, carried
from ipse.credentials.json_ld.vocabulary import is_self_named
from ipse.credentials.model import vcdm11
from ipse.credentials.model.rules import URL
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.errors import MalformedInput, Undetermined

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "check_contexts",
    "check_method",
    "check_names",
    "check_presentation_spelling",
    "check_spelling",
]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
MAX_VALUES: Final = 1000
"""Values of one document: each is changed in a copy of its own, which is verified again."""

_VOCABULARIES: Final = (
    vcdm11.UNDEFINED_TERM,
    "https://www.w3.org/ns/credentials/examples#",
    "https://www.w3.org/ns/credentials/issuer-dependent#",
)
_PRESENTATION_MEMBERS: Final = frozenset(
    {"@context", "id", "type", "holder", "verifiableCredential", "proof"}
)
_OFFLINE_DID: Final = re.compile(r"did:(?:key|jwk|pkh):[A-Za-z0-9._:-]{1,4096}")
_FRAGMENT: Final = re.compile(r"[A-Za-z0-9._:-]{1,4096}")


def check_method(signer: str, method: str, *, party: str = "issuer") -> None:
    """Refuse a `method` that is not read from the DID of the `signer` itself.

    Any other DID would send didkit to the network. `party` is what the signer is called. Raises Undetermined
    for a DID that can't be read offline, MalformedInput for a method of somebody else.
    """
    if not _OFFLINE_DID.fullmatch(signer):
        raise Undetermined(
            f"the key of {signer[:100]!r} can't be read offline", hint="did:key and did:jwk can"
        )
    did, _, fragment = method.partition("#")
    if did != signer or not _FRAGMENT.fullmatch(fragment):
        raise MalformedInput(f"the verification method {method[:100]!r} is not one of the {party}'s")


def check_spelling(credential: JsonObject) -> None:
    """Every member under its own name, so that what is signed and what is read are the same.

    Raises Undetermined for all that could stand for something else, and over MAX_DEPTH or MAX_BYTES;
    UnsafeDocument as `check_names` does.
    """
    check_contexts(credential.get("@context"), inline=True)
    own = {name: credential[name] for name in credential.keys() - {"@context", "id", "proof"}}
    _check_plain_names(own, credential.get("id"))
    _check_size(credential)
    check_names(credential)


def check_names(credential: JsonObject) -> None:
    """No name of a credential could have been another one when it was signed.

    Raises UnsafeDocument where one could, Undetermined for a context that didkit does not carry.
    """
    from ipse.credentials import json_ld

    unsigned = {name: credential[name] for name in credential.keys() - {"proof"}}
    found = json_ld.ambiguous(unsigned, carried())
    if found:
        raise json_ld.UnsafeDocument(found)


def check_presentation_spelling(presentation: JsonObject) -> None:
    """Like `check_spelling`, for a presentation and for each of the credentials in it.

    A presentation has no terms of its own, and its credentials are JSON objects: of the text of a JWT a
    Linked Data proof signs nothing, which is MalformedInput.
    """
    unknown = presentation.keys() - _PRESENTATION_MEMBERS
    if unknown:
        raise Undetermined(f"the member {min(unknown)[:60]!r} of a presentation is not supported")
    check_contexts(presentation["@context"], inline=False)
    _check_plain_names([presentation["type"], presentation["holder"]], presentation.get("id"))
    for credential in as_list(presentation.get("verifiableCredential", [])):
        if not isinstance(credential, dict):
            raise MalformedInput(
                "the signature would not cover a credential that is a JWT", hint="present it in a JWT"
            )
        check_spelling(credential)
        for proof in as_list(credential.get("proof", [])):
            if not isinstance(proof, dict):
                raise MalformedInput("a proof in verifiableCredential is no object")
            check_contexts(proof.get("@context", []), inline=False)
            named = {name: proof[name] for name in proof.keys() - {"@context"}}
            _check_plain_names(named, credential.get("id"))
    _check_size(presentation)


def _check_plain_names(value: Json, own_id: Json) -> None:
    """No member of `value`, at any depth, and no id in it could stand for something else."""
    level: list[Json] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Undetermined(f"nesting of more than {MAX_DEPTH} levels is not given to didkit")
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                for name in item:
                    if ":" in name or name.startswith("@"):
                        raise Undetermined(f"{name[:60]!r} is no plain name and could stand for another")
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and (item.startswith("_:") or item == own_id):
                raise Undetermined(f"the id {item[:60]!r} could carry members of another object")
        level = below


def _check_size(document: JsonObject) -> None:
    if len(json.dumps(document)) > MAX_BYTES:
        raise Undetermined(f"more than {MAX_BYTES // 1024} KiB are not given to didkit")
    if _values_in(document) > MAX_VALUES:
        raise Undetermined(f"more than {MAX_VALUES} values are not given to didkit")


def _values_in(document: JsonObject) -> int:
    """How many values have no other values in them; contexts and the proof are not counted."""
    level: list[Json] = [value for name, value in document.items() if name not in ("@context", "proof")]
    found = 0
    while level:
        below: list[Json] = []
        for item in level:
            inside = list(item.values()) if isinstance(item, dict) else item
            if isinstance(inside, list) and inside:
                below += inside
            else:
                found += 1
        level = below
    return found


def check_contexts(contexts: Json, *, inline: bool) -> None:
    """Raise Undetermined for a context that didkit does not carry, or that could hide or rename a member.

    With `inline`, contexts that stand there as objects are read too.
    """
    for entry in as_list(contexts):
        if isinstance(entry, dict) and inline:
            for term, definition in entry.items():
                if not _is_faithful(term, definition):
                    raise Undetermined(f"the inline @context could hide or rename {term[:60]!r}")
        elif entry not in KNOWN_CONTEXTS:
            raise Undetermined(f"the @context {str(entry)[:100]!r} is not one that is known offline")


def _is_faithful(term: str, definition: Json) -> bool:
    """Whether an inline entry keeps names as they are: `name` is …#name or …/name, and no key is dropped."""
    if term in ("@vocab", "@version"):
        return definition in (_VOCABULARIES if term == "@vocab" else (1.1,))
    parts = definition if isinstance(definition, dict) else {"@id": definition}
    iri, coercion = parts.get("@id"), parts.get("@type", "@id")
    return (
        vcdm11.NAME.fullmatch(term) is not None
        and parts.keys() <= {"@id", "@type", "@container"}
        and isinstance(iri, str)
        and isinstance(coercion, str)
        and URL.fullmatch(iri) is not None
        and is_self_named(term, iri)
        and parts.get("@container", "@set") in ("@set", "@list")
    )
