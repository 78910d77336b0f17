"""The other side of OpenID4VP 1.0: a verifier, a wallet and an issuer that a test can make misbehave.

Written on cryptography and joserfc alone. Nothing here is imported from `ipse`, so that one fault in our
code cannot hide on both sides.
"""
