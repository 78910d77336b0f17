"""Fetching a model and changing to it: killed at any moment, on a full disk, by several at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from ipse.errors import IpseError, StorageError
from ipse.network.errors import ClosedEarly
from ipse.preferences.embedding import DEFAULT_MODEL, local_model
from ipse.preferences.embedding.compiled_model import folder_of
from ipse.storage import statements
from ipse.storage.places import Places
from ipse.wallet.profile import model_fetch, models
from ipse.wallet.profile.model_fetch import FetchedModel
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet
from tests import small_model
from tests.conftest import PASSPHRASE, REPOSITORY, Ipse, at, trust_compiled
from tests.faults.conftest import filled
from tests.faults.processes import Report, at_every, kill_at_line, kill_at_random, needs_fork, together
from tests.network_peer.certificates import Authority
from tests.network_peer.hub import COMMIT, MODEL, NAME, HubPeer
from tests.network_peer.server import HttpsPeer, raw

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LABEL = f"someone--small-model@{COMMIT[:12]}"


@dataclass(frozen=True, slots=True)
class Net:
    """A hub, and a client that trusts it."""

    hub: HubPeer
    reach: Reach

    def fetch(self, places: Places) -> FetchedModel:
        offer = model_fetch.offer(NAME, hub_url=self.hub.url, reach=self.reach)
        return model_fetch.fetch(places, offer, now=NOW, reach=self.reach)


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    with HttpsPeer(authority.issue("localhost"), {}) as peer:
        hub = HubPeer(peer)
        hub.publish()
        yield Net(hub, Reach(str(authority.ca_file), allow_loopback=True))


def _whole_or_not_at_all(places: Places) -> int:
    """How many models there are, each whole; what a killed fetch left is not one."""
    found = model_fetch.fetched_models(places)
    for model in found:
        assert {path for path, _ in model.source.files} == set(MODEL)
        model.source.verify()
    shown = [path for path in (places.data / "models").glob("*") if not path.name.startswith(".")]
    assert len(shown) == len(found)
    return len(found)


@needs_fork
@at_every(61)
def test_a_fetch_killed_at_any_line_leaves_a_whole_model_or_none_and_the_next_one_ends(
    net: Net, tmp_path: Path, step: int
) -> None:
    for line in range(5, 10_000, step):
        places = Places(data=tmp_path / f"wallet{line}", cache=tmp_path / "cache")

        def work(report: Report, places: Places = places) -> None:
            net.fetch(places)
            report("fetched")

        killed, reported = kill_at_line(line, work)
        assert _whole_or_not_at_all(places) >= len(reported)
        net.fetch(places)
        assert _whole_or_not_at_all(places) == 1
        left = {path.name for path in (places.data / "models").iterdir()}
        assert left == {LABEL, ".fetch.lock"}
        if not killed:
            break
    assert line > 100


@pytest.mark.slow
@needs_fork
def test_a_fetch_killed_at_any_moment_goes_on(net: Net, tmp_path: Path) -> None:
    for attempt in range(12):
        root = tmp_path / str(attempt)

        def fetch_on(report: Report, root: Path = root) -> None:
            report("begun")
            for number in count():
                net.fetch(Places(data=root / str(number), cache=root))

        kill_at_random(fetch_on, within=0.3)
        for data in sorted(root.glob("*")):
            places = Places(data=data, cache=root)
            assert _whole_or_not_at_all(places) <= 1
            net.fetch(places)
            assert _whole_or_not_at_all(places) == 1
            assert {path.name for path in (data / "models").iterdir()} == {LABEL, ".fetch.lock"}


@needs_fork
def test_two_that_fetch_the_same_model_both_have_it(net: Net, tmp_path: Path) -> None:
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")

    def work(report: Report) -> None:
        net.fetch(places)
        report("fetched")

    assert together(work, work, work) == [["fetched"]] * 3
    assert _whole_or_not_at_all(places) == 1


def test_a_full_disk_ends_a_fetch_cleanly_and_takes_nothing_from_the_disk(
    net: Net, small_disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    places = Places(data=small_disk / "wallet", cache=tmp_path / "cache")
    with pytest.raises(StorageError, match="MB are free"):
        net.fetch(places)
    monkeypatch.setattr(model_fetch, "_SPARE", -(10**12))
    with pytest.raises(StorageError):
        net.fetch(places)
    assert {path.name for path in (places.data / "models").iterdir()} == {".fetch.lock"}
    assert net.hub.fetched.count("model.safetensors") == 1


def test_a_connection_that_breaks_each_time_still_ends_with_the_model(net: Net, tmp_path: Path) -> None:
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    whole = MODEL["model.safetensors"]
    partial = places.data / "models" / f".fetching-{LABEL}" / "model.safetensors"
    for _ in range(100):
        have = partial.stat().st_size if partial.exists() else 0
        head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {have}-{len(whole) - 1}/*\r\n\r\n"
        if not have:
            head = "HTTP/1.1 200 OK\r\n\r\n"
        net.hub.answers["model.safetensors"] = raw(head.encode(), whole[have : have + 50_000])
        net.hub.publish()
        try:
            net.fetch(places)
        except ClosedEarly:
            continue
        break
    assert _whole_or_not_at_all(places) == 1


@pytest.fixture(scope="module")
def small(models_extra: None, takes_long: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model.make(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def compiled(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with two compiled models: the small one, and one like it with other weights."""
    from ipse.preferences.embedding import compile_model

    cache = tmp_path_factory.mktemp("cache") / "models"
    other = small_model.make(small.with_name("other"), seed=1)
    for folder in (small, other):
        source = local_model(folder)
        compile_model(cache, model=source)
        assert folder_of(cache, source).is_dir()
    return cache


