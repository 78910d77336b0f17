"""Every command and every option explains itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import typer

from ipse.cli.app import application
from tests.cli.test_vc import in_process
from tests.conftest import Ipse


def _walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    context = typer.Context(command)
    for name in getattr(command, "list_commands", lambda _: [])(context):
        yield from _walk(command.get_command(context, name), (*path, name))


_COMMANDS = dict(_walk(application()))
_SAY_IT_THEMSELVES = ("int range", "choice")
"""Types of options that show in the help what they take."""
_LONG: dict[tuple[str, ...], int] = {("vc", "issue"): 58, ("vc", "verify"): 50, ("verifier", "serve"): 53}
"""Commands that do one thing and the same for many; every other page has at most 45 lines."""


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_every_command_and_option_has_help_text(path: tuple[str, ...]) -> None:
    command = _COMMANDS[path]
    assert command.help, path
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
        if parameter.param_type_name == "option" and not parameter.is_flag:
            assert parameter.metavar or parameter.type.name in _SAY_IT_THEMSELVES, f"{path}: {parameter.name}"


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_every_command_takes_the_common_options(path: tuple[str, ...]) -> None:
    names = {name for parameter in _COMMANDS[path].params for name in parameter.opts}
    common = {"--json", "-q", "-v", "--no-input", "--debug", "--passphrase-file", "--passphrase-fd"}
    assert common <= names


def test_no_option_takes_a_secret_on_the_command_line() -> None:
    for path, command in _COMMANDS.items():
        for parameter in command.params:
            for name in parameter.opts:
                assert name not in ("--passphrase", "--password", "--secret", "--key", "--seed"), path


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_help_pages_fit_a_screen_and_go_to_stdout(path: tuple[str, ...], no_wallet: Ipse) -> None:
    run = in_process(replace(no_wallet, environment={"COLUMNS": "80"}))(*path, "--help")
    assert run.out.startswith("Usage: ipse")
    assert run.err == ""
    assert max(map(len, run.out.splitlines())) <= 100
    assert len(run.out.splitlines()) <= _LONG.get(path, 45)


def test_a_process_of_its_own_shows_the_same_help(no_wallet: Ipse) -> None:
    narrow = replace(no_wallet, environment={"COLUMNS": "80"})
    for path in ((), ("vc",), ("vc", "verify")):
        assert narrow(*path, "--help").out == in_process(narrow)(*path, "--help").out


def test_global_options_are_taken_before_and_after_the_command(ipse: Ipse) -> None:
    assert ipse("--json", "did", "list").json == ipse("did", "list", "--json").json
    assert ipse("did", "--json", "list").json == ipse("did", "list", "--json").json


def test_the_version_is_the_packages(ipse: Ipse) -> None:
    import ipse as package

    assert ipse("--version").out == f"ipse {package.__version__}\n"
