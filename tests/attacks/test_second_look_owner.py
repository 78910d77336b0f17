"""A second look at what the owner reads, answers and writes, with the attacker's eyes.

The attacker wrote requests, credentials, exports and file names, or had put something where the owner's file
was to go. They wanted their own words at the start of a line, where the program's stand; a second budget
under another spelling; an answer for a request that was swapped, sent twice or not covered by a grant; a
receipt of something else; or the file itself. It cannot come back because all text is laid out in one place,
and so it is with the spelling of parties, the entry of answers and the writing of files.
"""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import stat
import struct
import subprocess
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ipse.cli import tty
from ipse.cli.commands.dapp.page import checklist, page
from ipse.cli.commands.vc import rendering
from ipse.cli.output import Output, cells, fitted, wrapped
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Item
from ipse.disclosure.proposals import Decision, Proposal
from ipse.disclosure.questions import parse_question
from ipse.encoding import strict_json
from ipse.errors import (
    AlreadyExists,
    IpseError,
    MalformedInput,
    RequestReplayed,
    StorageError,
    VerificationFailed,
)
from ipse.preferences import sources
from ipse.protocols.parties import origin_of, party_of
from ipse.storage.places import Places
from ipse.wallet import disclosure, output_files
from ipse.wallet.disclosure import dates, receipts
from ipse.wallet.wallet import Wallet
from tests.attacks.test_terminal_text import Screen
from tests.cli.test_vc import did_of, in_process
from tests.conftest import EXAMPLES, Ipse
from tests.made import empty_wallet
from tests.unit.cli.proposals import CHOOSE, proposal
from tests.unit.cli.test_verdict import Terminal, of, shown
from tests.unit.wallet.disclosure.material import (
    CLUB,
    NOW,
    REACH,
    SHOP,
    SHOP_UNSIGNED,
    Blending,
    about,
    ask,
    build,
    counted,
    never,
    teach,
    yes,
)
from tests.waiting import PATIENCE

FORGED = "VALID"
"""What the attacker wants at the start of a line."""
_SPACES = (" ", "\u00a0", "\u2003", "\u3000")


def _padded(word: str, width: int, filler: str = "x ") -> Iterator[str]:
    """Texts that have `word` at each of the places where a terminal of this width might break."""
    for before in range(width + 8):
        yield f"{(filler * width)[:before]}{word} {word}"


def _screen(terminal: io.FileIO, times: int) -> str:
    """What is written on a terminal until FORGED is there so many times; it may come piece by piece."""
    seen = b""
    while seen.count(FORGED.encode()) < times:
        assert select.select([terminal], [], [], PATIENCE)[0], seen
        seen += terminal.read(200)
    return seen.decode().replace("\r", "")


