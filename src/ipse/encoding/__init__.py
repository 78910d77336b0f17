"""How bytes and JSON are written down: base64url, base58btc multibase, strict JSON, RFC 8785."""
