"""Findings about what lies behind the keystore: its keys, the vault, the log, trust, the date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from ipse.encoding.safe_text import one_line
from ipse.encoding.timestamps import format_day, format_timestamp
from ipse.errors import IpseError
from ipse.storage import disclosure_log, grants
from ipse.wallet import state, trust
from ipse.wallet.disclosure import dates
from ipse.wallet.doctor.finding import Finding, Outcome, looked_at
from ipse.wallet.wallet import Wallet

__all__ = ["contents", "unopened"]

_BEHIND: Final = ("vault", "log", "authorities", "date")
"""What is looked at behind the keystore."""


def contents(wallet: Wallet, *, now: datetime, fix: bool) -> Iterator[Finding]:
    """Look at what the keystore opens. `wallet` must read a vault in doubt.

    Where the keystore can't be opened, all that lies behind it is unknown. With `fix`, keystore items that
    nothing points to are removed.
    """
    keystore = looked_at("keystore", lambda: _keystore(wallet, fix=fix))
    yield keystore
    if keystore.outcome is not Outcome.OK:
        for check in _BEHIND:
            yield Finding(check, Outcome.UNKNOWN, "the keystore is not open")
        return
    yield looked_at("vault", lambda: _vault(wallet))
    yield looked_at("log", lambda: _log(wallet))
    yield looked_at("authorities", lambda: _authorities(wallet, now))
    yield looked_at("date", lambda: _date(wallet, now))


def _keystore(wallet: Wallet, *, fix: bool) -> Finding:
    gone = [item for item in sorted(wallet.manifest.items()) if wallet.keystore.find(item) is None]
    if gone:
        return Finding.problem(
            "keystore",
            f"{wallet.keystore.description} lacks {', '.join(gone)}, which wallet.json points to",
            "bring both back from the same backup",
        )
    left = len(wallet.manifest.leftovers)
    if fix:
        wallet.sweep()
    fixed = left > len(wallet.manifest.leftovers)
    return Finding.ok("keystore", f"every key is in {wallet.keystore.description}", fixed=fixed)


def _vault(wallet: Wallet) -> Finding:
    if wallet.vault.refusal is not None:
        raise wallet.vault.refusal
    with wallet.vault.transaction():
        head = state.check(wallet, everything=True)
    return Finding.ok("vault", f"the vault is whole and the newest one (state {head.counter})")


def _log(wallet: Wallet) -> Finding:
    count = disclosure_log.verify(wallet.vault)
    return Finding.ok("log", f"the chain of {'1 entry' if count == 1 else f'{count} entries'} is whole")


def _authorities(wallet: Wallet, now: datetime) -> Finding:
    trusted = trust.authorities(wallet)
    ended = [entry for entry in trusted if entry.certificate.not_after < now]
    if not ended:
        return Finding.ok("authorities", f"{len(trusted)} trusted, none has expired")
    first = ended[0]
    certificates = [entry.certificate for entry in ended]
    names = ", ".join(f"{one_line(one.subject, 80)} ({format_day(one.not_after)})" for one in certificates)
    return Finding.problem(
        "authorities",
        f"trusted certificates have expired: {names}",
        f"`ipse trust delete {first.fingerprint[:16]}`, and `ipse trust add --ca FILE` for a new one",
    )


def _date(wallet: Wallet, now: datetime) -> Finding:
    found = dates.dates(wallet, now)
    if found.clock > now:
        return Finding.problem(
            "date",
            f"the clock is before {format_timestamp(found.clock)}, when something was answered or confirmed",
            "set the clock of this machine",
        )
    today = format_timestamp(now)
    standing = [one for one in grants.every(wallet.vault) if one.revoked is None and one.expires > today]
    if found.in_doubt and standing:
        return Finding.problem(
            "date",
            f"the date was last confirmed on {format_day(found.confirmed)}, so that grants stand still",
            "`ipse dapp date` confirms it",
        )
    return Finding.ok("date", f"the date was last confirmed on {format_day(found.confirmed)}")


def unopened(error: IpseError) -> Iterator[Finding]:
    """What is found where the wallet itself can't be opened: nothing behind it."""
    yield Finding.of("keystore", error)
    for check in _BEHIND:
        yield Finding(check, Outcome.UNKNOWN, "the wallet can't be opened")
