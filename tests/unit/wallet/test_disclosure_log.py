"""A wallet's disclosure log: what is entered, verified and exported."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from ipse.credentials import jws
from ipse.encoding import base64url, strict_json
from ipse.errors import MalformedInput, VaultAltered, VerificationFailed
from ipse.keys import derivation, key_types
from ipse.storage import disclosure_log as chain
from ipse.wallet import disclosure_log
from ipse.wallet.wallet import Wallet
from tests.made import tamper
from tests.unit.wallet.recorded import NOW, content, disclose

LOG_KEY = "538be913ff2def798de883d239ef8914183dc13fb277f39c74df404d2fe4211d"


class TestRecording:
    def test_an_entry_says_when_and_what_its_bytes_hash_to(self, recorded: Wallet) -> None:
        entry = disclosure_log.record(recorded, {**content("Grüße"), "answer": "mine", "bits": 0.5}, now=NOW)
        assert entry.content == {
            **content("Grüße"),
            "bits": 0.5,
            "time": "2026-11-22T12:00:00Z",
            "answer": hashlib.sha256("Grüße".encode()).hexdigest(),
            "number": 1,
            "previous": chain.GENESIS,
        }
        assert chain.find(recorded.vault, 1) == entry

    def test_the_callers_own_time_stands(self, recorded: Wallet) -> None:
        entry = disclosure_log.record(recorded, {**content(), "time": "2027-01-01T00:00:00Z"}, now=NOW)
        assert entry.content["time"] == "2027-01-01T00:00:00Z"

    def test_what_is_undone_leaves_no_entry_and_breaks_nothing(self, recorded: Wallet) -> None:
        def undone() -> None:
            with recorded.vault.transaction():
                disclosure_log.record(recorded, content(), now=NOW)
                raise KeyboardInterrupt

        for count in (0, 2):
            with pytest.raises(KeyboardInterrupt):
                undone()
            assert disclosure_log.verify(recorded).count == count
            assert chain.end(recorded.vault)[0] == count
            if not count:
                disclose(recorded, "a", "b")

    @pytest.mark.parametrize("released", ["\ud800", "x\udfff"])
    def test_half_a_character_is_refused(self, recorded: Wallet, released: str) -> None:
        with pytest.raises(MalformedInput):
            disclosure_log.record(recorded, content(released), now=NOW)
        assert disclosure_log.verify(recorded).count == 0

    def test_the_log_key_is_no_other_key(self) -> None:
        root = bytes(range(32))
        others = [derivation.vault_key(root), *(derivation.pairwise_key(root, o).seed for o in ("log", ""))]
        assert derivation.log_key(root).seed not in others
        assert derivation.log_key(root).seed.hex() == LOG_KEY, "it must never change"


class TestVerifying:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE disclosures SET entry = CAST(replace(entry, 'shop', 'pohs') AS BLOB) WHERE number = 1",
            "UPDATE disclosures SET entry = CAST(replace(entry, 'shop', 'pohs') AS BLOB) WHERE number = 2",
            "UPDATE disclosures SET entry = x'00' WHERE number = 1",
            "UPDATE disclosures SET digest = x'00' WHERE number = 2",
            "DELETE FROM disclosures WHERE number = 1",
        ],
    )
    def test_finds_what_the_chain_shows(self, recorded: Wallet, sql: str) -> None:
        disclose(recorded, "a", "b")
        tamper(recorded.vault, sql)
        with pytest.raises(VerificationFailed, match="the disclosure log is broken"):
            disclosure_log.verify(recorded)
        with pytest.raises(VerificationFailed):
            disclosure_log.export(recorded, now=NOW)

    @pytest.mark.parametrize("number", [1, 2])
    def test_finds_an_end_that_is_cut_off(self, recorded: Wallet, number: int) -> None:
        disclose(recorded, "a", "b")
        tamper(recorded.vault, f"DELETE FROM disclosures WHERE number >= {number}")
        for act in (
            lambda: disclosure_log.verify(recorded),
            lambda: disclosure_log.record(recorded, content(), now=NOW),
        ):
            with pytest.raises(VaultAltered):
                act()

    def test_finds_an_entry_that_the_wallet_did_not_make(self, recorded: Wallet) -> None:
        disclose(recorded, "a")
        entry = strict_json.canonical({**content(), "number": 2, "previous": chain.end(recorded.vault)[1]})
        row = (2, entry, hashlib.sha256(entry).digest())
        tamper(recorded.vault, "INSERT INTO disclosures VALUES (?, ?, ?)", [row])
        assert chain.verify(recorded.vault) == 2, "the chain alone does not show it"
        with pytest.raises(VaultAltered):
            disclosure_log.verify(recorded)

    def test_says_how_many_entries_there_are_and_the_last_ones_digest(self, recorded: Wallet) -> None:
        assert disclosure_log.verify(recorded).head is None
        _, last = disclose(recorded, "a", "b")
        verified = disclosure_log.verify(recorded)
        assert (verified.count, verified.head) == (2, last.digest)


class TestExport:
    def test_is_the_entries_as_they_were_hashed_and_a_signed_head(self, recorded: Wallet) -> None:
        entries = disclose(recorded, "a", "b\n\u2028c")
        now = NOW + timedelta(days=1)
        *lines, last = disclosure_log.export(recorded, now=now)
        assert [hashlib.sha256(line.encode()).hexdigest() for line in lines] == [e.digest for e in entries]
        assert not any("\n" in line for line in lines)
        end = strict_json.parse_object(last)
        assert (end["type"], end["key"]) == ("urn:ipse:log-export:1", disclosure_log.signer(recorded))
        signed = jws.read(end["head"], what="the head")
        key = derivation.log_key(recorded.root).public()
        assert jws.check_signature(signed, lambda: key) == "EdDSA"
        did = disclosure_log.signer(recorded)
        assert did == f"did:key:{key_types.to_multikey(key)}"
        assert signed.header == {"alg": "EdDSA", "kid": f"{did}#{key_types.to_multikey(key)}"}
        assert signed.payload == {
            "type": "urn:ipse:log-head:1",
            "count": 2,
            "digest": entries[-1].digest,
            "time": "2026-11-23T12:00:00Z",
        }

    def test_of_an_empty_log_is_a_head_alone(self, recorded: Wallet) -> None:
        (last,) = disclosure_log.export(recorded, now=NOW)
        payload = json.loads(base64url.decode(json.loads(last)["head"].split(".")[1]))
        assert (payload["count"], payload["digest"]) == (0, "0" * 64)
