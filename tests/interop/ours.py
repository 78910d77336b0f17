"""The program under test, driven as an issuer, a holder and a verifier would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import Ipse, Run

__all__ = ["did_of", "issue", "issuer_on", "keep", "outcome", "verify", "write"]


def did_of(ipse: Ipse, name: str) -> str:
    """The DID called `name`."""
    return str(ipse("did", "show", name, "--json").json["did"])


def issuer_on(ipse: Ipse, curve: str) -> str:
    """The name of a DID on `curve` that can issue."""
    if curve == "Ed25519":
        return "university"
    ipse("did", "create", "--name", "institute", "--key-type", curve)
    return "institute"


def write(path: Path, content: str | Mapping[str, Any]) -> Path:
    """`content` as a file."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def issue(ipse: Ipse, *options: str | Path) -> str:
    """What `ipse vc issue` prints, without the line's end."""
    return ipse("vc", "issue", *options).out.rstrip("\n")


def keep(ipse: Ipse, credential: str | Mapping[str, Any]) -> str:
    """Its id in the wallet."""
    text = credential if isinstance(credential, str) else json.dumps(credential)
    return ipse("vc", "add", "-", stdin=text).out.strip()


def verify(ipse: Ipse, content: str | Mapping[str, Any], *options: str | Path, code: int | None = 0) -> Run:
    """A run of `ipse vc verify --json`, which must end with exit code `code`."""
    text = content if isinstance(content, str) else json.dumps(content)
    return ipse("vc", "verify", "-", "--json", *options, stdin=text, code=code)


def outcome(run: Run, check: str) -> str:
    """What the report of `run` says of `check`."""
    return next(str(entry["outcome"]) for entry in run.json["checks"] if entry["name"] == check)
