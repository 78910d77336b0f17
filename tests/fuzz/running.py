"""One target under atheris, in this process, which ends with it: `python -m tests.fuzz.running TARGET`.

A failure does not end the run: the smallest input for each is kept, and the run goes on.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atheris

with atheris.instrument_imports(include=["ipse"]):
    # Modules that import others late are instrumented all the same, so that what those do guides as well.
    for _room in (
        "encoding", "keys", "dids", "credentials", "protocols", "wallet.batch", "network",
        "preferences.sources",
    ):  # fmt: skip
        _package = importlib.import_module(f"ipse.{_room}")
        for _module in pkgutil.walk_packages(_package.__path__, f"ipse.{_room}."):
            importlib.import_module(_module.name)
    importlib.import_module("ipse.storage.manifest")
    importlib.import_module("ipse.wallet.drafting")

from tests.fuzz import mutation, signing
from tests.fuzz.target import Failure, Target, tried
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz.mutation import Vocabulary

_RAW = 0.15
"""Of the changes, those that libFuzzer makes to the bytes, whatever the form."""


class _Findings:
    """The smallest input for each way to fail, in a folder."""

    def __init__(self, folder: Path, target: Target) -> None:
        self._folder = folder
        self._target = target
        self._sizes: dict[str, int] = {}

    def look(self, data: bytes) -> None:
        """Try an input, and keep it if it fails."""
        failure = tried(self._target, data)
        if failure is not None and len(data) < self._sizes.get(failure.name, sys.maxsize):
            self._keep(failure, data)

    def _keep(self, failure: Failure, data: bytes) -> None:
        first = failure.name not in self._sizes
        self._sizes[failure.name] = len(data)
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / failure.name).write_bytes(data)
        (self._folder / f"{failure.name}.story").write_text(failure.story, errors="backslashreplace")
        if first:
            print(f"finding: {self._target.name} {failure.name}", flush=True)


def _mutator(target: Target, words: Vocabulary) -> Any:
    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < _RAW:
            return bytes(atheris.Mutate(data, max_size))
        new = mutation.changed(data, chance, words)
        if target.signed and chance.random() < 0.5:
            new = signing.signed_again(new)
        return new if len(new) <= max_size else data

    return mutate


def main() -> None:
    """Run the target that the command line names. Never returns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--findings", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    chosen = parser.parse_args()
    target = TARGETS[chosen.target]
    seeds = list(target.seeds())
    for number, seed in enumerate(seeds):
        (chosen.corpus / f"seed-{number}").write_bytes(seed)
    folder = chosen.findings / target.name
    options = [
        sys.argv[0], f"-runs={chosen.runs}", f"-seed={chosen.seed}", f"-max_len={target.max_length}",
        "-len_control=0", "-timeout=30", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0",
        f"-artifact_prefix={folder}/", str(chosen.corpus),
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    findings = _Findings(folder, target)
    atheris.Setup(options, findings.look, custom_mutator=_mutator(target, mutation.vocabulary_of(seeds)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
