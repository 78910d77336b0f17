"""The W3C Verifiable Credentials Data Model 2.0: its rules, and building and reading credentials.

    violations(credential), presentation_violations(presentation)   -> the rules that are broken
    build(issuer=..., subject=..., ...)                             -> an unsigned credential
    issuer_of, subject_of, subjects_of, types_of, validity          -> what a credential says

What takes JSON-LD processing is not decided here.
"""

from ipse.credentials.model.building import build
from ipse.credentials.model.credential_rules import proof_violations, violations
from ipse.credentials.model.presentation_rules import embedded_proof_violations, presentation_violations
from ipse.credentials.model.reading import issuer_of, subject_of, subjects_of, types_of, validity
from ipse.credentials.model.shapes import CONTEXT, Violation

__all__ = [
    "CONTEXT",
    "Violation",
    "build",
    "embedded_proof_violations",
    "issuer_of",
    "presentation_violations",
    "proof_violations",
    "subject_of",
    "subjects_of",
    "types_of",
    "validity",
    "violations",
]
