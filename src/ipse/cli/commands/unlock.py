"""`ipse unlock` and `ipse lock`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from ipse.cli import params
from ipse.cli.context import session_of

__all__ = ["lock", "unlock"]


def unlock(
    context: typer.Context,
    duration: Annotated[
        str, typer.Option("--for", metavar="SPAN", help="How long, 24h at most: 30m, 12h.")
    ] = "15m",
) -> None:
    """Ask for the passphrase once; the commands of a while do not ask again."""
    session = session_of(context)
    span = params.span(duration)
    from ipse.encoding.timestamps import format_timestamp
    from ipse.keys.keystore.encrypted_file import EncryptedFile

    with session.wallet() as wallet:
        if wallet.manifest.keystore == "os":
            session.console.result(
                "nothing to unlock: the keys are in the OS keyring, which your desktop session unlocks",
                {"unlocked": False, "until": None},
            )
            return
        keystore = wallet.keystore
        assert isinstance(keystore, EncryptedFile)
        keystore.unlock(span.total_seconds())
        until = session.now + span
    session.console.result(
        f"unlocked until {_spoken(until, session.now)}", {"unlocked": True, "until": format_timestamp(until)}
    )


def lock(context: typer.Context) -> None:
    """Ask for the passphrase again from now on."""
    session = session_of(context)
    from ipse.keys.keystore import unlock_client

    ended = unlock_client.stop(session.places.keystore)
    session.console.result(
        "locked" if ended else "locked; it was not unlocked", {"unlocked": False, "ended": ended}
    )


def _spoken(until: datetime, now: datetime) -> str:
    """The time on the owner's clock, with the day where that is not today."""
    here, today = until.astimezone(), now.astimezone().date()
    return here.strftime("%H:%M" if here.date() == today else "%Y-%m-%d %H:%M")
