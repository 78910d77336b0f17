"""The vectors of statements, each under the fingerprint of the model that made it.

A row holds the identity of the text that its vector was made of. Where that is not the statement's, the row
is one of an older vault: it counts as missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.storage.statements import Statement, listed
from ipse.storage.vault import Vault

__all__ = ["Embedded", "counts", "every", "fingerprints", "keep", "matrix", "missing", "of", "remove"]

_SELECT: Final = (
    "SELECT statements.number, text, weight, source, sensitivity, kind, created, valid_from, valid_to,"
    " superseded_by"
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """Current statements in columns, in the order of their numbers, for arithmetic on all of them.

    `vectors` holds little-endian float32 (n, d), row by row.
    """

    numbers: list[int]
    weights: list[float]
    valid_from: list[str]
    sensitivity: list[str]
    vectors: bytearray


def missing(vault: Vault, fingerprint: str) -> list[Statement]:
    """Current statements that the model with this fingerprint has not embedded yet."""
    rows = vault.rows(
        _SELECT + " FROM statements LEFT JOIN vectors ON statement = number AND fingerprint = ?"
        " AND vectors.identity = statements.identity"
        " WHERE valid_to IS NULL AND statement IS NULL ORDER BY number",
        (fingerprint,),
    )
    return [Statement(*row) for row in rows]


def keep(vault: Vault, fingerprint: str, vectors: Sequence[tuple[int, bytes]]) -> None:
    """Keep (statement number, little-endian float32 bytes) of the model with this fingerprint.

    One whose statement was forgotten meanwhile is dropped.
    """
    with vault.transaction():
        rows = vault.rows(
            "SELECT number, identity FROM statements JOIN json_each(?) ON number = value",
            (listed(number for number, _ in vectors),),
        )
        there = dict(rows)
        vault.change_many(
            "INSERT INTO vectors (statement, fingerprint, vector, identity) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET vector = excluded.vector, identity = excluded.identity",
            [(number, fingerprint, vector, there[number]) for number, vector in vectors if number in there],
        )
        # A kept taste that knew one of them, or should have, is learned anew. Triggers for this would cost
        # each row more than its insertion.
        vault.change(
            "DELETE FROM tastes WHERE fingerprint = ?1 AND EXISTS (SELECT 1 FROM statements"
            " JOIN json_each(?2) ON number = value WHERE number <= last"
            " AND (secrets OR sensitivity <> 'secret'))",
            (fingerprint, listed(there)),
        )


def remove(vault: Vault, *, but: str) -> int:
    """Delete the vectors of every model but the one with the fingerprint `but`; how many."""
    return vault.change("DELETE FROM vectors WHERE fingerprint <> ?", (but,))


def fingerprints(vault: Vault, number: int) -> list[str]:
    """The fingerprints of the models that have embedded a statement."""
    rows = vault.rows("SELECT fingerprint FROM vectors WHERE statement = ? ORDER BY fingerprint", (number,))
    return [row[0] for row in rows]


def every(
    vault: Vault, fingerprint: str, *, kind: str | None = None, after: int = 0
) -> list[tuple[Statement, bytes]]:
    """The current statements that this model has embedded, each with its vector.

    Of one kind or both; with `after`, those with a higher number.
    """
    rows = vault.rows(
        _SELECT + ", vector FROM statements CROSS JOIN vectors ON statement = number"
        " WHERE valid_to IS NULL AND fingerprint = ? AND vectors.identity = statements.identity"
        " AND kind = coalesce(?, kind) AND number > ?"
        " ORDER BY number",
        (fingerprint, kind, after),
    )
    return [(Statement(*row[:-1]), row[-1]) for row in rows]


def of(vault: Vault, fingerprint: str, numbers: Collection[int]) -> list[tuple[Statement, bytes]]:
    """Those of `numbers` that this model has embedded, in their order, each with its vector."""
    rows = vault.rows(
        _SELECT + ", vector FROM json_each(?) JOIN statements ON statements.number = value"
        " JOIN vectors ON statement = statements.number AND vectors.identity = statements.identity"
        " WHERE fingerprint = ? ORDER BY statements.number",
        (listed(numbers), fingerprint),
    )
    return [(Statement(*row[:-1]), row[-1]) for row in rows]


def matrix(vault: Vault, fingerprint: str) -> Embedded:
    """The current opinions that this model has embedded, in columns and without their texts."""
    embedded = Embedded([], [], [], [], bytearray())
    for rows in vault.batches(
        "SELECT number, weight, valid_from, sensitivity, vector FROM statements"
        " CROSS JOIN vectors ON statement = number"  # read in this order, nothing has to be sorted
        " WHERE valid_to IS NULL AND fingerprint = ? AND vectors.identity = statements.identity"
        " AND kind = 'opinion' ORDER BY number",
        (fingerprint,),
    ):
        numbers, weights, valid_from, sensitivity, pieces = zip(*rows, strict=True)
        embedded.numbers.extend(numbers)
        embedded.weights.extend(weights)
        embedded.valid_from.extend(valid_from)
        embedded.sensitivity.extend(sensitivity)
        embedded.vectors.extend(b"".join(pieces))
    return embedded


def counts(vault: Vault) -> dict[str, int]:
    """How many vectors each model made, by its fingerprint."""
    return dict(vault.rows("SELECT fingerprint, count(*) FROM vectors GROUP BY fingerprint"))
