"""The profile: what the owner says they like, and what follows from it. All of it at home."""

from ipse.wallet.profile.ranking import Mover, Placed, rank, search
from ipse.wallet.profile.remembering import MAX_TEXT, Progress, embed_missing, remember

__all__ = ["MAX_TEXT", "Mover", "Placed", "Progress", "embed_missing", "rank", "remember", "search"]
