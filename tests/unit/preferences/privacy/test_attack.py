"""The attack of benchmarks/attack.py, small, with fixed draws: the noise of the summaries holds it off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.conftest import REPOSITORY

STATEMENTS = 200
PEOPLE = 20
TOLD = 0.4
"""From one window about .25 is recovered of a direction, and one person's figure spreads by some .15."""
WITHOUT_NOISE = 0.5


@pytest.fixture(scope="module")
def attack() -> Iterator[ModuleType]:
    sys.path.insert(0, str(Path(REPOSITORY, "benchmarks")))
    try:
        import attack

        yield attack
    finally:
        sys.path.remove(str(Path(REPOSITORY, "benchmarks")))


@pytest.fixture(scope="module")
def world(attack: ModuleType, profile_extra: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Fewer people than in the benchmark, with interests among the published topics, and fewer phrases."""
    from private_summary import worlds

    cache = tmp_path_factory.mktemp("benchmark")
    with pytest.MonkeyPatch.context() as fewer:
        fewer.setattr(worlds, "PHRASES", worlds.PHRASES[:2])
        fewer.setattr(attack.lab, "PRIOR", 60)
        fewer.setattr(attack.RUN, "cache", cache)
        fewer.setattr(attack.RUN, "people", PEOPLE)
        made = worlds.of_topics(worlds.Cached())
        attack.lab.register([made])
        yield made


def _mean(found: dict[str, list[float]]) -> float:
    return max(float(np.mean(cosines)) for cosines in found.values())


@pytest.mark.slow
def test_who_holds_the_summaries_of_a_window_recovers_little_of_the_direction(
    attack: ModuleType, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attack, "HELD", ((1, 1), (1, 2)))
    monkeypatch.setattr(attack, "WINDOWS", (1,))
    found = attack.held_of(world, STATEMENTS, attack.published())
    assert {len(cosines) for cosines in found[1, 2].values()} == {PEOPLE}
    assert _mean(found[1, 1]) < _mean(found[1, 2]) < TOLD


@pytest.mark.slow
def test_without_noise_much_of_it_is_recovered(
    attack: ModuleType, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the attack would be too weak to say anything."""
    monkeypatch.setattr(attack.summary, "draw", lambda sums, _count, _draw: _exact(attack, sums))
    monkeypatch.setattr(attack, "HELD", ((1, 2),))
    monkeypatch.setattr(attack, "WINDOWS", (1,))
    assert _mean(attack.held_of(world, STATEMENTS, attack.published())[1, 2]) > WITHOUT_NOISE


@pytest.mark.slow
@pytest.mark.parametrize("applications", [1, 2])
def test_questions_recover_little_however_many_they_are(
    attack: ModuleType, world: Any, applications: int
) -> None:
    found = attack.asked_of(world, STATEMENTS, attack.published(), 1000, applications)
    assert len(found) == 2 * len(attack.ADVERSARIES)
    assert _mean(found) < TOLD


def test_an_answer_that_abstains_tells_nothing(attack: ModuleType) -> None:
    counts = attack.summary.NoisyCounts((5000, 0), 1_000_000)
    alike = np.full((20, 2), 0.5, np.float32)
    wallet = attack.Wallet([counts], alike)
    assert not wallet.ask(np.arange(20)[None]).any()


def test_an_answer_chooses_three_by_the_counts(attack: ModuleType) -> None:
    counts = attack.summary.NoisyCounts((5000, 0), 1_000_000)
    about = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 17, np.float32)
    chosen = attack.Wallet([counts], about).ask(np.arange(20)[None])
    assert np.flatnonzero(chosen[0]).tolist() == [0, 1, 2]


def _exact(attack: ModuleType, sums: list[int]) -> list[Any]:
    """Summaries whose noise is too small to be seen."""
    return [attack.summary.NoisyCounts(tuple(sums), 1000 * attack.summary.MILLION)] * 2
