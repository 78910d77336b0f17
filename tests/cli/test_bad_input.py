"""Whatever a file holds, a command ends with its exit code, an error line and a hint line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_vc import in_process
from tests.conftest import EXAMPLES, REPOSITORY, Ipse

_READERS: dict[str, Callable[[Path], tuple[str | Path, ...]]] = {
    "vc issue": lambda file: ("vc", "issue", "--issuer", "me", "--type", "T", "--claims", file),
    "vc verify": lambda file: ("vc", "verify", file, "--any-issuer"),
    "vc verify --context": lambda file: (
        "vc", "verify", "-", "--any-issuer", "--context", f"https://example.org/context={file}",
    ),
    "vc issue --credential": lambda file: ("vc", "issue", "--issuer", "me", "--credential", file),
    "vc issue --template": lambda file: (
        "vc", "issue", "--batch", EXAMPLES / "books.csv", "--template", file,
    ),
    "vc issue --row-schema": lambda file: (
        "vc", "issue", "--batch", EXAMPLES / "books.csv", "--template", EXAMPLES / "claims.json",
        "--row-schema", file,
    ),
    "vc lint": lambda file: ("vc", "lint", file),
    "vc add": lambda file: ("vc", "add", file),
    "vc add --unverified": lambda file: ("vc", "add", file, "--unverified"),
    "profile import": lambda file: ("profile", "import", file),
    "profile rank": lambda file: ("profile", "rank", file),
    "dapp request": lambda file: (
        "dapp", "request", "--audience", "https://shop.example", "--purpose", "p", "--candidates", file,
    ),
    "dapp answer": lambda file: ("dapp", "answer", file),
    "dapp verify": lambda file: ("dapp", "verify", EXAMPLES / "claims.json", "--request", file),
}  # fmt: skip


def _noise(path: Path) -> None:
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for _ in range(100):
            file.write(block)


_BAD: dict[str, Callable[[Path], object]] = {
    "not JSON": lambda path: path.write_text("Dear wallet, {"),
    "truncated": lambda path: path.write_text('{"@context": ["https://www.w3.org/ns/credentials/v2'),
    "not UTF-8": lambda path: path.write_bytes(b'{"a": "\xff\xfe"}'),
    "empty": lambda path: path.write_bytes(b""),
    "a folder": lambda path: path.mkdir(),
    "100 MB of noise": _noise,
    "duplicate keys": lambda path: path.write_text('{"degree": 1, "degree": 2}'),
    "bottomless": lambda path: path.write_text("[" * 100_000),
}
_LINES = {"profile rank", "dapp request"}
"""Commands that read plain lines, to which any text is good input."""
_OTHER_JSON = ("5", "null", '"x"', "[]", "{}", '{"@context": 5, "type": [null], "proof": 5}')
_IN_PROCESS = {name for name in _READERS if name.startswith("vc ") and len(name.split()) > 2}
"""Commands that other rows run as a process of their own."""
_REPORTING = {"vc verify"}
"""Commands that print a report, also where the first check is the last."""
_TEXT = {"not JSON", "truncated", "duplicate keys", "bottomless"}


def _pairs() -> Iterator[Any]:
    """Each command with each bad input, here and in a process of its own; most of the latter are slow."""
    for row, command in enumerate(_READERS):
        for column, bad in enumerate(_BAD):
            if command in _LINES and bad in _TEXT:
                continue
            yield pytest.param(command, bad, True, id=f"{command}-{bad}-here")
            if command not in _IN_PROCESS:
                slow = () if row % len(_BAD) == column else pytest.mark.slow
                yield pytest.param(command, bad, False, id=f"{command}-{bad}", marks=slow)


@pytest.mark.sampled(40)
@pytest.mark.parametrize(("command", "bad", "here"), list(_pairs()))
def test_bad_input_ends_in_exit_6_and_leaves_nothing(
    command: str, bad: str, here: bool, ipse: Ipse, tmp_path: Path
) -> None:
    file = tmp_path / "input"
    _BAD[bad](file)
    before = {path: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()}
    run = (in_process(ipse) if here else ipse)(*_READERS[command](file), code=6)
    _assert_well_told(run.err)
    assert run.out == "" or (command in _REPORTING and run.out.startswith("INVALID  "))
    assert before == {path: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()}


@pytest.mark.parametrize("command", [name for name in _READERS if name.startswith("vc ")])
def test_other_json_than_a_command_reads_is_exit_6_and_what_is_judged_fails(
    command: str, ipse: Ipse, tmp_path: Path
) -> None:
    file = tmp_path / "input"
    for content in _OTHER_JSON:
        file.write_text(content)
        judged = command in _REPORTING and content.startswith("{")
        run = in_process(ipse)(*_READERS[command](file), code=3 if judged else 6)
        _assert_well_told(run.err)


@pytest.mark.slow
@pytest.mark.parametrize("bad", [name for name in _BAD if name not in ("empty", "a folder")])
def test_bad_rows_are_errors_of_their_own_and_exit_6(bad: str, ipse: Ipse, tmp_path: Path) -> None:
    rows = tmp_path / "rows.ndjson"
    if bad == "100 MB of noise":
        rows.write_bytes(os.urandom(1 << 20) + b"\n" + b"x" * (1 << 21))
    else:
        _BAD[bad](rows)
    template = tmp_path / "template.json"
    template.write_text(
        '{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],'
        ' "credentialSubject": {"name": "{{name}}"}}'
    )
    for command in (("vc", "issue", "--template", template), ("vc", "verify", "--any-issuer")):
        run = ipse(*command, "--batch", rows, "-q", code=6 if command[1] == "issue" else None)
        assert run.code in (3, 6), run.err
        _assert_well_told(run.err)
        lines = [json.loads(line) for line in run.out.splitlines()]
        assert lines
        assert all("credential" not in line for line in lines)
        assert [line["row"] for line in lines] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("command", _READERS)
def test_a_missing_file_is_exit_5(command: str, ipse: Ipse, tmp_path: Path) -> None:
    run = ipse(*_READERS[command](tmp_path / "nothing"), code=5)
    _assert_well_told(run.err)


def test_under_json_the_error_is_an_object(ipse: Ipse, tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_text('{"degree": 1, "degree": 2}')
    error = ipse("vc", "issue", "--issuer", "me", "--type", "T", "--claims", file, "--json", code=6).error
    assert set(error) == {"code", "message", "hint"}
    assert "'degree' appears twice" in error["message"]


def test_usage_errors_say_where_to_look(ipse: Ipse) -> None:
    for arguments in (
        ("nonsense",),
        ("did", "nonsense"),
        ("did", "show"),
        ("did", "list", "--nonsense"),
        ("did",),
    ):
        run = ipse(*arguments, code=2)
        assert run.err.splitlines()[-1].startswith("hint: `ipse")
        assert run.out == ""
    assert ipse("did", "show", "--json", code=2).error["code"] == "usage"


def test_a_reader_that_goes_away_ends_the_command_quietly(ipse: Ipse) -> None:
    import subprocess
    import sys

    script = f"{sys.executable} -m ipse did document me | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=ipse.variables, check=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_stdout_is_an_error(ipse: Ipse, unbuffered: str) -> None:
    import subprocess
    import sys

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ipse", "did", "list"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**ipse.variables, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.returncode == 6
    _assert_well_told(done.stderr)


def test_a_missing_extra_is_exit_8_with_the_line_to_install_it(ipse: Ipse, tmp_path: Path) -> None:
    blocked = ("onnxruntime", "sentence_transformers", "tokenizers")
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({blocked}))\n"
    )
    bare = Ipse(ipse.home, {**ipse.environment, "PYTHONPATH": str(tmp_path / "without")})
    run = bare("profile", "like", "the sea", code=8)
    _assert_well_told(run.err)
    assert f"--requirement {REPOSITORY}/requirements-profile.lock`" in run.err
    assert ipse("status", "--json").json["statements"] == 0


def _assert_well_told(err: str) -> None:
    lines = err.splitlines()
    assert len(lines) == 2, err
    assert lines[0].startswith("error: ")
    assert lines[0][7].islower() or not lines[0][7].isalpha()
    assert lines[1].startswith("hint: ")
    assert len(lines[1]) > len("hint: ")
    assert "Traceback" not in err
