"""Transaction data: whether the key bindings of an answer authorize what they were to authorize.

Source: OpenID4VP 1.0 sections 5.1 and 8.4, and Appendix B.3.3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ipse.credentials import jws
from ipse.credentials.formats import sd_jwt
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError
from ipse.protocols.openid4vp.transaction_data import DEFAULT_HASH, HASHES, TransactionData

__all__ = ["Bindings"]

_MISSING: Final = "the answer does not authorize what it was to authorize: {}"


class Bindings:
    """Collects the key bindings of verified presentations, and says what is missing in them."""

    def __init__(self, entries: Sequence[TransactionData]) -> None:
        self._entries = tuple(entries)
        self._said: list[tuple[str, JsonObject]] = []

    def add(self, query_id: str, presented: str | JsonObject) -> None:
        """Take the key binding of a verified presentation for a credential query, if it has one."""
        if not self._entries or not isinstance(presented, str) or "~" not in presented:
            return
        try:
            bound = sd_jwt.parse(presented.strip()).kb_jwt
            if bound is not None:
                self._said.append((query_id, jws.read(bound, what="the key binding").payload))
        except IpseError:  # a presentation that verified can be read, so this is never reached
            return

    def problem(self) -> str:
        """What is wrong; empty where one of its credentials authorizes each entry, and nothing else."""
        left = list(self._entries)
        for query_id, claims in self._said:
            hashes = claims.get("transaction_data_hashes", [])
            name = claims.get("transaction_data_hashes_alg", DEFAULT_HASH)
            if not isinstance(hashes, list) or name not in HASHES:
                return _MISSING.format("its hashes can't be read")
            fitting = {
                entry.digest_by(name): entry
                for entry in self._entries
                if query_id in entry.credential_ids and name in (entry.hash_names or (DEFAULT_HASH,))
            }
            if not all(isinstance(each, str) and each in fitting for each in hashes):
                return _MISSING.format("a hash is of something else")
            left = [entry for entry in left if entry not in [fitting[each] for each in hashes]]
        return _MISSING.format(f"{len(left)} of {len(self._entries)} are missing") if left else ""
