"""did:peer with numalgo 0 (one key) and 2 (several keys and services), read only.

The specification writes the ids of a did:peer:2 relative to the DID ("#key-1"); here they are whole DID
URLs, which mean the same (DID Core 3.2.2), so that every document is searched in one way.
Source: Peer DID Method Specification, "Generation Method" 0 and 2.
"""

from __future__ import annotations

import re
from typing import Final

from ipse.dids import did_key
from ipse.dids.method import Method
from ipse.dids.verification_methods import CONTEXT, agrees_on_keys, multikey_method, refer, signs
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import key_types

__all__ = ["METHOD", "PREFIX", "document"]

PREFIX: Final = "did:peer:"
_PURPOSES: Final = {
    "A": "assertionMethod",
    "E": "keyAgreement",
    "V": "authentication",
    "I": "capabilityInvocation",
    "D": "capabilityDelegation",
}
_SERVICE: Final = "S"
_SHORT: Final = {"t": "type", "s": "serviceEndpoint", "r": "routingKeys", "a": "accept"}
_SHORT_TYPES: Final = {"dm": "DIDCommMessaging"}
_SERVICE_ID: Final = re.compile(r"#[A-Za-z0-9._~!$&'()*+,;=:@/?%-]+")


def document(did: str) -> JsonObject:
    """The DID document that `did` stands for.

    Raises MalformedInput, and Undetermined for other numalgos and for key types that ipse does not read.
    """
    numalgo, rest = did.removeprefix(PREFIX)[:1], did.removeprefix(PREFIX)[1:]
    if numalgo == "0":
        return did_key.document_of_key(did, rest)
    if numalgo != "2":
        raise Undetermined(
            f"did:peer with numalgo {numalgo!r} is not supported", hint="ipse reads did:peer:0 and did:peer:2"
        )
    try:
        return _document_2(did, rest)
    except MalformedInput as error:
        raise MalformedInput(f"{did[:100]} is not a did:peer:2: {error.message}") from error


def _document_2(did: str, rest: str) -> JsonObject:
    first, *elements = rest.split(".")
    if first or not elements:
        raise MalformedInput("it is not a sequence of elements that start with a dot")
    content: JsonObject = {"@context": [*CONTEXT], "id": did, "verificationMethod": []}
    services: list[JsonObject] = []
    for element in elements:
        purpose, value = element[:1], element[1:]
        if purpose == _SERVICE:
            services.append(_service(value))
        elif purpose in _PURPOSES:
            _add_key(content, _PURPOSES[purpose], value)
        else:
            raise MalformedInput(f"{purpose!r} is not one of the purpose codes A, D, E, I, S, V")
    if services:
        content["service"] = _with_ids(did, services)
    return content


def _add_key(content: JsonObject, relationship: str, value: str) -> None:
    key = key_types.from_multikey(value)
    if key_types.to_multikey(key) != value:
        raise MalformedInput(f"the key {value[:60]} is not in its one spelling")
    if not (agrees_on_keys if relationship == "keyAgreement" else signs)(key.key_type):
        raise MalformedInput(f"a {key.key_type} key can't serve as {relationship}")
    methods: list[JsonObject] = content["verificationMethod"]
    method = f"{content['id']}#key-{len(methods) + 1}"
    methods.append(multikey_method(method, content["id"], value))
    refer(content, method, [relationship])


def _service(value: str) -> JsonObject:
    service: JsonObject = _in_full(strict_json.parse_object(base64url.decode(value), what="the service"))
    kind, service_id = service.get("type"), service.get("id")
    if not isinstance(kind, str) or not kind:
        raise MalformedInput("a service has no type")
    if not isinstance(service.get("serviceEndpoint"), (str, dict, list)):
        raise MalformedInput("a service has no serviceEndpoint")
    if service_id is not None and not (isinstance(service_id, str) and _SERVICE_ID.fullmatch(service_id)):
        raise MalformedInput(f"the service id {strict_json.excerpt(service_id)} is not relative")
    return service


def _in_full(value: Json) -> Json:
    """`value` with the abbreviated names written out; strict JSON bounds how deep this goes."""
    if isinstance(value, list):
        return [_in_full(item) for item in value]
    if not isinstance(value, dict):
        return value
    out: JsonObject = {}
    members: JsonObject = value
    for short, item in members.items():
        name = _SHORT.get(short, short)
        if name in out:
            raise MalformedInput(f"a service has the member {name} twice, abbreviated and in full")
        out[name] = (
            _SHORT_TYPES.get(item, item) if name == "type" and isinstance(item, str) else _in_full(item)
        )
    return out


def _with_ids(did: str, services: list[JsonObject]) -> list[JsonObject]:
    out: list[JsonObject] = []
    unnamed = 0
    for service in services:
        service_id = service.get("id")
        if service_id is None:
            service_id = f"#service-{unnamed}" if unnamed else "#service"
            unnamed += 1
        out.append({**service, "id": did + service_id})
    if len({service["id"] for service in out}) != len(out):
        raise MalformedInput("two services have the same id")
    return out


METHOD: Final = Method(document)
