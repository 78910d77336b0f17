"""The owner's status lists from making one to a verifier's verdict, and what is kept of others' lists."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import model
from ipse.credentials.formats import data_integrity
from ipse.credentials.report import Rejected
from ipse.credentials.status import (
    Listed,
    Published,
    bitstring,
    check_status,
    entries_of,
    token_status_list,
)
from ipse.dids import resolver
from ipse.errors import AlreadyExists, NotFound, StorageError, Undetermined, UsageError
from ipse.keys.key_types import PublicKey, verifying
from ipse.storage import status_lists
from ipse.storage.places import Places
from ipse.storage.status_lists import MIN_SIZE
from ipse.storage.vault import Vault
from ipse.wallet import identities, status
from ipse.wallet.identities import Kind
from ipse.wallet.resolution import Reach
from ipse.wallet.status import Allocation, StatusSource
from ipse.wallet.wallet import Wallet
from tests.network_peer.certificates import Authority
from tests.network_peer.server import HttpsPeer, body

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LEEWAY = timedelta(seconds=60)
URL = "https://issuer.example/status/1"
ALICE, BOB = "urn:uuid:00000000-0000-4000-8000-00000000000a", "urn:uuid:00000000-0000-4000-8000-00000000000b"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet over an encrypted file, with a DID of each key type."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    places = Places(data=folder, cache=folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"passphrase", now=NOW) as made:
        identities.create(made, "university", now=NOW)
        identities.create(made, "p256", key_type="P-256", now=NOW)
        identities.create(made, "site", kind=Kind("web", domain="issuer.example"), now=NOW)
        identities.create(made, "account", kind=Kind("pkh"), now=NOW)
    return folder


@pytest.fixture
def wallet(template: Path, tmp_path: Path) -> Iterator[Wallet]:
    """A copy of it for one test."""
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    shutil.copytree(template, places.data)
    with Wallet(places, lambda: b"passphrase") as opened:
        yield opened


def make(wallet: Wallet, name: str = "degrees", **options: Any) -> status_lists.ListRecord:
    chosen: dict[str, Any] = {"purpose": "revocation", "url": f"{URL}/{name}", "now": NOW} | options
    return status.create_list(wallet, name, **chosen)


def issued(*allocations: Allocation) -> dict[str, Any]:
    """What the credential says of its status."""
    w3c = [allocation.value for allocation in allocations if allocation.member == "credentialStatus"]
    tokens = [allocation.value for allocation in allocations if allocation.member == "status"]
    return ({"credentialStatus": w3c} if w3c else {}) | ({"status": tokens[0]} if tokens else {})


def verdict(wallet: Wallet, document: dict[str, Any], issuer: str, **options: Any) -> str:
    """What a verifier finds when all lists are published as they are now."""
    bodies = {
        overview.record.url: status.publish(wallet, overview.record.name, now=NOW, **options).encode()
        for overview in status.every(wallet)
    }

    def fetch(url: str) -> Published:
        return Published(url, bodies[url], NOW)

    documents = {record.did: identities.document(record) for record in wallet.manifest.dids}

    def key_of(did: str, method_id: object, issued: object = None) -> PublicKey:
        method = resolver.find_method(documents[did], str(method_id), "assertionMethod")
        return verifying(resolver.any_method_key(method))

    def verify(secured: Any) -> Listed:
        assert model.violations({name: secured[name] for name in secured if name != "proof"}) == []
        proof = data_integrity.proof_of(secured)
        by = model.issuer_of(secured)
        return Listed(
            data_integrity.verify_proof(secured, proof, key_of(by, proof["verificationMethod"])), by
        )

    try:
        return check_status(entries_of(document), issuer, fetch, verify, key_of, NOW, LEEWAY)[0]
    except Rejected as rejection:
        return rejection.reason


class TestLists:
    def test_a_list_is_signed_by_the_default_did_unless_another_is_named(self, wallet: Wallet) -> None:
        first = make(wallet)
        second = make(wallet, "badges", issuer="p256", kind="token")
        assert first.issuer == wallet.manifest.find("university").did
        assert second.issuer == wallet.manifest.find("p256").did
        status.allocate(wallet, "badges", ALICE, now=NOW)
        assert [(overview.record, overview.used) for overview in status.every(wallet)] == [
            (second, 1),
            (first, 0),
        ]

    @pytest.mark.parametrize(
        ("kind", "purpose", "bits"),
        [
            ("w3c", "revocation", 1),
            ("w3c", "suspension", 1),
            ("token", "revocation", 1),
            ("token", "suspension", 2),
        ],
    )
    def test_an_entry_has_as_many_bits_as_it_needs(
        self, wallet: Wallet, kind: str, purpose: str, bits: int
    ) -> None:
        assert make(wallet, kind=kind, purpose=purpose).bits == bits

    @pytest.mark.parametrize(
        "options",
        [
            {"purpose": "message"},
            {"kind": "crl"},
            {"url": "http://issuer.example/1"},
            {"url": "issuer.example/1"},
            {"url": "https://issuer.example/1#list"},
            {"url": "https://issuer.example/a b"},
            {"url": "https://issuer.example/" + "x" * 2000},
            {"size": MIN_SIZE - 1},
            {"issuer": "account"},
        ],
    )
    def test_a_list_that_nobody_could_read_is_not_made(self, wallet: Wallet, options: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            make(wallet, **options)
        assert status.every(wallet) == []

    @pytest.mark.parametrize("name", ["", "a b", "../x", "-x"])
    def test_a_list_has_a_name_that_can_be_typed(self, wallet: Wallet, name: str) -> None:
        with pytest.raises(UsageError, match="can't be a name"):
            make(wallet, name, url=URL)

    def test_a_did_web_has_a_place_for_its_lists_and_no_other_did_has(self, wallet: Wallet) -> None:
        made = status.create_list(wallet, "revoked", purpose="revocation", issuer="site", now=NOW)
        assert made.url == "https://issuer.example/status/revoked"
        with pytest.raises(UsageError, match="says nothing of where"):
            status.create_list(wallet, "other", purpose="revocation", issuer="account", now=NOW)

    def test_a_list_of_an_unknown_did_is_not_made(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound, match="no DID is called 'nobody'"):
            make(wallet, issuer="nobody")


class TestAllocation:
    def test_an_entry_goes_into_the_credential_as_it_is(self, wallet: Wallet) -> None:
        record = make(wallet)
        made = status.allocate(wallet, "degrees", ALICE, now=NOW)
        ((_, entry),) = status_lists.entries_of_credential(wallet.vault, ALICE)
        assert made == Allocation(
            "credentialStatus",
            bitstring.build_entry(url=record.url, index=entry.index, purpose="revocation"),
        )
        record = make(wallet, "badges", kind="token")
        made = status.allocate(wallet, "badges", BOB, now=NOW)
        ((_, entry),) = status_lists.entries_of_credential(wallet.vault, BOB)
        assert made == Allocation("status", {"status_list": {"idx": entry.index, "uri": record.url}})

    def test_many_entries_come_in_the_order_of_their_credentials(self, wallet: Wallet) -> None:
        make(wallet, kind="token")
        owners = [f"urn:uuid:{number}" for number in range(100)]
        made = status.allocate_many(wallet, "degrees", owners, now=NOW)
        for owner, allocation in zip(owners, made, strict=True):
            ((_, entry),) = status_lists.entries_of_credential(wallet.vault, owner)
            assert allocation.value["status_list"]["idx"] == entry.index

    def test_a_token_has_one_status(self, wallet: Wallet) -> None:
        for name in ("one", "two"):
            make(wallet, name, kind="token")
        make(wallet, "three")
        status.allocate(wallet, "one", ALICE, now=NOW)
        with pytest.raises(UsageError, match="has an entry in the token list 'one'"):
            status.allocate_many(wallet, "two", [BOB, ALICE], now=NOW)
        assert status_lists.entries_of_credential(wallet.vault, BOB) == []
        status.allocate(wallet, "three", ALICE, now=NOW)

    def test_an_entry_that_was_given_out_and_not_used_is_gone(self, wallet: Wallet) -> None:
        make(wallet)
        first = status.allocate(wallet, "degrees", ALICE, now=NOW)
        with pytest.raises(AlreadyExists):
            status.allocate(wallet, "degrees", ALICE, now=NOW)
        assert status.allocate(wallet, "degrees", BOB, now=NOW) != first


class TestChanges:
    @pytest.mark.parametrize("did", ["university", "p256", "site"])
    @pytest.mark.parametrize("kind", ["w3c", "token"])
    def test_a_revoked_credential_is_rejected_by_a_verifier_and_no_other_is(
        self, wallet: Wallet, kind: str, did: str
    ) -> None:
        record = make(wallet, kind=kind, issuer=did)
        alice, bob = (issued(status.allocate(wallet, "degrees", owner, now=NOW)) for owner in (ALICE, BOB))
        assert verdict(wallet, alice, record.issuer).startswith("not revoked")
        assert status.revoke(wallet, ALICE, now=NOW) == (record,)
        assert verdict(wallet, alice, record.issuer) == "the issuer has revoked it"
        assert verdict(wallet, bob, record.issuer).startswith("not revoked")

    @pytest.mark.parametrize("kind", ["w3c", "token"])
    def test_a_suspended_credential_is_rejected_until_it_is_reinstated(
        self, wallet: Wallet, kind: str
    ) -> None:
        record = make(wallet, kind=kind, purpose="suspension")
        alice = issued(status.allocate(wallet, "degrees", ALICE, now=NOW))
        for _ in range(2):
            assert status.suspend(wallet, ALICE, now=NOW) == (record,)
            assert status.suspend(wallet, ALICE, now=NOW) == (record,)
            assert verdict(wallet, alice, record.issuer) == "the issuer has suspended it"
            assert status.reinstate(wallet, ALICE, now=NOW) == (record,)
            assert "not suspended" in verdict(wallet, alice, record.issuer)
        with pytest.raises(UsageError, match="is not suspended"):
            status.reinstate(wallet, ALICE, now=NOW)

    def test_a_credential_on_two_lists_is_suspended_on_one_and_revoked_on_the_other(
        self, wallet: Wallet
    ) -> None:
        revocations, suspensions = make(wallet), make(wallet, "holds", purpose="suspension")
        alice = issued(*(status.allocate(wallet, name, ALICE, now=NOW) for name in ("degrees", "holds")))
        assert verdict(wallet, alice, revocations.issuer) == "not revoked, not suspended"
        assert status.suspend(wallet, ALICE, now=NOW) == (suspensions,)
        assert status.revoke(wallet, ALICE, now=NOW) == (revocations,)
        assert verdict(wallet, alice, revocations.issuer) == "the issuer has revoked it"

    @pytest.mark.parametrize(
        "lists",
        [
            [{"name": "one"}],
            [{"name": "one"}, {"name": "two", "purpose": "suspension"}],
            [{"name": "one", "kind": "token", "purpose": "suspension"}],
            [{"name": "one", "kind": "token"}],
        ],
    )
    def test_revocation_is_final(self, wallet: Wallet, lists: list[dict[str, Any]]) -> None:
        for chosen in lists:
            made = make(wallet, **chosen)
            status.allocate(wallet, made.name, ALICE, now=NOW)
        status.revoke(wallet, ALICE, now=NOW)
        before = status_lists.entries_of_credential(wallet.vault, ALICE)
        for act in (status.reinstate, status.suspend):
            with pytest.raises(UsageError, match="is revoked") as caught:
                act(wallet, ALICE, now=NOW)
            assert caught.value.hint == "that is final: issue a new one"
        status.revoke(wallet, ALICE, now=NOW + LEEWAY)
        assert status_lists.entries_of_credential(wallet.vault, ALICE) == before

    def test_a_suspended_token_can_be_revoked(self, wallet: Wallet) -> None:
        record = make(wallet, kind="token", purpose="suspension")
        alice = issued(status.allocate(wallet, "degrees", ALICE, now=NOW))
        status.suspend(wallet, ALICE, now=NOW)
        status.revoke(wallet, ALICE, now=NOW)
        assert verdict(wallet, alice, record.issuer) == "the issuer has revoked it"

    def test_an_entry_serves_its_own_purpose(self, wallet: Wallet) -> None:
        make(wallet)
        make(wallet, "holds", purpose="suspension")
        status.allocate(wallet, "degrees", ALICE, now=NOW)
        status.allocate(wallet, "holds", BOB, now=NOW)
        for act in (status.suspend, status.reinstate):
            with pytest.raises(UsageError, match="has an entry for revocation alone"):
                act(wallet, ALICE, now=NOW)
        with pytest.raises(UsageError, match="has an entry for suspension alone"):
            status.revoke(wallet, BOB, now=NOW)

    @pytest.mark.parametrize("act", [status.revoke, status.suspend, status.reinstate])
    def test_a_credential_without_an_entry_is_not_found(self, wallet: Wallet, act: Any) -> None:
        make(wallet)
        status.allocate(wallet, "degrees", ALICE, now=NOW)
        for other in (BOB, ALICE[:-1], "", "%"):
            with pytest.raises(NotFound, match="no status list has an entry for"):
                act(wallet, other, now=NOW)


class TestPublishing:
    def test_a_w3c_list_conforms_and_says_how_long_it_holds(self, wallet: Wallet) -> None:
        record = make(wallet)
        text = status.publish(
            wallet, "degrees", now=NOW, ttl=timedelta(hours=1), valid_until=NOW + timedelta(days=7)
        )
        made = json.loads(text)
        assert model.violations({name: made[name] for name in made if name != "proof"}) == []
        assert (made["id"], made["issuer"]) == (record.url, record.issuer)
        assert (made["validFrom"], made["validUntil"]) == ("2026-01-31T12:00:00Z", "2026-02-07T12:00:00Z")
        assert made["credentialSubject"]["ttl"] == 3_600_000

    def test_a_token_list_says_how_long_it_holds(self, wallet: Wallet) -> None:
        record = make(wallet, kind="token", issuer="p256")
        text = status.publish(
            wallet, "degrees", now=NOW, ttl=timedelta(hours=1), valid_until=NOW + timedelta(days=7)
        )
        token = token_status_list.read_jwt(text)
        assert token.header["alg"] == "ES256"
        assert {**token.payload, "status_list": None} == {
            "iss": record.issuer,
            "sub": record.url,
            "iat": 1769860800,
            "exp": 1770465600,
            "ttl": 3600,
            "status_list": None,
        }

    @pytest.mark.parametrize(
        "options",
        [{"ttl": timedelta(0)}, {"ttl": -LEEWAY}, {"valid_until": NOW}, {"valid_until": NOW - LEEWAY}],
    )
    def test_a_list_that_is_over_at_once_is_not_published(
        self, wallet: Wallet, options: dict[str, Any]
    ) -> None:
        make(wallet)
        with pytest.raises(UsageError):
            status.publish(wallet, "degrees", now=NOW, **options)

    def test_an_unknown_list_is_not_found(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound, match="no status list 'nothing'"):
            status.publish(wallet, "nothing", now=NOW)

    def test_the_list_says_nothing_of_whose_entries_are_given_out(self, wallet: Wallet) -> None:
        make(wallet)
        empty = status.publish(wallet, "degrees", now=NOW)
        status.allocate_many(wallet, "degrees", [f"urn:uuid:{number}" for number in range(1000)], now=NOW)
        assert status.publish(wallet, "degrees", now=NOW) == empty


class TestSource:
    """Others' lists, over a real HTTPS server."""

    @pytest.fixture
    def vault(self, tmp_path: Path) -> Iterator[Vault]:
        with Vault.create(tmp_path / "cache.db", bytes(32)) as made:
            yield made

    @pytest.fixture
    def peer(self, tmp_path: Path) -> Iterator[tuple[HttpsPeer, Reach]]:
        authority = Authority(tmp_path)
        reach = Reach(ca_file=str(authority.ca_file), allow_loopback=True)
        with HttpsPeer(authority.issue("localhost"), {"/1": body(b"first")}) as server:
            yield server, reach

    def source(self, vault: Vault | None, reach: Reach, now: datetime = NOW) -> StatusSource:
        return StatusSource(vault, reach.fetch, lambda: now)

    def test_a_list_that_held_is_fetched_once_while_it_is_fresh(
        self, vault: Vault, peer: tuple[HttpsPeer, Reach]
    ) -> None:
        server, reach = peer
        source, url = self.source(vault, reach), server.url("/1")
        fetched = source.fetch(url)
        assert fetched == Published(url, b"first", NOW)
        source.keep(fetched, NOW + timedelta(minutes=5))
        server.routes["/1"] = body(b"second")
        late = NOW + timedelta(minutes=4, seconds=59)
        assert self.source(vault, reach, late).fetch(url) == fetched
        assert len(server.requests) == 1
        over = NOW + timedelta(minutes=5)
        assert self.source(vault, reach, over).fetch(url) == Published(url, b"second", over)

    def test_a_list_that_did_not_hold_is_fetched_again(
        self, vault: Vault, peer: tuple[HttpsPeer, Reach]
    ) -> None:
        server, reach = peer
        source, url = self.source(vault, reach), server.url("/1")
        source.keep(source.fetch(url), NOW + timedelta(minutes=5))
        source.keep(source.fetch(url), None)
        server.routes["/1"] = body(b"second")
        assert source.fetch(url).body == b"second"

    @pytest.mark.parametrize("until", [None, NOW, NOW - LEEWAY])
    def test_what_is_not_fresh_is_not_kept(
        self, vault: Vault, peer: tuple[HttpsPeer, Reach], until: datetime | None
    ) -> None:
        server, reach = peer
        source = self.source(vault, reach)
        source.keep(source.fetch(server.url("/1")), until)
        assert vault.rows("SELECT * FROM status_cache") == []

    def test_without_a_vault_a_list_is_kept_as_long_as_the_source(
        self, peer: tuple[HttpsPeer, Reach]
    ) -> None:
        server, reach = peer
        source = self.source(None, reach)
        for _ in range(3):
            source.keep(source.fetch(server.url("/1")), NOW + timedelta(hours=1))
        assert len(server.requests) == 1
        source.keep(source.fetch(server.url("/1")), None)
        source.fetch(server.url("/1"))
        assert len(server.requests) == 2
        self.source(None, reach).fetch(server.url("/1"))
        assert len(server.requests) == 3

    def test_a_list_that_is_not_there_is_undetermined(
        self, vault: Vault, peer: tuple[HttpsPeer, Reach]
    ) -> None:
        server, reach = peer
        with pytest.raises(Undetermined):
            self.source(vault, reach).fetch(server.url("/2"))
        with pytest.raises(Undetermined):
            self.source(vault, Reach()).fetch(server.url("/1"))

    def test_a_cache_that_can_not_be_written_fails_nothing(
        self, vault: Vault, peer: tuple[HttpsPeer, Reach], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise StorageError("the disk is full")

        server, reach = peer
        source = self.source(vault, reach)
        monkeypatch.setattr(vault, "change", full)
        source.keep(source.fetch(server.url("/1")), NOW + timedelta(hours=1))
        source.keep(source.fetch(server.url("/1")), None)

    def test_a_list_out_of_the_cache_is_verified_again(
        self, wallet: Wallet, vault: Vault, peer: tuple[HttpsPeer, Reach]
    ) -> None:
        server, reach = peer
        record = make(wallet, kind="token", url=server.url("/list"))
        document = issued(status.allocate(wallet, "degrees", ALICE, now=NOW))
        server.routes["/list"] = body(status.publish(wallet, "degrees", now=NOW).encode())
        source = self.source(vault, reach)
        method, *_ = identities.document(wallet.manifest.find("university"))["verificationMethod"]
        key = verifying(resolver.any_method_key(method))

        def step() -> tuple[str, object]:
            def never(_: object) -> Any:
                raise AssertionError("it is no W3C list")

            return check_status(
                entries_of(document), record.issuer, source.fetch, never, lambda *_: key, NOW, LEEWAY,
                keep=source.keep,
            )  # fmt: skip

        assert step()[0] == step()[0] == "not revoked, not suspended"
        assert len(server.requests) == 1
        vault.change("UPDATE status_cache SET body = CAST(replace(body, 'e', 'f') AS BLOB)")
        with pytest.raises(Undetermined, match="can't be relied on"):
            step()
        assert step()[0] == "not revoked, not suspended"
        assert len(server.requests) == 2
