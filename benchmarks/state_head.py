"""What binding the vault to its state head costs, against the same commands of another checkout.

Each run is a fresh process on a wallet of its own, with an encrypted keystore file; the two checkouts take
turns, so that the ratios hold on a noisy machine:

- profile like: one opinion more, in a wallet of 10,000
- profile import: 10,000 opinions into an empty wallet

Give the folder of a checkout from before the head, with an installed .venv. Ratios are of medians; the bar is
1.3 for both. Exits with 1 where one is above.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from short_texts import short_texts

_STATEMENTS = 10_000
_AT_MOST = 1.3
_HERE = Path(__file__).parent.parent


def _run(checkout: Path, home: Path, secret: Path, *arguments: str) -> float:
    environment = {**os.environ, "IPSE_HOME": str(home), "IPSE_PASSPHRASE_FILE": str(secret)}
    command = [str(checkout / ".venv" / "bin" / "ipse"), *arguments]
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _opinions(path: Path, statements: int) -> None:
    draw = random.Random(8)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "weight"])
        for text in short_texts(statements):
            writer.writerow([text, draw.choice((-1.0, -0.5, 0.5, 1.0))])


def main() -> int:
    """Measure both and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("before", type=Path, help="a checkout from before the head, with its .venv")
    parser.add_argument("--statements", type=int, default=_STATEMENTS)
    parser.add_argument("--likes", type=int, default=9, help="turns of `profile like`")
    parser.add_argument("--imports", type=int, default=3, help="turns of `profile import`")
    options = parser.parse_args()
    checkouts = {"before": options.before.absolute(), "here": _HERE}
    seconds: dict[str, dict[str, list[float]]] = {"import": {}, "like": {}}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        secret = folder / "passphrase"
        secret.touch(mode=0o600)
        secret.write_text("benchmark\n")
        _opinions(folder / "opinions.csv", options.statements)
        for turn in range(options.imports):
            for name, checkout in checkouts.items():
                home = folder / name
                if turn:
                    shutil.rmtree(home)
                _run(checkout, home, secret, "init", "--keystore", "file")
                # The first opinion of a wallet compiles the model, which the import is not to be charged for.
                _run(checkout, home, secret, "profile", "like", "the first one")
                taken = _run(checkout, home, secret, "profile", "import", str(folder / "opinions.csv"))
                seconds["import"].setdefault(name, []).append(taken)
        for turn in range(options.likes):
            for name, checkout in checkouts.items():
                taken = _run(checkout, folder / name, secret, "profile", "like", f"the novel of turn {turn}")
                seconds["like"].setdefault(name, []).append(taken)
    worst = 0.0
    for what, by_checkout in seconds.items():
        before, here = (statistics.median(by_checkout[name]) for name in ("before", "here"))
        worst = max(worst, here / before)
        print(f"profile {what}: before {before:.2f} s, here {here:.2f} s, ratio {here / before:.2f}")
    return int(worst > _AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
