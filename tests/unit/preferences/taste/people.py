"""Made-up opinions: vectors around a few directions, each liked or not."""

from __future__ import annotations

import numpy as np

from ipse.preferences.taste import Evidence, Texts, text_key

DIMENSION = 48
TODAY = 20_000.0


def subject(number: int) -> np.ndarray:
    """The direction of a subject, float32 (DIMENSION,)."""
    direction = np.random.default_rng(1000 + number).normal(size=DIMENSION)
    return (direction / np.linalg.norm(direction)).astype(np.float32)


def texts_about(subjects: list[int], *, seed: int, spread: float = 0.5) -> Texts:
    """One text about each of `subjects`, scattered around it."""
    draw = np.random.default_rng(seed)
    around = draw.normal(size=(len(subjects), DIMENSION)) / np.sqrt(DIMENSION)
    vectors = np.array([subject(number) for number in subjects]) + spread * around
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Texts.of(
        [f"subject{number} thing{draw.integers(40)}" for number in subjects], vectors.astype(np.float32)
    )


def opinions(
    subjects: list[int], weights: list[float], *, days: list[float] | None = None, seed: int = 0
) -> Evidence:
    """Opinions about subjects, of today if `days` does not say otherwise."""
    keys = [text_key(f"{seed} {place} {number}") for place, number in enumerate(subjects)]
    return Evidence(
        texts_about(subjects, seed=seed),
        np.array(weights, float),
        np.array(days if days is not None else [TODAY] * len(subjects), float),
        np.array(keys, np.uint64),
    )


def somebody(count: int, *, seed: int = 0) -> Evidence:
    """`count` opinions over ten years about eight subjects, half of which are liked."""
    draw = np.random.default_rng(seed)
    subjects = draw.integers(0, 8, count).tolist()
    weights = [(0.8 if number % 2 else -0.8) + 0.1 * draw.normal() for number in subjects]
    days = (TODAY - draw.integers(0, 3650, count)).tolist()
    return opinions(subjects, np.clip(weights, -1, 1).tolist(), days=days, seed=seed)
