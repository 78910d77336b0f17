"""`ipse verifier serve`: asks wallets over OpenID4VP 1.0, and verifies what they answer."""

from __future__ import annotations

import gc
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ipse.cli import params
from ipse.cli.commands.verifier import asking, showing
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, ContextFiles, SchemaFiles
from ipse.encoding.strict_json import JsonObject
from ipse.errors import Undetermined, UsageError

if TYPE_CHECKING:
    from ipse.credentials.policy import Policy
    from ipse.protocols.openid4vp.building import RequestingClient
    from ipse.protocols.openid4vp.refusals import ResponseMode
    from ipse.servers.verifier.addresses import Addresses
    from ipse.servers.verifier.outcomes import Outcome
    from ipse.servers.verifier.serving import ApiAccess, Door
    from ipse.servers.verifier.sessions import Session
    from ipse.servers.verifier.start import Material
    from ipse.wallet.verifier import Lookup

__all__ = ["serve"]

_MIN_TOKEN: Final = 32
_MAX_LIFETIME: Final = timedelta(hours=1)


def serve(
    ctx: typer.Context,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where wallets, or a reverse proxy, connect.")
    ] = "127.0.0.1:8443",
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where wallets find it, if a reverse proxy stands before."),
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", metavar="FILE", help="The certificate chain for TLS, PEM.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option("--tls-key", metavar="FILE", help="Its key, PEM.")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Believe the proxy's X-Forwarded-For: who asks.")
    ] = False,
    certificate: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The access certificate and its chain, which sign requests."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The key of the access certificate, on P-256.")
    ] = None,
    did: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DID",
            help="Your DID that signs requests, or has the key of --certificate.",
            autocompletion=complete_did,
        ),
    ] = None,
    client_id: Annotated[
        str,
        typer.Option("--client-id", metavar="PREFIX", help="For --certificate: x509_hash or x509_san_dns."),
    ] = "x509_hash",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Ask for a credential of this type (vct)."),
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="PATH", help="A claim of it, like address.city; may be repeated."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="dc+sd-jwt, jwt_vc_json or ldp_vc.")
    ] = "dc+sd-jwt",
    query: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="Ask by a DCQL query instead; may be repeated with names."),
    ] = None,
    response_mode: Annotated[
        str, typer.Option(metavar="MODE", help="direct_post.jwt, which is encrypted, or direct_post.")
    ] = "direct_post.jwt",
    request_method: Annotated[
        str, typer.Option(metavar="get|post", help="How wallets are told to fetch the request.")
    ] = "post",
    scheme: Annotated[
        str, typer.Option(metavar="NAME", help="Of the link: openid4vp, haip-vp or eu-eaap.")
    ] = "openid4vp",
    redirect: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the owner's browser goes afterwards.")
    ] = None,
    issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="DID", help="Accept credentials of this DID or https URL; may be repeated."),
    ] = None,
    any_issuer: Annotated[bool, typer.Option("--any-issuer", help="Accept any issuer.")] = False,
    leeway: Annotated[str, typer.Option(metavar="SPAN", help="How far clocks may differ.")] = "60s",
    once: Annotated[bool, typer.Option("--once", help="End after the first answer.")] = False,
    timeout: Annotated[
        str | None, typer.Option(metavar="SPAN", help="For --once: end without an answer after this time.")
    ] = None,
    lifetime: Annotated[
        str, typer.Option(metavar="SPAN", help="For how long a request can be answered, 1h at most.")
    ] = "5m",
    api: Annotated[
        str | None, typer.Option(metavar="PORT", help="Let applications on this machine ask at this port.")
    ] = None,
    token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="For --api: the token; a new one is printed otherwise.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="For --api: let pages of this origin ask; may be repeated."),
    ] = None,
    context_files: ContextFiles = None,
    schema_files: SchemaFiles = None,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Ask wallets, receive their answers and print what is verified.

    Without --once it goes on until it is stopped: with a question, it shows the next link after each answer.
    """
    context = context_of(ctx)
    asked = asking.queries(types or (), claims or (), form, query or ())
    _check_choices(response_mode=response_mode, request_method=request_method, scheme=scheme)
    _check_combination(once=once, timeout=timeout, api=api, token_file=token_file, origin=origin, asked=asked)
    if issuer and any_issuer:
        raise UsageError("--issuer and --any-issuer contradict each other", hint="give one of them")
    options = _Options(
        certificate=certificate,
        key=key,
        did=did,
        client_id=client_id,
        mode=response_mode,
        method=request_method,
        scheme=scheme,
        lifetime=_lifetime(lifetime),
        timeout=None if timeout is None else params.span(timeout),
        issuers=None if any_issuer else tuple(issuer or ()),
        leeway=timedelta(0) if leeway == "0" else params.span(leeway),
    )
    lookup = params.lookup(
        context_files=context_files, schema_files=schema_files, ca_file=ca_file, allow_loopback=allow_loopback
    )
    door = _door(listen, public_url, tls_cert, tls_key, behind_proxy=behind_proxy)
    access = None if api is None else _api(context, api, token_file, origin or (), asked)
    material = _material(context, options)
    gc.collect()  # the wallet is closed, and what it held is gone
    page = redirect or door.addresses.done
    _Serving(context, options, door, access, material, lookup).run(asked, page, once=once)


@dataclass(frozen=True, slots=True)
class _Options:
    """`issuers` is None for any issuer; empty for those that the wallet trusts."""

    certificate: str | None
    key: str | None
    did: str | None
    client_id: str
    mode: str
    method: str
    scheme: str
    lifetime: timedelta
    timeout: timedelta | None
    issuers: tuple[str, ...] | None
    leeway: timedelta


@dataclass(slots=True)
class _Serving:
    """One run of the server. What is done after an answer happens in the thread that verified it."""

    context: Context
    options: _Options
    door: Door
    access: ApiAccess | None
    material: Material
    lookup: Lookup
    last: Outcome | None = None
    failure: BaseException | None = None
    lock: Lock = field(default_factory=Lock)

    def run(self, asked: Mapping[str, JsonObject], page: str, *, once: bool) -> None:
        """Serve until it is over. Raises what the last answer of --once came to, and Undetermined for none."""
        from ipse.servers.http.running import Ended
        from ipse.servers.verifier.requests import Asked, Requests
        from ipse.servers.verifier.responses import Responses
        from ipse.servers.verifier.serving import VerifierServer
        from ipse.servers.verifier.sessions import Sessions

        options, addresses = self.options, self.door.addresses
        client = _client(options, self.material, addresses, self.context.now)
        requests = Requests(client, addresses, _mode(options.mode), options.lifetime, _now)
        responses = Responses(requests, _policy(options, self.material), self.lookup)
        sessions = Sessions.open(self.material.database, self.material.database_key, time.time)
        question = None if self.access is not None else Asked(next(iter(asked.values())), redirect=page)

        def done(session: Session, outcome: Outcome) -> None:
            with self.lock:
                try:
                    self._show(session, outcome, once=once)
                    if once:
                        server.stop()
                    elif question is not None:
                        showing.invite(self.context, server.ask(question)[1])
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
            timeout=options.timeout,
        )
        try:
            if question is not None:
                showing.invite(self.context, server.ask(question)[1])
            self.context.output.message(f"listening for {addresses.public_url}")
            ended = server.run()
        finally:
            sessions.close()
        if self.failure is not None:
            raise self.failure
        if once:
            self._raise_for_last(ended is Ended.TIMEOUT)

    def _show(self, session: Session, outcome: Outcome, *, once: bool) -> None:
        self.last = outcome
        showing.outcome(self.context, session.id, outcome)
        error = showing.error_of(outcome)
        if error is not None and not once:  # which ends with it
            self.context.output.message(error.message)

    def _raise_for_last(self, timed_out: bool) -> None:
        if self.last is None:
            reason = "nobody answered in time" if timed_out else "it was stopped before anybody answered"
            raise Undetermined(reason, hint="run it again", code="no-answer")
        if (error := showing.error_of(self.last)) is not None:
            raise error


def _check_choices(*, response_mode: str, request_method: str, scheme: str) -> None:
    from ipse.servers.verifier.addresses import SCHEMES
    from ipse.servers.verifier.requests import MODES

    for option, value, known in (
        ("--response-mode", response_mode, MODES),
        ("--request-method", request_method, ("get", "post")),
        ("--scheme", scheme, SCHEMES),
    ):
        if value not in known:
            raise UsageError(
                f"{value[:40]!r} is none that {option} takes", hint=f"{option} {'|'.join(known)}"
            )


def _check_combination(
    *,
    once: bool,
    timeout: str | None,
    api: str | None,
    token_file: str | None,
    origin: Sequence[str] | None,
    asked: Mapping[str, JsonObject],
) -> None:
    """Raise UsageError for options that have no meaning together."""
    if api is None and (token_file is not None or origin):
        raise UsageError("--token-file and --origin are for --api", hint="give --api PORT as well")
    if api is not None and once:
        raise UsageError("--once asks one question, --api waits for applications", hint="give one of them")
    if timeout is not None and not once:
        raise UsageError("--timeout is for --once", hint="without it the server goes on until it is stopped")
    if api is None and len(asked) != 1:
        raise UsageError(
            "there is nothing to ask"
            if not asked
            else "only applications can choose between several queries",
            hint="give --type or --query FILE, or let applications ask with --api PORT",
        )


def _lifetime(text: str) -> timedelta:
    lifetime = params.span(text)
    if lifetime > _MAX_LIFETIME:
        raise UsageError(f"a request is answered within 1h, not {text}", hint="--lifetime 1h at most")
    return lifetime


def _door(
    listen: str, public_url: str | None, tls_cert: str | None, tls_key: str | None, *, behind_proxy: bool
) -> Door:
    """Where wallets come in. Raises UsageError for what would be served in clear to others."""
    from ipse.servers.http.sockets import bind, parse_address, tls_context
    from ipse.servers.verifier.serving import Door, public_addresses

    if (tls_cert is None) is not (tls_key is None):
        raise UsageError("TLS needs a certificate and its key", hint="give both --tls-cert and --tls-key")
    address = parse_address(listen)
    tls = None if tls_cert is None or tls_key is None else tls_context(tls_cert, tls_key)
    listening = bind(address)
    addresses = public_addresses(public_url, listening, tls=tls is not None)
    return Door(listening, addresses, tls, behind_proxy)


def _api(
    context: Context,
    port: str,
    token_file: str | None,
    origins: Sequence[str],
    asked: Mapping[str, JsonObject],
) -> ApiAccess:
    """Where applications come in: on loopback alone."""
    from ipse.servers.http.sockets import bind, bound, parse_address
    from ipse.servers.verifier.addresses import check_origin
    from ipse.servers.verifier.serving import ApiAccess

    address = parse_address(port)
    if not address.is_loopback:
        raise UsageError(
            f"applications ask on this machine, and {address.host} is reached by others",
            hint="--api PORT listens at 127.0.0.1; a reverse proxy can stand before it",
        )
    token = secrets.token_urlsafe(32) if token_file is None else params.read_text(token_file).strip()
    if len(token) < _MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"the token has less than {_MIN_TOKEN} characters, or some that a header can't carry",
            hint="make one: openssl rand -hex 32",
        )
    listening = bind(address)
    context.output.page(f"applications ask at http://{bound(listening).authority}/sessions")
    if token_file is None:
        context.output.page(f"their token is {token}")
    return ApiAccess(listening, token, frozenset(map(check_origin, origins)), dict(asked))


def _material(context: Context, options: _Options) -> Material:
    """What the server takes from the wallet, which is open for this moment alone."""
    from ipse.servers.verifier import start

    if options.did is None and options.certificate is None:
        raise UsageError(
            "nothing says who asks", hint="give --certificate FILE and --key FILE, or --did NAME"
        )
    with context.wallet() as wallet:
        return start.take(wallet, options.did)


def _client(options: _Options, material: Material, addresses: Addresses, now: datetime) -> RequestingClient:
    """Who asks. Raises UsageError, MalformedInput, CertificateRejected."""
    from ipse.keys.certificates import read_certificates
    from ipse.keys.import_formats import read_private_key
    from ipse.servers.verifier import clients

    if options.certificate is None:
        if material.client is None or options.key is not None:
            raise UsageError("--key is of a certificate", hint="give --certificate FILE as well")
        return material.client
    if options.client_id not in clients.PREFIXES:
        raise UsageError(
            f"{options.client_id[:40]!r} is no prefix of a certificate's client id",
            hint=f"--client-id {'|'.join(clients.PREFIXES)}",
        )
    certificates = read_certificates(params.read_bytes(options.certificate))
    if (options.key is None) is (material.key is None):
        raise UsageError("the certificate has one key", hint="give --key FILE, or --did NAME whose key it is")
    signer = material.key
    if options.key is not None:
        signer = read_private_key(params.read_bytes(options.key), passphrase=None)
    assert signer is not None
    return clients.by_certificate(certificates, signer, options.client_id, addresses, now=now)


def _policy(options: _Options, material: Material) -> Policy:
    from ipse.credentials.policy import Policy, check_issuer

    return Policy(
        issuers=frozenset(map(check_issuer, options.issuers or ())),
        any_issuer=options.issuers is None,
        trusted={} if options.issuers is None or options.issuers else material.trust.issuers,
        leeway=options.leeway,
    )


def _mode(name: str) -> ResponseMode:
    from ipse.servers.verifier.requests import MODES

    return next(mode for mode in MODES if mode == name)


def _now() -> datetime:
    return datetime.now(UTC)
