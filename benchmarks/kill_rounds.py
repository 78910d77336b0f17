"""Kill -9 at a random moment, over and over: the program importing, and embedding again.

Every round starts `ipse` as a process of its own on the same wallet and kills it at a random moment between
a third and six fifths of the time that such a run takes; what comes before is the start of the interpreter.
One round imports 100 titles; the next one, after the vectors were taken away as a change of model does,
searches, which embeds everything again. After each the vault is opened and looked over; at the end every
import is run once more. It prints what was found, and fails where anything was lost or doubled or did not
finish.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ipse.storage import statement_vectors, statements
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet

_PASSPHRASE = b"benchmark"
_TITLES = 100
_EMBEDDING = 0.0006
"""Seconds that one statement takes."""


def _run(arguments: list[str], environment: dict[str, str]) -> float:
    """Let it end; how many seconds it took."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "ipse", *arguments, "-q"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def _killed(arguments: list[str], environment: dict[str, str], after: float) -> bool:
    """Kill it after some seconds; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ipse", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def _titles(folder: Path, number: int) -> Path:
    path = folder / f"{number}.csv"
    rows = (f"{subject} {number}.{row},{row % 5 + 1}" for row, subject in enumerate(_subjects()))
    path.write_text("title,rating\n" + "\n".join(rows) + "\n")
    return path


def _subjects() -> list[str]:
    things = (
        "whales",
        "number theory",
        "bread",
        "snow",
        "old maps",
        "chess",
        "rain",
        "opera",
        "bees",
        "glass",
    )
    return [f"a {kind} of {thing}" for kind in
            ("history", "novel", "song", "film", "walk", "book", "dream", "study", "letter", "map")
            for thing in things]  # fmt: skip


def _check(places: Places, imported: int) -> tuple[int, int]:
    """Open the vault and look it over; how many statements there are and how many await their vector."""
    with Wallet(places, lambda: _PASSPHRASE) as wallet:
        vault = wallet.vault
        assert vault.rows("PRAGMA integrity_check") == [("ok",)]
        assert vault.rows("PRAGMA foreign_key_check") == []
        kept = statements.every(vault)
        doubled = [text for text, times in Counter(said.text for said in kept).items() if times > 1]
        assert not doubled, f"doubled: {doubled[:3]}"
        assert len(kept) % _TITLES == 0, "half an import was kept"
        assert len(kept) <= imported * _TITLES
        vectors = vault.rows("SELECT fingerprint, count(*) FROM vectors GROUP BY fingerprint")
        assert len(vectors) <= 1, "the vectors of two models"
        return len(kept), len(kept) - (vectors[0][1] if vectors else 0)


def main() -> None:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secret = folder / "passphrase"
        secret.touch(mode=0o600)
        secret.write_bytes(_PASSPHRASE)
        environment = {
            **os.environ,
            "IPSE_HOME": str(folder / "wallet"),
            "IPSE_PASSPHRASE_FILE": str(secret),
        }
        places = Places(data=folder / "wallet", cache=folder / "wallet" / "cache")
        _run(["init", "--keystore", "file"], environment)
        _run(["profile", "import", str(_titles(folder, 0))], environment)
        taken = _run(["profile", "import", str(_titles(folder, 1))], environment)
        _rounds(options.rounds, chance, folder, places, environment, taken)


def _rounds(
    rounds: int,
    chance: random.Random,
    folder: Path,
    places: Places,
    environment: dict[str, str],
    taken: float,
) -> None:
    outcomes: Counter[str] = Counter()
    files = [folder / "0.csv", folder / "1.csv"]
    for number in range(rounds):
        after = taken * chance.uniform(0.3, 1.2)
        if number % 2 == 0:
            files.append(_titles(folder, len(files)))
            before, _ = _check(places, len(files))
            killed = _killed(["profile", "import", str(files[-1])], environment, after)
            kept, waiting = _check(places, len(files))
            state = "before it" if kept == before else "embedding" if waiting else "all of it"
            outcomes[f"import, {'killed' if killed else 'ended'}: {state}"] += 1
        else:
            with Wallet(places, lambda: _PASSPHRASE) as wallet:
                statement_vectors.remove(wallet.vault, but="")
            after += chance.random() * _EMBEDDING * _TITLES * len(files)
            killed = _killed(["profile", "search", "the sea"], environment, after)
            kept, waiting = _check(places, len(files))
            state = "before it" if waiting == kept else "half-way" if waiting else "all of it"
            outcomes[f"embedding again, {'killed' if killed else 'ended'}: {state}"] += 1
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{rounds}", end="", file=sys.stderr)
    for file in files:
        _run(["profile", "import", str(file)], environment)
    kept, waiting = _check(places, len(files))
    assert (kept, waiting) == (len(files) * _TITLES, 0), "an import did not finish"
    print(f"{rounds} rounds of kill -9, {kept} statements at the end: none lost, none doubled, each embedded")
    for outcome, times in sorted(outcomes.items()):
        print(f"  {times:4}  {outcome}")


if __name__ == "__main__":
    main()
