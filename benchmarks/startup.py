"""How fast a command starts, against a Python process that imports typer.

All run in turn in one go, so that the ratios hold on a noisy machine.
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


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=21, help="counted runs of each (default: 21)")
    runs = parser.parse_args().n
    ipse = str(Path(sys.executable).with_name("ipse"))
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "passphrase")
        secret.touch(mode=0o600)
        secret.write_text("benchmark\n")
        environment = {**os.environ, "IPSE_HOME": f"{folder}/wallet", "IPSE_PASSPHRASE_FILE": str(secret)}
        for arguments in (
            ["init", "--keystore", "file"],
            *(["did", "create", "--name", f"n{i}"] for i in range(5)),
        ):
            subprocess.run([ipse, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
        reference = [sys.executable, "-c", "import typer"]
        completing = {"_IPSE_COMPLETE": "complete_bash", "COMP_WORDS": "ipse did show n", "COMP_CWORD": "3"}
        cases = {
            "ipse did list": (["did", "list"], {}, 1.3),
            "ipse": ([], {}, 1.3),
            "completion of a DID": ([], completing, 1.5),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        theirs = []
        for run in range(runs + 1):
            measured = _seconds(reference, environment)
            each = {
                name: _seconds([ipse, *arguments], {**environment, **more})
                for name, (arguments, more, _) in cases.items()
            }
            if run:  # the first of each reads from the disk
                theirs.append(measured)
                for name, seconds in each.items():
                    times[name].append(seconds)
    least = statistics.median(theirs)
    name = 'python -c "import typer"'
    print(f"{name:26} median {least * 1000:6.0f} ms   ({runs} runs)")
    for name, (_, _, most) in cases.items():
        median = statistics.median(times[name])
        print(f"{name:26} median {median * 1000:6.0f} ms   ratio {median / least:.2f} (at most {most})")


if __name__ == "__main__":
    main()
