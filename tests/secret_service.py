"""A real Secret Service for a test alone: its own bus, its own gnome-keyring, no screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSWORD = b"login password"
# No service folders: nothing but what the test starts ever answers on this bus.
_BUS = """\
<busconfig>
  <type>session</type>
  <listen>unix:dir={runtime}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    """A running gnome-keyring whose default collection is unlocked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        configuration = folder / "bus.xml"
        configuration.write_text(_BUS.format(runtime=runtime))
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.bus.stdout is not None
        address = self.bus.stdout.readline().decode().strip()
        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        self.daemon = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env={"PATH": os.environ["PATH"], **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert daemon.stdin is not None
        daemon.stdin.write(PASSWORD)
        daemon.stdin.close()
        deadline = time.monotonic() + 15
        while not self._answers():
            assert time.monotonic() < deadline, "gnome-keyring did not come up"
            time.sleep(0.05)
        return daemon

    def _answers(self) -> bool:
        return self.call("/org/freedesktop/secrets/aliases/default", "org.freedesktop.DBus.Peer.Ping")

    def call(self, path: str, method: str, *arguments: str) -> bool:
        """Whether the Secret Service carried out a call."""
        call = ["dbus-send", "--session", "--print-reply", "--reply-timeout=5000"]
        done = subprocess.run(
            [*call, "--dest=org.freedesktop.secrets", path, method, *arguments],
            env={"PATH": os.environ["PATH"], **self.environment},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def lock(self) -> None:
        """Lock the default collection, as a desktop does when its owner walks away."""
        array = "array:objpath:/org/freedesktop/secrets/collection/login"
        assert self.call("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", array)

    def hang(self) -> None:
        """Stop the daemon in the middle of whatever it does."""
        self.daemon.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Take the daemon away."""
        self.daemon.kill()
        self.daemon.wait()

    def close(self) -> None:
        """End both processes."""
        for process in (self.daemon, self.bus):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


@pytest.fixture
def secret_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """A real Secret Service. Skips where gnome-keyring or dbus is not installed."""
    for program in ("gnome-keyring-daemon", "dbus-daemon", "dbus-send"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    service = SecretService(tmp_path_factory.mktemp("secrets"))
    yield service
    service.close()
