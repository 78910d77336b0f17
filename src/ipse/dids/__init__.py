"""Decentralized identifiers: did:key, and one resolver. Source: W3C DID Core 1.0."""
