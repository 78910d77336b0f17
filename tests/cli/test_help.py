"""Every command and every option explains itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from ipse.cli.app import app
from tests.conftest import Ipse


def _walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    context = typer.Context(command)
    for name in getattr(command, "list_commands", lambda _: [])(context):
        yield from _walk(command.get_command(context, name), (*path, name))


_COMMANDS = dict(_walk(get_command(app)))


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_every_command_and_option_has_help_text(path: tuple[str, ...]) -> None:
    command = _COMMANDS[path]
    assert command.help, path
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
        if parameter.param_type_name == "option" and not parameter.is_flag:
            assert parameter.metavar or parameter.type.name == "int range", f"{path}: {parameter.name}"


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


def test_help_pages_fit_a_screen_and_go_to_stdout(ipse: Ipse) -> None:
    for path in (*_COMMANDS,):
        run = ipse(*path, "--help")
        assert run.out.startswith("Usage: ipse")
        assert run.err == ""
        assert max(map(len, run.out.splitlines())) <= 100
        assert len(run.out.splitlines()) <= 45, path


def test_global_options_are_taken_before_and_after_the_command(ipse: Ipse) -> None:
    assert ipse("--json", "did", "list").json == ipse("did", "list", "--json").json
    assert ipse("did", "--json", "list").json == ipse("did", "list", "--json").json


def test_the_version_is_the_packages(ipse: Ipse) -> None:
    import ipse as package

    assert ipse("--version").out == f"ipse {package.__version__}\n"
