"""`ipse backup`: one encrypted file that holds the wallet; verified, restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ipse import __version__
from ipse.cli import params, tty
from ipse.cli.context import Context, context_of
from ipse.cli.params import Force
from ipse.errors import ConsentNeeded, UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.wallet.backup.archive import Backup
    from ipse.wallet.backup.restoring import Question, Restored
    from ipse.wallet.backup.verifying import Contents

__all__ = ["create", "restore", "verify"]

_Secret = Annotated[
    str | None,
    typer.Option(
        "--backup-passphrase-file",
        metavar="FILE",
        help="Read the passphrase of the backup from here; asked for if not given.",
    ),
]
_Identity = Annotated[
    str | None,
    typer.Option("--identity", metavar="FILE", help="The private key of a recipient: an age identity file."),
]
_File = Annotated[str, typer.Argument(metavar="FILE|-", help="The backup, or `-` for standard input.")]
_MOST_KEPT: Final = 999
_OF: Final = "the backup"
_OPTION: Final = "--backup-passphrase-file"
_SHOWN: Final = {
    "statements": "statements",
    "credentials": "credentials",
    "grants": "grants",
    "disclosures": "log entries",
}
_KIND_HELP: Final = {
    "spent": "private summaries are drawn as if none had been drawn since",
    "revoked": "grants stand as they did, also those that you revoked since",
    "closed": "topics are open as they were, also those that you closed since",
    "forgotten": "the statements come back, all secret, also those that you forgot since",
}


def create(
    ctx: typer.Context,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.")],
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="AGE_KEY", help="Encrypt it to this public key, not to a passphrase; may be repeated."
        ),
    ] = None,
    backup_passphrase_file: _Secret = None,
    keep: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=_MOST_KEPT, help="Keep the last N backups: FILE, FILE.1, FILE.2 …"
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write the whole wallet into one encrypted file. `age -d` opens it too.

    Keys, credentials, statements, topics, grants, the log, the trust list and settings are in it; models
    and what is made again are not.
    """
    from ipse.keys import age_file
    from ipse.wallet.backup import making, rotation

    context = context_of(ctx)
    if recipient and backup_passphrase_file is not None:
        raise UsageError(
            "--recipient and --backup-passphrase-file exclude each other",
            hint="a backup is for the keys of its recipients, or under a passphrase",
        )
    age_file.check_recipients(recipient or ())
    output_files.check_target(output, replace=force or keep is not None)
    with context.wallet() as wallet:
        backup = making.collect(wallet, program=__version__, now=context.now)
    if recipient:
        data = making.sealed_for(backup, recipient)
    else:
        data = making.sealed_under(
            backup, context.new_secret(_OF, backup_passphrase_file, option=_OPTION, offers=True)
        )
    if keep is None:
        output_files.write_bytes(output, data, replace=force)
    else:
        rotation.write(output, data, keep=keep)
    context.output.result(
        output, {"file": output, "bytes": len(data), "state": backup.state[0], "created": backup.created}
    )


def verify(
    ctx: typer.Context, file: _File, identity: _Identity = None, backup_passphrase_file: _Secret = None
) -> None:
    """Restore a backup into memory and sign with every key in it. Needs no wallet."""
    from ipse.wallet.backup import verifying

    context = context_of(ctx)
    contents = verifying.verify(_opened(context, file, identity, backup_passphrase_file))
    context.output.result(f"{_described(contents)}\nthe backup is whole, every key signs", _facts(contents))


def restore(
    ctx: typer.Context,
    file: _File,
    keystore: Annotated[
        str, typer.Option(metavar="os|file", help="Where a new wallet stores its keys.")
    ] = "os",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be restored; write nothing.")
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys", help="Bring back the keys alone: the vault.db that is here stays.")
    ] = False,
    identity: _Identity = None,
    backup_passphrase_file: _Secret = None,
) -> None:
    """Restore the wallet from a backup.

    Where there is no wallet, a new one is made; where this wallet is, its vault is replaced and kept aside.
    What you spent, revoked, closed or forgot since the backup comes back only on your word for each.
    """
    context = context_of(ctx)
    if keystore not in ("os", "file"):
        raise UsageError(f"{keystore!r} is not a kind of keystore", hint="--keystore takes os or file")
    from ipse.wallet.backup import restoring

    backup = _opened(context, file, identity, backup_passphrase_file)
    if keys:
        _restore_keys(context, backup, keystore, dry_run=dry_run)
        return
    restored = restoring.restore(
        context.places,
        backup,
        keystore=keystore,
        passphrase=_once(context.passphrase),
        new_passphrase=_once(context.new_passphrase),
        ask=lambda question: _ask(context, question),
        now=context.now,
        dry_run=dry_run,
    )
    facts = {
        **_facts(restored.contents),
        "home": str(context.places.data),
        "restored": restored.changed and not dry_run,
        "replaced": restored.over,
        "remembered": restored.asked.remembered if restored.asked else None,
        "asked": list(restoring.KINDS) if restored.asked else [],
        "given": list(restored.given),
        "aside": [str(path) for path in restored.aside],
    }
    context.output.result(_result(context, restored, dry_run=dry_run), facts)


