"""Embedding, scoring and reading preferences: arrays and values in, arrays and values out."""
