"""How commands are built: the options that all of them take, and groups that load when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

__all__ = ["Command", "Group", "LazyGroup", "application"]


def _flag(name: str, *declarations: str, help_text: str) -> TyperOption:
    return TyperOption(
        param_decls=[*declarations],
        is_flag=True,
        default=False,
        help=help_text,
        expose_value=False,
        callback=_remember(name),
    )


def _option(name: str, declaration: str, *, metavar: str, kind: type, help_text: str) -> TyperOption:
    return TyperOption(
        param_decls=[declaration],
        type=kind,
        metavar=metavar,
        default=None,
        help=help_text,
        expose_value=False,
        callback=_remember(name),
    )


def _remember(name: str) -> Callable[[typer.Context, Any, Any], Any]:
    """Put a given value into the session; what was not given leaves it as it is."""

    def callback(context: typer.Context, _: Any, value: Any) -> Any:
        if value is not None and value is not False and not context.resilient_parsing:
            session = context.find_root().obj
            target = session.console if hasattr(session.console, name) else session
            setattr(target, name, value)
        return value

    return callback


def _common_options() -> list[TyperOption]:
    return [
        _flag("json", "--json", help_text="Print one JSON object; errors too."),
        _flag("quiet", "-q", "--quiet", help_text="Print the result and errors only."),
        _flag("verbose", "-v", "--verbose", help_text="Say more of what is done."),
        _flag("no_input", "--no-input", help_text="Never ask; fail with the option to use instead."),
        _flag("debug", "--debug", help_text="Show a traceback when something fails."),
        _option(
            "passphrase_file",
            "--passphrase-file",
            metavar="FILE",
            kind=str,
            help_text="Read the keystore's passphrase from this file.",
        ),
        _option(
            "passphrase_fd",
            "--passphrase-fd",
            metavar="N",
            kind=int,
            help_text="Read the keystore's passphrase from this open file descriptor.",
        ),
    ]


class Command(TyperCommand):
    """A command with the common options after its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_common_options())


class Group(TyperGroup):
    """A group of commands; alone it prints its help."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "no_args_is_help": True})
        self.params.extend(_common_options())

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the base class's
        """Names in the order they were written."""
        return list(self.commands)


class LazyGroup(Group):
    """A group that imports a command's module when the command is used.

    `modules` names for each command the module with its group `app`, or the function: "module:function".
    """

    modules: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the base class's
        """Its own commands, then the others in the order they were written."""
        return [*self.commands, *self.modules]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by name, or None."""
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        module, _, function = self.modules[cmd_name].partition(":")
        if not function:
            return get_command(importlib.import_module(module).app)
        alone = application(name=cmd_name, help_text="")
        alone.command(cmd_name, cls=Command)(getattr(importlib.import_module(module), function))
        group = get_command(alone)
        assert isinstance(group, Group)
        return group.commands[cmd_name]


def application(*, name: str, help_text: str, cls: type[Group] = Group) -> typer.Typer:
    """A group of commands in plain help text, without rich and without installing anything."""
    app = typer.Typer(
        name=name,
        help=help_text,
        cls=cls,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(lambda: None)
    return app
