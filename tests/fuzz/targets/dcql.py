"""DCQL queries, from what a verifier sends to what the wallet would present, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ipse.encoding import strict_json
from ipse.protocols.dcql.choosing import options
from ipse.protocols.dcql.matching import HeldCredential, match
from ipse.protocols.dcql.query import parse_query
from ipse.protocols.dcql.verifying import check_answer
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_CLAIMS: Final[dict[str, Any]] = {
    "vct": "urn:a",
    "name": "Ann",
    "age": 5,
    "ok": True,
    "place": {"city": "Oslo", "code": [1, 2]},
    "list": [{"a": 1, "b": None}, {"a": "x"}],
}
_TOP: Final = frozenset({("name",), ("age",), ("place",), ("place", "city"), ("list",), ("list", 1)})
_WALLET: Final = (
    HeldCredential("a", "dc+sd-jwt", _CLAIMS, ("urn:a",), _TOP, True, ("AQ",)),
    HeldCredential("b", "dc+sd-jwt", _CLAIMS, ("urn:a", "urn:b"), frozenset({("name",)}), False),
    HeldCredential("c", "ldp_vc", {"type": ["A"], "credentialSubject": {"name": "Ann"}}, ("A",)),
)
_PID: Final[dict[str, Any]] = {
    "id": "pid",
    "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:a", "urn:b"]},
    "claims": [
        {"id": "n", "path": ["name"], "values": ["Ann", 5, True]},
        {"id": "c", "path": ["place", "code", 1]},
        {"id": "l", "path": ["list", None, "a"]},
    ],
    "claim_sets": [["n", "c"], ["l"]],
    "multiple": True,
    "trusted_authorities": [{"type": "aki", "values": ["AQ"]}, {"type": "etsi_tl", "values": ["https://l"]}],
    "require_cryptographic_holder_binding": False,
}
_OTHER: Final[dict[str, Any]] = {
    "id": "degree",
    "format": "ldp_vc",
    "meta": {"type_values": [["A"], ["B", "C"]]},
    "claims": [{"path": ["credentialSubject", "name"]}],
}
_SETS: Final = [{"options": [["pid"], ["degree", "pid"]]}, {"options": [["degree"]], "required": False}]
_MAX_WORK: Final = 50_000


def _answered(data: bytes) -> None:
    query = parse_query(strict_json.parse(data))
    matches = match(query, _WALLET)
    copies = {copy.key: copy for copy in _WALLET}
    for option in options(matches, with_sets=matches.optional_sets, limit=3, max_work=_MAX_WORK):
        assert matches.satisfiable
        whole: dict[str, list[HeldCredential]] = {}
        for pick in option.picks:
            copy = copies[pick.credential]
            assert set(pick.disclose) <= copy.disclosable
            whole.setdefault(pick.query_id, []).append(replace(copy, disclosable=frozenset()))
        assert check_answer(query, whole).satisfied is True


TARGETS: Final = (
    Target(
        "dcql",
        _answered,
        lambda: [
            as_bytes({"credentials": [_PID, _OTHER], "credential_sets": _SETS}),
            as_bytes({"credentials": [_OTHER]}),
        ],
        5,
        4096,
    ),
)
