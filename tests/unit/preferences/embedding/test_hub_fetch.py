"""Models fetched from a real HTTPS server: an honest hub, and each way in which one can lie."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import (
    CorruptData,
    InputTooLarge,
    IpseError,
    MalformedInput,
    NotFound,
    StorageError,
    UsageError,
    VerificationFailed,
)
from ipse.network import errors
from ipse.storage.places import Places
from ipse.wallet.profile import model_fetch
from ipse.wallet.profile.model_fetch import FetchedModel, Offer, fetched_models
from ipse.wallet.profile.models import find
from ipse.wallet.resolution import Reach
from tests.network_peer.certificates import Authority
from tests.network_peer.hub import COMMIT, MODEL, NAME, HubPeer, modules, safetensors
from tests.network_peer.server import Answer, HttpsPeer, body, drip, raw, redirect, status

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LABEL = f"someone--small-model@{COMMIT[:12]}"
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True, slots=True)
class Net:
    """A hub, a wallet's places, and the reach to get from one to the other."""

    hub: HubPeer
    places: Places
    reach: Reach

    def offer(self, revision: str = "main") -> Offer:
        """Publish what the hub holds, and ask for it."""
        self.hub.publish(revision=revision)
        return self.ask(revision)

    def ask(self, revision: str = "main") -> Offer:
        return model_fetch.offer(NAME, hub_url=self.hub.url, revision=revision, reach=self.reach)

    def fetch(self, offer: Offer | None = None) -> FetchedModel:
        return model_fetch.fetch(self.places, offer or self.offer(), now=NOW, reach=self.reach)

    @property
    def root(self) -> Path:
        return self.places.data / "models"

    @property
    def left(self) -> list[str]:
        """What lies in the models folder, the lock aside."""
        if not self.root.exists():
            return []
        return sorted(path.name for path in self.root.iterdir() if path.name != ".fetch.lock")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[HttpsPeer]:
    with HttpsPeer(authority.issue("localhost"), {}) as peer:
        yield peer


@pytest.fixture
def net(server: HttpsPeer, authority: Authority, tmp_path: Path) -> Net:
    server.routes.clear()
    server.requests.clear()
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    return Net(HubPeer(server), places, Reach(str(authority.ca_file), allow_loopback=True))


def test_what_is_offered_is_what_the_model_needs_and_nothing_is_written_by_asking(net: Net) -> None:
    offer = net.offer()
    assert {file.path for file in offer.files} == set(MODEL)
    assert offer.size == sum(map(len, MODEL.values()))
    assert (offer.listing.commit, offer.listing.licence) == (COMMIT, "apache-2.0")
    assert net.hub.fetched == ["modules.json"]
    assert not net.places.data.exists()


def test_a_model_arrives_whole_private_and_with_its_origin(net: Net) -> None:
    before = os.umask(0)
    try:
        model = net.fetch()
    finally:
        os.umask(before)
    assert net.left == [LABEL]
    folder = net.root / LABEL
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in there.items() if name != ".ipse.json"} == dict(MODEL)
    assert {path.stat().st_mode & 0o777 for path in there.values()} == {0o600}
    folders = {folder, net.root, net.places.data, folder / "1_Pooling"}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert (model.name, model.commit, model.hub) == (NAME, COMMIT, net.hub.url)
    assert (model.licence, model.languages, model.fetched) == (
        "apache-2.0",
        ("en", "de"),
        "2026-01-31T12:00:00Z",
    )
    assert model.source.name == "someone--small-model"
    assert model.source.verify() == folder
    assert fetched_models(net.places) == [model]
    assert find(net.places, NAME) == find(net.places, LABEL) == model.source


