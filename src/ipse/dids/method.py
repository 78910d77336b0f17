"""What every DID method is to the rest of ipse.

A method is a module `ipse.dids.did_NAME` with one `METHOD`; its name is registered in `ipse.dids`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ipse.encoding.strict_json import JsonObject
from ipse.keys.key_types import AnyPublicKey, PublicKey

__all__ = ["Creation", "Details", "Fetch", "Method", "Publication"]

Fetch: TypeAlias = Callable[[str], bytes]
"""https URL to what is published there. Raises Undetermined."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a DID is made of beside its key.

    - `domain`: HOST[:PORT][/PATH] of a document that is published, None for other methods
    - `chain`: the number of an account's EVM chain
    """

    domain: str | None = None
    chain: int = 1


@dataclass(frozen=True, slots=True)
class Publication:
    """How documents are published, by a method whose DIDs keep their name when their keys change.

    - `url`: the https URL of the document of a DID. Raises MalformedInput
    - `read`: the document from the bytes that are published. Raises MalformedInput, Undetermined
    - `build`: the document to publish for a DID with these keys by id. Raises MalformedInput
    """

    url: Callable[[str], str]
    read: Callable[[str, bytes], JsonObject]
    build: Callable[[str, Mapping[str, AnyPublicKey]], JsonObject]


@dataclass(frozen=True, slots=True)
class Creation:
    """How the wallet makes DIDs of a method.

    - `identify`: the DID of a key. Raises UsageError, MalformedInput
    - `method_id`: the DID URL of its first verification method
    - `details`: the details that a DID was made with, as far as it tells them
    - `key_type`: the type of key where none is asked for
    """

    identify: Callable[[PublicKey, Details], str]
    method_id: Callable[[str], str]
    details: Callable[[str], Details] = lambda _did: Details()
    key_type: str = "Ed25519"


@dataclass(frozen=True, slots=True)
class Method:
    """A DID method.

    - `document`: the document that a DID stands for, worked out from the DID alone. Raises MalformedInput,
      Undetermined. None where documents are published
    - `publication`: how they are published, None where they are worked out
    - `creation`: how the wallet makes such DIDs, None where it only resolves them
    - `publishes_keys`: whether documents hold the keys, so that signatures can be verified
    """

    document: Callable[[str], JsonObject] | None = None
    publication: Publication | None = None
    creation: Creation | None = None
    publishes_keys: bool = True
