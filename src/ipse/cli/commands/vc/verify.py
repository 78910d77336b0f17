"""`ipse vc verify`: every check of a credential or a presentation, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.vc import batches
from ipse.cli.commands.vc.rendering import Reader, render
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, SchemaFiles
from ipse.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ipse.credentials.policy import Challenge, NoChallenge
    from ipse.keys.certificates import Certificate
    from ipse.wallet.trust import Trust

__all__ = ["verify"]


def verify(
    ctx: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE|-", help="A credential or presentation, or `-` for standard input."),
    ] = None,
    issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="DID", help="Accept credentials of this DID or https URL; may be repeated."),
    ] = None,
    any_issuer: Annotated[bool, typer.Option("--any-issuer", help="Accept any issuer.")] = False,
    issuer_ca: Annotated[
        list[str] | None,
        typer.Option(
            "--issuer-ca",
            metavar="FILE",
            help="Accept issuers with certificates of the authorities in FILE; may be repeated.",
        ),
    ] = None,
    status_ca: Annotated[
        list[str] | None,
        typer.Option(
            "--status-ca",
            metavar="FILE",
            help="Accept status lists with certificates of the authorities in FILE; may be repeated.",
        ),
    ] = None,
    audience: Annotated[
        str | None, typer.Option(metavar="NAME", help="Your own name in the challenge of a presentation.")
    ] = None,
    nonce: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The nonce you gave the holder, used once.")
    ] = None,
    no_challenge: Annotated[
        bool,
        typer.Option(
            "--insecure-no-challenge", help="Accept a presentation that may be a replay, made for others."
        ),
    ] = False,
    any_holder: Annotated[
        bool,
        typer.Option("--any-holder", help="Accept credentials that another than their subject presents."),
    ] = False,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Judge as of this day or time; now where not given.")
    ] = None,
    leeway: Annotated[str, typer.Option(metavar="SPAN", help="How far clocks may differ.")] = "60s",
    batch: Annotated[
        str | None,
        typer.Option(metavar="LINES|-", help="Verify every line of this file instead, a credential each."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="For --batch: go on where an earlier run stopped.")
    ] = False,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="For --batch: where the reports go.")
    ] = "-",
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify a credential or a presentation, check by check."""
    from ipse.credentials.policy import Policy, check_issuer
    from ipse.wallet.verifier import Verifier

    context = context_of(ctx)
    if issuer and any_issuer:
        raise UsageError("--issuer and --any-issuer contradict each other", hint="give one of them")
    if (file is None) is (batch is None):
        raise UsageError("give one FILE, or --batch LINES", hint="`-` reads standard input")
    with params.option("--issuer"):
        issuers = frozenset(map(check_issuer, issuer or ()))
    delay = timedelta(0) if leeway == "0" else params.span(leeway)
    now = params.timestamp(at) if at else context.now
    text = params.read_text(file) if file is not None else ""
    trust = None if issuer or any_issuer or issuer_ca else _trust_of(context)
    policy = Policy(
        issuers=issuers,
        any_issuer=any_issuer,
        trusted=trust.issuers if trust else {},
        issuer_anchors=(*(trust.anchors("issuer") if trust else ()), *_certificates(issuer_ca)),
        status_anchors=(*(trust.anchors("status") if trust else ()), *_certificates(status_ca)),
        leeway=delay,
        challenge=_challenge(audience, nonce, no_challenge),
        any_holder=any_holder,
    )
    lookup = params.lookup(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    verifier = Verifier(policy, lookup)
    if batch is not None:
        batches.verify(context, source=batch, output=output, resume=resume, verifier=verifier, now=now)
        return
    if resume or output != "-":
        raise UsageError("--resume and --output are for --batch", hint="the report goes to stdout")
    found = verifier.examine(text, now=now)
    reader = Reader(context.output, context.known_names)
    context.output.result("\n".join(render(found, reader)), found.to_json(), coloured=True)
    found.report.raise_unless_passed("the presentation" if found.is_presentation else "the credential")


def _challenge(audience: str | None, nonce: str | None, no_challenge: bool) -> Challenge | NoChallenge | None:
    from ipse.credentials.policy import NO_CHALLENGE, Challenge

    if no_challenge:
        if audience is not None or nonce is not None:
            raise UsageError("--insecure-no-challenge and a challenge contradict each other")
        return NO_CHALLENGE
    if audience is None and nonce is None:
        return None
    if audience is None or nonce is None:
        raise UsageError("a challenge is an audience and a nonce", hint="give both --audience and --nonce")
    return Challenge(audience, nonce)


def _certificates(files: Sequence[str] | None) -> Iterator[Certificate]:
    """Yield the certificates of authorities in files."""
    if files:
        from ipse.keys.certificates import read_certificates

        for file in files:
            yield from read_certificates(params.read_bytes(file))


def _trust_of(context: Context) -> Trust | None:
    """Return whom the owner of the wallet trusts, None if there is no wallet."""
    from ipse.wallet import trust

    try:
        with context.wallet() as wallet:
            return trust.trust_of(wallet)
    except NotFound:
        return None
