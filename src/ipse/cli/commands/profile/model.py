"""`ipse profile model`: the embedding model: list, use, rebuild, fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import tty
from ipse.cli.commands.profile.shown import progress_bar
from ipse.cli.context import Context, context_of
from ipse.cli.output import printable
from ipse.cli.params import AllowLoopback, CaFile
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentNeeded, ConsentRefused

if TYPE_CHECKING:
    from ipse.wallet.profile.model_fetch import Offer
    from ipse.wallet.profile.models import KnownModel
    from ipse.wallet.wallet import Wallet

__all__ = ["fetch", "list_", "rebuild", "use"]

_GOES_ON = "what is done is kept; the next profile command goes on with it"
_COLUMNS = ("in_use", "name", "runtime", "dimension", "tokens", "parity", "megabytes", "vectors", "languages")


def list_(ctx: typer.Context) -> None:
    """List the default model, those fetched, those compiled."""
    from ipse.wallet.profile import models

    context = context_of(ctx)
    with context.wallet() as wallet:
        rows = [_row(model) for model in models.known(wallet)]
    shown = rows if context.output.json else list(map(_short, rows))
    context.output.table("models", shown, _COLUMNS, empty="no models", cuts=("name", "languages"))


def use(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME|PATH", help="`default`, a model that was fetched, or a model's folder."),
    ],
) -> None:
    """Use another model.

    It is compiled, and everything you said is embedded anew.
    """
    from ipse.wallet.profile import models

    context = context_of(ctx)
    context.when_interrupted = _GOES_ON
    with context.wallet() as wallet, progress_bar(context.output, "embedding") as progress:
        source = models.find(wallet.places, name)
        models.choose(wallet, source, progress=context.stage, embedded=progress)
        _tell(context, wallet)


def rebuild(
    ctx: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also delete all other compiled models; their use compiles them.")
    ] = False,
) -> None:
    """Compile the model in use anew, from its own files."""
    from ipse.wallet.profile import models

    context = context_of(ctx)
    context.when_interrupted = _GOES_ON
    with context.wallet() as wallet, progress_bar(context.output, "embedding") as progress:
        models.rebuild(wallet, every=every, progress=context.stage, embedded=progress)
        _tell(context, wallet)


def fetch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="What the hub calls the model.")],
    hub: Annotated[str, typer.Option(metavar="URL", help="The hub to ask.")] = "https://huggingface.co",
    revision: Annotated[str, typer.Option(metavar="R", help="A branch, a tag or a commit.")] = "main",
    yes: Annotated[bool, typer.Option("--yes", help="Fetch what is offered, without asking.")] = False,
    ca_file: CaFile = None,
    allow_loopback: AllowLoopback = False,
) -> None:
    """Fetch a model from a hub.

    Nothing else in `ipse profile` uses the network.
    """
    from ipse.wallet.profile import model_fetch
    from ipse.wallet.resolution import Reach

    context = context_of(ctx)
    model_fetch.check(name, hub_url=hub, revision=revision)
    if not yes and not context.can_ask:
        raise ConsentNeeded(
            f"fetching {name} needs your yes and there is nobody to ask",
            hint="give --yes, or run it in a terminal",
        )
    context.when_interrupted = "run it again and it goes on where it was"
    reach = Reach(ca_file, allow_loopback)
    offer = model_fetch.offer(name, hub_url=hub, revision=revision, reach=reach)
    context.output.page("\n".join(_page(offer)))
    if not yes and tty.ask("fetch this? type yes: ") != "yes":
        raise ConsentRefused(f"{name} was not fetched", hint="only `yes` fetches it")
    with progress_bar(context.output, "fetching") as progress:
        model = model_fetch.fetch(context.places, offer, now=context.now, reach=reach, progress=progress)
    context.output.message(f"use it: `ipse profile model use {model.name}`")
    context.output.facts(
        {
            "name": model.name,
            "commit": model.commit,
            "licence": model.licence,
            "languages": list(model.languages),
            "bytes": offer.size,
            "folder": str(model.source.folder),
        }
    )


def _page(offer: Offer) -> list[str]:
    """What the owner sees before anything is fetched."""
    listing = offer.listing
    return [
        "",
        f"{printable(offer.hub)} offers {printable(listing.name)}",
        f"  commit:     {listing.commit}",
        f"  licence:    {listing.licence}",
        f"  languages:  {', '.join(listing.languages) or 'not stated'}",
        f"  size:       {_megabytes(offer.size)} MB in {len(offer.files)} files",
        *(f"              {file.path} ({file.size} bytes)" for file in offer.files),
        "  the hub learns your address and the model's name, and nothing of what you said",
        "",
    ]


def _tell(context: Context, wallet: Wallet) -> None:
    from ipse.wallet.profile import models

    manifest = models.manifest_of(wallet)
    facts: JsonObject = {
        "name": manifest.model,
        "fingerprint": manifest.fingerprint,
        "runtime": str(manifest.runtime),
        "dimension": manifest.dimension,
        "tokens": manifest.max_tokens,
        "parity_mean": round(manifest.parity_mean, 4),
        "parity_min": round(manifest.parity_min, 4),
    }
    if manifest.rejected:
        facts["rejected"] = [f"{runtime}: {reason}" for runtime, reason in manifest.rejected.items()]
    context.output.facts(facts)


def _row(model: KnownModel) -> JsonObject:
    manifest = model.manifest
    folder = model.source.folder if model.source is not None else None
    return {
        "name": model.name,
        "in_use": model.in_use,
        "fingerprint": manifest.fingerprint if manifest else None,
        "runtime": str(manifest.runtime) if manifest else None,
        "dimension": manifest.dimension if manifest else None,
        "tokens": manifest.max_tokens if manifest else None,
        "parity_mean": round(manifest.parity_mean, 4) if manifest else None,
        "parity_min": round(manifest.parity_min, 4) if manifest else None,
        "bytes": model.size,
        "vectors": model.vectors,
        "languages": list(model.languages),
        "licence": model.licence or None,
        "commit": model.commit or None,
        "folder": str(folder) if folder is not None else None,
    }


def _short(row: JsonObject) -> JsonObject:
    """A row as a line of the table."""
    parity = "-" if row["parity_mean"] is None else f"{row['parity_mean']:.3f} ({row['parity_min']:.3f})"
    return {
        **row,
        "in_use": "*" if row["in_use"] else "",
        "runtime": row["runtime"] or "not compiled",
        "parity": parity,
        "megabytes": _megabytes(row["bytes"]),
        "languages": row["languages"] or "not stated",
    }


def _megabytes(size: int) -> str:
    return f"{size / 10**6:.1f}"
