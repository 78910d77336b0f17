"""Backups: one encrypted file that holds all of a wallet but what can be made again."""
