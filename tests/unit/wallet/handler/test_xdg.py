"""Links on a Linux desktop, with the desktop's real programs on folders that are thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ipse.errors import MissingFeature, StorageError, UsageError
from ipse.wallet.handler import registration, xdg
from tests.waiting import eventually

_DESKTOP: Final = (
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_SESSION",
    "KDE_FULL_SESSION",
    "GNOME_DESKTOP_SESSION_ID",
    "DE",
)
OTHER = "[Desktop Entry]\nType=Application\nName=Other\nExec=true %u\nMimeType=x-scheme-handler/openid4vp;\n"
HOSTILE: Final = (
    "openid4vp://?a=$(touch${IFS}/tmp/x)`id`&b=1;id|id>x",
    "openid4vp://?a=' \"; touch x; '",
    'haip-vp://?a="%20--json%20"',
    "eu-eaap:%u%U%f%F%i%c%k%%",
    "openid4vp:\\\\\\'\n\r\t\x1b[31m",
    "openid4vp://?a=--help -- *?[a]~",
    "openid4vp://?münchen=日本",
)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> xdg.Folders:
    """A person's folders on a desktop of no particular kind."""
    if shutil.which("xdg-mime") is None:
        pytest.skip("no xdg-mime (Debian: xdg-utils)")
    for name in _DESKTOP:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("IPSE_HOME", raising=False)
    for name, folder in {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    found = xdg.Folders.of_user()
    assert found.entry == tmp_path / "data" / "applications" / "ipse-handler.desktop"
    return found


def opener(scheme: str) -> str:
    """What the desktop opens links of a scheme with."""
    asked = ["xdg-mime", "query", "default", f"x-scheme-handler/{scheme}"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def openers() -> list[str]:
    return [opener(scheme) for scheme in registration.SCHEMES]


def test_links_open_with_ipse_until_it_is_removed(folders: xdg.Folders) -> None:
    assert openers() == [""] * 4
    done = registration.install()
    assert done == registration.Registration(registration.SCHEMES, str(folders.entry))
    assert openers() == ["ipse-handler.desktop"] * 4
    assert registration.remove()
    assert openers() == [""] * 4
    assert not folders.entry.exists()
    assert not folders.defaults.exists()


def test_installing_and_removing_twice_changes_nothing_more(folders: xdg.Folders) -> None:
    registration.install()
    once = folders.entry.read_bytes(), folders.defaults.read_bytes()
    registration.install()
    assert (folders.entry.read_bytes(), folders.defaults.read_bytes()) == once
    assert registration.remove()
    assert not registration.remove()


@pytest.mark.parametrize(
    "defaults",
    [
        pytest.param("", id="empty"),
        pytest.param("[Default Applications]\ntext/html=b.desktop\n", id="other types"),
        pytest.param(
            "[Default Applications]\nx-scheme-handler/openid4vp=other.desktop\ntext/html=b.desktop\n",
            id="another program",
        ),
        pytest.param(
            "[Default Applications]\nx-scheme-handler/haip-vp=a.desktop;other.desktop;\n", id="two programs"
        ),
        pytest.param(
            "[Added Associations]\nx-scheme-handler/openid4vp=x.desktop;\n\n"
            "[Default Applications]\ntext/html=b.desktop\n\n[Removed Associations]\na/b=c.desktop\n",
            id="sections before and behind",
        ),
        pytest.param("[Added Associations]\ntext/html=x.desktop;\n", id="no section of defaults"),
        pytest.param("# a comment\n\n[Default Applications]\n# é\ntext/html=b.desktop\n\n\n", id="comments"),
    ],
)
def test_removing_restores_what_was_there_before(folders: xdg.Folders, defaults: str) -> None:
    folders.applications.mkdir(parents=True)
    for name in ("other", "a", "b"):
        (folders.applications / f"{name}.desktop").write_text(OTHER)
    folders.defaults.parent.mkdir()
    folders.defaults.write_text(defaults)
    before = openers()
    registration.install()
    registration.install()
    assert openers() == ["ipse-handler.desktop"] * 4
    registration.remove()
    assert openers() == before
    if defaults:
        assert folders.defaults.read_text() == defaults
    else:
        assert not folders.defaults.exists()


def test_what_another_program_took_over_since_stays_with_it(folders: xdg.Folders) -> None:
    folders.applications.mkdir(parents=True)
    (folders.applications / "other.desktop").write_text(OTHER)
    registration.install()
    subprocess.run(["xdg-mime", "default", "other.desktop", "x-scheme-handler/openid4vp"], check=True)
    assert registration.remove()
    assert openers() == ["other.desktop", "", "", ""]


def test_an_entry_that_was_half_removed_is_removed(folders: xdg.Folders) -> None:
    registration.install()
    folders.entry.unlink()
    assert registration.remove()
    assert not folders.defaults.exists()


def test_a_desktop_that_opens_links_otherwise_all_the_same_is_an_error(
    folders: xdg.Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "xdg-mime"
    program.parent.mkdir()
    for script, said in (
        ("echo other.desktop", "still open with other.desktop"),
        ("echo no >&2; exit 3", "failed: no"),
    ):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        with monkeypatch.context() as patched:
            patched.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
            with pytest.raises(StorageError, match=said):
                registration.install()


def test_without_the_desktops_programs_that_is_said(
    folders: xdg.Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingFeature, match="no xdg-mime"):
        registration.install()
    assert not folders.entry.exists()
    assert not registration.remove()


def test_the_entry_is_valid_in_the_eyes_of_the_desktop(folders: xdg.Folders) -> None:
    registration.install()
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("no desktop-file-validate (Debian: desktop-file-utils)")
    checked = subprocess.run(
        ["desktop-file-validate", folders.entry], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def _recorder(folder: Path, name: str) -> Path:
    """A program that writes down the words it is given, each behind a NUL."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"made = pathlib.Path({str(folder / 'made')!r})\n"
        "made.write_bytes('\\0'.join(sys.argv[1:]).encode())\n"
        f"made.rename({str(folder / 'words')!r})\n"
    )
    program.chmod(0o755)
    return folder / "words"


def _gio(folders: xdg.Folders, terminals: Path, link: str, patch: pytest.MonkeyPatch) -> list[str]:
    """What launches the entry with no other terminal in reach, of which gio would take many before xterm."""
    gio = str(shutil.which("gio"))
    patch.setenv("PATH", str(terminals))
    return [gio, "launch", str(folders.entry), link]


@pytest.mark.parametrize("link", HOSTILE)
@pytest.mark.parametrize("launcher", ["xdg-open", "gio"])
def test_a_hostile_link_reaches_the_wallet_as_one_word(
    folders: xdg.Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, link: str
) -> None:
    """Real launchers start the terminal, which is ours and writes down what it is to run."""
    if shutil.which(launcher) is None:
        pytest.skip(f"no {launcher} (Debian: xdg-utils, libglib2.0-bin)")
    if launcher == "xdg-open" and any(character < " " for character in link):
        pytest.skip("xdg-open passes no control character on")
    if launcher == "xdg-open":  # before xdg-utils 1.2 it takes a scheme with a digit for a file
        link = link.replace("openid4vp:", "haip-vp:")
    words = _recorder(tmp_path / "bin", "xterm")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("TERMINAL", "xterm")
    monkeypatch.setenv("DISPLAY", ":none")  # xdg-open hands links to programs where there is a screen
    registration.install()
    started = ["xdg-open", link]
    if launcher == "gio":
        started = _gio(folders, words.parent, link, monkeypatch)
    subprocess.run(started, stdin=subprocess.DEVNULL, start_new_session=True, check=True, timeout=60)
    assert eventually(words.exists)  # a launcher may not wait for what it starts
    given = words.read_bytes().decode().split("\0")
    assert given == ["-e", *registration.command(), link]


@pytest.mark.parametrize("folder", ["a b", 'a"b', "a$HOME`id`", "a\\b", "a'b", "a;b&c", "ü", "a\\\\$b", "~"])
def test_ipse_is_started_from_any_folder(
    folders: xdg.Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    if shutil.which("gio") is None:
        pytest.skip("no gio (Debian: libglib2.0-bin)")
    words = _recorder(tmp_path / "bin", "xterm")
    python = tmp_path / folder / "python"
    _recorder(python.parent, "python")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    command = (str(python), "-P", f"--home={folder}", folder, "100%", "%u", "--")
    xdg.install(command)
    launched = _gio(folders, words.parent, "openid4vp:x", monkeypatch)
    subprocess.run(launched, stdin=subprocess.DEVNULL, start_new_session=True, check=True, timeout=60)
    assert eventually(words.exists)
    assert words.read_bytes().decode().split("\0") == ["-e", *command, "openid4vp:x"]


@pytest.mark.parametrize("program", ["/a=b/python", "/a%u/python", "/a\nb/python", "/a\x1b/python"])
def test_a_path_that_no_entry_can_hold_is_refused(program: str) -> None:
    with pytest.raises(UsageError, match="can't be started from a desktop entry"):
        xdg.exec_line([program, "-P"])


def test_folders_that_are_not_absolute_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setenv("HOME", "/home/me")
    assert xdg.Folders.of_user() == xdg.Folders(
        Path("/home/me/.local/share/applications"), Path("/home/me/.config/mimeapps.list")
    )


def test_the_desktop_tells_what_links_start_and_which_others_took_over(folders: xdg.Folders) -> None:
    assert registration.registered() is None
    registration.install()
    found = registration.registered()
    assert found is not None
    assert (found.place, found.program, found.lost) == (str(folders.entry), sys.executable, ())
    text = folders.defaults.read_text().replace(
        "x-scheme-handler/haip=ipse-handler.desktop", "x-scheme-handler/haip=other.desktop"
    )
    folders.defaults.write_text(text)
    found = registration.registered()
    assert found is not None
    assert found.lost == ("haip",)


@pytest.mark.parametrize(
    "program", ["/usr/bin/python", "/opt/my ipse/bin/python", '/opt/"x"/py', "/opt/a\\b/py$`"]
)
def test_the_program_is_read_back_as_it_was_written(program: str) -> None:
    assert xdg._program(xdg.exec_line((program, "-P", "-m", "ipse"))) == program
