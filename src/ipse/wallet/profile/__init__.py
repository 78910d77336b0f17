"""The profile: what the owner says they like, and what follows from it. All of it at home.

`remembering`, `changing` and `forgetting` keep what is said, `statements` finds and exports it; `ranking`
judges by it and `feedback` learns from rankings; `interests`, `topics` and `picture` show what it adds up to;
`models` makes the vectors.
"""

from ipse.storage.statements import SAID, Added, NewStatement, Statement

__all__ = ["SAID", "Added", "NewStatement", "Statement"]
