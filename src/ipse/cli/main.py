"""The program `ipse`: runs a command and turns what comes of it into an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ipse.cli.context import Context
from ipse.cli.output import flush, is_of_stdout, not_written
from ipse.cli.streams import open_streams
from ipse.errors import IpseError, UsageError
from ipse.hardening import harden_process

__all__ = ["INTERRUPTED", "main", "run"]

INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
"""128 + SIGPIPE, what a shell reports of a program whose reader went away."""
_BUG: Final = 1
_RANKING: Final = frozenset(
    {("profile", "rank"), ("profile", "search"), ("profile", "why"), ("dapp", "answer")}
)


class _Interrupted(IpseError):
    code = "interrupted"
    exit_code = INTERRUPTED


def main() -> None:
    """Run the program with the arguments of the process."""
    open_streams()
    if not harden_process() and sys.platform == "linux":
        sys.stderr.write("warning: this system does not let ipse keep its memory from other programs\n")
    _hurry(sys.argv[1:])
    if isinstance(sys.stdout, io.TextIOWrapper):  # what a stream's encoding lacks is spelled out
        sys.stdout.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    # What is left in the interpreter (a hung keyring's thread, a model's memory) must not keep the process.
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed from outside, or by a reader that left
            stream.flush()
    os._exit(code)


def _hurry(arguments: Sequence[str]) -> None:
    """Begin the longest import of a command that ranks while the command line is still being built."""
    if tuple(arguments[:2]) in _RANKING:
        from threading import Thread

        Thread(target=_import_numpy, daemon=True).start()


def _import_numpy() -> None:
    with suppress(Exception):  # the command says what is missing
        import numpy  # noqa: F401 - for the modules that use it later


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    context = Context()
    try:
        return _execute(context, arguments)
    except BrokenPipeError:
        return _without_reader()
    except IpseError as error:
        try:
            if isinstance(error, UsageError):
                _read_flags(context, arguments)
            _show_traceback(context)
            context.output.error(error)
        except BrokenPipeError:  # nobody reads stderr; the code still tells
            _without_reader()
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted(context)
    finally:
        context.output.stop_log()


def _execute(context: Context, arguments: Sequence[str]) -> int:
    import typer

    from ipse.cli.app import application

    for argument in arguments:
        if not argument.isascii() and any("\ud800" <= character <= "\udfff" for character in argument):
            raise UsageError(f"{argument!r} is not UTF-8 text", hint="check the encoding of your terminal")
    if "_IPSE_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        code = application().main(list(arguments), prog_name="ipse", standalone_mode=False, obj=context)
        flush()
    except typer.TyperException as error:
        raise _usage(error) from error
    except typer.Abort:
        return _interrupted(context)
    except (IpseError, BrokenPipeError):
        raise
    except OSError as error:
        if not is_of_stdout(error):
            return _bug(context, error)
        raise not_written(error) from error
    except Exception as error:
        return _bug(context, error)
    if code == INTERRUPTED:
        return _interrupted(context)
    return code if isinstance(code, int) else 0


def _without_reader() -> int:
    """Let what is still held for a reader that is gone come to nothing; the exit code that says so."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
            continue
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return _BROKEN_PIPE


def _read_flags(context: Context, arguments: Sequence[str]) -> None:
    """Read how the error is to be shown, where the arguments were refused before all options were read."""
    from ipse.cli.app import application, given_flags

    given = given_flags(application(), arguments)
    context.output.json = "json" in given
    context.debug = "debug" in given


def _usage(error: Exception) -> UsageError:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "ipse"
    message = getattr(error, "format_message", lambda: str(error))()
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(message + "\n")
        message = f"{path} needs a command"
    first = message.strip().splitlines()[0].rstrip(".") if message.strip() else "wrong usage"
    return UsageError(first[:1].lower() + first[1:], hint=f"`{path} --help` shows what it takes")


def _interrupted(context: Context) -> int:
    context.output.error(_Interrupted("interrupted", hint=context.when_interrupted))
    return INTERRUPTED


def _bug(context: Context, error: Exception) -> int:
    _show_traceback(context)
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    context.output.error(
        IpseError(f"a bug in ipse: {what}", hint="run it again with --debug and report what it shows")
    )
    return _BUG


def _show_traceback(context: Context) -> None:
    if context.debug:
        import traceback

        from ipse.encoding.safe_text import printable_lines

        sys.stderr.write(printable_lines(traceback.format_exc()))