class TestNoTextOfOthersBeginsALine:
    @pytest.mark.parametrize("width", [12, 40, 80])
    @pytest.mark.parametrize("space", _SPACES[:2], ids=ascii)
    @pytest.mark.parametrize("wide", ["x", "\u4e2d", "\u1b44", "e\u0301", "\U0001f600"], ids=ascii)
    def test_whatever_stands_before_it(self, width: int, space: str, wide: str) -> None:
        for text in _padded(f"hint:{space}{FORGED}", width, wide + space):
            first, *rest = fitted(f"error: {text}", width)
            assert first.startswith("error:")
            assert all(line.startswith(" ") and cells(line) <= width for line in (" " + first[1:], *rest))

    def test_marks_that_take_a_cell_are_counted(self) -> None:
        """Some of the spacing marks have a combining class, and took no cell here."""
        spacing = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Mc"]
        assert all(cells(mark) >= 1 for mark in spacing)
        assert len(wrapped("\u1b44" * 300, 80)) == 4

    @pytest.mark.parametrize("width", [20, 40, 80])
    def test_not_by_the_name_of_a_claim_that_is_as_long_as_the_line(self, width: int) -> None:
        for length in range(1, width + 30):
            lines = shown(of(claims={"a" * length: f"{FORGED} {FORGED}"}), Terminal(width))
            end = next(at for at, line in enumerate(lines) if line.startswith(("\u2713", "passed")))
            begin = lines.index("") + 1
            assert all(line.startswith(" ") for line in lines[begin:end] if line)
            assert all(cells(line) <= width for line in lines)

    def test_not_in_a_table_an_error_a_message_or_facts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("NO_COLOR", "1")
        terminal = Screen()
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setattr("sys.stderr", terminal)
        output = Output()
        for text in _padded(FORGED, 60):
            for cuts in ((), ("purpose",)):
                output.table(
                    "rows", [{"number": 1, "purpose": text}], ("number", "purpose"), empty="", cuts=cuts
                )
            output.facts({"text": text})
            output.error(MalformedInput(text, hint=text))
            output.message(f"told: {text}")
            output.page(f"shown: {text}")
            output.result(f"said: {text}", {})
        lines = terminal.getvalue().splitlines()
        assert {line.split()[0] for line in lines if not line.startswith(" ")} == {
            "number", "1", "number:", "purpose:", "text:", "error:", "hint:", "told:", "shown:", "said:",
        }  # fmt: skip
        assert max(map(cells, lines)) <= 60

    def test_what_is_to_be_copied_stays_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        terminal = Screen()
        monkeypatch.setattr("sys.stdout", terminal)
        Output().result(f"did:jwk:{'e' * 200}", {})
        assert terminal.getvalue().count("\n") == 1

    @pytest.mark.parametrize("width", [30, 50, 64, 79])
    def test_not_on_the_consent_page_of_a_narrow_terminal(
        self, width: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = Screen()
        monkeypatch.setattr("sys.stderr", terminal)
        made = proposal(Choose(numbered([f"{FORGED} {'b ' * 120}", f"{FORGED} " * 40]), 1), f"{FORGED} " * 40)
        made = replace(made, question=replace(made.question, purpose=f"{FORGED} " * 48))
        Output().page(
            page(made) + checklist(made, [Item("1", f"{FORGED} " * 40, why=f"{FORGED} " * 40)], (), 9)
        )
        made = proposal(Statements(f"{FORGED} " * 40, 2), *[f"{FORGED} " * 40] * 2)
        Output().page(page(made) + checklist(made, made.offer.items, (), 9))
        lines = terminal.getvalue().splitlines()
        assert any(FORGED in line for line in lines)
        assert not any(line.startswith(FORGED[:2]) for line in lines)
        assert max(map(cells, lines)) <= width

    @pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals on this system")
    def test_not_where_the_answer_goes_into_a_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The page is as wide as the terminal that shows it, whatever standard output is."""
        fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
        reader, writer = os.openpty()
        fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        monkeypatch.delenv("COLUMNS", raising=False)
        with os.fdopen(reader, "rb", buffering=0) as shown, os.fdopen(writer, "w") as terminal:
            monkeypatch.setattr("sys.stderr", terminal)
            Output().page(f"{'x' * 38} {FORGED}")
            assert _screen(shown, 1).split() == ["x" * 38, FORGED]
            Output().page(f"{'x' * 34} a {FORGED} {FORGED}")
            assert f"\n    {FORGED}" in _screen(shown, 2)

    def test_not_where_two_columns_are_told_apart(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Two spaces in a row end a column: what a stranger wrote has none."""
        for space in _SPACES:
            row = {"type": f"Degree{space * 6}did:web:mit.example{space * 3}valid", "status": "revoked"}
            Output().table("rows", [row], ("type", "status"), empty="")
            assert capsys.readouterr().out == "Degree did:web:mit.example valid  revoked\n"


class TestTheVerdictIsNobodyElses:
    @pytest.mark.parametrize(
        "title",
        [
            "Degree issued by MIT to me until 2099",
            "Degree\uff0c issued by MIT",
            "Degree\ua4f9 i\u0455sued by MIT",
            "Degree\u060c MIT \uff08did:web:mit.example\uff09",
            "VALID  Degree",
            "did:web:mit.example",
            "\u13e4\u13a1",
        ],
        ids=ascii,
    )
    def test_a_name_that_reads_like_the_line_is_quoted(self, title: str) -> None:
        quoted = f"VALID  \u201c{' '.join(title.split())}\u201d, issued by university ("
        assert shown(of(document={"name": title}))[0].startswith(quoted)
        only = of(document={}, claims={}, types=("VerifiableCredential", title))
        assert shown(only)[0].startswith(quoted)

    @pytest.mark.parametrize("title", ["Bachelor of Science", "\u00c9tat civil", "A.B. & C-1", "Valido"])
    def test_a_plain_one_is_shown_as_it_is(self, title: str) -> None:
        assert rendering._quoted(title) == title

    def test_the_types_of_what_is_to_be_deleted_stay_on_their_line(
        self, ipse: Ipse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kind = "T\ntype the id: this is only a copy"
        here = in_process(ipse)
        made = here(
            "vc", "issue", "--issuer", "university", "--subject", did_of(ipse, "me"), "--type", kind,
            "--claims", "-", "--format", "sd-jwt", "-q", stdin='{"a": 1}', code=None,
        )  # fmt: skip
        added = here("vc", "add", "-", "--unverified", stdin=made.out)
        monkeypatch.setattr(tty, "present", lambda: True)
        monkeypatch.setattr(tty, "ask", lambda _: "no")
        run = here("vc", "delete", added.out.strip(), code=None)
        assert "\ntype the id" not in run.err


class TestOneHostHasOneParty:
    @pytest.mark.parametrize(
        "address",
        [
            "https://shop.example:443", "https://shop.example:", "https://shop.example:0443/",
            "HTTPS://Shop.EXAMPLE#x", "https://shop.example?@evil.example", "https://shop.example/@evil.example",
        ],
    )  # fmt: skip
    def test_equal_addresses_are_the_same(self, address: str) -> None:
        assert party_of(address) == "https://shop.example"

    @pytest.mark.parametrize(
        "address",
        [
            "https://user@shop.example", "https://@shop.example", "https://a:b@shop.example",
            "https:shop.example",
            "https:\\\\shop.example", "https://shop.example\\@evil.example", "https:///shop.example",
            "https://shop%2eexample", "https://%73hop.example", "https://shop\uff0eexample",
            "https://\uff53hop.example", "https://shop.example.", "https://shop..example", "https://.shop.example",
            "https://[fe80::1%25eth0]",
            "https://[fe80::1%eth0]", "https://[v1.x]", "https://[::1", "https://shop.example:+443",
            "https://shop.example:44\u06633", "https://shop.example:65536", "https://shop.example:0",
            "https://shop.example:443:443", " https://shop.example",
            "https://shop.example\n", "https://shop.example\t/",
            "https://s\u00adhop.example", "https://shop.e\u017fample",
            "DID:web:shop.example", "did:WEB:shop.example",
            "did:web:shop.example%3a443%3A443", "did:web:shop.example%3A0443", "did:web:shop.example:",
            "did:web:shop.example:a:..:b", "did:web:shop.example:%2e%2e", "did:web:shop.example:a%2Fb",
            "did:web:shop.example%40evil.example", "did:web:user%40shop.example",
            "did:web:shop.example#key-1",
            "did:web:shop.example?x=1", "did:web:shop%2Eexample", "did:web:%5B%3A%3A1%5D",
        ],
        ids=ascii,
    )  # fmt: skip
    def test_another_spelling_is_refused(self, address: str) -> None:
        with pytest.raises(IpseError) as caught:
            party_of(address)
        assert caught.value.code in ("malformed", "host-spelling", "unsupported", "undetermined")

    def test_upper_case_in_punycode_is_the_same_name(self) -> None:
        one = origin_of("https://xn--bcher-kva.example")
        assert one == origin_of("https://XN--BCHER-KVA.example") == party_of("did:web:XN--Bcher-KVA.example")
        assert party_of("did:web:shop.example%3A443") == party_of("did:web:SHOP.example")


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    """A wallet that has something to say, whose owner has confirmed the date."""
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
    with empty_wallet(Places(tmp_path / "of-owner", tmp_path / "of-owner" / "cache"), now=NOW) as made:
        dates.confirm_date(made, NOW)
        teach(made, *(about("hiking", f"walk {number}") for number in range(4)))
        yield made


def _asked(wallet: Wallet, request: Any, consent: Any = yes) -> Any:
    return disclosure.ask(wallet, Blending, request, consent=consent, now=NOW, reach=REACH)


class TestARequestIsAnsweredOnce:
    def test_not_again_unsigned_reordered_or_under_another_address_of_the_party(self, wallet: Wallet) -> None:
        request = build(SHOP_UNSIGNED, Topics(("hiking",)))
        assert isinstance(request, dict)
        _asked(wallet, request)
        before = counted(wallet)
        moved = {
            "client_id": "redirect_uri:https://SHOP.example:443/b",
            "redirect_uri": "https://SHOP.example:443/b",
        }
        for again in (
            dict(reversed(request.items())),
            {**request, **moved},
            strict_json.parse_object(json.dumps(request, indent=3)),
        ):
            with pytest.raises(IpseError) as caught:
                _asked(wallet, again, never)
            assert caught.value.code == RequestReplayed.code
        assert counted(wallet) == before

    @pytest.mark.parametrize("form", ["twice", "list", "lines", "member", "signed and not"])
    def test_two_in_one_file_are_none(self, form: str, ipse: Ipse, tmp_path: Path) -> None:
        one, two = (json.dumps(build(SHOP_UNSIGNED, Topics((topic,)))) for topic in ("hiking", "horror"))
        both = {
            "twice": one + two, "list": f"[{one},{two}]", "lines": f"{one}\n{two}",
            "member": one[:-1] + "," + two[1:], "signed and not": f"{build(SHOP)}\n{one}",
        }  # fmt: skip
        file = tmp_path / "request"
        file.write_text(both[form])
        assert in_process(ipse)("dapp", "answer", file, "--json", code=6).error["code"] == "malformed"

    def test_what_is_answered_is_what_was_shown(self, wallet: Wallet) -> None:
        """The caller's object, read from a file, is changed while the owner reads the page."""
        request = build(SHOP_UNSIGNED, Topics(("hiking",)))
        assert isinstance(request, dict)
        question = parse_question(request)
        other = build(SHOP_UNSIGNED, CHOOSE)
        assert isinstance(other, dict)

        def swap(shown: Proposal) -> Decision:
            request.update(other)
            return yes(shown)

        _asked(wallet, request, swap)
        (entry,) = disclosure_entries(wallet)
        assert entry["level"] == question.level
        with pytest.raises(RequestReplayed):
            _asked(wallet, {**other, "nonce": question.authorization.nonce}, never)

    def test_a_grant_for_topics_covers_no_other(self, wallet: Wallet) -> None:
        until = NOW + timedelta(days=9)
        disclosure.grant(
            wallet, SHOP.party, level="topics", topics=["hiking"], now=NOW, expires=until, exact=True
        )
        asked: list[str] = []

        def note(shown: Proposal) -> Decision:
            asked.append(shown.question.level)
            return Decision(False)

        said = ask(wallet, SHOP, Topics(("hiking",)), consent=never).said
        assert set(said) <= {"hiking"}
        for topics in (("horror",), ("hiking", "horror"), ("horror", "hiking")):
            reply = ask(wallet, SHOP, Topics(topics), consent=note)
            assert "horror" not in reply.said
        ask(wallet, CLUB, Topics(("hiking",)), consent=note)
        ask(wallet, SHOP_UNSIGNED, Topics(("hiking",)), consent=note)
        assert len(asked) >= 2

    def test_the_receipt_of_another_entry_is_not_kept(self, wallet: Wallet) -> None:
        for topic in ("hiking", "horror"):
            ask(wallet, SHOP, Topics((topic,)))
        first, second = receipts.receipt(wallet, 1), receipts.receipt(wallet, 2)
        mixed = {**second, "payload": first["payload"]}
        for given in (first, mixed, {**first, "signatures": [*first["signatures"], *second["signatures"]]}):
            with pytest.raises(IpseError) as caught:
                receipts.countersigned(wallet, 2, given, now=NOW, reach=REACH)
            assert isinstance(caught.value, VerificationFailed | MalformedInput)
        assert not any(row.countersigned for _, row in receipts.listed(wallet))


def disclosure_entries(wallet: Wallet) -> list[dict[str, Any]]:
    """What the log says of each answer."""
    from ipse.wallet import disclosure_log

    return [entry.content for entry in disclosure_log.entries(wallet)]


class TestWhereFilesGo:
    @pytest.mark.skipif(not hasattr(os, "mkfifo") or os.geteuid() != 0, reason="needs another user's pipe")
    @pytest.mark.parametrize("linked", [False, True])
    @pytest.mark.parametrize("replace", [False, True])
    def test_not_into_the_pipe_of_another_user(self, linked: bool, replace: bool, tmp_path: Path) -> None:
        pipe, target = tmp_path / "pipe", tmp_path / "target"
        os.mkfifo(pipe, 0o666)
        os.chown(pipe, 12345, -1)
        if linked:
            target.symlink_to(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        with pytest.raises(StorageError) as caught:
            output_files.write_text(str(target if linked else pipe), "secret", replace=replace)
        assert caught.value.code == "stream-of-others"
        assert os.read(reader, 100) == b""
        os.close(reader)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
    def test_into_a_pipe_of_the_users_own(self, tmp_path: Path) -> None:
        pipe, read = tmp_path / "pipe", []
        os.mkfifo(pipe)
        reader = Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        output_files.write_text(str(pipe), "mine")
        reader.join()
        assert read == ["mine"]

    def test_a_pipe_that_became_a_file_is_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = tmp_path / "target"
        target.write_text("mine")
        monkeypatch.setattr(output_files, "check_target", lambda *_, **__: target)
        monkeypatch.setattr(output_files, "_is_stream", lambda _: True)
        with pytest.raises(AlreadyExists):
            output_files.write_text(str(target), "other")
        target.unlink()
        with pytest.raises(StorageError):
            output_files.write_text(str(target), "other")
        assert not target.exists()

    def test_force_on_a_link_replaces_the_link_alone(self, tmp_path: Path) -> None:
        theirs, target = tmp_path / "theirs", tmp_path / "target"
        theirs.write_text("theirs")
        for to in (theirs, tmp_path / "nowhere", target):
            target.unlink(missing_ok=True)
            target.symlink_to(to)
            output_files.write_text(str(target), "mine", replace=True)
            assert not target.is_symlink()
            assert target.read_text() == "mine"
            assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert theirs.read_text() == "theirs"

    def test_a_name_too_long_a_folder_and_one_that_vanished_are_refused(
        self, ipse: Ipse, tmp_path: Path
    ) -> None:
        here = in_process(ipse)
        for target, code in (
            (tmp_path / ("x" * 300), "storage"), (tmp_path, "malformed"),
            (tmp_path / "gone" / "file", "storage"), (EXAMPLES / "claims.json" / "x", "storage"),
            (tmp_path / "name\x1b[2J\n" / "x", "storage"),
        ):  # fmt: skip
            for extra in ((), ("--force",)):
                run = here("log", "export", "-o", target, "--json", *extra, code=None)
                assert (run.code != 1, run.error["code"]) == (True, code)
                assert "\x1b" not in run.err


class TestWhatIsRead:
    @pytest.mark.parametrize(
        "name", ["../../ratings.csv", "/etc/ratings.csv", "..\\ratings.csv", "C:ratings.csv"]
    )
    @pytest.mark.parametrize("form", ["zip", "tar"])
    def test_an_archive_leaves_nothing_on_the_disk(
        self, form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = tmp_path / "a" / "b"
        inner.mkdir(parents=True)
        monkeypatch.chdir(inner)
        content, packed = b"title,rating\nDune,5\n", io.BytesIO()
        if form == "zip":
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(name, content)
        else:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                for kind, link in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, name)):
                    entry = tarfile.TarInfo("link.csv")
                    entry.type, entry.linkname = kind, link
                    tar.addfile(entry)
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        before = sorted(tmp_path.rglob("*"))
        try:
            texts = [entry.text for entry in sources.read(packed.getvalue(), name="export").found]
        except MalformedInput:
            texts = []
        assert texts in ([], ["Dune"])
        assert sorted(tmp_path.rglob("*")) == before

    def test_an_error_in_json_has_no_character_that_ends_a_line(self, ipse: Ipse) -> None:
        here = in_process(ipse)
        for text in ("a\u2028b", "a\u2029b", "a\x85b", "a\udc80b", "a\ud800b", "\ufffe", "\U000e0041"):
            run = here("dapp", "answer", f"none {text}", "--json", code=None)
            assert len(run.err.splitlines()) == 1
            assert run.err.isprintable() or run.err[:-1].isprintable()
            assert run.error["code"] in ("not-found", "usage", "storage")

    @pytest.mark.parametrize("member", ["name", "did"])
    def test_what_stands_in_the_wallet_file_runs_nothing_in_a_shell_that_completes(
        self, member: str, ipse: Ipse, tmp_path: Path
    ) -> None:
        """A shell takes one backslash more than the escapes had."""
        trace = tmp_path / "trace"
        path = ipse.home / "wallet.json"
        held = json.loads(path.read_text())
        letters = held["dids"][1]["did"].removeprefix("did:key:")  # random ones, which is offered as well
        held["dids"][0][member] = f"me\\$(touch {trace})\\`touch {trace}`"
        path.write_text(json.dumps(held))
        given = {"_TYPER_COMPLETE_ARGS": "ipse did show ", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        for shell in ("zsh", "fish", "bash"):
            words = {"COMP_WORDS": "ipse did show ", "COMP_CWORD": "3", "_IPSE_COMPLETE": f"complete_{shell}"}
            offered = Ipse(ipse.home, {**ipse.environment, **given, **words})(code=None).out
            assert "university" in offered
            assert "touch" not in offered.replace(letters, "")
            if shutil.which(shell) and shell == "zsh":
                evaluated = '_arguments() { eval "ws=( ${${1#*\\(\\(}%))} )" }\n' + offered
                subprocess.run([shell, "-fc", evaluated], check=False, capture_output=True)
                assert not trace.exists()
