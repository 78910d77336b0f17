"""Use cases: what a person or a program does with a wallet.

Nothing here prints or prompts: a passphrase, consent and progress come in as callables, the time as an
argument.
"""
