"""A wallet whose keys are in a real OS keyring."""

from __future__ import annotations

import queue
from typing import Final

import pytest

from ipse.keys.keystore import os_keyring
from tests.cli.test_vc import in_process
from tests.conftest import EXAMPLES, Ipse
from tests.desktop import Desktop

PATIENCE: Final = os_keyring._PATIENCE
"""That of the program, before any fixture changes it."""


@pytest.fixture
def on_keyring(no_wallet: Ipse, desktop: Desktop) -> Ipse:
    """The program in a desktop session, without any passphrase."""
    return Ipse(no_wallet.home, desktop.environment)


def test_init_chooses_the_keyring_that_answers_and_says_so(on_keyring: Ipse) -> None:
    assert "OS keyring (Secret Service)" in on_keyring("init").out
    assert on_keyring("status", "--json").json["keystore"] == "os"
    assert not (on_keyring.home / "keystore.json").exists()


def test_keys_in_the_keyring_sign(on_keyring: Ipse) -> None:
    on_keyring("init")
    did = on_keyring("did", "create", "--name", "university").out.strip()
    run = on_keyring(
        "vc", "issue", "--issuer", "university", "--type", "T", "--claims", EXAMPLES / "claims.json"
    )
    on_keyring("vc", "verify", "-", "--issuer", did, stdin=run.out)


def test_a_locked_keyring_is_exit_4_at_once_and_says_how_to_go_on(on_keyring: Ipse, desktop: Desktop) -> None:
    on_keyring("init")
    desktop.lock()
    error = on_keyring("vc", "list", "--json", code=4).error
    assert error["code"] == "keystore-locked"
    assert "unlock" in error["hint"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("fault", ["hang", "kill"])
def test_a_keyring_that_does_not_answer_is_exit_4(fault: str, on_keyring: Ipse, desktop: Desktop) -> None:
    on_keyring("init")
    getattr(desktop, f"{fault}_keyring")()
    on_keyring("vc", "list", code=4)


def test_a_keyring_that_hangs_is_waited_for_once_and_for_5_seconds_at_most(
    on_keyring: Ipse, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    class Queue(queue.SimpleQueue[object]):
        def get(self, block: bool = True, timeout: float | None = None) -> object:
            try:
                return super().get(block, timeout)
            except queue.Empty:
                assert timeout is not None
                waited.append(timeout)
                raise

    on_keyring("init")
    desktop.hang_keyring()
    monkeypatch.setattr(queue, "SimpleQueue", Queue)
    monkeypatch.setattr(os_keyring, "_PATIENCE", PATIENCE)
    in_process(on_keyring)("vc", "list", code=4)
    assert len(waited) == 1
    assert waited[0] <= 5
