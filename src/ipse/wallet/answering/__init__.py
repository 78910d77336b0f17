"""Answering verifiers and applications: a link or a request in, an answer out, with the owner's consent.

read_handed(text, what=...)                      what was handed over: a link, a request object, JSON
answer(wallet, handed, owner=..., clock=...)     answered, logged and sent; or refused, and the verifier told
"""

from ipse.wallet.answering.answering import Answered, Owner, answer
from ipse.wallet.answering.invitations import Handed, read_handed
from ipse.wallet.answering.refusing import Told

__all__ = ["Answered", "Handed", "Owner", "Told", "answer", "read_handed"]
