"""Fetching a request object from its request_uri: by GET, or by POST with a nonce of the wallet's.

No redirect is followed: who asks is told by what this very address serves. Source: RFC 9101 section 5.2.3;
OpenID4VP 1.0 sections 5.10 and 14.7.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.errors import InputTooLarge, MalformedInput, Undetermined
from ipse.keys import encryption
from ipse.protocols.openid4vp import TYPE, metadata
from ipse.wallet.resolution import Reach

if TYPE_CHECKING:
    from ipse.network.messages import Response
    from ipse.protocols.openid4vp.links import Invitation

__all__ = ["Fetched", "fetch"]

_MEDIA_TYPE: Final = f"application/{TYPE}"
_MEDIA_TYPES: Final = (_MEDIA_TYPE, "application/jwt")
"""The media type of a request object, and what some servers call any JWT."""
_NONCE_BYTES: Final = 32
_OK: Final = 200
_MAX_LENGTH: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """A request object as it was served.

    - `wallet_nonce`: what the request object has to repeat, None where it was fetched by GET
    - `decrypt`: opens a request object that was encrypted to this wallet; None after GET, when the verifier
      had no key of the wallet's
    """

    text: str = field(repr=False)
    address: str
    wallet_nonce: str | None = None
    decrypt: Callable[[str], bytes] | None = field(default=None, repr=False)


def fetch(invitation: Invitation, reach: Reach) -> Fetched:
    """The request object that an invitation refers to. It must refer to one.

    Raises the errors of the network (Undetermined), and MalformedInput for an answer that is not one.
    """
    address = invitation.request_uri
    assert address is not None
    if invitation.request_uri_method == "post":
        return _posted(address, reach)
    return Fetched(_text(reach.get(address, accept=_MEDIA_TYPE), address), address)


def _posted(address: str, reach: Reach) -> Fetched:
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    key = encryption.new_key(secrets.token_urlsafe(8))
    form = {
        "wallet_nonce": nonce,
        "wallet_metadata": strict_json.canonical(metadata.wallet_metadata(key)).decode(),
    }
    text = _text(reach.post(address, form=form, accept=_MEDIA_TYPE), address)
    return Fetched(text, address, nonce, lambda sealed: encryption.decrypt(sealed, key)[1])


def _text(answer: Response, address: str) -> str:
    if answer.status != _OK:
        raise Undetermined(
            f"{address[:200]} answers with status {answer.status} where it was to serve its request",
            hint="the link may be used up or too old: ask whoever gave it to you for a new one",
            code="request-not-served",
        )
    if answer.content_type not in _MEDIA_TYPES:
        raise MalformedInput(
            f"{address[:200]} serves {answer.content_type or 'no media type'}, not a request object",
            hint=f"its media type has to be {_MEDIA_TYPE}",
        )
    if len(answer.body) > _MAX_LENGTH:
        raise InputTooLarge(
            f"the request object has {len(answer.body)} bytes; at most {_MAX_LENGTH} are read"
        )
    try:
        return answer.body.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise MalformedInput(f"{address[:200]} serves what is not a request object") from error
