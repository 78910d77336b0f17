"""Statements and credentials in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.errors import AlreadyExists, MalformedInput, NotFound, UsageError
from ipse.storage import credential_store, statement_vectors, statements
from ipse.storage.credential_store import StoredCredential
from ipse.storage.statements import Added, NewStatement
from ipse.storage.vault import Vault
from tests.made import empty_vault

MONDAY, TUESDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3))
TEA = NewStatement("I like green tea", 0.8, "typed")
CREDENTIAL = StoredCredential(
    id="urn:uuid:1111",
    document='{"name": "Zoë 太郎"}',
    format="vc+eddsa-jcs-2022",
    issuer="did:key:z6MkIssuer",
    subject=None,
    types=("VerifiableCredential", "Member"),
    valid_from=MONDAY,
    valid_until=None,
    verified=True,
    added=MONDAY,
)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        yield made


def test_the_same_statement_from_the_same_source_is_kept_once(vault: Vault) -> None:
    assert len(statements.add(vault, [TEA, TEA], now=MONDAY).numbers) == 1
    assert statements.add(vault, [TEA], now=TUESDAY) == Added((), changed=0, known=1)
    assert len(statements.add(vault, [replace(TEA, source="imported")], now=TUESDAY).numbers) == 1
    assert len(statements.current(vault)) == 2


def test_a_change_of_mind_supersedes_and_erases_nothing(vault: Vault) -> None:
    statements.add(vault, [TEA], now=MONDAY)
    statements.add(vault, [replace(TEA, weight=-0.5)], now=TUESDAY)
    assert [(said.weight, said.created) for said in statements.current(vault)] == [(-0.5, TUESDAY)]
    kept = vault.rows("SELECT weight, valid_from, valid_to FROM statements ORDER BY number")
    assert kept == [(0.8, MONDAY, TUESDAY), (-0.5, TUESDAY, None)]


def test_statements_are_added_together_or_not_at_all(vault: Vault) -> None:
    with pytest.raises(Exception, match="constraint"):
        statements.add(vault, [TEA, replace(TEA, text="too much", weight=1.5)], now=MONDAY)
    assert statements.current(vault) == []


def test_what_is_no_text_is_refused(vault: Vault) -> None:
    """A shell gives a byte that is not UTF-8 as half of a surrogate pair."""
    with pytest.raises(MalformedInput):
        statements.add(vault, [replace(TEA, text="I like \udcff")], now=MONDAY)
    assert statements.current(vault) == []


@pytest.mark.parametrize("change", [{"weight": 1.01}, {"weight": -1.01}, {"sensitivity": "Secret"}])
def test_the_vault_itself_refuses_a_statement_out_of_bounds(vault: Vault, change: dict[str, object]) -> None:
    with pytest.raises(Exception, match="CHECK constraint"):
        statements.add(vault, [replace(TEA, **change)], now=MONDAY)  # type: ignore[arg-type]


def test_a_statement_is_forgotten_with_its_vectors(vault: Vault) -> None:
    (number,) = statements.add(vault, [TEA], now=MONDAY).numbers
    statement_vectors.keep(vault, "model", [(number, b"vector")])
    statements.forget(vault, number)
    assert vault.rows("SELECT count(*) FROM vectors") == [(0,)]
    with pytest.raises(NotFound, match=f"no statement {number}"):
        statements.forget(vault, number)


def test_the_number_of_a_forgotten_statement_is_not_given_again(vault: Vault) -> None:
    (first,) = statements.add(vault, [TEA], now=MONDAY).numbers
    statements.forget(vault, first)
    (second,) = statements.add(vault, [TEA], now=TUESDAY).numbers
    assert second != first


def test_the_vectors_of_two_models_are_never_mixed(vault: Vault) -> None:
    first, second = statements.add(vault, [TEA, replace(TEA, text="I like rain")], now=MONDAY).numbers
    statement_vectors.keep(vault, "old model", [(first, b"old"), (second, b"old")])
    statement_vectors.keep(vault, "new model", [(first, b"new")])
    assert [vector for _, vector in statement_vectors.every(vault, "old model")] == [b"old", b"old"]
    assert [vector for _, vector in statement_vectors.every(vault, "new model")] == [b"new"]
    assert [said.number for said in statement_vectors.missing(vault, "new model")] == [second]


def test_a_superseded_statement_has_no_vector_in_the_profile(vault: Vault) -> None:
    (old,) = statements.add(vault, [TEA], now=MONDAY).numbers
    statement_vectors.keep(vault, "model", [(old, b"vector")])
    statements.add(vault, [replace(TEA, weight=-1)], now=TUESDAY)
    assert statement_vectors.every(vault, "model") == []


def test_a_credential_is_given_back_as_it_came(vault: Vault) -> None:
    credential_store.add(vault, CREDENTIAL)
    assert credential_store.every(vault) == [CREDENTIAL]
    assert credential_store.find(vault, CREDENTIAL.id) == CREDENTIAL


def test_a_credential_is_never_overwritten(vault: Vault) -> None:
    credential_store.add(vault, CREDENTIAL)
    with pytest.raises(AlreadyExists, match="urn:uuid:1111"):
        credential_store.add(vault, replace(CREDENTIAL, document="{}"))
    assert credential_store.every(vault) == [CREDENTIAL]


def test_a_credential_is_found_by_the_start_of_its_id_if_that_is_clear(vault: Vault) -> None:
    longer = replace(CREDENTIAL, id="urn:uuid:11112", added=TUESDAY)
    credential_store.add(vault, CREDENTIAL)
    assert credential_store.find(vault, "urn:uuid:1") == CREDENTIAL
    credential_store.add(vault, longer)
    assert credential_store.find(vault, "urn:uuid:1111") == CREDENTIAL
    assert credential_store.find(vault, "urn:uuid:11112") == longer
    with pytest.raises(UsageError, match="2 credentials"):
        credential_store.find(vault, "urn:uuid:1")
    for unknown in ("", "uuid", "%", "urn:uuid:2"):
        with pytest.raises(NotFound):
            credential_store.find(vault, unknown)
