"""What the owner hands the wallet: a link, a file with a request, or the request itself.

A link is answered where it says; a request from a file is answered on stdout where it allows that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ipse.credentials import jws
from ipse.disclosure import questions
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject, as_list
from ipse.errors import IpseError
from ipse.protocols.openid4vp import links
from ipse.protocols.openid4vp.links import Invitation

__all__ = ["Handed", "read_handed"]

_COMPACT: Final = re.compile(r"[A-Za-z0-9_=-]*(?:\.[A-Za-z0-9_=-]*){2,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over: an invitation (a link), or else the request itself.

    - `request`: a JSON object, or the text of a signed or encrypted request object
    """

    invitation: Invitation | None = None
    request: JsonObject | str | None = field(default=None, repr=False)

    @property
    def looks_like_preferences(self) -> bool:
        """Whether it seems to ask about preferences, as far as can be told before anything is checked.

        It decides what is loaded early, and nothing else.
        """
        try:
            if isinstance(self.request, str):
                claims = jws.read(self.request, what="the request").payload
            else:
                claims = self.request or {}
            entries = [base64url.decode(entry) for entry in as_list(claims.get("transaction_data", []))]
        except (IpseError, TypeError, AttributeError):
            return False
        return any(name.encode() in entry for entry in entries for name in questions.TYPES)


def read_handed(text: str, *, what: str) -> Handed:
    """What `text` is: a link, a signed request object (JWT), or a request as JSON. Nothing is verified.

    `what` names it in errors. Raises MalformedInput, InputTooLarge, Undetermined for a link that names its
    sender in a way that is not supported.
    """
    stripped = text.strip()
    if links.is_link(stripped):
        invitation = links.parse_link(stripped)
        return Handed(invitation, invitation.value)
    if _COMPACT.fullmatch(stripped):
        return Handed(request=stripped)
    return Handed(request=strict_json.parse_object(text, what=what))
