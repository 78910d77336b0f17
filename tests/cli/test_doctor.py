"""`ipse doctor` finds what is wrong, names the remedy, and exits 0 only where all is well."""

from __future__ import annotations

import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ipse import installation
from ipse.cli.context import Context
from ipse.preferences.embedding import shipped_model
from tests.authorities import root
from tests.cli.test_vc import in_process
from tests.conftest import Ipse

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")

_ALL = (
    "python", "installation", "model", "clock", "disk", "links", "permissions", "wallet", "half-done work",
    "keystore", "vault", "log", "authorities", "date",
)  # fmt: skip
_LOCKED = ("keystore", "vault", "log", "authorities", "date")


def _findings(ipse: Ipse, *options: str, code: int | None = 0) -> dict[str, dict[str, Any]]:
    found = in_process(ipse)("doctor", "--json", *options, code=code).json["findings"]
    return {finding["check"]: finding for finding in found}


def _locked(ipse: Ipse) -> Ipse:
    return Ipse(ipse.home)


def test_a_wallet_that_is_well_is_exit_0_and_every_check_is_ok(ipse: Ipse) -> None:
    found = _findings(ipse)
    assert tuple(found) == _ALL
    assert {finding["outcome"] for finding in found.values()} == {"ok"}
    assert not [finding for finding in found.values() if finding["remedy"] or finding["fixed"]]


def test_without_a_passphrase_only_what_needs_it_is_unknown(ipse: Ipse) -> None:
    found = _findings(_locked(ipse), code=9)
    assert tuple(found) == _ALL
    assert tuple(name for name, finding in found.items() if finding["outcome"] == "unknown") == _LOCKED
    assert "--passphrase-file" in found["keystore"]["remedy"]
    run = in_process(_locked(ipse))("doctor", code=9)
    assert run.err.startswith("error: could not be looked at: keystore")


def test_without_a_wallet_the_remedy_is_init(no_wallet: Ipse) -> None:
    found = _findings(no_wallet, code=3)
    assert found["wallet"]["remedy"] == "`ipse init` makes one"
    assert "keystore" not in found


def test_a_wrong_passphrase_is_a_problem(ipse: Ipse, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("another passphrase")
    found = _findings(Ipse(ipse.home, {"IPSE_PASSPHRASE_FILE": str(wrong)}), code=3)
    assert found["keystore"]["outcome"] == "problem"
    assert found["vault"]["outcome"] == "unknown"


def _readable(ipse: Ipse) -> None:
    (ipse.home / "vault.db").chmod(0o644)


def _writable(ipse: Ipse) -> None:
    (ipse.home / "wallet.json").chmod(0o666)


def _open_folder(ipse: Ipse) -> None:
    ipse.home.chmod(0o755)


def _left_over(ipse: Ipse) -> None:
    (ipse.home / ".wallet.json.0123456789abcdef").write_text("{")


@pytest.mark.parametrize(
    ("check", "harm"),
    [
        ("permissions", _readable),
        ("permissions", _writable),
        ("permissions", _open_folder),
        ("half-done work", _left_over),
    ],
)
def test_what_can_be_fixed_is_found_and_is_well_after_fix(
    check: str, harm: Callable[[Ipse], None], ipse: Ipse
) -> None:
    harm(ipse)
    found = _findings(ipse, code=3)
    assert found[check]["outcome"] == "problem"
    assert found[check]["remedy"]
    fixed = _findings(ipse, "--fix")
    assert (fixed[check]["outcome"], fixed[check]["fixed"]) == ("ok", True)
    assert not _findings(ipse)[check]["fixed"]


def test_a_keystore_item_that_nothing_points_to_is_removed_by_fix(ipse: Ipse) -> None:
    do = in_process(ipse)
    with mock.patch("ipse.wallet.wallet.Wallet.sweep"):
        do("did", "delete", "me", "--confirm", "me")
    assert _findings(ipse, code=3)["half-done work"]["outcome"] == "problem"
    assert _findings(ipse, "--fix", code=None)["keystore"]["fixed"]
    assert _findings(ipse)["half-done work"]["outcome"] == "ok"


@pytest.mark.parametrize("name", ["vault.db", "keystore.json"])
def test_a_file_that_is_gone_is_found_without_a_passphrase(name: str, ipse: Ipse) -> None:
    (ipse.home / name).unlink()
    found = _findings(_locked(ipse), code=3)
    assert found["wallet"]["outcome"] == "problem"
    assert name in found["wallet"]["message"]


def test_a_damaged_manifest_is_found(ipse: Ipse) -> None:
    (ipse.home / "wallet.json").write_text("{")
    found = _findings(ipse, code=3)
    assert found["wallet"]["outcome"] == "problem"
    assert found["model"]["outcome"] == "ok"


def test_an_older_vault_is_found_and_the_log_looked_at_all_the_same(ipse: Ipse, tmp_path: Path) -> None:
    old = shutil.copy(ipse.home / "vault.db", tmp_path / "old.db")
    in_process(ipse)("trust", "add", "did:web:university.example", "--for", "Degree")
    shutil.copy(old, ipse.home / "vault.db")
    found = _findings(ipse, code=3)
    assert found["vault"]["outcome"] == "problem"
    assert "ipse" in found["vault"]["remedy"]
    assert found["log"]["outcome"] == "ok"


def test_a_vault_that_is_damaged_is_found(ipse: Ipse) -> None:
    content = bytearray((ipse.home / "vault.db").read_bytes())
    content[2048] ^= 1
    (ipse.home / "vault.db").write_bytes(content)
    found = _findings(ipse, code=3)
    assert found["vault"]["outcome"] == "problem"


def test_an_authority_that_has_expired_is_named_with_the_command_that_deletes_it(
    ipse: Ipse, tmp_path: Path
) -> None:
    held = root("Example Verifiers CA")
    pem = tmp_path / "ca.pem"
    pem.write_bytes(held.certificate.public_bytes(Encoding.PEM))
    end = held.certificate.not_valid_after_utc
    with mock.patch.object(Context, "now", end - timedelta(days=1)):
        in_process(ipse)("trust", "add", "--ca", pem, "--for", "verifier")
        assert _findings(ipse, code=None)["authorities"]["outcome"] == "ok"
    with mock.patch.object(Context, "now", end + timedelta(days=1)):
        found = _findings(ipse, code=3)["authorities"]
    assert "Example Verifiers CA" in found["message"]
    fingerprint = found["remedy"].split("`")[1].split()[-1]
    assert in_process(ipse)("trust", "delete", fingerprint).code == 0


def test_a_clock_that_went_back_is_found(ipse: Ipse) -> None:
    with mock.patch.object(Context, "now", datetime(2001, 1, 1, tzinfo=UTC)):
        found = _findings(ipse, code=3)
    assert {name for name, finding in found.items() if finding["outcome"] == "problem"} >= {"clock", "wallet"}


def test_a_date_that_was_not_confirmed_counts_where_there_are_grants(ipse: Ipse) -> None:
    later = datetime.now(UTC) + timedelta(days=40)
    with mock.patch.object(Context, "now", later):
        assert _findings(ipse)["date"]["outcome"] == "ok"
    in_process(ipse)("dapp", "grant", "https://shop.example", "--level", "order", "--exact")
    with mock.patch.object(Context, "now", later):
        assert _findings(ipse, code=3)["date"]["remedy"] == "`ipse dapp date` confirms it"


def test_a_full_disk_is_found(ipse: Ipse, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 4096, 4096))
    assert _findings(ipse, code=3)["disk"]["remedy"].startswith("free at least")


