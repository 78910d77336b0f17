"""`ipse profile`: what the owner likes."""

from __future__ import annotations

from ipse.cli.framework import Command, application
from ipse.cli.profile import ask, change, import_, interests, model, picture, statements, teach

__all__ = ["app"]

app = application(name="profile", help_text="What you like: taught, searched and ranked at home.")
app.command("import", cls=Command)(import_.import_)
app.command("like", cls=Command)(teach.like)
app.command("dislike", cls=Command)(teach.dislike)
app.command("add", cls=Command)(teach.add)
app.command("feedback", cls=Command)(teach.feedback)
app.command("list", cls=Command)(statements.list_)
app.command("show", cls=Command)(statements.show)
app.command("edit", cls=Command)(change.edit)
app.command("supersede", cls=Command)(change.supersede)
app.command("forget", cls=Command)(change.forget)
app.command("export", cls=Command)(statements.export)
app.command("search", cls=Command)(ask.search)
app.command("rank", cls=Command)(ask.rank)
app.command("interests", cls=Command)(interests.interests)
app.command("why", cls=Command)(interests.why)
app.command("contradictions", cls=Command)(interests.contradictions)
app.command("map", cls=Command)(picture.map_)
app.command("stats", cls=Command)(picture.stats)
app.add_typer(model.app, name="model")
app.add_typer(interests.topics, name="topics")
