"""How a refusal is told to the one who asked: with an error code, and only to an address that is theirs.

An error that reading a request raises has both as attributes: `error_code` is what may be posted, and `reply`
is the ReplyAddress that it may go to, or None where nobody may be told (OpenID4VP 1.0 sections 8.5 and 15.7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError

__all__ = [
    "ACCESS_DENIED",
    "ERROR_CODES",
    "INVALID_CLIENT",
    "INVALID_REQUEST",
    "INVALID_REQUEST_URI_METHOD",
    "INVALID_TRANSACTION_DATA",
    "UNSUPPORTED_RESPONSE_TYPE",
    "VP_FORMATS_NOT_SUPPORTED",
    "WALLET_UNAVAILABLE",
    "Encryption",
    "ReplyAddress",
    "ResponseMode",
    "refused_with",
]

INVALID_REQUEST: Final = "invalid_request"
INVALID_CLIENT: Final = "invalid_client"
ACCESS_DENIED: Final = "access_denied"
UNSUPPORTED_RESPONSE_TYPE: Final = "unsupported_response_type"
VP_FORMATS_NOT_SUPPORTED: Final = "vp_formats_not_supported"
INVALID_REQUEST_URI_METHOD: Final = "invalid_request_uri_method"
INVALID_TRANSACTION_DATA: Final = "invalid_transaction_data"
WALLET_UNAVAILABLE: Final = "wallet_unavailable"
ERROR_CODES: Final = (
    INVALID_REQUEST,
    INVALID_CLIENT,
    ACCESS_DENIED,
    UNSUPPORTED_RESPONSE_TYPE,
    VP_FORMATS_NOT_SUPPORTED,
    INVALID_REQUEST_URI_METHOD,
    INVALID_TRANSACTION_DATA,
    WALLET_UNAVAILABLE,
)
"""What a verifier may be told: RFC 6749 section 4.1.2.1, OpenID4VP 1.0 section 8.5."""

ResponseMode: TypeAlias = Literal["fragment", "direct_post", "direct_post.jwt"]
Refused = TypeVar("Refused", bound=IpseError)


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a response is encrypted: to the public key `recipient` (a JWK with its kid), by `enc`."""

    recipient: JsonObject
    enc: str


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where an answer goes, a refusal included, and how.

    - `url`: the redirect_uri (mode fragment) or the response_uri
    - `state`: goes back as it came, None where the request has none
    - `encryption`: for direct_post.jwt; None there too where no key of the verifier can be used, so that
      an error is sent unencrypted (section 8.3.1)
    """

    mode: ResponseMode
    url: str
    state: str | None = None
    encryption: Encryption | None = field(default=None, repr=False)


def refused_with(error: Refused, code: str, reply: ReplyAddress | None = None) -> Refused:
    """`error`, told with `code` at `reply`. What it has already, from where more was known, it keeps."""
    error.error_code = error.error_code or code
    error.reply = error.reply or reply
    return error
