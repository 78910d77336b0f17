"""`ipse profile`: taught, searched, ranked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse

_BOOKS = EXAMPLES / "books.csv"
_CANDIDATES = EXAMPLES / "candidates.txt"
_LIKED = (
    "The Edge of the Sea",
    "Project Hail Mary",
    "The Music of the Primes",
    "Snow Country",
    "The Gastronomical Me",
    "The Left Hand of Darkness",
)
_DISLIKED = (
    "Atomic Habits",
    "Awaken the Giant Within",
    "Books of Blood",
    "The Terminal List",
    "Clear and Present Danger",
    "A Walk to Remember",
)


def test_import_reads_each_rated_row_once(taught: Ipse) -> None:
    facts = {"format": "csv", "read": 120, "changed": 0, "skipped": {}}
    first = taught("profile", "import", _BOOKS, "--json").json
    assert first == {**facts, "added": 120, "known": 0}
    assert taught("profile", "import", _BOOKS, "--json").json == {**facts, "added": 0, "known": 120}
    assert taught("status", "--json").json["statements"] == 120


def test_a_changed_rating_supersedes_the_old_one(taught: Ipse) -> None:
    taught("profile", "import", "-", stdin="title,rating\nDune,3\n")
    taught("profile", "import", "-", stdin="title,rating\nDune,5\n")
    rows = taught("profile", "list", "--json").json["statements"]
    assert [(row["text"], row["weight"]) for row in rows] == [("Dune", 1.0)]


def test_search_finds_by_meaning(taught: Ipse) -> None:
    for text in (
        "novels about whales and the deep sea",
        "proofs in number theory",
        "bread and pasta recipes",
    ):
        taught("profile", "like", text)
    found = taught("profile", "search", "cooking at home", "--limit", "1", "--json").json["statements"]
    assert found[0]["text"] == "bread and pasta recipes"


def test_rank_puts_what_is_liked_before_what_is_not_and_says_why(taught: Ipse) -> None:
    taught("profile", "import", _BOOKS)
    ranking = taught("profile", "rank", _CANDIDATES, "--explain", "--json").json["ranking"]
    assert sorted(row["text"] for row in ranking) == sorted(_CANDIDATES.read_text().splitlines())
    assert [row["place"] for row in ranking] == list(range(1, 21))
    known = {row["text"] for row in taught("profile", "list", "--json").json["statements"]}
    for row in ranking:
        assert len(row["movers"]) == 3
        assert {mover["text"] for mover in row["movers"]} <= known
    place = {row["text"].split(" by ")[0]: row["place"] for row in ranking}
    right = sum(place[liked] < place[disliked] for liked in _LIKED for disliked in _DISLIKED)
    assert right >= 30, "of 36 pairs of a book this reader would love and one they would not"
    shown = taught("profile", "rank", _CANDIDATES, "--top", "2").out.splitlines()
    assert [line.split("  ", 3)[-1] for line in shown] == [row["text"] for row in ranking[:2]]


def test_what_was_taken_of_a_ranking_moves_up_in_the_next(taught: Ipse) -> None:
    taught("profile", "import", _BOOKS)
    before = taught("profile", "rank", _CANDIDATES, "--json").json["ranking"]
    taught("profile", "feedback", "2")
    after = taught("profile", "rank", _CANDIDATES, "--json").json["ranking"]
    assert after[0]["text"] == before[1]["text"]
    assert after[0]["score"] > before[1]["score"]


def test_like_and_dislike_differ_in_sign_alone(taught: Ipse) -> None:
    taught("profile", "like", "long walks", "--strength", "5")
    taught("profile", "dislike", "long meetings")
    weights = [row["weight"] for row in taught("profile", "list", "--json").json["statements"]]
    assert weights == [1.0, -0.8]


def test_what_is_forgotten_is_gone_from_the_disk(taught: Ipse) -> None:
    taught("profile", "like", "long walks")
    number = taught("profile", "list", "--json").json["statements"][0]["number"]
    taught("profile", "forget", number)
    assert taught("profile", "list", "--json").json["statements"] == []
    taught("profile", "forget", number, code=5)


def test_an_empty_profile_says_how_to_begin(taught: Ipse) -> None:
    for command in (("search", "x"), ("rank", _CANDIDATES)):
        assert "profile like" in taught("profile", *command, "--json", code=5).error["hint"]


def test_nothing_of_the_profile_lies_in_clear(taught: Ipse) -> None:
    taught("profile", "like", "phosphorescent anglerfish of the abyss")
    for path in taught.home.iterdir():
        if path.is_file():
            assert b"anglerfish" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "content",
    ["title,stars\n", "name\nDune\n", "title,rating\nDune,600\n", "title,rating\nDune,nan\n",
     "title,rating\n,4\n", "title,rating\nDune,4,extra\n", 'title,rating\n"Dune,4\n'],
)  # fmt: skip
def test_a_table_that_can_not_be_read_changes_nothing(content: str, ipse: Ipse, tmp_path: Path) -> None:
    if content == "title,stars\n":
        content = "title,year\nDune,1965\n"
    run = ipse("profile", "import", "-", stdin=content, code=6)
    assert run.err.startswith("error: standard input")
    assert ipse("status", "--json").json["statements"] == 0
