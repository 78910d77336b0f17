"""`ipse dapp verify | receipt`: an application verifies an answer and signs its receipt."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject

__all__ = ["receipt", "verify"]


def verify(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The answer.")],
    request: Annotated[str, typer.Option(metavar="FILE", help="The request that it answers.")],
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify an answer, as the application, and print what it says. Needs no wallet."""
    from ipse.disclosure import answers, levels, questions

    context = context_of(ctx)
    resolve = options.resolver(ca_file, allow_loopback=allow_loopback)
    question = questions.parse_question(options.read_request(request), resolve=resolve)
    verification = answers.verify_answer(params.read_text(file).strip(), question, context.now)
    report = verification.report
    if context.output.verbose:
        for check in report.checks:
            context.output.message(f"{check.outcome:<14}  {check.name:<14}  {printable(check.reason)}")
    level = levels.of(question.asked)
    content = verification.content or level.nothing()
    lines = level.lines(question.asked, content)
    if lines or context.output.json:
        facts: JsonObject = {
            **report.to_json(),
            "level": level.name,
            "method": verification.method,
            "window": verification.window,
            **level.readable(question.asked, content),
        }
        context.output.result("\n".join(map(printable, lines)), facts)
    report.raise_unless_passed("the answer")
    if not lines:
        context.output.message("the answer says nothing")


def receipt(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The receipt that the wallet made.")],
    request: Annotated[str, typer.Option(metavar="FILE", help="The request that was answered.")],
    answer: Annotated[str, typer.Option(metavar="FILE", help="The answer that the receipt is of.")],
    signer: Annotated[
        str,
        typer.Option("--as", metavar="NAME|DID", help="The application's DID.", autocompletion=complete_did),
    ],
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Sign a wallet's receipt, as the application.

    Its terms hold for you then.
    It is signed only where its terms are those of the request, and its answer the one that came.
    """
    from ipse.cli.commands.dapp.request import signing
    from ipse.disclosure import questions, receipts

    context = context_of(ctx)
    text = params.read_text(file)
    resolve = options.resolver(ca_file, allow_loopback=allow_loopback)
    question = questions.parse_question(options.read_request(request), resolve=resolve)
    verified = receipts.verify_receipt(text)
    receipts.check_terms(verified, question, params.read_text(answer).strip(), terms=question.terms)
    signed = receipts.countersign(text, *signing(context, signer))
    terms = verified.payload
    context.output.message(
        f"signed: {printable(terms['party'])} keeps its answer no longer than {terms['retention_until']}, "
        f"for: {printable(terms['purpose'])}"
    )
    context.output.document(signed, strict_json.parse_object(signed))
