"""Keys move between keystores and are never in neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse
from tests.desktop import Desktop


@pytest.fixture
def new_secret(tmp_path: Path) -> Path:
    """A passphrase file for a keystore that is made on the way."""
    file = tmp_path / "new-passphrase"
    file.touch(mode=0o600)
    file.write_text("new secret\n")
    return file


def _works(ipse: Ipse) -> None:
    ipse("vc", "issue", "--issuer", "me", "--type", "T", "--claims", EXAMPLES / "claims.json")
    ipse("log", "verify")


def test_keys_move_to_the_keyring_and_back(ipse: Ipse, desktop: Desktop, new_secret: Path) -> None:
    dids = ipse("did", "list", "--json").json
    both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
    assert "OS keyring" in both("keystore", "move", "--to", "os").out
    assert not (ipse.home / "keystore.json").exists()
    keyring_alone = Ipse(ipse.home, desktop.environment)
    _works(keyring_alone)
    assert len(desktop.items()) == 4
    keyring_alone("keystore", "move", "--to", "file", "--new-passphrase-file", new_secret)
    assert desktop.items() == []
    file_alone = Ipse(ipse.home, {"IPSE_PASSPHRASE_FILE": str(new_secret)})
    _works(file_alone)
    assert file_alone("did", "list", "--json").json == dids


def test_moving_to_where_the_keys_are_changes_nothing(ipse: Ipse) -> None:
    assert ipse("keystore", "move", "--to", "file", "--json", code=2).error["code"] == "usage"
    _works(ipse)


def test_where_no_keyring_answers_the_keys_stay(ipse: Ipse) -> None:
    ipse("keystore", "move", "--to", "os", code=4)
    _works(ipse)


def test_a_file_that_is_there_already_is_never_replaced(
    ipse: Ipse, desktop: Desktop, new_secret: Path
) -> None:
    both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
    both("keystore", "move", "--to", "os")
    (ipse.home / "keystore.json").write_text("somebody's keys")
    moving = ("keystore", "move", "--to", "file", "--new-passphrase-file", new_secret)
    assert both(*moving, "--json", code=2).error["code"] == "already-exists"
    both("did", "create", "--name", "third")
    assert (ipse.home / "keystore.json").read_text() == "somebody's keys"
    _works(both)
