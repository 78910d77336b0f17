"""What was answered: never taken back, never out of order, counted in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from ipse.errors import MalformedInput, RequestReplayed
from ipse.storage import answers, disclosure_log, statements
from ipse.storage.answers import AnswerRow
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from tests.faults.processes import Report, at_every, kill_at_line, needs_fork, together
from tests.made import empty_vault

KEY = bytes(32)
SHOP, CLUB = "https://shop.example", "did:key:z6MkClub"
ASKED = bytes(range(32))
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3, 4, 5))
ROW = AnswerRow(
    number=1,
    party=SHOP,
    nonce="n-1",
    question=ASKED,
    level="choose",
    purpose="to order the shelves",
    content='{"choices":["a"]}',
    epsilon=1000,
    grant_number=None,
    time=MONDAY,
    candidates=b"12345678" * 3,
)
WITHDRAWN = pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM statements WHERE number = 1",
        "UPDATE statements SET text = 'otherwise' WHERE number = 1",
        "UPDATE statements SET sensitivity = 'secret' WHERE number = 1",
        "UPDATE statements SET superseded_by = 3 WHERE number = 1",
    ],
)


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


def row(number: int, **changes: Any) -> AnswerRow:
    """An answer with a nonce of its own."""
    return replace(ROW, number=number, nonce=f"n-{number}", **changes)


def add(vault: Vault, *rows: AnswerRow) -> None:
    for one in rows:
        answers.add(vault, one)


class TestKeeping:
    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"grant_number": 4, "epsilon": 0, "candidates": b"", "level": "topics", "content": None},
            {"nonce": "\x00 ü\u2028 ' \" ; --", "party": "a\x00b", "purpose": ""},
        ],
    )
    def test_an_answer_is_given_back_as_it_was_kept(self, vault: Vault, change: dict[str, Any]) -> None:
        kept = replace(ROW, **change)
        assert answers.add(vault, kept) == kept
        assert answers.history(vault, kept.party) == [kept]
        assert answers.number_of(vault, kept.party, kept.nonce) == 1

    def test_the_very_same_request_has_one_answer(self, vault: Vault) -> None:
        add(vault, ROW)
        with pytest.raises(RequestReplayed, match="log entry 1") as caught:
            answers.add(vault, replace(ROW, number=2, question=bytes(32), level="topics", time=TUESDAY))
        assert caught.value.code == "request-replayed"
        assert answers.history(vault, SHOP) == [ROW]

    def test_a_nonce_is_the_partys_own(self, vault: Vault) -> None:
        add(vault, ROW, replace(ROW, number=2, party=CLUB))
        assert answers.number_of(vault, CLUB, "n-1") == 2
        assert answers.number_of(vault, SHOP, "n-2") is None

    def test_the_vault_itself_refuses_the_same_nonce_twice(self, vault: Vault) -> None:
        add(vault, ROW)
        with pytest.raises(sqlcipher3.IntegrityError, match=r"UNIQUE.*party.*nonce"):
            vault.insert(
                "INSERT INTO answers SELECT 2, party, nonce, question, level, purpose, content, epsilon,"
                " grant_number, time, candidates FROM answers WHERE number = ?",
                (1,),
            )

    def test_a_nonce_that_is_no_text_is_refused(self, vault: Vault) -> None:
        with pytest.raises(MalformedInput):
            answers.add(vault, replace(ROW, nonce="\udcff"))

    @pytest.mark.parametrize(
        "change",
        [
            {"epsilon": -1},
            {"epsilon": 1_000_001},
            {"epsilon": 0.5},
            {"epsilon": float("nan")},
            {"epsilon": "many"},
            {"epsilon": None},
            {"level": "Choose"},
            {"level": "credentials"},
            {"candidates": b"1234567"},
            {"number": 0},
            {"number": -1},
            {"party": None},
            {"nonce": None},
            {"grant_number": 1.5},
        ],
    )
    def test_the_vault_itself_refuses_what_can_not_be_counted(
        self, vault: Vault, change: dict[str, Any]
    ) -> None:
        with pytest.raises(sqlcipher3.IntegrityError):
            answers.add(vault, replace(ROW, **change))
        assert vault.rows("SELECT count(*) FROM answers") == [(0,)]

    @pytest.mark.parametrize(
        "change",
        [
            "epsilon = 0",
            "time = '2020-01-01T00:00:00Z'",
            "party = 'https://other.example'",
            "nonce = 'another'",
            "number = 9",
            "question = x'00'",
            "level = 'topics'",
            "purpose = ''",
            "grant_number = 1",
            "candidates = x''",
            "content = '{}'",
            "content = NULL, epsilon = 0",
            "content = NULL, grant_number = 1",
        ],
    )
    def test_nothing_in_a_row_changes(self, vault: Vault, change: str) -> None:
        add(vault, ROW)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not changed"):
            vault.change(f"UPDATE answers SET {change}")
        assert answers.history(vault, SHOP) == [ROW]

    def test_a_content_that_was_dropped_does_not_come_back(self, vault: Vault) -> None:
        add(vault, ROW)
        answers.drop_contents(vault)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not changed"):
            vault.change("UPDATE answers SET content = '{}'")

    def test_no_row_is_deleted(self, vault: Vault) -> None:
        add(vault, ROW)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not taken back"):
            vault.change("DELETE FROM answers")
        assert answers.spent(vault, since=MONDAY) == 1000

    def test_an_answer_shares_the_fate_of_its_transaction(self, vault: Vault) -> None:
        def fail() -> None:
            with vault.transaction():
                add(vault, ROW)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert answers.number_of(vault, SHOP, "n-1") is None
        assert answers.spent(vault, since=MONDAY) == 0


class TestMoment:
    def test_it_is_now_until_something_was_answered(self, vault: Vault) -> None:
        assert answers.moment(vault, MONDAY) == MONDAY

    def test_a_clock_that_is_set_back_gives_nothing_back(self, vault: Vault) -> None:
        add(vault, row(1, time=WEDNESDAY))
        assert answers.moment(vault, MONDAY) == WEDNESDAY
        assert answers.moment(vault, "0001-01-01T00:00:00Z") == WEDNESDAY
        assert answers.moment(vault, THURSDAY) == THURSDAY

    def test_an_answer_under_a_clock_set_back_is_as_late_as_the_one_before_it(self, vault: Vault) -> None:
        times = [TUESDAY, "9999-12-31T23:59:59Z", MONDAY, WEDNESDAY]
        kept = [answers.add(vault, row(number, time=time)) for number, time in enumerate(times, 1)]
        assert [one.time for one in kept] == [TUESDAY, times[1], times[1], times[1]]
        assert list(reversed(answers.history(vault, SHOP))) == kept
        assert answers.spent(vault, since=times[1]) == 3000

    def test_the_vault_itself_refuses_an_answer_before_the_one_before_it(self, vault: Vault) -> None:
        add(vault, row(1, time=TUESDAY))
        with pytest.raises(sqlcipher3.IntegrityError, match="not before the one before it"):
            vault.insert(
                "INSERT INTO answers SELECT 2, party, 'other', question, level, purpose, content, epsilon,"
                " grant_number, ?, candidates FROM answers",
                (MONDAY,),
            )

    def test_it_does_not_depend_on_contents(self, vault: Vault) -> None:
        add(vault, row(1, time=WEDNESDAY))
        answers.drop_contents(vault)
        assert answers.moment(vault, MONDAY) == WEDNESDAY


class TestSpending:
    @pytest.fixture(autouse=True)
    def _answered(self, vault: Vault) -> None:
        add(
            vault,
            row(1, time=MONDAY, epsilon=1000),
            row(2, time=TUESDAY, epsilon=500, party=CLUB, grant_number=1),
            row(3, time=TUESDAY, epsilon=250, grant_number=2),
            row(4, time=WEDNESDAY, epsilon=125, grant_number=2),
            row(5, time=WEDNESDAY, epsilon=0, party=CLUB, grant_number=1, candidates=b""),
        )

    @pytest.mark.parametrize(
        ("since", "everybody", "shop", "club"),
        [
            ("0001-01-01T00:00:00Z", 1875, 1375, 500),
            (MONDAY, 1875, 1375, 500),
            ("2026-02-02T12:00:01Z", 875, 375, 500),
            (TUESDAY, 875, 375, 500),
            (WEDNESDAY, 125, 125, 0),
            (THURSDAY, 0, 0, 0),
        ],
    )
    def test_the_window_begins_with_what_was_answered_at_its_beginning(
        self, vault: Vault, since: str, everybody: int, shop: int, club: int
    ) -> None:
        assert answers.spent(vault, since=since) == everybody
        assert answers.spent(vault, since=since, party=SHOP) == shop
        assert answers.spent(vault, since=since, party=CLUB) == club
        assert answers.spent(vault, since=since, party="https://shop.example.evil") == 0

    def test_what_left_under_a_grant_is_counted_under_it(self, vault: Vault) -> None:
        assert answers.spent(vault, since=MONDAY, grant=1) == 500
        assert answers.spent(vault, since=MONDAY, grant=2) == 375
        assert answers.spent(vault, since=WEDNESDAY, grant=2) == 125
        assert answers.spent(vault, since=MONDAY, party=SHOP, grant=1) == 0
        assert answers.count(vault, grant=1, since=MONDAY) == 2
        assert answers.count(vault, grant=1, since=WEDNESDAY) == 1
        assert answers.count(vault, grant=3, since=MONDAY) == 0

    def test_dropping_contents_gives_nothing_back(self, vault: Vault) -> None:
        assert answers.drop_contents(vault) == 5
        assert answers.drop_contents(vault) == 0
        assert answers.spent(vault, since=MONDAY) == 1875
        assert answers.count(vault, grant=1, since=MONDAY) == 2

    def test_what_cost_anything_is_listed_oldest_first(self, vault: Vault) -> None:
        assert [one.number for one in answers.charged(vault, since=TUESDAY)] == [2, 3, 4]

    def test_what_candidates_were_sent_for_is_listed_newest_first(self, vault: Vault) -> None:
        assert [one.number for one in answers.with_candidates(vault, since=TUESDAY)] == [4, 3, 2]

    def test_the_history_of_a_party_is_newest_first_and_its_own(self, vault: Vault) -> None:
        assert [one.number for one in answers.history(vault, SHOP)] == [4, 3, 1]
        assert answers.history(vault, "https://nobody.example") == []


def test_the_largest_costs_add_up_exactly(vault: Vault) -> None:
    add(vault, *(row(number, epsilon=1_000_000) for number in range(1, 101)))
    assert answers.spent(vault, since=MONDAY) == 100_000_000


class TestRepeating:
    def test_the_newest_answer_to_the_same_question_of_the_same_party_is_found(self, vault: Vault) -> None:
        add(vault, row(1), row(2, time=TUESDAY, content='{"choices":["b"]}'), row(3, question=bytes(32)))
        found = answers.stored(vault, SHOP, ASKED, since=MONDAY)
        assert found is not None
        assert (found.number, found.content) == (2, '{"choices":["b"]}')
        assert answers.stored(vault, SHOP, ASKED, since=TUESDAY) == found
        assert answers.stored(vault, SHOP, ASKED, since=WEDNESDAY) is None
        assert answers.stored(vault, CLUB, ASKED, since=MONDAY) is None
        assert answers.stored(vault, SHOP, ASKED[:-1], since=MONDAY) is None

    def test_an_answer_without_its_content_is_passed_over(self, vault: Vault) -> None:
        add(vault, row(1), row(2, content=None))
        found = answers.stored(vault, SHOP, ASKED, since=MONDAY)
        assert found is not None
        assert found.number == 1

    @WITHDRAWN
    def test_nothing_is_repeated_that_was_made_of_what_the_owner_withdrew(
        self, vault: Vault, change: str
    ) -> None:
        say(vault)
        add(vault, row(1), row(2, party=CLUB))
        vault.change(change)
        assert answers.stored(vault, SHOP, ASKED, since=MONDAY) is None
        assert answers.stored(vault, CLUB, ASKED, since=MONDAY) is None
        assert answers.spent(vault, since=MONDAY) == 2000

    @WITHDRAWN
    def test_what_is_not_withdrawn_in_the_end_is_repeated(self, vault: Vault, change: str) -> None:
        say(vault)
        add(vault, ROW)

        def change_and_fail() -> None:
            with vault.transaction():
                vault.change(change)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            change_and_fail()
        assert answers.stored(vault, SHOP, ASKED, since=MONDAY) == ROW

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE statements SET weight = 0.1, valid_to = '2026-02-03T12:00:00Z' WHERE number = 1",
            "UPDATE statements SET sensitivity = 'public', text = text WHERE number = 1",
            "UPDATE statements SET superseded_by = 2 WHERE number = 1",
            "UPDATE statements SET sensitivity = 'private' WHERE number = 3",
        ],
    )
    def test_a_change_of_mind_leaves_the_answers_before_it(self, vault: Vault, change: str) -> None:
        say(vault)
        add(vault, ROW)
        vault.change(change)
        assert answers.stored(vault, SHOP, ASKED, since=MONDAY) == ROW

    def test_saying_it_again_as_a_secret_drops_the_answers(self, vault: Vault) -> None:
        say(vault)
        add(vault, ROW)
        again = NewStatement("I like green tea", 0.8, "said", sensitivity="secret")
        assert statements.add(vault, [again], now=TUESDAY).numbers == ()
        assert answers.stored(vault, SHOP, ASKED, since=MONDAY) is None

    def test_a_change_of_mind_that_is_secret_drops_the_answers(self, vault: Vault) -> None:
        say(vault)
        add(vault, ROW)
        changed = NewStatement("I like green tea", 0.3, "said", sensitivity="secret")
        assert statements.add(vault, [changed], now=TUESDAY).changed == 1
        assert answers.stored(vault, SHOP, ASKED, since=MONDAY) is None


def say(vault: Vault) -> None:
    """Three statements, numbered from 1; the last is secret."""
    said = [NewStatement(text, 0.8, "said") for text in ("I like green tea", "I like rain")]
    statements.add(vault, [*said, NewStatement("I like gin", 0.8, "said", sensitivity="secret")], now=MONDAY)


@needs_fork
class TestProcesses:
    EACH = 25

    def test_writers_at_the_same_time_never_lose_a_row(self, path: Path) -> None:
        def work(party: str, epsilon: int) -> Any:
            def adding(report: Report) -> None:
                with Vault.open(path, KEY) as vault:
                    for turn in range(self.EACH):
                        with vault.transaction():
                            entry = disclosure_log.append(vault, {"turn": turn})
                            time = answers.moment(vault, f"2026-02-{28 - turn:02}T12:00:00Z")
                            one = row(entry.number, party=party, time=time, epsilon=epsilon)
                            assert answers.add(vault, one) == one
                        report(str(entry.number))

            return adding

        first, second = together(work(SHOP, 1), work(CLUB, 1000))
        numbers = sorted(int(line) for line in first + second)
        assert numbers == list(range(1, 2 * self.EACH + 1))
        with Vault.open(path, KEY) as vault:
            assert answers.spent(vault, since=MONDAY, party=SHOP) == self.EACH
            assert answers.spent(vault, since=MONDAY) == 1001 * self.EACH
            times = [time for (time,) in vault.rows("SELECT time FROM answers ORDER BY number")]
            assert times == sorted(times)
            assert disclosure_log.verify(vault) == 2 * self.EACH

    def test_what_is_checked_in_the_transaction_is_never_overspent(self, path: Path) -> None:
        budget = 10_000

        def work(report: Report) -> None:
            with Vault.open(path, KEY) as vault:
                for _ in range(10):
                    with vault.transaction():
                        if answers.spent(vault, since=MONDAY) + 1000 <= budget:
                            entry = disclosure_log.append(vault, {})
                            answers.add(vault, row(entry.number))
                            report(str(entry.number))

        reported = together(work, work)
        assert sorted(int(line) for lines in reported for line in lines) == list(range(1, 11))
        with Vault.open(path, KEY) as vault:
            assert answers.spent(vault, since=MONDAY) == budget

    def test_one_of_two_processes_answers_the_same_request(self, path: Path) -> None:
        def work(report: Report) -> None:
            with Vault.open(path, KEY) as vault:
                try:
                    with vault.transaction():
                        entry = disclosure_log.append(vault, {})
                        answers.add(vault, replace(ROW, number=entry.number))
                    report("answered")
                except RequestReplayed:
                    report("replayed")

        assert sorted(line for lines in together(work, work) for line in lines) == ["answered", "replayed"]
        with Vault.open(path, KEY) as vault:
            assert disclosure_log.verify(vault) == 1

    @pytest.mark.slow
    @at_every(1)
    def test_a_kill_leaves_the_entry_and_its_cost_or_neither(self, path: Path, step: int) -> None:
        def work(report: Report) -> None:
            with Vault.open(path, KEY) as vault, vault.transaction():
                entry = disclosure_log.append(vault, {})
                answers.add(vault, row(entry.number))
            report("answered")

        line, kept, killed = 1, 0, True
        while killed:
            killed, reported = kill_at_line(line, work)
            line += step
            with Vault.open(path, KEY) as vault:
                before, kept = kept, disclosure_log.verify(vault)
                assert answers.spent(vault, since=MONDAY) == 1000 * kept
                assert kept - before <= 1
                assert not reported or kept > before
        assert kept > 0
