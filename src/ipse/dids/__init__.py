"""Decentralized identifiers: did:key, did:jwk, did:pkh, did:peer, did:web, and one resolver.

Source: W3C DID Core 1.0.
"""
