"""Requests of an application with one transaction, by its address or its DID, answered in the fragment.

They always say when they were made and until when they may be answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.protocols.openid4vp import building
from ipse.protocols.openid4vp.building import RequestSigner, by_address, by_did
from ipse.protocols.parties import origin_of

__all__ = ["build_request"]

_MAX_LIFETIME: Final = 31 * 24 * 3600
"""Seconds that such a request may live at the most."""


def build_request(
    *,
    address: str,
    nonce: str,
    issued: datetime,
    expires: datetime,
    query: JsonObject,
    transaction_data: JsonObject,
    signer: RequestSigner | None = None,
) -> JsonObject | str:
    """The request of the application at `address`: a request object, or with a `signer` the JWT of one.

    Raises MalformedInput, Undetermined for a signer by another DID method than did:web, did:key and
    did:jwk, RequestTampered where its key is not of its DID, and WrongOrigin where it is a did:web of
    another origin than `address`.
    """
    origin_of(address)
    if not 0 < (expires - issued).total_seconds() <= _MAX_LIFETIME:
        raise MalformedInput("the request does not expire within 31 days of its making")
    return building.build_request(
        by_address(address) if signer is None else by_did(*signer),
        query=query,
        nonce=nonce,
        reply_to=address,
        response_mode="fragment",
        transaction_data=[transaction_data],
        issued=issued,
        expires=expires,
    )
