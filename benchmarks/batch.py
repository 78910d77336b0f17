"""How fast batches are, against other people's implementations, and how much memory a long one takes.

Ours are whole runs: rows parsed, credentials validated, signed and written (or read, DIDs resolved, verified
and reported), worker processes started. Theirs are loops in one process, as the libraries are made. All of it
is the same credential; each pair runs in turn in one go, so that the ratio holds on a noisy machine.

Node packages come from tests/interop/peers (installed there if npm is at hand), the Python reference of
SD-JWT from a virtual environment under benchmarks/peers. What can't be had is skipped by name.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ipse.credentials.issuer import IssueOptions, SigningKey
from ipse.credentials.policy import Policy
from ipse.dids import did_key
from ipse.keys import ed25519
from ipse.wallet.batch import Job, Progress, Rows, Summary, issue, verify
from ipse.wallet.batch.workers import cores
from ipse.wallet.verifier import Verifier

REPOSITORY: Final = Path(__file__).parents[1]
NODE: Final = REPOSITORY / "tests" / "interop" / "peers"
PEERS: Final = Path(__file__).parent / "peers"
REFERENCE: Final = "sd-jwt==0.10.4"

TERMS: Final = {name: f"https://schema.org/{name}" for name in ("name", "department", "level")}
SUBJECT: Final = {
    "id": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "name": "Ada Lovelace",
    "department": "Analysis",
    "level": "senior",
}
CREDENTIAL: Final = {
    "@context": ["https://www.w3.org/ns/credentials/v2", TERMS],
    "id": "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5",
    "type": ["VerifiableCredential"],
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": SUBJECT,
}
OLD_CREDENTIAL: Final = {
    **{name: value for name, value in CREDENTIAL.items() if name != "validFrom"},
    "@context": ["https://www.w3.org/2018/credentials/v1", TERMS],
    "issuanceDate": "2026-01-01T00:00:00Z",
}
HIDDEN: Final = ("name", "department", "level")
CLAIMS: Final = {
    "vct": "https://example.org/employee",
    "iss": SUBJECT["id"],
    "iat": 1_767_225_600,
    "sub": SUBJECT["id"],
    **{name: SUBJECT[name] for name in HIDDEN},
}
KEY: Final = ed25519.generate()
DID: Final = did_key.from_public_key(KEY.public())


@dataclass(frozen=True)
class Bar:
    """Ours against one of theirs, and how many times as fast it has to be."""

    ours: str
    what: str
    peer: str
    least: float


BARS: Final = (
    Bar("w3c eddsa-jcs-2022", "issue", "Digital Bazaar eddsa-rdfc-2022", 12),
    Bar("w3c eddsa-jcs-2022", "issue", "didkit Ed25519Signature2018", 20),
    Bar("w3c eddsa-rdfc-2022", "issue", "Digital Bazaar eddsa-rdfc-2022", 3),
    Bar("w3c eddsa-rdfc-2022", "verify", "Digital Bazaar eddsa-rdfc-2022", 3),
    Bar("sd-jwt", "issue", "sd-jwt (Python reference)", 1.5),
    Bar("sd-jwt", "issue", "sd-jwt-js", 1.5),
    Bar("sd-jwt", "verify", "sd-jwt (Python reference)", 1.5),
    Bar("sd-jwt", "verify", "sd-jwt-js", 1.5),
)
OURS: Final = {
    "w3c eddsa-jcs-2022": ("w3c", "eddsa-jcs-2022", 40_000),
    "w3c eddsa-rdfc-2022": ("w3c", "eddsa-rdfc-2022", 10_000),
    "sd-jwt": ("sd-jwt", None, 40_000),
}


def _template(form: str) -> dict[str, Any]:
    places = {name: f"{{{{{name}}}}}" for name in SUBJECT}
    if form == "sd-jwt":
        return {"vct": CLAIMS["vct"], "sub": places["id"], **{name: places[name] for name in HIDDEN}}
    return {
        **{name: value for name, value in CREDENTIAL.items() if name != "id"},
        "credentialSubject": places,
    }


def _job(form: str, suite: str | None) -> Job:
    options = IssueOptions(form, suite=suite, disclosable=HIDDEN if form == "sd-jwt" else ())
    signing_key = SigningKey(DID, did_key.verification_method_id(DID), KEY)
    return Job(signing_key, options, _template(form))


def _write_rows(path: Path, count: int) -> None:
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps({**SUBJECT, "name": f"Ada Lovelace {number}"}) + "\n")


def _issue(
    job: Job, rows: Path, output: Path, progress: Callable[[Progress], None] | None = None
) -> tuple[Summary, float]:
    start = time.perf_counter()
    with rows.open("rb") as file:
        summary = issue(
            job, Rows(file, "ndjson", what="rows"), output, now=datetime.now(UTC), progress=progress
        )
    return summary, summary.rows / (time.perf_counter() - start)


def _verify(issued: Path, output: Path) -> tuple[Summary, float]:
    verifier = Verifier(Policy(issuers=frozenset({DID})))
    start = time.perf_counter()
    with issued.open("rb") as file:
        summary = verify(verifier, Rows(file, "ndjson", what="lines"), output, now=datetime.now(UTC))
    return summary, summary.rows / (time.perf_counter() - start)


def _ours(name: str, folder: Path) -> dict[str, float]:
    """Rows per second of whole runs; every row must come out well."""
    form, suite, count = OURS[name]
    rows, issued, reports = (folder / f"{each}.ndjson" for each in ("rows", "issued", "reports"))
    _write_rows(rows, count)
    for path in (issued, reports):
        path.unlink(missing_ok=True)
    made, issue_rate = _issue(_job(form, suite), rows, issued)
    assert made.counts == {"issued": count}, made
    checked, verify_rate = _verify(issued, reports)
    assert checked.counts == {"passed": count}, (checked, reports.read_text()[:2000])
    return {"issue": issue_rate, "verify": verify_rate}


def _run(command: list[str], stdin: dict[str, Any], folder: Path = REPOSITORY) -> dict[str, float]:
    done = subprocess.run(
        command, input=json.dumps(stdin), capture_output=True, text=True, cwd=folder, check=False
    )
    if not done.stdout.startswith("{"):  # didkit may crash at exit, its answer is out by then
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    rates: dict[str, float] = json.loads(done.stdout)
    return rates


def _prepare_node() -> str | None:
    """Why there is no node with the peers' packages; None where there is."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    if not (NODE / "node_modules").is_dir():
        installed = subprocess.run(["npm", "ci", "--silent"], cwd=NODE, capture_output=True, check=False)
        if installed.returncode:
            return "npm ci failed in tests/interop/peers"
    return None


