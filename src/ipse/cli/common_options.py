"""The options that every command takes. They are described once, by `ipse help options`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperOption

from ipse.cli.context import context_of

if TYPE_CHECKING:
    import typer

    from ipse.cli.context import Context

__all__ = ["common_options", "described"]

_OF_OUTPUT: Final = frozenset({"json", "quiet", "verbose", "plain"})
"""Options that say how results and messages are written."""


class _Option(TyperOption):
    """An option that the help page of a command leaves out."""

    def get_help_record(self, ctx: Any) -> tuple[str, str] | None:  # noqa: ARG002 - the base class's
        return None


def described(ctx: typer.Context) -> list[tuple[str, str]]:
    """Each common option as it is written on the command line, and what it does."""
    records = [TyperOption.get_help_record(option, ctx) for option in common_options()]
    return [record for record in records if record is not None]


def common_options() -> list[TyperOption]:
    """Build them: each command has its own, as the parser keeps values with options."""
    return [
        _flag("json", "--json", help_text="Print one JSON object; errors too."),
        _flag("quiet", "-q", "--quiet", help_text="Print the result and errors only."),
        _flag("verbose", "-v", "--verbose", help_text="Log what is done to stderr; shorten nothing."),
        _flag("plain", "--plain", help_text="No colours, and words instead of marks."),
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


def _flag(name: str, *declarations: str, help_text: str) -> _Option:
    return _Option(
        param_decls=[*declarations],
        is_flag=True,
        is_eager=True,  # read before any value that may be refused
        default=False,
        help=help_text,
        expose_value=False,
        callback=_remember(name),
    )


def _option(name: str, declaration: str, *, metavar: str, kind: type, help_text: str) -> _Option:
    return _Option(
        param_decls=[declaration],
        type=kind,
        metavar=metavar,
        default=None,
        help=help_text,
        expose_value=False,
        callback=_remember(name),
    )


def _remember(name: str) -> Callable[[typer.Context, Any, Any], Any]:
    """Return a callback that puts the value of an option into the context, if the option was given."""

    def callback(ctx: typer.Context, _: Any, value: Any) -> Any:
        if value is not None and value is not False and not ctx.resilient_parsing:
            context: Context = context_of(ctx)
            setattr(context.output if name in _OF_OUTPUT else context, name, value)
            if name == "verbose":
                context.output.start_log()
        return value

    return callback
