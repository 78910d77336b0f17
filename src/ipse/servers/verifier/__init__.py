"""The verifier's server: it asks wallets over OpenID4VP 1.0, receives their answers and verifies them.

- `start`: what is taken from the wallet before it is closed again
- `addresses`, `clients`: where wallets and browsers find the server, and who asks
- `sessions`: what was asked and what became of it, in the server's own database
- `requests`: the signed request objects
- `responses`, `presented`, `transactions`: an answer of a wallet, verified and held to what was asked
- `outcomes`: how a session ended, and why
- `service`, `api`: the paths that wallets use, and those that applications on this machine use
- `serving`: all of it together
"""
