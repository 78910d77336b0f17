"""`ipse wipe`: removes the wallet from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import tty
from ipse.cli.context import Context, context_of
from ipse.errors import ConsentNeeded, ConsentRefused, UsageError

if TYPE_CHECKING:
    from ipse.wallet.wiping import Found

__all__ = ["wipe"]


def wipe(
    ctx: typer.Context,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="ID", help="Confirm with the wallet's id, instead of typing it."),
    ] = None,
) -> None:
    """Remove the wallet from this machine for good.

    Keys, vault, log, profile and models are gone then. It needs no passphrase. Without a backup nothing of it
    can be recovered by anybody.
    """
    from ipse.wallet import wiping

    context = context_of(ctx)
    places = context.places
    found = wiping.found(places)
    _confirm(context, found, confirm)
    wiping.wipe(places, found)
    context.output.result(
        f"the wallet in {places.data} is gone",
        {"home": str(places.data), "wiped": True, "files": [str(path) for path in found.paths]},
    )


def _confirm(context: Context, found: Found, typed: str | None) -> None:
    """Name what will be gone, and have the id typed. Raises ConsentNeeded, ConsentRefused, UsageError."""
    if typed is not None:
        if typed != found.word:
            raise UsageError(
                f"--confirm {typed} is not {found.word}, which confirms it", hint="nothing was removed"
            )
        return
    if not context.can_ask:
        raise ConsentNeeded(
            "removing the wallet needs its id as confirmation",
            hint=f"run it in a terminal, or confirm with its id: --confirm {found.word}",
        )
    tty.forget_typed()
    context.output.page(_told(found))
    if tty.ask(f"type {found.word} to remove all of it: ") != found.word:
        raise ConsentRefused("nothing was removed", hint="what was typed is another word")


def _told(found: Found) -> str:
    lines = ["This will be gone for good:"]
    if found.wallet is None:
        lines.append("- what wallet.json names can't be read; items in the OS keyring stay where they are")
    else:
        lines += [f"- {record.name} ({record.did}) and its keys" for record in found.wallet.dids]
        place = "in the OS keyring" if found.wallet.keystore == "os" else "in the keystore file"
        lines.append(f"- the wallet's root {place}, from which all other keys come")
    lines += [f"- {path}" for path in found.paths]
    lines.append("`ipse backup create -o FILE` saves it first. Copies and backups elsewhere stay.")
    return "\n".join(lines)
