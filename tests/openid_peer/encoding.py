"""Base64url and compact JSON, as the JOSE specifications write them."""

from __future__ import annotations

import base64
import json
from typing import Any, TypeAlias

__all__ = ["JsonObject", "b64", "compact", "loads", "same", "unb64", "unchanged"]

JsonObject: TypeAlias = dict[str, Any]


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def loads(part: str) -> JsonObject:
    """The JSON object in one part of a JWT."""
    value = json.loads(unb64(part))
    assert isinstance(value, dict)
    return value


def unchanged(value: object) -> None:
    """Change nothing."""


def same(text: str) -> str:
    """Return the text as it is."""
    return text
