"""Loading the embedder in another thread, while the passphrase becomes a key."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.cli.context import Context
from ipse.errors import CorruptData, WrongPassphrase
from ipse.preferences.embedding import load_default, shipped_model
from ipse.preferences.embedding.shipped_model import prepare
from ipse.storage.places import find_places
from ipse.wallet.wallet import Wallet

from .conftest import Interpreter

_WARM = """
import sys
from threading import Thread
from ipse.preferences.embedding import load_default
from ipse.preferences.embedding.shipped_model import prepare
thread = Thread(target=prepare)
thread.start()
thread.join()
print("onnxruntime" in sys.modules, load_default().embed(["tea"]).shape)
print("heard", file=sys.stderr)
"""


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A context whose wallet has the passphrase "right", and whose passphrase file says so."""
    monkeypatch.setenv("IPSE_HOME", str(tmp_path / "wallet"))
    Wallet.create(
        find_places(), keystore="file", passphrase=lambda: b"right", now=datetime(2025, 1, 1, tzinfo=UTC)
    ).close()
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text("right\n")
    context = Context()
    context.no_input = True
    context.passphrase_file = str(file)
    return context


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_what_a_thread_prepares_serves_the_embedder_and_leaves_stderr_as_it_was(
    profile_extra: None, interpreter: Interpreter
) -> None:
    run = interpreter(_WARM)
    assert (run.stdout, run.stderr) == ("True (1, 384)\n", "heard\n")


def test_the_libraries_are_there_when_the_wallet_was_open_for_embedding(
    profile_extra: None, context: Context
) -> None:
    before = _threads()
    with context.wallet(embeds=True) as wallet:
        assert wallet.vault.rows("SELECT 1") == [(1,)]
    assert {"numpy", "onnxruntime", "tokenizers"} <= sys.modules.keys()
    assert _threads() <= before


def test_what_was_prepared_is_handed_out_once_and_files_are_checked_again_after_it(shipped: Path) -> None:
    prepare()
    with (shipped / "model.onnx").open("r+b") as file:
        file.truncate(1000)
    assert load_default().embed(["tea"]).shape == (1, 384)
    with pytest.raises(CorruptData, match="not the expected one"):
        load_default()


def test_preparing_refuses_an_altered_model(shipped: Path) -> None:
    with (shipped / "model.onnx").open("r+b") as file:
        file.truncate(1000)
    for load in (prepare, load_default):
        with pytest.raises(CorruptData, match="not the expected one"):
            load()


def test_what_was_prepared_before_is_not_handed_out_after_preparing_failed(shipped: Path) -> None:
    prepare()
    with (shipped / "model.onnx").open("r+b") as file:
        file.truncate(1000)
    for load in (prepare, load_default):
        with pytest.raises(CorruptData, match="not the expected one"):
            load()


def test_the_embedder_waits_for_what_is_prepared_and_loads_nothing_twice(
    profile_extra: None, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = [], shipped_model._read

    def counted(name: str) -> bytes:
        reads.append(name)
        return read(name)

    monkeypatch.setattr(shipped_model, "_read", counted)
    with context.wallet(embeds=True) as wallet:
        assert context.embedder(wallet).embed(["tea"]).shape == (1, 384)
    assert sorted(reads) == sorted(shipped_model.SHA256)


def test_a_wrong_passphrase_leaves_no_thread(context: Context) -> None:
    assert context.passphrase_file is not None
    Path(context.passphrase_file).write_text("wrong\n")
    before = _threads()
    with pytest.raises(WrongPassphrase), context.wallet(embeds=True) as wallet:
        _ = wallet.vault
    assert _threads() <= before


def test_an_interrupt_leaves_no_thread(context: Context) -> None:
    before = _threads()

    def interrupted() -> None:
        with context.wallet(embeds=True) as wallet:
            assert wallet.vault.rows("SELECT 1") == [(1,)]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert _threads() <= before


def test_libraries_that_do_not_import_are_no_error_of_the_wallet(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ImportError("not built for this machine")

    monkeypatch.setattr("ipse.preferences.embedding.shipped_model.prepare", fail)
    before = _threads()
    with context.wallet(embeds=True) as wallet:
        assert wallet.vault.rows("SELECT 1") == [(1,)]
    assert _threads() <= before
