"""Files that are private from the moment they exist and never half written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.errors import CorruptData, NotFound, StorageError
from ipse.storage import files


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for data in (b"", b"first", b"second, longer", b"\0" * 100_000):
        files.write_private(tmp_path / "file", data)
        assert files.read_private(tmp_path / "file") == data
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, open_umask: None) -> None:
    path = tmp_path / "file"
    files.write_private(path, b"new")
    assert mode(path) == 0o600
    path.chmod(0o666)
    files.write_private(path, b"again")
    assert mode(path) == 0o600


def test_a_file_is_its_owners_alone_before_anything_is_in_it(
    tmp_path: Path, open_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    sync = os.fsync

    def look(descriptor: int) -> None:
        status = os.fstat(descriptor)
        seen.append((stat.S_IMODE(status.st_mode), status.st_nlink))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    monkeypatch.setattr(os, "chmod", lambda *_: pytest.fail("the mode was changed afterwards"))
    files.write_private(tmp_path / "file", b"secret")
    assert seen[0] == (0o600, 1)


def test_a_file_is_synced_before_it_takes_the_old_ones_place_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    events: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        events.append(f"{kind} synced while {path.read_bytes().decode()} is in place")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    files.write_private(path, b"new")
    assert events == ["file synced while old is in place", "folder synced while new is in place"]


@pytest.mark.parametrize("moment", ["fsync", "replace", "write"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    files.write_private(path, b"old")
    if moment == "write":
        monkeypatch.setattr(os, "fdopen", fail)
    elif moment == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StorageError, match="no space left on device"):
        files.write_private(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    files.write_private(path, b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_private(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_link_is_replaced_and_what_it_points_at_is_never_written(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    link = tmp_path / "file"
    link.symlink_to(precious)
    files.write_private(link, b"new")
    assert precious.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no"):
        files.read_private(tmp_path / "file")


@pytest.mark.parametrize("name", ["x" * 300, "folder"])
def test_what_can_not_be_read_is_an_error_with_its_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"can't read .*(too long|is a directory)"):
        files.read_private(tmp_path / name)


def test_what_can_not_be_written_is_an_error_with_its_reason(tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 300), tmp_path / "no folder" / "file"):
        with pytest.raises(StorageError, match="can't write"):
            files.write_private(path, b"data")


def test_a_file_larger_than_anything_ipse_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(16 * 1024**2)
    assert len(files.read_private(path)) == 16 * 1024**2
    with path.open("wb") as file:
        file.truncate(16 * 1024**2 + 1)
    with pytest.raises(CorruptData, match="larger than"):
        files.read_private(path)


def test_a_folder_and_its_parents_are_the_owners_alone_whatever_the_umask(
    tmp_path: Path, open_umask: None
) -> None:
    files.create_private_folder(tmp_path / "a" / "b" / "c")
    for folder in ("a", "a/b", "a/b/c"):
        assert mode(tmp_path / folder) == 0o700


def test_a_folder_that_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    files.create_private_folder(folder)
    assert mode(folder) == 0o755


def test_a_file_in_a_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file is not a folder"):
        files.create_private_folder(tmp_path / "file")
    with pytest.raises(StorageError, match="file"):
        files.create_private_folder(tmp_path / "file" / "below")


def test_a_folder_that_can_not_be_made_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"can't make the folder .* too long"):
        files.create_private_folder(tmp_path / ("x" * 300))


def test_a_lock_that_is_held_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LOCK_WAIT", 0.05)
    with files.exclusive(tmp_path / "file"):
        with (
            pytest.raises(StorageError, match=r"another process has held .*file") as caught,
            files.exclusive(tmp_path / "file"),
        ):
            pytest.fail("two hold the lock")
        assert "wait" in caught.value.hint
        with files.exclusive(tmp_path / "another file"):
            pass
    with files.exclusive(tmp_path / "file"):
        pass


def test_a_lock_is_given_back_when_its_holder_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOCK_WAIT", 0.05)
    with pytest.raises(KeyError), files.exclusive(tmp_path / "file"):
        raise KeyError
    with files.exclusive(tmp_path / "file"):
        pass


def test_a_lock_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, open_umask: None) -> None:
    with files.exclusive(tmp_path / "file"):
        assert {mode(entry) for entry in tmp_path.iterdir()} == {0o600}


def test_a_link_in_a_lock_files_place_is_never_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / ".file.lock").symlink_to(precious)
    with pytest.raises(StorageError, match="can't lock"), files.exclusive(tmp_path / "file"):
        pytest.fail("the lock was taken")
    assert precious.read_bytes() == b"precious"


def test_a_lock_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError), files.exclusive(tmp_path / "no folder" / "file"):
        pytest.fail("the lock was taken")
    assert not (tmp_path / "no folder").exists()


def test_what_a_killed_process_left_half_written_is_swept_under_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    files.write_private(path, b"whole")
    left = tmp_path / ".wallet.json.0123456789abcdef"
    others = [
        tmp_path / name for name in (".wallet.json.lock", ".other.json.0123456789abcdef", ".wallet.json.x")
    ]
    for file in (left, *others):
        file.write_bytes(b"half")
    with files.exclusive(path):
        assert not left.exists()
    assert path.read_bytes() == b"whole"
    assert all(file.exists() for file in others)
