"""What was taken of a ranking is liked, what stood above it and was passed over a little disliked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound, UsageError
from ipse.storage import rankings, statement_vectors, statements
from ipse.storage.statements import NewStatement
from ipse.wallet.profile.feedback import Learned, learn
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import NOW, HashEmbedder

RANKED = ["tea", "rain", "bread", "snow"]


def ranked(wallet: Wallet, candidates: list[str] = RANKED, *, day: int = 0) -> int:
    return rankings.add(wallet.vault, candidates, now=format_timestamp(NOW + timedelta(days=day)))


def tell(
    wallet: Wallet,
    *,
    taken: Collection[int] = (),
    refused: Collection[int] = (),
    none: bool = False,
    ranking: int | None = None,
) -> Learned:
    return learn(
        wallet, HashEmbedder(), ranking=ranking, taken=taken, refused=refused, none=none,
        now=NOW + timedelta(days=9),
    )  # fmt: skip


def weights(wallet: Wallet) -> dict[str, float]:
    return {said.text: said.weight for said in statements.current(wallet.vault)}


def test_what_is_taken_is_liked_and_what_stood_above_it_mildly_disliked(wallet: Wallet) -> None:
    ranked(wallet)
    learned = tell(wallet, taken=[3])
    assert weights(wallet) == {"tea": -0.2, "rain": -0.2, "bread": 0.6}
    assert {said.source for said in learned.statements} == {"feedback"}
    assert {said.valid_from for said in learned.statements} == {format_timestamp(NOW)}
    assert all(statement_vectors.fingerprints(wallet.vault, said.number) for said in learned.statements)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"taken": [1]}, {"tea": 0.6}),
        ({"taken": [2, 4]}, {"tea": -0.2, "rain": 0.6, "bread": -0.2, "snow": 0.6}),
        ({"taken": [2], "refused": [1, 4]}, {"tea": -0.6, "rain": 0.6, "snow": -0.6}),
        ({"refused": [2]}, {"rain": -0.6}),
        ({"none": True}, {"tea": -0.2, "rain": -0.2, "bread": -0.2, "snow": -0.2}),
        ({"none": True, "refused": [1]}, {"tea": -0.6, "rain": -0.2, "bread": -0.2, "snow": -0.2}),
    ],
)
def test_each_way_to_tell_teaches_its_weights(
    wallet: Wallet, told: dict[str, object], expected: dict[str, float]
) -> None:
    ranked(wallet)
    tell(wallet, **told)  # type: ignore[arg-type]
    assert weights(wallet) == expected


def test_telling_it_again_teaches_nothing_new(wallet: Wallet) -> None:
    ranked(wallet)
    tell(wallet, taken=[3])
    before = statements.every(wallet.vault)
    again = tell(wallet, taken=[3])
    assert (again.statements, again.known) == ((), 3)
    assert statements.every(wallet.vault) == before


def test_passing_over_says_less_than_what_was_taken_or_refused_or_said(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    remember(wallet, embedder, [NewStatement("snow", 0.2, "said")], now=NOW)
    ranked(wallet)
    tell(wallet, taken=[1], refused=[2])
    ranked(wallet, day=1)
    tell(wallet, none=True)
    assert weights(wallet) == {"snow": 0.2, "tea": 0.6, "rain": -0.6, "bread": -0.2}


def test_a_later_choice_takes_the_place_of_an_earlier_one_and_not_the_other_way_round(wallet: Wallet) -> None:
    first, second = ranked(wallet), ranked(wallet, day=1)
    tell(wallet, taken=[1], ranking=second)
    tell(wallet, refused=[1], ranking=first)
    assert weights(wallet) == {"tea": 0.6}
    third = ranked(wallet, day=2)
    assert tell(wallet, refused=[1]).ranking == third
    assert weights(wallet) == {"tea": -0.6}
    assert len(statements.every(wallet.vault)) == 2


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({}, "nothing is said"),
        ({"taken": [5]}, "no place 5"),
        ({"refused": [0]}, "no place 0"),
        ({"taken": [1], "refused": [1]}, "both taken and refused"),
        ({"taken": [1], "none": True}, "a place was taken and none was"),
    ],
)
def test_what_can_not_be_meant_teaches_nothing(wallet: Wallet, told: dict[str, object], error: str) -> None:
    ranked(wallet)
    with pytest.raises(UsageError, match=error):
        tell(wallet, **told)  # type: ignore[arg-type]
    assert statements.every(wallet.vault) == []


def test_a_ranking_that_there_is_not_is_named(wallet: Wallet) -> None:
    with pytest.raises(NotFound, match="nothing was ranked"):
        tell(wallet, taken=[1])
    ranked(wallet)
    with pytest.raises(NotFound, match="no ranking 7"):
        tell(wallet, taken=[1], ranking=7)


def test_what_feedback_taught_is_forgotten_with_its_ranking(wallet: Wallet) -> None:
    ranked(wallet)
    learned = tell(wallet, taken=[1])
    assert forget(wallet, [learned.statements[0].number]).rankings == 1
    with pytest.raises(NotFound, match="nothing was ranked"):
        rankings.latest(wallet.vault)
