"""What was answered: never taken back, never changed, never out of order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from ipse.errors import MalformedInput, RequestReplayed
from ipse.storage import answers, disclosure_log
from ipse.storage.answers import AnswerRow
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
    method="owner",
    bits=10.25,
    epsilon=0,
    grant_number=None,
    time=MONDAY,
    candidates=b"12345678" * 3,
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
            {"grant_number": 4, "bits": 0.0, "candidates": b"", "level": "bands", "method": "private"},
            {"epsilon": 1000, "bits": 0.0, "method": ""},
            {"bits": 9000.125, "level": "order"},
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
                "INSERT INTO answers SELECT 2, party, nonce, question, level, purpose, method, bits,"
                " epsilon, grant_number, time, candidates FROM answers WHERE number = ?",
                (1,),
            )

    def test_a_nonce_that_is_no_text_is_refused(self, vault: Vault) -> None:
        with pytest.raises(MalformedInput):
            answers.add(vault, replace(ROW, nonce="\udcff"))

    @pytest.mark.parametrize(
        "change",
        [
            {"bits": -0.1},
            {"bits": float("nan")},
            {"bits": "many"},
            {"bits": None},
            {"method": None},
            {"epsilon": -1},
            {"epsilon": 1_000_001},
            {"epsilon": 0.5},
            {"epsilon": float("nan")},
            {"epsilon": "many"},
            {"epsilon": None},
            {"level": None},
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
            "method = 'private'",
            "bits = 0",
        ],
    )
    def test_nothing_in_a_row_changes(self, vault: Vault, change: str) -> None:
        add(vault, ROW)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not changed"):
            vault.change(f"UPDATE answers SET {change}")
        assert answers.history(vault, SHOP) == [ROW]

    def test_no_row_is_deleted(self, vault: Vault) -> None:
        add(vault, ROW)
        with pytest.raises(sqlcipher3.IntegrityError, match="is not taken back"):
            vault.change("DELETE FROM answers")
        assert answers.history(vault, SHOP) == [ROW]

    def test_an_answer_shares_the_fate_of_its_transaction(self, vault: Vault) -> None:
        def fail() -> None:
            with vault.transaction():
                add(vault, ROW)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert answers.number_of(vault, SHOP, "n-1") is None
        assert answers.newest(vault) == 0


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

    def test_the_vault_itself_refuses_an_answer_before_the_one_before_it(self, vault: Vault) -> None:
        add(vault, row(1, time=TUESDAY))
        with pytest.raises(sqlcipher3.IntegrityError, match="not before the one before it"):
            vault.insert(
                "INSERT INTO answers SELECT 2, party, 'other', question, level, purpose, method,"
                " bits, epsilon, grant_number, ?, candidates FROM answers",
                (MONDAY,),
            )


class TestCounting:
    @pytest.fixture(autouse=True)
    def _answered(self, vault: Vault) -> None:
        add(
            vault,
            row(1, time=MONDAY, bits=10.5),
            row(2, time=TUESDAY, bits=0.0, party=CLUB, method="private", grant_number=1),
            row(3, time=TUESDAY, bits=20.25, grant_number=2),
            row(4, time=WEDNESDAY, bits=0.5, grant_number=2),
            row(5, time=WEDNESDAY, bits=0.0, party=CLUB, grant_number=1, candidates=b""),
        )

    def test_what_left_under_a_grant_is_counted_under_it(self, vault: Vault) -> None:
        assert answers.told_bits(vault, grant=1) == 0
        assert answers.told_bits(vault, grant=2) == 20.75
        assert answers.told_bits(vault, grant=3) == 0

    @pytest.mark.parametrize(
        ("since", "first", "second"),
        [
            ("0001-01-01T00:00:00Z", 2, 2),
            (TUESDAY, 2, 2),
            ("2026-02-03T12:00:01Z", 1, 1),
            (WEDNESDAY, 1, 1),
            (THURSDAY, 0, 0),
        ],
    )
    def test_a_day_begins_with_what_was_answered_at_its_beginning(
        self, vault: Vault, since: str, first: int, second: int
    ) -> None:
        """An answer that says nothing counts like any other."""
        assert answers.count(vault, grant=1, since=since) == first
        assert answers.count(vault, grant=2, since=since) == second
        assert answers.count(vault, grant=3, since=since) == 0

    def test_what_candidates_were_sent_for_is_listed_newest_first(self, vault: Vault) -> None:
        assert [one.number for one in answers.with_candidates(vault, since=TUESDAY)] == [4, 3, 2]

    def test_the_history_of_a_party_is_newest_first_and_its_own(self, vault: Vault) -> None:
        assert [one.number for one in answers.history(vault, SHOP)] == [4, 3, 1]
        assert answers.history(vault, "https://nobody.example") == []

    def test_the_newest_is_the_one_with_the_highest_number(self, vault: Vault) -> None:
        assert answers.newest(vault) == 5


@needs_fork
class TestProcesses:
    EACH = 25

    def test_writers_at_the_same_time_never_lose_a_row(self, path: Path) -> None:
        def work(party: str, bits: float) -> Any:
            def adding(report: Report) -> None:
                with Vault.open(path, KEY) as vault:
                    for turn in range(self.EACH):
                        with vault.transaction():
                            entry = disclosure_log.append(vault, {"turn": turn})
                            time = answers.moment(vault, f"2026-02-{28 - turn:02}T12:00:00Z")
                            one = row(entry.number, party=party, time=time, bits=bits, grant_number=7)
                            assert answers.add(vault, one) == one
                        report(str(entry.number))

            return adding

        first, second = together(work(SHOP, 1), work(CLUB, 1000))
        numbers = sorted(int(line) for line in first + second)
        assert numbers == list(range(1, 2 * self.EACH + 1))
        with Vault.open(path, KEY) as vault:
            assert len(answers.history(vault, SHOP)) == len(answers.history(vault, CLUB)) == self.EACH
            assert answers.told_bits(vault, grant=7) == 1001 * self.EACH
            times = [time for (time,) in vault.rows("SELECT time FROM answers ORDER BY number")]
            assert times == sorted(times)
            assert disclosure_log.verify(vault) == 2 * self.EACH

    def test_what_is_checked_in_the_transaction_is_never_above_the_cap(self, path: Path) -> None:
        cap = 100

        def work(report: Report) -> None:
            with Vault.open(path, KEY) as vault:
                for _ in range(10):
                    with vault.transaction():
                        if answers.told_bits(vault, grant=7) + 10 <= cap:
                            entry = disclosure_log.append(vault, {})
                            answers.add(vault, row(entry.number, bits=10.0, grant_number=7))
                            report(str(entry.number))

        reported = together(work, work)
        assert sorted(int(line) for lines in reported for line in lines) == list(range(1, 11))
        with Vault.open(path, KEY) as vault:
            assert answers.told_bits(vault, grant=7) == cap

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
    def test_a_kill_leaves_the_entry_and_its_answer_or_neither(self, path: Path, step: int) -> None:
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
                assert len(answers.history(vault, SHOP)) == kept
                assert kept - before <= 1
                assert not reported or kept > before
        assert kept > 0
