"""Held credentials: what is taken in was verified, stays byte for byte, and is looked at again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.report import Outcome
from ipse.encoding import strict_json
from ipse.errors import AlreadyExists, MalformedInput, NotFound, Undetermined, UsageError, VerificationFailed
from ipse.network import guarded_client
from ipse.storage import credential_store, status_lists
from ipse.storage.credential_store import StoredCredential
from ipse.storage.places import Places
from ipse.wallet import held_credentials
from ipse.wallet.held_credentials import STATES, Filter
from ipse.wallet.wallet import Wallet
from tests.corpus import generate, status_faults
from tests.corpus.building import (
    HOLDER,
    ISSUER,
    STRANGER,
    Json,
    credential,
    edited,
    presentation,
    presented,
    w3c,
)
from tests.corpus.sd_jwt_building import bound, claims, key_binding, sd_jwt

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
_needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
GOOD: Final = [
    pytest.param(good.content, id=good.family, marks=_needs_didkit if "1.1" in good.family else ())
    for good in generate.good()
    if not good.is_answer and "status" not in good.family
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet over an encrypted file."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    places = Places(data=folder, cache=folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"passphrase", now=NOW):
        pass
    return folder


@pytest.fixture
def wallet(template: Path, tmp_path: Path) -> Iterator[Wallet]:
    """A copy of it for one test."""
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    shutil.copytree(template, places.data)
    with Wallet(places, lambda: b"passphrase") as opened:
        yield opened


def text_of(content: Json | str) -> str:
    return content if isinstance(content, str) else strict_json.pretty(content)


def added(wallet: Wallet, content: Json | str, **options: Any) -> StoredCredential:
    return held_credentials.add(wallet, text_of(content), **{"now": NOW, **options})


class TestTakingIn:
    @pytest.mark.parametrize("content", GOOD)
    def test_a_credential_of_any_issuer_and_format_stays_as_it_came(
        self, wallet: Wallet, content: Json | str
    ) -> None:
        text = "\n " + text_of(content) + "\n"
        held = held_credentials.add(wallet, text, now=NOW)
        assert held.verified
        assert credential_store.find(wallet.vault, held.id) == held
        assert held.document == text
        assert held.subject == HOLDER.did

    def test_what_it_says_of_itself_is_listed(self, wallet: Wallet) -> None:
        held = added(wallet, w3c(credential()))
        assert held == replace(
            held,
            format="w3c",
            issuer=ISSUER.did,
            types=("VerifiableCredential", "DegreeCredential"),
            valid_from="2026-01-01T00:00:00Z",
            valid_until="2027-01-01T00:00:00Z",
            added="2026-07-01T12:00:00Z",
            revocation=None,
        )

    @pytest.mark.parametrize(
        "content",
        [
            edited(w3c(credential()), "credentialSubject", "degree", to="Medicine"),
            w3c(credential(validUntil="2026-06-30T00:00:00Z")),
            w3c(credential(), STRANGER),
            sd_jwt(claims(), by=STRANGER),
        ],
        ids=["changed", "expired", "by another", "SD-JWT by another"],
    )
    def test_what_does_not_verify_is_not_taken_in(self, wallet: Wallet, content: Json | str) -> None:
        with pytest.raises(VerificationFailed):
            added(wallet, content)
        assert credential_store.every(wallet.vault) == []

    def test_what_can_not_be_determined_is_not_taken_in(self, wallet: Wallet) -> None:
        with pytest.raises(Undetermined):
            added(wallet, w3c(credential(credentialStatus={"type": "X"})))
        assert credential_store.every(wallet.vault) == []

    def test_kept_all_the_same_it_is_marked(self, wallet: Wallet) -> None:
        held = added(wallet, w3c(credential(), STRANGER), keep_unverified=True)
        assert not held.verified
        assert held_credentials.state(held, NOW) == "unverified"

    @pytest.mark.parametrize("content", ["", "{}", "[]", "x", "a.b.c", "a.b.c~", '{"a":1,"a":2}', '"x"'])
    @pytest.mark.parametrize("keep", [False, True])
    def test_what_is_no_credential_is_never_kept(self, wallet: Wallet, content: str, keep: bool) -> None:
        with pytest.raises(MalformedInput):
            held_credentials.add(wallet, content, keep_unverified=keep, now=NOW)
        assert credential_store.every(wallet.vault) == []

    @pytest.mark.parametrize("keep", [False, True])
    def test_an_sd_jwt_with_a_key_binding_is_no_credential(self, wallet: Wallet, keep: bool) -> None:
        with pytest.raises(UsageError, match="presentation"):
            held_credentials.add(wallet, key_binding(bound()), keep_unverified=keep, now=NOW)
        assert credential_store.every(wallet.vault) == []

    @pytest.mark.parametrize("keep", [False, True])
    def test_a_presentation_is_no_credential(self, wallet: Wallet, keep: bool) -> None:
        with pytest.raises(UsageError, match="presentation"):
            added(wallet, presented(presentation(w3c(credential()))), keep_unverified=keep)

    def test_the_same_credential_is_there_once_however_it_is_spaced(self, wallet: Wallet) -> None:
        held = added(wallet, w3c(credential()))
        for text in (strict_json.canonical(w3c(credential())).decode(), f"  {held.document}\n"):
            with pytest.raises(AlreadyExists):
                held_credentials.add(wallet, text, now=NOW)

    def test_another_selection_of_disclosures_is_another_credential(self, wallet: Wallet) -> None:
        assert added(wallet, sd_jwt(claims())).id != added(wallet, sd_jwt(claims(), "")[:-1]).id


class TestStanding:
    def held(self, wallet: Wallet, **changes: Any) -> StoredCredential:
        return added(wallet, w3c(credential(**changes)), keep_unverified=True)

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (NOW, "valid"),
            (datetime(2027, 1, 1, tzinfo=UTC), "valid"),
            (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=1), "expired"),
            (datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=1), "early"),
        ],
    )
    def test_follows_from_the_dates(self, wallet: Wallet, now: datetime, expected: str) -> None:
        assert held_credentials.state(self.held(wallet), now) == expected

    @pytest.mark.parametrize("word", ["revoked", "suspended"])
    def test_what_a_list_said_goes_before_the_dates(self, wallet: Wallet, word: str) -> None:
        held = replace(self.held(wallet), revocation=word)
        for now in (NOW, NOW + 365 * DAY, NOW - 365 * DAY):
            assert held_credentials.state(held, now) == word

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filter(), 3),
            (Filter(type="DegreeCredential"), 3),
            (Filter(type="DoctorCredential"), 0),
            (Filter(issuer=ISSUER.did), 2),
            (Filter(issuer=STRANGER.did), 1),
            (Filter(state="valid"), 1),
            (Filter(state="expired"), 1),
            (Filter(state="unverified"), 1),
            (Filter(expires_before=NOW), 1),
            (Filter(expires_before=NOW + 365 * DAY), 3),
            (Filter(issuer=ISSUER.did, state="unverified"), 0),
        ],
    )
    def test_a_filter_lets_through_what_it_names(self, wallet: Wallet, wanted: Filter, found: int) -> None:
        self.held(wallet)
        self.held(wallet, validUntil="2026-06-01T00:00:00Z")
        added(wallet, w3c(credential(issuer=STRANGER.did)), keep_unverified=True)
        assert len(held_credentials.listed(wallet, wanted, now=NOW)) == found

    def test_an_unknown_state_is_refused(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError, match="not a state"):
            held_credentials.listed(wallet, Filter(state="good"), now=NOW)
        assert [held_credentials.listed(wallet, Filter(state=name), now=NOW) for name in STATES] == [[]] * 6


class TestLookingAgain:
    """Status lists come over the network: here it answers with what an issuer would publish."""

    @pytest.fixture(autouse=True)
    def published(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
        bodies = {url: text_of(content).encode() for url, content in status_faults.published().items()}

        def fetch(url: str, **_: Any) -> bytes:
            if url not in bodies:
                raise Undetermined(f"{url} does not answer")
            return bodies[url]

        monkeypatch.setattr(guarded_client, "fetch", fetch)
        return bodies

    def entry(self, name: str, purpose: str = "revocation") -> Json:
        return w3c(credential(credentialStatus=status_faults._entry(name, statusPurpose=purpose)))

    @pytest.mark.parametrize("kind", ["w3c", "token"])
    def test_one_that_stands_is_noted_as_checked(self, wallet: Wallet, kind: str) -> None:
        held = added(
            wallet, self.entry("w3c-good") if kind == "w3c" else status_faults._with_token("token-good")
        )
        found = held_credentials.check(wallet, held.id, now=NOW + timedelta(minutes=1))
        assert found.report.outcome is Outcome.PASSED
        noted = credential_store.find(wallet.vault, held.id)
        assert (noted.revocation, noted.checked) == (None, "2026-07-01T12:01:00Z")

    @pytest.mark.parametrize("kind", ["w3c", "token"])
    @pytest.mark.parametrize("word", ["revoked", "suspended"])
    def test_one_that_was_revoked_or_suspended_is_noted_so(
        self, wallet: Wallet, kind: str, word: str
    ) -> None:
        purpose = {"revoked": "revocation", "suspended": "suspension"}[word]
        content: Json | str = (
            self.entry(f"w3c-{word}", purpose)
            if kind == "w3c"
            else status_faults._with_token(f"token-{word}")
        )
        with pytest.raises(VerificationFailed, match=word):
            added(wallet, content)
        held = added(wallet, content, keep_unverified=True)
        assert held_credentials.check(wallet, held.id, now=NOW).report.outcome is Outcome.FAILED
        noted = credential_store.find(wallet.vault, held.id)
        assert noted.revocation == word
        assert held_credentials.state(noted, NOW) == word
        assert held_credentials.listed(wallet, Filter(state=word), now=NOW)[0][0] == noted

    def test_a_list_that_can_not_be_relied_on_does_not_clear_it(
        self, wallet: Wallet, published: dict[str, bytes]
    ) -> None:
        held = added(wallet, self.entry("w3c-revoked"), keep_unverified=True)
        held_credentials.check(wallet, held.id, now=NOW)
        published.clear()
        status_lists.forget_cached(wallet.vault, "https://issuer.example/status/w3c-revoked")
        found = held_credentials.check(wallet, held.id, now=NOW + DAY)
        assert found.report.outcome is Outcome.UNDETERMINED
        assert credential_store.find(wallet.vault, held.id).revocation == "revoked"

    def test_one_that_was_reinstated_is_cleared(self, wallet: Wallet, published: dict[str, bytes]) -> None:
        url = "https://issuer.example/status/w3c-suspended"
        held = added(wallet, self.entry("w3c-suspended", "suspension"), keep_unverified=True)
        held_credentials.check(wallet, held.id, now=NOW)
        published[url] = text_of(w3c(status_faults._list("w3c-suspended", purpose="suspension"))).encode()
        status_lists.forget_cached(wallet.vault, url)
        assert held_credentials.check(wallet, held.id, now=NOW).report.outcome is Outcome.PASSED
        assert credential_store.find(wallet.vault, held.id).revocation is None

    def test_an_entry_that_points_nowhere_is_no_revocation(self, wallet: Wallet) -> None:
        wrong = status_faults._entry("w3c-revoked", statusListIndex="-1")
        held = added(wallet, w3c(credential(credentialStatus=wrong)), keep_unverified=True)
        assert held_credentials.check(wallet, held.id, now=NOW).report.outcome is Outcome.FAILED
        assert credential_store.find(wallet.vault, held.id).revocation is None

    def test_one_that_is_not_there_is_not_found(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound):
            held_credentials.check(wallet, "0123", now=NOW)
