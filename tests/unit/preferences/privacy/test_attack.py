"""The attack of benchmarks/attack.py, small, with fixed draws: the budget holds it off, and it alone."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ipse.disclosure.budgets import Budgets

from ipse.preferences.embedding import open_embedder
from ipse.preferences.privacy import choice, randomness
from tests.conftest import REPOSITORY

STATEMENTS = 200
PEOPLE = 40
TOLD = 0.4
"""Under the default budgets about .25 is recovered of a direction. One person's figure spreads by some .15,
so that the mean of 40 is nowhere near here."""
UNBOUNDED = 0.6
"""Without a budget about .75 is, after 400 questions."""


@pytest.fixture(scope="module")
def attack() -> Iterator[ModuleType]:
    sys.path.insert(0, str(Path(REPOSITORY, "benchmarks")))
    try:
        import attack

        yield attack
    finally:
        sys.path.remove(str(Path(REPOSITORY, "benchmarks")))


@pytest.fixture(scope="module")
def world(attack: ModuleType, models: Path) -> Any:
    """The people with interests among the published topics, who have fewer phrases than in the benchmark."""
    with pytest.MonkeyPatch.context() as fewer:
        fewer.setattr(attack, "PHRASES", attack.PHRASES[:2])
        return attack.of_topics(open_embedder(models))


@pytest.fixture(autouse=True)
def _fixed_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mechanisms' own distributions, from a seed; the count of the statements is told as it is."""
    draws = random.Random(6)
    monkeypatch.setattr(choice, "choose", partial(choice.choose, draw=draws.randrange))
    monkeypatch.setattr(randomness, "voters", partial(randomness.voters, random_bytes=draws.randbytes))
    monkeypatch.setattr(randomness, "_noisy", lambda count, _: count)


@pytest.mark.slow
@pytest.mark.parametrize("origins", [1, 100])
def test_under_the_default_budgets_little_of_the_direction_is_recovered(
    attack: ModuleType, world: Any, origins: int
) -> None:
    found = attack.recovered(world, STATEMENTS, PEOPLE, 300, Budgets(), origins=origins)
    assert {len(cosines) for cosines in found.values()} == {PEOPLE}
    assert len(found) == 2 * len(attack.ADVERSARIES)
    assert attack.strongest(found)[1] < TOLD


@pytest.mark.slow
def test_without_a_budget_much_of_it_is(
    attack: ModuleType, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the attack would be too weak to say anything, or the budget would do nothing."""
    monkeypatch.setattr(attack, "ADVERSARIES", {"gradient": attack.ADVERSARIES["gradient"]})
    found = attack.recovered(world, STATEMENTS, 2, 400, None, origins=1)
    assert np.mean(found["gradient"]) > UNBOUNDED


@pytest.mark.slow
@pytest.mark.parametrize(("origins", "answers"), [(1, 2), (2, 4), (3, 4), (100, 4)])
def test_an_attack_gets_as_many_answers_as_the_budgets_pay_for(
    attack: ModuleType, world: Any, origins: int, answers: int
) -> None:
    budgets = Budgets()
    assert answers == min(origins * budgets.application, budgets.overall) // budgets.answer
    wallet = attack.Wallet(world, world.person(np.random.default_rng(1), STATEMENTS), budgets)
    guess = np.zeros(world.catalogue.texts.shape[1])
    asking = attack.ADVERSARIES["pairs"](world.catalogue, guess, np.random.default_rng(2))
    attack.interrogate(asking, wallet, 500, origins)
    assert wallet.answered == answers
