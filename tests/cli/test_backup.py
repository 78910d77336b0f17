"""`ipse backup`: a wallet in one file that plain age opens, and back."""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_log import present
from tests.conftest import Ipse, at
from tests.desktop import Desktop
from tests.waiting import PATIENCE

TYPE_IT = "type it, the new passphrase for the backup: "
REVOKED = "type revoked to have it so, or return for no: "
AGE = shutil.which("age") or shutil.which("rage")


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, str]:
    """An age identity file and its public key."""
    import pyrage

    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity"
    file.touch(mode=0o600)
    file.write_text(f"# public key: {key.to_public()}\n{key}\n")
    return file, str(key.to_public())


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    """The passphrase file of a backup."""
    file = tmp_path / "backup-passphrase"
    file.touch(mode=0o600)
    file.write_text("k7m2-9qx4-0rtz-b3wd-e58h\n")
    return file


def elsewhere(ipse: Ipse, name: str = "elsewhere") -> Ipse:
    """The program where there is no wallet yet."""
    return at(ipse.home.parent / name)


def test_a_wallet_moves_to_another_machine(ipse: Ipse, identity: tuple[Path, str], tmp_path: Path) -> None:
    file, recipient = identity
    present(ipse, "first")
    output = tmp_path / "wallet.age"
    made = ipse("backup", "create", "-o", output, "--recipient", recipient, "--json").json
    assert made["file"] == str(output)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert made["bytes"] == output.stat().st_size
    told = ipse("backup", "verify", output, "--identity", file, "--json").json
    assert told["dids"] == ["me", "university"]
    assert told["rows"]["disclosures"] == told["rows"]["credentials"] == 1
    new = elsewhere(ipse)
    arguments = ("backup", "restore", output, "--identity", file, "--keystore", "file")
    assert new(*arguments, "--dry-run", "--json").json["restored"] is False
    assert not new.home.exists()
    restored = new(*arguments)
    assert "is not known here" in restored.out
    assert new("did", "list", "--json").json == ipse("did", "list", "--json").json
    assert new("vc", "list", "--json").json == ipse("vc", "list", "--json").json
    assert new("log", "verify", "--json").json["key"] == ipse("log", "verify", "--json").json["key"]
    present(new, "second")
    assert new("log", "verify", "--json").json["entries"] == 2


@pytest.mark.skipif(AGE is None, reason="there is no age here")
def test_plain_age_opens_it_and_ten_lines_read_it(
    ipse: Ipse, identity: tuple[Path, str], tmp_path: Path
) -> None:
    assert AGE is not None
    file, recipient = identity
    output = tmp_path / "wallet.age"
    ipse("backup", "create", "-o", output, "--recipient", recipient)
    opened = subprocess.run(
        [AGE, "-d", "-i", file, output], capture_output=True, check=True, timeout=PATIENCE
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(opened)) as archive:
        keys: Any = json.load(archive.extractfile("keys.json"))  # type: ignore[arg-type]
    assert [did["name"] for did in keys["dids"]] == ["me", "university"]
    tar = tmp_path / "wallet.tar"
    tar.write_bytes(opened)
    assert "every key signs" in elsewhere(ipse)("backup", "verify", tar).out


def test_a_passphrase_is_asked_for_and_a_generated_one_offered(ipse: Ipse, tmp_path: Path) -> None:
    output = tmp_path / "wallet.age"
    run = ipse.talk(
        "backup", "create", "-o", output,
        conversation={"(return for a generated one): ": "\n", TYPE_IT: "no\n"},
        code=4,
    )  # fmt: skip
    assert "write it down, it is shown once: " in run.err
    assert not output.exists()
    good = "k7m2-9qx4-0rtz-b3wd-e58h\n"
    ipse.talk(
        "backup", "create", "-o", output,
        conversation={"(return for a generated one): ": good, "the same again: ": good},
    )  # fmt: skip
    told = ipse.talk("backup", "verify", output, "--json", conversation={"passphrase of the backup: ": good})
    assert told.json["dids"] == ["me", "university"]


def test_from_cron_it_needs_no_terminal_and_rotates(
    ipse: Ipse, phrase: Path, identity: tuple[Path, str], tmp_path: Path
) -> None:
    output = tmp_path / "backups" / "wallet.age"
    output.parent.mkdir(mode=0o700)
    file, recipient = identity
    for number in range(4):
        ipse("did", "rename", "me" if number == 0 else f"me{number - 1}", f"me{number}")
        ipse("backup", "create", "-o", output, "--recipient", recipient, "--keep", "3", "--no-input")
    names = sorted(path.name for path in output.parent.iterdir() if not path.name.endswith(".lock"))
    assert names == ["wallet.age", "wallet.age.1", "wallet.age.2"]
    dids = [
        ipse("backup", "verify", output.parent / name, "--identity", file, "--json").json["dids"][0]
        for name in names
    ]
    assert dids == ["me3", "me2", "me1"]
    ipse("backup", "create", "-o", tmp_path / "b", "--backup-passphrase-file", phrase, "--no-input")
    assert "every key" in ipse("backup", "verify", tmp_path / "b", "--backup-passphrase-file", phrase).out


