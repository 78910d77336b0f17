"""A file that is overwritten by accident, or under somebody's eyes.

The attacker, or a slip of the hand, had a file at the name that a command writes to: a key exported before,
a DID document, a credential, a request that was sent. Who wins a race could also put a link there meanwhile.
It cannot come back because every `-o` goes through `output_files`, which takes a free name in one step of
the system and no other name without `--force`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import typer

from ipse.cli.app import application
from ipse.errors import AlreadyExists
from ipse.storage import files
from ipse.wallet import output_files
from tests.cli.test_vc import in_process
from tests.conftest import EXAMPLES, Ipse

_BATCH_ONLY = {("vc", "verify")}
"""Its -o is for --batch, which never replaces a file."""


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = typer.Context(command)
    names: list[str] = getattr(command, "list_commands", lambda _: [])(context)
    if not names:
        yield path, command
    for name in names:
        yield from _leaves(command.get_command(context, name), (*path, name))


_WRITERS = {
    path for path, command in _leaves(application()) if any("-o" in one.opts for one in command.params)
}

_CASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("backup", "create"): ("--recipient", "age1gcw2tkas70wl2szrcklyam5vugkmyfa8phgn3s0rwn5ga8yxlspq0hzv26"),
    ("did", "create"): ("--name", "site", "--method", "web", "--domain", "a.example"),
    ("did", "rotate"): ("site",),
    ("did", "import"): ("KEY", "--name", "other", "--method", "web", "--domain", "b.example"),
    ("did", "export"): ("me", "--insecure-plaintext"),
    ("vc", "issue"): ("--type", "T", "--claims", str(EXAMPLES / "claims.json")),
    ("vc", "export"): ("ID",),
    ("vc", "present"): ("ID", "--audience", "a", "--nonce", "n" * 20, "--holder", "me"),
    ("vc", "status", "publish"): ("degrees",),
    ("profile", "map"): (),
    ("profile", "export"): (),
    ("dapp", "request"): (
        "--audience", "https://a.example", "--purpose", "p", "--level", "topics", "--topics", "hiking",
    ),
    ("dapp", "withdraw"): ("1",),
    ("log", "export"): (),
    ("log", "receipts"): ("--export",),
}  # fmt: skip


@pytest.fixture
def wallet(ipse: Ipse, tmp_path: Path) -> Ipse:
    """A wallet with a did:web, a credential and a status list; commands run in this process."""
    here = in_process(ipse)
    here(
        "did", "create", "--name", "site", "--method", "web", "--domain", "a.example", "-o", tmp_path / "made"
    )
    here("vc", "status", "create", "degrees", "--url", "https://a.example/degrees", "--issuer", "me")
    return here


def test_every_command_that_writes_a_file_is_in_this_test() -> None:
    assert set(_CASES) | _BATCH_ONLY == _WRITERS


@pytest.mark.parametrize("path", _CASES, ids=" ".join)
def test_a_file_that_is_there_stays_as_it_is(path: tuple[str, ...], wallet: Ipse, tmp_path: Path) -> None:
    words = [*_CASES[path]]
    if "KEY" in words:
        words[words.index("KEY")] = str(EXAMPLES / "claims.json")
    names = {record["name"] for record in wallet("did", "list", "--json").json["dids"]}
    for name, linked in (("file", None), ("link", "made"), ("dangling", "nowhere")):
        target = tmp_path / f"{name}.html"
        if linked is None:
            target.write_text("mine")
        else:
            target.symlink_to(tmp_path / linked)
        before = target.read_bytes() if target.exists() else b""
        run = wallet(*path, *words, "-o", target, "--json", code=2)
        assert run.error["code"] == "file-exists"
        assert "--force" not in run.error["hint"]
        assert run.out == ""
        assert (target.read_bytes() if target.exists() else b"") == before
        assert target.is_symlink() is (name != "file")
    assert {record["name"] for record in wallet("did", "list", "--json").json["dids"]} == names


@pytest.mark.parametrize(
    "path", [("did", "rotate"), ("did", "export"), ("vc", "issue"), ("dapp", "request"), ("log", "export"),
     ("log", "receipts")],
    ids=" ".join,
)  # fmt: skip
def test_force_replaces_it_whole_and_private(path: tuple[str, ...], wallet: Ipse, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    target.chmod(0o644)
    wallet(*path, *_CASES[path], "-o", target, "--force")
    assert target.read_text() != "mine"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("path", [("did", "rotate"), ("did", "export"), ("vc", "issue"), ("log", "export")])
def test_a_dash_is_standard_output(
    path: tuple[str, ...], wallet: Ipse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(wallet.home)
    before = sorted(wallet.home.iterdir())
    assert wallet(*path, *_CASES[path], "-o", "-").out
    assert sorted(wallet.home.iterdir()) == before


def test_the_successor_credential_replaces_nothing(wallet: Ipse, tmp_path: Path) -> None:
    target = tmp_path / "succession"
    target.write_text("mine")
    run = wallet("did", "rotate", "me", "--succession", target, "--json", code=2)
    assert run.error["code"] == "file-exists"
    assert len(wallet("did", "list", "--json").json["dids"]) == 3
    assert target.read_text() == "mine"


def test_a_batch_goes_on_in_its_own_file_alone(wallet: Ipse, tmp_path: Path) -> None:
    rows, template, target = tmp_path / "rows.ndjson", tmp_path / "template.json", tmp_path / "out"
    rows.write_text("{}\n")
    template.write_text(
        '{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"], '
        '"credentialSubject": {"id": "did:example:a"}}'
    )
    target.write_text("mine")
    batch = ("vc", "issue", "--batch", rows, "--template", template, "-o", target, "--json")
    assert wallet(*batch, code=2).error["code"] == "already-exists"
    assert wallet(*batch, "--resume", code=2).error["code"] == "usage"
    assert wallet(*batch, "--force", code=2).error["code"] == "usage"
    assert target.read_text() == "mine"


def test_of_many_that_write_one_name_at_once_one_wins_and_its_file_is_whole(tmp_path: Path) -> None:
    target, start = tmp_path / "target", Barrier(8)
    won: list[str] = []

    def write(text: str) -> None:
        start.wait()
        try:
            output_files.write_text(str(target), text)
        except AlreadyExists:
            return
        won.append(text)

    threads = [Thread(target=write, args=[str(number) * 100_000]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [target.read_text()]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
def test_a_file_that_came_after_the_check_stays(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without hard links takes the name first."""
    target = tmp_path / "target"

    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    assert files.write_new(target, b"first")
    assert not files.write_new(target, b"second")
    assert target.read_bytes() == b"first"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(AlreadyExists) as caught:
        output_files.write_text(str(target), "third")
    assert caught.value.code == "file-exists"


def test_a_device_and_a_pipe_are_written_to(tmp_path: Path) -> None:
    output_files.write_text("/dev/null", "x")
    assert Path("/dev/null").is_char_device()
