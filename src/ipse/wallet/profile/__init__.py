"""The profile: what the owner says they like, and what follows from it. All of it at home."""

from ipse.wallet.profile.changing import Correction, correct, supersede, supersede_with
from ipse.wallet.profile.feedback import Learned, learn
from ipse.wallet.profile.forgetting import Disclosed, Forgotten, disclosed, erase, forget
from ipse.wallet.profile.ranking import Mover, Placed, keep_ranking, rank, search
from ipse.wallet.profile.remembering import MAX_TEXT, Progress, embed_missing, remember
from ipse.wallet.profile.selecting import Selection, select

__all__ = [
    "MAX_TEXT",
    "Correction",
    "Disclosed",
    "Forgotten",
    "Learned",
    "Mover",
    "Placed",
    "Progress",
    "Selection",
    "correct",
    "disclosed",
    "embed_missing",
    "erase",
    "forget",
    "keep_ranking",
    "learn",
    "rank",
    "remember",
    "search",
    "select",
    "supersede",
    "supersede_with",
]
