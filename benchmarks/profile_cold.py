"""How long a profile command takes from a cold start, against sentence-transformers.

Each run is a fresh process; they take turns, so that the ratios hold on a noisy machine:

- sentence-transformers: import it, load the same model, encode 20 candidates and a sentence
- ipse embedding: load the default model, embed the same
- ipse profile search: the whole command, in a wallet of 120 statements with an encrypted keystore file
- ipse profile rank: the whole command, of the 20 candidates, in the same wallet

The wallet is filled beforehand. Ratios are medians over the turns. Where other
programs use the processors, torch's threads wait for each other and the ratios flatter ipse.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SENTENCE = "I like long walks in the mountains."
_DATA = Path(__file__).parent.parent / "examples" / "data"
_BOOKS = _DATA / "books.csv"
_CANDIDATES = _DATA / "candidates.txt"

_SENTENCE_TRANSFORMERS = f"""
import os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
from sentence_transformers import SentenceTransformer
from ipse.preferences.embedding import DEFAULT_MODEL
model = SentenceTransformer(str(DEFAULT_MODEL.locate()), device="cpu", local_files_only=True)
texts = open(sys.argv[1], encoding="utf-8").read().splitlines()
model.encode([*texts, {_SENTENCE!r}], show_progress_bar=False)
"""

_EMBEDDING = f"""
import sys
from ipse.preferences.embedding import load_default
texts = open(sys.argv[1], encoding="utf-8").read().splitlines()
load_default().embed([*texts, {_SENTENCE!r}])
"""


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _wallet(folder: Path) -> dict[str, str]:
    """The environment of a wallet in `folder` that knows the books."""
    secret = folder / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("benchmark\n")
    environment = {**os.environ, "IPSE_HOME": str(folder / "wallet"), "IPSE_PASSPHRASE_FILE": str(secret)}
    for arguments in (["init", "--keystore", "file"], ["profile", "import", str(_BOOKS)]):
        subprocess.run([_program(), *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    return environment


def _program() -> str:
    return str(Path(sys.executable).with_name("ipse"))


def main() -> None:
    """Print the medians and what they are of sentence-transformers' time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=5, metavar="N", help="fresh processes of each kind (5)")
    runs = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        environment = _wallet(Path(folder))
        contenders = {
            "sentence-transformers": [sys.executable, "-c", _SENTENCE_TRANSFORMERS, str(_CANDIDATES)],
            "ipse embedding": [sys.executable, "-c", _EMBEDDING, str(_CANDIDATES)],
            "ipse profile search": [_program(), "profile", "search", _SENTENCE],
            "ipse profile rank": [_program(), "profile", "rank", str(_CANDIDATES)],
        }
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(runs):
            for name, command in contenders.items():
                times[name].append(_seconds(command, environment))
    for name, seconds in times.items():
        pairs = zip(times["sentence-transformers"], seconds, strict=True)
        ratio = statistics.median(reference / own for reference, own in pairs)
        share = "" if name == "sentence-transformers" else f"   1/{ratio:.1f}"
        bound = "   (at most 1/15)" if name == "ipse profile rank" else ""
        median = statistics.median(seconds)
        print(f"{name:22} median {median:6.3f} s   least {min(seconds):6.3f} s{share}{bound}")
    print(f"load average over the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
