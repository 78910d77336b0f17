"""A person's taste, learned from what they said: from texts, vectors and weights to scores.

    opinions = Evidence(Texts.of(texts, vectors), weights, days, keys)
    taste = fit(opinions)
    scores = taste.scores(Texts.of(candidates, candidate_vectors), today)

Everything is computed with numpy, which is imported when it is used.
"""

from ipse.preferences.taste.evidence import Evidence, Texts, day, text_key
from ipse.preferences.taste.inducing_points import INDUCING_POINTS, InducingPoints, inducing_rows
from ipse.preferences.taste.model import Sums, Taste, fit

__all__ = [
    "INDUCING_POINTS",
    "Evidence",
    "InducingPoints",
    "Sums",
    "Taste",
    "Texts",
    "day",
    "fit",
    "inducing_rows",
    "text_key",
]
