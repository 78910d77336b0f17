"""Benchmarks of the private summary: populations, the mechanism, its reach, its leak and its linking."""
