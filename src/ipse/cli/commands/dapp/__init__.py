"""`ipse dapp`: applications ask, the owner decides, applications verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ipse.cli.framework import LazyGroup, application

__all__ = ["app"]


class _Dapp(LazyGroup):
    modules: ClassVar[Mapping[str, str]] = {
        "request": "ipse.cli.commands.dapp.request:request_",
        "answer": "ipse.cli.commands.dapp.answer:answer",
        "verify": "ipse.cli.commands.dapp.verify:verify",
        "receipt": "ipse.cli.commands.dapp.verify:receipt",
        "grant": "ipse.cli.commands.dapp.grants:grant",
        "grants": "ipse.cli.commands.dapp.grants:grants",
        "revoke": "ipse.cli.commands.dapp.grants:revoke",
        "budget": "ipse.cli.commands.dapp.budget:budget",
    }


app = application(
    name="dapp",
    help_text="Applications: ask, answer with consent, verify; grants and the privacy budget.",
    cls=_Dapp,
)
