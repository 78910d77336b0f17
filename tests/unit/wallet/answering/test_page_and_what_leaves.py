"""What the page says that leaves is what leaves, and nothing is signed for a part that did not ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final

import pytest

from ipse.credentials import jws
from ipse.encoding.strict_json import JsonObject
from ipse.errors import ConsentRefused, RequestExpired
from ipse.protocols.dcql import matching
from ipse.protocols.dcql.matching import HeldCredential, Matches
from ipse.protocols.dcql.query import Query
from ipse.storage import disclosure_log
from ipse.storage.places import Places
from ipse.wallet import identities
from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal
from ipse.wallet.wallet import Wallet
from tests.made import empty_wallet
from tests.unit.wallet.answering.meeting import NOW, PERSON, Meeting, Person, asked, keep

HIDDEN: Final = (
    "given_name",
    "family_name",
    "birthdate",
    "langs.0",
    "langs.1",
    "address.street",
    "address.city",
)
"""Claims that can be withheld one by one, while the containers they are in always leave."""


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        identities.create(made, "university", now=NOW)
        yield made


class TestThePageAndWhatLeaves:
    """The page lists every value that leaves, and its reason counts as many."""

    EVIDENCE: ClassVar = {"type": ["DocumentCheck"], "documentNumber": "P1234567"}

    @pytest.mark.parametrize("form", ["jwt", "w3c"])
    def test_lists_what_a_whole_credential_says_beside_its_subject(self, wallet: Wallet, form: str) -> None:
        keep(wallet, form, members={"evidence": [self.EVIDENCE], "termsOfUse": [{"type": "Policy"}]})
        name = {"jwt": "jwt_vc_json"}.get(form, "ldp_vc")
        meeting = Meeting(wallet, query={"credentials": [{"id": "pid", "format": name, "meta": {}}]})
        meeting.run(person := Person())
        (leaving,) = person.shown[0].options[0].leaving
        shown = dict(leaving.revealed)
        assert shown["evidence", 0, "documentNumber"] == "P1234567"
        assert ("termsOfUse", 0, "type") in shown
        assert shown[("id",)] == "urn:uuid:1"

    @pytest.mark.parametrize("form", ["sd-jwt", "jwt", "w3c"])
    def test_counts_what_it_lists(self, wallet: Wallet, form: str) -> None:
        keep(wallet, form)
        name = {"sd-jwt": "dc+sd-jwt", "jwt": "jwt_vc_json", "w3c": "ldp_vc"}[form]
        meeting = Meeting(wallet, query={"credentials": [{"id": "pid", "format": name, "meta": {}}]})
        meeting.run(person := Person())
        option = person.shown[0].options[0]
        assert option.reason.startswith(f"{len(option.leaving[0].revealed)} value")

    def test_counts_no_container_whose_values_all_stay(self, wallet: Wallet) -> None:
        keep(wallet, claims={**PERSON, "langs": ["en", "fr"], "none": []}, disclosable=HIDDEN)
        meeting = Meeting(wallet, query=asked(["given_name"]))
        meeting.run(person := Person())
        (option,) = person.shown[0].options
        places = [place for place, _ in option.leaving[0].revealed]
        assert places == [("given_name",), ("jti",), ("none",), ("sub",)]
        assert option.reason.startswith("4 values leave")

    def test_lists_an_element_that_moved_up(self, wallet: Wallet) -> None:
        keep(wallet, claims={**PERSON, "langs": ["en", "fr"], "none": []}, disclosable=HIDDEN)
        meeting = Meeting(wallet, query=asked(["langs", 1]))
        meeting.run(person := Person())
        (option,) = person.shown[0].options
        assert (("langs", 0), "fr") in option.leaving[0].revealed
        assert option.reason.startswith(f"{len(option.leaving[0].revealed)} values leave")


def test_a_purpose_is_signed_only_where_it_is_asked_for(wallet: Wallet) -> None:
    keep(wallet)
    query = {
        "credentials": [
            {**asked(["given_name"])["credentials"][0], "id": "one"},
            {**asked(["family_name"])["credentials"][0], "id": "two"},
        ]
    }
    data = {"type": "urn:ipse:purpose:1", "credential_ids": ["two"], "purpose": "to greet you"}
    meeting = Meeting(wallet, query=query, transaction_data=[data])
    meeting.run(Person())
    bound = {
        name: "transaction_data_hashes" in jws.read(made[0].rpartition("~")[2], what="it").payload
        for name, made in meeting.response.vp_token.items()
        if isinstance(made[0], str)
    }
    assert bound == {"one": False, "two": True}


def test_a_request_that_is_too_costly_for_what_is_here_is_told_no_sooner_than_others(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told before the owner said anything, it would tell that there are credentials to compare."""
    keep(wallet)
    monkeypatch.setattr(matching, "MAX_COMPARISONS", 0)
    meeting = Meeting(wallet)
    with pytest.raises(ConsentRefused) as caught:
        meeting.run(person := Person())
    assert caught.value.code == "no-credential"
    assert person.shown[0].options == ()
    assert "more than 0 claims" in person.shown[0].missing[0][1]
    assert [told.code for told in person.told] == ["access_denied"]


