"""Transaction data: its hashes, and what a key binding says of it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ipse.encoding import base64url, strict_json
from ipse.errors import Undetermined
from ipse.protocols.dcql.query import parse_query
from ipse.protocols.openid4vp.transaction_data import binding_claims, check_types, parse_transaction_data
from tests.unit.protocols.openid4vp.material import QUERY


def entries(*hashes: Any) -> Any:
    encoded = [
        base64url.encode(
            strict_json.canonical(
                {
                    "type": f"t{number}",
                    "credential_ids": ["pid"],
                    **({} if names is None else {"transaction_data_hashes_alg": names}),
                }
            )
        )
        for number, names in enumerate(hashes)
    ]
    return parse_transaction_data(encoded or None, parse_query(QUERY))


def test_without_transaction_data_a_key_binding_says_nothing() -> None:
    assert binding_claims(entries()) == {}


@pytest.mark.parametrize(
    ("hashes", "name", "said"),
    [
        ([None], "sha256", None),
        ([None, None], "sha256", None),
        ([["sha-256"]], "sha256", "sha-256"),
        ([["sha-512", "sha-256"]], "sha256", "sha-256"),
        ([["sha-512", "md5"]], "sha512", "sha-512"),
        ([["sha-384"], ["sha-512", "sha-384"]], "sha384", "sha-384"),
        ([None, ["sha-256"]], "sha256", "sha-256"),
    ],
)
def test_each_entry_is_hashed_as_it_travelled(hashes: Any, name: str, said: str | None) -> None:
    found = entries(*hashes)
    digests = [base64url.encode(hashlib.new(name, entry.encoded.encode()).digest()) for entry in found]
    expected: dict[str, Any] = {"transaction_data_hashes": digests}
    if said is not None:
        expected["transaction_data_hashes_alg"] = said
    assert binding_claims(found) == expected


@pytest.mark.parametrize("hashes", [[["md5"]], [["sha-512"], ["sha-384"]], [None, ["sha-512"]]])
def test_without_a_hash_for_all_it_is_refused(hashes: Any) -> None:
    with pytest.raises(Undetermined, match="no hash") as caught:
        entries(*hashes)
    assert caught.value.error_code == "invalid_transaction_data"


def test_one_unknown_type_among_known_ones_is_refused() -> None:
    found = entries(None, None)
    check_types(found, {"t0", "t1"})
    with pytest.raises(Undetermined, match="'t1'") as caught:
        check_types(found, {"t0"})
    assert caught.value.error_code == "invalid_transaction_data"
