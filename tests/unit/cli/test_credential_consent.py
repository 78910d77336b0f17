"""What is typed decides only on what was on the page when it was typed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ipse.cli import tty
from ipse.cli.commands.dapp import credential_consent
from ipse.wallet.answering.proposals import CredentialDecision


def test_a_yes_typed_before_another_way_was_shown_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = ["2", "yes"]
    later = ["no"]

    def asked(*_: Any) -> str:
        return waiting.pop(0) if waiting else later.pop(0)

    output = SimpleNamespace(page_width=80, page=lambda *_, **__: None)
    proposal = SimpleNamespace(options=(1, 2), findings=())
    monkeypatch.setattr(credential_consent, "asked", asked)
    monkeypatch.setattr(tty, "forget_typed", waiting.clear)
    for name in ("ways", "leaving"):
        monkeypatch.setattr(credential_consent, name, lambda *_: "")
    decided = credential_consent._chosen(SimpleNamespace(output=output), proposal)  # type: ignore[arg-type]
    assert decided == CredentialDecision(accepted=False, option=1)
