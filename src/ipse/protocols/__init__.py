"""OpenID4VP 1.0 and DCQL: requests and answers as values. No network, no clock, no disk."""
