"""`ipse log`, and the program in its guide that verifies an export without ipse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.storage import answers, disclosure_log
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.conftest import EXAMPLES, PASSPHRASE, REPOSITORY, Ipse, at
from tests.made import tamper as changed_behind
from tests.waiting import PATIENCE

_GUIDE = (REPOSITORY / "docs" / "disclosure_log.md").read_text()


def present(ipse: Ipse, nonce: str) -> str:
    """Present the one credential of the wallet, made first if need be; what left."""
    held = ipse("vc", "list", "--json").json["credentials"]
    if not held:
        me = ipse("did", "show", "me", "--json").json["did"]
        made = ipse(
            "vc", "issue", "--issuer", "university", "--subject", me, "--type", "T", "--undefined-terms",
            "--format", "jwt", "--claims", EXAMPLES / "claims.json",
        )  # fmt: skip
        ipse("vc", "add", "-", stdin=made.out)
        held = ipse("vc", "list", "--json").json["credentials"]
    audience = "https://verifier.example"
    return ipse("vc", "present", held[0]["id"], "--audience", audience, "--nonce", nonce, "-q").out.strip()


@pytest.fixture(scope="module")
def template(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet that has presented a credential three times."""
    home = tmp_path_factory.mktemp("logged") / "wallet"
    shutil.copytree(_template, home)
    for number in range(3):
        present(at(home), f"nonce-{number}")
    return home


@pytest.fixture
def logged(template: Path, tmp_path: Path) -> Ipse:
    """A copy of it for one test."""
    home = tmp_path / "wallet"
    shutil.copytree(template, home)
    return at(home)


class TestTheCommands:
    def test_an_entry_holds_exactly_what_left(self, ipse: Ipse) -> None:
        left = present(ipse, "n-1")
        entry = ipse("log", "show", "1", "--json").json
        assert entry["released"] == left
        assert entry["answer"] == hashlib.sha256(left.encode()).hexdigest()
        assert entry["request"] == hashlib.sha256(b"n-1").hexdigest()
        assert {name: entry[name] for name in ("number", "application", "address", "level")} == {
            "number": 1,
            "application": "https://verifier.example",
            "address": "https://verifier.example",
            "level": "credentials",
        }
        assert [entry[name] for name in ("consent", "grant", "said")] == ["owner", None, True]

    def test_the_list_says_what_left_to_whom_on_whose_word(self, logged: Ipse) -> None:
        lines = logged("log", "list").out.splitlines()
        assert [line.split()[0] for line in lines] == ["1", "2", "3"]
        assert all("https://verifier.example" in line and "owner" in line for line in lines)
        assert [row["number"] for row in logged("log", "list", "--json").json["disclosures"]] == [1, 2, 3]

    def test_a_log_that_is_whole_says_so(self, ipse: Ipse) -> None:
        assert ipse("log", "verify").out == "0 entries, the chain is whole\n"
        present(ipse, "n-1")
        assert ipse("log", "verify").out == "1 entry, the chain is whole\n"
        verified = ipse("log", "verify", "--json").json
        assert verified["key"].startswith("did:key:z6Mk")
        entry = ipse("log", "export").out.splitlines()[0]
        assert verified["head"] == hashlib.sha256(entry.encode()).hexdigest()
        assert verified["key"] in ipse("log", "verify", "-v").err

    def test_a_vault_of_last_week_is_found_and_lets_nothing_leave(self, ipse: Ipse) -> None:
        present(ipse, "n-1")
        vault = ipse.home / "vault.db"
        old = vault.read_bytes()
        present(ipse, "n-2")
        new = vault.read_bytes()
        vault.write_bytes(old)
        for command in ("verify", "export"):
            error = ipse("log", command, "--json", code=3).error
            assert error["code"] == "vault-outdated"
            assert "the vault is older than the wallet" in error["message"]
        identifier = ipse("vc", "list", "--json").json["credentials"][0]["id"]
        refused = ipse(
            "vc", "present", identifier, "--audience", "https://verifier.example", "--nonce", "n", code=3
        )
        assert refused.out == ""
        assert len(ipse("log", "list", "--json").json["disclosures"]) == 1
        vault.write_bytes(new)
        ipse("log", "verify")
        present(ipse, "n-3")

    def test_the_export_goes_into_a_file_of_the_owners_alone(self, logged: Ipse, tmp_path: Path) -> None:
        file = tmp_path / "log.ndjson"
        assert logged("log", "export", "-o", file).out == f"{file}\n"
        *entries, end = file.read_text().splitlines()
        *printed, last = logged("log", "export").out.splitlines()
        assert (entries, json.loads(end)["key"]) == (printed, json.loads(last)["key"])
        assert file.stat().st_mode & 0o777 == 0o600
        logged("log", "export", "-o", tmp_path, code=6)
        logged("log", "export", "-o", tmp_path / "none" / "log", code=6)

    def test_the_export_as_one_object_says_the_same(self, logged: Ipse) -> None:
        *entries, end = map(json.loads, logged("log", "export").out.splitlines())
        found = logged("log", "export", "--json").json
        assert (found["entries"], found.keys()) == (entries, {"entries", "end"})
        assert _undated(found["end"]) == _undated(end)

    def test_an_entry_or_a_receipt_that_is_not_there_is_exit_5(self, logged: Ipse) -> None:
        for number in ("0", "4"):
            logged("log", "show", number, code=5)
            logged("log", "receipts", number, code=5)

    def test_a_presentation_has_no_receipt(self, logged: Ipse) -> None:
        run = logged("log", "receipts")
        assert (run.out, run.err) == ("", "no answer has a receipt\n")
        assert logged("log", "receipts", "--json").json == {"receipts": []}
        logged("log", "receipts", "1", code=5)

    def test_the_list_of_receipts_says_which_the_application_has_signed(self, logged: Ipse) -> None:
        places = Places(logged.home, logged.home / "cache")
        with Wallet(places, lambda: PASSPHRASE) as wallet:
            for number in (1, 3):
                answers.keep_receipt(wallet.vault, number, "{}")
            answers.countersign(wallet.vault, 3, "{}")
        rows = logged("log", "receipts", "--json").json["receipts"]
        assert [(row["number"], row["countersigned"]) for row in rows] == [(1, False), (3, True)]
        assert {row["application"] for row in rows} == {"https://verifier.example"}
        assert [line.split()[-4] for line in logged("log", "receipts").out.splitlines()] == ["no", "yes"]

    def test_what_is_no_receipt_is_refused(self, logged: Ipse) -> None:
        logged("log", "receipts", "--countersigned", "-", stdin="{}", code=2)
        logged("log", "receipts", "1", "--countersigned", "-", stdin="nonsense", code=6)


