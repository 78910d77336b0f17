"""Code of others that runs on what a stranger sent: what it can take when it is taken over.

The attacker has a credential that turns a flaw of didkit, or of one of the libraries compiled into it, into
their own code. They want the private key, the wallet, and a way to send it out. didkit used to be given the
key for every signature, the whole environment, the folder that ipse ran in, and open descriptors.

It can't come back because no job can hold a key (ipse signs; didkit sees only what anybody may see), and the
child closes the doors before it reads the job: no file, no socket and no process can be opened any more. Here
the place of didkit is taken by code that tries all of it.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials.formats.vcdm11 import (
    didkit_process,
    didkit_resolution,
    embedded_proofs,
    jwt,
    presentations,
)
from ipse.credentials.model import vcdm11
from ipse.encoding import base64url
from ipse.errors import Undetermined
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

KEYS: dict[str, PrivateKey] = {
    name: key_types.private_key(name, bytes(range(1, 33))) for name in key_types.SIGNING_TYPES
}
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

HOSTILE = """
import asyncio, json, os, socket, sys

def attempt(what):
    try:
        return repr(what())[:200]
    except BaseException as error:
        return "refused: " + type(error).__name__

def spoils(target):
    return {
        "file": attempt(lambda: open(target["secret"]).read()),
        "listing": attempt(lambda: os.listdir(target["folder"])),
        "write": attempt(lambda: open(target["folder"] + "/left", "w")),
        "network": attempt(lambda: socket.create_connection(("127.0.0.1", target["port"]), 5)),
        "unix socket": attempt(lambda: socket.socket(socket.AF_UNIX)),
        "datagram": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
        "memory of the parent": attempt(lambda: open(f"/proc/{os.getppid()}/mem", "rb")),
        "environment of the parent": attempt(lambda: open(f"/proc/{os.getppid()}/environ", "rb").read()),
        "program": attempt(lambda: __import__("subprocess").run(["/bin/true"], capture_output=True)),
        "core": attempt(lambda: __import__("resource").getrlimit(4)),
        "environment": dict(os.environ),
        "arguments": sys.orig_argv[:6],
        "place": os.getcwd(),
        "descriptors": [number for number in range(64) if is_open(number)],
        "job": sys.stdin.read() if not sys.stdin.closed else "",
    }

def is_open(number):
    import stat
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        return False
    return not stat.S_ISFIFO(mode) and not stat.S_ISCHR(mode) and number > 2

async def verify_credential(document, options):
    if document == "{}":
        return "{}"
    return json.dumps({"checks": [], "errors": [json.dumps(spoils(json.loads(document)))]})

verify_presentation = verify_credential

async def resolve_did(did, options):
    raise ValueError(json.dumps(spoils({"secret": "/etc/passwd", "folder": "/", "port": 9})))
