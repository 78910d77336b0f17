"""Inputs that once failed, and the good documents that fuzzing starts from."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from ipse.errors import IpseError, MalformedInput, Undetermined
from tests.fuzz.__main__ import shared_out
from tests.fuzz.mutation import changed, vocabulary_of
from tests.fuzz.target import Target, tried
from tests.fuzz.targets import TARGETS

SEEDS: Final = Path(__file__).parent / "seeds"
ONCE_FAILED: Final = sorted(SEEDS.glob("*/*"))


@pytest.mark.parametrize("path", ONCE_FAILED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_failed_is_taken_or_refused_as_it_should_be(path: Path) -> None:
    assert tried(TARGETS[path.parent.name], path.read_bytes(), timed=False) is None


@pytest.mark.parametrize("name", TARGETS)
def test_good_documents_are_where_fuzzing_starts(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())
    assert seeds
    assert [
        failure.story for seed in seeds if (failure := tried(target, seed, timed=False)) is not None
    ] == []
    assert min(map(len, seeds)) <= target.max_length


def test_every_target_gets_its_share_of_the_inputs() -> None:
    plan = shared_out(1_000_000, list(TARGETS))
    assert sum(plan.values()) >= 1_000_000
    assert min(plan.values()) >= 1000


class TestJudgement:
    """What counts as a failure, and what changes inputs."""

    @staticmethod
    def judged(error: BaseException | None) -> str:
        def run(_: bytes) -> None:
            if error is not None:
                raise error

        failure = tried(Target("judged", run, list, 1), b"", timed=False)
        return "" if failure is None else failure.kind

    @pytest.mark.parametrize("error", [None, MalformedInput("no list"), Undetermined("out of reach")])
    def test_an_error_of_ipse_is_none(self, error: IpseError | None) -> None:
        assert self.judged(error) == ""

    @pytest.mark.parametrize("error", [ValueError("a"), RecursionError(), MemoryError(), AssertionError()])
    def test_any_other_exception_is_one(self, error: Exception) -> None:
        assert self.judged(error) == type(error).__name__

    @pytest.mark.parametrize("message", ["", "two\nlines"])
    def test_an_error_that_is_not_one_line_is_one(self, message: str) -> None:
        assert self.judged(MalformedInput(message)) == "message"

    def test_the_same_chance_makes_the_same_input(self) -> None:
        for target in TARGETS.values():
            seeds = list(target.seeds())
            words = vocabulary_of(seeds)
            made = [changed(seeds[0], Random(number), words) for number in (1, 2, 3, 1, 2, 3)]
            assert made[:3] == made[3:]
            assert len({seeds[0], *made}) > 1
