"""A DID document that somebody else wrote: whose it is, and whether it has the shape of one.

Source: W3C DID Core 1.0 sections 3.2.2, 5 and 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ipse.dids.verification_methods import RELATIONSHIPS
from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import Undetermined

__all__ = ["DocumentMismatch", "DocumentUnusable", "checked"]

_MAX_ENTRIES: Final = 256
"""Methods, references or services in one list; no document in use comes near it."""


class DocumentUnusable(Undetermined):
    """What was published for the DID is no DID document, so its keys are unknown."""

    code = "did-document-unusable"

    @classmethod
    def default_hint(cls) -> str:
        return "whoever publishes this DID has to repair its document"


class DocumentMismatch(DocumentUnusable):
    """What was published for the DID is the document of another DID."""

    code = "did-document-mismatch"


def checked(document: JsonObject, did: str) -> JsonObject:
    """`document`, which is the one of `did`, with relative ids written as whole DID URLs.

    Members that DID Core does not define are kept and not looked at. Raises DocumentMismatch,
    DocumentUnusable.
    """
    return _Reader(did).document(document)


class _Reader:
    """Reads one document; remembers the ids that it gave out, which must be unique."""

    def __init__(self, did: str) -> None:
        self._did = did
        self._ids: set[str] = set()

    def document(self, document: JsonObject) -> JsonObject:
        if not isinstance(document.get("id"), str):
            raise self._unusable("has no id")
        if document["id"] != self._did:
            raise DocumentMismatch(
                f"the document published for {self._did[:100]} is the one of {document['id'][:100]!r}"
            )
        self._context(document.get("@context", []))
        out = dict(document)
        readers: dict[str, Callable[[Json], Json]] = {
            "verificationMethod": self._method,
            **dict.fromkeys(RELATIONSHIPS, self._method_or_reference),
            "service": self._service,
            "alsoKnownAs": self._string,
        }
        for member, reader in readers.items():
            if member in document:
                out[member] = [reader(entry) for entry in self._array(document[member], member)]
        if "controller" in document:
            controllers = document["controller"]
            for controller in controllers if isinstance(controllers, list) else [controllers]:
                self._controller(controller)
        return out

    def _context(self, context: Json) -> None:
        if not isinstance(context, (str, list)) or not all(isinstance(item, (str, dict)) for item in context):
            raise self._unusable("has an @context that is neither a string nor an array of contexts")

    def _array(self, entries: Json, member: str) -> list[Json]:
        if not isinstance(entries, list):
            raise self._unusable(f"has a {member} that is a JSON {kind_of(entries)}, not an array")
        if len(entries) > _MAX_ENTRIES:
            raise self._unusable(f"has more than {_MAX_ENTRIES} entries in {member}")
        return entries

    def _method_or_reference(self, entry: Json) -> Json:
        return self._whole(entry) if isinstance(entry, str) else self._method(entry)

    def _method(self, entry: Json) -> JsonObject:
        if not isinstance(entry, dict):
            raise self._unusable(f"has a JSON {kind_of(entry)} where a verification method belongs")
        out = {**entry, "id": self._new_id(entry.get("id"), "verification method")}
        self._controller(entry.get("controller"))
        if not isinstance(entry.get("type"), str):
            raise self._unusable(f"has a verification method without a type, {excerpt(entry['id'])}")
        return out

    def _service(self, entry: Json) -> JsonObject:
        if not isinstance(entry, dict):
            raise self._unusable(f"has a JSON {kind_of(entry)} where a service belongs")
        kinds = entry.get("type")
        if not (isinstance(kinds, (str, list)) and kinds and all(isinstance(kind, str) for kind in kinds)):
            raise self._unusable("has a service without a type")
        if not isinstance(entry.get("serviceEndpoint"), (str, dict, list)):
            raise self._unusable("has a service without a serviceEndpoint")
        return {**entry, "id": self._new_id(entry.get("id"), "service")}

    def _new_id(self, value: Json, what: str) -> str:
        if not isinstance(value, str) or not value or value == "#":
            raise self._unusable(f"has a {what} whose id is {excerpt(value)}")
        whole = self._whole(value)
        if whole in self._ids:
            raise self._unusable(f"describes {excerpt(whole)} twice")
        self._ids.add(whole)
        return whole

    def _controller(self, value: Json) -> None:
        if not isinstance(value, str) or not value.startswith("did:"):
            raise self._unusable(f"has a controller that is no DID, {excerpt(value)}")

    def _string(self, value: Json) -> str:
        if not isinstance(value, str):
            raise self._unusable(f"has a JSON {kind_of(value)} where a string belongs")
        return value

    def _whole(self, value: str) -> str:
        """A DID URL as it is, a relative one (DID Core 3.2.2) with the DID in front."""
        return self._did + value if value.startswith(("#", "/", "?")) else value

    def _unusable(self, reason: str) -> DocumentUnusable:
        return DocumentUnusable(f"the document of {self._did[:100]} {reason}")
