"""A person's taste, learned from what they said: from texts, vectors and weights to scores.

    opinions = Evidence(Texts.of(texts, vectors), weights, days, keys)
    taste = fit(opinions)
    scores = taste.scores(Texts.of(candidates, candidate_vectors), today)

Everything is computed with numpy, which is imported when it is used.
"""

from ipse.preferences.taste.evidence import Evidence, Texts, text_key
from ipse.preferences.taste.inducing_points import LANDMARKS, Landmarks, landmark_rows
from ipse.preferences.taste.model import Sums, Taste, fit
from ipse.preferences.taste.similarity import nearest

__all__ = [
    "LANDMARKS",
    "Evidence",
    "Landmarks",
    "Sums",
    "Taste",
    "Texts",
    "fit",
    "landmark_rows",
    "nearest",
    "text_key",
]
