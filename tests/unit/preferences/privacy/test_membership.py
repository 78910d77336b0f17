"""The audit of what the summaries of a window tell of one opinion, small and with fixed draws."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from ipse.preferences.privacy import discrete_laplace, summary
from ipse.preferences.privacy.discrete_laplace import Draw
from ipse.preferences.privacy.summary import EPSILON, STRENGTH, VOTE, NoisyCounts

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
RUNS = 800
MANY = 5000


@pytest.fixture(scope="module")
def membership() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import membership

        yield membership
    finally:
        sys.path.remove(str(BENCHMARKS))


def half_the_noise(sums: Sequence[int], opinions: int, draw: Draw) -> list[NoisyCounts]:
    return [
        replace(
            one,
            counts=tuple(true + (told - true) // 2 for true, told in zip(sums, one.counts, strict=True)),
        )
        for one in summary.draw(sums, opinions, draw)
    ]


def exact_number_of_opinions(sums: Sequence[int], opinions: int, draw: Draw) -> list[NoisyCounts]:
    window = summary.draw(sums, opinions, draw)
    return [replace(one, epsilon=STRENGTH // max(opinions, 81)) for one in window]


def noise_for_one_summary_alone(sums: Sequence[int], opinions: int, draw: Draw) -> list[NoisyCounts]:
    one, other = summary.draw(sums, opinions, draw)
    return [one, replace(other, counts=tuple(sums))]


@pytest.mark.slow
def test_no_attack_finds_out_more_than_epsilon_allows(membership: ModuleType) -> None:
    rows = membership.attacks(random.Random(6).randrange)
    for finding in membership.audited(rows, RUNS):
        assert not finding.exceeded, finding
        assert finding.advantage < finding.advantage_allowed


def test_no_attack_on_a_small_profile_finds_out_more_than_epsilon_allows(membership: ModuleType) -> None:
    draw = random.Random(6).randrange
    rows = [
        membership.attack(membership.Profile(opinions, sources=sources), sure=sure, draw=draw)
        for opinions, sources in ((1, 1), (50, 5))
        for sure in (False, True)
    ]
    for finding in membership.audited(rows, RUNS):
        assert not finding.exceeded, finding


def test_attacks_find_out_something(membership: ModuleType) -> None:
    """An audit that sees nothing would pass anything."""
    draw = random.Random(7).randrange
    rows = [
        membership.attack(membership.Profile(50), sure=sure, windows=windows, draw=draw)
        for sure in (False, True)
        for windows in (1, 3)
    ]
    for finding in membership.audited(rows, MANY):
        assert finding.epsilon_least > 0.15 * finding.epsilon_allowed
        assert finding.advantage_least > 0.15 * finding.advantage_allowed


@pytest.mark.parametrize(
    ("mechanism", "opinions"),
    [(half_the_noise, 50), (exact_number_of_opinions, 2000), (noise_for_one_summary_alone, 50)],
)
def test_a_mechanism_that_charges_too_little_is_caught(
    membership: ModuleType, mechanism: Callable[..., list[NoisyCounts]], opinions: int
) -> None:
    draw = random.Random(8).randrange
    row = membership.attack(membership.Profile(opinions), sure=True, draw=draw, mechanism=mechanism)
    (finding,) = membership.audited([row], MANY)
    assert finding.exceeded


def test_sources_that_vote_each_for_themselves_are_caught(
    membership: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "words", lambda text: frozenset([text]))
    draw = random.Random(9).randrange
    row = membership.attack(membership.Profile(50, sources=5), sure=True, draw=draw)
    (finding,) = membership.audited([row], RUNS)
    assert finding.exceeded


@pytest.mark.parametrize(("windows", "charged"), [(1, 0.4), (2, 0.8), (3, 1.2)])
def test_the_costs_of_windows_add_up(membership: ModuleType, windows: int, charged: float) -> None:
    row = membership.attack(membership.Profile(1), windows, draw=random.Random(10).randrange)
    (finding,) = membership.audited([row], 10)
    assert finding.epsilon_allowed == pytest.approx(charged)
    assert finding.advantage_allowed == pytest.approx(math.tanh(charged / 2))


@pytest.mark.parametrize("weight", [1.0, -1.0, 0.25])
@pytest.mark.parametrize("opinions", [1, 50, 110, 2000])
def test_no_window_is_likelier_with_an_opinion_by_more_than_epsilon(
    membership: ModuleType, opinions: int, weight: float
) -> None:
    """What the proof says of every outcome, for those that are drawn."""
    profile = membership.Profile(opinions, weight=weight)
    more, fewer = profile.votes(True), profile.votes(False)
    assert sum(abs(one - other) for one, other in zip(more[0], fewer[0], strict=True)) == min(
        VOTE, 2 * VOTE * abs(weight)
    )
    assert more[1] - fewer[1] == 1
    draws = random.Random(11)
    for held in (more, fewer):
        for _ in range(300):
            window = summary.draw(held[0], held[1], draws.randrange)
            ratio = membership.log_likelihood_ratio(window, more, fewer)
            assert abs(ratio) <= EPSILON / 1000 + 1e-9


@pytest.mark.parametrize("opinions", [0, 1, 60, 81, 120, 2000])
def test_the_attacker_knows_how_likely_each_epsilon_is(
    membership: ModuleType, opinions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that can come add up to one, each as likely as the noise of the number of opinions says."""
    expected: dict[int, float] = {}
    shrinking = math.exp(-1 / 20)
    for noise in range(-900, 901):
        monkeypatch.setattr(discrete_laplace, "sample", lambda *_, noise=noise: noise)
        (epsilon,) = {one.epsilon for one in summary.draw([0], opinions)}
        likely = (1 - shrinking) / (1 + shrinking) * shrinking ** abs(noise)
        expected[epsilon] = expected.get(epsilon, 0) + likely
    for epsilon, likely in expected.items():
        if likely > 1e-12:
            assert math.exp(membership._log_probability(epsilon, opinions)) == pytest.approx(likely, rel=1e-3)
    assert sum(expected.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.308498),
        (10, 10, 0.691502, 1.0),
        (3, 10, 0.066740, 0.652453),
        (50, 100, 0.398321, 0.601679),
    ],
)
def test_clopper_pearson_bounds_are_the_published_ones(
    membership: ModuleType, successes: int, trials: int, low: float, high: float
) -> None:
    assert membership.clopper_pearson(successes, trials, 0.95) == pytest.approx((low, high), abs=2e-6)
