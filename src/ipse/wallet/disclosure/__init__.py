"""Answering applications: what would leave, on whose word, what it gives away, and the log of what left.

ask(wallet, embedder, request, consent=..., now=...)    the signed answer, or one that says nothing
grant(...), granted(...), revoke(...)                   standing consent
summaries, receipts                                     what is told where nobody looks; the terms, signed
withdrawing                                             answers that are taken back, and what was signed
"""

from ipse.wallet.disclosure import receipts, summaries, withdrawing
from ipse.wallet.disclosure.asking import Answered, answer_question, ask
from ipse.wallet.disclosure.permission import Grant, grant, granted, revoke

__all__ = [
    "Answered",
    "Grant",
    "answer_question",
    "ask",
    "grant",
    "granted",
    "receipts",
    "revoke",
    "summaries",
    "withdrawing",
]
