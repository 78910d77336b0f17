"""How fast a large profile ranks, against the matrix product that comparing with every statement would take.

100,000 statements, made of word lists and all different, with vectors around 50 centres, lie in a vault.
Each of these is a process of its own, so that its peak memory is known, and they take turns:

- matrix product: of all vectors with those of 1,000 candidates, numpy in float32, nothing read
- ipse rank: vault opened, taste continued from what is kept, 1,000 candidates scored and sorted
- ipse rank, 10 new: the same with 10 statements more since the last time

and once each:

- filling the vault: keeping the statements and their vectors, drawn in the same process
- ipse rank, learned anew: the same with nothing kept
- fit: a taste learned from arrays, nothing read

Vectors are at hand: no model runs; so is the wallet's key. One in twenty times, one of 10
new statements is an inducing point, and everything is learned anew: medians are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from short_texts import short_texts

from ipse.encoding.timestamps import format_timestamp
from ipse.keys import derivation
from ipse.keys.keystore import Keystore
from ipse.preferences import taste
from ipse.preferences.taste import Evidence, Texts
from ipse.preferences.vectors import to_bytes
from ipse.storage import manifest, statement_vectors, statements
from ipse.storage.manifest import Manifest
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from ipse.wallet.profile.ranking import rank
from ipse.wallet.wallet import Wallet

Floats = NDArray[np.float32]

_STATEMENTS = 100_000
_CANDIDATES = 1000
_NEW = 10
_REPEATS = 5
_DIMENSION = 384
_CENTRES = 50
_FINGERPRINT = "5" * 16
_ROOT = b"5" * 32
_AT_MOST = 3
_NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
_BEGAN = datetime(2016, 2, 2, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class AtHand:
    """An embedder whose vectors are there already: those of the candidates."""

    vectors: Floats
    fingerprint: str = _FINGERPRINT
    dimension: int = _DIMENSION

    def embed(self, texts: Sequence[str]) -> Floats:
        """The vectors of the candidates; nothing else is asked for."""
        if len(texts) != len(self.vectors):
            raise ValueError(f"{len(texts)} texts have no vectors")
        return self.vectors


def _all_texts() -> list[str]:
    """More texts than are needed, all different, the same in every process."""
    return short_texts(_STATEMENTS + 10 * _CANDIDATES)


def _vectors(count: int, *, seed: int) -> Floats:
    """Unit vectors around the centres, float32 (count, d), the same in every process."""
    centres = np.random.default_rng(0).standard_normal((_CENTRES, _DIMENSION), np.float32)
    draw = np.random.default_rng(seed)
    vectors = draw.standard_normal((count, _DIMENSION), np.float32)
    vectors *= 0.7
    vectors += centres[draw.integers(0, _CENTRES, count)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _candidates() -> tuple[list[str], AtHand]:
    return _all_texts()[-_CANDIDATES:], AtHand(_vectors(_CANDIDATES, seed=2))


def _opinion(text: str, draw: random.Random) -> NewStatement:
    """An opinion of the last ten years."""
    moment = datetime.fromtimestamp(draw.uniform(_BEGAN, _NOW.timestamp()), UTC)
    weight = draw.choice((-1.0, -0.5, 0.0, 0.5, 1.0))
    return NewStatement(text, weight, "said", valid_from=format_timestamp(moment))


def _say(wallet: Wallet, new: Sequence[NewStatement], vectors: Floats) -> None:
    added = statements.add(wallet.vault, new, now=format_timestamp(_NOW))
    rows = to_bytes(vectors)
    statement_vectors.keep(wallet.vault, _FINGERPRINT, list(zip(added.numbers, rows, strict=True)))


class _Opened(Wallet):
    """A wallet whose key is at hand: deriving one from a passphrase takes memory and time of its own."""

    @property
    def root(self) -> bytes:
        return _ROOT

    @property
    def keystore(self) -> Keystore:
        return _AtHandToo(self.places.data / "state")


@dataclass(frozen=True, slots=True)
class _AtHandToo:
    """A keystore that holds nothing but the state of the vault, in a file."""

    path: Path
    description: str = "a file"

    def find(self, _: str) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def add(self, _: str, secret: bytes) -> None:
        self.path.write_bytes(secret)

    replace = add

    def get(self, _: str) -> bytes:
        return self.path.read_bytes()

    def remove(self, _: str) -> None:
        self.path.unlink(missing_ok=True)


def _wallet(folder: Path) -> Wallet:
    return _Opened(Places(folder / "wallet", folder / "cache"), lambda: b"")


def _fill(folder: Path) -> list[float]:
    start = time.perf_counter()
    places = Places(folder / "wallet", folder / "cache")
    places.data.mkdir()
    manifest.create(places.manifest, Manifest("5" * 16, "file", "root-5", format_timestamp(_NOW)))
    Vault.create(places.vault, derivation.vault_key(_ROOT)).close()
    draw = random.Random(5)
    new = [_opinion(text, draw) for text in _all_texts()[:_STATEMENTS]]
    with _wallet(folder) as wallet:
        _say(wallet, new, _vectors(_STATEMENTS, seed=1))
    return [time.perf_counter() - start]


def _timed(work: Callable[[], object], repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def matrix_product(_: Path) -> list[float]:
    known, asked = _vectors(_STATEMENTS, seed=1), np.ascontiguousarray(_vectors(_CANDIDATES, seed=2).T)
    return _timed(lambda: known @ asked, _REPEATS)


def rank_kept(folder: Path, *, new: int = 0, anew: bool = False, repeats: int = _REPEATS) -> list[float]:
    """Each time the vault is opened afresh, changed where that is asked for, and closed."""
    texts, embedder = _candidates()
    more = _unsaid(folder)
    draw = random.Random(6)
    seconds = []
    for _ in range(repeats):
        with _wallet(folder) as wallet:
            if anew:
                wallet.vault.change("DELETE FROM tastes")
            if new:
                said = [_opinion(next(more), draw) for _ in range(new)]
                _say(wallet, said, embedder.vectors[:new])
        with _wallet(folder) as wallet:
            seconds += _timed(partial(rank, wallet, embedder, texts, now=_NOW), 1)
    return seconds


def _unsaid(folder: Path) -> Iterator[str]:
    with _wallet(folder) as wallet:
        said = statements.count(wallet.vault)
    return iter(_all_texts()[said:-_CANDIDATES])


def rank_few_new(folder: Path) -> list[float]:
    return rank_kept(folder, new=_NEW)


def rank_anew(folder: Path) -> list[float]:
    return rank_kept(folder, anew=True, repeats=1)


def fit(_: Path) -> list[float]:
    texts = _all_texts()[:_STATEMENTS]
    draw = np.random.default_rng(5)
    evidence = Evidence(
        Texts.of(texts, _vectors(_STATEMENTS, seed=1)),
        draw.uniform(-1, 1, _STATEMENTS),
        draw.uniform(16_000, 20_000, _STATEMENTS),
        np.array([taste.text_key(text) for text in texts], np.uint64),
    )
    return _timed(lambda: taste.fit(evidence), 1)


_REFERENCE = "matrix product"
_TURNS: dict[str, Callable[[Path], list[float]]] = {
    _REFERENCE: matrix_product,
    "ipse rank": rank_kept,
    "ipse rank, 10 new": rank_few_new,
}
_ONCE = {"filling the vault": _fill, "ipse rank, learned anew": rank_anew, "fit": fit}
_WORK: dict[str, Callable[[Path], list[float]]] = {**_TURNS, **_ONCE}


def _in_a_process(name: str, folder: Path) -> tuple[float, float]:
    """Median seconds and peak memory (MB) of one kind of work; were this process large, it would count."""
    command = [sys.executable, __file__, "--work", name, str(folder)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = json.loads(run.stdout)
    return statistics.median(seconds), memory


def _work(name: str, folder: Path) -> None:
    seconds = _WORK[name](folder)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6]))


def _print(name: str, seconds: Sequence[float], memory: float, ratio: str = "") -> None:
    median, least = statistics.median(seconds), min(seconds)
    print(f"{name:24} median {median:6.3f} s   least {least:6.3f} s   peak {memory:5.0f} MB{ratio}")


def main() -> None:
    """Print the medians, what they are of the matrix product's time, and the memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=3, metavar="N", help="processes of each kind (3)")
    parser.add_argument("--work", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        _work(arguments.work[0], Path(arguments.work[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in _ONCE:
            seconds, memory = _in_a_process(name, Path(folder))
            _print(name, [seconds], memory)
        turns = [{name: _in_a_process(name, Path(folder)) for name in _TURNS} for _ in range(arguments.n)]
    for name in _TURNS:
        ratio = statistics.median(turn[name][0] / turn[_REFERENCE][0] for turn in turns)
        bound = "" if name == _REFERENCE else f"   {ratio:.2f} times   (at most {_AT_MOST})"
        _print(name, [turn[name][0] for turn in turns], max(turn[name][1] for turn in turns), bound)
    print(f"load average over the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
