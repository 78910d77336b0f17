"""`ipse did`: the owner's decentralized identifiers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ipse.cli import params, tty
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import AllowLoopback, CaFile, Force, OutputFile
from ipse.dids import CREATED
from ipse.encoding import strict_json
from ipse.errors import AlreadyExists, ConsentNeeded, ConsentRefused, DataError, UsageError
from ipse.wallet import directory, output_files
from ipse.wallet.directory import DidRecord

__all__ = [
    "create",
    "default",
    "delete",
    "document",
    "export",
    "import_",
    "list_",
    "rename",
    "resolve",
    "rotate",
    "show",
]

_Which = Annotated[
    str,
    typer.Argument(metavar="NAME|DID", help="One of your DIDs, or its name.", autocompletion=complete_did),
]
_Name = Annotated[
    str, typer.Option("--name", metavar="NAME", help="Its name in this wallet, seen by you only.")
]
_Method = Annotated[str, typer.Option("--method", metavar="|".join(CREATED), help="The DID method.")]
_Domain = Annotated[
    str | None,
    typer.Option(
        "--domain", metavar="HOST[/PATH]", help="For did:web: where its document will be published."
    ),
]
_Chain = Annotated[
    int, typer.Option("--chain", metavar="N", min=1, help="For did:pkh: the EVM chain's number.")
]
_DidJson = Annotated[
    str, typer.Option("-o", "--output", metavar="FILE|-", help="For did:web: where to write its document.")
]
_Secret = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Read the passphrase of the key file from here; asked for if not given."
    ),
]


def create(
    ctx: typer.Context,
    name: _Name,
    method: _Method = "key",
    key_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="Ed25519 (the default), P-256 or secp256k1 (did:pkh's only one)."),
    ] = None,
    domain: _Domain = None,
    chain: _Chain = 1,
    output: _DidJson = "did.json",
    force: Force = False,
) -> None:
    """Create a DID with a new key and print the DID."""
    from ipse.wallet import identities

    context = context_of(ctx)
    kind = identities.Kind(method, domain=domain, chain=chain)
    if kind.is_published:
        params.check_output(output, force=force)
    with context.wallet() as wallet:
        record = identities.create(wallet, name, kind=kind, key_type=key_type, now=context.now)
    _conclude(context, record, output, force=force)


def list_(ctx: typer.Context) -> None:
    """List your DIDs. Needs no keystore."""
    context = context_of(ctx)
    held = directory.read(context.places)
    rows = [{**_public(record), "default": record.name == held.default} for record in held.dids]
    context.output.table(
        "dids", rows, ("name", "did"), empty="no DIDs yet: `ipse did create --name me`", cuts=("did",)
    )


def show(ctx: typer.Context, which: _Which) -> None:
    """Show one of your DIDs. Needs no keystore."""
    context = context_of(ctx)
    held = directory.read(context.places)
    record = held.find(which)
    context.output.facts({**_public(record), "default": record.name == held.default})


def document(ctx: typer.Context, which: _Which) -> None:
    """Print the DID document of one of your DIDs. Needs no keystore."""
    from ipse.wallet import identities

    context = context_of(ctx)
    content = identities.document(directory.read(context.places).find(which))
    context.output.document(strict_json.pretty(content), content)


def resolve(
    ctx: typer.Context,
    did: Annotated[str, typer.Argument(metavar="DID", help="Any DID; did:web is fetched from the network.")],
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Resolve a DID and print its document. Needs no wallet."""
    from ipse.wallet import resolution

    context = context_of(ctx)
    content = resolution.resolve(did, resolution.Reach(ca_file, allow_loopback))
    context.output.document(strict_json.pretty(content), content)


def default(
    ctx: typer.Context,
    which: Annotated[
        str | None,
        typer.Argument(metavar="NAME|DID", help="Make this one the default.", autocompletion=complete_did),
    ] = None,
) -> None:
    """Show or set the default DID."""
    from ipse.wallet import identities

    context = context_of(ctx)
    with context.wallet() as wallet:
        record = identities.set_default(wallet, which) if which else identities.default(wallet)
    context.output.result(record.did, _public(record))


def rename(
    ctx: typer.Context,
    which: _Which,
    name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="Its new name.")],
) -> None:
    """Rename a DID."""
    from ipse.wallet import identities

    context = context_of(ctx)
    with context.wallet() as wallet:
        record = identities.rename(wallet, which, name)
    context.output.result(f"{record.name} is {record.did}", _public(record))


