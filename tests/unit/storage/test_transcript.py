"""What was told exactly: kept for the meter, and without the owner's sentences once one is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3

from ipse.errors import CorruptData
from ipse.storage import answers, statements, transcript
from ipse.storage.statements import NewStatement
from ipse.storage.transcript import ALL, Line
from ipse.storage.vault import Vault
from tests.made import empty_vault
from tests.unit.storage.test_answers import CLUB, MONDAY, SHOP, TUESDAY, row

MODEL = "model"
CHOICE = Line(1, SHOP, MODEL, b"\x01\x80" * 3, (1, 2), 1, 3, 10.25, edited=False, verbatim=False)
SENTENCES = replace(CHOICE, answer=2, party=CLUB, vectors=b"\x02" * 4, bits=20.5, edited=True, verbatim=True)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault with two exact answers, one of them with sentences, and one that told nothing."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        say(made)
        tell(made, CHOICE)
        tell(made, SENTENCES)
        answers.add(made, row(3, bits=0.0, method="private"))
        yield made


def tell(vault: Vault, line: Line) -> None:
    with vault.transaction():
        answers.add(vault, row(line.answer, party=line.party, bits=line.bits))
        transcript.add(vault, line)


def say(vault: Vault) -> None:
    """Three statements, numbered from 1; the last is secret."""
    said = [NewStatement(text, 0.8, "said") for text in ("I like green tea", "I like rain")]
    statements.add(vault, [*said, NewStatement("I like gin", 0.8, "said", sensitivity="secret")], now=MONDAY)


class TestKeeping:
    def test_what_was_told_is_given_back_as_it_was_kept_oldest_first(self, vault: Vault) -> None:
        assert transcript.lines(vault, MODEL) == transcript.lines(vault, MODEL, party=ALL)
        assert transcript.lines(vault, MODEL) == [CHOICE, SENTENCES]

    def test_a_party_has_its_own(self, vault: Vault) -> None:
        assert transcript.lines(vault, MODEL, party=SHOP) == [CHOICE]
        assert transcript.lines(vault, MODEL, party=CLUB) == [SENTENCES]
        assert transcript.lines(vault, MODEL, party=SHOP + ".evil") == []

    def test_the_vectors_of_two_models_are_never_mixed(self, vault: Vault) -> None:
        other = replace(CHOICE, answer=4, fingerprint="other model")
        tell(vault, other)
        assert transcript.lines(vault, MODEL) == [CHOICE, SENTENCES]
        assert transcript.lines(vault, "other model") == [other]

    def test_an_answer_is_kept_once(self, vault: Vault) -> None:
        with pytest.raises(sqlcipher3.IntegrityError):
            transcript.add(vault, CHOICE)

    def test_there_is_nothing_told_without_an_answer(self, vault: Vault) -> None:
        with pytest.raises(sqlcipher3.IntegrityError):
            transcript.add(vault, replace(CHOICE, answer=9))

    @pytest.mark.parametrize("stored", ["", "{", "null", "7", '["one"]', "[null]", "[" * 100_000])
    def test_tiers_that_can_not_be_read_are_reported(self, vault: Vault, stored: str) -> None:
        vault.change("UPDATE transcript SET tiers = ? WHERE answer = 1", (stored,))
        with pytest.raises(CorruptData, match="log entry 1"):
            transcript.lines(vault, MODEL)

    def test_it_shares_the_fate_of_its_transaction(self, vault: Vault) -> None:
        def fail() -> None:
            with vault.transaction():
                tell(vault, replace(CHOICE, answer=4))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert transcript.lines(vault, MODEL) == [CHOICE, SENTENCES]


class TestParties:
    def test_each_party_that_was_told_anything_has_its_answers_and_bits(self, vault: Vault) -> None:
        tell(vault, replace(CHOICE, answer=4, bits=0.5))
        assert transcript.parties(vault) == [(CLUB, 1, 20.5), (SHOP, 2, 10.75)]

    def test_what_was_told_counts_whatever_became_of_its_vectors(self, vault: Vault) -> None:
        statements.forget(vault, 1)
        assert transcript.parties(vault) == [(CLUB, 1, 20.5), (SHOP, 1, 10.25)]


class TestReadings:
    def test_where_nothing_was_read_the_reading_is_0(self, vault: Vault) -> None:
        assert transcript.reading(vault, SHOP) == transcript.reading(vault, ALL) == (0.0, 0.0)

    def test_a_reading_rises_and_never_falls(self, vault: Vault) -> None:
        for rho, share in ((0.5, 0.25), (0.25, 0.5), (0.0, 0.0)):
            transcript.keep_reading(vault, SHOP, rho, share)
        assert transcript.reading(vault, SHOP) == (0.5, 0.5)

    def test_a_party_and_all_have_readings_of_their_own(self, vault: Vault) -> None:
        transcript.keep_reading(vault, SHOP, 0.5, 0.25)
        transcript.keep_reading(vault, ALL, 0.75, 0.5)
        assert transcript.reading(vault, SHOP) == (0.5, 0.25)
        assert transcript.reading(vault, ALL) == (0.75, 0.5)
        assert transcript.reading(vault, CLUB) == (0.0, 0.0)


WITHDRAWN = pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM statements WHERE number = 1",
        "UPDATE statements SET text = 'otherwise' WHERE number = 1",
        "UPDATE statements SET sensitivity = 'secret' WHERE number = 1",
        "UPDATE statements SET superseded_by = 3 WHERE number = 1",
    ],
)


class TestWithdrawing:
    """Nothing made of a sentence stays once it is withdrawn; of an application's own candidates it does."""

    @WITHDRAWN
    def test_the_vectors_of_sentences_go_with_the_first_that_is_withdrawn(
        self, vault: Vault, change: str
    ) -> None:
        vault.change(change)
        assert transcript.lines(vault, MODEL) == [CHOICE]
        assert vault.rows("SELECT count(*) FROM transcript") == [(1,)]

    @WITHDRAWN
    def test_what_is_not_withdrawn_in_the_end_stays(self, vault: Vault, change: str) -> None:
        def change_and_fail() -> None:
            with vault.transaction():
                vault.change(change)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            change_and_fail()
        assert transcript.lines(vault, MODEL) == [CHOICE, SENTENCES]

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE statements SET weight = 0.1, valid_to = '2026-02-03T12:00:00Z' WHERE number = 1",
            "UPDATE statements SET sensitivity = 'public', text = text WHERE number = 1",
            "UPDATE statements SET superseded_by = 2 WHERE number = 1",
            "UPDATE statements SET sensitivity = 'private' WHERE number = 3",
            "UPDATE statements SET text = 'otherwise' WHERE number = 3",
            "DELETE FROM statements WHERE number = 3",
        ],
    )
    def test_a_change_of_mind_and_what_is_secret_already_leave_them(self, vault: Vault, change: str) -> None:
        vault.change(change)
        assert transcript.lines(vault, MODEL) == [CHOICE, SENTENCES]

    @pytest.mark.parametrize("weight", [0.8, 0.3])
    def test_saying_it_again_as_a_secret_withdraws_it(self, vault: Vault, weight: float) -> None:
        again = NewStatement("I like green tea", weight, "said", sensitivity="secret")
        statements.add(vault, [again], now=TUESDAY)
        assert transcript.lines(vault, MODEL) == [CHOICE]

    def test_a_secret_that_takes_its_place_withdraws_it(self, vault: Vault) -> None:
        statements.supersede(vault, 1, 3)
        assert transcript.lines(vault, MODEL) == [CHOICE]

    def test_a_correction_withdraws_it(self, vault: Vault) -> None:
        said = statements.find(vault, 1)
        statements.rewrite(vault, replace(said, text="I like black tea"), now=TUESDAY)
        assert transcript.lines(vault, MODEL) == [CHOICE]
