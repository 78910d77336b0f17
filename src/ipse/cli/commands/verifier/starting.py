"""What `ipse verifier serve` does first: check options, bind sockets, read and close the wallet."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.cli import params
from ipse.cli.context import Context
from ipse.encoding.safe_text import is_visible_ascii
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.credentials.policy import Policy
    from ipse.protocols.openid4vp.building import RequestingClient
    from ipse.protocols.openid4vp.refusals import ResponseMode
    from ipse.servers.verifier.addresses import Addresses
    from ipse.servers.verifier.serving import ApiAccess, Door
    from ipse.servers.verifier.start import Material

__all__ = [
    "Options",
    "api_at",
    "check_choices",
    "check_combination",
    "check_page",
    "client_of",
    "door_at",
    "lifetime_of",
    "material_for",
    "mode_called",
    "policy_of",
    "purpose_of",
    "verifier_info",
]

_MIN_TOKEN: Final = 32
_MAX_LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Options:
    """`issuers` is None for any issuer; empty for those that the wallet trusts."""

    certificate: str | None
    key: str | None
    did: str | None
    client_id: str
    registration: str | None
    mode: str
    method: str
    scheme: str
    lifetime: timedelta
    issuers: tuple[str, ...] | None
    leeway: timedelta


def check_choices(*, response_mode: str, request_method: str, scheme: str) -> None:
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


def check_combination(
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


def check_page(url: str | None) -> None:
    """Raise UsageError for what is no page that a browser can be sent to."""
    from ipse.servers.verifier.addresses import page_of

    if url is not None and page_of(url) is None:
        raise UsageError(
            f"{url[:100]!r} is no https page", hint="--redirect https://shop.example/done, without a fragment"
        )


def lifetime_of(text: str) -> timedelta:
    lifetime = params.span(text)
    if lifetime > _MAX_LIFETIME:
        raise UsageError(f"a request is answered within 1h, not {text}", hint="--lifetime 1h at most")
    return lifetime


def door_at(
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


def api_at(
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
    token = (
        secrets.token_urlsafe(32)
        if token_file is None
        else _secret(context, token_file).decode("ascii", "replace").strip()
    )
    if len(token) < _MIN_TOKEN or not is_visible_ascii(token):
        raise UsageError(
            f"the token has less than {_MIN_TOKEN} characters, or some that a header can't carry",
            hint="make one: openssl rand -hex 32",
        )
    listening = bind(address)
    context.output.page(f"applications ask at http://{bound(listening).authority}/sessions")
    if token_file is None:
        context.output.page(f"their token is {token}")
    return ApiAccess(listening, token, frozenset(map(check_origin, origins)), dict(asked))


def _secret(context: Context, file: str) -> bytes:
    """Read a file that is for its owner alone, with a warning where others can read it."""
    data = params.read_bytes(file)
    if os.name != "nt" and file != "-":
        mode = Path(file).stat().st_mode
        if stat.S_ISREG(mode) and mode & 0o077:
            context.output.message(f"warning: others can read {file}; `chmod 600` it")
    return data


def material_for(context: Context, options: Options) -> Material:
    """What the server takes from the wallet, which is open for this moment alone."""
    from ipse.servers.verifier import start

    if options.did is None and options.certificate is None:
        raise UsageError(
            "nothing says who asks", hint="give --certificate FILE and --certificate-key FILE, or --did NAME"
        )
    with context.wallet() as wallet:
        return start.take(wallet, options.did)


def client_of(
    context: Context, options: Options, material: Material, addresses: Addresses
) -> RequestingClient:
    """Who asks. Raises UsageError, MalformedInput, CertificateRejected."""
    from ipse.keys.certificates import read_certificates
    from ipse.keys.import_formats import read_private_key
    from ipse.servers.verifier import clients

    if options.certificate is None:
        if material.client is None or options.key is not None:
            raise UsageError(
                "--certificate-key is the key of a certificate", hint="give --certificate FILE as well"
            )
        return material.client
    if options.client_id not in clients.PREFIXES:
        raise UsageError(
            f"{options.client_id[:40]!r} is no prefix of a certificate's client id",
            hint=f"--client-id {'|'.join(clients.PREFIXES)}",
        )
    certificates = read_certificates(params.read_bytes(options.certificate))
    if (options.key is None) is (material.key is None):
        raise UsageError(
            "the certificate has one key", hint="give --certificate-key FILE, or --did NAME whose key it is"
        )
    signer = material.key
    if options.key is not None:
        signer = read_private_key(_secret(context, options.key), passphrase=None)
    assert signer is not None
    return clients.by_certificate(certificates, signer, options.client_id, addresses, now=context.now)


def verifier_info(options: Options) -> tuple[JsonObject, ...]:
    """What goes with requests about who asks: the registration certificate (OpenID4VP 1.0 section 5.1).

    Raises MalformedInput, and UsageError where no access certificate goes with it, to which it belongs.
    """
    from ipse.credentials import jws
    from ipse.protocols.registration_certificates import FORMATS, TYPE

    if options.registration is None:
        return ()
    if options.certificate is None:
        raise UsageError("a registration belongs to an access certificate", hint="give --certificate FILE")
    text = params.read_text(options.registration).strip()
    typ = jws.read(text, what="the registration certificate").header.get("typ")
    if typ != TYPE:
        raise MalformedInput(f"{options.registration} is a JWT of the type {excerpt(typ)}, not {TYPE}")
    return ({"format": FORMATS[0], "data": text},)


def purpose_of(
    asked: Mapping[str, JsonObject], purpose: str | None, retention: str | None
) -> tuple[JsonObject, ...]:
    """The transaction data that states the purpose of the one question; none where none is given.

    Raises UsageError, MalformedInput.
    """
    from ipse.servers.verifier.requests import purpose_data

    if purpose is None:
        if retention is not None:
            raise UsageError("--retention is said with a purpose", hint="give --purpose TEXT as well")
        return ()
    seconds = None if retention is None else int(params.span(retention).total_seconds())
    return (purpose_data(next(iter(asked.values())), purpose, seconds),)


def policy_of(options: Options, material: Material) -> Policy:
    from ipse.credentials.policy import Policy, check_issuer

    trust = material.trust
    trusts_own = options.issuers == ()
    return Policy(
        issuers=frozenset(map(check_issuer, options.issuers or ())),
        any_issuer=options.issuers is None,
        trusted=trust.issuers if trusts_own else {},
        issuer_anchors=trust.anchors("issuer") if trusts_own else (),
        status_anchors=trust.anchors("status"),
        leeway=options.leeway,
    )


def mode_called(name: str) -> ResponseMode:
    from ipse.servers.verifier.requests import MODES

    return next(mode for mode in MODES if mode == name)
