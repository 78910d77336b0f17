"""Links on macOS and Windows: what would be written there, and what is refused."""

from __future__ import annotations

import os
import plistlib
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import MissingFeature, StorageError, UsageError
from ipse.wallet.handler import macos, programs, registration, windows

COMMAND = ("/opt/my ipse/bin/python", "-P", "-m", "ipse", "handler", "open", "--")


def test_the_command_is_this_python_and_imports_nothing_from_where_it_is_started() -> None:
    assert registration.command({}) == (sys.executable, "-P", "-m", "ipse", "handler", "open", "--")


def test_the_command_names_the_wallet_where_it_is_not_the_usual_one(tmp_path: Path) -> None:
    words = registration.command({"IPSE_HOME": str(tmp_path)})
    assert words[-3:] == ("--home", str(tmp_path), "--")


@pytest.mark.parametrize("link", ["openid4vp://?a=b", "OpenID4VP:x", "haip-vp://x", "eu-eaap:", "haip://x"])
def test_links_of_these_schemes_are_answered(link: str) -> None:
    registration.check_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "-",
        "request.json",
        "/etc/passwd",
        "file:///etc/passwd",
        "openid4vp",
        "http://a",
        "openid4vp:" * 50_000,
    ],
)
def test_anything_else_is_refused(link: str) -> None:
    with pytest.raises(UsageError, match="not a link that ipse is registered for") as caught:
        registration.check_link(link)
    assert len(caught.value.message) < 300


