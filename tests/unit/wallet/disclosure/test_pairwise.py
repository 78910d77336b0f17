"""Two parties can't find out from their answers that they know the same owner."""

from __future__ import annotations

from typing import Any

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.encoding import base64url, strict_json
from ipse.keys import derivation
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import ASKED, CLUB, SHOP, SHOP_UNSIGNED, SHOP_WEB, ask


def test_two_parties_share_no_identifier_key_or_salt(wallet: Wallet) -> None:
    replies = [ask(wallet, one, purpose=f"for {one.address}") for one in (SHOP, CLUB)]
    replies.append(ask(wallet, SHOP_WEB, purpose="for everybody"))
    seen = [set(_strings(reply.answered.text)) for reply in replies]
    for place, mine in enumerate(seen):
        for other in seen[place + 1 :]:
            shared = {value for value in mine & other if len(value) > 10}
            assert shared == {"urn:ipse:preferences:choose:1"}


def test_one_party_always_meets_the_same_did_signed_or_not(wallet: Wallet) -> None:
    replies = [ask(wallet, one, ASKED["topics"]) for one in (SHOP_WEB, SHOP_UNSIGNED, SHOP_WEB)]
    issuers = {jws.read(one.answered.text.split("~")[0], what="it").payload["iss"] for one in replies}
    key = derivation.pairwise_key(wallet.root, "https://shop.example")
    assert issuers == {did_key.from_public_key(key.public())}


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
