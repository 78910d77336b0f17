"""A receipt that another key made.

The attacker knew a question and its answer, signed a receipt of them with a key of her own and had the
application countersign it, as if she were the owner. It cannot come back because the application verifies the
answer and signs only what the key of its `iss` signed, and the wallet keeps only what its own key for that
application signed, for the answer that stands in its log under that number.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import questions
from ipse.disclosure.answers import build_answer
from ipse.disclosure.methods import OWNER
from ipse.disclosure.questions import Question
from ipse.disclosure.receipts import build_receipt, check_terms, verify_receipt
from ipse.errors import IpseError, VerificationFailed
from ipse.keys import derivation
from ipse.keys.ed25519 import PrivateKey
from tests.conftest import EXAMPLES, Ipse
from tests.unit.disclosure.material import KEY, NOW, ROOT, SAID, question

MALLORY = PrivateKey(b"m" * 32)


@pytest.mark.parametrize("level", sorted(SAID))
@pytest.mark.parametrize(
    "key", [MALLORY, derivation.pairwise_key(ROOT, "https://other.example"), derivation.log_key(ROOT)],
    ids=["a stranger's", "of another application", "of the log"],
)  # fmt: skip
def test_is_not_what_the_application_signs(level: str, key: PrivateKey) -> None:
    asked = question(level)
    answer = _answer(asked)
    check_terms(verify_receipt(build_receipt(asked, answer, number=1, key=KEY, now=NOW)), asked, answer)
    made = build_receipt(asked, answer, number=1, key=key, now=NOW)
    with pytest.raises(VerificationFailed) as caught:
        check_terms(verify_receipt(made), asked, answer)
    assert caught.value.code == "receipt-foreign"


def _answer(asked: Question, key: PrivateKey = KEY) -> str:
    return build_answer(asked, SAID[asked.level], key=key, now=NOW, method=OWNER)


def test_nor_with_an_answer_that_names_the_wallet_and_is_not_signed_by_it() -> None:
    """The issuer's DID is swapped in the answer, and in a receipt that fits it."""
    asked = question()
    mine, theirs = _answer(asked, MALLORY).split("."), _answer(asked).split(".")
    for swapped in ([0, 1], [1], [2], [3, 4]):
        answer = ".".join(theirs[at] if at in swapped else part for at, part in enumerate(mine))
        made = build_receipt(asked, answer, number=1, key=KEY, now=NOW)
        with pytest.raises(IpseError):
            check_terms(verify_receipt(made), asked, answer)


def _asked(ipse: Ipse, folder: Path) -> tuple[Path, Path, str]:
    """A signed request, the wallet's answer to it and its receipt."""
    request, answer = folder / "request", folder / "answer"
    ipse(
        "dapp", "request", "--audience", "https://shop.example", "--purpose", "to choose", "--candidates",
        EXAMPLES / "candidates.txt", "--as", "university", "-o", request,
    )  # fmt: skip
    ipse("dapp", "grant", ipse("did", "show", "university", "--json").json["did"], "--level", "choose")
    answer.write_text(ipse("dapp", "answer", request, code=None).out)
    return request, answer, ipse("log", "receipts", "1").out


def _forged(request: Path, answer: Path) -> str:
    """The receipt that somebody else makes of the same question and answer."""
    asked = questions.parse_question(request.read_text().strip())
    text = answer.read_text().strip()
    issued = datetime.fromtimestamp(sd_jwt.parse(text).jwt.payload["iat"], UTC)
    return build_receipt(asked, text, number=1, key=MALLORY, now=issued)


def test_the_command_signs_the_wallets_own_and_the_wallet_keeps_no_other(
    taught: Ipse, tmp_path: Path
) -> None:
    taught("profile", "like", "science fiction about other planets", "-q")
    request, answer, own = _asked(taught, tmp_path)
    sign = ("dapp", "receipt", "-", "--request", request, "--answer", answer, "--as", "university", "--json")
    made = _forged(request, answer)
    run = taught(*sign, stdin=made, code=3)
    assert run.out == ""
    assert run.error["code"] == "receipt-foreign"
    signed = taught(*sign, stdin=own).out
    by_shop = json.loads(made)
    by_shop["signatures"].append(json.loads(signed)["signatures"][1])
    keep = ("log", "receipts", "1", "--countersigned", "-", "--json")
    assert taught(*keep, stdin=json.dumps(by_shop), code=3).error["code"] in (
        "receipt-foreign", "verification-failed",
    )  # fmt: skip
    taught(*keep, stdin=signed)
