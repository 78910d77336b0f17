"""`ipse dapp date`: confirmed by a person at a terminal, and by nothing else."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.encoding.timestamps import format_timestamp
from ipse.storage import settings
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE, Ipse
from tests.waiting import PATIENCE


@pytest.fixture
def doubted(ipse: Ipse) -> Ipse:
    """A wallet whose owner last confirmed the date 40 days ago."""
    confirmed = datetime.now(UTC) - timedelta(days=40)
    with Wallet(Places(ipse.home, ipse.home / "cache"), lambda: PASSPHRASE) as wallet:
        settings.put(wallet.vault, settings.DATE_CONFIRMED, format_timestamp(confirmed))
    return ipse


def at_terminal(ipse: Ipse, *options: str) -> Any:
    """The command before a person."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    command = ["-m", "ipse", "dapp", "date", *options]
    return pexpect.spawn(
        sys.executable, command, env=ipse.variables, encoding="utf-8", timeout=PATIENCE, dimensions=(24, 80)
    )


def confirmed(ipse: Ipse) -> bool:
    """What the summary says of it."""
    return bool(ipse("dapp", "summary", "--json").json["date_confirmed"])


def test_a_typed_yes_confirms_it(doubted: Ipse) -> None:
    run = doubted("dapp", "summary")
    assert "no new summary is drawn until you confirm the date: `ipse dapp date`" in run.err
    child = at_terminal(doubted, "--json")
    child.expect_exact("is that today? type yes: ")
    assert "40 days ago" in str(child.before)
    child.send("yes\r")
    told = str(child.read())
    child.close()
    assert child.exitstatus == 0
    assert json.loads(told[told.index("{") :])["confirmed"] >= "2026"
    assert confirmed(doubted)
    assert doubted("dapp", "summary").err == ""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("typed", ["\r", "y\r", "no\r", "\x04"], ids=["return", "y", "no", "end of input"])
def test_nothing_else_does(doubted: Ipse, typed: str) -> None:
    child = at_terminal(doubted)
    child.expect_exact("is that today? type yes: ")
    child.send(typed)
    child.read()
    child.close()
    assert child.exitstatus != 0
    assert not confirmed(doubted)


def test_where_nobody_can_be_asked_it_is_exit_7(doubted: Ipse) -> None:
    for options in ([], ["--no-input"], ["--json"]):
        run = doubted("dapp", "date", *options, stdin="yes\n", code=7)
        assert run.out == ""
    assert run.error["code"] == "consent-needed"
    assert not confirmed(doubted)


def test_a_new_wallet_has_it_confirmed(ipse: Ipse) -> None:
    assert confirmed(ipse)