def test_a_damaged_model_is_found(ipse: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = shutil.copytree(shipped_model.FOLDER, tmp_path / "model")
    monkeypatch.setattr(shipped_model, "FOLDER", copied)
    assert _findings(ipse)["model"]["outcome"] == "ok"
    with (copied / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    found = _findings(ipse, code=3)["model"]
    assert "tokenizer.json" in found["message"]
    assert found["remedy"]


def test_a_library_that_is_missing_is_found(ipse: Ipse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_requirements", lambda: ["typer>=0.27", "no-such-library>=1", "x; y"])
    found = _findings(ipse, code=3)["installation"]
    assert "no-such-library" in found["message"]
    assert "no-such-library>=1" in found["remedy"]


def test_an_environment_whose_python_is_gone_is_found(
    ipse: Ipse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyvenv.cfg").write_text(f"home = {tmp_path / 'python-of-yesterday'}\n")
    (tmp_path / "pipx_metadata.json").write_text("{}")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    found = _findings(ipse, code=3)["python"]
    assert "python-of-yesterday" in found["message"]
    assert "pipx reinstall" in found["remedy"]


@pytest.mark.skipif(sys.platform == "darwin", reason="desktop entries")
@pytest.mark.parametrize(
    ("line", "listed", "said"),
    [
        ("/gone/python -P -m ipse handler open -- %u", True, "/gone/python"),
        ('"/gone away/python" -P -m ipse handler open -- %u', True, "/gone away/python"),
        (f"{sys.executable} -P -m ipse handler open -- %u", False, "another program"),
        (f"{sys.executable} -P -m ipse handler open -- %u", True, ""),
    ],
)
def test_links_that_start_what_is_gone_or_something_else_are_found(
    line: str, listed: bool, said: str, ipse: Ipse
) -> None:
    applications = ipse.home / ".local" / "share" / "applications"
    applications.mkdir(parents=True)
    (applications / "ipse-handler.desktop").write_text(f"[Desktop Entry]\nExec={line}\n")
    program = "ipse-handler.desktop" if listed else "other.desktop"
    schemes = ("openid4vp", "haip-vp", "eu-eaap", "haip")
    defaults = "".join(f"x-scheme-handler/{scheme}={program}\n" for scheme in schemes)
    (ipse.home / ".config").mkdir()
    (ipse.home / ".config" / "mimeapps.list").write_text(f"[Default Applications]\n{defaults}")
    found = _findings(ipse, code=3 if said else 0)["links"]
    assert said in found["message"]
    assert found["remedy"] == ("`ipse handler install`" if said else None)


def test_the_report_of_a_person_names_each_remedy(ipse: Ipse) -> None:
    _readable(ipse)
    run = in_process(ipse)("doctor", code=3)
    lines = run.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("problem  permissions"))
    assert "chmod go-rwx" in lines[place + 1]
    assert run.err.startswith("error: is not well: permissions\n")