def rotate(
    ctx: typer.Context,
    which: _Which,
    retire: Annotated[
        bool, typer.Option("--retire", help="For did:web: delete the old keys instead of making a new one.")
    ] = False,
    output: _DidJson = "did.json",
    force: Force = False,
    succession: Annotated[
        str | None,
        typer.Option(
            "--succession", metavar="FILE", help="Write the credential that names the successor here."
        ),
    ] = None,
) -> None:
    """Make a new key. did:web keeps its name; any other DID gets a successor, which is printed."""
    from ipse.wallet import identities, rotation

    context = context_of(ctx)
    if succession is not None:
        output_files.check_target(succession, replace=force)
    with context.wallet() as wallet:
        if identities.publish_url(wallet.manifest.find(which)) is not None:
            params.check_output(output, force=force)
        if retire:
            record, linked = rotation.retire(wallet, which), None
        else:
            rotated = rotation.rotate(wallet, which, now=context.now)
            record, linked = rotated.record, rotated.succession
    if linked is not None and succession is not None:
        output_files.write_text(succession, linked + "\n", replace=force)
    elif linked is not None:
        context.output.message("the old key signed who its successor is: `ipse vc list` has the credential")
    _conclude(context, record, output, force=force, succession=linked)


def export(
    ctx: typer.Context,
    which: _Which,
    output: OutputFile = "-",
    force: Force = False,
    key_passphrase_file: _Secret = None,
    insecure_plaintext: Annotated[
        bool,
        typer.Option("--insecure-plaintext", help="Write the key unencrypted: its reader can sign as you."),
    ] = False,
) -> None:
    """Export the private key of a DID, encrypted.

    The file has a passphrase of its own.
    """
    from ipse.wallet import key_files

    context = context_of(ctx)
    params.check_output(output, force=force)
    with context.wallet() as wallet:
        if insecure_plaintext:
            text = key_files.export_plaintext(wallet, which)
        else:
            text = key_files.export_encrypted(
                wallet, which, lambda: context.new_secret("the key file", key_passphrase_file)
            )
    if output == "-":
        context.output.document(text.rstrip("\n"), {"key": text})
    else:
        output_files.write_text(output, text, replace=force)
        context.output.message(f"key written to {output}")


def import_(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="A private key: JWK, PEM, Multikey, OpenSSH, or an export."),
    ],
    name: _Name,
    method: _Method = "key",
    domain: _Domain = None,
    chain: _Chain = 1,
    key_passphrase_file: _Secret = None,
    output: _DidJson = "did.json",
    force: Force = False,
) -> None:
    """Create a DID from a private key that you have and print the DID."""
    from ipse.wallet import identities, key_files

    context = context_of(ctx)
    kind = identities.Kind(method, domain=domain, chain=chain)
    if kind.is_published:
        params.check_output(output, force=force)
    data = params.read_bytes(file)
    with context.wallet() as wallet:
        record = key_files.import_key(
            wallet,
            data,
            name,
            kind=kind,
            passphrase=lambda: context.secret("the key file", key_passphrase_file),
            now=context.now,
        )
    _conclude(context, record, output, force=force)


def delete(
    ctx: typer.Context,
    which: _Which,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="Confirm with its name, instead of typing it."),
    ] = None,
) -> None:
    """Delete a DID and its keys for good."""
    from ipse.wallet import identities

    context = context_of(ctx)
    with context.wallet() as wallet:
        record = wallet.manifest.find(which)
        _confirm(context, record, confirm)
        identities.delete(wallet, record.name)
    context.output.result(f"{record.name} ({record.did}) is deleted", _public(record))


def _confirm(context: Context, record: DidRecord, typed: str | None) -> None:
    """Have the owner confirm a deletion with the name. Raises ConsentNeeded, ConsentRefused, UsageError."""
    if typed is None:
        if not context.can_ask:
            raise ConsentNeeded(
                f"deleting {record.name!r} needs its name as confirmation",
                hint="run it in a terminal, or confirm with its name: --confirm NAME",
            )
        context.output.page(
            f"{record.did}\nits key is deleted for good; nothing can be signed or proved with it afterwards"
        )
        if tty.ask(f"type {record.name} to delete it: ") != record.name:
            raise ConsentRefused(
                f"{record.name!r} was not deleted", hint="the name that was typed is a different one"
            )
    elif typed != record.name:
        raise UsageError(f"--confirm {typed} is not the name {record.name!r}", hint="nothing was deleted")


def _conclude(context: Context, record: DidRecord, output: str, *, force: bool, **more: Any) -> None:
    """Print the DID. Of a did:web write the document first, or with `-` print that; say where it goes."""
    from ipse.wallet import identities

    facts, url = {**_public(record), **more}, identities.publish_url(record)
    if url is None:
        context.output.result(record.did, facts)
        return
    document = identities.document(record)
    text = strict_json.pretty(document)
    if output == "-":
        context.output.message(f"this is the document of {record.did}; publish it at {url}")
        context.output.document(text, {**facts, "document": document})
        return
    try:
        output_files.write_text(output, text + "\n", replace=force)
    except (AlreadyExists, DataError) as error:
        again = f"{record.name!r} is in the wallet: `ipse did document {record.name}` prints its document"
        raise type(error)(error.message, hint=again, code=error.code) from error
    context.output.message(f"{output} written; publish it at {url}")
    context.output.result(record.did, facts)


def _public(record: DidRecord) -> dict[str, Any]:
    members = asdict(record)
    del members["keys"], members["successor"]
    members["key_type"] = record.current.key_type
    members["keys"] = [key.id for key in record.keys]
    if record.successor:
        members["successor"] = record.successor
    return members
