"""What becomes of statements: known, changed, contradictory, corrected, superseded, gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.errors import AlreadyExists, MalformedInput, NotFound, UsageError
from ipse.storage import statement_vectors, statements
from ipse.storage.statements import Added, NewStatement
from ipse.storage.vault import Vault
from tests.made import empty_vault

MONDAY, TUESDAY, WEDNESDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3, 4))
SAID = NewStatement("I like green tea", 0.8, "said")
RATED = NewStatement("Dune", 0.5, "csv")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        yield made


def held(vault: Vault) -> list[tuple[str, float]]:
    return [(said.text, said.weight) for said in statements.current(vault)]


@pytest.mark.parametrize(
    "text",
    ["I like green tea", " I  like\tgreen\u00a0tea\n", "I like gre\u0301en tea".replace("\u0301", "")],
)
def test_texts_that_differ_in_white_space_alone_are_the_same(vault: Vault, text: str) -> None:
    statements.add(vault, [SAID], now=MONDAY)
    assert statements.add(vault, [replace(SAID, text=text)], now=TUESDAY) == Added((), 0, 1)
    assert held(vault) == [("I like green tea", 0.8)]


def test_texts_that_differ_in_normalisation_alone_are_the_same_and_kept_as_written(vault: Vault) -> None:
    decomposed = "caf\u0065\u0301 cr\u0065\u0300me"
    statements.add(vault, [replace(SAID, text=decomposed)], now=MONDAY)
    assert statements.add(vault, [replace(SAID, text="caf\u00e9 cr\u00e8me")], now=TUESDAY).known == 1
    assert held(vault) == [(decomposed, 0.8)]


@pytest.mark.parametrize(
    "text", ["I like Green tea", "I like green tea!", "I likegreen tea", "I like green te\u0430"]
)
def test_texts_that_differ_in_a_letter_are_not_the_same(vault: Vault, text: str) -> None:
    statements.add(vault, [SAID], now=MONDAY)
    assert len(statements.add(vault, [replace(SAID, text=text)], now=TUESDAY).numbers) == 1


def test_another_strength_of_what_was_said_takes_its_place(vault: Vault) -> None:
    (old,) = statements.add(vault, [SAID], now=MONDAY).numbers
    added = statements.add(vault, [replace(SAID, weight=1.0)], now=TUESDAY)
    assert (len(added.numbers), added.changed, added.known) == (1, 1, 0)
    ended = statements.find(vault, old)
    assert (ended.valid_to, ended.superseded_by) == (TUESDAY, added.numbers[0])


def test_the_opposite_of_what_was_said_stays_beside_it(vault: Vault) -> None:
    statements.add(vault, [SAID], now=MONDAY)
    added = statements.add(vault, [replace(SAID, weight=-0.8)], now=TUESDAY)
    assert (added.changed, added.known) == (0, 0)
    assert held(vault) == [("I like green tea", 0.8), ("I like green tea", -0.8)]
    assert statements.add(vault, [SAID, replace(SAID, weight=-0.8)], now=WEDNESDAY).known == 2


@pytest.mark.parametrize("weight", [1.0, 0.0, -1.0])
def test_an_import_with_another_weight_is_the_same_record_changed(vault: Vault, weight: float) -> None:
    (old,) = statements.add(vault, [RATED], now=MONDAY).numbers
    added = statements.add(vault, [replace(RATED, weight=weight)], now=TUESDAY)
    assert added.changed == 1
    assert held(vault) == [("Dune", weight)]
    assert statements.find(vault, old).superseded_by == added.numbers[0]


def test_an_import_dated_older_than_the_known_one_changes_nothing(vault: Vault) -> None:
    statements.add(vault, [replace(RATED, valid_from=TUESDAY)], now=WEDNESDAY)
    older = replace(RATED, weight=-1.0, valid_from=MONDAY)
    assert statements.add(vault, [older], now=WEDNESDAY) == Added((), 0, 1)
    assert held(vault) == [("Dune", 0.5)]


def test_a_file_that_rates_the_same_thing_twice_is_read_again_without_doubling(vault: Vault) -> None:
    file = [RATED, replace(RATED, weight=1.0), replace(RATED, text="Emma")]
    assert statements.add(vault, file, now=MONDAY).known == 1
    before = statements.every(vault)
    for day in (TUESDAY, WEDNESDAY):
        assert statements.add(vault, file, now=day) == Added((), 0, 3)
    assert statements.every(vault) == before
    assert held(vault) == [("Dune", 1.0), ("Emma", 0.5)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_with_a_history_keeps_it_in_whatever_order_and_is_read_again_without_doubling(
    vault: Vault, order: int
) -> None:
    file = [replace(RATED, valid_from=MONDAY), replace(RATED, weight=-1.0, valid_from=TUESDAY)][::order]
    assert statements.add(vault, file, now=WEDNESDAY).changed == 1
    kept = [(said.weight, said.valid_from, said.valid_to) for said in statements.every(vault)]
    assert kept == [(0.5, MONDAY, TUESDAY), (-1.0, TUESDAY, None)]
    assert statements.every(vault)[0].superseded_by == statements.every(vault)[1].number
    assert statements.add(vault, file, now=WEDNESDAY) == Added((), 0, 2)


def test_sources_and_kinds_are_apart(vault: Vault) -> None:
    fact = replace(SAID, weight=0.0, kind="fact")
    added = statements.add(vault, [SAID, replace(SAID, source="csv"), fact], now=MONDAY)
    assert len(added.numbers) == 3
    assert added.changed == 0


@pytest.mark.parametrize("weight", [0.8, 1.0])
def test_what_is_said_again_more_sensitively_is_never_left_less_so(vault: Vault, weight: float) -> None:
    statements.add(vault, [SAID], now=MONDAY)
    statements.add(vault, [replace(SAID, weight=weight, sensitivity="secret")], now=TUESDAY)
    assert [said.sensitivity for said in statements.current(vault)] == ["secret"]


@pytest.mark.parametrize("weight", [0.8, 1.0])
def test_what_is_secret_stays_so_when_it_is_said_again(vault: Vault, weight: float) -> None:
    statements.add(vault, [replace(SAID, sensitivity="secret")], now=MONDAY)
    statements.add(vault, [replace(SAID, weight=weight)], now=TUESDAY)
    assert [said.sensitivity for said in statements.current(vault)] == ["secret"]


def test_a_row_that_is_repeated_in_one_go_is_as_sensitive_as_its_most_sensitive(vault: Vault) -> None:
    statements.add(vault, [replace(SAID, sensitivity="secret"), SAID], now=MONDAY)
    assert [said.sensitivity for said in statements.current(vault)] == ["secret"]


def test_since_when_a_statement_is_secret_is_kept(vault: Vault) -> None:
    (number,) = statements.add(vault, [SAID], now=MONDAY).numbers
    assert statements.secret_since(vault, [number]) == {}
    for day in (TUESDAY, WEDNESDAY):
        statements.add(vault, [replace(SAID, sensitivity="secret")], now=day)
    assert statements.secret_since(vault, [number]) == {number: TUESDAY}
    statements.rewrite(vault, replace(statements.find(vault, number), sensitivity="public"), now=WEDNESDAY)
    assert statements.secret_since(vault, [number]) == {}


def test_many_are_added_with_the_numbers_that_follow(vault: Vault) -> None:
    new = [replace(RATED, text=f"book {place}") for place in range(3000)]
    assert statements.add(vault, new, now=MONDAY).numbers == tuple(range(1, 3001))
    assert statements.add(vault, new, now=MONDAY) == Added((), 0, 3000)
    assert statements.count(vault) == 3000


def test_a_statement_is_corrected_in_its_place_and_its_vectors_go_with_the_text(vault: Vault) -> None:
    (number,) = statements.add(vault, [SAID], now=MONDAY).numbers
    statement_vectors.keep(vault, "model", [(number, b"vector")])
    said = statements.find(vault, number)
    statements.rewrite(vault, replace(said, weight=0.2), now=TUESDAY)
    assert statement_vectors.fingerprints(vault, number) == ["model"]
    statements.rewrite(vault, replace(said, text="I like black tea"), now=TUESDAY)
    assert statement_vectors.fingerprints(vault, number) == []
    assert held(vault) == [("I like black tea", 0.8)]
    assert statements.add(vault, [SAID], now=TUESDAY).known == 0, "the old text is not known any more"


def test_a_correction_that_says_what_another_says_is_refused(vault: Vault) -> None:
    one, other = statements.add(vault, [SAID, replace(SAID, text="rain")], now=MONDAY).numbers
    with pytest.raises(AlreadyExists, match=f"statement {one} says that already"):
        statements.rewrite(
            vault, replace(statements.find(vault, other), text=" I like  green tea"), now=TUESDAY
        )
    assert held(vault) == [("I like green tea", 0.8), ("rain", 0.8)]


def test_what_is_superseded_ends_when_the_other_begins(vault: Vault) -> None:
    old, new = statements.add(
        vault, [SAID, replace(SAID, text="I like coffee", valid_from=TUESDAY)], now=MONDAY
    ).numbers
    statements.supersede(vault, old, new)
    ended = statements.find(vault, old)
    assert (ended.valid_to, ended.superseded_by) == (TUESDAY, new)
    assert [said.number for said in statements.chain(vault, new)] == [old, new]
    assert statements.chain(vault, old) == statements.chain(vault, new)


def test_a_statement_never_ends_before_it_began(vault: Vault) -> None:
    old, new = statements.add(
        vault, [SAID, replace(SAID, text="I like coffee", valid_from=MONDAY)], now=TUESDAY
    ).numbers
    statements.supersede(vault, old, new)
    assert statements.find(vault, old).valid_to == TUESDAY


def test_superseding_itself_or_what_ended_or_another_kind_or_in_a_circle_is_refused(vault: Vault) -> None:
    fact = replace(SAID, text="I am tall", weight=0.0, kind="fact")
    a, b, c, tall = statements.add(
        vault, [SAID, replace(SAID, text="b"), replace(SAID, text="c"), fact], now=MONDAY
    ).numbers
    statements.supersede(vault, a, b)
    for old, new, why in ((b, b, "itself"), (a, c, "ended"), (b, a, "ended"), (c, tall, "is a fact")):
        with pytest.raises(UsageError, match=why):
            statements.supersede(vault, old, new)
    with pytest.raises(NotFound, match="no statement 99"):
        statements.supersede(vault, b, 99)
    assert [said.number for said in statements.current(vault)] == [b, c, tall]


def test_the_earlier_versions_go_with_a_statement_and_the_later_ones_stay(vault: Vault) -> None:
    numbers = [
        statements.add(vault, [replace(SAID, weight=weight)], now=MONDAY).numbers[0]
        for weight in (0.2, 0.4, 0.6, 0.8)
    ]
    gone = statements.remove(vault, [numbers[2]])
    assert [said.number for said in gone] == numbers[:3]
    assert [said.number for said in statements.every(vault)] == numbers[3:]


def test_a_contradiction_is_accepted_once_in_either_order_and_gone_with_its_statement(vault: Vault) -> None:
    a, b, c = statements.add(
        vault, [SAID, replace(SAID, weight=-0.8), replace(SAID, text="c")], now=MONDAY
    ).numbers
    for pair in ((b, a), (a, b), (b, c)):
        statements.accept_contradiction(vault, *pair, now=TUESDAY)
    assert statements.accepted_contradictions(vault) == {(a, b), (b, c)}
    statements.remove(vault, [a])
    assert statements.accepted_contradictions(vault) == {(b, c)}
    statements.rewrite(vault, replace(statements.find(vault, c), text="d"), now=TUESDAY)
    assert statements.accepted_contradictions(vault) == set()
    with pytest.raises(UsageError):
        statements.accept_contradiction(vault, b, b, now=TUESDAY)
    with pytest.raises(NotFound):
        statements.accept_contradiction(vault, b, 99, now=TUESDAY)


def test_facts_have_no_part_in_the_matrix_and_are_found_among_the_vectors(vault: Vault) -> None:
    fact = replace(SAID, text="I am tall", weight=0.0, kind="fact", sensitivity="public")
    neutral = replace(RATED, weight=0.0, valid_from=MONDAY)
    numbers = statements.add(vault, [fact, SAID, neutral], now=TUESDAY).numbers
    pairs = [(number, bytes([number]) * 8) for number in numbers]
    statement_vectors.keep(vault, "model", pairs[::-1])
    columns = statement_vectors.matrix(vault, "model")
    assert columns.numbers == list(numbers[1:])
    assert columns.weights == [0.8, 0.0]
    assert columns.valid_from == [TUESDAY, MONDAY]
    assert columns.sensitivity == ["private", "private"]
    assert bytes(columns.vectors) == pairs[1][1] + pairs[2][1]
    assert [said.number for said, _ in statement_vectors.every(vault, "model")] == list(numbers)
    assert [said.kind for said, _ in statement_vectors.every(vault, "model", kind="fact")] == ["fact"]
    assert statement_vectors.matrix(vault, "another").numbers == []


def test_a_fact_has_no_weight(vault: Vault) -> None:
    with pytest.raises(Exception, match="CHECK constraint"):
        statements.add(vault, [replace(SAID, kind="fact")], now=MONDAY)


def test_a_vector_of_what_was_forgotten_meanwhile_is_not_kept(vault: Vault) -> None:
    one, other = statements.add(vault, [SAID, RATED], now=MONDAY).numbers
    statements.remove(vault, [one])
    statement_vectors.keep(vault, "model", [(one, b"one"), (other, b"other")])
    assert vault.rows("SELECT statement, vector FROM vectors") == [(other, b"other")]


def test_the_vectors_of_other_models_go_when_one_is_kept(vault: Vault) -> None:
    (number,) = statements.add(vault, [SAID], now=MONDAY).numbers
    for model in ("old", "older", "new"):
        statement_vectors.keep(vault, model, [(number, b"vector")])
    assert statement_vectors.remove(vault, but="new") == 2
    assert statement_vectors.fingerprints(vault, number) == ["new"]


@pytest.mark.parametrize("text", ["\ud800", "I like \udcff"])
def test_half_a_character_is_refused_everywhere(vault: Vault, text: str) -> None:
    (number,) = statements.add(vault, [SAID], now=MONDAY).numbers
    with pytest.raises(MalformedInput):
        statements.rewrite(vault, replace(statements.find(vault, number), text=text), now=TUESDAY)
    with pytest.raises(MalformedInput):
        statements.alike(vault, text=text, source="said", kind="opinion", weight=1)
    assert held(vault) == [("I like green tea", 0.8)]
