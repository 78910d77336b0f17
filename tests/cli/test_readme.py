"""The documents say what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ipse import errors
from tests.conftest import REPOSITORY, Ipse

_TOUR = (REPOSITORY / "examples" / "tour.sh").read_text()
_README = (REPOSITORY / "README.md").read_text()


def test_the_recording_in_the_readme_is_of_the_tours_commands() -> None:
    commands = [line[5:-1] for line in _TOUR.splitlines() if line.startswith("run '")]
    recorded = [line[2:] for line in _README.splitlines() if line.startswith("$ ") and "pipx" not in line]
    assert [line for line in recorded if not line.startswith("make ")] == commands


def test_the_readmes_exit_codes_are_those_of_the_errors() -> None:
    table = dict(
        re.findall(r"(\d+) ([a-z ]+)", next(item for item in _README.split("\n- ") if "Exit codes" in item))
    )
    codes = {
        cls.exit_code for cls in vars(errors).values() if isinstance(cls, type) and hasattr(cls, "exit_code")
    }
    assert {int(code) for code in table} >= codes


def test_the_tour_runs_to_its_end(taught: Ipse, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "ipse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nIPSE_HOME=$IPSE_HOME exec {sys.executable} -m ipse "$@"\n')
    program.chmod(0o755)
    # The tour makes its own wallet; it borrows the compiled model so that the test does not wait for it.
    script = _TOUR.replace(
        'mkdir "$IPSE_HOME/work"', f'cp -r {taught.home}/cache "$IPSE_HOME"; mkdir "$IPSE_HOME/work"'
    )
    assert script != _TOUR
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "tour.sh").write_text(script)
    (tmp_path / "examples" / "data").symlink_to(REPOSITORY / "examples" / "data")
    variables = {**taught.variables, "PATH": f"{program.parent}:{taught.variables['PATH']}"}
    done = subprocess.run(
        ["bash", tmp_path / "examples" / "tour.sh"],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n$ ipse ") == _TOUR.count("\nrun 'ipse ")
    assert done.stdout.rstrip().endswith("1 entry, the chain is whole")


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("docs/*.md")), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
