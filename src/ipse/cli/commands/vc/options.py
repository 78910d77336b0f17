"""Options that several commands for credentials share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ipse.cli import params
from ipse.cli.context import Context
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.wallet.verifier import Lookup

__all__ = [
    "ContextFiles",
    "File",
    "OutputFile",
    "SchemaFiles",
    "check_output",
    "contexts",
    "deliver",
    "lookup",
]

File: TypeAlias = Annotated[
    str, typer.Argument(metavar="FILE|-", help="A credential, or `-` for standard input.")
]
ContextFiles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--context", metavar="URL=FILE", help="A JSON-LD context at hand; may be repeated."),
]
SchemaFiles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="URL=FILE", help="A JSON Schema at hand; may be repeated."),
]

OutputFile: TypeAlias = Annotated[
    str, typer.Option("-o", "--output", metavar="FILE|-", help="Where to write it.")
]


def check_output(output: str) -> None:
    """Refuse a file that can't be written, before any work is done. Raises DataError."""
    if output != "-":
        output_files.check_target(output)


def deliver(context: Context, output: str, text: str, value: JsonObject) -> None:
    """Print a result, or write it into a file and print the file's name."""
    if output == "-":
        context.output.result(text, value)
        return
    output_files.write_text(output, text.rstrip("\n") + "\n")
    context.output.result(output, {"file": output})


def contexts(given: Sequence[str] | None) -> Contexts | None:
    """Return the built-in contexts and those in files, None without files. Raises UsageError."""
    if not given:
        return None
    from ipse.credentials import json_ld

    documents = {url: params.read_object(file) for url, file in _files(given, "--context")}
    return json_ld.known().with_extra(documents)


def lookup(
    *,
    context_files: Sequence[str] | None = None,
    schema_files: Sequence[str] | None = None,
    ca_file: str | None = None,
    allow_loopback: bool = False,
) -> Lookup:
    """Return what verification may use: contexts, schemas, and how far it may look things up."""
    from ipse.wallet.resolution import Reach
    from ipse.wallet.verifier import Lookup

    schemas = {url: params.read_bytes(file) for url, file in _files(schema_files or (), "--schema")}
    return Lookup(Reach(ca_file, allow_loopback), contexts(context_files), schemas)


def _files(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    """Yield URL and file of each URL=FILE. Raises UsageError."""
    seen: set[str] = set()
    for entry in given:
        url, separator, file = entry.partition("=")
        if not (separator and url and file):
            raise UsageError(
                f"invalid value for {option}: {entry[:100]!r}, expected URL=FILE",
                hint=f"{option} https://example.org/x=x.json",
            )
        if url in seen:
            raise UsageError(f"{option} names {url} twice", hint="name each URL once")
        seen.add(url)
        yield url, file
