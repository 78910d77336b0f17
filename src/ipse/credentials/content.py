"""The content of a credential or presentation, in terms that all formats share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ipse.credentials.report import Report
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp

__all__ = ["OPEN", "Content", "Validity", "VerifiedCredential", "VerifiedPresentation"]


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
    - `subjects_unclear`: why it can't be told whom it is about, if anybody; empty where it can
    - `has_unnamed_subject`: whether it is about somebody whom it does not name
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
    subjects_unclear: str = ""
    has_unnamed_subject: bool = False

    def in_token(self, claims: JsonObject) -> Content:
        """The same; whom it is about is unclear where its token says it by `sub_id` (RFC 9493) alone."""
        if self.subjects or "sub_id" not in claims:
            return self
        return replace(self, subjects_unclear="its token names a subject by sub_id, which is not read")


@dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """A credential for which every check of its report passed.

    - `issuer`: a DID, or the https URL of an issuer of SD-JWT VCs
    - `subjects`: the identifiers of those it is about; empty for a bearer credential
    - `claims`: what is claimed: an object, or a list of them for several subjects
    - `valid_from`, `valid_until`: aware, None where open
    - `disclosed`: the paths of the claims that the holder chose to disclose, for selective disclosure
    - `document`: the whole W3C document without its proof, or all claims of an SD-JWT
    """

    format: str
    issuer: str
    subjects: tuple[str, ...]
    types: tuple[str, ...]
    claims: Json = field(repr=False)
    valid_from: datetime | None
    valid_until: datetime | None
    disclosed: tuple[str, ...]
    document: JsonObject = field(repr=False)
    report: Report = field(repr=False)

    @classmethod
    def of(cls, content: Content, report: Report) -> VerifiedCredential:
        """The credential with this content, whose report passed."""
        return cls(
            format=content.format,
            issuer=content.issuer,
            subjects=content.subjects,
            types=content.types,
            claims=content.claims,
            valid_from=content.validity.start,
            valid_until=content.validity.end,
            disclosed=content.disclosed,
            document=content.document,
            report=report,
        )

    @property
    def subject(self) -> str | None:
        """The identifier of the subject, where there is one subject and it has one."""
        return self.subjects[0] if len(self.subjects) == 1 else None

    def to_json(self) -> JsonObject:
        """issuer, subjects, types, claims, valid_from, valid_until and disclosed; times as RFC 3339."""
        return {
            "format": self.format,
            "issuer": self.issuer,
            "subjects": list(self.subjects),
            "types": list(self.types),
            "claims": self.claims,
            "valid_from": self.valid_from and format_timestamp(self.valid_from),
            "valid_until": self.valid_until and format_timestamp(self.valid_until),
            "disclosed": list(self.disclosed),
        }


@dataclass(frozen=True, slots=True)
class VerifiedPresentation:
    """A presentation for which every check passed, its own and those of the credentials in it."""

    holder: str
    credentials: tuple[VerifiedCredential, ...]
    report: Report = field(repr=False)

    def to_json(self) -> JsonObject:
        """The holder, and the verified credentials in their order."""
        return {"holder": self.holder, "credentials": [each.to_json() for each in self.credentials]}