@dataclass(frozen=True, slots=True)
class Behind:
    """A wallet whose vault is one entry older than its keystore, and that vault and the newest one."""

    ipse: Ipse
    old: bytes
    new: bytes

    @property
    def vault(self) -> Path:
        """Where the one in use lies."""
        return self.ipse.home / "vault.db"


@pytest.fixture
def behind(logged: Ipse) -> Behind:
    """Three entries are there, and the keystore remembers four."""
    vault = logged.home / "vault.db"
    old = vault.read_bytes()
    present(logged, "nonce-3")
    new = vault.read_bytes()
    vault.write_bytes(old)
    return Behind(logged, old, new)


def at_terminal(ipse: Ipse, *options: str) -> Any:
    """`ipse log accept` before a person."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    command = ["-m", "ipse", "log", "accept", *options]
    return pexpect.spawn(
        sys.executable, command, env=ipse.variables, encoding="utf-8", timeout=PATIENCE, dimensions=(24, 80)
    )


def ended(child: Any) -> tuple[int, str]:
    """The exit code, and what was shown to the end."""
    shown = str(child.read())
    child.close()
    return child.exitstatus, shown


def _undated(end: dict[str, Any]) -> dict[str, Any]:
    """What the end of an export says, without the time of its head and the signature over that."""
    head = json.loads(base64url.decode(end["head"].split(".")[1]))
    return {**end, "head": {name: value for name, value in head.items() if name != "time"}}


_PROMPT = "go on without what is lost? type accept: "


class TestAcceptingALoss:
    def test_takes_the_typed_word_and_goes_on(self, behind: Behind) -> None:
        ipse = behind.ipse
        assert "`ipse log accept`" in ipse("log", "verify", "--json", code=3).error["hint"]
        child = at_terminal(ipse)
        child.expect_exact(_PROMPT)
        shown = str(child.before)
        assert re.search(r"The keystore remembers state (\d+), this vault\.db has state (\d+)", shown)
        assert "at least 1 of its changes" in shown
        assert "no private summary is drawn until you set limits for them: `ipse dapp summary`" in shown
        assert len(shown.splitlines()) <= 22
        child.send("accept\r")
        code, told = ended(child)
        assert code == 0
        assert "accepted: log entry 4 says what is lost" in told
        assert ipse("log", "verify").out == "4 entries, the chain is whole\n"
        present(ipse, "nonce-4")
        assert verified(ipse("log", "export").out.encode()).returncode == 0
        behind.vault.write_bytes(behind.old)
        ipse("log", "verify", code=3)

    def test_is_an_entry_like_others_to_all_that_lists_them(self, behind: Behind) -> None:
        ipse = behind.ipse
        child = at_terminal(ipse, "-q")
        child.expect_exact(_PROMPT)
        child.send("accept\r")
        assert ended(child)[0] == 0
        entry = ipse("log", "show", "4", "--json").json
        assert entry["lost"].keys() == {"remembered", "digest", "here"}
        assert entry["lost"]["remembered"] == entry["lost"]["here"] + 1
        listed = ipse("log", "list", "--json").json["disclosures"]
        assert {"method": None, "bits": None, **entry} in listed
        last = ipse("log", "list").out.splitlines()[-1].split()
        assert (last[0], last[2:6]) == ("4", ["log", "-", "-", "owner"])
        assert ipse("log", "receipts", "--json").json == {"receipts": []}
        ipse("log", "receipts", "4", code=5)
        assert ipse("status", "--json").json["disclosures"] == 4
        assert ipse("dapp", "summary", "--json").json["limits"] == {"year": 0, "life": 0}
        raised = ipse("dapp", "summary", "--year", "0.4", "--life", "0.8", "--json").json
        assert raised["limits"] == {"year": 0.4, "life": 0.8}
        named = set(re.findall(r"`(\w+)`", _GUIDE.partition("## What is in an entry")[2].partition("##")[0]))
        assert set(entry) <= named

    @pytest.mark.sampled(1)
    @pytest.mark.parametrize(
        "typed",
        ["\r", "yes\r", "Accept\r", "accept it\r", "no\r"],
        ids=["return", "yes", "Accept", "accept it", "no"],
    )
    def test_takes_no_other_word(self, behind: Behind, typed: str) -> None:
        child = at_terminal(behind.ipse)
        child.expect_exact(_PROMPT)
        child.send(typed)
        code, told = ended(child)
        assert code == 7
        assert "nothing was accepted" in told
        assert behind.vault.read_bytes() == behind.old
        behind.vault.write_bytes(behind.new)
        assert behind.ipse("log", "verify").out == "4 entries, the chain is whole\n"

    @pytest.mark.parametrize("typed", ["\x04", "accept\x04\x04"], ids=["at once", "after accept"])
    def test_is_interrupted_by_the_end_of_input(self, behind: Behind, typed: str) -> None:
        child = at_terminal(behind.ipse)
        child.expect_exact(_PROMPT)
        child.send(typed)
        assert ended(child)[0] == 130
        assert behind.vault.read_bytes() == behind.old

    def test_takes_a_person_at_a_terminal(self, behind: Behind) -> None:
        for options in ([], ["--no-input"], ["--json"]):
            run = behind.ipse("log", "accept", *options, stdin="accept\n", code=7)
            assert run.out == ""
        assert run.error["code"] == "consent-needed"
        child = at_terminal(behind.ipse, "--no-input")
        assert ended(child)[0] == 7
        assert "--yes" not in behind.ipse("log", "accept", "--help").out
        behind.ipse("log", "accept", "--yes", code=2)
        assert behind.vault.read_bytes() == behind.old

    def test_is_not_done_by_an_interrupt(self, behind: Behind) -> None:
        child = at_terminal(behind.ipse)
        child.expect_exact(_PROMPT)
        child.sendintr()
        assert ended(child)[0] == 130
        assert behind.vault.read_bytes() == behind.old

    def test_says_so_where_nothing_is_lost_and_changes_nothing(self, logged: Ipse) -> None:
        vault = (logged.home / "vault.db").read_bytes()
        assert logged("log", "accept").out == "nothing is lost; nothing was changed\n"
        assert logged("log", "accept", "--json").json == {"accepted": False, "entry": None, "lost": None}
        assert (logged.home / "vault.db").read_bytes() == vault

    def test_is_refused_where_entries_were_edited(self, behind: Behind) -> None:
        ipse = behind.ipse
        places = Places(ipse.home, ipse.home / "cache")
        with Wallet(places, lambda: PASSPHRASE, doubt=lambda _: None) as wallet:
            (first, *_) = disclosure_log.every(wallet.vault)
            edited = first.stored.replace(b"verifier.example", b"verifier.examplf")
            changed_behind(wallet.vault, "UPDATE disclosures SET entry = ? WHERE number = 1", [(edited,)])
        vault = behind.vault.read_bytes()
        error = ipse("log", "accept", "--json", code=3).error
        assert error["message"] == "the disclosure log is broken: entry 1 was altered"
        child = at_terminal(ipse)
        assert ended(child)[0] == 3
        assert behind.vault.read_bytes() == vault

    def test_tells_that_the_count_is_gone(self, logged: Ipse) -> None:
        with Wallet(Places(logged.home, logged.home / "cache"), lambda: PASSPHRASE) as wallet:
            wallet.keystore.remove(wallet.manifest.state_item)
        child = at_terminal(logged, "--json")
        child.expect_exact(_PROMPT)
        assert "The keystore no longer remembers the state of the vault" in str(child.before)
        child.send("accept\r")
        code, told = ended(child)
        assert code == 0
        said = json.loads(told[told.index("{") :])
        here = said["lost"].pop("here")
        assert here > 3
        assert said == {"accepted": True, "entry": 4, "lost": {"remembered": None, "digest": None}}

    def test_tells_that_an_entry_is_another_one(self, behind: Behind) -> None:
        """An older vault that was accepted, after which the one of before came back."""
        child = at_terminal(behind.ipse)
        child.expect_exact(_PROMPT)
        child.send("accept\r")
        assert ended(child)[0] == 0
        behind.vault.write_bytes(behind.new)
        child = at_terminal(behind.ipse)
        child.expect_exact(_PROMPT)
        shown = " ".join(str(child.before).split())
        assert "of its changes are lost" in shown
        child.send("accept\r")
        assert ended(child)[0] == 0
        assert behind.ipse("log", "verify").out == "5 entries, the chain is whole\n"


def program() -> str:
    """The verifier as the guide prints it."""
    (text, _) = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    return str(text)


def verified(export: bytes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the guide's program on an export, away from this package."""
    return subprocess.run(
        [sys.executable, "-I", "-c", program(), *arguments],
        input=export.decode("utf-8", "surrogateescape"),
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        encoding="utf-8",
    )


