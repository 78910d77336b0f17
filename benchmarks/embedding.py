"""How fast many short texts become vectors, against sentence-transformers.

Both are loaded beforehand and take turns in one process on the same texts:

- sentence-transformers: encode, as it is by default
- ipse embedding: embed, nothing else
- ipse import: remember, the whole way into a new vault: tokens, vectors, what is written and synced

The texts are made of word lists, all different, and the titles of MovieLens where shared/data has them.
Where other programs use the processors, torch's threads wait for each other and the ratios flatter ipse;
so the load is printed, and the processor time of both.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from short_texts import short_texts

_AT_LEAST = 6
_MOVIES = Path(__file__).parent.parent.parent / "shared" / "data" / "movielens-small" / "movies.csv"


def _movie_titles(count: int) -> list[str]:
    with _MOVIES.open(encoding="utf-8", newline="") as file:
        rows = [f"{row['title']} ({row['genres'].replace('|', ', ')})" for row in csv.DictReader(file)]
    return list(dict.fromkeys(rows))[:count]


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Of the clock and of the processors."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


def _import(embedder: Any, texts: list[str], folder: Path) -> tuple[float, float]:
    """Seconds to keep and embed `texts` in a wallet that is new and open."""
    from ipse.storage.places import find_places
    from ipse.storage.statements import NewStatement
    from ipse.wallet.profile.remembering import remember
    from ipse.wallet.wallet import Wallet

    now = datetime.now(UTC)
    os.environ["IPSE_HOME"] = str(folder)
    new = [NewStatement(text, 0.5, source="benchmark") for text in texts]
    with Wallet.create(find_places(), keystore="file", passphrase=lambda: b"benchmark", now=now) as wallet:
        wallet.vault.rows("SELECT 1")
        return _seconds(lambda: remember(wallet, embedder, new, now=now))


def _compare(name: str, texts: list[str], model: Any, embedder: Any, runs: int) -> None:
    tokens = [len(ids) for ids in model.tokenizer(texts)["input_ids"]]
    print(
        f"{name}: {len(texts)} texts, {statistics.mean(tokens):.1f} tokens each on average, "
        f"of which 2 are the model's own"
    )
    contenders: dict[str, Callable[[Path], tuple[float, float]]] = {
        "sentence-transformers": lambda _: _seconds(lambda: model.encode(texts, show_progress_bar=False)),
        "ipse embedding": lambda _: _seconds(lambda: embedder.embed(texts)),
        "ipse import": lambda folder: _import(embedder, texts, folder),
    }
    times: dict[str, list[tuple[float, float]]] = {contender: [] for contender in contenders}
    for _ in range(runs):
        for contender, measure in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                times[contender].append(measure(Path(folder)))
    for contender, seconds in times.items():
        pairs = zip(times["sentence-transformers"], seconds, strict=True)
        ratio = statistics.median(reference[0] / own[0] for reference, own in pairs)
        verdict = f"   (at least {_AT_LEAST})" if contender == "ipse import" else ""
        clock, used = (statistics.median(kind) * 1000 / len(texts) for kind in zip(*seconds, strict=True))
        print(
            f"  {contender:22} {clock:6.3f} s per 1,000 ({used:.3f} s of processors)   "
            f"{ratio:5.2f} times as fast{verdict}"
        )
    cosines = (model.encode(texts, show_progress_bar=False) * embedder.embed(texts)).sum(axis=1)
    print(f"  parity on these texts: mean cosine {cosines.mean():.4f}, least {cosines.min():.4f}")


_MEMORY = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from short_texts import short_texts
from ipse.preferences.embedding import load_default
load_default().embed(short_texts(1000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def _peak_memory() -> str:
    """Megabytes of a process that embeds 1,000 short texts and has nothing else loaded."""
    command = [sys.executable, "-c", _MEMORY, str(Path(__file__).parent)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Print the medians of the paired ratios, the parity and the memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=5, metavar="N", help="runs of each contender (5)")
    runs = parser.parse_args().n
    from ipse.preferences.embedding import DEFAULT_MODEL, default_manifest, load_default

    embedder = load_default()
    manifest = default_manifest()
    memory = _peak_memory()
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(DEFAULT_MODEL.locate()), device="cpu", local_files_only=True)
    for each in (model.encode, embedder.embed):
        each(short_texts(64))
    _compare("statements", short_texts(1000), model, embedder, runs)
    if _MOVIES.exists():
        _compare("movie titles with genres", _movie_titles(1000), model, embedder, runs)
    print(
        f"compiled as {manifest.runtime}, parity on the fixed sentences: mean cosine "
        f"{manifest.parity_mean:.4f}, least {manifest.parity_min:.4f} (mean at least .985)"
    )
    print(f"load average over the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"peak memory: {memory} MB for embedding alone, ", end="")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB with sentence-transformers")


if __name__ == "__main__":
    main()
