"""The profile: what the owner says they like, and what follows from it. All of it at home.

`remembering`, `changing` and `forgetting` keep what is said, `feedback` and `exporting` bring it in and out;
`ranking` judges by it, `interests` and `picture` show what it adds up to; `models` makes the vectors.
"""

from ipse.storage.statements import SAID, Added, NewStatement, Statement

__all__ = ["SAID", "Added", "NewStatement", "Statement"]
