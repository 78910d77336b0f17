"""`ipse log`: every answer that was sent, and the receipts of answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params, tty
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, Force, OutputFile
from ipse.encoding import strict_json
from ipse.errors import ConsentNeeded, ConsentRefused, UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.wallet.recovery import Loss

__all__ = ["accept", "export", "list_", "receipts", "show", "verify"]

_COLUMNS: Final = ("number", "time", "application", "level", "method", "bits", "consent", "purpose")
_RECEIPT_COLUMNS: Final = ("number", "time", "application", "level", "countersigned", "purpose")
_CUTS: Final = ("application", "purpose")
_ACCEPT: Final = "accept"
_CONSEQUENCES: Final = """\
If you still have the newest vault.db, say no and put it back. If you accept:
- the log says for good that something is lost, and the newest vault.db fits no more
- no private summary is drawn until you set limits for them: `ipse dapp summary`
- all grants end, no issuer is trusted
- all topics are closed and all statements secret, until you open them again
- statements, credentials and status lists are those of this vault: what you forgot,
  removed or revoked after it was saved is as it was before"""


def list_(ctx: typer.Context) -> None:
    """List what was sent, to whom and by whose consent."""
    from ipse.wallet import disclosure_log

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        rows = [{"method": None, "bits": None, **entry.content} for entry in disclosure_log.entries(wallet)]
    context.output.table("disclosures", rows, _COLUMNS, empty="nothing was sent yet", cuts=_CUTS)


def show(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The entry's number in `log list`.")],
) -> None:
    """Print one entry with exactly what was sent."""
    from ipse.wallet import disclosure_log

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        entry = disclosure_log.find(wallet, number)
    context.output.document(strict_json.pretty(entry.content), entry.content)


def verify(ctx: typer.Context) -> None:
    """Verify that the log is whole and the vault is the newest.

    No entry was altered, removed or cut off.
    """
    from ipse.wallet import disclosure_log

    context = context_of(ctx)
    with context.wallet() as wallet:
        verified = disclosure_log.verify(wallet)
        key = disclosure_log.signer(wallet)
    facts = {
        "entries": verified.count,
        "outcome": "passed",
        "head": verified.head,
        "key": key,
        "state": verified.state,
    }
    context.output.result(f"{_entries(verified.count)}, the chain is whole", facts)


def accept(ctx: typer.Context) -> None:
    """Go on from an older vault.db, if the newest one is lost.

    That is entered in the log. Grants end, topics close, and no private summary is drawn until you set
    limits.
    """
    from ipse.wallet import recovery
    from ipse.wallet.disclosure import dates

    context = context_of(ctx)
    with context.wallet(doubt=lambda _: None) as wallet:
        lost = recovery.loss(wallet)
        if lost is None:
            told = {"accepted": False, "entry": None, "lost": None}
            context.output.result("nothing is lost; nothing was changed", told)
            return
        _confirm(context, lost, dates.clock(wallet, context.now))
        entry = recovery.accept(wallet, lost, now=context.now)
    facts = {"accepted": True, "entry": entry.number, "lost": entry.content["lost"]}
    context.output.result(f"accepted: log entry {entry.number} says what is lost", facts)


def _confirm(context: Context, lost: Loss, clock: datetime) -> None:
    """Show what is lost and the date by the clock, and have the owner accept both.

    Raises ConsentNeeded, ConsentRefused.
    """
    if not context.can_ask:
        raise ConsentNeeded(
            "going on without what is lost takes your own word, and there is nobody to ask",
            hint="run `ipse log accept` in a terminal",
        )
    tty.forget_typed()  # what was typed before this was read does not accept it
    date = f"- today is {clock:%Y-%m-%d}: accept confirms that too"
    context.output.page(f"{_told(lost)}\n{_CONSEQUENCES}\n{date}")
    if tty.ask(f"go on without what is lost? type {_ACCEPT}: ") != _ACCEPT:
        raise ConsentRefused("nothing was accepted", hint=f"only `{_ACCEPT}` does; nothing was changed")


def _told(lost: Loss) -> str:
    if lost.remembered is None:
        return (
            f"The keystore no longer remembers the state of the vault; this vault.db has state {lost.here}.\n"
            "Whether changes are lost, and how many, can't be told."
        )
    told = f"The keystore remembers state {lost.remembered}, this vault.db has state {lost.here}"
    if lost.remembered > lost.here:
        return f"{told}:\nat least {lost.remembered - lost.here} of its changes are lost."
    return f"{told},\nand state {lost.remembered} was another one: what was there is lost."


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def export(
    ctx: typer.Context,
    output: OutputFile = "-",
    force: Force = False,
) -> None:
    """Export the log with its signed head, to be verified.

    It holds everything that left. Each line is an entry as it was hashed, the last one is the head.
    """
    from ipse.wallet import disclosure_log

    context = context_of(ctx)
    params.check_output(output, force=force)
    with context.wallet() as wallet:
        *entries, end = disclosure_log.export(wallet, now=context.now)
    if output != "-":
        output_files.write_text(output, "".join(f"{line}\n" for line in (*entries, end)), replace=force)
        context.output.result(output, {"entries": len(entries), "file": output})
        return
    facts = {"entries": [strict_json.parse_object(line) for line in entries]} if context.output.json else {}
    context.output.exact("\n".join([*entries, end]), {**facts, "end": strict_json.parse_object(end)})


def receipts(
    ctx: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="Print the receipt of this entry.")
    ] = None,
    countersigned: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Keep this receipt, which the application has signed as well."),
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Print all that was signed, for a third party to judge.")
    ] = False,
    output: OutputFile = "-",
    force: Force = False,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """List the receipts of answers, or print one.

    A receipt is the application's copy of the terms.
    --export gives receipts with request, answer, withdrawal and reply: of NUMBER, or of all answers.
    What you said is in it.
    """
    context = context_of(ctx)
    params.check_output(output, force=force)
    if export:
        if countersigned is not None:
            raise UsageError("--export and --countersigned exclude each other", hint="keep the receipt first")
        _export_receipts(context, number, output, force=force)
        return
    if number is None:
        if countersigned is not None:
            raise UsageError(
                "--countersigned needs the number of the entry", hint="`ipse log receipts NUMBER`"
            )
        if output != "-":
            raise UsageError(
                "--output needs the number of an entry, or --export",
                hint="`ipse log receipts NUMBER -o FILE`",
            )
        _list_receipts(context)
        return
    from ipse.wallet.disclosure import receipts
    from ipse.wallet.resolution import Reach

    given = params.read_object(countersigned) if countersigned is not None else None
    with context.wallet() as wallet:
        if given is None:
            receipt = receipts.receipt(wallet, number)
        else:
            receipt = receipts.countersigned(
                wallet, number, given, now=context.now, reach=Reach(ca_file, allow_loopback)
            )
    params.deliver(context, output, strict_json.pretty(receipt), receipt, force=force)


def _export_receipts(context: Context, number: int | None, output: str, *, force: bool) -> None:
    from ipse.wallet.disclosure import withdrawing

    with context.wallet() as wallet:
        found = withdrawing.evidence(wallet, number)
    params.deliver(context, output, strict_json.pretty(found), found, force=force)


def _list_receipts(context: Context) -> None:
    from ipse.wallet.disclosure import receipts

    with context.wallet(doubt=context.warn) as wallet:
        rows = [
            {
                **{name: entry.get(name) for name in _RECEIPT_COLUMNS},
                "countersigned": row.countersigned is not None,
                "withdrawn": row.withdrawal is not None,
                "replied": row.reply is not None,
            }
            for entry, row in receipts.listed(wallet)
        ]
    empty = "no answer has a receipt"
    context.output.table("receipts", rows, _RECEIPT_COLUMNS, empty=empty, cuts=_CUTS)
