"""Measure what a presentation reveals: the values that leave, and what a copy can be recognised by.

`docs/presentations.md` has the measure in words. A value is a string, a number, a boolean, null or an empty
container at one place of a credential. The members that every credential of a format needs to be checked are
not counted. A disclosed claim takes its parents along, and everything in them that can't be withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ipse.protocols.dcql.matching import HeldCredential
from ipse.protocols.dcql.paths import leaves
from ipse.protocols.dcql.query import SD_JWT_VC, W3C_FORMATS, ConcretePath

__all__ = ["TECHNICAL", "Cost", "Disclosure", "copy_cost", "disclosure", "shape"]

_W3C_TECHNICAL: Final = frozenset(
    {
        "@context", "type", "issuer", "proof", "credentialSchema", "credentialStatus", "issuanceDate",
        "expirationDate", "validFrom", "validUntil",
    }
)  # fmt: skip
TECHNICAL: Final[Mapping[str, frozenset[str]]] = {
    SD_JWT_VC: frozenset(
        {"iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "_sd_alg"}
    ),
    **dict.fromkeys(W3C_FORMATS, _W3C_TECHNICAL),
}
"""The members at the root that every credential of a format needs to be checked."""
_W3C_IDENTIFIERS: Final[tuple[ConcretePath, ...]] = (
    ("id",), ("credentialSubject", "id"), ("credentialStatus",),
)  # fmt: skip
_IDENTIFIERS: Final[Mapping[str, tuple[ConcretePath, ...]]] = {
    SD_JWT_VC: (("cnf",), ("status",), ("sub",), ("jti",)),
    **dict.fromkeys(W3C_FORMATS, _W3C_IDENTIFIERS),
}
"""The places of values that are in one credential alone, or in those of one person."""


class Cost(NamedTuple):
    """What a way to answer reveals. The first number that differs decides; less is better.

    - `values`: values that leave; of one copy that answers two queries, the same value counts once
    - `presented`: how many times its copies were presented before, together
    - `identifiers`: identifiers that its copies always show
    - `copies`: how many copies it needs
    - `set_order`, `claim_set_order`: positions of the options and claim sets, as the verifier prefers them
    - `wallet_order`: positions of the copies in the wallet
    """

    values: int = 0
    presented: int = 0
    identifiers: int = 0
    copies: int = 0
    set_order: int = 0
    claim_set_order: int = 0
    wallet_order: int = 0

    def packed(self) -> int:
        """One integer that is compared and added as the cost is; the first number is the most significant."""
        total = 0
        for number in self:
            total = (total << _BITS) + number
        return total

    @classmethod
    def unpacked(cls, total: int) -> Cost:
        """The cost that was packed, or the sum of several."""
        return cls(*(total >> _BITS * place & _MASK for place in reversed(range(len(cls._fields)))))


_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What has to be disclosed for some claims, parents first, and where the values are that then leave."""

    disclose: tuple[ConcretePath, ...]
    leaving: tuple[ConcretePath, ...]


def shape(copy: HeldCredential) -> tuple[object, ...]:
    """What `disclosure` depends on beside the paths; copies that differ in their values alone share it."""
    return copy.format, copy.disclosable, tuple(leaves(copy.claims))


def disclosure(copy: HeldCredential, paths: Iterable[ConcretePath]) -> Disclosure:
    """What presenting the claims at `paths` of a copy discloses: they, all that is in them, their parents."""
    asked = set(paths)
    disclose = {place for place in copy.disclosable if _is_within(place, asked)}
    disclose.update(
        path[:length]
        for path in asked
        for length in range(1, len(path) + 1)
        if path[:length] in copy.disclosable
    )
    hidden = copy.disclosable - disclose
    technical = TECHNICAL.get(copy.format, frozenset())
    leaving = (place for place in leaves(copy.claims) if not place or place[0] not in technical)
    return Disclosure(
        tuple(sorted(disclose, key=_order)),
        tuple(sorted((place for place in leaving if not _is_within(place, hidden)), key=_order)),
    )


def copy_cost(copy: HeldCredential, position: int) -> Cost:
    """What using a copy costs beside the values that leave; `position` is its place in the wallet."""
    identifiers = sum(
        _has(copy, place) and not _is_within(place, copy.disclosable)
        for place in _IDENTIFIERS.get(copy.format, ())
    )
    presented = min(copy.presented, _MASK >> 16)
    return Cost(presented=presented, identifiers=identifiers, copies=1, wallet_order=position)


def _has(copy: HeldCredential, place: ConcretePath) -> bool:
    node: object = copy.claims
    for name in place:
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _is_within(place: ConcretePath, places: set[ConcretePath] | frozenset[ConcretePath]) -> bool:
    """Whether one of `places` is this place or above it."""
    return any(place[:length] in places for length in range(len(place) + 1))


def _order(place: ConcretePath) -> tuple[tuple[bool, int, str], ...]:
    """Parents first; names by their letters, indices by their number."""
    return tuple((isinstance(step, str), 0 if isinstance(step, str) else step, str(step)) for step in place)
