"""`ipse verifier serve`: asks wallets over OpenID4VP 1.0, and verifies what they answer."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.verifier import asking, showing, starting
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, SchemaFiles
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined, UsageError

if TYPE_CHECKING:
    from ipse.servers.verifier.outcomes import Outcome
    from ipse.servers.verifier.serving import ApiAccess, Door
    from ipse.servers.verifier.sessions import Session
    from ipse.servers.verifier.start import Material
    from ipse.wallet.verifier import Lookup

__all__ = ["serve"]


def serve(
    ctx: typer.Context,
    listen: Annotated[
        str, typer.Option(metavar="IP:PORT", help="Where wallets or a reverse proxy connect.")
    ] = "127.0.0.1:8443",
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The https URL of the reverse proxy, if any.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Believe the proxy's X-Forwarded-For.")
    ] = False,
    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate chain for TLS, PEM.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option("--tls-key", metavar="FILE", help="Its key, PEM.")] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="Access certificate, which says who asks.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--certificate-key", metavar="FILE", help="Its key, on P-256.")
    ] = None,
    client_id: Annotated[
        str, typer.Option("--client-id", metavar="PREFIX", help="Or x509_san_dns.")
    ] = "x509_hash",
    registration: Annotated[
        str | None, typer.Option(metavar="FILE", help="Registration certificate, a JWT.")
    ] = None,
    did: Annotated[
        str | None,
        typer.Option(metavar="NAME|DID", help="Or your DID that says who asks.", autocompletion=complete_did),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Ask for a credential of this type (vct)."),
    ] = None,
    claims: Annotated[
        list[str] | None, typer.Option("--claim", metavar="PATH", help="A claim of it, like address.city.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Or jwt_vc_json, ldp_vc.")
    ] = "dc+sd-jwt",
    query: Annotated[
        list[str] | None, typer.Option(metavar="[NAME=]FILE", help="Ask by a DCQL query instead.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What it is for; the owner reads and signs it.")
    ] = None,
    retention: Annotated[
        str | None, typer.Option(metavar="SPAN", help="For how long the answer is kept: 12h, 30d.")
    ] = None,
    response_mode: Annotated[
        str, typer.Option(metavar="MODE", help="Or direct_post, unencrypted.")
    ] = "direct_post.jwt",
    request_method: Annotated[
        str, typer.Option(metavar="METHOD", help="Or get: how wallets fetch.")
    ] = "post",
    scheme: Annotated[str, typer.Option(metavar="NAME", help="Or haip-vp, eu-eaap.")] = "openid4vp",
    redirect: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the owner's browser goes afterwards.")
    ] = None,
    issuer: Annotated[
        list[str] | None, typer.Option(metavar="DID|URL", help="Accept credentials of this issuer.")
    ] = None,
    any_issuer: Annotated[bool, typer.Option("--any-issuer", help="Accept any issuer.")] = False,
    leeway: Annotated[str, typer.Option(metavar="SPAN", help="How far clocks may differ.")] = "60s",
    once: Annotated[bool, typer.Option("--once", help="End after the first answer.")] = False,
    timeout: Annotated[
        str | None, typer.Option(metavar="SPAN", help="For --once: how long to wait; 5m if not given.")
    ] = None,
    lifetime: Annotated[str, typer.Option(metavar="SPAN", help="For how long one can answer.")] = "5m",
    api: Annotated[
        str | None, typer.Option(metavar="PORT", help="Let applications on this machine ask here.")
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Their token; a new one is shown if not given.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="Let pages of this origin ask.")
    ] = None,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Ask wallets, receive their answers and print what is verified.

    Without --once it goes on until it is stopped, with a new link after each answer.
    """
    context = context_of(ctx)
    asked = asking.queries(types or (), claims or (), form, query or ())
    starting.check_page(redirect)
    if api is not None and (purpose is not None or retention is not None):
        raise UsageError("with --api applications state the purpose", hint="see docs/verifier.md")
    starting.check_choices(response_mode=response_mode, request_method=request_method, scheme=scheme)
    starting.check_combination(
        once=once, timeout=timeout, api=api, token_file=token_file, origin=origin, asked=asked
    )
    if issuer and any_issuer:
        raise UsageError("--issuer and --any-issuer contradict each other", hint="give one of them")
    options = starting.Options(
        certificate=certificate,
        key=key,
        did=did,
        client_id=client_id,
        registration=registration,
        mode=response_mode,
        method=request_method,
        scheme=scheme,
        lifetime=starting.lifetime_of(timeout or lifetime),
        issuers=None if any_issuer else tuple(issuer or ()),
        leeway=timedelta(0) if leeway == "0" else params.span(leeway),
    )
    lookup = params.lookup(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    door = starting.door_at(listen, public_url, tls_cert, tls_key, behind_proxy=behind_proxy)
    access = None if api is None else starting.api_at(context, api, token_file, origin or (), asked)
    material = starting.material_for(context, options)
    gc.collect()  # the wallet is closed, and what it held is gone
    page = redirect or door.addresses.done
    stated = starting.purpose_of(asked, purpose, retention)
    _Serving(context, options, door, access, material, lookup).run(asked, page, stated, once=once)


@dataclass(slots=True)
class _Serving:
    """One run of the server. What is done after an answer happens in the thread that verified it."""

    context: Context
    options: starting.Options
    door: Door
    access: ApiAccess | None
    material: Material
    lookup: Lookup
    last: Outcome | None = None
    failure: BaseException | None = None
    lock: Lock = field(default_factory=Lock)

    def run(
        self, asked: Mapping[str, JsonObject], page: str, stated: tuple[JsonObject, ...], *, once: bool
    ) -> None:
        """Serve until it is over. Raises what the one answer of --once came to, Undetermined for none."""
        from ipse.servers.http.running import Ended
        from ipse.servers.verifier.requests import Asked, Requests
        from ipse.servers.verifier.responses import Responses
        from ipse.servers.verifier.serving import VerifierServer
        from ipse.servers.verifier.sessions import Sessions

        options, addresses = self.options, self.door.addresses
        client = starting.client_of(self.context, options, self.material, addresses)
        requests = Requests(
            client,
            addresses,
            starting.mode_called(options.mode),
            options.lifetime,
            _now,
            starting.verifier_info(options),
        )
        responses = Responses(requests, starting.policy_of(options, self.material), self.lookup)
        sessions = Sessions.open(self.material.database, self.material.database_key, time.time)
        question = None
        if self.access is None:
            question = Asked(next(iter(asked.values())), stated, redirect=page)
        open_session = ""

        def invite() -> None:
            nonlocal open_session
            if question is not None:
                session, link = server.ask(question)
                open_session = session.id
                showing.invite(self.context, link)

        def begin() -> None:
            self.context.output.message(f"listening for {addresses.public_url}")
            invite()

        def renew() -> None:
            """Delete what has expired, and ask anew where nobody has answered in time."""
            sessions.expire()
            with self.lock:
                if question is not None and not once and not sessions.holds(open_session):
                    invite()

        def done(session: Session, outcome: Outcome) -> None:
            with self.lock:
                try:
                    self._show(session, outcome, once=once)
                    if question is not None:
                        sessions.delete(session.id)  # its claims were printed, and are kept nowhere else
                    if once:
                        server.stop()
                    else:
                        invite()
                except BaseException as error:
                    self.failure = error
                    server.stop()

        server = VerifierServer(
            self.door,
            sessions,
            requests,
            responses,
            done=done,
            keep=options.lifetime,
            scheme=options.scheme,
            method=options.method,
            api=self.access,
            timeout=options.lifetime if once else None,
            begun=begin,
            chore=renew,
        )
        try:
            ended = server.run()
        finally:
            sessions.delete(open_session)
            sessions.close()
        if self.failure is not None:
            raise self.failure
        if once:
            self._raise_for_last(ended is Ended.TIMEOUT)

    def _show(self, session: Session, outcome: Outcome, *, once: bool) -> None:
        self.last = outcome
        if self.access is None:
            showing.outcome(self.context, session.id, outcome)
        else:  # its application fetches it, and no log has the claims
            self.context.output.message(f"a session ended: {outcome.state}")
        error = showing.error_of(outcome)
        if error is not None and not once and self.access is None:  # --once ends with it
            self.context.output.message(error.message)

    def _raise_for_last(self, timed_out: bool) -> None:
        if self.last is None:
            reason = "nobody answered in time" if timed_out else "it was stopped before anybody answered"
            raise Undetermined(reason, hint="run it again", code="no-answer")
        if (error := showing.error_of(self.last)) is not None:
            raise error


def _now() -> datetime:
    return datetime.now(UTC)