def test_an_unknown_desktop_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(os, "name", "none")
    with pytest.raises(MissingFeature, match="emscripten"):
        registration.install()


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A Mac whose programs write down what they are to do; osacompile makes what it would make."""
    ran: list[tuple[str, ...]] = []

    def run(*words: str) -> str:
        ran.append(words)
        if words[0] == "osacompile":
            contents = Path(words[2]) / "Contents"
            contents.mkdir(parents=True)
            made = {"CFBundleExecutable": "applet", "CFBundleIdentifier": "com.apple.ScriptEditor.id.x"}
            (contents / "Info.plist").write_bytes(plistlib.dumps(made))
        return ""

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("IPSE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(programs, "run", run)
    return ran


def test_a_mac_gets_a_bundle_that_declares_the_schemes(mac: list[tuple[str, ...]], tmp_path: Path) -> None:
    bundle = tmp_path / "Applications" / "ipse handler.app"
    for _ in range(2):
        assert registration.install() == registration.Registration(registration.SCHEMES, str(bundle))
    described = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
    assert described["CFBundleExecutable"] == "applet"
    assert described["CFBundleIdentifier"] == "ipse.handler"
    (declared,) = described["CFBundleURLTypes"]
    assert declared["CFBundleURLSchemes"] == ["openid4vp", "haip-vp", "eu-eaap", "haip"]
    assert [words[0].rpartition("/")[2] for words in mac] == ["osacompile", "codesign", "lsregister"] * 2
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]
    assert registration.remove()
    assert mac[-1][1:] == ("-u", str(bundle))
    assert not bundle.exists()
    assert not registration.remove()


def test_a_bundle_that_cannot_be_made_leaves_nothing(
    mac: list[tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: str) -> str:
        raise StorageError("osacompile failed: exit code 1")

    monkeypatch.setattr(programs, "run", fail)
    with pytest.raises(StorageError, match="osacompile failed"):
        registration.install()
    assert list((tmp_path / "Applications").iterdir()) == []


def test_the_script_of_a_mac_quotes_twice() -> None:
    """Once for the shell that Terminal types it into, and once for AppleScript."""
    command = ('/opt/a "b" \\c $d/python', "-P", "it's")
    (line,) = [line for line in macos.script(command).splitlines() if "do script" in line]
    literal = line.strip().removeprefix('do script "').removesuffix('" & quoted form of theLink')
    shell = literal.replace('\\"', '"').replace("\\\\", "\\")
    assert shlex.split(shell) == ["exec", *command]


def test_the_script_of_a_mac_lets_visible_ascii_alone_reach_the_shell() -> None:
    text = macos.script(COMMAND)
    assert text.index("theNumber < 33 or theNumber > 126 then return") < text.index("do script")


class Registry:
    """The part of winreg that is used, on a dict."""

    HKEY_CURRENT_USER, KEY_READ, KEY_SET_VALUE, REG_SZ = "HKCU", 1, 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, str]] = {}

    # ruff: noqa: ARG002, N802 - the names and signatures are winreg's

    class _Key:
        def __init__(self, path: str) -> None:
            self.path = path

        def __enter__(self) -> Registry._Key:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def CreateKeyEx(self, root: str, path: str, reserved: int, access: int) -> _Key:
        parts = path.split("\\")
        for end in range(1, len(parts) + 1):
            self.keys.setdefault("\\".join(parts[:end]), {})
        return self._Key(path)

    def OpenKey(self, root: str, path: str, reserved: int, access: int) -> _Key:
        if path not in self.keys:
            raise FileNotFoundError(path)
        return self._Key(path)

    def QueryValueEx(self, key: _Key, name: str) -> tuple[str, int]:
        if name not in self.keys[key.path]:
            raise FileNotFoundError(name)
        return self.keys[key.path][name], self.REG_SZ

    def SetValueEx(self, key: _Key, name: str, reserved: int, kind: int, value: str) -> None:
        self.keys[key.path][name] = value

    def DeleteValue(self, key: _Key, name: str) -> None:
        del self.keys[key.path][name]

    def DeleteKey(self, root: str, path: str) -> None:
        assert not [other for other in self.keys if other.startswith(path + "\\")], "a key with keys in it"
        del self.keys[path]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    made.keys = {"Software": {}, "Software\\Classes": {}}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("IPSE_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "winreg", made)
    return made


def test_windows_gets_a_key_a_scheme_and_loses_them_again(registry: Registry) -> None:
    before = {key: dict(values) for key, values in registry.keys.items()}
    registration.install()
    once = {key: dict(values) for key, values in registry.keys.items()}
    registration.install()
    assert registry.keys == once
    for scheme in registration.SCHEMES:
        assert once[rf"Software\Classes\{scheme}"]["URL Protocol"] == ""
        line = once[rf"Software\Classes\{scheme}\shell\open\command"][""]
        assert line.endswith(' -P -m ipse handler open -- "%1"')
    assert registration.remove()
    assert registry.keys == before
    assert not registration.remove()


def test_windows_tells_what_it_starts_and_which_links_others_took_over(registry: Registry) -> None:
    assert registration.registered() is None
    registration.install()
    found = registration.registered()
    assert found is not None
    assert (found.program, found.lost) == (sys.executable, ())
    registry.keys[r"Software\Classes\haip-vp\shell\open\command"][""] = '"C:\\other.exe" "%1"'
    found = registration.registered()
    assert found is not None
    assert (found.program, found.lost) == (sys.executable, ("haip-vp",))
    registration.remove()


def test_windows_gets_back_the_program_that_was_there_before(registry: Registry) -> None:
    key = r"Software\Classes\openid4vp"
    registry.CreateKeyEx("HKCU", rf"{key}\shell\open\command", 0, 2)
    registry.keys[key] |= {"": "URL:openid4vp", "URL Protocol": ""}
    registry.keys[rf"{key}\shell\open\command"][""] = '"C:\\other.exe" "%1"'
    before = {name: dict(values) for name, values in registry.keys.items()}
    registration.install()
    registration.install()
    assert registration.remove()
    assert registry.keys == before


def test_windows_refusing_is_an_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(registry, "SetValueEx", refuse)
    with pytest.raises(StorageError, match="access is denied"):
        registration.install()


def test_windows_puts_the_link_behind_all_options() -> None:
    line = windows.command_line(("C:\\my ipse\\100%\\python.exe", "-P", "--"))
    assert line == '"C:\\my ipse\\100%%\\python.exe" -P -- "%1"'
