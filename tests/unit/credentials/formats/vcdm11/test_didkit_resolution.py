"""What didkit reads offline beside ipse, and what it is not asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from ipse.credentials.formats.vcdm11 import didkit_process, didkit_resolution
from ipse.errors import Undetermined
from ipse.wallet import resolution

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

SOLANA = "did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev"
BITCOIN = "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6"
TEZOS = "did:pkh:tezos:NetXdQprcVkpaWU:tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq"


@needs_didkit
@pytest.mark.parametrize("did", [SOLANA, BITCOIN, TEZOS])
def test_a_did_pkh_of_another_chain_resolves_to_its_account(did: str) -> None:
    document = resolution.resolve(did, resolution.Reach())
    assert document["id"] == did
    assert document["verificationMethod"]


@needs_didkit
def test_resolving_through_didkit_needs_no_network() -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    imported = "from ipse.credentials.formats.vcdm11 import didkit_resolution as d"
    program = f"{imported}; assert d.resolve({SOLANA!r})['id']"
    subprocess.run(["unshare", "-rn", sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "did",
    [
        "did:ethr:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:tz:delphinet:tz1WvvbEGpBXGeTVbLiR6DYBe1izmgiYuZbq",
        "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:web:example.com",
        SOLANA + "#x",
        "did:pkh:solana:" + "a" * 65 + ":b",
    ],
)
def test_what_could_go_to_the_network_or_mislead_is_not_asked_for(did: str) -> None:
    assert not didkit_resolution.reads(did)


@needs_didkit
def test_nonsense_on_a_known_chain_is_undetermined() -> None:
    with pytest.raises(Undetermined):
        resolution.resolve("did:pkh:tezos:x:y", resolution.Reach())
