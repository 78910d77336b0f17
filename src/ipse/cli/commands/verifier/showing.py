"""What `ipse verifier serve` writes: the link and its QR code, and what each session comes to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ipse.cli import qr
from ipse.cli.commands.vc.rendering import Reader, render
from ipse.cli.context import Context
from ipse.cli.output import printable
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentRefused, IpseError, Undetermined, VerificationFailed

if TYPE_CHECKING:
    from ipse.servers.verifier.outcomes import Outcome

__all__ = ["error_of", "invite", "outcome"]


def invite(context: Context, link: str) -> None:
    """Show the link that opens a wallet, and its QR code, on stderr: stdout is for what is verified."""
    context.output.page(link, whole=True)
    if not context.output.quiet:
        qr.show(context.output, link)


def outcome(context: Context, session: str, found: Outcome) -> None:
    """Write what a session came to: claims where all is verified, otherwise the report of every check."""
    value: JsonObject = {"session": session, **found.to_json()}
    if context.output.json or found.verifications or found.answer is not None:
        context.output.result("\n".join(_lines(context, found)), value, coloured=True)
        sys.stdout.flush()  # a program that reads the pipe waits for this line


def error_of(found: Outcome) -> IpseError | None:
    """The error that a session ends with, None where it is verified."""
    from ipse.servers.verifier.outcomes import State

    reason = printable(found.reason)
    if found.state is State.VERIFIED:
        return None
    if found.state is State.FAILED:
        return VerificationFailed(f"the answer is not valid: {reason}", code=found.code)
    if found.state is State.UNDETERMINED:
        return Undetermined(f"the answer could not be verified: {reason}", code=found.code)
    told = f"the wallet answered {printable(found.code)[:60]}" + (f": {reason[:200]}" if reason else "")
    if found.code == "access_denied":
        return ConsentRefused(
            told, hint="its owner said no, or has no such credential: ask again if they agree"
        )
    return Undetermined(told, hint="see what the wallet supports, and ask again", code="wallet-error")


def _lines(context: Context, found: Outcome) -> Iterator[str]:
    reader = Reader(context.output, context.known_names)
    several = sum(map(len, found.verifications.values())) > 1
    for name, verifications in found.verifications.items():
        for verification in verifications:
            if several:
                yield f"for {printable(name)}:"
            yield from render(verification, reader)
    if found.answer is not None:
        for name, value in found.answer.items():
            yield from reader.line(f"{name}: {_words(value)}")


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_words(each) for each in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={_words(each)}" for name, each in value.items())
    return printable(str(value))
