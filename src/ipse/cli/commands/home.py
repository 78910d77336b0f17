"""`ipse` alone: what is in the wallet, and what one does next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import typer

from ipse.cli import tables
from ipse.cli.context import Context, context_of
from ipse.cli.lines import cells
from ipse.cli.output import printable
from ipse.errors import KeystoreError, NotFound
from ipse.wallet import directory

if TYPE_CHECKING:
    from ipse.encoding.strict_json import JsonObject
    from ipse.wallet.directory import Manifest, Places
    from ipse.wallet.summary import Summary

__all__ = ["home"]

_SHOWN: Final = 3
_INIT: Final = (
    ("ipse init", "make a wallet; its keys go to the OS keyring"),
    ("ipse init --keystore file", "make one whose keys lie in a file under a passphrase"),
    ("ipse vc verify FILE --issuer DID", "verify a credential; that needs no wallet"),
)


def home(ctx: typer.Context) -> None:
    """Show what is in the wallet and the three things one does next. Nothing is asked for."""
    context = context_of(ctx)
    try:
        held = directory.read(context.places)
    except NotFound:
        _show(context, "there is no wallet yet", {}, {"wallet": False}, _INIT)
        return
    counted = _counted(held, context.places)
    names = [
        f"{printable(record.name)} (the default)" if record.name == held.default else printable(record.name)
        for record in held.dids
    ]
    facts = {"DIDs": ", ".join(names) or "none yet"}
    if counted is None:
        facts["the rest"] = "locked; `ipse status` counts it"
    else:
        facts |= {
            "credentials": str(counted.credentials),
            "statements": str(counted.statements),
            "answers sent": str(counted.disclosures),
        }
    value: JsonObject = {
        "wallet": True,
        "home": str(context.places.data),
        "keystore": held.keystore,
        "dids": [record.name for record in held.dids],
        "unlocked": counted is not None,
        **(asdict(counted) if counted else {}),
    }
    steps = list(_steps(held, counted, is_given=context.passphrase_is_given))[:_SHOWN]
    _show(context, f"the wallet in {context.places.data} holds", facts, value, steps)


def _counted(held: Manifest, places: Places) -> Summary | None:
    """What the vault holds, None where a passphrase would be needed to look."""
    from ipse.keys.keystore.unlock_service import may_hold

    if held.keystore == "file" and not may_hold(places.keystore):
        return None
    from ipse.errors import PassphraseNeeded
    from ipse.wallet.summary import summary
    from ipse.wallet.wallet import Wallet

    def refuse() -> bytes:
        raise PassphraseNeeded("the wallet is locked")

    try:
        with Wallet(places, refuse, doubt=lambda _: None) as wallet:
            return summary(wallet)
    except KeystoreError:
        return None


def _steps(held: Manifest, counted: Summary | None, *, is_given: bool) -> Iterator[tuple[str, str]]:
    """What one does next, the most needed first."""
    if not held.dids:
        yield "ipse did create --name me", "make your first DID"
    if held.keystore == "file" and counted is None and not is_given:
        yield "ipse unlock", "type the passphrase once for the next 15 minutes"
    if counted is None or not counted.credentials:
        yield "ipse vc add FILE", "keep a credential that you were given"
    if counted is None or not counted.statements:
        yield 'ipse profile like "TEXT"', "teach the profile what you like"
    yield "ipse answer FILE", "answer an application or a verifier"
    yield "ipse backup create -o FILE", "keep all of it in one encrypted file"
    yield "ipse log list", "see what was sent to whom"
    yield "ipse vc list", "see your credentials"


def _show(
    context: Context,
    intro: str,
    facts: dict[str, str],
    value: dict[str, Any],
    steps: Sequence[tuple[str, str]],
) -> None:
    width = context.output.width
    lines = [intro]
    lines += [f"  {line}" for line in tables.facts(facts, width - 2 if width else None)]
    lines += ["", "next:", *_listed(steps, width or 80), "", "`ipse help` lists all commands"]
    listed = [{"command": command, "does": does} for command, does in steps]
    context.output.result("\n".join(lines), {**value, "next": listed})


def _listed(steps: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    room = max(cells(command) for command, _ in steps) + 4
    beside = room + max(cells(does) for _, does in steps) <= width
    for command, does in steps:
        yield f"  {command}".ljust(room) + does if beside else f"  {command}"
        if not beside:
            yield f"      {does}"
