"""Text of others that steers the owner's terminal.

The attacker wrote a credential, a DID document, a status line, a file name or an option's value, and wanted
it to be printed as it is: C0 and C1 controls move the cursor and set titles, bidirectional controls show
another order than the bytes have, zero-width characters hide. It cannot come back because results,
messages, pages, errors and tracebacks are written by `Output` alone, which lets none of them through; only
what a program reads from a pipe, and asked for byte for byte, is exact.
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from ipse.cli.app import application
from ipse.cli.main import run as run_program
from ipse.encoding import base64url
from tests.cli.test_vc import did_of, in_process
from tests.conftest import EXAMPLES, Ipse
from tests.network_peer.certificates import Authority
from tests.network_peer.server import HttpsPeer, body, redirect, status

CONTROLS = "\x1b]0;owned\x07\x1b[2J\u009b31m\x7f\u202e\u2066\u2069\u200b\ufeff\u2028\u0085"
_STEERS = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})


class Screen(io.StringIO):
    """Standard output or error as a terminal has it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person at the terminal has on the screen after a command."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class AtScreen:
    """Runs commands in this process with both streams on a terminal, without anybody to ask."""

    ipse: Ipse
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str | Path) -> Seen:
        screen = Screen()
        with self.patch.context() as patch:
            for name, value in self.ipse.variables.items():
                patch.setenv(name, value)
            patch.setenv("NO_COLOR", "1")
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            code = run_program([*map(str, arguments), "--no-input"])
        return Seen(code, screen.getvalue())


def steering(text: str) -> list[str]:
    """The characters of a screen that steer, reorder or hide."""
    return sorted({ascii(one) for one in text if unicodedata.category(one) in _STEERS and one != "\n"})


@pytest.fixture
def screen(ipse: Ipse, monkeypatch: pytest.MonkeyPatch) -> AtScreen:
    """The wallet of this test at a terminal."""
    return AtScreen(ipse, monkeypatch)


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = typer.Context(command)
    names: list[str] = getattr(command, "list_commands", lambda _: [])(context)
    if not names:
        yield path, command
    for name in names:
        yield from _leaves(command.get_command(context, name), (*path, name))


_COMMANDS = dict(_leaves(application()))


def _needed(command: Any, hostile: str) -> list[str]:
    """The arguments and options that a command can't do without, each with the hostile text."""
    words: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        value = "1" if "int" in parameter.type.name else hostile
        words += [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]
    return words


@pytest.mark.parametrize("path", [path for path in _COMMANDS if path[0] != "unlock"], ids=" ".join)
def test_no_command_repeats_an_argument_as_it_is(path: tuple[str, ...], screen: AtScreen) -> None:
    command = _COMMANDS[path]
    for extra in ((), ("--json", "--debug")):
        seen = screen(*path, *_needed(command, f"x{CONTROLS}y"), *extra)
        assert steering(seen.text) == [], seen.text


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in _COMMANDS if path[0] != "unlock"], ids=" ".join)
def test_no_command_repeats_the_value_of_an_option_as_it_is(path: tuple[str, ...], screen: AtScreen) -> None:
    command = _COMMANDS[path]
    for parameter in command.params:
        if parameter.param_type_name == "argument" or parameter.is_flag or parameter.name == "passphrase_fd":
            continue
        words = _needed(command, "x")
        seen = screen(*path, *words, parameter.opts[0], f"x{CONTROLS}y")
        assert steering(seen.text) == [], (parameter.name, seen.text)


def _credential(ipse: Ipse) -> str:
    """A credential of the wallet's own university whose every text steers the terminal."""
    hostile = f"Degree{CONTROLS}"
    claims = {"name": hostile, "degree": {"type": ["Degree"], "name": hostile, hostile: hostile}}
    made = in_process(ipse)(
        "vc", "issue", "--issuer", "university", "--subject", did_of(ipse, "me"), "--type", "Degree",
        "--claims", "-", "--format", "sd-jwt", "--disclosable", "none", "-q",
        stdin=json.dumps(claims),
    )  # fmt: skip
    return made.out


