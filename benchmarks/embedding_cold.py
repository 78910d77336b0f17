"""How long one embedding takes from a cold start: sentence-transformers against ipse.

    python benchmarks/embedding_cold.py -n 7

Each run is a fresh process that imports, loads the model and embeds one sentence; the two take turns.
ipse's model is compiled beforehand, into a temporary folder unless --cache names one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SENTENCE = "I like long walks in the mountains."

_SENTENCE_TRANSFORMERS = f"""
import os
os.environ["HF_HUB_OFFLINE"] = "1"
from sentence_transformers import SentenceTransformer
from ipse.preferences.embedding import DEFAULT_MODEL
model = SentenceTransformer(str(DEFAULT_MODEL.locate()), device="cpu", local_files_only=True)
model.encode([{_SENTENCE!r}], show_progress_bar=False)
"""

_IPSE = f"""
import sys
from pathlib import Path
from ipse.preferences.embedding import load
load(Path(sys.argv[1])).embed([{_SENTENCE!r}])
"""


def _seconds(code: str, *arguments: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _measure(cache: Path, runs: int) -> None:
    from ipse.preferences.embedding import open_embedder

    open_embedder(cache, progress=lambda stage: print(f"compiling: {stage}", file=sys.stderr))
    reference: list[float] = []
    compiled: list[float] = []
    for _ in range(runs):
        reference.append(_seconds(_SENTENCE_TRANSFORMERS))
        compiled.append(_seconds(_IPSE, str(cache)))
    for name, seconds in (("sentence-transformers", reference), ("ipse", compiled)):
        print(
            f"{name:22} median {statistics.median(seconds):6.3f} s   "
            f"least {min(seconds):6.3f} s   most {max(seconds):6.3f} s   ({runs} fresh processes)"
        )
    print(f"{'ratio of medians':22} {statistics.median(reference) / statistics.median(compiled):13.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=5, metavar="N", help="fresh processes of each kind (5)")
    parser.add_argument("--cache", type=Path, help="where the compiled model is or will be")
    options = parser.parse_args()
    if options.cache is not None:
        _measure(options.cache, options.n)
    else:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), options.n)


if __name__ == "__main__":
    main()
