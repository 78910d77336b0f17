"""The verifier's server: it asks wallets over OpenID4VP 1.0, receives their answers and verifies them.

sessions    what was asked and what became of it, in the server's own database
requests    the signed request objects
responses   an answer of a wallet: read, verified, held to what was asked
service     the paths that wallets use
api         the paths that applications on this machine use
start       what is taken from the wallet before it is closed again
"""
