"""DCQL, the Digital Credentials Query Language (OpenID4VP 1.0 sections 6 and 7).

- `query`: the value of a query, and its strict parser
- `matching`: the copies of credentials in a wallet that match, and the reason for each that does not
- `choosing`: the ways to satisfy a query, the least revealing first
- `verifying`: the other side, whether verified presentations satisfy a query
"""
