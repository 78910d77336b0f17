"""The documents say what the program does."""

from __future__ import annotations

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

# What the README's tour has made before its sections on credentials.
_BEFORE = """
ME=$(ipse did create --name me)
UNI=$(ipse did create --name university)
ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json \\
    --undefined-terms > degree.json
DEGREE=$(ipse vc add degree.json)
ipse vc present "$DEGREE" --audience https://jobs.example --nonce 7f3a9c -q -o presentation.json
"""

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


def test_the_recording_in_the_readme_is_of_the_tours_commands() -> None:
    commands = [line[5:-1] for line in _TOUR.splitlines() if line.startswith("run '")]
    tour = _section(_README, "## The tour")
    assert [line[2:] for line in tour.splitlines() if line.startswith("$ ")] == commands


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param(_BEFORE, _section(_README, "## Credentials"), id="README.md"),
        pytest.param("", _GUIDE, id="credentials.md", marks=pytest.mark.slow),
    ],
)
def test_every_command_on_credentials_ends_as_it_says(
    no_wallet: Ipse, tmp_path: Path, before: str, text: str
) -> None:
    no_wallet("init", "--keystore", "file")
    done = _run(no_wallet, tmp_path, before + _checked(text))
    assert done.returncode == 0, done.stderr


def test_the_guide_and_the_readme_name_the_checks_of_a_report() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", _section(_GUIDE, "## The report"), re.MULTILINE)
    assert tuple(rows) == CHECKS
    assert ", ".join(f"`{name}`" for name in CHECKS) in " ".join(_README.split())


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
        pytest.param("", _section(_README, "## The profile"), id="README.md"),
        pytest.param("", _PROFILE, id="profile.md", marks=pytest.mark.slow),
        pytest.param(
            'ipse profile like "quiet novels about the sea"\n',
            _section(_README, "## Applications"),
            id="README.md, applications",
        ),
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
