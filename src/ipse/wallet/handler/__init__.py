"""Registering ipse with the desktop for the links that a wallet answers, one module a kind of desktop."""
