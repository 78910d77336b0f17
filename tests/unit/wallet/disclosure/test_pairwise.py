"""Two parties can't find out from their answers that they know the same owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.encoding import base64url, strict_json
from ipse.keys import derivation
from ipse.wallet import disclosure
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    CLUB,
    DAY,
    NOW,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    Reply,
    ask,
    never,
    teach,
)


def test_two_parties_share_no_identifier_key_or_salt(wallet: Wallet) -> None:
    teach(wallet, "candidate 1 + rain")
    replies = [ask(wallet, one, purpose=f"for {one.address}") for one in (SHOP, CLUB)]
    replies.append(ask(wallet, SHOP_WEB, purpose="for everybody"))
    assert all(reply.answered.said for reply in replies)
    assert _shared(replies) == {"urn:ipse:preferences:choose:1"}


def test_two_that_are_told_from_private_summaries_share_the_window_alone(wallet: Wallet) -> None:
    """It begins on the same day for everybody."""
    for one in (SHOP, CLUB):
        disclosure.grant(wallet, one.party, level="bands", now=NOW, expires=NOW + DAY)
    replies = [ask(wallet, one, BANDS, purpose=f"for {one.address}", consent=never) for one in (SHOP, CLUB)]
    common = _shared(replies, least=9)
    assert common - set(BANDS.topics) == {"urn:ipse:preferences:bands:1", "dc+sd-jwt", "2026-09-04"}


def test_one_party_always_meets_the_same_did_signed_or_not(wallet: Wallet) -> None:
    replies = [ask(wallet, one, ASKED["topics"]) for one in (SHOP_WEB, SHOP_UNSIGNED, SHOP_WEB)]
    issuers = {jws.read(one.answered.text.split("~")[0], what="it").payload["iss"] for one in replies}
    key = derivation.pairwise_key(wallet.root, "https://shop.example")
    assert issuers == {did_key.from_public_key(key.public())}


def _shared(replies: Sequence[Reply], least: int = 11) -> set[str]:
    """The strings of at least so many characters that two of them have in common."""
    seen = [set(_strings(reply.answered.text)) for reply in replies]
    pairs = [mine & other for place, mine in enumerate(seen) for other in seen[place + 1 :]]
    return {value for pair in pairs for value in pair if len(value) >= least}


def _strings(text: str) -> list[str]:
    """Every value in the parts of an answer that is a string, and the parts of DID URLs; no padding."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                if name != "pad":
                    walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)
        elif isinstance(value, str):
            found.extend([value, *value.split("#")])

    for token in text.split("~"):
        header, payload, signature = (*token.split("."), "", "")[:3]
        found.append(signature)
        for part in (header, payload):
            if part:
                walk(strict_json.parse(base64url.decode(part)))
    return found