def _prepare_reference() -> str | None:
    """Why the Python reference can't be run; None where it can."""
    python = PEERS / ".venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
    if subprocess.run([str(python), "-c", "import sd_jwt"], capture_output=True, check=False).returncode:
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", REFERENCE]
        if subprocess.run(pip, capture_output=True, check=False).returncode:
            return f"pip can't install {REFERENCE}"
    return None


def _prepare_didkit() -> str | None:
    from ipse.credentials.formats.vcdm11 import didkit_process

    return None if didkit_process.available() else "there is no didkit for this Python"


def _peers(seconds: float) -> dict[str, tuple[Callable[[], str | None], Callable[[], dict[str, float]]]]:
    """By name: what prepares it, and what measures it once."""
    duration, hidden = str(seconds), ",".join(HIDDEN)
    rdfc = ["node", "bench/data_integrity.mjs", "eddsa-rdfc-2022", duration]
    reference = [str(PEERS / ".venv/bin/python"), str(PEERS / "sd_jwt_reference.py"), duration, hidden]
    didkit = [sys.executable, str(PEERS / "didkit_issue.py"), duration]
    return {
        "Digital Bazaar eddsa-rdfc-2022": (_prepare_node, lambda: _run(rdfc, CREDENTIAL, NODE)),
        "didkit Ed25519Signature2018": (_prepare_didkit, lambda: _run(didkit, OLD_CREDENTIAL)),
        "sd-jwt (Python reference)": (_prepare_reference, lambda: _run(reference, CLAIMS)),
        "sd-jwt-js": (
            _prepare_node,
            lambda: _run(["node", "bench/sd_jwt.mjs", duration, hidden], CLAIMS, NODE),
        ),
    }


def _compare(rounds: int, seconds: float, folder: Path) -> None:
    peers = _peers(seconds)
    missing = {name: why for name, (prepare, _) in peers.items() if (why := prepare())}
    print(f"{'batch, rows per second':24}{'':8}{'ipse':>8}   {'peer':>8}   ratio    bar   ({cores()} cores)")
    for name in OURS:
        bars = [bar for bar in BARS if bar.ours == name]
        rivals = sorted({bar.peer for bar in bars} - missing.keys())
        ours: list[dict[str, float]] = []
        theirs: dict[str, list[dict[str, float]]] = {rival: [] for rival in rivals}
        for _ in range(rounds):
            ours.append(_ours(name, folder))
            for rival in rivals:
                theirs[rival].append(peers[rival][1]())
        for bar in bars:
            mine = statistics.median(rates[bar.what] for rates in ours)
            if bar.peer in missing:
                print(f"{name:24}{bar.what:8}{mine:8.0f}   skipped {bar.peer}: {missing[bar.peer]}")
                continue
            other = statistics.median(rates[bar.what] for rates in theirs[bar.peer])
            verdict = "" if mine / other >= bar.least else "  MISSED"
            print(
                f"{name:24}{bar.what:8}{mine:8.0f}   {other:8.0f}   {mine / other:5.1f}  >={bar.least:4g}   "
                f"{bar.peer}{verdict}",
                flush=True,
            )


def _peak_memory() -> int:
    """Bytes: the most that this process and its children have held so far, summed. Linux alone says."""
    total = 0
    children = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    for process in ("self", *(pid for pids in children for pid in pids)):
        status = Path("/proc", process, "status").read_text()
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return total * 1024


def _milestones(count: int) -> Iterator[int]:
    yield from (part for part in (count // 10, count // 2, count) if part)


def _long_run(count: int, folder: Path) -> None:
    """One batch of `count` rows, with the memory of all processes at a tenth, half and the end of it."""
    rows, issued = folder / "rows.ndjson", folder / "issued.ndjson"
    issued.unlink(missing_ok=True)
    _write_rows(rows, count)
    left = list(_milestones(count))

    def progress(so_far: Progress) -> None:
        while left and so_far.rows >= left[0]:
            memory = f"{_peak_memory() / 1e6:.0f} MB" if sys.platform == "linux" else "unknown on this system"
            print(f"  {left.pop(0):>9} rows   peak memory of all processes {memory}", flush=True)

    print(f"w3c eddsa-jcs-2022, one batch of {count} rows")
    summary, rate = _issue(_job("w3c", "eddsa-jcs-2022"), rows, issued, progress)
    assert summary.counts == {"issued": count}
    print(f"  {rate:.0f} rows/s, {issued.stat().st_size / 1e6:.0f} MB written")


def main() -> None:
    """Print the comparison, then the long run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--seconds", type=float, default=2, help="for each run of a peer (default: 2)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the long run (default: 1000000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _compare(options.rounds, options.seconds, Path(folder))
        if options.rows:
            _long_run(options.rows, Path(folder))


if __name__ == "__main__":
    main()
