"""Wallets that earlier versions made open, migrate and answer as they did then."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.cli import main
from ipse.cli.context import Context
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.encoding import base64url
from ipse.encoding.timestamps import parse_timestamp
from ipse.storage.schema import MIGRATIONS
from ipse.wallet.directory import find_places
from ipse.wallet.wallet import Wallet
from tests.conftest import EXAMPLES, PASSPHRASE, REPOSITORY, Run, at

_KEPT = REPOSITORY / "tests" / "kept_wallets"
_FOLDERS = sorted(path.parent for path in _KEPT.glob("*/expected.json"))
_EXPECTED = {folder: json.loads((folder / "expected.json").read_text()) for folder in _FOLDERS}


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy of a kept wallet. `run` runs a command on it in this process, at the time that is `expected`."""

    folder: Path
    expected: dict[str, Any]
    now: datetime
    run: Callable[..., Run]

    def json(self, *arguments: str | Path) -> Any:
        """What a command says under --json; it must succeed."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done.err
        return done.json


@pytest.fixture(params=_FOLDERS, ids=lambda folder: folder.name)
def kept(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Kept:
    """A kept wallet, private as it was on the owner's disk."""
    folder: Path = request.param
    home = tmp_path / "wallet"
    shutil.copytree(folder / "wallet", home)
    home.chmod(0o700)
    for file in home.iterdir():
        file.chmod(0o600)
    for name, value in at(home).variables.items():
        monkeypatch.setenv(name, value)
    now = parse_timestamp(_EXPECTED[folder]["now"])
    monkeypatch.setattr(Context, "now", property(lambda _: now))

    def run(*arguments: str | Path) -> Run:
        capsys.readouterr()
        code = main.run([*map(str, arguments)])
        return Run(code, *capsys.readouterr())

    return Kept(folder, _EXPECTED[folder], now, run)


_CHOOSE = ("--audience", "https://shop.example", "--candidates", "things", "--top", "1")


def _answered(kept: Kept, tmp_path: Path, *options: str) -> Any:
    """What the wallet says to a new request, with exit code 0 or 7."""
    things, request = tmp_path / "things.txt", tmp_path / "request.json"
    things.write_text("a hiking tour in the mountains\nan evening of live jazz\na class in baking bread\n")
    named = [str(things) if option == "things" else option for option in options]
    made = kept.run("dapp", "request", "--purpose", "to show you something", *named, "-o", request)
    assert made.code == 0, made.err
    done = kept.run("dapp", "answer", request, "--json")
    assert done.code in (0, 7), done.err
    return done.json


def _verified_log(kept: Kept) -> int:
    """How many entries the log has, which must verify."""
    verified = kept.json("log", "verify")
    assert verified["outcome"] == "passed"
    return int(verified["entries"])


