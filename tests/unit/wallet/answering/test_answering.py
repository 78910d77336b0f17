"""The one door: each step in order, one answer or one error, and nothing that leaves without its entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import verifier
from ipse.credentials.policy import Challenge, Policy
from ipse.credentials.report import Outcome
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import (
    ConsentNeeded,
    ConsentRefused,
    IpseError,
    KeystoreLocked,
    MalformedInput,
    RequestReplayed,
    RequestTampered,
    Undetermined,
)
from ipse.network.errors import RedirectNotFollowed, TooSlow
from ipse.network.messages import Response
from ipse.protocols.openid4vp import building
from ipse.storage import credential_store, disclosure_log
from ipse.storage.places import Places
from ipse.wallet import identities
from ipse.wallet.answering import releasing
from ipse.wallet.answering.proposals import CredentialDecision, CredentialProposal
from ipse.wallet.wallet import Wallet
from tests.made import empty_wallet
from tests.unit.wallet.answering.meeting import (
    NOW,
    PERSON,
    PID,
    Meeting,
    Person,
    accepted,
    asked,
    keep,
    unreachable,
)


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        identities.create(made, "university", now=NOW)
        yield made


def refused(_: CredentialProposal) -> CredentialDecision:
    return CredentialDecision(accepted=False)


def log(wallet: Wallet) -> list[JsonObject]:
    return [entry.content for entry in disclosure_log.every(wallet.vault)]


def verified(wallet: Wallet, meeting: Meeting, presented: Any) -> JsonObject:
    """The document of a presentation that holds for this meeting."""
    challenge = Challenge(meeting.client.client_id, meeting.nonce)
    issuer = wallet.manifest.find("university").did
    text = presented if isinstance(presented, str) else strict_json.pretty(presented)
    found = verifier.verify(text, policy=Policy(issuers=frozenset({issuer}), challenge=challenge), now=NOW)
    assert found.report.outcome is Outcome.PASSED, found.report
    content = found.credentials[0].content if found.credentials else found.content
    assert content is not None
    return content.document


class TestAnAnswer:
    @pytest.mark.parametrize("method", ["get", "post"])
    @pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
    def test_reaches_the_verifier_with_the_claims_asked_for_alone(
        self, wallet: Wallet, method: str, mode: str
    ) -> None:
        keep(wallet)
        meeting, person = Meeting(wallet, mode=mode, method=method), Person()
        answered = meeting.run(person)
        assert meeting.response.state == meeting.state
        ((presented,),) = meeting.response.vp_token.values()
        document = verified(wallet, meeting, presented)
        assert document["given_name"] == "Ada"
        assert not document.keys() & {"family_name", "birthdate", "address"}
        assert answered.accepted is not None
        assert person.told == []

    def test_is_in_the_log_with_what_was_asked_before_it_is_sent(self, wallet: Wallet) -> None:
        credential = keep(wallet)
        meeting = Meeting(wallet, answer=unreachable())
        with pytest.raises(Undetermined, match="nobody answers"):
            meeting.run(person := Person())
        (entry,) = log(wallet)
        assert entry["level"] == "credentials"
        assert entry["said"] is True
        assert entry["credentials"] == [credential]
        assert entry["asked"] == [
            {"id": "pid", "format": "dc+sd-jwt", "types": [PID], "claims": ["given_name"]}
        ]
        assert json.loads(entry["released"]) == {
            name: list(made) for name, made in meeting.response.vp_token.items()
        }
        assert len(meeting.forms) == 1, "no error follows an answer that may have come"
        assert person.told == []

    def test_to_a_request_object_that_was_encrypted_to_the_wallet(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, method="post", encrypts=True)
        meeting.run(Person())
        assert list(meeting.response.vp_token) == ["pid"]

    @pytest.mark.parametrize("form", ["jwt", "w3c", "sd-jwt"])
    def test_never_proves_a_credential_that_is_bound_to_nobody(self, wallet: Wallet, form: str) -> None:
        keep(wallet, form, subject=None)
        name = {"jwt": "jwt_vc_json", "w3c": "ldp_vc", "sd-jwt": "dc+sd-jwt"}[form]
        meeting = Meeting(wallet, query={"credentials": [{"id": "pid", "format": name, "meta": {}}]})
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person())
        assert person.shown[0].options == ()
        assert "bound to no key" in person.shown[0].missing[0][1]

    def test_fetches_with_the_media_type_of_request_objects(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, method="post")
        meeting.run(Person())
        ((_, accept, form),) = meeting.fetched
        assert accept == "application/oauth-authz-req+jwt"
        metadata = json.loads(form["wallet_metadata"])
        assert "dc+sd-jwt" in metadata["vp_formats_supported"]
        assert "d" not in metadata["jwks"]["keys"][0]
        assert len(form["wallet_nonce"]) >= 22

    def test_tells_where_the_owner_is_sent_next_if_that_is_https(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, answer=accepted("https://verifier.example/done#code=1"))
        answered = meeting.run(Person())
        assert answered.accepted is not None
        assert answered.accepted.redirect_uri == "https://verifier.example/done#code=1"

    @pytest.mark.parametrize(
        "address",
        [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://x.example/",
            "x y",
            "https://bank.example@x.example/",
        ],
    )
    def test_tells_of_another_address_without_giving_it_to_be_opened(
        self, wallet: Wallet, address: str
    ) -> None:
        keep(wallet)
        answered = Meeting(wallet, answer=accepted(address)).run(Person())
        assert answered.accepted is not None
        assert answered.accepted.redirect_uri is None
        assert answered.accepted.refused_uri == address

    def test_is_given_once_for_a_nonce(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        meeting.run(Person())
        with pytest.raises(RequestReplayed):
            meeting.run(again := Person())
        assert again.shown == [], "nobody is asked again"
        assert meeting.forms[1].keys() == {"response"}
        assert len(log(wallet)) == 1

    def test_with_mode_fragment_is_an_address_to_open(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, mode="fragment", state=None)
        answered = meeting.run(Person(), text=str(meeting.request()))
        assert answered.url.startswith("https://verifier.example/response#vp_token=")
        assert meeting.forms == []

    @pytest.mark.parametrize("form", ["jwt", "w3c"])
    def test_in_a_w3c_format_is_a_presentation_for_the_client_and_the_nonce(
        self, wallet: Wallet, form: str
    ) -> None:
        keep(wallet, form)
        name = {"jwt": "jwt_vc_json", "w3c": "ldp_vc"}[form]
        meeting = Meeting(wallet, query={"credentials": [{"id": "pid", "format": name, "meta": {}}]})
        meeting.run(person := Person())
        ((presented,),) = meeting.response.vp_token.values()
        assert isinstance(presented, str if form == "jwt" else dict)
        verified(wallet, meeting, presented)
        assert person.shown[0].options[0].leaving[0].whole

    def test_without_holder_binding_has_no_key_binding(self, wallet: Wallet) -> None:
        keep(wallet, subject=None)
        query = asked(["given_name"], require_cryptographic_holder_binding=False)
        meeting = Meeting(wallet, query=query)
        meeting.run(person := Person())
        ((presented,),) = meeting.response.vp_token.values()
        assert isinstance(presented, str)
        assert presented.endswith("~")
        assert not person.shown[0].options[0].leaving[0].bound

    def test_is_the_option_that_the_owner_chose(self, wallet: Wallet) -> None:
        keep(wallet)
        other = keep(wallet, claims={**PERSON, "given_name": "Grace"}, number=2)
        meeting = Meeting(wallet)

        def second(proposal: CredentialProposal) -> CredentialDecision:
            (wanted,) = [
                number
                for number, option in enumerate(proposal.options)
                if option.leaving[0].credential == other
            ]
            return CredentialDecision(accepted=True, option=wanted)

        meeting.run(Person(second))
        ((presented,),) = meeting.response.vp_token.values()
        assert verified(wallet, meeting, presented)["given_name"] == "Grace"

    def test_shows_the_owner_exactly_what_then_leaves(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, query=asked(["address", "city"], ["birthdate"]))
        meeting.run(person := Person())
        (leaving,) = person.shown[0].options[0].leaving
        ((presented,),) = meeting.response.vp_token.values()
        document = verified(wallet, meeting, presented)
        assert dict(leaving.revealed) == {
            ("birthdate",): "1815-12-10",
            ("address", "city"): "London",
            # What can't be withheld, and tells one presentation from others.
            ("jti",): document["jti"],
            ("sub",): document["sub"],
        }
        assert {name for name in document if name in PERSON} == {"birthdate", "address"}
        assert document["address"] == {"city": "London"}


class TestAPurpose:
    def test_is_shown_and_bound_by_the_holders_signature(self, wallet: Wallet) -> None:
        keep(wallet)
        entry = {
            "type": "urn:ipse:purpose:1",
            "credential_ids": ["pid"],
            "purpose": "to open your account",
            "retention": 86400,
        }
        meeting = Meeting(wallet, transaction_data=[entry])
        meeting.run(person := Person())
        assert person.shown[0].purpose == "to open your account"
        assert person.shown[0].retention == timedelta(days=1)
        ((presented,),) = meeting.response.vp_token.values()
        assert isinstance(presented, str)
        binding = strict_json.parse_object(base64url.decode(presented.rsplit("~", 1)[1].split(".")[1]))
        assert len(binding["transaction_data_hashes"]) == 1
        assert log(wallet)[0]["purpose"] == "to open your account"

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "urn:example:payment"},
            {"purpose": ""},
            {"purpose": "x" * 301},
            {"amount": "1"},
            {"retention": -1},
            {"retention": "1"},
        ],
    )
    def test_that_is_none_is_told_as_invalid_transaction_data(
        self, wallet: Wallet, change: JsonObject
    ) -> None:
        keep(wallet)
        entry = {"type": "urn:ipse:purpose:1", "credential_ids": ["pid"], "purpose": "p", **change}
        meeting = Meeting(wallet, transaction_data=[entry])
        with pytest.raises((MalformedInput, Undetermined)):
            meeting.run(person := Person())
        assert meeting.response.error == "invalid_transaction_data"
        assert person.shown == []

    def test_is_not_presented_with_a_format_that_can_not_bind_it(self, wallet: Wallet) -> None:
        keep(wallet, "jwt")
        entry = {"type": "urn:ipse:purpose:1", "credential_ids": ["pid"], "purpose": "p"}
        query = {"credentials": [{"id": "pid", "format": "jwt_vc_json", "meta": {}}]}
        meeting = Meeting(wallet, query=query, transaction_data=[entry])
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person())
        assert person.shown[0].options == ()
        assert meeting.response.error == "access_denied"


class TestAVerifierIsNeverLeftWaiting:
    def test_the_owners_no_is_access_denied_and_logged(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        with pytest.raises(ConsentRefused, match="you refused"):
            meeting.run(person := Person(refused))
        assert (meeting.response.error, meeting.response.error_description) == ("access_denied", None)
        assert [told.code for told in person.told] == ["access_denied"]
        (entry,) = log(wallet)
        assert (entry["consent"], entry["said"], entry["released"]) == ("refused", False, "")
        with pytest.raises(RequestReplayed):
            meeting.run(Person())

    def test_a_wallet_without_such_a_credential_says_the_same_and_asks_first(self, wallet: Wallet) -> None:
        keep(wallet, kind="https://issuer.example/other")
        meeting = Meeting(wallet)
        with pytest.raises(ConsentRefused) as raised:
            meeting.run(person := Person())
        assert raised.value.code == "no-credential"
        assert meeting.response.error == "access_denied"
        (proposal,) = person.shown
        assert proposal.options == ()
        assert proposal.missing[0][0] == "pid"

    @pytest.mark.parametrize(
        "error",
        [
            ConsentNeeded("nobody to ask"),
            KeystoreLocked("locked"),
            KeyboardInterrupt(),
            ZeroDivisionError(),
        ],
    )
    def test_whatever_ends_it_while_the_owner_decides_is_told_as_one_code(
        self, wallet: Wallet, error: BaseException
    ) -> None:
        keep(wallet)
        meeting = Meeting(wallet)

        def fails(_: CredentialProposal) -> CredentialDecision:
            raise error

        with pytest.raises(type(error)):
            meeting.run(Person(fails))
        assert meeting.response.error == "access_denied"
        assert meeting.response.error_description is None

    def test_a_fault_between_the_log_and_the_sending_is_told(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep(wallet)
        meeting = Meeting(wallet)

        def broken(*_: Any, **__: Any) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(releasing, "_record", broken)
        with pytest.raises(OSError, match="disk"):
            meeting.run(Person())
        assert meeting.response.error == "access_denied"

    def test_an_error_that_can_not_be_told_is_reported_and_the_first_one_stands(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, answer=unreachable())
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person(refused))
        (told,) = person.told
        assert told.reason == "nobody answers"

    def test_an_interruption_while_telling_does_not_hide_the_refusal(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, answer=KeyboardInterrupt())
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person(refused))
        assert person.told[0].reason

    def test_with_mode_fragment_the_error_is_an_address_that_nobody_opens(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, mode="fragment", state=None)
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person(refused), text=str(meeting.request()))
        assert person.told[0].url == "https://verifier.example/response#error=access_denied"
        assert person.told[0].decided
        assert meeting.forms == []


class TestARequestIsNotBelieved:
    def test_with_another_wallet_nonce(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet, method="post")
        served = str(meeting.request("somebody-elses-nonce-0123456789"))
        meeting.request_answer = Response(
            "https://verifier.example/request", 200, "application/oauth-authz-req+jwt", served.encode()
        )
        with pytest.raises(RequestTampered, match="wallet_nonce"):
            meeting.run(person := Person())
        assert person.shown == []

    def test_from_another_client_than_the_link_names(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting, other = Meeting(wallet), Meeting(wallet)
        link = meeting.link.replace(_quoted(meeting.client.client_id), _quoted(other.client.client_id))
        with pytest.raises(RequestTampered, match="the link is from"):
            meeting.run(person := Person(), text=link)
        assert person.shown == []
        assert meeting.response.error == "invalid_request"

    @pytest.mark.parametrize(
        "answer",
        [
            Response("https://verifier.example/request", 404, "text/html", b""),
            Response("https://verifier.example/request", 200, "text/html", b"<html>"),
            Response("https://verifier.example/request", 200, "application/oauth-authz-req+jwt", b"\xff"),
            Response(
                "https://verifier.example/request", 200, "application/oauth-authz-req+jwt", b"x" * 2_000_000
            ),
            RedirectNotFollowed("a redirect"),
            TooSlow("not all there"),
        ],
    )
    def test_where_its_address_serves_something_else(
        self, wallet: Wallet, answer: Response | IpseError
    ) -> None:
        keep(wallet)
        meeting = Meeting(wallet, request_answer=answer)
        with pytest.raises((MalformedInput, Undetermined)):
            meeting.run(person := Person())
        assert person.shown == []
        assert meeting.forms == []
        assert log(wallet) == []

    def test_under_another_media_type_even_if_it_is_one(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        served = str(meeting.request()).encode()
        meeting.request_answer = Response("https://verifier.example/request", 200, "text/html", served)
        with pytest.raises(MalformedInput, match="serves text/html"):
            meeting.run(person := Person())
        assert person.shown == []


class TestWhatIsNoLongerGood:
    @pytest.mark.parametrize("state", ["expired", "revoked", "suspended"])
    def test_is_not_offered(self, wallet: Wallet, state: str) -> None:
        kept = credential_store.find(wallet.vault, keep(wallet))
        changes = {"valid_until": "2026-01-01T00:00:00Z"} if state == "expired" else {"revocation": state}
        credential_store.remove(wallet.vault, kept.id)
        credential_store.add(wallet.vault, replace(kept, **changes))  # type: ignore[arg-type]
        with pytest.raises(ConsentRefused):
            Meeting(wallet).run(person := Person())
        assert person.shown[0].options == ()


class TestWhatTheVerifierAccepts:
    def test_a_copy_whose_signature_it_does_not_accept_is_not_offered(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        formats = {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}}
        meeting.metadata = building.build_client_metadata(keys=[meeting.decryption], vp_formats=formats)
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person())
        ((identifier, why),) = person.shown[0].missing
        assert (identifier, why) == ("pid", "the verifier does not accept how its issuer signed it")

    def test_nor_one_that_is_bound_to_a_key_it_does_not_accept(self, wallet: Wallet) -> None:
        identities.create(wallet, "me", now=NOW)
        keep(wallet, subject=wallet.manifest.find("me").did)
        meeting = Meeting(wallet)
        formats = {"dc+sd-jwt": {"kb-jwt_alg_values": ["ES256"]}}
        meeting.metadata = building.build_client_metadata(keys=[meeting.decryption], vp_formats=formats)
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person())
        assert "EdDSA" in person.shown[0].missing[0][1]


class TestHistory:
    def test_a_known_verifier_is_shown_as_known_with_what_it_asked(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        meeting.run(person := Person())
        assert (person.shown[0].known_since, person.shown[0].past) == ("", ())
        meeting.nonce = "another-0123456789abcdef"
        with pytest.raises(ConsentRefused):
            meeting.run(person := Person(refused))
        (past,) = person.shown[0].past
        assert (past.claims, past.said) == (("given_name",), True)
        assert person.shown[0].known_since.startswith("2026-07-01")

    def test_the_copy_that_was_shown_less_often_is_as_good_as_the_other(self, wallet: Wallet) -> None:
        keep(wallet)
        meeting = Meeting(wallet)
        meeting.run(Person())
        meeting.nonce = "another-0123456789abcdef"
        meeting.run(person := Person())
        assert len(person.shown[0].options) == 1


def _quoted(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text)