def _restore_keys(context: Context, backup: Backup, keystore: str, *, dry_run: bool) -> None:
    from ipse.wallet.backup import restoring_keys

    restored = restoring_keys.restore_keys(
        context.places,
        backup,
        keystore=keystore,
        new_passphrase=_once(context.new_passphrase),
        now=context.now,
        dry_run=dry_run,
    )
    facts = {
        **_facts(restored.contents),
        "home": str(context.places.data),
        "restored": not dry_run,
        "lost": list(restored.lost),
        "accepted": restored.newest,
        "aside": [str(path) for path in restored.aside],
    }
    lines = [_described(restored.contents)]
    lines.append("the keys would come back; nothing was written" if dry_run else "the keys are back")
    lines += [f"made after the backup, its keys are gone: {name}" for name in restored.lost]
    lines += [f"the old file is kept as {path}" for path in restored.aside]
    if not restored.newest:
        lines.append("nobody remembers if the vault is the newest one: `ipse log accept` goes on from it")
    context.output.result("\n".join(lines), facts)


def _once(passphrase: Callable[[], bytes]) -> Callable[[], bytes]:
    """Ask once, whoever needs it."""
    known: list[bytes] = []

    def ask() -> bytes:
        if not known:
            known.append(passphrase())
        return known[0]

    return ask


def _opened(context: Context, file: str, identity: str | None, passphrase_file: str | None) -> Backup:
    from ipse.wallet.backup import making

    data = params.read_bytes(file, limit=making.MAX_BYTES)
    return making.open_encrypted(
        data,
        passphrase=lambda: context.secret(_OF, passphrase_file, option=_OPTION),
        identity=None if identity is None else lambda: params.read_bytes(identity),
    )


def _ask(context: Context, question: Question) -> tuple[str, ...]:
    """Ask for each kind whether it is to be as it was. Raises ConsentNeeded."""
    if not context.can_ask:
        raise ConsentNeeded(
            "what you took back since the backup comes back only on your word, and there is nobody to ask",
            hint="run it in a terminal; --dry-run says what would be restored",
        )
    from ipse.wallet.backup import restoring

    tty.forget_typed()
    if question.remembered is None:
        what = "The keystore no longer remembers which state of the wallet is the newest."
    else:
        what = f"The keystore remembers state {question.remembered} of this wallet."
    context.output.page(
        f"The backup holds state {question.state}, as of {question.created}. {what}\n"
        "What happened in between is lost, and the log will say so. If you still have the newest vault.db,\n"
        "stop (Ctrl-C) and put it back.\n"
        f"Today is {context.now:%Y-%m-%d}: going on confirms that. No issuer and no authority is trusted"
        " until you say so again. Credentials\nand status lists are those of the backup: what you deleted or"
        " revoked since is as it was."
    )
    given = []
    for kind in restoring.KINDS:
        told = _KIND_HELP[kind]
        if kind == restoring.FORGOTTEN and question.forgotten is not None:
            told += f" ({question.forgotten} of them)"
        context.output.page(f"{kind}: {told}")
        if tty.ask(f"type {kind} to have it so, or return for no: ") == kind:
            given.append(kind)
    return tuple(given)


def _described(contents: Contents) -> str:
    counts = ", ".join(f"{name}: {contents.rows.get(table, 0)}" for table, name in _SHOWN.items())
    return (
        f"wallet {contents.wallet_id}, state {contents.state}, saved {contents.created} by ipse"
        f" {contents.program}\nDIDs: {', '.join(contents.dids) or 'none'}\n{counts}"
    )


def _facts(contents: Contents) -> dict[str, Any]:
    return {
        "wallet": contents.wallet_id,
        "created": contents.created,
        "ipse": contents.program,
        "state": contents.state,
        "dids": list(contents.dids),
        "keys": contents.keys,
        "rows": dict(contents.rows),
    }


def _result(context: Context, restored: Restored, *, dry_run: bool) -> str:
    told = _described(restored.contents)
    if not restored.changed:
        return f"{told}\nthe wallet in {context.places.data} is in that state: there is nothing to restore"
    if dry_run:
        asked = "" if restored.asked is None else "; you would be asked what may come back"
        done = "would replace the vault in" if restored.over else "would be restored to"
        return f"{told}\n{done} {context.places.data}{asked}; nothing was written"
    lines = [told, f"restored to {context.places.data}"]
    lines += [f"the old file is kept as {path}" for path in restored.aside]
    if restored.asked is None and not restored.over:
        lines.append(
            f"what happened after {restored.contents.created} is not known here: revoke, close and forget"
            " again what you did since"
        )
    return "\n".join(lines)
