"""W3C credentials as JWTs."""