def test_it_says_what_is_missing_and_writes_nothing(ipse: Ipse, phrase: Path, tmp_path: Path) -> None:
    output = tmp_path / "wallet.age"
    error = ipse("backup", "create", "-o", output, "--json", code=4).error
    assert error["code"] == "passphrase-needed"
    assert "--backup-passphrase-file" in error["hint"]
    both = ("--recipient", "age1x", "--backup-passphrase-file", phrase)
    assert ipse("backup", "create", "-o", output, *both, "--json", code=2).error["code"] == "usage"
    assert "is not a public key" in ipse("backup", "create", "-o", output, "--recipient", "me", code=2).err
    ipse("backup", "create", "-o", output, "--keep", "0", code=2)
    ipse("backup", "create", "-o", tmp_path / "no" / "folder", "--backup-passphrase-file", phrase, code=6)
    assert not output.exists()
    output.write_text("mine")
    error = ipse("backup", "create", "-o", output, "--backup-passphrase-file", phrase, "--json", code=2).error
    assert error["code"] == "file-exists"
    assert output.read_text() == "mine"
    assert ipse("backup", "verify", output, code=6).err.startswith("error: not a backup")
    assert ipse("backup", "verify", tmp_path / "none", "--json", code=5).error["code"] == "not-found"
    ipse("backup", "restore", output, "--keystore", "paper", code=2)


def test_a_newer_state_is_given_up_at_a_terminal_alone(
    ipse: Ipse, identity: tuple[Path, str], tmp_path: Path
) -> None:
    file, recipient = identity
    output = tmp_path / "wallet.age"
    ipse("backup", "create", "-o", output, "--recipient", recipient)
    present(ipse, "since")
    restore = ("backup", "restore", output, "--identity", file)
    assert ipse(*restore, "--json", code=7).error["code"] == "consent-needed"
    told = ipse(*restore, "--dry-run")
    assert "you would be asked what may come back" in told.out
    run = ipse.talk(
        *restore, "--json",
        conversation={REVOKED: "revoked\n", "or return for no: ": "\n"},
    )  # fmt: skip
    assert run.json["asked"] == ["spent", "revoked", "closed", "forgotten"]
    assert run.json["given"] == ["revoked"]
    assert len(run.json["aside"]) == 1
    entries = ipse("log", "list", "--json").json["disclosures"]
    assert [entry["level"] for entry in entries] == ["log"]
    assert ipse("log", "verify", "--json").json["outcome"] == "passed"


def test_it_goes_to_the_keyring_which_remembers_what_is_newer(
    ipse: Ipse, desktop: Desktop, identity: tuple[Path, str], tmp_path: Path
) -> None:
    file, recipient = identity
    both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
    both("keystore", "move", "--to", "os")
    keyring = Ipse(ipse.home, desktop.environment)
    output = tmp_path / "wallet.age"
    keyring("backup", "create", "-o", output, "--recipient", recipient)
    new = Ipse(ipse.home.parent / "new", desktop.environment)
    new("backup", "restore", output, "--identity", file)
    assert new("did", "list", "--json").json == keyring("did", "list", "--json").json
    new("log", "verify")
    present(keyring, "since")
    third = Ipse(ipse.home.parent / "third", desktop.environment)
    over_a_file = Ipse(third.home, {**ipse.environment, **desktop.environment})
    asked = ("backup", "restore", output, "--identity", file, "--keystore", "file", "--json")
    assert over_a_file(*asked, code=7).error["code"] == "consent-needed"
    restore = ("backup", "restore", output, "--identity", file)
    assert third(*restore, "--json", code=7).error["code"] == "consent-needed"
    assert (
        third(*restore, "--dry-run", "--json").json["remembered"]
        > third("backup", "verify", output, "--identity", file, "--json").json["state"]
    )
    keyring("log", "verify")


def test_a_forgotten_passphrase_costs_nothing_that_is_in_the_vault(
    ipse: Ipse, identity: tuple[Path, str], phrase: Path, tmp_path: Path
) -> None:
    file, recipient = identity
    output = tmp_path / "wallet.age"
    ipse("backup", "create", "-o", output, "--recipient", recipient)
    present(ipse, "since")
    nobody_knows = Ipse(ipse.home, {"IPSE_PASSPHRASE_FILE": str(phrase)})
    restore = ("backup", "restore", output, "--identity", file, "--keys", "--keystore", "file")
    told = nobody_knows(*restore, "--json").json
    assert (told["restored"], told["accepted"], told["lost"]) == (True, False, [])
    assert nobody_knows("log", "verify", "--json", code=3).error["code"] == "vault-outdated"
    nobody_knows.talk("log", "accept", conversation={"type accept: ": "accept\n"})
    entries = nobody_knows("log", "list", "--json").json["disclosures"]
    assert [entry["level"] for entry in entries] == ["credentials", "log"]
    present(nobody_knows, "after")
