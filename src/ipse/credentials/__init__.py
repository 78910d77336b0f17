"""Verifiable credentials: formats, proofs, data model rules and the verification report."""
