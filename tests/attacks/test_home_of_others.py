"""A wallet in a place that somebody else can change.

The attacker could write to the folder of the wallet, to one above it, to a link on the way or to a file in
it, and so could swap keystore and vault for others, whatever their own modes were. It cannot come back
because `places.check_private` goes along the whole way before a wallet is opened or made.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.errors import StorageError
from ipse.storage.places import Places, check_private
from tests.cli.test_vc import in_process
from tests.conftest import Ipse

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX systems")
root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only the administrator can give files away"
)
NOBODY = 65534


def _refused(ipse: Ipse, hint: str) -> None:
    for words in (
        ("did", "list"),
        ("status",),
        ("log", "verify"),
        ("did", "create", "--name", "x"),
        ("init",),
    ):
        run = ipse(*words, "--json", code=None)
        assert (run.code, run.out) == (6, ""), run
        assert run.error["code"] == "writable-by-others"
        assert hint in run.error["hint"]


@pytest.mark.parametrize(
    ("mode", "hint"),
    [(0o777, "chmod go-w"), (0o757, "chmod o-w"), (0o1777, "chmod go-w"), (0o702, "chmod o-w")],
)
def test_the_folder_itself(mode: int, hint: str, ipse: Ipse) -> None:
    here = in_process(ipse)
    here("did", "list")
    ipse.home.chmod(mode)
    _refused(here, f"{hint} {ipse.home}")
    ipse.home.chmod(0o755)
    here("did", "list")


@pytest.mark.parametrize("name", ["wallet.json", "vault.db", "keystore.json"])
def test_a_file_in_it(name: str, ipse: Ipse) -> None:
    (ipse.home / name).chmod(0o666)
    _refused(in_process(ipse), f"chmod go-w {ipse.home / name}")


def test_a_folder_above_it(ipse: Ipse, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    _refused(in_process(ipse), f"chmod go-w {tmp_path}")
    tmp_path.chmod(0o1777)
    in_process(ipse)("did", "list")


def _link(tmp_path: Path, target: Path) -> Path:
    link = tmp_path / "link"
    link.symlink_to(target)
    return link


def _direct(tmp_path: Path, target: Path) -> Path:
    return _link(tmp_path, target)


def _relative(tmp_path: Path, target: Path) -> Path:
    (tmp_path / "a").mkdir()
    return _link(tmp_path / "a", Path("..") / target.relative_to(tmp_path))


def _chained(tmp_path: Path, target: Path) -> Path:
    (tmp_path / "b").mkdir()
    return _link(tmp_path, _link(tmp_path / "b", target))


@pytest.mark.parametrize("way", [_direct, _relative, _chained])
def test_behind_a_link(way: Callable[[Path, Path], Path], tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    (open_to_all / "wallet").mkdir(parents=True, mode=0o700)
    home = way(tmp_path, open_to_all / "wallet")
    check_private(Places.under(home))
    open_to_all.chmod(0o777)
    with pytest.raises(StorageError, match="open") as caught:
        check_private(Places.under(home))
    assert caught.value.code == "writable-by-others"


def test_a_link_that_goes_in_circles_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(StorageError, match="symbolic links"):
        check_private(Places.under(tmp_path / "a" / "wallet"))


@root
@pytest.mark.parametrize("what", ["folder", "above", "file", "link"])
def test_what_belongs_to_another_user(what: str, ipse: Ipse, tmp_path: Path) -> None:
    link = _link(tmp_path, ipse.home)
    owned = {"folder": ipse.home, "above": tmp_path, "file": ipse.home / "vault.db", "link": link}[what]
    os.chown(owned, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(StorageError) as caught:
        check_private(Places.under(link))
    assert caught.value.code == "writable-by-others"
    assert "another user" in caught.value.message


@root
def test_a_group_of_others_is_others_and_the_owners_own_group_is_not(ipse: Ipse) -> None:
    os.chown(ipse.home, 0, NOBODY)
    ipse.home.chmod(0o770)
    _refused(in_process(ipse), f"chmod g-w {ipse.home}")
    os.chown(ipse.home, 0, 0)
    in_process(ipse)("did", "list")


def test_no_wallet_is_made_in_such_a_place(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    run = in_process(Ipse(tmp_path / "new" / "wallet"))("init", "--keystore", "file", "--json", code=6)
    assert run.error["code"] == "writable-by-others"
    assert not (tmp_path / "new").exists()
