"""`ipse vc holder-key`: a new key for an issuer to bind one credential to."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.context import context_of
from ipse.encoding import strict_json

__all__ = ["holder_key"]


def holder_key(
    ctx: typer.Context,
    jwk: Annotated[bool, typer.Option("--jwk", help="Print the public key as a JWK instead.")] = False,
) -> None:
    """Print a new P-256 key that an issuer binds a credential to.

    It is printed as a did:jwk, and is for one credential.
    Give each issuer a key of its own. It comes from the wallet's root, so there is nothing more to back up.
    """
    from ipse.wallet import holder_keys

    context = context_of(ctx)
    with context.wallet() as wallet:
        made = holder_keys.fresh(wallet)
    text = strict_json.canonical(made.jwk).decode() if jwk else made.did
    context.output.result(text, {"did": made.did, "jwk": made.jwk})
