"""Answering applications: what would leave, on whose word, at what cost, and the log of what left.

ask(wallet, embedder, request, consent=..., now=...)    the signed answer, or one that says nothing
grant(...), granted(...), revoke(...)                   standing consent
budgets, receipts                                       what may be told in all; the terms, signed
withdrawing                                             answers that are taken back, and what was signed
"""

from ipse.wallet.disclosure import budgets, receipts, withdrawing
from ipse.wallet.disclosure.asking import Answered, ask
from ipse.wallet.disclosure.permission import Grant, grant, granted, revoke

__all__ = ["Answered", "Grant", "ask", "budgets", "grant", "granted", "receipts", "revoke", "withdrawing"]
