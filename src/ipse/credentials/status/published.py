"""A status list as it was found at its URL: bytes that nobody has verified yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ipse.credentials.status.status_list_cwt import CWT_TYPE

__all__ = ["CREDENTIAL", "CWT", "JWT", "Published", "media_type_of"]

CREDENTIAL = "application/vc"
JWT = "application/jwt"
CWT = CWT_TYPE


@dataclass(frozen=True, slots=True)
class Published:
    """What is published at `url`, and when it was fetched (aware)."""

    url: str
    body: bytes = field(repr=False)
    fetched: datetime

    @property
    def media_type(self) -> str:
        """CREDENTIAL, JWT or CWT, by the content alone: what a server says of it decides nothing."""
        return media_type_of(self.body)


def media_type_of(body: bytes) -> str:
    """CREDENTIAL for what begins like a JSON object, JWT for what begins like one, else CWT."""
    start = body[:64].lstrip()
    if start.startswith(b"{"):
        return CREDENTIAL
    return JWT if start.startswith(b"eyJ") else CWT
