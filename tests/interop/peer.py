"""Drives the npm peers in `peers/`: one node process, a line of JSON each way."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

__all__ = ["PEERS", "JsonObject", "Peer", "PeerFailed", "PeerKey", "Verdict", "missing"]

JsonObject: TypeAlias = dict[str, Any]

PEERS: Final = Path(__file__).parent / "peers"
_TIMEOUT: Final = 60.0


class PeerFailed(Exception):
    """The peer could not do what it was told, or went away. A refusal is a Verdict, never this."""


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A key the peer holds: its did:key, its verification method, and its public JWK."""

    did: str
    method: str
    jwk: JsonObject


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a peer made of something: whether it holds, why not, and what it read in there.

    `statuses` has the bit of each status entry; `content` is the payload of a JWT or the claims of an
    SD-JWT.
    """

    verified: bool
    reason: str
    statuses: tuple[bool, ...] = ()
    content: JsonObject | None = None


def missing() -> str:
    """What the peers need and is not there, as one word; empty where all is there."""
    if shutil.which("node") is None:
        return "node"
    return "" if (PEERS / "node_modules" / ".package-lock.json").is_file() else "node_modules"


class Peer:
    """A running peer. Its keys live as long as it does. Not for use by two threads at a time."""

    def __init__(self, log: Path) -> None:
        """Start it; what it prints on stderr goes to the file `log`."""
        self._log = log
        self._answers: queue.Queue[str] = queue.Queue()
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                ["node", str(PEERS / "peer.mjs")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let it end by itself, or kill it after ten seconds."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout
        self._process.stdout.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        """The result of `command`. Raises PeerFailed, also when no answer comes within a minute."""
        assert self._process.stdin
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            self._process.stdin.write(json.dumps({"command": command, **given}) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=_TIMEOUT)
        except (OSError, queue.Empty):
            line = ""
        if not line:
            self._process.kill()
            raise PeerFailed(f"no answer to {command}: {self._log.read_text(encoding='utf-8')[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerFailed(f"{command}: {answer['error']}")
        return answer.get("result")

    def key(self, curve: str = "Ed25519") -> PeerKey:
        """A new key on `curve` (Ed25519 or P-256)."""
        return PeerKey(**self.ask("createKey", curve=curve))

    def issue(self, credential: Mapping[str, Any], suite: str) -> JsonObject:
        """`credential` with a Data Integrity proof; its issuer is the DID of a key of the peer."""
        return self._object("issue", credential=credential, suite=suite)

    def verify(self, credential: Mapping[str, Any], documents: Mapping[str, Any] | None = None) -> Verdict:
        """Of a credential with a Data Integrity proof; `documents` by URL, such as status lists."""
        return self._verdict("verify", credential=credential, documents=documents)

    def present(
        self,
        credentials: Sequence[Mapping[str, Any]],
        holder: PeerKey,
        suite: str,
        *,
        challenge: str,
        domain: str,
    ) -> JsonObject:
        """A presentation with an authentication proof."""
        return self._object(
            "present",
            credentials=credentials,
            holder=holder.did,
            suite=suite,
            challenge=challenge,
            domain=domain,
        )

    def verify_presentation(self, presentation: Mapping[str, Any], *, challenge: str, domain: str) -> Verdict:
        """Of a presentation with an authentication proof, and of the credentials in it."""
        return self._verdict(
            "verifyPresentation", presentation=presentation, challenge=challenge, domain=domain
        )

    def issue_sd_jwt(
        self,
        issuer: PeerKey,
        claims: Mapping[str, Any],
        frame: Mapping[str, Any],
        holder_jwk: Mapping[str, Any] | None = None,
    ) -> str:
        """An SD-JWT VC; `frame` is the library's disclosure frame (`{"_sd": [names]}`)."""
        return str(
            self.ask("issueSdJwt", issuer=issuer.did, claims=claims, frame=frame, holderJwk=holder_jwk)
        )

    def present_sd_jwt(
        self,
        sd_jwt: str,
        disclose: Mapping[str, Any],
        holder: PeerKey | None = None,
        *,
        audience: str | None = None,
        nonce: str | None = None,
    ) -> str:
        """`sd_jwt` with some of its disclosures, and with a key binding where there is a nonce."""
        return str(
            self.ask(
                "presentSdJwt",
                sdJwt=sd_jwt,
                disclose=disclose,
                holder=holder.did if holder else None,
                audience=audience,
                nonce=nonce,
            )
        )

    def verify_sd_jwt(
        self,
        sd_jwt: str,
        *,
        audience: str | None = None,
        nonce: str | None = None,
        documents: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Of an SD-JWT VC; `content` is what it discloses. `documents` are status list tokens by URL."""
        return self._verdict(
            "verifySdJwt", "claims", sdJwt=sd_jwt, audience=audience, nonce=nonce, documents=documents
        )

    def sign_jwt(self, payload: Mapping[str, Any], signer: PeerKey, typ: str = "vc+jwt") -> str:
        """A credential or presentation secured as a JWT."""
        return str(self.ask("signJwt", payload=payload, signer=signer.did, typ=typ))

    def verify_jwt(self, jwt: str, typ: str = "vc+jwt", *, audience: str | None = None) -> Verdict:
        """Of a credential or presentation secured as a JWT; `content` is its payload."""
        return self._verdict("verifyJwt", "payload", jwt=jwt, typ=typ, audience=audience)

    def status_list(
        self, issuer: PeerKey, url: str, *, suite: str, length: int, indices: Sequence[int], purpose: str
    ) -> JsonObject:
        """A signed status list credential of `length` entries with those at `indices` set."""
        return self._object(
            "createStatusList",
            url=url,
            issuer=issuer.did,
            suite=suite,
            purpose=purpose,
            length=length,
            set=list(indices),
        )

    def token_status_list(
        self, issuer: PeerKey, url: str, *, bits: int, length: int, statuses: Mapping[int, int]
    ) -> str:
        """A signed status list token of `length` entries of `bits` each; what is not given is 0."""
        return str(
            self.ask(
                "createTokenStatusList",
                url=url,
                issuer=issuer.did,
                bits=bits,
                length=length,
                statuses=statuses,
            )
        )

    def read_status_list(self, credential: Mapping[str, Any]) -> tuple[int, list[int]]:
        """How many entries a status list credential has, and which of them are set."""
        encoded = credential["credentialSubject"]["encodedList"]
        answer = self._object("readStatusList", encodedList=encoded)
        return answer["length"], answer["set"]

    def _object(self, command: str, **arguments: Any) -> JsonObject:
        result: JsonObject = self.ask(command, **arguments)
        return result

    def _verdict(self, command: str, content: str = "", **arguments: Any) -> Verdict:
        answer = self.ask(command, **arguments)
        statuses = tuple(answer.get("statuses", ()))
        return Verdict(answer["verified"], answer["reason"], statuses, answer.get(content))

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")
