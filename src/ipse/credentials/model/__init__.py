"""The W3C Verifiable Credentials Data Model 2.0: its rules, and building and reading credentials.

    violations(credential), presentation_violations(presentation)   -> the rules that are broken
    build(issuer=..., subject=..., ...)                             -> an unsigned credential
    issuer_of, subject_of, types_of, validity          -> what a credential says

What takes JSON-LD processing is not decided here.
"""

from ipse.credentials.model.document import build, issuer_of, subject_of, types_of, validity
from ipse.credentials.model.rules import (
    CONTEXT,
    Violation,
    embedded_proof_violations,
    presentation_violations,
    proof_violations,
    violations,
)

__all__ = [
    "CONTEXT",
    "Violation",
    "build",
    "embedded_proof_violations",
    "issuer_of",
    "presentation_violations",
    "proof_violations",
    "subject_of",
    "types_of",
    "validity",
    "violations",
]
