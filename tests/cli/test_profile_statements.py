"""`ipse profile`: statements told, listed, corrected, superseded, exported and forgotten."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.keys import derivation
from ipse.storage import disclosure_log, rankings
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE, Ipse, Preparation
from tests.unit.storage.pages import plain_pages


def wallet_of(ipse: Ipse) -> Wallet:
    """The same wallet in this process."""
    return Wallet(Places(data=ipse.home, cache=ipse.home / "cache"), lambda: PASSPHRASE)


def listed(ipse: Ipse, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ipse("profile", "list", *options, "--json").json["statements"]
    return rows


def test_a_fact_is_kept_neutral_and_since_when_it_holds(taught: Ipse) -> None:
    taught("profile", "add", "I live in Lisbon", "--since", "2019-05-01", "--sensitivity", "secret")
    (row,) = listed(taught, "--facts")
    assert (row["kind"], row["weight"], row["sensitivity"]) == ("fact", 0.0, "secret")
    assert row["valid_from"] == "2019-05-01T00:00:00Z"
    assert row["created"] > "2026"


def test_what_is_piped_in_is_one_statement_a_line(taught: Ipse) -> None:
    told = taught("profile", "like", "-", "--json", stdin="rain\n\n  snow \nrain\n").json
    assert (told["numbers"], told["known"]) == ([1, 2], 1)
    assert [row["text"] for row in listed(taught, "--liked")] == ["rain", "snow"]
    assert listed(taught, "--disliked") == []


def test_what_is_known_is_named_and_how_it_is_kept(taught: Ipse) -> None:
    taught("profile", "like", "green tea", "--sensitivity", "secret")
    out = taught("profile", "like", " green  tea").out
    assert "statement 1, secret" in out


def test_a_contradiction_keeps_both_and_is_told_on_stderr(taught: Ipse) -> None:
    taught("profile", "like", "green tea")
    run = taught("profile", "dislike", "green tea")
    assert run.out == "statement 2\n"
    assert "`ipse profile contradictions`" in run.err
    assert [row["weight"] for row in listed(taught)] == [0.8, -0.8]


def test_a_statement_is_shown_with_its_history_and_who_heard_of_it(taught: Ipse) -> None:
    taught("profile", "like", "green tea", "--strength", "2")
    taught("profile", "like", "green tea", "--strength", "5")
    with wallet_of(taught) as wallet:
        entry = {"time": "2999-01-01T00:00:00Z", "application": "https://shop.example", "level": "choose"}
        disclosure_log.append(wallet.vault, {**entry, "released": "x"})
    shown = taught("profile", "show", "2", "--json").json
    assert [version["weight"] for version in shown["history"]] == [0.4, 1.0]
    assert [version["superseded_by"] for version in shown["history"]] == [2, None]
    assert len(shown["embedded_by"]) == 1
    assert shown["disclosed"] == [{"origin": "https://shop.example", "verbatim": [], "answers": 1}]
    text = taught("profile", "show", "2").out
    assert "may have had a part in 1 answer to https://shop.example" in text
    assert "can't be recalled" in text
    taught("profile", "show", "3", code=5)


def test_a_correction_changes_what_is_said_and_nothing_else(taught: Ipse) -> None:
    taught("profile", "like", "green tae", "--since", "2020-01-01")
    taught("profile", "edit", "1", "--text", "green tea", "--sensitivity", "public")
    (row,) = listed(taught)
    assert (row["text"], row["weight"], row["sensitivity"]) == ("green tea", 0.8, "public")
    assert row["valid_from"] == "2020-01-01T00:00:00Z"
    taught("profile", "edit", "1", "--dislike")
    taught("profile", "edit", "1", "--strength", "5")
    assert listed(taught)[0]["weight"] == -1.0
    found = taught("profile", "search", "green tea", "--json").json["statements"]
    assert found[0]["similarity"] == 1.0, "it was embedded again"


_REFUSED = [
    (("edit", "1"), 2),
    (("edit", "9", "--text", "x"), 5),
    (("edit", "1", "--like", "--dislike"), 2),
    (("edit", "1", "--text", "\u200b"), 6),
    (("edit", "2", "--like"), 2),
    (("edit", "2", "--strength", "3"), 2),
    (("edit", "1", "--since", "2999-01-01"), 2),
    (("like", "x", "--since", "2999-01-01"), 2),
    (("like", "x", "--sensitivity", "hidden"), 2),
    (("like", "x", "--strength", "6"), 2),
    (("like", "\u200b"), 6),
    (("supersede", "1"), 2),
    (("supersede", "1", "x"), 2),
    (("supersede", "1", "x", "--by", "2"), 2),
    (("supersede", "1", "--by", "1"), 2),
    (("supersede", "1", "--by", "2"), 2),
    (("supersede", "1", "--by", "9"), 5),
    (("supersede", "2", "x", "--like"), 2),
    (("forget",), 2),
    (("forget", "1", "--all"), 2),
    (("forget", "--all", "--source", "said", "--yes"), 2),
    (("forget", "1", "9"), 5),
    (("forget", "--all"), 7),
    (("feedback",), 5),
    (("feedback", "--refused", "one"), 2),
    (("export", "--format", "xml"), 2),
    (("export", "-o", "/"), 6),
    (("list", "--sensitivity", "hidden"), 2),
]


def test_what_can_not_be_done_is_refused_and_changes_nothing(both: Ipse) -> None:
    before = both("profile", "export", "--all").out
    for arguments, code in _REFUSED:
        run = both("profile", *arguments, "--json", code=code)
        assert run.error["hint"], arguments
        assert run.out == "", arguments
    assert both("profile", "export", "--all").out == before


def _opinion_and_fact(ipse: Ipse) -> None:
    ipse("profile", "like", "green tea")
    ipse("profile", "add", "I live in Lisbon")


@pytest.fixture
def both(taught_after: Callable[[Preparation], Ipse]) -> Ipse:
    """A profile of an opinion and a fact."""
    return taught_after(_opinion_and_fact)


def test_a_change_of_mind_ends_the_old_statement_and_keeps_it(both: Ipse) -> None:
    assert both("profile", "supersede", "1", "coffee", "--like", "--json").json == {"old": 1, "number": 3}
    both("profile", "like", "mate")
    assert both("profile", "supersede", "3", "--by", "4", "--json").json == {"old": 3, "number": 4}
    both("profile", "supersede", "2", "I live in Porto")
    assert [row["text"] for row in listed(both)] == ["mate", "I live in Porto"]
    ends = {row["number"]: row["superseded_by"] for row in listed(both, "--all")}
    assert ends == {1: 3, 2: 5, 3: 4, 4: None, 5: None}
    both("profile", "supersede", "1", "--by", "4", code=2)


def test_an_export_holds_every_member_and_is_its_owners_alone(both: Ipse, tmp_path: Path) -> None:
    both("profile", "dislike", '=cmd|"x", y', "--sensitivity", "secret")
    run = both("profile", "export")
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert [line["text"] for line in lines] == ["green tea", "I live in Lisbon", '=cmd|"x", y']
    assert list(lines[0]) == [
        "number", "text", "weight", "source", "sensitivity", "kind", "created", "valid_from", "valid_to",
        "superseded_by",
    ]  # fmt: skip
    assert "--no-secret" in run.err
    target = tmp_path / "profile.csv"
    both("profile", "export", "-o", target, "--format", "csv", "--no-secret")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(target.read_text(), newline="")))
    assert [(row["text"], row["kind"]) for row in rows] == [
        ("green tea", "opinion"),
        ("I live in Lisbon", "fact"),
    ]


def test_what_was_exported_is_imported_into_another_wallet_as_it_was(taught: Ipse, tmp_path: Path) -> None:
    taught("profile", "like", "green tea", "--strength", "2", "--since", "2020-01-01")
    taught("profile", "dislike", "green tea", "--sensitivity", "secret")
    taught("profile", "add", "I live in Lisbon")
    taught("profile", "import", "-", stdin="title,rating\nDune,5\nEmma,3\n")
    file = tmp_path / "mine.ndjson"
    taught("profile", "export", "-o", file)
    before = listed(taught)
    taught("profile", "forget", "--all", "--yes")
    for added in (5, 0):
        assert taught("profile", "import", file, "--json").json["added"] == added

    def kept(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: row[name] for name in row if name not in ("number", "created")} for row in rows]

    assert kept(listed(taught)) == kept(before)


@pytest.mark.skipif(not hasattr(os, "forkpty"), reason="there are no terminals to open on this system")
def test_at_a_terminal_much_is_forgotten_for_its_number_alone(both: Ipse) -> None:
    code, shown = at_terminal(both, "profile", "forget", "--all", answer="y")
    assert code == 7
    assert "type 2 to forget them" in shown
    assert len(listed(both)) == 2
    assert at_terminal(both, "profile", "forget", "--all", answer="2")[0] == 0
    assert listed(both, "--all") == []


def at_terminal(ipse: Ipse, *arguments: str, answer: str) -> tuple[int, str]:
    """Run a command at a terminal and type one line once it asks; its exit code and what was shown."""
    process, terminal = os.forkpty()
    if process == 0:
        command = [sys.executable, "-m", "ipse", *arguments]
        os.execve(sys.executable, command, dict(ipse.variables))
    shown, typed = b"", False
    with contextlib.suppress(OSError):  # a terminal that nobody holds any more
        while data := os.read(terminal, 4096):
            shown += data
            if b"to forget them: " in shown and not typed:
                os.write(terminal, f"{answer}\n".encode())
                typed = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


def test_what_is_forgotten_is_on_no_page_of_the_vault_and_in_no_file_of_the_cache(taught: Ipse) -> None:
    taught("profile", "like", "phosphorescent anglerfish of the abyss")
    taught("profile", "like", "phosphorescent anglerfish of the abyss", "--strength", "5")
    taught("profile", "like", "rain")
    with wallet_of(taught) as wallet:
        key = derivation.vault_key(wallet.root)
        rankings.add(wallet.vault, ["anglerfish", "phosphorescent anglerfish of the abyss"], now="2026")
        ((vector,),) = wallet.vault.rows("SELECT vector FROM vectors WHERE statement = 2")
    traces = [b"anglerfish", bytes(vector[:24])]
    before = b"".join(plain_pages(taught.home / "vault.db", key))
    assert all(trace in before for trace in traces)
    told = taught("profile", "forget", "2", "--json").json
    assert told == {"numbers": [1, 2], "rankings": 1, "disclosed": [], "erased": True}
    after = b"".join(plain_pages(taught.home / "vault.db", key))
    assert not [trace for trace in traces if trace in after]
    files = [path for path in taught.home.rglob("*") if path.is_file() and "models" not in path.parts]
    assert not [path for path in files if b"anglerfish" in path.read_bytes()]
    assert not list(taught.home.glob("vault.db?*")), "no journal is left"
    assert [row["text"] for row in listed(taught)] == ["rain"]


def test_much_is_forgotten_at_once_with_yes_alone_where_nobody_can_be_asked(both: Ipse) -> None:
    both("profile", "like", "old tea", "--since", "2001-01-01")
    hint = both("profile", "forget", "--before", "2002-01-01", "--json", code=7).error["hint"]
    assert "`ipse profile forget --help`" in hint
    assert both("profile", "forget", "--before", "2002-01-01", "--yes", "--json").json["numbers"] == [3]
    assert both("profile", "forget", "--source", "csv", "--json").json["numbers"] == []
    assert both("profile", "forget", "--source", "said", "--yes", "--json").json["numbers"] == [1, 2]
    assert listed(both, "--all") == []


def test_feedback_on_the_last_ranking_teaches_and_says_what(taught: Ipse) -> None:
    with wallet_of(taught) as wallet:
        rankings.add(wallet.vault, ["tea", "rain", "bread"], now="2026-01-01T00:00:00Z")
    learned = taught("profile", "feedback", "2", "--refused", "3", "--json").json
    assert [(row["text"], row["weight"]) for row in learned["statements"]] == [
        ("tea", -0.2), ("rain", 0.6), ("bread", -0.6),
    ]  # fmt: skip
    assert learned["ranking"] == 1
    again = taught("profile", "feedback", "--took", "2", "--refused", "3", "--ranking", "1", "--json").json
    assert (again["statements"], again["known"]) == ([], 3)
    assert [row["source"] for row in listed(taught, "--source", "feedback")] == ["feedback"] * 3


def test_the_sensitivity_of_many_is_changed_at_once_and_nothing_else_is(taught: Ipse) -> None:
    taught("profile", "like", "-", stdin="rain\nsnow\nfog\n")
    assert (
        taught("profile", "edit", "1", "3", "--sensitivity", "secret").out == "2 statements became secret\n"
    )
    assert [row["sensitivity"] for row in listed(taught)] == ["secret", "private", "secret"]
    told = taught("profile", "edit", "--all", "--sensitivity", "secret", "--json").json
    assert told == {"changed": 1, "sensitivity": "secret"}
    taught("profile", "edit", "--all", "--sensitivity", "private")
    assert {row["sensitivity"] for row in listed(taught)} == {"private"}
    for wrong in (
        ["--all"],
        ["--all", "1"],
        ["1", "2", "--text", "x", "--sensitivity", "secret"],
        ["1", "2", "--strength", "3"],
    ):
        taught("profile", "edit", *wrong, code=2)
    taught("profile", "edit", "1", "9", "--sensitivity", "secret", code=5)
    assert {row["sensitivity"] for row in listed(taught)} == {"private"}
