"""`ipse vc revoke`, `suspend` and `reinstate`: change the status of an issued credential."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ipse.cli.context import context_of

if TYPE_CHECKING:
    from ipse.wallet.status import ListRecord
    from ipse.wallet.wallet import Wallet

__all__ = ["reinstate", "revoke", "suspend"]

_Credential: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The id of the credential: its `id`, or the `jti` of an SD-JWT.")
]


def revoke(ctx: typer.Context, identifier: _Credential) -> None:
    """Revoke a credential that you issued, for good. Publish its status list afterwards."""
    from ipse.wallet import status

    _change(ctx, identifier, "revoked", lambda wallet, now: status.revoke(wallet, identifier, now=now))


def suspend(ctx: typer.Context, identifier: _Credential) -> None:
    """Suspend a credential that you issued, until it is reinstated."""
    from ipse.wallet import status

    _change(ctx, identifier, "suspended", lambda wallet, now: status.suspend(wallet, identifier, now=now))


def reinstate(ctx: typer.Context, identifier: _Credential) -> None:
    """End the suspension of a credential that you issued."""
    from ipse.wallet import status

    _change(ctx, identifier, "reinstated", lambda wallet, now: status.reinstate(wallet, identifier, now=now))


def _change(
    ctx: typer.Context,
    identifier: str,
    word: str,
    change: Callable[[Wallet, datetime], tuple[ListRecord, ...]],
) -> None:
    context = context_of(ctx)
    with context.wallet() as wallet:
        lists = [record.name for record in change(wallet, context.now)]
    context.output.result(f"{identifier} is {word}", {"id": identifier, "state": word, "publish": lists})
    for name in lists:
        context.output.message(f"to make it known: `ipse vc status publish {name}`")
