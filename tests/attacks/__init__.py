"""Attacks that once got through, or could have: one file a kind."""
