"""The credentials inside a presentation, each verified as one of its own."""

from __future__ import annotations

from typing import Final

from ipse.credentials.report import Ledger, Rejected
from ipse.credentials.verification.outcome import Covered, Verification
from ipse.credentials.verification.policy import Terms
from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["MAX_CREDENTIALS", "check_count", "credentials_in", "holder_of", "verify_parts"]

MAX_CREDENTIALS: Final = 64


def holder_of(presentation: JsonObject) -> str | None:
    """The holder that a presentation names, in either of the two forms."""
    holder = presentation.get("holder")
    identifier = holder.get("id") if isinstance(holder, dict) else holder
    return identifier if isinstance(identifier, str) else None


def credentials_in(presentation: JsonObject) -> list[Json]:
    """What stands under `verifiableCredential`, one or more."""
    entries = presentation.get("verifiableCredential", [])
    return entries if isinstance(entries, list) else [entries]


def check_count(presentation: JsonObject) -> None:
    """Raise Rejected for more credentials than are looked at."""
    count = len(credentials_in(presentation))
    if count > MAX_CREDENTIALS:
        raise Rejected(f"it presents {count} credentials; at most {MAX_CREDENTIALS} are looked at", count)


def verify_parts(ledger: Ledger, covered: Covered, terms: Terms) -> Verification:
    """The report on a presentation whose own proof holds, with one on every credential in it."""
    from ipse.credentials.verification import verify_one

    parts = tuple(verify_one(entry, terms) for entry in credentials_in(covered.document))
    report = ledger.report().with_parts(tuple(part.report for part in parts))
    return Verification(report, covered, parts)
