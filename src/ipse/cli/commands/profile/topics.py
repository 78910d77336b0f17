"""`ipse profile topics`: how much the owner likes each topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli.context import context_of
from ipse.cli.output import printable
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.wallet.profile.topics import TopicAffinity

__all__ = ["add", "close", "delete", "list_", "open_"]


_Label = Annotated[
    str,
    typer.Argument(metavar="LABEL|ID", help="A published topic's label or id, or the label of one of yours."),
]


def list_(
    ctx: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also topics that the profile knows too little about.")
    ] = False,
) -> None:
    """How much you like each topic of the published list and of your own, most liked first."""
    if ctx.invoked_subcommand is not None:
        return
    from ipse.wallet.profile import topics

    context = context_of(ctx)
    with context.wallet(embeds=True) as wallet:
        listed = topics.topic_affinities(wallet, context.embedder(wallet), now=context.now)
    rows = [_topic_row(topic) for topic in listed if every or topic.value is not None]
    columns = ("affinity", "label", "access", "evidence", "because")
    empty = "nothing is known of any topic yet; --all lists them"
    context.output.table("topics", rows, columns, empty=empty, cuts=("label", "because"))


def add(
    ctx: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What to call it.")],
    means: Annotated[
        str | None, typer.Option("--means", metavar="TEXT", help="What it is about, in a few words.")
    ] = None,
) -> None:
    """Add a topic of your own."""
    from ipse.wallet.profile import topics

    context = context_of(ctx)
    with context.wallet() as wallet:
        topics.add_topic(wallet, label, means, now=context.now)
    context.output.result(
        f"topic {printable(label.strip())} is one of yours", {"label": label.strip(), "means": means}
    )


def delete(
    ctx: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="One of your own topics.")],
) -> None:
    """Delete a topic of your own."""
    from ipse.wallet.profile import topics

    context = context_of(ctx)
    with context.wallet() as wallet:
        topics.remove_topic(wallet, label)
    context.output.result(f"topic {printable(label.strip())} is deleted", {"label": label.strip()})


def close(ctx: typer.Context, label: _Label) -> None:
    """Close a topic: no answer to an application is about it."""
    _set_access(ctx, label, is_open=False)


def open_(ctx: typer.Context, label: _Label) -> None:
    """Open a closed or sensitive topic, so that answers use it."""
    _set_access(ctx, label, is_open=True)


def _set_access(ctx: typer.Context, label: str, *, is_open: bool) -> None:
    from ipse.wallet.profile import topics

    context = context_of(ctx)
    with context.wallet() as wallet:
        keys = topics.set_topic_access(wallet, label, open=is_open)
    context.output.result(
        f"topic {printable(label.strip())} is {_access(is_open)}",
        {"label": label.strip(), "topics": list(keys), "access": _access(is_open)},
    )


def _access(is_open: bool) -> str:
    return "open" if is_open else "closed"


def _topic_row(topic: TopicAffinity) -> JsonObject:
    return {
        "affinity": None if topic.value is None else round(topic.value, 2),
        "label": topic.label,
        "id": topic.id,
        "group": topic.group,
        "sensitive": topic.sensitive,
        "access": _access(topic.open),
        "evidence": round(topic.evidence, 1),
        "because": [statement.number for statement in topic.movers],
    }
