"""A stranger's document that is cheap to make and costly to verify.

The attacker can hand a verifier any credential or presentation, signed with keys of their own. They want its
time, its memory, or requests from its address to servers of their choice. Each step had a bound and all of
them together had none: 64 graphs that took three seconds each, 16 proofs over one such graph, 1,024 status
lists, copies of a 1.1 credential that are verified one by one.

It cannot come back, because one budget of time, memory, fetches and fetched bytes is shared by all that is
nested in one verification, is asked before and after every check, and stays used up: no step can swallow it.
And trust comes first: what is not of somebody whom the verifier accepts is not resolved, fetched,
canonicalised or given to a child process at all.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from ipse.credentials import verifier
from ipse.credentials.budget import Budget
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.json_schema import MAX_ENTRIES
from ipse.credentials.model.lint import lint
from ipse.credentials.policy import NO_CHALLENGE, Challenge, Policy, Sources
from ipse.credentials.report import NOT_MADE, Outcome, Report
from ipse.credentials.status import Published
from ipse.credentials.verifier import Verification
from ipse.dids import did_web
from ipse.encoding import strict_json
from ipse.errors import TooMuchWork
from ipse.wallet.clock import new_budget
from ipse.wallet.resolution import Fetches, Reach, resolve
from ipse.wallet.verifier import Lookup, Verifier
from tests import bombs
from tests.conftest import Ipse
from tests.corpus.building import (
    AT,
    AUDIENCE,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    STRANGER,
    Json,
    credential,
    jwt,
    presentation,
    w3c,
)
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import claims, sd_jwt
from tests.network_peer.certificates import Authority
from tests.network_peer.server import HttpsPeer, body
from tests.waiting import PATIENCE

ANYBODY: Final = Policy(any_issuer=True, challenge=Challenge(AUDIENCE, NONCE), any_holder=True)
SOMEBODY: Final = Policy(issuers={STRANGER.did}, challenge=Challenge(AUDIENCE, NONCE), any_holder=True)
"""Whoever signed what is verified here is not STRANGER."""
needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
CORPUS: Final = Path(__file__).parents[1] / "corpus"


def verify(presented: str | Json, policy: Policy = ANYBODY, **sources: Any) -> Verification:
    return verifier.verify(presented, policy=policy, now=NOW, sources=Sources(**sources))


def status_entries(urls: Iterable[str]) -> list[Json]:
    """An entry in each of these status lists."""
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    return [{**entry, "statusListCredential": url} for url in urls]


def with_status(number: int = 0, count: int = 16) -> Json:
    """A credential with entries in many status lists."""
    urls = (f"https://status-{number}-{position}.example/list" for position in range(count))
    return w3c(credential(credentialStatus=status_entries(urls)))


class Moments:
    """A clock that counts how often it is asked, and stops at one of the questions."""

    def __init__(self, end: int | None = None) -> None:
        self.asked = 0
        self._end = end

    def left(self) -> float:
        self.asked += 1
        return 0.0 if self._end is not None and self.asked > self._end else 60.0


class TestNothingGetsAVerdictBeyondItsTime:
    """Wherever in a verification the time runs out, there the whole of it ends."""

    DOCUMENTS: Final[dict[str, Callable[[], str | Json]]] = {
        "a credential": lambda: w3c(credential()),
        "a credential as RDF": lambda: w3c(credential(), suite="eddsa-rdfc-2022"),
        "a proof set": lambda: json.dumps(bombs.poisoned(1, proofs=4)),
        "a token": lambda: jwt(credential()),
        "an SD-JWT": lambda: (CORPUS / "good" / "sd-jwt-kb.txt").read_text(),
        "status lists": lambda: with_status(count=3),
        "a presentation of three": lambda: bombs.together(
            w3c(credential()), enveloped(jwt(credential())), w3c(credential(), suite="eddsa-rdfc-2022")
        ),
    }

    @pytest.mark.parametrize("name", DOCUMENTS)
    def test_whichever_question_finds_it_used_up(self, name: str) -> None:
        document = self.DOCUMENTS[name]()
        verify(document)  # contexts are kept from the second time on
        moments = Moments()
        verify(document, budget=Budget(seconds_left=moments.left))
        assert moments.asked > 10
        for end in range(moments.asked):
            with pytest.raises(TooMuchWork) as ended:
                verify(document, budget=Budget(seconds_left=Moments(end).left))
            assert (ended.value.code, ended.value.exit_code) == ("time-used-up", 6)

    @needs_didkit
    @pytest.mark.parametrize("name", ["w3c-1.1.json", "w3c-1.1-jwt.txt", "vp-w3c-1.1.json"])
    def test_of_data_model_1_1_too(self, name: str) -> None:
        text = (CORPUS / "good" / name).read_text()
        for end in (0, 5, 7):
            with pytest.raises(TooMuchWork) as ended:
                verify(text, budget=Budget(seconds_left=Moments(end).left))
            assert ended.value.code == "time-used-up"

    def test_memory_ends_it_in_the_same_way(self) -> None:
        with pytest.raises(TooMuchWork) as ended:
            verify(w3c(credential()), budget=Budget(memory_left=lambda: -1))
        assert ended.value.code == "memory-used-up"

    def test_a_step_that_swallows_the_error_does_not_bring_it_back(self) -> None:
        budget = Budget(seconds_left=iter([0.0, 60.0, 60.0]).__next__)
        for _ in range(3):
            with pytest.raises(TooMuchWork):
                budget.check()

    def test_the_clock_of_this_machine_ends_it(self) -> None:
        with pytest.raises(TooMuchWork) as ended:
            verify(w3c(credential()), budget=new_budget(seconds=0))
        assert ended.value.code == "time-used-up"

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
    def test_so_does_the_memory_of_this_process(self) -> None:
        budget, grown = new_budget(seconds=PATIENCE, memory=32 * 1024**2), []

        def grow() -> None:
            for _ in range(64):
                time.sleep(0.02)  # what has just been measured is not measured again
                grown.append(b"x" * 4 * 1024**2)
                budget.check()

        with pytest.raises(TooMuchWork) as ended:
            grow()
        assert ended.value.code == "memory-used-up"

    def test_the_linter_asks_as_well(self) -> None:
        many = credential(credentialSubject=[{"id": f"urn:{n}", "degree": "x"} for n in range(600)])
        with pytest.raises(TooMuchWork):
            lint(many, budget=Budget(seconds_left=lambda: 0))


class TestTimeOfChildren:
    """A child process gets what is left, and the verification ends with it."""

    def test_a_graph_gets_no_more_than_what_is_left(self) -> None:
        moments = itertools.chain([0.2] * 60, itertools.repeat(0.0))
        with pytest.raises(TooMuchWork):
            verify(bombs.poisoned(9, 9, right=False), budget=Budget(seconds_left=lambda: next(moments)))

    @needs_didkit
    def test_neither_do_the_copies_of_a_1_1_credential(self) -> None:
        used = iter([0.2] * 7)
        with pytest.raises(TooMuchWork) as ended:
            verify(bombs.old(0, 9, 9, 9), budget=Budget(seconds_left=lambda: next(used, 0.0)))
        assert ended.value.code == "time-used-up"

    @needs_didkit
    def test_nor_may_the_copies_be_without_number(self) -> None:
        many = bombs.old()
        many["credentialSubject"] = {"id": HOLDER.did, "knows": [{"name": f"x{n}"} for n in range(1001)]}
        proof = verify(many).report.check("proof")
        assert (proof.outcome, "more than 1000 values" in proof.reason) == (Outcome.UNDETERMINED, True)

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems bound memory otherwise")
    def test_a_child_ends_where_its_memory_does(self) -> None:
        code = (
            "from ipse.credentials.budget import confine\n"
            "confine(64 * 1024**2, 60)\n"
            "try: bytearray(256 * 1024**2)\n"
            "except MemoryError: print('bounded')\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "bounded\n"

    @pytest.mark.slow
    def test_a_graph_that_fills_the_memory_is_too_much_work(self) -> None:
        with pytest.raises(TooMuchWork):
            verify(bombs.poisoned(40, 2, right=False))


def never(*_: object) -> NoReturn:
    raise AssertionError("this was to be left alone")


def left_out(report: Report) -> set[str]:
    return {check.name for check in report.checks if check.code == NOT_MADE}


class TestTrustComesBeforeCost:
    """What is of a stranger is read, and nothing is done for it that costs more."""

    STRANGE: Final[dict[str, Callable[[], str | Json]]] = {
        "a graph that takes long": lambda: bombs.poisoned(9, 9, right=False),
        "16 status lists": with_status,
        "a did:web": lambda: {
            **credential(issuer="did:web:evil.example"),
            "proof": w3c(credential())["proof"],
        },
        "a token of a did:web": lambda: jwt(
            credential(issuer="did:web:evil.example"), kid="did:web:evil.example#key-1"
        ),
        "an SD-JWT of an https issuer": lambda: sd_jwt(claims(iss="https://evil.example")),
        "a schema": lambda: w3c(
            credential(credentialSchema={"id": "https://evil.example/schema", "type": "JsonSchema"})
        ),
        "copies of a 1.1 credential": lambda: bombs.old(0, 9, 9, 9),
    }

    @pytest.mark.parametrize("name", STRANGE)
    def test_on_its_own(self, name: str) -> None:
        if name.startswith("copies") and not didkit_process.available():
            pytest.skip("didkit is not installed")
        report = verify(self.STRANGE[name](), SOMEBODY, resolve=never, fetch=never).report
        assert (report.outcome, report.decisive.code) == (Outcome.FAILED, "issuer-not-asked-for")
        assert {"issuer", "proof", "purpose", "status", "schema"} <= left_out(report)

    @pytest.mark.parametrize("name", [name for name in STRANGE if "1.1" not in name])
    def test_in_a_presentation_by_a_did_web_with_good_ones_beside_it(self, name: str) -> None:
        strange = self.STRANGE[name]()
        inside = enveloped(strange) if isinstance(strange, str) and "~" not in strange else strange
        if isinstance(inside, str):
            inside = {
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "id": f"data:application/dc+sd-jwt,{inside}",
                "type": "EnvelopedVerifiableCredential",
            }
        good = w3c(credential(STRANGER), STRANGER)
        document = json.loads(json.dumps(presentation(good, inside, holder="did:web:holder.example")))
        proof = w3c(document)["proof"] | {"verificationMethod": "did:web:holder.example#key-1"}
        found = verify({**document, "proof": proof}, SOMEBODY, resolve=never, fetch=never)
        assert found.report.outcome is Outcome.FAILED
        assert [part.report.outcome for part in found.credentials] == [Outcome.UNDETERMINED, Outcome.FAILED]
        assert {"issuer", "proof"} <= left_out(found.report) & left_out(found.credentials[0].report)

    @needs_didkit
    def test_in_a_presentation_of_data_model_1_1(self) -> None:
        found = verify(bombs.old_together(bombs.old(0, 9, 9, 9)), SOMEBODY, resolve=never, fetch=never)
        assert found.report.outcome is Outcome.FAILED
        assert {"issuer", "proof"} <= left_out(found.report) & left_out(found.credentials[0].report)

    def test_a_presentation_of_64_with_1024_urls_fetches_none(self) -> None:
        text = bombs.together(*(with_status(number) for number in range(64)))
        assert verify(text, SOMEBODY, resolve=never, fetch=never).report.outcome is Outcome.FAILED

    def test_a_type_that_is_not_trusted_is_enough(self) -> None:
        policy = Policy(trusted={ISSUER.did: {"DoctorCredential"}})
        report = verify(with_status(), policy, resolve=never, fetch=never).report
        assert (report.decisive.code, "status" in left_out(report)) == ("type-not-trusted", True)

    @pytest.mark.parametrize("name", ["a did:web", "16 status lists", "an SD-JWT of an https issuer"])
    def test_where_nobody_is_named_nothing_is_fetched_and_nothing_passes(self, name: str) -> None:
        report = verify(self.STRANGE[name](), Policy(challenge=NO_CHALLENGE), fetch=never).report
        assert report.outcome is Outcome.UNDETERMINED
        assert "no-trust-policy" in {check.code for check in report.checks}

    def test_a_wrong_signature_in_the_name_of_a_trusted_issuer_still_fails_for_its_signature(self) -> None:
        report = verify(w3c(credential(), STRANGER, verificationMethod=ISSUER.method)).report
        assert (report.outcome, report.decisive.name) == (Outcome.FAILED, "proof")

    def test_who_claims_to_be_trusted_is_not_believed(self) -> None:
        forged = w3c(credential(issuer=STRANGER.did), ISSUER)
        report = verify(forged, SOMEBODY).report
        assert (report.outcome, report.decisive.name) == (Outcome.FAILED, "proof")


@contextmanager
def peer(folder: Path, routes: dict[str, Any]) -> Iterator[tuple[HttpsPeer, Reach]]:
    authority = Authority(folder)
    reach = Reach(ca_file=str(authority.ca_file), allow_loopback=True)
    with HttpsPeer(authority.issue("localhost"), routes) as server:
        yield server, reach


def within(budget: Budget, reach: Reach) -> Sources:
    """Sources of a verification that fetches through the real client."""
    fetches = Fetches(reach, budget)
    return Sources(
        resolve=lambda did: resolve(did, reach, fetch=fetches.fetch, budget=budget),
        fetch=lambda url: Published(url, fetches.fetch(url), NOW),
        budget=budget,
    )


class TestFetches:
    """Over a real HTTPS server: so many, so many bytes, and each URL once."""

    def dids(self, server: HttpsPeer, count: int) -> list[str]:
        port = server.url("/").split(":")[2].rstrip("/")
        found = []
        for number in range(count):
            did = f"did:web:localhost%3A{port}:{number}"
            document = did_web.document(did, {"key-1": ISSUER.key.public()})
            server.routes[f"/{number}/did.json"] = body(strict_json.canonical(document))
            found.append(did)
        return found

    def credentials(self, dids: list[str]) -> list[Json]:
        return [w3c(credential(issuer=did), verificationMethod=f"{did}#key-1") for did in dids]

    def test_the_number_of_fetches_ends_a_presentation(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            text = bombs.together(*self.credentials(self.dids(server, 5)))
            with pytest.raises(TooMuchWork) as ended:
                verifier.verify(text, policy=ANYBODY, now=NOW, sources=within(Budget(fetches=3), reach))
            assert (ended.value.code, len(server.requests)) == ("fetches-used-up", 3)
            found = verifier.verify(text, policy=ANYBODY, now=NOW, sources=within(Budget(fetches=5), reach))
            assert found.report.outcome is Outcome.PASSED

    def test_so_do_the_bytes(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            text = bombs.together(*self.credentials(self.dids(server, 5)))
            with pytest.raises(TooMuchWork) as ended:
                verifier.verify(text, policy=ANYBODY, now=NOW, sources=within(Budget(fetched=1000), reach))
            assert ended.value.code == "fetched-bytes-used-up"
            assert len(server.requests) < 5

    def test_and_the_number_ends_status_lists_too(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            entry = {
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": "1",
            }
            entries = [{**entry, "statusListCredential": server.url(f"/{n}")} for n in range(5)]
            with pytest.raises(TooMuchWork) as ended:
                verifier.verify(
                    w3c(credential(credentialStatus=entries)),
                    policy=ANYBODY,
                    now=NOW,
                    sources=within(Budget(fetches=2), reach),
                )
            assert (ended.value.code, len(server.requests)) == ("fetches-used-up", 2)

    def test_one_url_is_fetched_once_also_where_nothing_is_there(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            did = self.dids(server, 1)[0]
            good, gone = self.credentials([did, did + "x"])
            text = bombs.together(good, good, gone, gone)
            found = verifier.verify(text, policy=ANYBODY, now=NOW, sources=within(Budget(), reach))
            assert found.report.outcome is Outcome.UNDETERMINED
            assert len(server.requests) == 2

    def test_the_wallets_verifier_asks_no_server_for_a_stranger(self, tmp_path: Path) -> None:
        with peer(tmp_path, {}) as (server, reach):
            inside = self.credentials(self.dids(server, 2))
            for policy in (SOMEBODY, Policy(challenge=SOMEBODY.challenge)):
                found = Verifier(policy, Lookup(reach)).examine(bombs.together(*inside), now=NOW)
                assert found.report.outcome is not Outcome.PASSED
            assert server.requests == []
            found = Verifier(ANYBODY, Lookup(reach)).examine(bombs.together(*inside), now=NOW)
            assert (found.report.outcome, len(server.requests)) == (Outcome.PASSED, 2)

    def test_a_fetch_leaves_half_of_the_time_to_say_that_it_failed(self) -> None:
        assert Budget(seconds_left=lambda: 6).begin_fetch(10) == 3
        assert Budget(seconds_left=lambda: 60).begin_fetch(10) == 10


class TestSchemas:
    def test_many_schemas_are_not_compiled_in_turn(self) -> None:
        schemas = {f"https://schema.example/{n}": {"type": "object"} for n in range(MAX_ENTRIES + 1)}
        entries = [{"id": url, "type": "JsonSchema"} for url in schemas]
        found = verify(w3c(credential(credentialSchema=entries)), schemas=schemas)
        assert found.report.check("schema").outcome is Outcome.UNDETERMINED
        again = w3c(credential(credentialSchema=entries[:2] * 500))
        assert verify(again, schemas=schemas).report.check("schema").outcome is Outcome.PASSED


class TestBatch:
    def test_each_line_has_a_budget_of_its_own(self) -> None:
        research = Lookup().research()
        first, second = research.sources().budget, research.sources().budget
        assert first is not second

    @pytest.mark.slow
    def test_a_line_that_costs_too_much_is_an_error_and_the_next_one_passes(
        self, no_wallet: Ipse, tmp_path: Path
    ) -> None:
        bomb = json.dumps(bombs.poisoned(9, 9, right=False))
        lines = tmp_path / "lines.jsonl"
        lines.write_text("\n".join([json.dumps(w3c(credential())), bomb, json.dumps(w3c(credential()))]))
        done = no_wallet("vc", "verify", "--batch", lines, "--any-issuer", "--at", AT, code=None)
        written = [json.loads(line) for line in done.out.splitlines()]
        assert [line.get("report", {}).get("outcome") for line in written] == ["passed", None, "passed"]
        assert written[1]["error"]["code"] == "too-much-work"


class TestCommandLine:
    @pytest.mark.slow
    def test_64_graphs_in_one_presentation_end_without_a_verdict(
        self, no_wallet: Ipse, tmp_path: Path
    ) -> None:
        file = tmp_path / "presentation.jwt"
        file.write_text(bombs.together(*(bombs.poisoned(7, 7, number=n, right=False) for n in range(64))))
        options = ["--audience", AUDIENCE, "--nonce", NONCE, "--at", AT, "--json"]
        done = no_wallet("vc", "verify", file, "--any-issuer", *options, code=None)
        assert (done.code, done.out) == (6, "")
        assert json.loads(done.err)["error"]["code"] in ("time-used-up", "too-much-work")

    def test_the_report_on_a_stranger_says_what_was_not_made(self, no_wallet: Ipse, tmp_path: Path) -> None:
        file = tmp_path / "presentation.jwt"
        file.write_text(bombs.together(with_status(1), with_status(2)))
        options = ["--audience", AUDIENCE, "--nonce", NONCE, "--at", AT, "--issuer", STRANGER.did]
        done = no_wallet("vc", "verify", file, *options, code=None)
        assert done.code == 3
        assert done.out.count("not made: the issuer is not trusted") == 14
        assert done.out.count("not made: one of its credentials is not trusted") == 8
