"""What applications were told exactly, as the meter reads it, and the highest readings so far.

A row holds the vectors of what was offered and told. Those of the owner's own sentences go with the first
statement that is forgotten, corrected, made secret or replaced by a secret: the vault holds to that itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from ipse.errors import CorruptData
from ipse.storage.vault import Vault

__all__ = ["ALL", "Line", "add", "keep_reading", "lines", "parties", "reading"]

ALL: Final = ""
"""Stands for all applications together."""


@dataclass(frozen=True, slots=True)
class Line:
    """One exact answer, told to `party` in log entry `answer`.

    `vectors` are of the model `fingerprint`; they, `tiers`, `rest`, `offered` and `edited` are those of
    `ipse.disclosure.exposure.Told`, and `bits` is what the answer counts. `verbatim` where it holds the
    owner's own sentences.
    """

    answer: int
    party: str
    fingerprint: str
    vectors: bytes
    tiers: tuple[int, ...]
    rest: int
    offered: int
    bits: float
    edited: bool
    verbatim: bool


def add(vault: Vault, line: Line) -> None:
    """Keep an exact answer; its party and bits are those of the answer with its number."""
    vault.insert(
        "INSERT INTO transcript (answer, fingerprint, vectors, tiers, rest, offered, edited, verbatim)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            line.answer,
            line.fingerprint,
            line.vectors,
            json.dumps(line.tiers),
            line.rest,
            line.offered,
            int(line.edited),
            int(line.verbatim),
        ),
    )


def lines(vault: Vault, *fingerprints: str, party: str = ALL) -> list[Line]:
    """What a party was told exactly, or all of them, as these models see it; oldest first."""
    rows = vault.rows(
        "SELECT t.answer, a.party, t.fingerprint, t.vectors, t.tiers, t.rest, t.offered, a.bits, t.edited,"
        " t.verbatim FROM transcript AS t JOIN answers AS a ON a.number = t.answer"
        " WHERE t.fingerprint IN (SELECT value FROM json_each(?1)) AND (?2 = '' OR a.party = ?2)"
        " ORDER BY t.answer",
        (json.dumps(fingerprints), party),
    )
    found = []
    for answer, by, model, vectors, tiers, *others, edited, verbatim in rows:
        try:
            sizes = tuple(int(size) for size in json.loads(tiers))
        except (ValueError, TypeError, RecursionError) as error:
            raise CorruptData(f"what log entry {answer} told can't be read") from error
        rest, offered, bits = others
        found.append(
            Line(answer, by, model, vectors, sizes, rest, offered, bits, bool(edited), bool(verbatim))
        )
    return found


def parties(vault: Vault) -> list[tuple[str, int, float]]:
    """Each party that was told something exactly: its name, in how many answers, how many bits."""
    rows = vault.rows(
        "SELECT party, count(*), sum(bits) FROM answers WHERE bits > 0 GROUP BY party ORDER BY party"
    )
    return [(party, int(count), float(bits)) for party, count, bits in rows]


def reading(vault: Vault, party: str) -> tuple[float, float]:
    """The highest rho and share that were read of a party, or of ALL; 0 where nothing was read."""
    rows = vault.rows("SELECT rho, share FROM readings WHERE party = ?", (party,))
    return (float(rows[0][0]), float(rows[0][1])) if rows else (0.0, 0.0)


def keep_reading(vault: Vault, party: str, rho: float, share: float) -> None:
    """Keep a reading where it is higher than those before."""
    vault.change(
        "INSERT INTO readings (party, rho, share) VALUES (?1, ?2, ?3) ON CONFLICT (party) DO UPDATE"
        " SET rho = max(rho, excluded.rho), share = max(share, excluded.share)",
        (party, rho, share),
    )