@dataclass(frozen=True, slots=True)
class Owner:
    """A wallet with statements, and the program on it."""

    ipse: Ipse
    places: Places
    count: int

    def vectors(self) -> dict[str, int]:
        """How many vectors each model made."""
        with Wallet(self.places, lambda: PASSPHRASE) as wallet:
            return {row.name: row.vectors for row in models.known(wallet) if row.vectors}

    def in_use(self) -> str:
        with Wallet(self.places, lambda: PASSPHRASE) as wallet:
            return models.chosen(wallet).name


def _owner(home: Path, compiled: Path, texts: int) -> Owner:
    places = Places(data=home, cache=home / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        new = [
            statements.NewStatement(f"thing number {number} of many", 0.8, source="said")
            for number in range(texts)
        ]
        statements.add(wallet.vault, new, now="2026-01-31T12:00:00Z")
    places.cache.mkdir(exist_ok=True)
    places.models.symlink_to(compiled)
    with Wallet(places, lambda: PASSPHRASE) as wallet:
        trust_compiled(wallet)
    return Owner(at(home), places, texts)


def _use_killed_after(owner: Owner, folder: Path, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ipse", "profile", "model", "use", str(folder)],
        env=owner.ipse.variables,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_change_of_model_killed_at_any_moment_is_finished_by_the_next_command(
    small: Path, compiled: Path, tmp_path: Path
) -> None:
    owner = _owner(tmp_path / "wallet", compiled, 400)
    owner.ipse("profile", "model", "use", small)
    assert owner.vectors() == {"small": 400}
    (tmp_path / "candidates").write_text("tea\ncoffee\n")
    folders = [small.with_name("other"), small]
    for _ in range(10):
        _use_killed_after(owner, folders[0], random.uniform(0.2, 1.6))
        ranked = owner.ipse("profile", "rank", tmp_path / "candidates", "--json").json["ranking"]
        assert sorted(row["text"] for row in ranked) == ["coffee", "tea"]
        assert owner.vectors() == {owner.in_use(): 400}
        if owner.in_use() == folders[0].name:
            folders.reverse()


@pytest.mark.parametrize(
    "small_disk", [384], indirect=True
)  # a vault and a copy of it while it is written anew
def test_a_full_disk_while_changing_models_loses_nothing(
    small: Path, compiled: Path, small_disk: Path, tmp_path: Path
) -> None:
    owner = _owner(small_disk / "wallet", compiled, 60)
    owner.ipse("profile", "model", "use", small)
    with filled(small_disk):
        run = owner.ipse("profile", "model", "use", small.with_name("other"), code=6)
        assert run.err.splitlines()[-2].startswith("error: ")
    (tmp_path / "candidates").write_text("tea\ncoffee\n")
    assert len(owner.ipse("profile", "rank", tmp_path / "candidates", "--json").json["ranking"]) == 2
    assert owner.vectors() == {owner.in_use(): 60}


def test_a_setting_that_does_not_read_is_named_with_the_way_back(
    small: Path, compiled: Path, tmp_path: Path
) -> None:
    from ipse.storage import settings

    owner = _owner(tmp_path / "wallet", compiled, 3)
    with Wallet(owner.places, lambda: PASSPHRASE) as wallet:
        settings.put(wallet.vault, "embedding-model", '{"name": "../../x"}')
        with pytest.raises(IpseError, match="does not say clearly") as caught:
            models.open_embedder(wallet)
        assert "model use default" in caught.value.hint
        assert [row.in_use for row in models.known(wallet)] == [False] * 3
        assert models.find(owner.places, "default") == DEFAULT_MODEL
