"""Our wallet as the modules see it: a link goes in, what is shown comes out, and a log tells what left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.conftest import Ipse, Run
from tests.forked import Conversation

__all__ = ["NO", "PROMPT", "YES", "Holder", "new_holder_key"]

PROMPT: Final = "type yes or no: "
"""What every question ends with that the owner answers with yes or no."""
_OTHERS: Final = {"Enter tells them no: ": "\r", "open it in your browser? type yes or no: ": "no\r"}
YES: Final[Conversation] = {**_OTHERS, PROMPT: "yes\r"}
NO: Final[Conversation] = {**_OTHERS, PROMPT: "no\r"}


def new_holder_key(ipse: Ipse) -> Any:
    """The public JWK of a new key that a credential can be bound to."""
    return ipse("vc", "holder-key", "--json").json["jwk"]


@dataclass(frozen=True, slots=True)
class Holder:
    """The owner of a wallet in which there is an identity credential.

    - `ca_file`: whom the TLS connections trust
    """

    ipse: Ipse
    ca_file: Path
    options: Sequence[str] = field(default=("--allow-loopback",))

    def answer(self, link: str, *options: str, conversation: Conversation = YES, code: int | None = 0) -> Run:
        """Let the wallet answer a link before the owner at a terminal."""
        given = [*self.options, "--ca-file", str(self.ca_file), *options]
        return self.ipse.talk("answer", link, *given, conversation=conversation, code=code)

    @property
    def log(self) -> list[Any]:
        """The entries of the log of what left."""
        found: list[Any] = self.ipse("log", "list", "--json").json["disclosures"]
        return found

    def keep(self, credential: str) -> str:
        """The id of a credential that is added to the wallet."""
        return self.ipse("vc", "add", "-", stdin=credential).out.strip()

    @staticmethod
    def error(run: Run) -> Any:
        """The error of a run with --json."""
        lines = [line for line in run.err.splitlines() if line.startswith('{"error"')]
        return json.loads(lines[-1])["error"]
