"""`ipse dapp verify | receipt`: an application verifies an answer and signs its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.completion import complete_did
from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject

if TYPE_CHECKING:
    from ipse.disclosure.questions import Question

__all__ = ["receipt", "verify"]


def verify(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The answer.")],
    request: Annotated[str, typer.Option(metavar="FILE", help="The request that it answers.")],
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Verify an answer, as the application, and print what it says. Needs no wallet."""
    from ipse.disclosure import answers, questions

    context = context_of(ctx)
    resolve = options.resolver(ca_file, allow_loopback=allow_loopback)
    question = questions.parse_question(options.read_request(request), resolve=resolve)
    verification = answers.verify_answer(params.read_text(file).strip(), question, context.now)
    report = verification.report
    if context.output.verbose:
        for check in report.checks:
            context.output.message(f"{check.outcome:<14}  {check.name:<14}  {printable(check.reason)}")
    content = _told(verification.content or answers.nothing(question), question)
    lines = [line for value in content.values() for line in _lines(value)]
    if lines or context.output.json:
        facts: JsonObject = {**report.to_json(), "level": question.level, **content}
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
    """Sign a wallet's receipt, as the application: its terms hold for you.

    It is signed only where its terms are those of the request, and its answer the one that came.
    """
    from ipse.cli.commands.dapp.request import signing
    from ipse.disclosure import questions, receipts

    context = context_of(ctx)
    text = params.read_text(file)
    resolve = options.resolver(ca_file, allow_loopback=allow_loopback)
    question = questions.parse_question(options.read_request(request), resolve=resolve)
    verified = receipts.verify_receipt(text)
    receipts.check_terms(verified, question, params.read_text(answer).strip())
    signed = receipts.countersign(text, *signing(context, signer))
    terms = verified.payload
    context.output.message(
        f"signed: {printable(terms['party'])} keeps its answer no longer than {terms['retention_until']}, "
        f"for: {printable(terms['purpose'])}"
    )
    context.output.document(signed, strict_json.parse_object(signed))


def _told(content: JsonObject, question: Question) -> JsonObject:
    """Return the content of an answer; chosen candidates come with their texts."""
    from ipse.disclosure.questions import Choose

    asked = question.asked
    if not isinstance(asked, Choose):
        return content
    texts = {candidate.id: candidate.text for candidate in asked.candidates}
    return {"choices": [{"id": chosen, "text": texts[chosen]} for chosen in content["choices"]]}


def _lines(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [f"{topic}: {band}" for topic, band in value.items()]
    return [entry["text"] if isinstance(entry, dict) else entry for entry in value]
