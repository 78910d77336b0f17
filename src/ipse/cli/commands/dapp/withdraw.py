"""`ipse dapp withdraw`: the owner takes an answer back, and keeps the application's reply."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile, Force, OutputFile
from ipse.encoding.safe_text import without_quotes
from ipse.encoding.strict_json import JsonObject
from ipse.errors import AlreadyExists, UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.disclosure.withdrawals import ReplyVerification
    from ipse.wallet.disclosure.withdrawing import Withdrawal
    from ipse.wallet.wallet import Wallet

__all__ = ["check_folder", "withdraw", "withdraw_all"]


def withdraw(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The answer's number in `ipse log list`.")],
    reply: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Keep the application's signed reply, and print what it says."),
    ] = None,
    output: OutputFile = "-",
    force: Force = False,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Take an answer back: print a signed withdrawal.

    You send it to the application.
    It asks for deletion. Nothing shows that the application does it; what it replies is its signed word.
    """
    from ipse.wallet.disclosure import withdrawing
    from ipse.wallet.resolution import Reach

    context = context_of(ctx)
    if reply is not None:
        if output != "-":
            raise UsageError("--reply and --output exclude each other", hint="give one of the two")
        text = params.read_text(reply).strip()
        with context.wallet() as wallet:
            said = withdrawing.keep_reply(
                wallet, number, text, now=context.now, reach=Reach(ca_file, allow_loopback)
            )
        context.output.result(_in_words(said), _facts(said, number))
        return
    params.check_output(output, force=force)
    with context.wallet() as wallet:
        made = withdrawing.withdraw(wallet, number, now=context.now)
    context.output.message(_promise(made))
    value: JsonObject = {
        "withdrawal": made.text,
        "entry": made.number,
        "party": made.party,
        "deletion_promised": made.promised,
        "promise_signed": made.promised and made.proven,
    }
    params.deliver(context, output, made.text, value, force=force)


def check_folder(folder: str, numbers: list[int]) -> None:
    """Refuse a folder that can't be written to or holds a withdrawal. Raises StorageError, AlreadyExists."""
    try:
        for number in numbers:
            output_files.check_target(_file(folder, number))
    except AlreadyExists as error:
        raise AlreadyExists(
            error.message, hint="give another folder with --withdrawals; nothing was changed", code=error.code
        ) from error


def withdraw_all(wallet: Wallet, numbers: list[int], folder: str, *, now: datetime) -> list[str]:
    """Write the withdrawals of these answers into `folder`; the names of the files."""
    from ipse.wallet.disclosure import withdrawing

    files = [_file(folder, number) for number in numbers]
    for number, file in zip(numbers, files, strict=True):
        text = withdrawing.withdraw(wallet, number, now=now).text
        output_files.write_text(file, text + "\n")
    return files


def _file(folder: str, number: int) -> str:
    return str(Path(folder) / f"withdrawal-{number}.jwt")


def _promise(made: Withdrawal) -> str:
    party = printable(made.party)
    if not made.promised:
        return f"{party} did not promise to delete the answer on demand: it may refuse"
    if not made.proven:
        return f"{party} promised to delete the answer on demand, but has signed neither request nor receipt"
    return f"{party} promised to delete the answer on demand: send it the withdrawal"


def _in_words(said: ReplyVerification) -> str:
    party, day = printable(said.payload["party"]), f"{said.issued:%Y-%m-%d}"
    if said.reason:
        return f'{party} refused on {day} to delete the answer: "{without_quotes(printable(said.reason))}"'
    return f"{party} says that it deleted the answer on {day}"


def _facts(said: ReplyVerification, number: int) -> JsonObject:
    return {
        "entry": number,
        "party": said.payload["party"],
        "outcome": said.outcome.value,
        "reason": said.reason,
        "issued": said.payload["issued"],
        "signed_by": said.party_did,
    }
