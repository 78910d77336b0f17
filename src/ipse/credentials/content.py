"""What a credential or presentation says, in terms that all formats share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["OPEN", "Content", "Validity"]


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when it is valid; aware, None where open.

    W3C credentials are still valid at their end (VCDM 2.0 section 4.9), tokens no longer at their `exp`
    (RFC 7519 section 4.1.4): `end_is_exclusive`.
    """

    start: datetime | None = None
    end: datetime | None = None
    end_is_exclusive: bool = False

    def within(self, other: Validity) -> Validity:
        """The part of this that is in `other` too."""
        starts = [moment for moment in (self.start, other.start) if moment is not None]
        ends = [each for each in (self, other) if each.end is not None]
        first = min(ends, key=lambda each: (each.end, not each.end_is_exclusive), default=Validity())
        return Validity(max(starts, default=None), first.end, first.end_is_exclusive)


OPEN: Final = Validity()


@dataclass(frozen=True, slots=True)
class Content:
    """What a credential says; of a presentation, who presents it.

    - `format`: the name of its format
    - `document`: a W3C document without its proof, or the processed claims of an SD-JWT
    - `issuer`: its DID (of a presentation, the holder's), or the identifier that it gives instead
    - `subjects`: the identifiers of those it is about; empty for a bearer credential
    - `types`: its types; of an SD-JWT VC, the vct alone
    - `claims`: what is claimed of the subject: one object, or a list of them for several subjects
    - `disclosed`: the paths of the claims that the holder chose to disclose, where the format has such
    """

    format: str
    document: JsonObject = field(repr=False)
    issuer: str
    subjects: tuple[str, ...]
    types: tuple[str, ...]
    validity: Validity = OPEN
    claims: Json = field(default=None, repr=False)
    disclosed: tuple[str, ...] = ()
