"""`ipse vc`: verifiable credentials, issued, verified, kept, presented and revoked."""

from __future__ import annotations

from ipse.cli.commands.vc import held_credentials, issue, lint, present, revocation, status, verify
from ipse.cli.framework import Command, application

__all__ = ["app"]

app = application(name="vc", help_text="Verifiable credentials: issue, verify, keep, present, revoke.")
app.command("issue", cls=Command)(issue.issue)
app.command("verify", cls=Command)(verify.verify)
app.command("lint", cls=Command)(lint.lint)
app.command("add", cls=Command)(held_credentials.add)
app.command("list", cls=Command)(held_credentials.list_)
app.command("show", cls=Command)(held_credentials.show)
app.command("check", cls=Command)(held_credentials.check)
app.command("export", cls=Command)(held_credentials.export)
app.command("delete", cls=Command)(held_credentials.delete)
app.command("present", cls=Command)(present.present)
app.command("revoke", cls=Command)(revocation.revoke)
app.command("suspend", cls=Command)(revocation.suspend)
app.command("reinstate", cls=Command)(revocation.reinstate)
app.add_typer(status.app, name="status")
