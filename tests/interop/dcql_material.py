"""Generated DCQL queries and wallets, the same for the same seed, and how the npm library spells them.

They leave out what the library decides otherwise than the specification; `test_dcql.py` names each.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, TypeAlias

from ipse.protocols.dcql.matching import HeldCredential

__all__ = ["Json", "made_query", "made_wallet", "spelled", "without"]

Json: TypeAlias = Any

SD_JWT: Final = "dc+sd-jwt"
W3C: Final = ("jwt_vc_json", "ldp_vc")
TYPES: Final = ("urn:example:a", "urn:example:b", "urn:example:c")
AUTHORITIES: Final = ("AQ", "AgM", "BAUG")

_PATHS: Final[tuple[list[Json], ...]] = (
    ["name"], ["age"], ["adult"], ["address"], ["address", "street"], ["address", "code"], ["degrees"],
    ["degrees", None], ["degrees", None, "type"], ["degrees", 0, "type"], ["degrees", 1, "year"],
    ["degrees", None, "marks", None], ["degrees", None, "marks", 1], ["nationalities"],
    ["nationalities", None],
    ["nationalities", 0], ["nationalities", 1], ["grid", None, None], ["grid", 1, 0], ["grid", None, 1],
    ["name", "first"], ["address", 0], ["address", None], ["nationalities", "first"], ["missing"],
    ["age", None], ["grid", None, "x"], ["degrees", "type"],
)  # fmt: skip
_VALUES: Final[tuple[Json, ...]] = (
    "Ann", "Bea", "", "5", "true", "BSc", "MSc", "NO", "IS", 0, 1, 5, 2001, -3, True, False,
)  # fmt: skip


def made_wallet(random: Random) -> list[HeldCredential]:
    """Up to six copies. Values at the same place are of the same kind; no null, no empty array."""
    return [_copy(random, f"copy-{number}") for number in range(random.randrange(7))]


def _copy(random: Random, key: str) -> HeldCredential:
    claims = _claims(random)
    form = SD_JWT if random.random() < 0.75 else random.choice(W3C)
    count = 1 if form == SD_JWT else random.randint(1, 3)
    places = sorted(_places(claims), key=str) if form == SD_JWT else []
    return HeldCredential(
        key,
        form,
        claims,
        types=tuple(random.sample(TYPES, count)),
        disclosable=frozenset(place for place in places if random.random() < 0.7),
        holder_bound=random.random() < 0.8,
        authority_key_ids=tuple(random.sample(AUTHORITIES, random.randint(1, 2)))
        if random.random() < 0.6
        else (),
        presented=random.randrange(3),
    )


def _claims(random: Random) -> dict[str, Json]:
    def degree() -> dict[str, Json]:
        return _some(
            random,
            type=random.choice(("BSc", "MSc")),
            year=random.choice((2001, 5)),
            marks=[random.choice((1, 5, -3)) for _ in range(random.randint(1, 3))],
        )

    return _some(
        random,
        name=random.choice(("Ann", "Bea", "")),
        age=random.choice((0, 1, 5)),
        adult=random.random() < 0.5,
        address=_some(random, street=random.choice(("5", "true")), code=random.choice((5, 2001))),
        degrees=[degree() for _ in range(random.randint(1, 3))],
        nationalities=[random.choice(("NO", "IS")) for _ in range(random.randint(1, 3))],
        grid=[
            [random.choice((0, 1)) for _ in range(random.randint(1, 3))] for _ in range(random.randint(1, 3))
        ],
    )


def _some(random: Random, **members: Json) -> dict[str, Json]:
    return {name: value for name, value in members.items() if random.random() < 0.85}


def _places(value: Json, place: tuple[Json, ...] = ()) -> set[tuple[Json, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = set()
    for name, node in inner:
        found |= {(*place, name)} | _places(node, (*place, name))
    return found


def made_query(random: Random) -> dict[str, Json]:
    """A query for up to four credentials, with every member of the language now and then."""
    entries = [_credential_query(random, f"q{number}") for number in range(random.randint(1, 4))]
    query: dict[str, Json] = {"credentials": entries}
    if random.random() < 0.5:
        ids = [entry["id"] for entry in entries]
        query["credential_sets"] = [_set(random, ids) for _ in range(random.randint(1, 3))]
    return query


def _set(random: Random, ids: list[str]) -> dict[str, Json]:
    options = [random.sample(ids, random.randint(1, min(2, len(ids)))) for _ in range(random.randint(1, 3))]
    return {"options": options, **({"required": random.random() < 0.5} if random.random() < 0.5 else {})}


def _credential_query(random: Random, query_id: str) -> dict[str, Json]:
    form = SD_JWT if random.random() < 0.75 else random.choice(W3C)
    types = random.sample(TYPES, random.randint(1, 3))
    entry: dict[str, Json] = {"id": query_id, "format": form}
    if form == SD_JWT:
        entry["meta"] = {"vct_values": types} if random.random() < 0.8 else {}
    else:
        entry["meta"] = {"type_values": [types[:2], types[2:]] if types[2:] else [types]}
    if random.random() < 0.2:
        entry["multiple"] = random.random() < 0.7
    if random.random() < 0.4:
        entry["require_cryptographic_holder_binding"] = random.random() < 0.4
    if random.random() < 0.2:
        lists = {"type": "etsi_tl", "values": ["https://lists.example/lotl"]}
        known = {"type": "aki", "values": random.sample(AUTHORITIES, random.randint(1, 2))}
        entry["trusted_authorities"] = random.choice(([known], [lists, known], [lists]))
    paths = random.sample(_PATHS[:20] if random.random() < 0.8 else _PATHS, random.randrange(4))
    if paths:
        entry["claims"] = [_claim(random, number, path) for number, path in enumerate(paths)]
        ids = [claim["id"] for claim in entry["claims"]]
        if random.random() < 0.5:
            count = random.randint(1, 3)
            entry["claim_sets"] = [random.sample(ids, random.randint(1, len(ids))) for _ in range(count)]
    return entry


def _claim(random: Random, number: int, path: list[Json]) -> dict[str, Json]:
    claim: dict[str, Json] = {"id": f"c{number}", "path": path}
    if random.random() < 0.3:
        claim["values"] = random.sample(_VALUES, random.randint(1, 6))
    return claim


def spelled(copy: HeldCredential, claims: Json = None) -> dict[str, Json]:
    """A copy, or a presentation of it that discloses `claims`, as the library takes it."""
    named = {"vct": copy.types[0]} if copy.format == SD_JWT else {"type": list(copy.types)}
    issuer = (
        {"authority": {"type": "aki", "values": list(copy.authority_key_ids)}}
        if copy.authority_key_ids
        else {}
    )
    return {
        "credential_format": copy.format,
        "claims": copy.claims if claims is None else claims,
        "cryptographic_holder_binding": copy.holder_bound,
        **named,
        **issuer,
    }


def without(claims: Json, hidden: frozenset[tuple[Json, ...]], place: tuple[Json, ...] = ()) -> Json:
    """Claims as a verifier gets them where what is at the places `hidden` was withheld."""
    if isinstance(claims, dict):
        return {
            name: without(value, hidden, (*place, name))
            for name, value in claims.items()
            if (*place, name) not in hidden
        }
    if isinstance(claims, list):
        return [
            without(value, hidden, (*place, index))
            for index, value in enumerate(claims)
            if (*place, index) not in hidden
        ]
    return claims
