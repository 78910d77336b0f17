"""OpenID4VP 1.0, DCQL, and questions about preferences: requests and answers as values.

No network, no clock, no disk.
"""
