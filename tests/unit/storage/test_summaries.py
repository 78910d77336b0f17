"""The private summaries: charged for good, fixed in what they cost, and told apart from noise alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from ipse.errors import CorruptData
from ipse.storage import summaries
from ipse.storage.summaries import Drawing
from ipse.storage.vault import Vault
from tests.faults.processes import Report, needs_fork, together
from tests.made import empty_vault
from tests.waiting import be_patient

KEY = bytes(32)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3, 4, 5))
DRAWING = Drawing(
    number=1,
    window="2025-09-09",
    drawn=MONDAY,
    cost=400,
    epsilon=175_000,
    topics=("baking", "jazz-and-blues"),
    counts=((1000, -2500), (-(10**20), 0)),
    parties=("https://shop.example",),
    closed=("baking",),
)
NOISE = replace(DRAWING, cost=0, parties=(), closed=())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty vault's file."""
    empty_vault(tmp_path / "vault.db", KEY).close()
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with Vault.open(path, KEY) as opened:
        yield opened


class TestKeeping:
    @pytest.mark.parametrize("drawing", [DRAWING, NOISE, replace(DRAWING, parties=(), topics=(), counts=())])
    def test_a_drawing_is_given_back_as_it_was_kept(self, vault: Vault, drawing: Drawing) -> None:
        assert summaries.latest(vault) is None
        assert summaries.add(vault, replace(drawing, number=0)) == 1
        assert summaries.latest(vault) == drawing

    def test_the_latest_is_the_one_that_was_added_last(self, vault: Vault) -> None:
        summaries.add(vault, DRAWING)
        later = replace(DRAWING, window="2024-01-01", drawn=THURSDAY)
        assert summaries.add(vault, later) == 2
        assert summaries.latest(vault) == replace(later, number=2)

    def test_counts_parties_and_closed_topics_change_with_the_number(self, vault: Vault) -> None:
        summaries.add(vault, DRAWING)
        summaries.add(vault, DRAWING)
        changed = replace(
            DRAWING, counts=((7, 8), (9, 10)), parties=("a", "b"), closed=("baking", "jazz-and-blues")
        )
        summaries.update(vault, replace(changed, window="2030-01-01", cost=0, epsilon=1))
        assert summaries.latest(vault) == replace(DRAWING, number=2)
        summaries.update(vault, replace(changed, number=2))
        assert summaries.latest(vault) == replace(changed, number=2)

    @pytest.mark.parametrize(
        "change",
        [
            "cost = 0",
            "cost = 400 - 1",
            "drawn = '2020-01-01T00:00:00Z'",
            "window = '2030-01-01'",
            "epsilon = 1",
            "topics = '[]'",
            "number = 9",
        ],
    )
    def test_the_vault_itself_holds_to_what_was_drawn(self, vault: Vault, change: str) -> None:
        summaries.add(vault, DRAWING)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not changed"):
            vault.change(f"UPDATE summaries SET {change}")
        assert summaries.latest(vault) == DRAWING

    def test_what_cost_something_is_never_deleted(self, vault: Vault) -> None:
        summaries.add(vault, DRAWING)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not taken back"):
            vault.change("DELETE FROM summaries")
        assert summaries.clear_unused(vault) == 0
        assert summaries.cost(vault) == 400

    def test_noise_alone_can_go(self, vault: Vault) -> None:
        summaries.add(vault, NOISE)
        summaries.add(vault, DRAWING)
        summaries.add(vault, NOISE)
        assert summaries.clear_unused(vault) == 2
        assert summaries.latest(vault) == replace(DRAWING, number=2)

    @pytest.mark.parametrize(
        "change",
        [
            {"cost": -1},
            {"cost": 1_000_001},
            {"cost": 0.5},
            {"cost": None},
            {"epsilon": 0},
            {"epsilon": -1},
            {"epsilon": None},
            {"window": None},
            {"drawn": None},
        ],
    )
    def test_the_vault_itself_refuses_what_can_not_be_counted(
        self, vault: Vault, change: dict[str, Any]
    ) -> None:
        with pytest.raises(sqlcipher3.IntegrityError):
            summaries.add(vault, replace(DRAWING, **change))
        assert summaries.cost(vault) == 0

    @pytest.mark.parametrize("column", ["counts", "parties", "closed"])
    @pytest.mark.parametrize("stored", ["", "{", "null", "7", "[" * 100_000])
    def test_a_drawing_that_can_not_be_read_is_reported(self, vault: Vault, column: str, stored: str) -> None:
        summaries.add(vault, DRAWING)
        vault.change(f"UPDATE summaries SET {column} = ?", (stored,))
        with pytest.raises(CorruptData, match="the private summary 1"):
            summaries.latest(vault)

    @pytest.mark.parametrize("stored", ['["one"]', "[1]", '[["one"]]', "[[null]]"])
    def test_counts_that_are_no_numbers_are_reported(self, vault: Vault, stored: str) -> None:
        summaries.add(vault, DRAWING)
        vault.change("UPDATE summaries SET counts = ?", (stored,))
        with pytest.raises(CorruptData, match="the private summary 1"):
            summaries.latest(vault)

    def test_a_drawing_shares_the_fate_of_its_transaction(self, vault: Vault) -> None:
        def fail() -> None:
            with vault.transaction():
                summaries.add(vault, DRAWING)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert summaries.latest(vault) is None
        assert summaries.cost(vault) == 0


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("", 1000),
        (MONDAY, 1000),
        ("2026-02-02T12:00:01Z", 600),
        (TUESDAY, 600),
        (WEDNESDAY, 200),
        (THURSDAY, 0),
    ],
)
def test_the_cost_of_a_time_begins_with_what_was_drawn_at_its_beginning(
    vault: Vault, since: str, expected: int
) -> None:
    for time, cost in ((MONDAY, 400), (TUESDAY, 400), (TUESDAY, 0), (WEDNESDAY, 200)):
        summaries.add(vault, replace(DRAWING, drawn=time, cost=cost))
    assert summaries.cost(vault, since=since) == expected


def test_the_largest_costs_add_up_exactly(vault: Vault) -> None:
    for _ in range(100):
        summaries.add(vault, replace(DRAWING, cost=1_000_000))
    assert summaries.cost(vault) == 100_000_000


@needs_fork
def test_what_is_checked_in_the_transaction_is_never_overdrawn(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch)

    def work(report: Report) -> None:
        with Vault.open(path, KEY) as vault:
            for _ in range(10):
                with vault.transaction():
                    if summaries.cost(vault) + 400 <= 1200:
                        report(str(summaries.add(vault, DRAWING)))

    reported = together(work, work)
    assert sorted(int(line) for lines in reported for line in lines) == [1, 2, 3]
    with Vault.open(path, KEY) as vault:
        assert summaries.cost(vault) == 1200
