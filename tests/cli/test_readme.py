"""The documents say what the program does."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipse import errors
from ipse.credentials.report import CHECKS
from tests.conftest import REPOSITORY, Ipse
from tests.waiting import PATIENCE

_TOUR = (REPOSITORY / "examples" / "tour.sh").read_text()
_README = (REPOSITORY / "README.md").read_text()
_RECORDING = (REPOSITORY / "docs" / "tour.md").read_text()
_PROFILE = (REPOSITORY / "docs" / "profile.md").read_text()
_GUIDE = (REPOSITORY / "docs" / "credentials.md").read_text()
_DISCLOSURE = "".join(
    (REPOSITORY / "docs" / name).read_text() for name in ("disclosure.md", "applications.md")
)
_LOG = (REPOSITORY / "docs" / "disclosure_log.md").read_text()
_FAILS = re.compile(r" +# exit (\d+)$")
_TYPED = re.compile(r"^(numbers tick|k lets).*: (\S.*)$", re.MULTILINE)

# Where `ipse` is the program.
_PROGRAM = f'set -uo pipefail\nipse() {{ {shlex.quote(sys.executable)} -m ipse "$@"; }}\n'

# The three answers that the guide to the log speaks of, and what the application signed about the last.
_ANSWERED = """
ipse profile like "long hikes in the hills"
LIBRARY=$(ipse did create --name library)
ipse dapp grant "$LIBRARY" --level topics --topics hiking --exact
for number in 1 2 3; do
    ipse dapp request --as library --audience https://library.example --purpose "to plan a walk" \\
        --level topics --topics hiking --deletion-on-demand --force -o request.jwt
    ipse dapp answer request.jwt > answer.txt
done
ipse log receipts 3 | ipse dapp receipt - --request request.jwt --answer answer.txt --as library > signed.json
ipse dapp withdraw 3 | ipse dapp reply - --receipt signed.json --as library --deleted > reply.jwt
"""


def _section(text: str, title: str) -> str:
    """A section of a Markdown text, those below it included."""
    level, _, _ = title.partition(" ")
    rest = text.partition(f"\n{title}\n")[2]
    assert rest, title
    return rest.partition(f"\n{level} ")[0]


def _commands(text: str) -> list[tuple[str, int]]:
    """Every command in the console blocks of a text, and the exit code that it is meant to end with."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for command in re.findall(r"^\$ (.*(?:\n  .*)*)", block, re.MULTILINE):
            fails = _FAILS.search(command)
            found.append((_FAILS.sub("", command), int(fails[1]) if fails else 0))
    return found


def _checked(text: str) -> str:
    """A bash script of the commands in `text` that stops at the first with another exit code than it says."""
    script = ""
    for command, code in _commands(text):
        said = shlex.quote(f"{command}: exit")
        script += f"{command}\ncode=$?; [ $code -eq {code} ] || {{ echo {said} $code >&2; exit 1; }}\n"
    return script