def changed(line: str, **members: Any) -> str:
    """A line with other members, in canonical form."""
    return json.dumps({**json.loads(line), **members}, sort_keys=True, separators=(",", ":"))


def chained(lines: list[str]) -> list[str]:
    """Entries numbered and chained anew, as a forger would."""
    made: list[str] = []
    for number, line in enumerate(lines, start=1):
        previous = hashlib.sha256(made[-1].encode()).hexdigest() if made else "0" * 64
        made.append(changed(line, number=number, previous=previous))
    return made


def with_payload(end: str, **members: Any) -> str:
    """The last line with other members in the signed payload, under the old signature."""
    header, payload, signature = json.loads(end)["head"].split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    body = base64.urlsafe_b64encode(json.dumps({**said, **members}).encode()).decode().rstrip("=")
    return changed(end, head=f"{header}.{body}.{signature}")


def mended(entries: list[str], end: str) -> list[str]:
    """The entries chained anew, with a head that says so, unsigned."""
    made = chained(entries)
    digest = hashlib.sha256(made[-1].encode()).hexdigest()
    return [*made, with_payload(end, count=len(made), digest=digest)]


Tampering = Callable[[list[str]], list[str]]
TAMPERED: dict[str, Tampering] = {
    "a space put in": lambda lines: [lines[0], lines[1].replace(":", ": ", 1), *lines[2:]],
    "what left edited": lambda lines: [lines[0], changed(lines[1], released="another"), *lines[2:]],
    "the last entry edited": lambda lines: [*lines[:2], changed(lines[2], purpose="another"), lines[3]],
    "edited and mended": lambda lines: mended([changed(lines[0], purpose="another"), *lines[1:3]], lines[3]),
    "the first one deleted": lambda lines: lines[1:],
    "one in the middle deleted": lambda lines: [lines[0], *lines[2:]],
    "deleted and mended": lambda lines: mended([lines[0], lines[2]], lines[3]),
    "reordered": lambda lines: [lines[1], lines[0], *lines[2:]],
    "reordered and mended": lambda lines: mended([lines[1], lines[0], lines[2]], lines[3]),
    "one twice": lambda lines: [lines[0], *lines],
    "the tail cut off": lambda lines: [*lines[:2], lines[3]],
    "the tail cut off and the head changed": lambda lines: [
        *lines[:2],
        with_payload(lines[3], count=2, digest=hashlib.sha256(lines[1].encode()).hexdigest()),
    ],
    "all entries cut off": lambda lines: lines[3:],
    "the head cut off": lambda lines: lines[:3],
    "nothing left": lambda _: [],
    "another time signed": lambda lines: [*lines[:3], with_payload(lines[3], time="2020-01-01T00:00:00Z")],
    "another type signed": lambda lines: [*lines[:3], with_payload(lines[3], type="urn:ipse:receipt:1")],
    "no signature": lambda lines: [
        *lines[:3],
        changed(lines[3], head=json.loads(lines[3])["head"].rpartition(".")[0] + "."),
    ],
    "another key": lambda lines: [
        *lines[:3],
        changed(lines[3], key="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"),
    ],
    "text after the end": lambda lines: [*lines, "{}"],
}


