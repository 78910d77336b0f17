"""The walks through two commands in docs/architecture.md name every module that the commands enter."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, REPOSITORY, Ipse
from tests.waiting import PATIENCE

_PAGE = (REPOSITORY / "docs" / "architecture.md").read_text()
_MODULE = re.compile(r"`((?:[a-z0-9_]+/)*[a-z0-9_]+\.py)`")
_MOST = {"vc verify": 45, "dapp answer": 91}
"""How many modules each command may enter: fewer is better, and no more than there were."""


def walked(command: str) -> set[str]:
    """The modules that the page names in the walk through a command."""
    _, _, after = _PAGE.partition(f"### `ipse {command}`\n")
    walk, _, _ = after.partition("\n#")
    assert walk, f"there is no walk through {command}"
    return set(_MODULE.findall(walk))


def entered(ipse: Ipse, tmp_path: Path, *arguments: str | Path) -> set[str]:
    """The modules that a command enters."""
    output = tmp_path / "entered.json"
    command = [sys.executable, "-m", "tests.entered", str(output), *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=ipse.variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(output.read_text()))


def test_verifying_a_credential_enters_the_modules_that_the_walk_names(
    ipse: Ipse, no_home: Ipse, tmp_path: Path
) -> None:
    credential = tmp_path / "degree.json"
    credential.write_text(
        ipse(
            "vc", "issue", "--issuer", "university", "--type", "DegreeCredential", "--undefined-terms",
            "--claims", EXAMPLES / "claims.json",
        ).out
    )  # fmt: skip
    issuer = ipse("did", "show", "university", "--json").json["did"]
    found = entered(no_home, tmp_path, "vc", "verify", credential, "--issuer", issuer)
    assert found == walked("vc verify")
    assert len(found) <= _MOST["vc verify"]


def test_answering_an_application_enters_the_modules_that_the_walk_names(
    taught: Ipse, tmp_path: Path
) -> None:
    taught("profile", "import", EXAMPLES / "books.csv")
    request = tmp_path / "request.json"
    taught(
        "dapp", "request", "--audience", "https://travel.example", "--purpose", "to propose three things",
        "--candidates", EXAMPLES / "outings.txt", "--top", "3", "-o", request,
    )  # fmt: skip
    taught("dapp", "grant", "https://travel.example", "--level", "choose", "--allow-unsigned")
    taught("profile", "topics")  # the first use of a model embeds the topics, which are kept
    found = entered(taught, tmp_path, "dapp", "answer", request)
    assert found == walked("dapp answer")
    assert len(found) <= _MOST["dapp answer"]


@pytest.fixture
def no_home(tmp_path: Path) -> Ipse:
    """The program where there is no wallet at all."""
    return Ipse(tmp_path / "nowhere")