def _run(ipse: Ipse, folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a bash script without a terminal, on the data of the examples."""
    work = shutil.copytree(REPOSITORY / "examples" / "data", folder / "work")
    return subprocess.run(
        ["bash", "-c", _PROGRAM + script],
        capture_output=True,
        text=True,
        env=ipse.variables,
        cwd=work,
        check=False,
    )


def test_the_recording_is_of_the_tours_commands() -> None:
    commands = [line[5:-1] for line in _TOUR.splitlines() if line.startswith("run '")]
    assert [line[2:] for line in _RECORDING.splitlines() if line.startswith("$ ")] == commands


def test_the_readme_is_as_long_as_people_read() -> None:
    assert len(_README.splitlines()) <= 150


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_quick_start_runs_as_it_stands(taught: Ipse, tmp_path: Path, shell: str) -> None:
    """Every line, pasted into the shell, in the wallet of a machine that has no OS keyring."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    program = tmp_path / "bin" / "ipse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ipse "$@"\n')
    program.chmod(0o755)
    home = tmp_path / "new wallet"
    lines = "".join(
        re.findall(r"```sh\n(.*?)```", _section(_README, "## Quick start"), re.DOTALL)
    ).splitlines()
    assert lines[0] == "ipse init"
    script = "".join(f"{line} || exit 9\n" for line in ("ipse init --keystore file", *lines[1:]))
    variables = {
        **taught.variables,
        "HOME": str(tmp_path),
        "IPSE_HOME": str(home),
        "PATH": f"{program.parent}:{taught.variables['PATH']}",
    }
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, text=True, env=variables, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "VALID" in done.stdout


def _counterparts() -> list[tuple[str, str, str]]:
    """The name, the version and the test of each row of the README's table of counterparts."""
    rows = re.findall(
        r"^\| `([^`]+)` \(\w+\) \| (\S+) \|.*\]\((\S+)\) \|$",
        _section(_README, "## Tested against"),
        re.MULTILINE,
    )
    return [(name, version, path) for name, version, path in rows]


def test_the_readme_names_the_counterparts_in_the_versions_that_are_installed() -> None:
    peers = json.loads((REPOSITORY / "tests" / "interop" / "peers" / "package.json").read_text())
    pinned = dict(
        line.split("==") for line in (REPOSITORY / "constraints.txt").read_text().split() if "==" in line
    )
    versions = {**peers["dependencies"], **pinned}
    rows = _counterparts()
    assert len(rows) >= 5
    assert [versions[name] for name, _, _ in rows] == [version for _, version, _ in rows]


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, _, path in _counterparts()])
def test_the_test_against_a_counterpart_is_there(name: str, path: str) -> None:
    assert (REPOSITORY / path).exists(), name


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param("", _GUIDE, id="credentials.md", marks=pytest.mark.slow),
    ],
)
def test_every_command_on_credentials_ends_as_it_says(
    no_wallet: Ipse, tmp_path: Path, before: str, text: str
) -> None:
    no_wallet("init", "--keystore", "file")
    done = _run(no_wallet, tmp_path, before + _checked(text))
    assert done.returncode == 0, done.stderr


def test_the_guide_names_the_checks_of_a_report() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", _section(_GUIDE, "## The report"), re.MULTILINE)
    assert tuple(rows) == CHECKS


def test_the_readmes_exit_codes_are_those_of_the_errors() -> None:
    table = dict(
        re.findall(r"(\d+) ([a-z ]+)", next(item for item in _README.split("\n- ") if "Exit codes" in item))
    )
    codes = {
        cls.exit_code for cls in vars(errors).values() if isinstance(cls, type) and hasattr(cls, "exit_code")
    }
    assert {int(code) for code in table} >= codes


@pytest.mark.slow
def test_the_tour_runs_to_its_end(taught: Ipse, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "ipse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nIPSE_HOME=$IPSE_HOME exec {sys.executable} -m ipse "$@"\n')
    program.chmod(0o755)
    variables = {**taught.variables, "PATH": f"{program.parent}:{taught.variables['PATH']}"}
    done = subprocess.run(
        ["bash", REPOSITORY / "examples" / "tour.sh"],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n$ ipse ") == _TOUR.count("\nrun 'ipse ")
    assert "\n4 entries, the chain is whole\n" in done.stdout


@pytest.mark.parametrize(
    "path", sorted((*REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("*.md"))), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param("", _PROFILE, id="profile.md", marks=pytest.mark.slow),
        pytest.param(_ANSWERED, _LOG, id="disclosure_log.md", marks=pytest.mark.slow),
    ],
)
def test_every_command_on_the_profile_and_its_answers_ends_as_it_says(
    taught: Ipse, tmp_path: Path, before: str, text: str
) -> None:
    done = _run(taught, tmp_path, before + _checked(text))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_every_command_on_disclosure_ends_as_it_says_for_an_owner_who_types_what_it_shows(
    taught: Ipse, tmp_path: Path
) -> None:
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    work = shutil.copytree(REPOSITORY / "examples" / "data", tmp_path / "work")
    script = _PROGRAM + _checked(_DISCLOSURE)
    child = pexpect.spawn(
        "bash", ["-c", script], env=taught.variables, cwd=str(work), encoding="utf-8", timeout=PATIENCE
    )
    for prompt, typed in _TYPED.findall(_DISCLOSURE):
        assert child.expect([f"{prompt}[^\r\n]*: $", pexpect.EOF]) == 0, child.before
        child.sendline(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