def test_copies_that_the_verifier_cant_read_are_compared_once(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        keep(wallet, number=number)
    compared: list[int] = []
    match = matching.match

    def counted(query: Query, held: Sequence[HeldCredential]) -> Matches:
        compared.append(len(held))
        return match(query, held)

    monkeypatch.setattr(matching, "match", counted)
    (one,) = asked(["given_name"])["credentials"]
    meeting = Meeting(wallet, query={"credentials": [{**one, "id": f"q{number}"} for number in range(5)]})
    assert meeting.metadata is not None
    meeting.metadata["vp_formats_supported"] = {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES384"]}}
    with pytest.raises(ConsentRefused):
        meeting.run(person := Person())
    assert "how its issuer signed it" in person.shown[0].missing[0][1]
    assert sum(compared) == 5


def test_nothing_is_signed_for_a_yes_after_the_request_expired(wallet: Wallet) -> None:
    keep(wallet)
    meeting = Meeting(wallet, expires=NOW + timedelta(minutes=5))

    def late(_: CredentialProposal) -> CredentialDecision:
        meeting.now += timedelta(hours=1)
        return CredentialDecision(accepted=True)

    with pytest.raises(RequestExpired):
        meeting.run(Person(late))
    assert meeting.response.error == "invalid_request"
    assert disclosure_log.every(wallet.vault) == []


class TestWhatIsNotRequired:
    ONE: ClassVar = {**asked(["given_name"])["credentials"][0], "id": "one"}
    TWO: ClassVar = {**asked(["birthdate"])["credentials"][0], "id": "two"}

    def query(self, *sets: JsonObject) -> JsonObject:
        return {"credentials": [self.ONE, self.TWO], "credential_sets": list(sets)}

    def test_is_offered_after_what_is_and_sent_where_the_owner_picks_it(self, wallet: Wallet) -> None:
        keep(wallet)
        query = self.query({"options": [["one"]]}, {"options": [["two"]], "required": False})
        person = Person(lambda proposal: CredentialDecision(True, len(proposal.options) - 1))
        meeting = Meeting(wallet, query=query)
        meeting.run(person)
        least, more = person.shown[0].options
        assert [each.query_id for each in least.leaving] == ["one"]
        assert [each.query_id for each in more.leaving] == ["one", "two"]
        assert more.reason == "adds what they ask for and do not need"
        assert set(meeting.response.vp_token) == {"one", "two"}

    def test_can_be_all_that_is_asked_for(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, query=self.query({"options": [["two"]], "required": False}))
        meeting.run(Person())
        assert set(meeting.response.vp_token) == {"two"}

    def test_is_refused_where_it_is_all_and_not_held(self, wallet: Wallet) -> None:
        meeting = Meeting(wallet, query=self.query({"options": [["two"]], "required": False}))
        with pytest.raises(ConsentRefused) as caught:
            meeting.run(Person())
        assert caught.value.code == "no-credential"
        assert meeting.response.error == "access_denied"
