"""Processor time of `ipse answer` from a link to the page that asks, against `ipse vc verify`.

A verifier on loopback asks by reference under HAIP; the owner reads the page and says no. Both commands run
in turn in one go, so that the ratio holds on a noisy machine. Both open the same wallet, whose key is cheap
to derive. Run it as `python -m benchmarks.answering`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pexpect
from tests.conformance.holder import PROMPT, Holder, new_holder_key
from tests.conftest import at
from tests.made import PASSPHRASE, cheaply
from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import SigningAuthority
from tests.openid_peer.sd_jwt import identity_credential
from tests.openid_peer.verifier import Verifier
from tests.waiting import PATIENCE

from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet

_LIMIT = 3.0
_BOUND = ("--audience", "https://verifier.example", "--nonce", "a-nonce-of-the-benchmark")


def _holder(folder: Path, verifiers: SigningAuthority, issuers: SigningAuthority, tls: Authority) -> Holder:
    home = folder / "wallet"
    places = Places(data=home, cache=home / "cache")
    with cheaply():
        Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=datetime.now(UTC)).close()
    holder = Holder(at(home), tls.ca_file)
    holder.ipse("trust", "add", "--ca", issuers.ca_file, "--for", "issuer")
    holder.ipse("trust", "add", "--ca", verifiers.ca_file, "--for", "verifier")
    credential = identity_credential(issuers.signer("pid-issuer.example"), new_holder_key(holder.ipse))
    kept = holder.keep(credential)
    made = holder.ipse(
        "vc", "present", kept, *_BOUND, "--disclose", "given_name", "--disclose", "family_name"
    )
    (folder / "presentation").write_text(made.out)
    return holder


def _processor_seconds(arguments: Sequence[str], holder: Holder, answer: str, code: int) -> float:
    """User and system time of one run of the program at a terminal, which must end with `code`."""
    child = pexpect.spawn(
        sys.executable, ["-m", "ipse", *arguments], env=holder.ipse.variables, timeout=PATIENCE
    )
    if answer:
        child.expect_exact(PROMPT)
        child.send(answer)
    child.expect(pexpect.EOF)
    before = os.times()
    child.wait()
    after = os.times()
    assert child.exitstatus == code, child.before
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=11, help="counted runs of each (default: 11)")
    runs = parser.parse_args().n
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tls = Authority(folder)
        verifiers, issuers = SigningAuthority("Access", folder), SigningAuthority("Identity", folder)
        holder = _holder(folder, verifiers, issuers, tls)
        access = verifiers.signer("localhost")

        def answering() -> float:
            with Verifier(tls, access, issuers) as verifier:
                given = ["answer", verifier.link(), "--allow-loopback", "--ca-file", str(tls.ca_file)]
                seconds = _processor_seconds(given, holder, "no\r", 7)
                assert verifier.error() == "access_denied"
            return seconds

        def verifying() -> float:
            return _processor_seconds(["vc", "verify", str(folder / "presentation"), *_BOUND], holder, "", 0)

        answering(), verifying()
        pairs = [(answering(), verifying()) for _ in range(runs)]
    ours, reference = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"ipse answer LINK, to the page and no   median {ours * 1000:6.0f} ms   ({runs} runs)")
    print(f"ipse vc verify FILE                    median {reference * 1000:6.0f} ms")
    print(f"ratio                                  {ours / reference:.2f}   (at most {_LIMIT:.0f})")


if __name__ == "__main__":
    main()
