"""Credentials by the million: a row in, a line out, on every core and in bounded memory.

    with open(...) as file:
        rows = Rows(file, "csv", what="people.csv")
        issue(Job(signing_key, options, template), rows, Path("out.ndjson"), now=now)   -> Summary

Parent and workers speak through pipes; the parent reads, writes and keeps the order, the workers do the rest.
"""

from ipse.wallet.batch.issuing import Job, issue
from ipse.wallet.batch.rows import Rows
from ipse.wallet.batch.running import Progress, Summary
from ipse.wallet.batch.verifying import verify

__all__ = ["Job", "Progress", "Rows", "Summary", "issue", "verify"]
