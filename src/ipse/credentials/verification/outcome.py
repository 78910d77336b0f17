"""What a verification gives: the report, and what the proof covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ipse.credentials.report import Report
from ipse.encoding.strict_json import JsonObject

__all__ = ["CHECKS", "Covered", "Verification"]

CHECKS = (
    "parse",
    "data-model",
    "issuer",
    "proof",
    "purpose",
    "time",
    "status",
    "schema",
    "trust",
    "holder-binding",
)
"""The checks of every report, in the order they are taken. For a presentation, `issuer` is its holder."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a proof covers, in any format.

    - `form`: one of reading.FORMATS
    - `document`: a W3C document without its proof, or the processed claims of an SD-JWT
    - `issuer`: its DID (of a presentation, the holder's), or what the credential gives instead
    - `subjects`: the identifiers of those it is about; empty for a bearer credential
    - `types`: its types; of an SD-JWT VC, the vct alone
    - `valid`: from and until, None where open
    """

    form: str
    document: JsonObject = field(repr=False)
    issuer: str
    subjects: tuple[str, ...]
    types: tuple[str, ...]
    valid: tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Verification:
    """The report and, where the proof holds, what it covers; `parts` are the credentials presented."""

    report: Report
    covered: Covered | None
    parts: tuple[Verification, ...] = ()

    @property
    def document(self) -> JsonObject | None:
        """What the proof covers, without the proof; None where it does not hold."""
        return self.covered.document if self.covered is not None else None