def test_the_guides_program_verifies_an_export_and_finds_all_tampering(logged: Ipse) -> None:
    export = logged("log", "export").out
    key = logged("log", "verify", "--json").json["key"]
    for arguments in ([], [key]):
        run = verified(export.encode(), *arguments)
        assert (run.returncode, run.stderr) == (0, "")
        assert re.fullmatch(rf"3 entries, whole, signed by {key} at \S+Z\n", run.stdout)
    for name, tamper in TAMPERED.items():
        tampered = "".join(f"{line}\n" for line in tamper(export.splitlines()))
        assert tampered != export, name
        run = verified(tampered.encode())
        assert run.returncode != 0, name
        assert run.stdout == "", name
    cut = verified(export[:-1].encode())
    assert cut.returncode != 0, "an export that lost its last byte is not whole"


@pytest.mark.slow
def test_the_guides_program_finds_the_head_of_another_log(
    logged: Ipse, no_wallet: Ipse, tmp_path: Path
) -> None:
    """Of the same wallet at another time, and of another wallet."""
    before = logged("log", "export").out.splitlines()
    present(logged, "n-4")
    after = logged("log", "export").out.splitlines()
    other = Ipse(tmp_path / "other", no_wallet.environment)
    other("init", "--keystore", "file")
    for name in ("me", "university"):
        other("did", "create", "--name", name)
    for number in range(3):
        present(other, f"nonce-{number}")
    foreign = other("log", "export").out.splitlines()
    for entries, end in (
        (before[:-1], after[-1]),
        (after[:-1], before[-1]),
        (before[:-1], foreign[-1]),
        (foreign[:-1], before[-1]),
    ):
        run = verified("".join(f"{line}\n" for line in [*entries, end]).encode())
        assert (run.returncode, run.stdout) == (1, "")
        assert "not whole" in run.stderr
    key = logged("log", "verify", "--json").json["key"]
    whole = "".join(f"{line}\n" for line in foreign).encode()
    assert verified(whole).returncode == 0
    assert "another key" in verified(whole, key).stderr


def test_the_guides_program_reads_the_export_of_an_empty_log(ipse: Ipse) -> None:
    run = verified(ipse("log", "export").out.encode())
    assert run.returncode == 0
    assert run.stdout.startswith("0 entries, whole")


def test_the_program_has_a_few_lines_and_needs_nothing_of_ipse() -> None:
    lines = [line for line in program().splitlines() if line.strip()]
    assert len(lines) <= 30
    imported = re.findall(r"^(?:import|from) (.*)$", program(), re.MULTILINE)
    assert imported == ["base64, hashlib, json, sys", "nacl.signing import VerifyKey"]


def test_the_guide_names_every_member_of_an_entry(logged: Ipse) -> None:
    named = set(re.findall(r"`(\w+)`", _GUIDE.partition("## What is in an entry")[2].partition("##")[0]))
    assert set(logged("log", "show", "1", "--json").json) <= named