def test_a_credential_is_shown_without_what_steers_the_terminal(
    screen: AtScreen, ipse: Ipse, tmp_path: Path
) -> None:
    file = tmp_path / "credential"
    file.write_text(_credential(ipse))
    issuer = did_of(ipse, "university")
    identifier = in_process(ipse)("vc", "add", file, code=None).out.strip()
    ipse("trust", "add", issuer, "--for", "*")
    identifier = identifier or in_process(ipse)("vc", "add", file).out.strip()
    shown = "".join(
        screen(*words).text
        for words in (
            ("vc", "verify", file, "--issuer", issuer),
            ("vc", "verify", file, "--issuer", issuer, "--json"),
            ("vc", "list"),
            ("vc", "show", identifier),
            ("vc", "check", identifier),
            ("vc", "export", identifier),
            ("vc", "present", identifier, "--audience", f"x{CONTROLS}", "--nonce", "n" * 20, "--preview"),
            ("vc", "verify", "--batch", file, "--issuer", issuer, "-q"),
            ("vc", "delete", identifier),
        )
    )
    assert "owned" in shown
    assert steering(shown) == []


@pytest.mark.parametrize("form", ["w3c", "w3c-1.1"])
def test_a_document_is_escaped_on_the_screen_and_means_the_same(
    form: str, screen: AtScreen, ipse: Ipse, tmp_path: Path
) -> None:
    text = f"Degree{CONTROLS}"
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "name": text,
        "issuer": "did:example:x",
        "credentialSubject": {"id": "did:example:y"},
    }
    if form == "w3c-1.1":
        document["@context"] = ["https://www.w3.org/2018/credentials/v1"]
    file = tmp_path / "credential.json"
    file.write_text(json.dumps(document, ensure_ascii=False))
    for words in (("vc", "lint", file), ("vc", "verify", file, "--any-issuer")):
        assert steering(screen(*words).text) == []
    identifier = ipse("vc", "add", file, "--unverified", code=None).out.strip()
    if identifier:
        seen = screen("vc", "show", identifier)
        assert steering(seen.text) == []
        assert json.loads(seen.text) == document
        piped = ipse("vc", "show", identifier)
        assert steering(piped.out) == []
        assert piped.json == document
        assert ipse("vc", "export", identifier).out.strip() == file.read_text()


def _peer_did() -> str:
    """A did:peer with a service whose endpoint steers the terminal."""
    service = {"t": "dm", "s": f"https://x.example/{CONTROLS}"}
    key = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    return f"did:peer:2.V{key}.S{base64url.encode(json.dumps(service).encode())}"


def test_a_did_document_is_shown_without_what_steers_the_terminal(screen: AtScreen, ipse: Ipse) -> None:
    for extra in ((), ("--json",)):
        seen = screen("did", "resolve", _peer_did(), *extra)
        assert "owned" in seen.text
        assert steering(seen.text) == []
    document = ipse("did", "resolve", _peer_did()).json
    assert any(CONTROLS in str(service["serviceEndpoint"]) for service in document["service"])


