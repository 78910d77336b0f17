"""`ipse dapp grant | grants | revoke`: what applications may ask without a prompt."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.disclosure import levels
from ipse.disclosure.exposure import CAP
from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ipse.disclosure.methods.private import Limits
    from ipse.wallet.disclosure import Grant
    from ipse.wallet.wallet import Wallet

__all__ = ["grant", "grants", "revoke"]

_DEFAULT: Final = timedelta(days=90)
_Party = Annotated[
    str, typer.Argument(metavar="PARTY", help="The application: https://shop.example, or its DID.")
]


def grant(
    ctx: typer.Context,
    party: _Party,
    level: Annotated[
        str, typer.Option(metavar="|".join(levels.grantable()), help="What it may ask without asking you.")
    ],
    topics: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only about these topics of the published list.")
    ] = None,
    per_day: Annotated[
        int | None, typer.Option("--per-day", metavar="N", min=1, help="How many answers in a day at most.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends; in 90 days if not given.")
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="It is told what you would tick yourself, without noise, up to --cap."),
    ] = False,
    cap: Annotated[
        int | None,
        typer.Option(
            metavar="BITS",
            min=1,
            help="How much exact answers tell in all; 260 if not given, about 20 answers.",
        ),
    ] = None,
    allow_unsigned: Annotated[
        bool,
        typer.Option("--allow-unsigned", help="Also for unsigned requests, which do not prove who asks."),
    ] = False,
) -> None:
    """Let an application ask without asking you each time.

    It is told from your private summary, with noise, unless you give --exact. Sentences can't be granted:
    each leaves by your own tick.
    """
    from ipse.wallet import disclosure

    context = context_of(ctx)
    now = context.now
    _check_level(level)
    expires = params.timestamp(until) if until else now + _DEFAULT
    if expires <= now:
        raise UsageError(f"--until {until} is past", hint="give a day or time that is to come")
    named = options.read_topics(topics) if topics is not None else ()
    if cap is not None and not exact:
        raise UsageError("--cap bounds exact answers", hint="give --exact too, or leave it out")
    if cap is not None:
        _check_cap(level, cap, named)
    with context.wallet() as wallet:
        options.tell_of_summaries(context, wallet)
        given = disclosure.grant(
            wallet,
            party,
            level=level,
            now=now,
            expires=expires,
            topics=named,
            per_day=per_day,
            unsigned=allow_unsigned,
            exact=exact,
            cap=cap,
        )
        held = disclosure.summaries.limits(wallet)
    context.output.result(context.output.timed(_sentence(given)), _row(given))
    if not given.exact:
        context.output.message(_cost(held))


def grants(ctx: typer.Context) -> None:
    """List the grants, ended ones too."""
    from ipse.wallet import disclosure

    context = context_of(ctx)
    with context.wallet(doubt=context.warn) as wallet:
        every = disclosure.granted(wallet)
    rows = [_row(given) for given in every]
    columns = ("number", "party", "level", "expires", "revoked", "limits")
    if not context.output.json:
        limits = ["; ".join(_limits(given)) for given in every]
        rows = [{**row, "limits": limit} for row, limit in zip(rows, limits, strict=True)]
    context.output.table("grants", rows, columns, empty="no grants", cuts=("party", "limits"))


def revoke(
    ctx: typer.Context,
    party: _Party,
    withdrawals: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Withdraw the answers it promised to delete; written in here."),
    ] = None,
) -> None:
    """End the grants of an application. What it was told already can't be called back.

    Answers that it promised to delete on demand are named; each can be withdrawn.
    """
    from ipse.cli.commands.dapp import withdraw
    from ipse.protocols.parties import party_of
    from ipse.wallet.disclosure import withdrawing

    context = context_of(ctx)
    with context.wallet() as wallet:
        promised = withdrawing.deletable(wallet, party_of(party))
        if withdrawals is not None:
            withdraw.check_folder(withdrawals, promised)
        ended = _end(wallet, party, promised, now=context.now)
        files = (
            None
            if withdrawals is None
            else withdraw.withdraw_all(wallet, promised, withdrawals, now=context.now)
        )
    facts: JsonObject = {"ended": ended, "deletable": promised}
    if files is not None:
        facts["withdrawals"] = files
    context.output.result(f"grants ended: {ended}; past answers can't be called back", facts)
    if files:
        context.output.message(f"send these to the application: {', '.join(files)}")
    elif promised:
        context.output.message(
            f"it promised to delete on demand: {', '.join(map(str, promised))}; "
            f"`ipse dapp withdraw {promised[0]}` withdraws one"
        )


def _end(wallet: Wallet, party: str, promised: list[int], *, now: datetime) -> int:
    """End the grants; how many. Raises NotFound where there are neither grants nor promises."""
    from ipse.wallet import disclosure

    try:
        return disclosure.revoke(wallet, party, now=now)
    except NotFound:
        if not promised:
            raise
        return 0


def _check_level(level: str) -> None:
    taken = levels.grantable()
    if level in levels.NAMES and level not in taken:
        raise UsageError(
            f"{levels.named(level).told} can't be granted",
            hint="each leaves by your own tick: `ipse dapp answer`",
        )
    if level not in taken:
        raise UsageError(f"{level!r} is not a disclosure level", hint=f"--level takes {', '.join(taken)}")


def _check_cap(level: str, cap: int, topics: tuple[str, ...]) -> None:
    bits, usual = levels.named(level).usual_bits(topics)
    if cap < bits:
        raise UsageError(
            f"no usual answer fits into {cap} bits: {usual} counts {math.ceil(bits)}",
            hint=f"--cap {int(CAP)} is for {int(CAP // bits)} of them",
        )


def _cost(held: Limits) -> str:
    """What private answers to all applications add up to, for the owner."""
    from ipse.disclosure.methods.private import sureness

    (year, sure), (five, surer) = (
        (options.show_epsilon(most), f"{sureness(most):.0%}") for most in map(held.most_in, (1, 5))
    )
    return (
        f"all private answers together cost at most {year} in a year and {five} in five years: who thought"
        f" an opinion of yours as likely as not can become {sure} and {surer} sure of it"
    )


def _row(given: Grant) -> JsonObject:
    return dict(asdict(given), topics=list(given.topics))


def _sentence(given: Grant) -> str:
    may = f"{printable(given.party)} may ask at level {given.level} until {given.expires}"
    return "; ".join([may, *_limits(given)])


def _limits(given: Grant) -> list[str]:
    from ipse.preferences.topics import label_of

    limits = []
    if given.topics:
        limits.append(f"only about {', '.join(map(label_of, given.topics))}")
    if given.per_day is not None:
        limits.append(f"{given.per_day} a day")
    if given.cap is None:
        limits.append("from the private summary")
    else:
        bits, usual = levels.named(given.level).usual_bits(given.topics)
        limits.append(f"exact, up to {given.cap} bits: {int(given.cap // bits)} times {usual}")
    limits.append("unsigned requests too" if given.unsigned else "signed requests only")
    return limits
