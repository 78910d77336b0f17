"""`ipse profile map | stats`: the profile drawn and counted."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import EXAMPLES, Ipse, Preparation

_FORM = pytest.mark.parametrize("form", ["html", "svg"])
_SEA = ("novels about the sea", "lighthouse keepers and the sea", "sailing ships on a stormy sea")
_BREAD = ("baking sourdough bread", "bread with caraway and rye", "kneading bread dough")


def _reading(ipse: Ipse) -> None:
    lines = [f"{text},5" for text in _SEA] + [f"{text},1" for text in _BREAD]
    ipse("profile", "import", "-", stdin="\n".join(["title,rating", *lines, "brass bands,3"]))
    ipse("profile", "like", "clandestine puppet theatre", "--sensitivity", "secret")


@pytest.fixture
def reader(taught_after: Callable[[Preparation], Ipse]) -> Ipse:
    """A profile with two interests, a dislike and a secret."""
    return taught_after(_reading)


def _said(path: Path) -> str:
    return " ".join(" ".join(ElementTree.parse(path).getroot().itertext()).split())


@_FORM
def test_map_writes_a_private_file_that_says_every_statement(reader: Ipse, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"map.{form}"
    run = reader("profile", "map", "-o", path)
    assert run.out == f"{path}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = _said(path)
    for text in (*_SEA, *_BREAD, "brass bands"):
        assert text in said
    assert sorted(tmp_path.glob("*map*")) == [path]


@_FORM
def test_a_secret_statement_is_drawn_only_when_asked_for(reader: Ipse, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"map.{form}"
    run = reader("profile", "map", "-o", path)
    assert "puppet" not in path.read_text()
    assert "in clear" in run.err
    run = reader("profile", "map", "-o", path, "--with-secret", "--force")
    assert "puppet" in path.read_text()
    assert "secret statements too" in run.err


def test_map_replaces_a_file_whole_and_private_whatever_mode_it_had(reader: Ipse, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text("before")
    path.chmod(0o644)
    assert reader("profile", "map", "-o", path, "--json", code=2).error["code"] == "file-exists"
    assert path.read_text() == "before"
    reader("profile", "map", "-o", path, "--force")
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_page_can_be_printed(reader: Ipse) -> None:
    assert reader("profile", "map", "-o", "-").out.startswith("<!DOCTYPE html>")
    facts = reader("profile", "map", "-o", "-", "--json").json
    assert facts["page"].startswith("<!DOCTYPE html>")
    assert "file" not in facts


def test_map_says_what_it_wrote_as_json(reader: Ipse, tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    facts = reader("profile", "map", "-o", path, "--json").json
    assert facts == {"file": str(path), "form": "svg", "with_secret": False}


def test_a_target_that_can_not_be_is_refused_before_any_work(ipse: Ipse, tmp_path: Path) -> None:
    assert (
        ipse("profile", "map", "-o", tmp_path / "map.png", "--json", code=2).error["hint"].endswith("map.svg")
    )
    ipse("profile", "map", code=2)
    ipse("profile", "map", "-o", tmp_path / "no" / "map.html", code=6)
    (tmp_path / "map.html").mkdir()
    ipse("profile", "map", "-o", tmp_path / "map.html", code=6)


def test_a_profile_without_opinions_has_no_map(taught: Ipse, tmp_path: Path) -> None:
    run = taught("profile", "map", "-o", tmp_path / "map.html", "--json", code=5)
    assert "profile like" in run.error["hint"]
    taught("profile", "like", "clandestine puppet theatre", "--sensitivity", "secret")
    taught("profile", "map", "-o", tmp_path / "map.html", code=5)
    assert not (tmp_path / "map.html").exists()


def test_a_hostile_statement_is_drawn_as_text(taught: Ipse, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>]]>\u202e&bogus;"
    taught("profile", "like", hostile)
    for form in ("html", "svg"):
        taught("profile", "map", "-o", tmp_path / f"map.{form}")
        assert "<script>alert(1)</script>]]>\\u202e&bogus;" in _said(tmp_path / f"map.{form}")


def test_what_was_superseded_is_drawn_with_its_end(taught: Ipse, tmp_path: Path) -> None:
    taught("profile", "import", "-", stdin="title,rating\nDune by the sea,1\n")
    taught("profile", "import", "-", stdin="title,rating\nDune by the sea,5\n")
    taught("profile", "map", "-o", tmp_path / "map.html")
    said = _said(tmp_path / "map.html")
    assert "2 statements (1 of them taken back since) in 1 interest" in said
    assert "disliked \N{MINUS SIGN}1.00 · until" in said


def test_stats_count_what_the_profile_holds(reader: Ipse) -> None:
    facts = reader("profile", "stats", "--json").json
    counted = {name: facts[name] for name in ("opinions", "liked", "disliked", "neutral", "facts", "past")}
    assert counted == {"opinions": 8, "liked": 4, "disliked": 3, "neutral": 1, "facts": 0, "past": 0}
    assert {name: facts[name] for name in ("public", "private", "secret")} == {
        "public": 0,
        "private": 7,
        "secret": 1,
    }
    assert sum(row["statements"] for row in facts["sources"]) == 8
    assert {row["source"]: row["statements"] for row in facts["sources"]}["said"] == 1
    assert sum(row["statements"] for row in facts["periods"]) == 8
    assert facts["vectors"] == 8
    assert len(facts["model"]) == 16
    assert facts["vault_bytes"] == (reader.home / "vault.db").stat().st_size
    assert facts["since"] <= facts["until"]
    assert facts["interests"]
    assert all(-1 <= row["affinity"] <= 1 for row in facts["interests"])


def test_stats_fit_a_terminal_of_80_columns(reader: Ipse) -> None:
    shown = reader("profile", "stats").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "opinions:     8 (4 liked, 3 disliked, 1 neutral)" in shown.splitlines()
    assert "█" in shown


def test_stats_are_plain_where_blocks_can_not_be_written(reader: Ipse) -> None:
    plain = Ipse(reader.home, {**reader.environment, "PYTHONIOENCODING": "ascii"})
    reader("profile", "import", "-", stdin="title,rating\n" + "Málaga,5\nMálaga Málaga,5\nin Málaga,4\n")
    shown = plain("profile", "stats").out
    assert "M\\xe1laga" in shown
    assert "#" in shown
    assert shown.isascii()


def test_stats_of_an_empty_profile_need_no_model(ipse: Ipse) -> None:
    facts = ipse("profile", "stats", "--json").json
    assert (facts["opinions"], facts["model"], facts["interests"], facts["since"]) == (0, None, [], None)
    assert ipse("profile", "stats").out.startswith("opinions:     0")


def test_the_examples_make_a_map(taught: Ipse, tmp_path: Path) -> None:
    taught("profile", "import", EXAMPLES / "books.csv")
    taught("profile", "map", "-o", tmp_path / "map.html")
    assert "120 statements in" in _said(tmp_path / "map.html")
