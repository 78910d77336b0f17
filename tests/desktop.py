"""A desktop's keyring without the desktop: a session bus and gnome-keyring in folders of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ipse.keys.keystore import os_keyring
from tests.waiting import PATIENCE

__all__ = ["PROGRAMS", "Desktop", "desktop", "session"]

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")

# The bus starts no service by itself: a keyring that was killed stays so, and nothing can ask the owner.
_BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
# `dbus-run-session` ends the bus when its program ends, and so with the pipe on its stdin.
_KEEP = 'echo "$DBUS_SESSION_BUS_ADDRESS"; read -r _'


class Desktop:
    """A running session; `environment` is what a program in it sees, this process included."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ipse-"))  # a socket's path must be short
        self._log = self._folder / "keyring.log"
        self._keyring: subprocess.Popen[bytes] | None = None
        configuration = self._folder / "bus.conf"
        configuration.write_text(_BUS.format(folder=self._folder))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_DATA_HOME": str(self._folder / "data"),
            "XDG_CACHE_HOME": str(self._folder / "cache"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
        }
        (self._folder / "run").mkdir(mode=0o700)
        self._session = subprocess.Popen(
            ["dbus-run-session", f"--config-file={configuration}", "--", "sh", "-c", _KEEP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        assert self._session.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._session.stdout.readline().decode().strip()

    def start_keyring(self, passphrase: bytes = b"login") -> None:
        """Start gnome-keyring, its login keyring (and default collection) made or unlocked."""
        self._start("--unlock", stdin=passphrase)

    def start_keyring_locked(self) -> None:
        """Start gnome-keyring as it is before anybody has logged in."""
        self._start(stdin=b"")

    def _start(self, *options: str, stdin: bytes) -> None:
        with self._log.open("ab") as log:
            self._keyring = subprocess.Popen(
                ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=self.environment,
            )
        assert self._keyring.stdin is not None
        self._keyring.stdin.write(stdin)
        self._keyring.stdin.close()
        self._wait_for_keyring()

    def _wait_for_keyring(self) -> None:
        import secretstorage

        assert self._keyring is not None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._keyring.poll() is None:
            with closing(secretstorage.dbus_init()) as bus:
                if secretstorage.check_service_availability(bus):
                    return
            time.sleep(0.005)
        raise AssertionError(f"gnome-keyring does not start: {self._log.read_text()}")

    def lock(self) -> None:
        """Lock the default collection, as the owner's screen lock may."""
        import secretstorage

        with closing(os_keyring._connect()) as bus:
            secretstorage.get_default_collection(bus).lock()

    def items(self) -> list[str]:
        """The user names of all items of ipse, in all collections."""
        import secretstorage

        with closing(os_keyring._connect()) as bus:
            found = secretstorage.search_items(bus, {"service": "ipse"})
            return sorted(item.get_attributes()["username"] for item in found)

    def hang_keyring(self) -> None:
        """The daemon is there and does not answer."""
        self._signal(signal.SIGSTOP)

    def kill_keyring(self) -> None:
        """The daemon is gone."""
        assert self._keyring is not None
        self._signal(signal.SIGKILL)
        self._keyring.wait()
        self._keyring = None

    def files(self) -> bytes:
        """Everything that the session wrote to disk."""
        written = (entry for entry in self._folder.rglob("*") if entry.is_file())
        return b"".join(entry.read_bytes() for entry in written)

    def close(self) -> None:
        """End all of it. AssertionError where the daemon had ended without being killed."""
        ended, said = self._keyring and self._keyring.poll(), self._log.read_text() if self._keyring else ""
        if self._keyring is not None:
            self.kill_keyring()
        self._session.communicate(b"\n", timeout=PATIENCE)
        assert self._session.returncode == 0
        shutil.rmtree(self._folder)
        assert ended is None, f"gnome-keyring ended by itself, with {ended}: {said}"

    def _signal(self, number: signal.Signals) -> None:
        assert self._keyring is not None
        self._keyring.send_signal(number)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A session bus that this process is on; no keyring runs yet. Skips where a program is missing."""
    pytest.importorskip("secretstorage", reason="the Secret Service's client is not installed")
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    started = Desktop()
    try:
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
        monkeypatch.setattr(os_keyring, "_PATIENCE", PATIENCE)  # a busy machine may answer late
        yield started
    finally:
        started.close()


@pytest.fixture
def desktop(session: Desktop) -> Desktop:
    """A session whose keyring is unlocked."""
    session.start_keyring()
    return session
