"""An application promises, the owner withdraws an answer, the application replies."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipse.encoding import base64url
from tests.conftest import EXAMPLES, REPOSITORY, Ipse, Preparation

_ORIGIN = "https://university.example"
_PROMISES = ("--no-resale", "--deletion-on-demand", "--in-return", "a free lecture")


def _taste(ipse: Ipse) -> None:
    ipse("profile", "like", "science fiction about other planets", "-q")


@dataclass(frozen=True)
class _Exchange:
    """A wallet that answered the application `university` twice; the files of the first answer."""

    ipse: Ipse
    did: str
    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / name

    def request(self, name: str, *options: str) -> Path:
        file = self.file(name)
        self.ipse(
            "dapp", "request", "--as", "university", "--audience", _ORIGIN, "--purpose", "to show you a book",
            "--candidates", EXAMPLES / "candidates.txt", "--top", "1", "-o", file, *options,
        )  # fmt: skip
        return file

    def countersign(self) -> Path:
        """Let the application sign the receipt of the first answer, and the wallet keep it."""
        receipt, signed = self.ipse("log", "receipts", "1").out, self.file("countersigned.json")
        signed.write_text(
            self.ipse(
                "dapp", "receipt", "-", "--request", self.file("request.jwt"),
                "--answer", self.file("answer"), "--as", "university", stdin=receipt,
            ).out
        )  # fmt: skip
        self.ipse("log", "receipts", "1", "--countersigned", signed)
        return signed

    def withdrawn(self) -> Path:
        file = self.file("withdrawal.jwt")
        self.ipse("dapp", "withdraw", "1", "-o", file, "--force")
        return file

    def reply(self, *options: str, code: int = 0) -> str:
        receipt = self.file("countersigned.json")
        run = self.ipse(
            "dapp", "reply", self.withdrawn(), "--receipt", receipt, "--as", "university", *options, code=code
        )
        return run.out


@pytest.fixture
def exchange(taught_after: Callable[[Preparation], Ipse], tmp_path: Path) -> _Exchange:
    """One answer with promises, one without; both under a grant."""
    ipse = taught_after(_taste)
    did = ipse("did", "show", "university", "--json").json["did"]
    made = _Exchange(ipse, did, tmp_path)
    ipse("dapp", "grant", did, "--level", "choose", "--exact")
    made.file("answer").write_text(ipse("dapp", "answer", made.request("request.jwt", *_PROMISES)).out)
    ipse("dapp", "answer", made.request("plain.jwt"))
    return made


def test_a_request_has_the_promises_as_odrl_and_none_without_them(exchange: _Exchange) -> None:
    def question(name: str) -> dict[str, object]:
        claims = json.loads(base64url.decode(exchange.file(name).read_text().split(".")[1]))
        read: dict[str, object] = json.loads(base64url.decode(claims["transaction_data"][0]))
        return read

    terms = question("request.jwt")["terms"]
    assert isinstance(terms, dict)
    assert (terms["@type"], terms["assignee"]) == ("Request", exchange.did)
    assert terms["prohibition"] == [{"action": "sell"}]
    assert "a free lecture" in json.dumps(terms["permission"])
    assert "terms" not in question("plain.jwt")


@pytest.mark.parametrize("text", ["", "x" * 301, "two\nlines"])
def test_a_promise_that_may_not_be_shown_is_not_made(text: str, tmp_path: Path) -> None:
    run = Ipse(tmp_path / "application")(
        "dapp", "request", "--audience", _ORIGIN, "--purpose", "p", "--level", "topics", "--topics", "hiking",
        "--in-return", text, code=6,
    )  # fmt: skip
    assert "in return" in run.err


def test_the_application_signs_the_receipt_with_the_terms_of_its_own_request_alone(
    exchange: _Exchange,
) -> None:
    signed = json.loads(exchange.countersign().read_text())
    payload = json.loads(base64url.decode(signed["payload"]))
    assert payload["terms"]["@type"] == "Agreement"
    assert payload["given"].keys() == {"choices"}


def test_an_answer_is_withdrawn_and_the_application_says_that_it_deleted_it(exchange: _Exchange) -> None:
    ipse = exchange.ipse
    exchange.countersign()
    first = ipse("dapp", "withdraw", "1")
    assert "promised to delete the answer on demand: send it the withdrawal" in first.err
    assert ipse("dapp", "withdraw", "1").out == first.out
    assert exchange.withdrawn().read_text() == first.out
    facts = ipse("dapp", "withdraw", "1", "--json").json
    assert facts == {
        "withdrawal": first.out.strip(), "entry": 1, "party": exchange.did, "deletion_promised": True,
        "promise_signed": True,
    }  # fmt: skip
    reply = exchange.reply("--deleted")
    kept = ipse("dapp", "withdraw", "1", "--reply", "-", stdin=reply)
    assert kept.out.startswith(f"{exchange.did} says that it deleted the answer on 20")
    rows = ipse("log", "receipts", "--json").json["receipts"]
    assert [(row["withdrawn"], row["replied"]) for row in rows] == [(True, True), (False, False)]


def test_a_refusal_comes_with_its_reason_in_quotation_marks(exchange: _Exchange) -> None:
    exchange.countersign()
    reply = exchange.reply("--refused", 'an order" is open')
    run = exchange.ipse("dapp", "withdraw", "1", "--reply", "-", stdin=reply)
    assert run.out.endswith('to delete the answer: "an order\' is open"\n')
    told = exchange.ipse("dapp", "withdraw", "1", "--reply", "-", "--json", stdin=reply).json
    assert (told["outcome"], told["reason"], told["signed_by"]) == (
        "refused", 'an order" is open', exchange.did
    )  # fmt: skip


def test_withdrawing_says_where_deletion_was_not_promised_and_where_there_is_nothing_to_withdraw(
    exchange: _Exchange,
) -> None:
    ipse = exchange.ipse
    assert "did not promise to delete" in ipse("dapp", "withdraw", "2").err
    assert "`ipse log list`" in ipse("dapp", "withdraw", "3", code=5).err
    exchange.countersign()
    reply = exchange.reply("--deleted")
    ipse("dapp", "withdraw", "2", "--reply", "-", stdin=reply, code=3)
    ipse("dapp", "withdraw", "1", "--reply", "-", stdin="nonsense", code=6)
    ipse("dapp", "withdraw", "1", "--reply", "-", "-o", exchange.file("x"), stdin=reply, code=2)


def test_a_reply_needs_the_withdrawal_before_it(exchange: _Exchange) -> None:
    run = exchange.ipse("dapp", "withdraw", "1", "--reply", "-", stdin="a.b.c", code=5)
    assert "`ipse dapp withdraw 1`" in run.err


def test_a_reply_takes_the_countersigned_receipt_its_own_withdrawal_and_one_outcome(
    exchange: _Exchange,
) -> None:
    ipse = exchange.ipse
    exchange.countersign()
    for options in ((), ("--deleted", "--refused", "no"), ("--refused", "")):
        assert exchange.reply(*options, code=2) == ""
    bare, other = exchange.file("bare.json"), exchange.file("other.jwt")
    bare.write_text(json.dumps(ipse("log", "receipts", "2", "--json").json))
    ipse("dapp", "withdraw", "2", "-o", other)
    common = ("--as", "university", "--deleted")
    run = ipse("dapp", "reply", other, "--receipt", bare, *common, code=3)
    assert "`ipse dapp receipt`" in run.err
    signed = exchange.file("countersigned.json")
    assert ipse("dapp", "reply", other, "--receipt", signed, *common, code=3).out == ""
    run = ipse("dapp", "reply", exchange.withdrawn(), "--receipt", signed, "--as", "me", "--deleted", code=2)
    assert run.out == ""


def test_revoking_names_what_was_promised_to_be_deleted_and_withdraws_it_into_a_folder(
    exchange: _Exchange,
) -> None:
    ipse, folder = exchange.ipse, exchange.file("withdrawals")
    told = ipse("dapp", "revoke", exchange.did)
    assert "it promised to delete on demand: 1; `ipse dapp withdraw 1`" in told.err
    folder.mkdir()
    found = ipse("dapp", "revoke", exchange.did, "--withdrawals", folder, "--json").json
    (file,) = found["withdrawals"]
    assert (found["ended"], found["deletable"]) == (0, [1])
    assert Path(file).read_text() == ipse("dapp", "withdraw", "1").out
    run = ipse("dapp", "revoke", exchange.did, "--withdrawals", folder, code=2)
    assert "another folder" in run.err
    exchange.countersign()
    ipse("dapp", "withdraw", "1", "--reply", "-", stdin=exchange.reply("--deleted"))
    ipse("dapp", "revoke", exchange.did, code=5)


def test_a_folder_that_is_not_there_ends_no_grant(exchange: _Exchange) -> None:
    ipse = exchange.ipse
    ipse("dapp", "revoke", exchange.did, "--withdrawals", exchange.file("nowhere"), code=6)
    assert ipse("dapp", "revoke", exchange.did, "--json").json["ended"] == 1


def test_the_export_has_what_was_signed(exchange: _Exchange) -> None:
    ipse, file = exchange.ipse, exchange.file("export.json")
    exchange.countersign()
    reply = exchange.reply("--deleted")
    ipse("dapp", "withdraw", "1", "--reply", "-", stdin=reply)
    ipse("log", "receipts", "1", "--export", "-o", file)
    (one,) = json.loads(file.read_text())["answers"]
    assert one["request"] == exchange.file("request.jwt").read_text().strip()
    assert one["answer"] == exchange.file("answer").read_text().strip()
    assert one["countersigned"] == json.loads(exchange.file("countersigned.json").read_text())
    assert one["withdrawal"] == exchange.withdrawn().read_text().strip()
    assert one["reply"] == reply.strip()
    payload = json.loads(base64url.decode(one["receipt"]["payload"]))
    assert hashlib.sha256(one["request"].encode()).hexdigest() == payload["request"]
    whole = json.loads(ipse("log", "receipts", "--export").out)
    assert [answer["number"] for answer in whole["answers"]] == [1, 2]
    assert "with -o" in ipse("log", "receipts", "--export", "-o", file, code=2).err
    ipse("log", "receipts", "1", "--export", "--countersigned", file, code=2)
    ipse("log", "receipts", "-o", exchange.file("list"), code=2)
    ipse("log", "receipts", "1", "-o", file, "--force")
    assert json.loads(file.read_text()) == one["countersigned"]


def _judge(exchange: _Exchange, export: str) -> subprocess.CompletedProcess[str]:
    """Run the program of the guide, which has no part in ipse, on an export."""
    guide = (REPOSITORY / "docs" / "disclosure_log.md").read_text()
    script = exchange.file("judge.py")
    script.write_text(re.findall(r"```python\n(.*?)```", guide, re.DOTALL)[1])
    return subprocess.run([sys.executable, script], input=export, capture_output=True, text=True, check=False)


def test_a_third_party_can_judge_an_export_without_ipse(exchange: _Exchange) -> None:
    ipse = exchange.ipse
    exchange.countersign()
    ipse("dapp", "withdraw", "1", "--reply", "-", stdin=exchange.reply("--refused", "an order is open"))
    judged = _judge(exchange, ipse("log", "receipts", "--export").out)
    first, second = judged.stdout.splitlines()
    assert re.fullmatch(
        rf"1: did:key:\w+ answered {exchange.did}, whose request is signed, which signed the receipt, "
        r"withdrawn \S+Z, refused \S+Z",
        first,
    )
    assert re.fullmatch(rf"2: did:key:\w+ answered {exchange.did}", second)


@pytest.mark.parametrize("member", ["request", "answer", "receipt", "countersigned", "withdrawal", "reply"])
def test_an_export_with_a_part_of_another_answer_does_not_hold(exchange: _Exchange, member: str) -> None:
    """Two answers to one application, all of whose parts are genuine."""
    ipse = exchange.ipse
    exchange.countersign()
    ipse("dapp", "withdraw", "1", "--reply", "-", stdin=exchange.reply("--deleted"))
    ipse("dapp", "answer", exchange.request("third.jwt", *_PROMISES), code=None)
    export = json.loads(ipse("log", "receipts", "--export").out)
    export["answers"] = [export["answers"][0], export["answers"][2]]
    first, other = export["answers"]
    assert _judge(exchange, json.dumps(export)).returncode == 0
    if member in ("countersigned", "withdrawal", "reply"):
        other["withdrawal"] = ipse("dapp", "withdraw", "3").out.strip()
    other[member] = first[member]
    assert "does not hold" in _judge(exchange, json.dumps(export)).stderr
