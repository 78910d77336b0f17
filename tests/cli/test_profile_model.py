"""`ipse profile model`: another model, taken from a folder or fetched, and back."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect
import pytest

from ipse.preferences.embedding import DEFAULT_MODEL, compile_model, default_manifest, local_model
from ipse.preferences.embedding.compiled_model import folder_of
from ipse.preferences.embedding.shipped_model import near_fingerprints
from ipse.storage import settings
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests import small_model
from tests.conftest import EXAMPLES, PASSPHRASE, REPOSITORY, Ipse, trust_compiled
from tests.network_peer.certificates import Authority
from tests.network_peer.hub import COMMIT, MODEL, NAME, HubPeer, files_of
from tests.network_peer.server import HttpsPeer, body, status
from tests.waiting import PATIENCE

_CANDIDATES = EXAMPLES / "candidates.txt"
_TEXTS = ("novels about whales and the deep sea", "proofs in number theory", "bread and pasta recipes")


@pytest.fixture(scope="session")
def small(models_extra: None, takes_long: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with random weights; not to be changed."""
    return small_model.make(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="session")
def compiled(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the small model compiled."""
    cache = tmp_path_factory.mktemp("compiled") / "models"
    compile_model(cache, model=local_model(small))
    return cache


@pytest.fixture
def own(small: Path, tmp_path: Path) -> Path:
    """A copy of the small model, to be spoilt."""
    (tmp_path / "own").mkdir()
    return Path(shutil.copytree(small, tmp_path / "own" / "small"))


@pytest.fixture
def said(taught: Ipse, compiled: Path) -> Ipse:
    """A wallet with three statements, embedded by the default model, that has the small one compiled."""
    for text in _TEXTS:
        taught("profile", "like", text)
    shutil.copytree(compiled, taught.home / "cache" / "models", ignore=shutil.ignore_patterns(".*"))
    with Wallet(Places(data=taught.home, cache=taught.home / "cache"), lambda: PASSPHRASE) as wallet:
        trust_compiled(wallet)
    return taught


def _forget_compiled(ipse: Ipse, name: str) -> None:
    (folder,) = (ipse.home / "cache" / "models").glob(f"{name}-*")
    shutil.rmtree(folder)


def _models(ipse: Ipse) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in ipse("profile", "model", "list", "--json").json["models"]}


def test_a_model_card_in_the_folder_says_what_the_model_is_good_at(said: Ipse, own: Path) -> None:
    (own / "README.md").write_text("---\nlicense: mit\nlanguage:\n- fr\n- de\ntags:\n- en\n---\n# A model\n")
    said("profile", "model", "use", own)
    assert _models(said)["small"]["languages"] == ["fr", "de"]


def _in_use(ipse: Ipse) -> str:
    (name,) = [name for name, row in _models(ipse).items() if row["in_use"]]
    return name


def test_the_default_is_listed_with_what_is_known_of_it(taught: Ipse) -> None:
    taught("profile", "like", _TEXTS[0])
    (row,) = _models(taught).values()
    assert (row["name"], row["in_use"], row["dimension"], row["vectors"]) == (
        "all-MiniLM-L6-v2", True, 384, 1,
    )  # fmt: skip
    assert row["languages"] == ["en"]
    assert row["parity_mean"] >= 0.985
    assert row["bytes"] > 10**7
    assert taught("profile", "model", "list").out.startswith("*  all-MiniLM-L6-v2 ")


def test_another_model_embeds_everything_anew_and_the_default_takes_it_back(said: Ipse, own: Path) -> None:
    default = _models(said)["all-MiniLM-L6-v2"]["fingerprint"]
    used = said("profile", "model", "use", own, "--json", "--no-input").json
    assert used["dimension"] == 40
    assert used["fingerprint"] != default
    rows = _models(said)
    assert (rows["small"]["in_use"], rows["small"]["vectors"]) == (True, 3)
    assert (rows["all-MiniLM-L6-v2"]["in_use"], rows["all-MiniLM-L6-v2"]["vectors"]) == (False, 0)
    assert len(said("profile", "rank", _CANDIDATES, "--json").json["ranking"]) == 20
    said("profile", "like", "long walks")
    assert _models(said)["small"]["vectors"] == 4
    assert said("profile", "model", "use", "default", "--json").json["fingerprint"] == default
    rows = _models(said)
    assert (rows["all-MiniLM-L6-v2"]["vectors"], rows["small"]["vectors"]) == (4, 0)
    found = said("profile", "search", "cooking at home", "--limit", "1", "--json").json["statements"]
    assert found[0]["text"] == "bread and pasta recipes"


def test_a_model_is_compiled_before_the_old_one_is_given_up(said: Ipse, own: Path) -> None:
    (own / "config.json").write_text('{"model_type": "no such thing"}')
    error = said("profile", "model", "use", own, "--json", code=6).error
    assert error["message"].startswith("the model small can't be loaded")
    assert _in_use(said) == "all-MiniLM-L6-v2"
    assert len(said("profile", "rank", _CANDIDATES, "--json").json["ranking"]) == 20


@pytest.mark.parametrize("command", ["rank", "rebuild"])
def test_a_model_that_was_altered_is_named_with_the_way_back(said: Ipse, own: Path, command: str) -> None:
    said("profile", "model", "use", own)
    with (own / "vocab.txt").open("a") as file:
        file.write("x\n")
    said("profile", "rank", _CANDIDATES)  # what was compiled is still what was chosen
    if command != "rebuild":
        _forget_compiled(said, "small")
    calls: dict[str, tuple[str | Path, ...]] = {
        "rank": ("rank", _CANDIDATES),
        "rebuild": ("model", "rebuild"),
    }
    error = said("profile", *calls[command], "--json", code=6).error
    assert error["code"] == "corrupt"
    assert "the model small is not the expected one: vocab.txt" in error["message"]
    assert "ipse profile model use default" in error["hint"]
    if command == "rebuild":
        said("profile", "rank", _CANDIDATES)


def test_a_model_whose_folder_is_gone_is_not_found_with_the_way_back(said: Ipse, own: Path) -> None:
    said("profile", "model", "use", own)
    shutil.rmtree(own)
    assert "small" in _models(said)
    _forget_compiled(said, "small")
    error = said("profile", "rank", _CANDIDATES, "--json", code=5).error
    assert "ipse profile model use default" in error["hint"]
    said("profile", "model", "use", "default")
    assert len(said("profile", "rank", _CANDIDATES, "--json").json["ranking"]) == 20


def test_rebuilding_compiles_anew_and_keeps_the_vectors(said: Ipse, own: Path) -> None:
    said("profile", "model", "use", own)
    before = _models(said)
    run = said("profile", "model", "rebuild", "--all")
    assert "preparing the embedding model: loading the model" in run.err
    after = _models(said)
    assert after["small"]["fingerprint"] == before["small"]["fingerprint"]
    assert after["small"]["vectors"] == 3
    assert after["all-MiniLM-L6-v2"] == before["all-MiniLM-L6-v2"]


def test_the_default_is_ready_at_the_first_question_and_rebuilding_has_nothing_to_compile(
    taught: Ipse,
) -> None:
    first = taught("profile", "like", _TEXTS[0])
    assert "preparing" not in first.err
    before = taught("profile", "model", "list", "--json").json
    rebuilt = taught("profile", "model", "rebuild", "--all", "--json")
    assert (rebuilt.json["name"], "preparing" in rebuilt.err) == ("all-MiniLM-L6-v2", False)
    assert taught("profile", "model", "list", "--json").json == before
    assert list((taught.home / "cache").rglob("*.onnx")) == []


def test_a_default_that_an_earlier_version_compiled_is_replaced_with_all_its_vectors(taught: Ipse) -> None:
    taught("profile", "like", _TEXTS[0])
    old, places = (
        near_fingerprints(default_manifest().fingerprint)[0],
        Places(taught.home, taught.home / "cache"),
    )
    folder = folder_of(places.models, DEFAULT_MODEL)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"compiled by an earlier version")
    with Wallet(places, lambda: PASSPHRASE) as wallet, wallet.vault.transaction():
        settings.put(wallet.vault, "embedding-fingerprint", old)
        wallet.vault.change("UPDATE vectors SET fingerprint = ?", (old,))
    assert _models(taught)["all-MiniLM-L6-v2"]["vectors"] == 0
    run = taught("profile", "search", "whales", "--json")
    assert [found["text"] for found in run.json["statements"]] == [_TEXTS[0]]
    assert "embedding 1 statements with all-MiniLM-L6-v2" in run.err
    with Wallet(places, lambda: PASSPHRASE) as wallet:
        assert wallet.vault.rows("SELECT DISTINCT fingerprint FROM vectors") == [
            (default_manifest().fingerprint,)
        ]
    assert not folder.exists()


def test_what_is_neither_a_model_nor_a_folder_is_not_found(said: Ipse, tmp_path: Path) -> None:
    assert "model list" in said("profile", "model", "use", "nobody/nothing", "--json", code=5).error["hint"]
    said("profile", "model", "use", tmp_path, code=5)
    assert _in_use(said) == "all-MiniLM-L6-v2"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def peer(authority: Authority) -> Iterator[HttpsPeer]:
    with HttpsPeer(authority.issue("localhost"), {}) as server:
        yield server


def _fetch(hub: HubPeer, authority: Authority, *more: str) -> tuple[str, ...]:
    return (
        "profile", "model", "fetch", NAME, "--hub", hub.url,
        "--allow-loopback", "--ca-file", str(authority.ca_file), *more,
    )  # fmt: skip


def test_a_model_is_fetched_shown_used_and_listed_with_its_card(
    said: Ipse, small: Path, peer: HttpsPeer, authority: Authority
) -> None:
    hub = HubPeer(peer, {**files_of(small), "vocab.txt": b"[PAD]\n"})
    hub.publish()
    run = said(*_fetch(hub, authority, "--yes", "--json"))
    assert run.json["commit"] == COMMIT
    assert COMMIT in run.err
    assert "apache-2.0" in run.err
    assert "model.safetensors (" in run.err
    said("profile", "model", "use", NAME)
    row = _models(said)[NAME]
    assert (row["in_use"], row["vectors"], row["commit"]) == (True, 3, COMMIT)
    assert (row["languages"], row["licence"]) == (["en", "de"], "apache-2.0")
    assert len(said("profile", "rank", _CANDIDATES, "--json").json["ranking"]) == 20


def test_without_a_yes_nobody_is_even_asked(no_wallet: Ipse, peer: HttpsPeer, authority: Authority) -> None:
    hub = HubPeer(peer)
    hub.publish()
    for more in ((), ("--no-input",), ("-q",)):
        assert "--yes" in no_wallet(*_fetch(hub, authority, *more, "--json"), code=7).error["hint"]
    assert peer.requests == []


@pytest.mark.sampled(1)
@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize(("typed", "code"), [("yes", 0), ("no", 7), ("y", 7), ("", 7)])
def test_the_owner_sees_what_comes_and_types_yes(
    ipse: Ipse, peer: HttpsPeer, authority: Authority, typed: str, code: int
) -> None:
    hub = HubPeer(peer)
    hub.publish()
    child = pexpect.spawn(
        sys.executable,
        ["-m", "ipse", *_fetch(hub, authority)],
        env=dict(ipse.variables),
        encoding="utf-8",
        timeout=PATIENCE,
    )
    child.expect("licence:")
    child.expect("vocab.txt")
    child.expect("type yes: ")
    assert hub.fetched == ["modules.json"]
    child.sendline(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    fetched = list((ipse.home / "models").glob("someone*")) if (ipse.home / "models").exists() else []
    assert len(fetched) == (1 if code == 0 else 0)


@pytest.mark.parametrize("listing", ["not found", "lies", "steers"])
def test_a_hub_that_makes_no_sense_gets_one_clean_line(
    ipse: Ipse, peer: HttpsPeer, authority: Authority, listing: str
) -> None:
    hub = HubPeer(peer, MODEL)
    if listing == "steers":
        hub.add("\x1b]0;owned\x07\x1b[2J.json")
    hub.publish()
    address = f"/api/models/{NAME}/revision/main?blobs=true"
    if listing == "not found":
        peer.routes[address] = status("404 Not Found")
    if listing == "lies":
        peer.routes[address] = body(b'{"sha": "\\u001b[31m"}')
    run = ipse(*_fetch(hub, authority, "--yes"), code=5 if listing == "not found" else 6)
    assert len(run.err.splitlines()) == 2
    assert all(line.isprintable() for line in run.err.splitlines())
    assert not (ipse.home / "models").exists()


_NO_NETWORK = """
import os, pathlib, socket
def refuse(*arguments, **options):
    with (pathlib.Path(__file__).parent / "attempts").open("a") as file:
        file.write(f"{os.getpid()} {arguments}\\n")
    raise OSError("there is no network here")
connect = socket.socket.connect
def local_only(self, address):
    return connect(self, address) if self.family == socket.AF_UNIX else refuse(address)
socket.socket.connect = socket.socket.connect_ex = local_only
socket.getaddrinfo = socket.create_connection = socket.gethostbyname = refuse
(pathlib.Path(__file__).parent / "loaded").touch()
"""

_CALLS: dict[str, tuple[str, ...]] = {
    "import": ("books.csv",),
    "like": ("tea",),
    "dislike": ("meetings",),
    "add": ("born by the sea",),
    "list": (),
    "show": ("1",),
    "edit": ("1", "--text", "novels about whales"),
    "supersede": ("2", "proofs in geometry", "--like"),
    "forget": ("3",),
    "export": (),
    "search": ("tea",),
    "rank": ("candidates.txt",),
    "feedback": ("1",),
    "interests": (),
    "why": ("tea",),
    "contradictions": (),
    "map": ("-o", "map.html"),
    "stats": (),
    "topics add": ("lighthouses",),
    "topics": (),
    "topics open": ("Politics",),
    "topics close": ("Politics",),
    "topics delete": ("lighthouses",),
    "model list": (),
    "model use": ("small",),
    "model rebuild": (),
}
"""A call of each command of `ipse profile` that has to get by without a network: all but one."""


@pytest.fixture
def offline(said: Ipse, tmp_path: Path) -> tuple[Ipse, Path]:
    """The program where every connection fails and is noted; the folder of the notes."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(_NO_NETWORK)
    variables = {"PYTHONPATH": f"{guard}{os.pathsep}{REPOSITORY / 'src'}"}
    return replace(said, environment={**said.environment, **variables}), guard


def _commands(root: str) -> Iterator[str]:
    import typer

    from ipse.cli.app import Group, application

    def walk(group: Group, name: str) -> Iterator[str]:
        ctx = typer.Context(group)
        for part in group.list_commands(ctx):
            command, whole = group.get_command(ctx, part), f"{name} {part}".strip()
            yield from walk(command, whole) if isinstance(command, Group) else (whole,)

    top = application()
    group = top.get_command(typer.Context(top), root)
    assert isinstance(group, Group)
    return walk(group, "")


def test_every_command_of_the_profile_has_a_call_here() -> None:
    assert set(_commands("profile")) - {"model fetch"} <= set(_CALLS)


def test_no_command_of_the_profile_but_fetch_uses_the_network(
    offline: tuple[Ipse, Path], own: Path, tmp_path: Path
) -> None:
    ipse, guard = offline
    places = {"books.csv": EXAMPLES / "books.csv", "candidates.txt": _CANDIDATES, "small": own,
              "map.html": tmp_path / "map.html"}  # fmt: skip
    for command, arguments in _CALLS.items():
        given = [places.get(argument, argument) for argument in arguments]
        run = ipse("profile", *command.split(), *given, code=None)
        assert run.code in (0, 5), f"{command}: {run.err}"  # 5: there is nothing yet to show
    assert (guard / "loaded").exists()
    assert not (guard / "attempts").exists(), (guard / "attempts").read_text()
    ipse("profile", "model", "fetch", NAME, "--yes", code=9)
    assert "huggingface.co" in (guard / "attempts").read_text()
