"""`ipse vc issue`: one credential from claims or a prepared document, or many from rows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ipse.cli import params
from ipse.cli.commands.vc import batches
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, Force, OutputFile
from ipse.credentials import formats
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError

__all__ = ["issue"]


def issue(
    ctx: typer.Context,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Its type; may be repeated.")
    ] = None,
    claims: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="A JSON object: what is claimed of the subject.")
    ] = None,
    prepared: Annotated[
        str | None,
        typer.Option("--credential", metavar="FILE|-", help="A whole credential to sign, instead of claims."),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DID",
            help="Your DID that signs it; the default if not given.",
            autocompletion=complete_did,
        ),
    ] = None,
    subject: Annotated[str | None, typer.Option(metavar="NAME|DID", help="Whom it is about.")] = None,
    identifier: Annotated[
        str | None, typer.Option("--id", metavar="URL", help="Its id; a new urn:uuid where not given.")
    ] = None,
    valid_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="Valid from this day or time on; now where not given.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Valid until this day or time.")
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(formats.NAMES),
            help="W3C 2.0 with an embedded proof or as JWT, SD-JWT VC, or W3C 1.1.",
        ),
    ] = formats.DEFAULT,
    suite: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Its cryptosuite, like eddsa-rdfc-2022; eddsa-jcs-2022 or ecdsa-jcs-2019 where not given. "
            "For w3c-1.1 a proof type, or JWT.",
        ),
    ] = None,
    disclosable: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH|all|none",
            help="A claim of an SD-JWT that its holder may withhold (all); may be repeated.",
        ),
    ] = None,
    decoys: Annotated[
        int,
        typer.Option(metavar="N", help="For SD-JWT: number of decoy digests to add."),
    ] = 0,
    x5c: Annotated[
        str | None,
        typer.Option(
            "--x5c",
            metavar="FILE",
            help="For SD-JWT: certificates of the issuer, its own first.",
        ),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="LIST", help="Give it an entry in this status list; may be repeated."),
    ] = None,
    undefined_terms: Annotated[
        bool,
        typer.Option("--undefined-terms", help="Give terms that no @context defines a meaning of your own."),
    ] = False,
    context_files: ContextFiles = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="ROWS|-", help="Issue one for each row of a .csv or .ndjson file."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="For --batch: a credential with {{column}} in its values."),
    ] = None,
    row_schema: Annotated[
        str | None,
        typer.Option(
            "--row-schema", metavar="FILE", help="For --batch: a JSON Schema of a row, also for CSV types."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="For --batch: go on where an earlier run stopped.")
    ] = False,
    output: OutputFile = "-",
    force: Force = False,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Sign a credential and print it."""
    from ipse.credentials.issuer import Draft, IssueOptions
    from ipse.wallet import issuing
    from ipse.wallet.resolution import Reach

    context = context_of(ctx)
    issue_options = IssueOptions(
        form,
        suite=suite,
        contexts=params.contexts(context_files),
        undefined_terms=undefined_terms,
        disclosable=tuple(disclosable or ()),
        decoys=decoys,
        x5c=params.certificate_chain(x5c),
    )
    if batch is not None:
        _refuse_beside(
            "--batch", type=types, claims=claims, credential=prepared, subject=subject, id=identifier,
            valid_from=valid_from, valid_until=valid_until, force=force,
        )  # fmt: skip
        batches.issue(
            context,
            source=batch,
            template=template,
            schema=row_schema,
            output=output,
            resume=resume,
            issuer=issuer,
            options=issue_options,
            lists=status or (),
        )
        return
    _refuse_beside("one credential", template=template, row_schema=row_schema, resume=resume)
    params.check_output(output, force=force)
    dates = [params.timestamp(text) if text else None for text in (valid_from, valid_until)]
    content: Any
    if prepared is not None:
        _refuse_beside(
            "--credential", type=types, claims=claims, subject=subject, id=identifier, valid_from=valid_from,
            valid_until=valid_until,
        )  # fmt: skip
        content = params.read_object(prepared)
    else:
        _check_identifier(identifier)
        content = Draft(subject, types or _missing("--type"), _claims(claims), identifier, dates[0], dates[1])
    with context.wallet() as wallet:
        issued = issuing.issue(
            wallet,
            issuer,
            content,
            issue_options,
            lists=status or (),
            now=context.now,
            reach=Reach(ca_file, allow_loopback),
        )
    for warning in issued.warnings:
        context.output.message(f"warning: {printable(str(warning))}")
    made = issued.credential
    text, value = (made, {"credential": made}) if isinstance(made, str) else (strict_json.pretty(made), made)
    params.deliver(context, output, text, value, force=force)


def _claims(source: str | None) -> JsonObject:
    return params.read_object(source if source is not None else _missing("--claims"))


def _check_identifier(identifier: str | None) -> None:
    """Refuse an id that is not a URL. Raises UsageError."""
    from ipse.credentials.model.rules import is_url

    if identifier is not None and not is_url(identifier):
        raise UsageError(
            f"invalid value for --id: {identifier[:100]!r} is not a URL",
            hint="leave it out, and a new urn:uuid is made",
        )


def _missing(option: str) -> Any:
    raise UsageError(f"{option} is missing", hint="give --type and --claims, or a whole --credential")


def _refuse_beside(what: str, **given: object) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(
                f"{what} and --{name.replace('_', '-')} contradict each other",
                hint="a prepared credential and a template say it themselves",
            )