def _later(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days later, when the answers of a day no longer count."""
    monkeypatch.setattr(Context, "now", property(lambda _: kept.now + timedelta(days=2)))


def test_every_folder_is_covered() -> None:
    assert sorted(path for path in _KEPT.iterdir() if path.is_dir()) == _FOLDERS


def test_it_opens_with_its_passphrase_and_is_migrated(kept: Kept) -> None:
    with Wallet(find_places(), lambda: PASSPHRASE) as wallet:
        assert wallet.vault.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
        assert wallet.vault.rows("PRAGMA integrity_check") == [("ok",)]


def test_its_dids_are_there(kept: Kept) -> None:
    dids = kept.json("did", "list")["dids"]
    assert {entry["name"]: entry["did"] for entry in dids} == kept.expected["dids"]
    assert [entry["name"] for entry in dids if entry["default"]] == [kept.expected["default"]]


def test_its_credentials_are_there(kept: Kept) -> None:
    held = kept.json("vc", "list")["credentials"]
    assert {entry["id"]: entry["format"] for entry in held} == kept.expected["credentials"]
    assert {entry["verified"] for entry in held} == {True}


@pytest.mark.parametrize(
    ("kept", "credential"),
    [
        pytest.param(
            folder,
            credential,
            id=f"{folder.name}-{form}",
            marks=pytest.mark.skipif(
                form == "w3c-1.1" and not didkit_process.available(), reason="didkit is not installed"
            ),
        )
        for folder in _FOLDERS
        for credential, form in _EXPECTED[folder]["credentials"].items()
    ],
    indirect=["kept"],
)
def test_each_credential_verifies(kept: Kept, credential: str) -> None:
    assert kept.json("vc", "check", credential)["outcome"] == "passed"


def test_its_trust_list_is_there(kept: Kept) -> None:
    listed = kept.json("trust", "list")["issuers"]
    assert [[entry["did"], entry["type"]] for entry in listed] == kept.expected["trusted"]


def test_its_status_counts_what_is_in_it(kept: Kept) -> None:
    said = kept.json("status")
    assert {name: said[name] for name in kept.expected["status"]} == kept.expected["status"]


def test_its_statements_are_there(kept: Kept) -> None:
    listed = {str(entry["number"]): entry for entry in kept.json("profile", "list")["statements"]}
    assert len(listed) == kept.expected["profile"]["opinions"]
    for number, members in kept.expected["statements"].items():
        assert {name: listed[number][name] for name in members} == members


@pytest.mark.usefixtures("profile_extra")
def test_its_profile_adds_up_to_the_same(kept: Kept) -> None:
    said = kept.json("profile", "stats")
    assert {name: said[name] for name in kept.expected["profile"]} == kept.expected["profile"]


@pytest.mark.usefixtures("profile_extra")
def test_its_profile_can_be_searched(kept: Kept) -> None:
    found = kept.json("profile", "search", kept.expected["search"]["for"])["statements"]
    assert found[0]["number"] == kept.expected["search"]["first"]


@pytest.mark.usefixtures("profile_extra")
def test_a_closed_topic_stays_closed_and_an_own_topic_the_owners(kept: Kept) -> None:
    topics = kept.json("profile", "topics", "--all")["topics"]
    closed = {topic["id"] for topic in topics if topic["access"] == "closed"}
    assert set(kept.expected["topics"]["closed"]) <= closed
    assert set(kept.expected["topics"]["own"]) <= {topic["label"] for topic in topics}


def test_its_log_is_whole(kept: Kept) -> None:
    verified = kept.json("log", "verify")
    assert verified["outcome"] == "passed"
    assert {name: verified[name] for name in kept.expected["log"]} == kept.expected["log"]


def test_its_grants_hold(kept: Kept) -> None:
    members = ("party", "level", "expires", "topics", "per_day")
    grants = kept.json("dapp", "grants")["grants"]
    assert [[grant[name] for name in members] for grant in grants] == kept.expected["grants"]
    assert {grant["revoked"] for grant in grants} == {None}


def test_its_grants_of_topics_are_exact_up_to_a_cap_and_the_others_private(kept: Kept) -> None:
    terms = {
        grant["level"]: (grant["exact"], grant["cap"]) for grant in kept.json("dapp", "grants")["grants"]
    }
    assert terms == {"topics": (True, 260), "choose": (False, None)}


def test_nothing_of_a_summary_is_spent_and_nothing_was_told_exactly(kept: Kept) -> None:
    summary = kept.json("dapp", "summary")
    assert {name: summary[name] for name in kept.expected["summary"]} == kept.expected["summary"]
    assert kept.run("dapp", "exposure", "--json").json == {"exposure": []}


def test_the_owner_is_told_once_what_has_become_of_grants_and_budgets(kept: Kept) -> None:
    assert kept.run("dapp", "summary", "-q").err == ""
    first = kept.run("dapp", "summary").err
    assert "grants are answered from a private summary now, and budgets are gone" in first
    assert "grants of topics go on exactly, up to 260 bits each" in first
    assert kept.run("dapp", "summary").err == ""


@pytest.mark.usefixtures("profile_extra")
def test_what_was_answered_before_counts_against_a_grants_answers_of_a_day(
    kept: Kept, tmp_path: Path
) -> None:
    answer = _answered(kept, tmp_path, *_CHOOSE)
    assert answer["reason_code"] == "grant-used-up"
    assert _verified_log(kept) == kept.expected["log"]["entries"] + 1


@pytest.mark.usefixtures("profile_extra")
def test_its_grant_of_choices_is_answered_from_a_private_summary(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later(kept, monkeypatch)
    answer = _answered(kept, tmp_path, *_CHOOSE)
    assert answer["said"]
    entry = kept.json("log", "show", str(answer["entry"]))
    assert (entry["consent"], entry["method"], entry["window"]) == ("grant 1", "private", "2026-09-04")
    assert entry["bits"] == 0
    summary = kept.json("dapp", "summary")
    assert (summary["ever"], summary["parties"]) == (0.4, ["https://shop.example"])
    assert _verified_log(kept) == kept.expected["log"]["entries"] + 1


@pytest.mark.usefixtures("profile_extra")
def test_its_grant_of_topics_is_answered_exactly(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later(kept, monkeypatch)
    answer = _answered(
        kept, tmp_path, "--level", "topics", "--audience", "https://library.example",
        "--topics", "mathematics,poetry", "--as", "library",
    )  # fmt: skip
    assert answer["said"]
    entry = kept.json("log", "show", str(answer["entry"]))
    assert (entry["consent"], entry["method"], entry["window"]) == ("grant 2", "owner", None)
    assert entry["bits"] == 2
    library, together = kept.json("dapp", "exposure")["exposure"]
    assert (library["application"], library["answers"], library["bits"]) == (entry["application"], 1, 2)
    assert together["answers"] == 1
    assert kept.json("dapp", "summary")["ever"] == 0
    assert _verified_log(kept) == kept.expected["log"]["entries"] + 1


@pytest.mark.usefixtures("profile_extra")
def test_a_request_that_was_answered_is_refused_as_a_replay(kept: Kept) -> None:
    refused = kept.run("dapp", "answer", kept.folder / "request.json", "--json")
    assert refused.code == 3
    assert refused.out == ""
    assert f"log entry {kept.expected['answered']}" in refused.error["message"]
    assert kept.json("log", "verify")["entries"] == kept.expected["log"]["entries"]


def test_its_answer_verifies_against_the_request(kept: Kept) -> None:
    request = kept.folder / "request.json"
    report = kept.json("dapp", "verify", kept.folder / "answer.txt", "--request", request)
    assert report["outcome"] == "passed"


def test_each_did_still_signs(kept: Kept, tmp_path: Path) -> None:
    for name, did in kept.expected["dids"].items():
        credential = tmp_path / f"{name}.json"
        kept.json(
            "vc", "issue", "--issuer", name, "--type", "DegreeCredential", "--claims",
            EXAMPLES / "claims.json", "--undefined-terms", "-o", credential,
        )  # fmt: skip
        assert json.loads(credential.read_text())["issuer"] == did
        if not did.startswith("did:web:"):  # which is resolved over the network
            assert kept.json("vc", "verify", credential, "--issuer", did)["outcome"] == "passed"


def test_its_status_list_still_has_the_revoked_entry(kept: Kept, tmp_path: Path) -> None:
    published = tmp_path / "list.json"
    kept.json("vc", "status", "publish", kept.expected["status_list"], "-o", published)
    encoded = json.loads(published.read_text())["credentialSubject"]["encodedList"]
    bits = gzip.decompress(base64url.decode(encoded.removeprefix("u")))
    entry = json.loads((kept.folder / "revoked.json").read_text())["credentialStatus"]
    index = int(entry["statusListIndex"])
    assert bits[index // 8] == 0x80 >> index % 8
    assert sum(bits) == bits[index // 8]
