"""Every command and every option explains itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import typer

from ipse import errors
from ipse.cli.app import application
from ipse.cli.context import Context
from ipse.cli.examples import EXAMPLES
from ipse.cli.help_topics import EXIT_CODES, TOPICS
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
_LONG: dict[tuple[str, ...], int] = {("vc", "issue"): 56, ("vc", "verify"): 46, ("verifier", "serve"): 52}
"""Commands that do one thing and the same for many; every other page has at most 40 lines."""
_COMMON = ("--json", "-q", "-v", "--plain", "--no-input", "--debug", "--passphrase-file", "--passphrase-fd")
_LEAVES = [path for path, command in _COMMANDS.items() if not hasattr(command, "list_commands")]


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
    assert set(_COMMON) <= names


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_the_common_options_are_on_no_page_but_their_own(path: tuple[str, ...], no_wallet: Ipse) -> None:
    page = in_process(no_wallet)(*path, "--help").out
    own, _, examples = page.partition("\nExamples:")
    assert not [name for name in _COMMON if f"  {name}" in own]
    assert examples or path not in _LEAVES
    assert "`ipse help options`" in page


def test_the_page_of_options_has_each_common_option_once(no_wallet: Ipse) -> None:
    page = in_process(no_wallet)("help", "options").out
    for name in _COMMON:
        assert len(re.findall(rf"(?<![\w-]){name}(?![\w-])", page)) == 1, name


@pytest.mark.parametrize("path", _LEAVES, ids=" ".join)
def test_every_command_has_two_or_three_examples_that_its_parser_takes(path: tuple[str, ...]) -> None:
    examples = EXAMPLES[" ".join(path)]
    assert 2 <= len(examples) <= 3
    for example in examples:
        assert _parsed(example) == path or _of_family(_parsed(example), path), example


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_fits_a_line_and_parses(name: str) -> None:
    for example in EXAMPLES[name]:
        assert len(example) <= 78, example
        if tuple(name.split()) in _COMMANDS:
            _parsed(example)


def _of_family(parsed: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a command is another name of the one at `path`: `delete`, `remove` and `rm` are one."""
    return parsed[:-1] == path[:-1] and {parsed[-1], path[-1]} <= {"delete", "remove", "rm", "forget"}


def _parsed(example: str) -> tuple[str, ...]:
    """The command that a shell would run, after its parser has taken its arguments."""
    words = shlex.split(example)
    if "<" in words:
        del words[words.index("<") :]
    if ">" in words:
        del words[words.index(">") :]
    assert words.pop(0) == "ipse"
    context: Any = typer.Context(application(), info_name="ipse", obj=Context())
    context.obj.output.quiet = True
    path: list[str] = []
    command: Any = context.command
    while hasattr(command, "list_commands") and words and not words[0].startswith("-"):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, example
        path.append(name)
        if not hasattr(command, "list_commands") or not words:
            context = command.make_context(name, list(words), parent=context)
            words = []
        else:
            context = typer.Context(command, info_name=name, parent=context)
    return tuple(path)


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_the_short_help_of_every_command_fits_its_line(path: tuple[str, ...], no_wallet: Ipse) -> None:
    page = in_process(replace(no_wallet, environment={"COLUMNS": "80"}))(*path, "--help").out
    _, _, commands = page.partition("\nCommands:\n")
    for line in commands.partition("\n\n")[0].splitlines():
        assert not line.endswith("..."), line


@pytest.mark.parametrize("path", _COMMANDS, ids=" ".join)
def test_every_page_fits_forty_columns(path: tuple[str, ...], no_wallet: Ipse) -> None:
    page = in_process(replace(no_wallet, environment={"COLUMNS": "40"}))(*path, "--help").out
    assert max(map(len, page.splitlines())) <= 40


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("width", ["40", "80"])
def test_every_topic_has_a_page_that_fits(topic: str, width: str, no_wallet: Ipse) -> None:
    run = in_process(replace(no_wallet, environment={"COLUMNS": width}))("help", topic)
    assert len(run.out.splitlines()) > 3
    assert max(map(len, run.out.splitlines())) <= int(width) or "IPSE_" in run.out


def test_the_topics_are_named_by_help_alone(no_wallet: Ipse) -> None:
    page = in_process(no_wallet)("help").out
    for topic in TOPICS:
        assert f"ipse help {topic} " in page


def test_exit_codes_are_those_of_the_errors(no_wallet: Ipse) -> None:
    codes = {error.exit_code for error in vars(errors).values() if isinstance(error, type)
             and issubclass(error, errors.IpseError)}  # fmt: skip
    assert codes | {0, 130, 141} == set(EXIT_CODES)
    page = in_process(no_wallet)("help", "exit-codes").out
    assert [int(line.split()[0]) for line in page.splitlines() if line.startswith("  ")] == list(EXIT_CODES)


def test_help_on_a_command_is_its_page_and_on_nothing_an_error(no_wallet: Ipse) -> None:
    do = in_process(no_wallet)
    assert do("help", "vc", "verify").out == do("vc", "verify", "--help").out
    assert do("help", "did").out == do("did", "--help").out
    assert "options, exit-codes" in do("help", "nothing", code=5).err
    assert do("help", "vc", "nothing", code=5).err.startswith("error: ")


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
    assert len(run.out.splitlines()) <= _LONG.get(path, 40)


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