"""


@pytest.fixture
def taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the attacker looks for, with their code in the place of didkit."""
    (tmp_path / "code" / "didkit").mkdir(parents=True)
    (tmp_path / "code" / "didkit" / "__init__.py").write_text(HOSTILE)
    home = tmp_path / "home"
    home.mkdir()
    (home / "vault.db").write_text("the vault")
    monkeypatch.setenv("IPSE_HOME", str(home))
    monkeypatch.setenv("IPSE_PASSPHRASE_FILE", str(home / "passphrase"))
    monkeypatch.chdir(home)
    monkeypatch.syspath_prepend(tmp_path / "code")
    kept = os.open(home / "vault.db", os.O_RDONLY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {
            "secret": str(home / "vault.db"),
            "folder": str(home),
            "port": listener.getsockname()[1],
        }
    os.close(kept)


def spoils_of(job: dict[str, Any]) -> dict[str, Any]:
    """What the attacker's code got out of one job."""
    errors = didkit_process.run(job)["errors"]
    found: dict[str, Any] = json.loads(errors[0])
    return found


def jobs_for(target: dict[str, Any]) -> dict[str, dict[str, Any]]:
    text = json.dumps(target)
    return {
        "credential": {"kind": "credential", "document": target, "expected": {}},
        "presentation": {"kind": "presentation", "document": target, "expected": {}},
        "jwt": {"kind": "credential", "jwt": text, "expected": {}},
        "resolution": {"resolve": "did:pkh:solana:a:b"},
    }


@pytest.mark.parametrize("kind", ["credential", "presentation", "jwt", "resolution"])
def test_what_takes_over_the_child_opens_nothing_and_finds_nothing(
    taken_over: dict[str, Any], kind: str
) -> None:
    found = spoils_of(jobs_for(taken_over)[kind])
    doors = ("file", "listing", "write", "network", "unix socket", "datagram", "program")
    behind = {name: found[name] for name in (*doors, "memory of the parent", "environment of the parent")}
    assert {name: got for name, got in behind.items() if not got.startswith("refused")} == {}
    assert found["environment"].keys() <= {"TOKIO_WORKER_THREADS", "MALLOC_ARENA_MAX", "LC_CTYPE"}
    assert found["core"] == "(0, 0)"
    assert found["descriptors"] == [] or set(found["descriptors"]) <= {3, 4, 5}  # the event loop's own
    assert taken_over["folder"] not in json.dumps({**found, "job": ""})
    assert Path(found["place"]).name.startswith("ipse-didkit-")
    assert not Path(found["place"]).exists()
    assert not Path(taken_over["folder"], "left").exists()


def did_of(key: PrivateKey) -> str:
    return "did:key:" + key_types.to_multikey(key.public())


def method_of(key: PrivateKey) -> str:
    return f"{did_of(key)}#{key_types.to_multikey(key.public())}"


def credential(key: PrivateKey) -> dict[str, Any]:
    return vcdm11.build(
        issuer=did_of(key), types=["Degree"], claims={"n": 1}, issuance_date=NOW, subject="did:example:a"
    )


def presentation(key: PrivateKey, *credentials: Any) -> dict[str, Any]:
    return vcdm11.build_presentation(holder=did_of(key), credentials=credentials)


@pytest.mark.sampled(1)
@needs_didkit
@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_no_job_holds_a_private_key_whatever_is_signed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    key = KEYS[name]
    sent: list[str] = []
    run = didkit_process.run

    def record(job: dict[str, Any], **bounds: Any) -> Any:
        sent.append(json.dumps(job))
        return run(job, **bounds)

    monkeypatch.setattr(didkit_process, "run", record)
    suites = embedded_proofs.PROOF_TYPES if name == "Ed25519" else ("JsonWebSignature2020",)
    challenge: dict[str, Any] = {"audience": "https://v.example", "nonce": "n", "created": NOW}
    for suite in suites:
        signed = embedded_proofs.issue(credential(key), key, method_of(key), created=NOW, proof_type=suite)
        presentations.issue_presentation(
            presentation(key, signed), key, method_of(key), proof_type=suite, **challenge
        )
    token = jwt.issue_jwt(credential(key), key, method_of(key))
    answer = jwt.issue_presentation_jwt(presentation(key, token), key, method_of(key), **challenge)
    assert jwt.verify_jwt(token)[0].verified is True
    assert jwt.verify_presentation_jwt(answer, audience="https://v.example", nonce="n")[0].verified is True
    secrets = (key_types.private_to_jwk(key)["d"], base64url.encode(key.secret), key.secret.hex())
    assert len(sent) == 2 * len(suites) + 2
    assert not [job for job in sent for secret in secrets if secret in job]


def test_no_module_beside_didkit_can_write_a_private_key_down() -> None:
    folder = REPOSITORY / "src" / "ipse" / "credentials"
    for path in folder.rglob("*.py"):
        names = {
            node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
        }
        assert not names & {"private_to_jwk", "secret"}, path


@needs_didkit
@pytest.mark.parametrize("did", ["did:web:issuer.example", "did:ion:abc", "did:webkey:ssh:issuer.example"])
def test_didkit_asked_for_a_did_of_the_network_reaches_none(did: str) -> None:
    """`didkit_resolution` never asks for such a DID; this is what holds where something else does."""
    with contextlib.suppress(Undetermined):
        answer = didkit_process.run({"resolve": did})
        assert answer["errors"]
    assert not didkit_resolution.reads(did)
