"""`ipse profile topics`: how much the owner likes what everybody has a name for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipse.cli.commands.profile.shown import headed
from ipse.cli.context import session_of
from ipse.cli.framework import Command, Group, application
from ipse.cli.output import printable
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.wallet.profile.topics import TopicAffinity

__all__ = ["app"]


_Label = Annotated[
    str,
    typer.Argument(metavar="LABEL|ID", help="A published topic's label or id, or the label of one of yours."),
]


class _Listing(Group):
    """A group that alone does something of its own: its callback lists."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.no_args_is_help = False
        self.invoke_without_command = True


app = application(name="topics", help_text="How much you like each topic.", cls=_Listing)


@app.callback()
def _list(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also those of which the profile knows too little.")
    ] = False,
) -> None:
    """How much you like each topic of the published list and of your own, most liked first."""
    if context.invoked_subcommand is not None:
        return
    from ipse.wallet.profile import topics

    session = session_of(context)
    with session.wallet(embeds=True) as wallet:
        listed = topics.topic_affinities(wallet, session.embedder(wallet), now=session.now)
    rows = [_topic_row(topic) for topic in listed if every or topic.value is not None]
    columns = ("affinity", "label", "access", "evidence", "because")
    empty = "nothing is known of any topic yet; --all lists them"
    session.console.table("topics", headed(session.console, rows, columns), columns, empty=empty)


@app.command(cls=Command)
def add(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What to call it.")],
    means: Annotated[
        str | None, typer.Option("--means", metavar="TEXT", help="What it is about, in a few words.")
    ] = None,
) -> None:
    """Add a topic of your own."""
    from ipse.wallet.profile import topics

    session = session_of(context)
    with session.wallet() as wallet:
        topics.add_topic(wallet, label, means, now=session.now)
    session.console.result(
        f"topic {printable(label.strip())} is one of yours", {"label": label.strip(), "means": means}
    )


@app.command(cls=Command)
def remove(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="One of your own topics.")],
) -> None:
    """Remove a topic of your own."""
    from ipse.wallet.profile import topics

    session = session_of(context)
    with session.wallet() as wallet:
        topics.remove_topic(wallet, label)
    session.console.result(f"topic {printable(label.strip())} is gone", {"label": label.strip()})


@app.command(cls=Command)
def close(context: typer.Context, label: _Label) -> None:
    """Let no answer to an application be about a topic."""
    _set_access(context, label, is_open=False)


@app.command("open", cls=Command)
def open_(context: typer.Context, label: _Label) -> None:
    """Let answers to applications be about a topic again, or about a sensitive one."""
    _set_access(context, label, is_open=True)


def _set_access(context: typer.Context, label: str, *, is_open: bool) -> None:
    from ipse.wallet.profile import topics

    session = session_of(context)
    with session.wallet() as wallet:
        keys = topics.set_topic_access(wallet, label, open=is_open)
    session.console.result(
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
