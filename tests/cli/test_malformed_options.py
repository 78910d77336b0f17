"""An option whose value is malformed is exit 2, before anything is opened, read or asked."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from ipse.cli.examples import EXAMPLES
from tests.cli.test_help import _COMMANDS, _LEAVES
from tests.cli.test_vc import in_process
from tests.conftest import Ipse

_ANY_TEXT = {
    "TEXT", "NAME", "PATH", "PATH|all|none", "LIST", "LABEL", "ID", "R", "REASON", "A,B", "TYPE", "NAME|DID",
    "PREFIX", "FORMAT",
}  # fmt: skip
"""What may be any text, or names something that may not be there."""
_FILES = {"FILE", "FILE|-", "[NAME=]FILE", "ROWS|-", "LINES|-", "FOLDER", "DIR"}
_TYPES_ARE_LISTED = {("did", "create", "--key-type")}


def _cases() -> list[tuple[tuple[str, ...], str, int]]:
    found = []
    for path in _LEAVES:
        for parameter in _COMMANDS[path].params:
            takes = parameter.metavar or parameter.type.name
            name = parameter.opts[-1]
            listed = (*path, name) in _TYPES_ARE_LISTED
            if parameter.param_type_name != "option" or parameter.is_flag:
                continue
            if takes in _FILES or (takes in _ANY_TEXT and not listed):
                continue
            found.append((path, name, parameter.nargs))
    return found


def _id(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("path", "option", "count"), _cases(), ids=_id)
def test_a_malformed_value_is_a_usage_error(
    path: tuple[str, ...],
    option: str,
    count: int,
    ipse: Ipse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(EXAMPLES[" ".join(path)][0])[1:]
    for name in ("request", "claims", "degree", "books.csv", "candidates.txt", "ask", "terms", "answer"):
        (tmp_path / name).with_suffix(Path(name).suffix or ".json").write_text("{}")
    if option in words:
        place = words.index(option)
        del words[place : place + 2]
    if path == ("vc", "status", "create"):
        words = ["university" if word == "uni" else word for word in words]
    run = in_process(ipse)(*words, option, *(["§ nonsense"] * count), "--no-input", code=2)
    assert run.out == ""
    assert run.err.startswith("error: ")


def test_every_kind_of_value_is_either_tried_or_may_be_any_text() -> None:
    takes: set[Any] = set()
    for path in _LEAVES:
        takes |= {parameter.metavar for parameter in _COMMANDS[path].params if parameter.metavar}
    assert {"SPAN", "TIME", "URL", "1..5", "os|file"} <= takes - _ANY_TEXT - _FILES
