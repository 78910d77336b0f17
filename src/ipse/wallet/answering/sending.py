"""Sending an answer to the response_uri, and what the verifier answers to that.

OpenID4VP 1.0 section 8.2: a form by POST over TLS, no redirect followed; the answer is 200 and JSON, and may
name an address that the owner's browser goes to next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.encoding.safe_text import is_visible_ascii, printable
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, Undetermined
from ipse.protocols.openid4vp.responses import Reply
from ipse.protocols.parties import origin_of
from ipse.wallet.resolution import Reach

if TYPE_CHECKING:
    from ipse.network.messages import Response

__all__ = ["Accepted", "post"]

_OK: Final = 200
_JSON: Final = "application/json"
_MAX_URL: Final = 8192


@dataclass(frozen=True, slots=True)
class Accepted:
    """The verifier took what was sent.

    - `redirect_uri`: where the owner's browser is to go next, None where it names no https address
    - `refused_uri`: the address that it names and that is not opened, empty where there is none
    """

    redirect_uri: str | None = None
    refused_uri: str = ""


def post(reply: Reply, reach: Reach) -> Accepted:
    """Send the form of `reply` to its address.

    Raises the errors of the network; Undetermined where it answers with anything but 200. It may have got
    what was sent all the same.
    """
    answer = reach.post(reply.url, form=reply.fields, accept=_JSON)
    if answer.status != _OK:
        raise Undetermined(
            f"{printable(reply.url)[:200]} answers with status {answer.status}{_reason(answer)}",
            hint="whether it kept what was sent is not known; ask it for a new request",
            code="answer-not-accepted",
        )
    return _accepted(_content(answer))


def _content(answer: Response) -> JsonObject:
    """The JSON object in the answer; an empty one where it has none, which takes nothing back."""
    if answer.content_type != _JSON:
        return {}
    try:
        return strict_json.parse_object(answer.body, what="the verifier's answer")
    except MalformedInput:
        return {}


def _accepted(content: JsonObject) -> Accepted:
    address = content.get("redirect_uri")
    if not isinstance(address, str) or not address:
        return Accepted()
    visible = len(address) <= _MAX_URL and is_visible_ascii(address)
    if visible and address.lower().startswith("https://") and _is_plain(address):
        return Accepted(redirect_uri=address)
    return Accepted(refused_uri=printable(address)[:200])


def _is_plain(address: str) -> bool:
    """Whether an address names its host in its one spelling, and no user before it, who reads as a host."""
    try:
        origin_of(address)
    except MalformedInput:
        return False
    return True


def _reason(answer: Response) -> str:
    """The error code and description that the verifier gives, quoted; empty where it gives none."""
    content = _content(answer)
    said = [content.get(name) for name in ("error", "error_description")]
    text = ": ".join(entry for entry in said if isinstance(entry, str))
    return f": {strict_json.excerpt(text)}" if text else ""
