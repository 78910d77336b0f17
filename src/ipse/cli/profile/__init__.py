"""`ipse profile`: what the owner likes."""

from __future__ import annotations

from ipse.cli.framework import Command, application
from ipse.cli.profile import ask, statements, teach

__all__ = ["app"]

app = application(name="profile", help_text="What you like: taught, searched and ranked at home.")
app.command("import", cls=Command)(teach.import_)
app.command("like", cls=Command)(teach.like)
app.command("dislike", cls=Command)(teach.dislike)
app.command("list", cls=Command)(statements.list_)
app.command("forget", cls=Command)(statements.forget)
app.command("search", cls=Command)(ask.search)
app.command("rank", cls=Command)(ask.rank)
