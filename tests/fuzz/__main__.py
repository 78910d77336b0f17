"""`python -m tests.fuzz --inputs N [--target NAME] [--seed S]`: exit 1 where an input failed."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.targets import TARGETS

__all__ = ["Outcome", "main", "shared_out"]

FINDINGS: Final = Path(__file__).parent / "findings"
_FEWEST: Final = 50
"""Inputs that each target gets at least."""
_MAX_RESTARTS: Final = 5
"""After an input that ended the process: a crash of a library, a timeout, too much memory."""
_STAT: Final = re.compile(r"^stat::(\w+): +(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target; `kept` are inputs that reached something new, `failures` their names."""

    target: str
    inputs: int
    seconds: float
    kept: int
    failures: tuple[str, ...]

    @property
    def line(self) -> str:
        """The outcome as one line of the table."""
        rate = self.inputs / self.seconds if self.seconds else 0.0
        failed = f"  {', '.join(self.failures)}" if self.failures else ""
        return f"{self.target:<18}{self.inputs:>10}{self.seconds:>9.1f}{rate:>10.0f}{self.kept:>10}{failed}"


def shared_out(inputs: int, names: Sequence[str]) -> dict[str, int]:
    """How many of `inputs` each target gets: by its share, and a few at least."""
    whole = sum(TARGETS[name].share for name in names)
    return {name: max(_FEWEST, -(-inputs * TARGETS[name].share // whole)) for name in names}


def run(name: str, runs: int, seed: int) -> Outcome:
    """One target in processes of its own: one, and another for each that an input ended."""
    begun = time.perf_counter()
    done = kept = 0
    found = FINDINGS / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ipse-fuzz-") as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for restart in range(_MAX_RESTARTS + 1):
            if done >= runs:
                break
            inputs, new, ended = _process(name, runs - done, seed + restart, corpus)
            done, kept = done + inputs, kept + new
            if ended or not inputs:
                break
    failures = tuple(sorted(path.name for path in found.iterdir() if path.suffix != ".story"))
    if not failures:
        shutil.rmtree(found)
    if done < runs and not failures:
        failures = (f"ended after {done} of {runs} inputs",)
    return Outcome(name, done, time.perf_counter() - begun, kept, failures)


def _process(name: str, runs: int, seed: int, corpus: Path) -> tuple[int, int, bool]:
    """How many inputs it took, how many reached something new, and whether it ended as it should."""
    command = [
        sys.executable, "-m", "tests.fuzz.running", name, "--runs", str(runs), "--seed", str(seed),
        "--corpus", str(corpus), "--findings", str(FINDINGS),
    ]  # fmt: skip
    process = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(corpus.parent)},
    )
    stats = {stat: int(number) for stat, number in _STAT.findall(process.stdout)}
    for line in process.stdout.splitlines():
        if line.startswith("finding: "):
            print(line, file=sys.stderr, flush=True)
    if process.returncode:
        said = [line for line in process.stdout.splitlines() if not line.startswith("INFO: ")]
        print(f"{name} ended with {process.returncode}:", *said[-40:], sep="\n", file=sys.stderr, flush=True)
    inputs = stats.get("number_of_executed_units", 0)
    return inputs, stats.get("new_units_added", 0), process.returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where every input was taken or refused as it should be, 1 where one was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="over all targets")
    parser.add_argument("--target", action="append", choices=TARGETS, help="one target; may be given again")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="targets at a time")
    chosen = parser.parse_args(arguments)
    names = chosen.target or list(TARGETS)
    plan = shared_out(chosen.inputs, names)
    shutil.rmtree(FINDINGS, ignore_errors=True)
    print(f"{'target':<18}{'inputs':>10}{'seconds':>9}{'per s':>10}{'new seeds':>10}  findings", flush=True)
    outcomes: list[Outcome] = []
    begun = time.perf_counter()
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for future in as_completed(pool.submit(run, name, runs, chosen.seed) for name, runs in plan.items()):
            outcomes.append(future.result())
            print(outcomes[-1].line, flush=True)
    total = Outcome(
        "all", sum(one.inputs for one in outcomes), time.perf_counter() - begun,
        sum(one.kept for one in outcomes), (),
    )  # fmt: skip
    print(total.line, flush=True)
    failed = [one for one in outcomes if one.failures]
    if failed:
        print(f"inputs that failed are in {FINDINGS}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
