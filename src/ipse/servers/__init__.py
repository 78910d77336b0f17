"""Servers that others talk to: sockets and sessions, with a database of their own and no profile in reach."""
