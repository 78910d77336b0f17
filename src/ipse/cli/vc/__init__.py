"""`ipse vc`: verifiable credentials, issued, verified, kept, presented and revoked."""

from __future__ import annotations

from ipse.cli.framework import Command, application
from ipse.cli.vc import issue, lint, present, shelf, standing, status, verify

__all__ = ["app"]

app = application(name="vc", help_text="Verifiable credentials: issue, verify, keep, present, revoke.")
app.command("issue", cls=Command)(issue.issue)
app.command("verify", cls=Command)(verify.verify)
app.command("lint", cls=Command)(lint.lint)
app.command("add", cls=Command)(shelf.add)
app.command("list", cls=Command)(shelf.list_)
app.command("show", cls=Command)(shelf.show)
app.command("check", cls=Command)(shelf.check)
app.command("export", cls=Command)(shelf.export)
app.command("delete", cls=Command)(shelf.delete)
app.command("present", cls=Command)(present.present)
app.command("revoke", cls=Command)(standing.revoke)
app.command("suspend", cls=Command)(standing.suspend)
app.command("reinstate", cls=Command)(standing.reinstate)
app.add_typer(status.app, name="status")
