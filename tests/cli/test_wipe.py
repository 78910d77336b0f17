"""`ipse wipe` removes the wallet, all of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.storage.places import Places
from ipse.wallet import wiping
from tests.conftest import Ipse
from tests.desktop import Desktop


def word(ipse: Ipse) -> str:
    return wiping.found(Places.under(ipse.home)).word


def test_everything_is_named_and_gone_when_the_id_is_typed(ipse: Ipse) -> None:
    for name in ("vault.db.replaced-20260101T000000Z-ab12", "verifier.db", "verifier.db-wal"):
        (ipse.home / name).write_bytes(b"")
    for folder, mark in (("models/a--b@c", ".ipse.json"), ("cache/models/x", "manifest.json")):
        (ipse.home / folder).mkdir(parents=True)
        (ipse.home / folder / mark).write_text("{}")
    names = {path.name for path in ipse.home.iterdir()} - {"models", "cache"}
    asked = f"type {word(ipse)} to remove all of it: "
    run = ipse.talk("wipe", conversation={asked: f"{word(ipse)}\n"})
    assert "me (did:key:" in run.err
    assert "university (did:key:" in run.err
    for name in names:
        assert str(ipse.home / name) in run.err
    assert not ipse.home.exists()
    assert ipse("did", "list", "--json", code=5).error["code"] == "not-found"


def test_what_is_not_the_wallets_stays(ipse: Ipse) -> None:
    mine = ["notes.txt", "models/mine/weights", "cache/other", "vault.db.old", ".restore"]
    for name in mine:
        (ipse.home / name).parent.mkdir(parents=True, exist_ok=True)
        (ipse.home / name).write_text("mine")
    ipse("wipe", "--confirm", word(ipse))
    assert sorted(str(path.relative_to(ipse.home)) for path in ipse.home.rglob("*") if path.is_file()) == (
        sorted(mine)
    )


def test_without_the_right_word_nothing_is_removed(ipse: Ipse) -> None:
    before = {path: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()}
    asked = f"type {word(ipse)} to remove all of it: "
    assert "nothing was removed" in ipse.talk("wipe", conversation={asked: "yes\n"}, code=7).err
    error = ipse("wipe", "--json", code=7).error
    assert error["code"] == "consent-needed"
    assert f"--confirm {word(ipse)}" in error["hint"]
    ipse("wipe", "--confirm", "yes", code=2)
    assert {path: path.read_bytes() for path in ipse.home.iterdir() if path.is_file()} == before
    ipse("log", "verify")


def test_it_needs_no_passphrase_and_no_wallet_that_can_be_read(ipse: Ipse) -> None:
    strange = Ipse(ipse.home)
    (ipse.home / "wallet.json").write_text("{")
    asked = "type wipe to remove all of it: "
    assert "items in the OS keyring stay" in strange.talk("wipe", conversation={asked: "wipe\n"}).err
    assert not ipse.home.exists()
    assert strange("wipe", "--json", code=5).error["code"] == "not-found"


def test_the_items_in_the_keyring_go_and_those_of_other_wallets_stay(ipse: Ipse, desktop: Desktop) -> None:
    both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
    both("keystore", "move", "--to", "os")
    other = Ipse(ipse.home.parent / "other", desktop.environment)
    other("init")
    kept = set(desktop.items())
    both("wipe", "--confirm", word(ipse))
    left = set(desktop.items())
    assert left < kept
    assert len(left) == 2
    other("log", "verify")


def test_where_the_keyring_does_not_answer_nothing_is_removed(ipse: Ipse, desktop: Desktop) -> None:
    both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
    both("keystore", "move", "--to", "os")
    ipse("wipe", "--confirm", word(ipse), code=4)
    Ipse(ipse.home, desktop.environment)("log", "verify")


def test_an_unlock_session_ends(ipse: Ipse) -> None:
    ipse("unlock")
    ipse("wipe", "--confirm", word(ipse))
    from ipse.wallet import unlocking

    assert not unlocking.lock(Places.under(ipse.home))


@pytest.fixture
def new_secret(tmp_path: Path) -> Path:
    """The file with another passphrase."""
    file = tmp_path / "new-passphrase"
    file.touch(mode=0o600)
    file.write_text("k7m2-9qx4-0rtz-b3wd-e58h\n")
    return file


class TestPassphrase:
    def test_it_is_changed(self, ipse: Ipse, new_secret: Path) -> None:
        ipse("keystore", "passphrase", "--new-passphrase-file", new_secret)
        assert ipse("log", "verify", "--json", code=4).error["code"] == "wrong-passphrase"
        changed = Ipse(ipse.home, {"IPSE_PASSPHRASE_FILE": str(new_secret)})
        changed("log", "verify")
        assert [did["name"] for did in changed("did", "list", "--json").json["dids"]] == ["me", "university"]

    def test_an_unlocked_wallet_needs_the_old_one_and_is_locked_afterwards(
        self, ipse: Ipse, new_secret: Path
    ) -> None:
        ipse("unlock")
        arguments = ("keystore", "passphrase", "--new-passphrase-file", new_secret)
        nobody = Ipse(ipse.home)
        nobody("log", "verify")
        assert nobody(*arguments, "--json", code=4).error["code"] == "passphrase-needed"
        wrong = Ipse(ipse.home, {"IPSE_PASSPHRASE_FILE": str(new_secret)})
        assert wrong(*arguments, "--json", code=4).error["code"] == "wrong-passphrase"
        ipse(*arguments)
        assert nobody("log", "verify", "--json", code=4).error["code"] == "passphrase-needed"
        wrong("log", "verify")

    def test_a_new_one_is_asked_for_twice(self, ipse: Ipse) -> None:
        new = "k7m2-9qx4-0rtz-b3wd-e58h\n"
        first = "new passphrase for the keystore (return for a generated one): "
        ipse.talk("keystore", "passphrase", conversation={first: new, "the same again: ": "other\n"}, code=4)
        ipse("log", "verify")
        ipse.talk("keystore", "passphrase", conversation={first: new, "the same again: ": new})
        ipse("log", "verify", code=4)

    def test_the_os_keyring_has_none(self, ipse: Ipse, desktop: Desktop, new_secret: Path) -> None:
        both = Ipse(ipse.home, {**ipse.environment, **desktop.environment})
        both("keystore", "move", "--to", "os")
        error = both("keystore", "passphrase", "--new-passphrase-file", new_secret, "--json", code=2).error
        assert error["code"] == "usage"
