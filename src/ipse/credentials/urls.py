"""What the data models call a URL."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["URL"]

URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f<>\"{}|\\^`]+")
"""An absolute URL or URI: a scheme, and nothing in it that no URL can hold (RFC 3986, WHATWG URL)."""
