"""`ipse answer`: the one door for requests, of applications and of verifiers, by link, image or file."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ipse.cli import browser, params
from ipse.cli.commands.dapp import options
from ipse.cli.context import Context, context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile
from ipse.errors import ConsentRefused, IpseError

if TYPE_CHECKING:
    from ipse.disclosure.proposals import Decision, Proposal
    from ipse.encoding.strict_json import JsonObject
    from ipse.wallet.answering import Answered, Handed, Told
    from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal

__all__ = ["answer"]

_ENDS: Final = ("SIGTERM", "SIGHUP")
"""Signals that end the program as Ctrl-C does, so that whoever asked is told first."""


def answer(
    ctx: typer.Context,
    request: Annotated[
        str,
        typer.Argument(
            metavar="LINK|FILE|-", help="A link, or a file: a request, a link, or an image of a QR code."
        ),
    ],
    origin: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where it came from, as the browser or the transport says."),
    ] = None,
    open_: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open where they send you next, or only print it."),
    ] = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Show who asks and what for; with your consent, answer.

    A request from a file that names no address to send to is answered on stdout. Your no ends with exit
    code 7; they are told no more than that.
    """
    from ipse.wallet import answering
    from ipse.wallet.resolution import Reach

    context = context_of(ctx)
    if origin is not None:
        from ipse.protocols.parties import origin_of

        with params.option("--origin"):
            origin_of(origin)
    handed = _handed(request)
    with _ended_like_an_interrupt(), context.wallet(embeds=handed.looks_like_preferences) as wallet:
        options.tell_of_summaries(context, wallet)
        owner = answering.Owner(
            credentials=lambda proposal: _consent_to_credentials(context, proposal),
            preferences=lambda proposal: _consent(context, proposal),
            embedder=lambda: context.embedder(wallet),
            told=lambda told: _tell(context, handed, told, open_),
        )
        answered = answering.answer(
            wallet,
            handed,
            owner=owner,
            clock=lambda: context.now,
            origin=origin,
            reach=Reach(ca_file, allow_loopback),
        )
    _show(context, handed, answered, open_)


def _handed(source: str) -> Handed:
    """What was handed over, from the link itself, a file or stdin. Raises NotFound, MalformedInput."""
    from ipse.cli import qr
    from ipse.protocols.openid4vp import links
    from ipse.wallet import answering

    if links.is_link(source):
        return answering.read_handed(source, what="the link")
    what = "standard input" if source == "-" else source
    data = params.read_bytes(source, limit=qr.MAX_BYTES)
    if qr.IMAGE.match(data):
        link = qr.link(qr.texts(data, what=what), what=what, answered=_is_answered)
        return answering.read_handed(link, what=f"the QR code in {what}")
    return answering.read_handed(params.text_of(data, source), what=what)


def _is_answered(text: str) -> bool:
    """Whether the text of a QR code is a link to answer: of https links, those that ask for something."""
    from ipse.protocols.openid4vp import links

    if not text.strip().lower().startswith("https:"):
        return links.is_link(text)
    with suppress(IpseError):
        return links.parse_link(text) is not None
    return False


def _consent(context: Context, proposal: Proposal) -> Decision:
    """Ask the owner, where no grant covers the question."""
    from ipse.cli.commands.dapp import consent

    return consent.ask(context, proposal)


def _consent_to_credentials(context: Context, proposal: CredentialProposal) -> CredentialDecision:
    from ipse.cli.commands.dapp import credential_consent

    return credential_consent.ask(context, proposal)


def _tell(context: Context, handed: Handed, told: Told, open_: bool | None) -> None:
    """Say what the verifier was told instead of an answer; the owner's no is told by opening it."""
    if told.reason:
        context.output.message(f"they could not be told {told.code}: {printable(told.reason)}")
    elif told.url and told.decided and handed.invitation is not None and open_ is not False:
        context.output.message(f"they are told no more than {told.code}, in your browser")
        _open(context, told.url)
    elif told.url:
        context.output.message(f"nothing was sent; opening this would tell them {told.code}: {told.url}")
    else:
        context.output.message(f"they were told no more than: {told.code}")


@contextmanager
def _ended_like_an_interrupt() -> Iterator[None]:
    """Within the block, a signal that ends the program raises KeyboardInterrupt, once."""

    def interrupt(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    known = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
    before: list[tuple[int, Any]] = [(number, signal.signal(number, interrupt)) for number in known]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _show(context: Context, handed: Handed, answered: Answered, open_: bool | None) -> None:
    """Print the answer or where it leads, and open that once.

    Raises ConsentRefused for one that says nothing.
    """
    if answered.accepted is not None:
        context.output.message(f"sent to {printable(answered.request.origin)}; log entry {answered.entry}")
    next_uri = _next(context, handed, answered, open_)
    text = _printed(handed, answered, next_uri)
    facts = _facts(answered, text, next_uri)
    if text or context.output.json:
        context.output.document(text, facts)
    if answered.accepted is not None and answered.accepted.refused_uri:
        context.output.message(
            f"they send you on to {answered.accepted.refused_uri}, which is no plain https address and is not"
            " opened"
        )
    if answered.reason is not None:
        sys.stdout.flush()
        raise ConsentRefused(
            f"the answer says nothing: {answered.reason.text}",
            hint=f"nothing was disclosed; `ipse log show {answered.entry}` shows the bytes that say so",
        )


def _next(context: Context, handed: Handed, answered: Answered, open_: bool | None) -> str:
    """The address that the browser goes to next, opened once unless the owner says otherwise; or empty.

    With response mode fragment a link's answer arrives by opening it. Both belong to what the owner said yes
    to; where nobody is at the terminal, only `--open` opens where a verifier sends its visitor next.
    """
    if answered.url:
        if handed.invitation is not None and open_ is not False:
            _open(context, answered.url)
        return answered.url
    address = answered.accepted.redirect_uri if answered.accepted else None
    if address is None:
        return ""
    context.output.message(f"they send you on to {printable(address)}")
    if context.can_ask if open_ is None else open_:
        _open(context, address)
    return address


def _open(context: Context, address: str) -> None:
    try:
        opened = browser.open_once(address)
    except IpseError as error:
        context.output.message(f"not opened: {printable(error.message)}")
        return
    if not opened:
        context.output.message("no browser could be started; open the address yourself")


def _printed(handed: Handed, answered: Answered, next_uri: str) -> str:
    """What stdout gets: the answer where it is not sent anywhere, else where they send the owner next."""
    alone = [made for each in answered.vp_token.values() for made in each]
    if handed.invitation is None and answered.url and answered.about_preferences:
        return str(alone[0])
    return next_uri


def _facts(answered: Answered, text: str, next_uri: str) -> JsonObject:
    accepted = answered.accepted
    return {
        "answer": text if answered.about_preferences and accepted is None else None,
        "said": answered.said,
        "entry": answered.entry,
        "reason": answered.reason.text if answered.reason else "",
        "reason_code": answered.reason.code if answered.reason else "",
        "party": answered.request.party,
        "sent": accepted is not None,
        "vp_token": None if answered.about_preferences else dict(answered.vp_token),
        "url": answered.url if answered.url and text == answered.url else None,
        "redirect_uri": next_uri if accepted is not None and next_uri else None,
    }