def test_what_a_server_says_is_shown_without_what_steers_the_terminal(
    screen: AtScreen, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    hostile = CONTROLS.replace("\u2028", "").replace("\u0085", "")
    latin = "".join(one for one in hostile if one < "\u0100")
    document = {"id": "did:web:other.example", "alsoKnownAs": [hostile], hostile: hostile}
    routes = {
        "/a/did.json": status(f"404 {latin}"),
        "/b/did.json": body(json.dumps(document, ensure_ascii=False).encode()),
        "/c/did.json": redirect(f"https://other.example/{latin}"),
        "/d/did.json": body(f"{{{hostile}".encode()),
    }
    with HttpsPeer(authority.issue("localhost"), routes) as peer:
        port = peer.url("/").split(":")[2].strip("/")
        for name in "abcd":
            for extra in ((), ("--json",), ("--debug",), ("-v",)):
                seen = screen(
                    "did", "resolve", f"did:web:localhost%3A{port}:{name}", "--allow-loopback",
                    "--ca-file", authority.ca_file, *extra,
                )  # fmt: skip
                assert seen.code != 0
                assert steering(seen.text) == []


def test_file_names_are_shown_without_what_steers_the_terminal(screen: AtScreen, tmp_path: Path) -> None:
    folder = tmp_path / f"x{CONTROLS}"
    folder.mkdir()
    rows = folder / "rows.ndjson"
    rows.write_text("{}\nnonsense\n")
    for words in (
        ("vc", "verify", folder / "none"),
        ("vc", "verify", folder),
        ("vc", "verify", rows, "--any-issuer"),
        ("vc", "verify", "--batch", rows, "--any-issuer", "-o", folder / "out", "-q"),
        ("did", "export", "me", "-o", folder, "--key-passphrase-file", rows),
        ("did", "create", "--name", "a", "--method", "web", "--domain", "a.example", "-o", folder / "d"),
        ("dapp", "request", "--audience", "https://a.example", "--purpose", "p", "--level", "topics",
         "--topics", "hiking", "-o", folder / "request"),
        ("dapp", "answer", folder / "request"),
        ("log", "export", "-o", folder / "log"),
        ("profile", "import", rows),
        ("profile", "export", "-o", folder / "profile"),
    ):  # fmt: skip
        assert steering(screen(*words).text) == []


def test_a_table_to_import_and_what_was_said_are_shown_without_what_steers_the_terminal(
    screen: AtScreen, ipse: Ipse, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"title{CONTROLS[:-2]},rating\nDune{CONTROLS[:-2]},5\n")
    shown = screen("profile", "import", table, "--dry-run").text
    shown += screen("profile", "list").text
    shown += screen("profile", "export").text
    shown += screen("profile", "export", "--format", "csv").text
    assert steering(shown) == []


def test_a_request_and_its_refusal_are_shown_without_what_steers_the_terminal(
    screen: AtScreen, ipse: Ipse, tmp_path: Path
) -> None:
    file = tmp_path / "request"
    ipse(
        "dapp", "request", "--audience", "https://shop.example", "--purpose", "to choose", "--candidates",
        EXAMPLES / "candidates.txt", "-o", file,
    )  # fmt: skip
    request = json.loads(file.read_text())
    for member in ("nonce", "response_type", "client_id", "redirect_uri", "response_mode", "aud"):
        file.write_text(json.dumps({**request, member: f"redirect_uri:x{CONTROLS}"}, ensure_ascii=False))
        for extra in ((), ("--json",), ("--debug",)):
            assert steering(screen("dapp", "answer", file, *extra).text) == []
        assert steering(screen("dapp", "verify", file, "--request", file).text) == []
        assert (
            steering(screen("dapp", "receipt", file, "--request", file, "--answer", file, "--as", "me").text)
            == []
        )
        for words in (
            ("reply", file, "--receipt", file, "--as", "me", "--deleted"),
            ("withdraw", "1", "--reply", file),
        ):
            assert steering(screen("dapp", *words).text) == []


def test_the_names_in_a_wallet_file_that_came_from_elsewhere_are_escaped(
    screen: AtScreen, ipse: Ipse
) -> None:
    path = ipse.home / "wallet.json"
    held = json.loads(path.read_text())
    held["dids"][0]["did"] = f"did:key:{CONTROLS}"
    held["dids"][0]["created"] = CONTROLS
    path.write_text(json.dumps(held))
    for words in (("did", "list"), ("did", "show", "me"), ("did", "document", "me"), ("did", "delete", "me")):
        assert steering(screen(*words).text) == []
