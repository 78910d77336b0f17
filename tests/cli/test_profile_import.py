"""`ipse profile import`: what is shown, what is added, and that doing it again doubles nothing."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse

_SAMPLES = Path(__file__).parents[1] / "unit" / "preferences" / "sources" / "samples"
_BOOKS = EXAMPLES / "books.csv"
_GOODREADS = _SAMPLES / "goodreads.csv"


def statements(ipse: Ipse) -> list[tuple[str, float, str, str]]:
    rows = ipse("profile", "list", "--json").json["statements"]
    return [(row["text"], row["weight"], row["source"], row["sensitivity"]) for row in rows]


def test_what_was_detected_is_shown_before_it_is_imported(taught: Ipse) -> None:
    run = taught("profile", "import", _GOODREADS)
    assert run.err.splitlines()[:10] == [
        "format: goodreads",
        "  title: Title",
        "  maker: Author",
        "  rating: My Rating (1 to 5)",
        "  shelf: Exclusive Shelf",
        "  opinion: My Review",
        "  date: Date Read",
        "found: 4",
        "  left out, no rating: 1",
        "  +1.00  The Tide Almanac (Coast, #1) by Ines Marrow: Slow and exact. I loved it.",
    ]
    assert run.out == "4 statements read: 4 added, 0 changed, 0 known already\n"


def test_importing_again_doubles_nothing(taught: Ipse) -> None:
    facts = {"format": "goodreads", "read": 4, "changed": 0, "skipped": {"no rating": 1}}
    first = taught("profile", "import", _GOODREADS, "--json").json
    before = statements(taught)
    again = taught("profile", "import", _GOODREADS, "--json").json
    assert first == {**facts, "added": 4, "known": 0}
    assert again == {**facts, "added": 0, "known": 4}
    assert statements(taught) == before


def test_a_dry_run_foresees_what_the_import_then_does(taught: Ipse) -> None:
    taught("profile", "import", "-", stdin="title,rating,date\nDune,3,2024-01-01\nEmma,4,2024-01-01\n")
    table = "title,rating,date\nDune,5,2024-02-01\nEmma,4,2024-01-01\nWalden,1,2024-01-01\n"
    before = statements(taught)
    foreseen = taught("profile", "import", "-", "--dry-run", "--json", stdin=table).json
    assert foreseen == {"format": "csv", "read": 3, "added": 1, "changed": 1, "known": 1, "skipped": {}}
    assert statements(taught) == before
    assert taught("profile", "import", "-", "--json", stdin=table).json == foreseen


def test_a_dry_run_needs_no_model(ipse: Ipse) -> None:
    assert ipse("profile", "import", _BOOKS, "--dry-run", "--json").json["added"] == 120
    assert ipse("status", "--json").json["statements"] == 0
    assert "120 would be added" in ipse("profile", "import", _BOOKS, "--dry-run").out


def test_what_is_imported_can_be_named_and_made_more_sensitive(taught: Ipse) -> None:
    taught(
        "profile", "import", "-", "--source", "shelf", "--sensitivity", "secret", stdin="title,rating\na,5\n"
    )
    assert statements(taught) == [("a", 1.0, "shelf", "secret")]


def test_what_the_format_makes_secret_stays_so(taught: Ipse) -> None:
    history = _SAMPLES / "youtube" / "search-history.json"
    taught("profile", "import", history, "--sensitivity", "public")
    assert statements(taught) == [("searched for bowline knot", 0.2, "youtube", "secret")]


def test_an_export_of_ipse_keeps_its_sources_and_sensitivities(taught: Ipse) -> None:
    assert taught("profile", "import", _SAMPLES / "own.ndjson", "--json").json["added"] == 3
    assert sorted(statements(taught)) == [
        ("lives by a harbour", 0.0, "said", "secret"),
        ("long meetings", -1.0, "csv", "public"),
        ("quiet novels  about the sea", 0.8, "said", "private"),
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_what_was_exported_is_known_already(form: str, taught: Ipse) -> None:
    taught("profile", "import", "-", stdin="title,rating,date\nDune,5,2020-01-01\n")
    taught("profile", "like", "tea")
    taught("profile", "dislike", "tea")
    written = taught("profile", "export", "--format", form).out
    facts = taught("profile", "import", "-", "--json", stdin=written).json
    assert facts == {"format": "ipse", "read": 3, "added": 0, "changed": 0, "known": 3, "skipped": {}}


def test_a_limit_takes_the_newest(taught: Ipse) -> None:
    table = "title,rating,date\nold,5,2001-01-01\nnew,5,2024-01-01\nundated,5,\n"
    assert taught("profile", "import", "-", "--limit", "1", "--json", stdin=table).json["read"] == 1
    assert [text for text, *_ in statements(taught)] == ["new"]


def test_an_archive_is_read_from_stdin(ipse: Ipse) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((_SAMPLES / "letterboxd").glob("*.csv")):
            archive.write(path, path.name)
    run = ipse("profile", "import", "-", "--dry-run", "--json", stdin=packed.getvalue())
    assert (run.json["format"], run.json["read"]) == ("letterboxd", 5)


def test_a_date_in_the_future_is_now(taught: Ipse) -> None:
    taught("profile", "import", "-", stdin="title,rating,date\na,5,2199-01-01\n")
    assert taught("profile", "import", "-", "--json", stdin="title,rating\na,1\n").json["changed"] == 1


def test_a_title_can_not_steer_the_terminal(ipse: Ipse) -> None:
    table = "title,rating,ra\x1bting\n\x1b]0;x\x07evil\u202etitle,5,\n"
    run = ipse("profile", "import", "-", "--dry-run", stdin=table)
    assert "\x1b" not in run.err + run.out
    assert "\u202e" not in run.err + run.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--format", "fancy"], 2, "'fancy' is no format"),
        (["--scale", "1 to 7"], 2, "'1 to 7' is no scale"),
        (["--sensitivity", "some"], 2, "'some' is no sensitivity"),
        (["--source", ""], 2, "can't name a source"),
        (["--source", "a\nb"], 2, "can't name a source"),
        (["--limit", "0"], 2, "--limit"),
        (["--format", "spotify"], 6, "nothing that spotify has"),
        (["--scale", "0 to 1"], 6, "is not a number from 0 to 1"),
    ],
)
def test_options_that_do_not_fit_change_nothing(
    arguments: list[str], code: int, message: str, ipse: Ipse
) -> None:
    run = ipse("profile", "import", _BOOKS, *arguments, "--json", code=code)
    assert run.out == ""
    assert message in run.error["message"]
    assert ipse("status", "--json").json["statements"] == 0


def test_no_format_is_guessed_for_what_is_no_export(ipse: Ipse) -> None:
    run = ipse("profile", "import", "-", "--json", stdin=json.dumps({"photos": []}), code=6)
    assert "--format" in run.error["hint"]
