"""The guide to the Python API: every block runs, in order, in one namespace."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import ipse
from ipse import errors
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.questions import build_request
from ipse.encoding import strict_json
from tests.conftest import EXAMPLES, PASSPHRASE, REPOSITORY

_GUIDE = (REPOSITORY / "docs" / "python.md").read_text()
_BLOCK = re.compile(r"^```python(?P<needs> profile)?\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)


def _run(home: Path, monkeypatch: pytest.MonkeyPatch, *, profile: bool) -> dict[str, Any]:
    """Run the blocks in `home`, those that need the profile extra only with `profile`; their namespace."""
    monkeypatch.chdir(home)
    (home / "passphrase.txt").write_bytes(PASSPHRASE + b"\n")
    shutil.copy(EXAMPLES / "members.csv", home)
    request = build_request(
        address="https://library.example",
        purpose="to suggest books about the hills",
        asked=Topics(("hiking",)),
        retention=timedelta(days=1),
        issued=datetime.now(UTC),
        lifetime=timedelta(minutes=10),
    )
    assert isinstance(request, dict)
    (home / "request.jwt").write_bytes(strict_json.canonical(request))
    namespace: dict[str, Any] = {"received": _credential_of_a_stranger(home)}
    for block in _BLOCK.finditer(_GUIDE):
        if profile or not block["needs"]:
            line = _GUIDE.count("\n", 0, block.start("code"))
            exec(compile("\n" * line + block["code"], "docs/python.md", "exec"), namespace)
    return namespace


def _credential_of_a_stranger(home: Path) -> str:
    places = ipse.Places.under(home / "stranger")
    with ipse.Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE) as wallet:
        wallet.identities.create("stranger")
        draft = ipse.Draft(None, ["VerifiableCredential"], {"name": "nobody"})
        return wallet.issuer(format="jwt").issue(draft).text


def test_every_block_that_needs_no_model_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = _run(tmp_path, monkeypatch, profile=False)
    assert namespace["verified"].issuer == namespace["university"].did


def test_every_block_runs_with_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile_extra: None
) -> None:
    namespace = _run(tmp_path, monkeypatch, profile=True)
    assert namespace["answer"].said


def test_the_table_of_errors_names_each_with_its_exit_code() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| (\d) \|", _GUIDE, re.MULTILINE)
    told = {name: int(code) for names, code in rows for name in re.findall(r"`(\w+)`", names)}
    raised = {name: getattr(errors, name).exit_code for name in errors.__all__ if name != "IpseError"}
    assert told == raised


def test_the_policys_members_are_in_its_table() -> None:
    rows = re.findall(r"^\| `(\w+)=", _GUIDE, re.MULTILINE)
    assert sorted(rows) == sorted(ipse.Policy.__dataclass_fields__)
