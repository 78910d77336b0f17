"""The errors of the JSON-LD room, and what it says of a document that can't be signed as RDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ipse.encoding.strict_json import excerpt
from ipse.errors import MalformedInput, TooMuchWork, Undetermined

__all__ = ["LOST", "UNDEFINED", "Finding", "TooMuchWork", "UnknownContext", "UnsafeDocument"]


LOST: Final = "lost"
"""The code of what RDF would drop or change."""
UNDEFINED: Final = "undefined-term"
"""The code of a name that no context defines."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place (RFC 6901 JSON pointer) where JSON and RDF would not say the same, and why.

    `code` is LOST or UNDEFINED.
    """

    pointer: str
    reason: str
    code: str = LOST

    def __str__(self) -> str:
        return f"{self.pointer or '/'} {self.reason}"


class UnsafeDocument(MalformedInput):
    """RDF would drop or change a part of the document; `findings` has all of them, at least one."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(
            f"not safe to sign as JSON-LD: {findings[0]}{more}",
            hint="define each term in a context, add --undefined-terms, or use a jcs cryptosuite",
        )
        self.findings = findings


class UnknownContext(Undetermined):
    """A context that is neither packaged nor given by the user; none is ever fetched."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"the JSON-LD context {excerpt(url)} is not known", hint="give it with --context URL=FILE"
        )
        self.url = url
