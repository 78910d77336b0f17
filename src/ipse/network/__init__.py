"""The one way out to the network: a guarded HTTPS client, and what can go wrong on the way."""