def test_a_request_carries_no_credential_though_there_are_some(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hf_abcdefghijklmnop"
    (tmp_path / "hf" / "hub").mkdir(parents=True)
    (tmp_path / "hf" / "token").write_text(secret)
    (tmp_path / ".cache" / "huggingface").mkdir(parents=True)
    (tmp_path / ".cache" / "huggingface" / "token").write_text(secret)
    (tmp_path / ".netrc").write_text(f"machine localhost login me password {secret}\n")
    for name, value in {
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": secret,
        "HUGGING_FACE_HUB_TOKEN": secret,
        "HF_ENDPOINT": "https://elsewhere.example",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    net.fetch()
    for request in net.hub.peer.requests:
        names = [line.split(b":")[0] for line in request.split(b"\r\n")[1:] if line]
        assert names == [b"Host", b"Accept", b"Accept-Encoding", b"User-Agent", b"Connection"]
        assert b"User-Agent: ipse\r\n" in request
        assert secret.encode() not in request
    assert set((tmp_path / "hf").rglob("*")) == {tmp_path / "hf" / "hub", tmp_path / "hf" / "token"}


def test_a_model_that_is_there_already_is_not_fetched_again(net: Net) -> None:
    model = net.fetch()
    net.hub.peer.requests.clear()
    assert net.fetch() == model
    assert net.hub.fetched == ["modules.json"]


def test_another_revision_lies_beside_the_first_and_the_name_means_the_last_one(net: Net) -> None:
    net.fetch()
    later = net.hub.listing["sha"] = "f" * 40
    net.hub.publish()
    for path, data in net.hub.files.items():
        net.hub.peer.routes[f"/{NAME}/resolve/{later}/{path}"] = body(data)
    model = model_fetch.fetch(net.places, net.ask(), now=NOW.replace(year=2027), reach=net.reach)
    assert net.left == [LABEL, f"someone--small-model@{'f' * 12}"]
    assert find(net.places, NAME) == model.source


def test_a_commit_is_a_promise(net: Net) -> None:
    assert net.offer(COMMIT).listing.commit == COMMIT
    with pytest.raises(MalformedInput, match="was asked for"):
        net.offer("e" * 40)


@pytest.mark.parametrize("answer", ["401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_a_model_that_is_not_public_is_not_found(net: Net, answer: str) -> None:
    net.hub.peer.routes[f"/api/models/{NAME}/revision/main?blobs=true"] = status(answer)
    with pytest.raises(NotFound, match="no public model"):
        net.ask()


@pytest.mark.parametrize(
    "url",
    ["http://localhost", "ftp://localhost", "localhost", "https://me:secret@localhost", "https://localhost?x=1",
     "https://localhost/#x", "file:///etc", ""],
)  # fmt: skip
def test_what_is_no_address_of_a_hub_is_refused(net: Net, url: str) -> None:
    with pytest.raises(UsageError, match="--hub"):
        model_fetch.offer(NAME, hub_url=url, reach=net.reach)


def test_a_hub_inside_the_own_network_is_not_asked(net: Net) -> None:
    for url in ("https://127.0.0.1", "https://10.0.0.1", "https://localhost"):
        with pytest.raises(errors.PrivateAddress):
            model_fetch.offer(NAME, hub_url=url, reach=Reach())


Lie = Callable[[HubPeer], object]


def _changed(path: str, **members: object) -> Lie:
    return lambda hub: hub.sibling(path).update(members)


def _named(name: str) -> Lie:
    """A harmless file under another name, listed and served."""
    return lambda hub: hub.add(name)


_IN_THE_LISTING: dict[str, tuple[Lie, type[IpseError]]] = {
    "a path above the model": (_named("../../x.json"), MalformedInput),
    "an absolute path": (_named("/tmp/x.json"), MalformedInput),
    "backslashes": (_named("..\\..\\x.json"), MalformedInput),
    "a drive": (_named("C:x.json"), MalformedInput),
    "a zero byte": (_named("x.json\0.txt"), MalformedInput),
    "a device of Windows": (_named("NUL.json"), MalformedInput),
    "names that differ in case": (_named("Config.json"), MalformedInput),
    "a name twice": (_named("config.json"), MalformedInput),
    "a name that steers the terminal": (_named("\x1b]0;owned\x07.json"), MalformedInput),
    "a name that reads backwards": (_named("\u202enosj.x"), MalformedInput),
    "too many files": (
        lambda hub: hub.listing["siblings"].extend([{"rfilename": "x"}] * 10_001), InputTooLarge
    ),
    "too large": (
        _changed("model.safetensors", size=9 * 1024**3), InputTooLarge
    ),
    "a large tokenizer": (_changed("tokenizer.json", size=200 * 1024**2), InputTooLarge),
    "a negative size": (_changed("config.json", size=-1), MalformedInput),
    "no hash": (_changed("config.json", blobId=None), MalformedInput),
    "no commit": (lambda hub: hub.listing.update(sha="../../x"), MalformedInput),
    "an account": (lambda hub: hub.listing.update(gated="manual"), NotFound),
    "modules.json with another hash": (_changed("modules.json", blobId="0" * 40), VerificationFailed),
    "modules.json with another size": (_changed("modules.json", size=5), VerificationFailed),
}  # fmt: skip


@pytest.mark.parametrize("name", _IN_THE_LISTING)
def test_a_listing_that_lies_is_refused_before_anything_is_written(net: Net, name: str) -> None:
    lie, error = _IN_THE_LISTING[name]
    lie(net.hub)
    with pytest.raises(error) as caught:
        net.offer()
    assert caught.value.message.isprintable()
    assert not net.places.data.exists()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(body(b" " * (9 * 1024 * 1024)), errors.TooLarge, id="huge"),
        pytest.param(
            drip(OK + b"\r\n", itertools.repeat(bytes(500_000)), 0.001), errors.TooLarge, id="without end"
        ),
        pytest.param(body(b"[" * 1_000_000), MalformedInput, id="deep"),
        pytest.param(body(b"\x1f\x8b", "Content-Encoding: gzip"), errors.BadResponse, id="compressed"),
        pytest.param(body(b"<html>"), MalformedInput, id="a page"),
        pytest.param(redirect("http://localhost/x"), errors.RedirectToHttp, id="by http"),
        pytest.param(redirect("file:///etc/passwd"), errors.RedirectToHttp, id="a file"),
        pytest.param(redirect("https://192.168.1.1/"), errors.PrivateAddress, id="at home"),
        pytest.param(status("500 No"), errors.StatusRefused, id="an error"),
    ],
)
def test_an_answer_that_is_no_listing_is_refused(net: Net, answer: Answer, error: type[IpseError]) -> None:
    net.hub.peer.routes[f"/api/models/{NAME}/revision/main?blobs=true"] = answer
    with pytest.raises(error):
        net.ask()
    assert not net.places.data.exists()


def _model(**changed: bytes) -> dict[str, bytes]:
    return {**MODEL, **{path.replace("__", "/"): data for path, data in changed.items()}}


_CODE: dict[str, dict[str, bytes]] = {
    "a module from elsewhere": {"modules.json": modules(("", "modeling.Model"))},
    "an import of sentence-transformers": {
        "modules.json": modules(("", "sentence_transformers.util.misc.torch"))
    },
    "a module above the model": {
        "modules.json": modules(("../..", "sentence_transformers.models.Transformer"))
    },
    "auto_map": {"config.json": b'{"auto_map": {"AutoModel": "modeling.Model"}}'},
    "auto_map of the tokenizer": {"tokenizer_config.json": b'{"auto_map": {"AutoTokenizer": "a.B"}}'},
    "trust_remote_code": {"config.json": b'{"trust_remote_code": true}'},
    "an adapter": {"adapter_config.json": b'{"base_model_name_or_path": "/"}'},
    "settings that do not read": {"config.json": b"[" * 100_000},
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", _CODE)
def test_a_model_that_needs_code_is_refused_before_its_weights_are_fetched(net: Net, name: str) -> None:
    hub = HubPeer(net.hub.peer, {**MODEL, **_CODE[name]})
    with pytest.raises(MalformedInput):
        Net(hub, net.places, net.reach).fetch()
    assert "model.safetensors" not in hub.fetched
    assert net.left == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "weights",
    [
        b"\x80\x04pickled",
        (2**60).to_bytes(8, "little") + b"{}",
        (17 * 2**20).to_bytes(8, "little") + b"{" * 99,
    ],
)
def test_weights_that_are_no_safetensors_are_deleted(net: Net, weights: bytes) -> None:
    hub = HubPeer(net.hub.peer, {**MODEL, "model.safetensors": weights})
    with pytest.raises(MalformedInput, match="does not begin like safetensors"):
        Net(hub, net.places, net.reach).fetch()
    assert net.left == []


_WEIGHTS = MODEL["model.safetensors"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(body(_WEIGHTS[:-1] + b"x"), VerificationFailed, id="other bytes"),
        pytest.param(body(_WEIGHTS + b"x"), errors.TooLarge, id="more bytes"),
        pytest.param(body(_WEIGHTS[:-1]), errors.BadResponse, id="fewer bytes"),
        pytest.param(
            drip(OK + b"\r\n", itertools.repeat(bytes(200_000)), 0.001), errors.TooLarge, id="without end"
        ),
        pytest.param(body(_WEIGHTS, "Content-Encoding: br"), errors.BadResponse, id="a compressed bomb"),
        pytest.param(redirect("http://localhost/x"), errors.RedirectToHttp, id="by http"),
        pytest.param(redirect("file:///etc/passwd"), errors.RedirectToHttp, id="from a file"),
        pytest.param(redirect("https://169.254.169.254/latest"), errors.PrivateAddress, id="from the inside"),
        pytest.param(redirect("https://localhost:1/x"), errors.ConnectionFailed, id="from nobody"),
        pytest.param(raw(), errors.ClosedEarly, id="not at all"),
    ],
)
def test_weights_that_are_not_those_announced_never_become_a_model(
    net: Net, answer: Answer, error: type[IpseError]
) -> None:
    net.hub.answers["model.safetensors"] = answer
    with pytest.raises(error):
        net.fetch()
    assert net.left == [f".fetching-{LABEL}"]
    assert fetched_models(net.places) == []
    with pytest.raises(NotFound):
        find(net.places, NAME)
    kept = (net.root / f".fetching-{LABEL}" / "model.safetensors").stat().st_size
    assert kept <= len(_WEIGHTS)
    net.hub.answers.clear()
    assert net.fetch().source.verify()
    assert net.left == [LABEL]


def test_an_interrupted_fetch_is_taken_up_where_it_ended(net: Net) -> None:
    half = len(_WEIGHTS) // 2
    net.hub.answers["model.safetensors"] = raw(
        OK + b"Content-Length: %d\r\n\r\n" % len(_WEIGHTS), _WEIGHTS[:half]
    )
    with pytest.raises(errors.ClosedEarly):
        net.fetch()
    kept = (net.root / f".fetching-{LABEL}" / "model.safetensors").stat().st_size
    assert kept > 0
    net.hub.peer.requests.clear()
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {kept}-{len(_WEIGHTS) - 1}/*\r\n\r\n"
    net.hub.answers["model.safetensors"] = raw(head.encode(), _WEIGHTS[kept:])
    net.fetch()
    assert net.hub.fetched == ["modules.json", "model.safetensors"]
    assert b"Range: bytes=%d-\r\n" % kept in net.hub.peer.requests[-1]


def test_what_other_fetches_left_is_swept(net: Net) -> None:
    (net.root / ".fetching-other@1" / "deep").mkdir(parents=True)
    (net.root / ".fetching-other@1" / "deep" / "file").write_bytes(b"x")
    (net.root / ".fetching-file").write_bytes(b"x")
    partial = net.root / f".fetching-{LABEL}"
    (partial / "onnx").mkdir(parents=True)
    (partial / "onnx" / "model.json").write_bytes(b"x")
    (partial / "modeling.py").write_bytes(b"x")
    (partial / "extra.json").write_bytes(b"{}")
    model = net.fetch()
    assert net.left == [LABEL]
    assert {path for path, _ in model.source.files} == set(MODEL)
    assert not (net.root / LABEL / "modeling.py").exists()


def test_links_in_the_models_folder_lead_nothing_astray(net: Net, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "config.json").write_bytes(b"keep me")
    net.root.mkdir(parents=True)
    partial = net.root / f".fetching-{LABEL}"
    partial.symlink_to(precious)
    (net.root / ".fetching-other").symlink_to(precious)
    net.fetch()
    assert (precious / "config.json").read_bytes() == b"keep me"
    (net.root / LABEL).rename(tmp_path / "aside")
    partial.mkdir()
    (partial / "config.json").symlink_to(precious / "config.json")
    (partial / "1_Pooling").symlink_to(precious)
    (partial / "vocab.txt").hardlink_to(precious / "config.json")
    with pytest.raises(StorageError, match="no file of its own"):
        net.fetch()
    net.fetch()
    assert (precious / "config.json").read_bytes() == b"keep me"
    assert list(precious.iterdir()) == [precious / "config.json"]
    (net.root / LABEL).rename(tmp_path / "aside2")
    (net.root / LABEL).symlink_to(precious)
    with pytest.raises(CorruptData, match="not a model that ipse fetched"):
        net.fetch()
    assert fetched_models(net.places) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "record",
    [b"", b"{}", b"[]", b'{"name": 5}', b"\xff", json.dumps({"source": {"name": "../x"}}).encode()],
)
def test_a_folder_without_a_sound_record_is_no_fetched_model(net: Net, record: bytes) -> None:
    net.fetch()
    (net.root / LABEL / ".ipse.json").write_bytes(record)
    assert fetched_models(net.places) == []
    with pytest.raises(CorruptData, match="not a model that ipse fetched") as caught:
        net.fetch()
    assert "move it away" in caught.value.hint


def test_a_model_has_to_be_safetensors_that_something_reads(net: Net) -> None:
    hub = HubPeer(net.hub.peer, {path: data for path, data in MODEL.items() if path != "model.safetensors"})
    hub.add("eval/model.safetensors", safetensors())
    with pytest.raises(MalformedInput, match="pickled weights in its folder"):
        Net(hub, net.places, net.reach).offer()
