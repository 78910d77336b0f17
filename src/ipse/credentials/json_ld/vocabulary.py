"""What readers of the JSON look for by name, and the IRIs that these names must stand for.

The signature covers IRIs; whoever reads the JSON goes by names, and contexts are not signed. So a name of
the data model must have its own meaning, and its meaning must be reached by that name alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ipse.credentials.json_ld.statements import UNDEFINED, Lossy
from ipse.credentials.json_ld.terms import ActiveContext, Origin, Term, expand_iri, is_iri
from ipse.encoding.strict_json import JsonObject, excerpt

__all__ = [
    "CORE",
    "OBJECTS",
    "READ",
    "RENAMED",
    "disguised",
    "is_keyword",
    "is_self_named",
    "is_type",
    "keeps_types",
    "name_fault",
    "only_name",
    "property_faults",
    "renamed",
    "root_faults",
    "type_faults",
]

_CREDENTIALS: Final = "https://www.w3.org/2018/credentials#"
_STATUS: Final = "https://www.w3.org/ns/credentials/status#"
_SECURITY: Final = "https://w3id.org/security#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RESERVED: Final = (_CREDENTIALS, _STATUS, _SECURITY, "https://w3id.org/vc/status-list#")

RENAMED: Final = "means {} by the document's own context, which is not signed; use the name that it ends with"

READ: Final = ("VerifiableCredential", "VerifiablePresentation")
"""The types of documents whose members are read as those of the data model."""

OBJECTS: Final = frozenset(
    [
        "credentialSubject",
        "credentialStatus",
        "credentialSchema",
        "evidence",
        "termsOfUse",
        "refreshService",
        "relatedResource",
        "confidenceMethod",
        "renderMethod",
    ]
)
"""Members whose objects a reader of the JSON reads where they stand."""

_CREDENTIAL_MEMBERS: Final = OBJECTS | frozenset(
    ["issuer", "holder", "validFrom", "validUntil", "issuanceDate", "expirationDate", "verifiableCredential"]
)

CORE: Final = {
    **{name: _CREDENTIALS + name for name in _CREDENTIAL_MEMBERS},
    "proof": _SECURITY + "proof",
    "name": "https://schema.org/name",
    "description": "https://schema.org/description",
}
"""The members of a credential or presentation, and their IRIs."""

_NAME_OF: Final = {
    **{iri: name for name, iri in CORE.items()},
    _SECURITY + "expiration": "expires",
    "http://purl.org/dc/terms/created": "created",
    _RDF + "type": "type",
}
"""The one name of an IRI, also of what proofs have; security/v1 has `expiration` besides `expires`."""

_LIST_PARTS: Final = frozenset(
    f"http://www.w3.org/1999/02/22-rdf-syntax-ns#{part}" for part in ("first", "rest")
)
"""What a list is made of in RDF; as members they would spell a list as something else."""

_TYPES: Final = {
    **{
        name: _CREDENTIALS + name
        for name in (
            "VerifiableCredential", "VerifiablePresentation", "EnvelopedVerifiableCredential",
            "EnvelopedVerifiablePresentation", "JsonSchema", "JsonSchemaCredential",
        )
    },
    **{
        name: _STATUS + name
        for name in ("BitstringStatusListCredential", "BitstringStatusList", "BitstringStatusListEntry")
    },
    "DataIntegrityProof": _SECURITY + "DataIntegrityProof",
}  # fmt: skip

_SCHEMES: Final = frozenset(
    [
        "blob",
        "cid",
        "data",
        "did",
        "dns",
        "doi",
        "file",
        "ftp",
        "geo",
        "hash",
        "hs",
        "http",
        "https",
        "info",
        "ipfs",
        "ipns",
        "isbn",
        "ldap",
        "ldaps",
        "magnet",
        "mailto",
        "ni",
        "openid",
        "openid4vp",
        "openid-credential-offer",
        "orcid",
        "pkcs11",
        "sms",
        "ssh",
        "tag",
        "tel",
        "urn",
        "uuid",
        "web",
        "ws",
        "wss",
        "x509",
    ]
)
"""URI schemes; as a prefix each would let one URL be spelled as another."""


def disguised(value: str, iri: str) -> bool:
    """Whether `value` is the short form of `iri` and looks like a URL of its own."""
    return value != iri and value.partition(":")[0].lower() in _SCHEMES


def property_faults(name: str, iri: str, term: Term | None) -> Iterator[str]:
    """What is wrong with `name` for the property `iri`, wherever it stands."""
    yield from _misnamed(name, iri, term)
    core = only_name(iri)
    if core is not None and core != name:
        yield f"is another name for {core}"


def root_faults(name: str, iri: str | None) -> Iterator[str]:
    """What is wrong with `name` as a member of a credential or presentation itself."""
    if name in CORE and CORE[name] != iri:
        yield f"does not mean what it means in a credential ({CORE[name]})"
    core = _NAME_OF.get(iri or "")
    if core in ("name", "description") and core != name:
        yield f"is another name for {core}"


def type_faults(name: str, iri: str, term: Term | None) -> Iterator[str]:
    """What is wrong with `name` for the type `iri`."""
    if name in _TYPES and _TYPES[name] != iri:
        yield f"names {name}, which does not mean {_TYPES[name]} here"
    else:
        yield from _misnamed(name, iri, term)


def renamed(name: str, iri: str, term: Term | None) -> bool:
    """Whether the document itself says that `name` means what is called otherwise.

    Contexts are not signed: by one of its own, whoever hands a document on could swap the names of two
    claims. So such a name must be the last part of its IRI, as it is with `@vocab` and prefixes.
    """
    if name == iri or (term is not None and term.origin is not Origin.DOCUMENT):
        return False
    return not is_self_named(name.partition(":")[2] if term is None and not iri.endswith(name) else name, iri)


def is_self_named(name: str, iri: str) -> bool:
    """Whether `name` is the last part of `iri`, so that it says itself what it stands for."""
    return iri.endswith(name) and 0 < len(name) < len(iri) and iri[-len(name) - 1] in "#/:?=&;"


def only_name(iri: str) -> str | None:
    """The only name that `iri` has wherever it stands, or None: the data model says so, or that of proofs."""
    return None if iri.startswith("https://schema.org/") else _NAME_OF.get(iri)


def _misnamed(name: str, iri: str, term: Term | None) -> Iterator[str]:
    if iri.startswith(_RESERVED) and not (term is not None and term.origin is Origin.PACKAGED):
        space = next(space for space in _RESERVED if iri.startswith(space))
        if iri != space + name:
            yield f"is another name for {iri}"
    if renamed(name, iri, term):
        yield RENAMED.format(iri[:100])


def name_fault(name: str, iri: str | None, term: Term | None) -> str | Lossy:
    """What is wrong with the name of a property, the empty string where nothing is."""
    if name in ("id", "type"):
        return f"does not mean @{name} here"
    if iri is None or ":" not in iri:
        return Lossy("is a term that no context defines", UNDEFINED)
    if iri.startswith("_:"):
        return "is a blank node, which RDF has not as a property"
    if not is_iri(iri):
        return f"stands for {excerpt(iri)}, which is no IRI"
    if term is None and disguised(name, iri):
        return "is shortened by a prefix that looks like a URL's scheme"
    if iri in _LIST_PARTS:
        return "is a part of a list, which must be written as one"
    if term is not None and term.reverse:
        return "is a reverse property, which is not supported"
    if term is not None and term.nest is not None:
        return "is nested (@nest), which is not supported"
    return next(property_faults(name, iri, term), "")


def keeps_types(element: JsonObject, active: ActiveContext) -> bool:
    """Whether `element` is a value or a mere reference, to which type-scoped contexts go on applying."""
    names = [expand_iri(active, name, vocab=True) for name in element]
    return "@value" in names or names == ["@id"]


def is_keyword(name: str, keyword: str, active: ActiveContext) -> bool:
    term = active.terms.get(name)
    return term is not None and term.iri == keyword


def is_type(name: str, active: ActiveContext) -> bool:
    return name == "@type" or is_keyword(name, "@type", active)
