"""Embedding, taste, interests, topics, other programs' exports: values in, values out."""
