"""Questions about preferences come through the same door: fetched, shown, logged and sent like the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ipse.disclosure import answers, levels, questions
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, RequestExpired, RequestReplayed, Undetermined
from ipse.protocols.openid4vp import parse_request
from ipse.storage import disclosure_log
from ipse.wallet import disclosure
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.answering.meeting import Meeting, Person
from tests.unit.wallet.disclosure.conftest import made_earlier, wallet
from tests.unit.wallet.disclosure.material import CHOOSE, NOW, Blending, no, teach, yes

__all__ = ["made_earlier", "wallet"]

TYPE = questions.type_of("choose")


def _meeting(wallet: Wallet, **changed: object) -> Meeting:
    content: JsonObject = {
        "type": TYPE,
        "credential_ids": ["answer"],
        "purpose": "to show what suits you first",
        "retention": 86400,
        **levels.of(CHOOSE).write(CHOOSE),
        **changed,
    }
    query = {"credentials": [{"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [TYPE]}}]}
    return Meeting(wallet, query=query, transaction_data=[content], now=NOW)


def _person(decide: object = yes) -> Person:
    return Person(preferences=decide, embedder=Blending)  # type: ignore[arg-type]


def _said(meeting: Meeting) -> answers.AnswerVerification:
    """The answer that came, verified as the application does."""
    ((text,),) = meeting.response.vp_token.values()
    question = questions.question_of(parse_request(meeting.request()))
    return answers.verify_answer(str(text), question, NOW)


def test_the_answer_to_a_link_is_posted_encrypted_and_verifies(wallet: Wallet) -> None:
    teach(wallet, "quiet novels about the sea", "long walks in the hills")
    meeting = _meeting(wallet)
    answered = meeting.run(_person())
    assert answered.about_preferences
    assert answered.said
    assert _said(meeting).content is not None
    (entry,) = disclosure_log.every(wallet.vault)
    assert entry.content["level"] == "choose"
    with pytest.raises(RequestReplayed):
        meeting.run(_person())


def test_the_owners_no_is_an_answer_that_says_nothing(wallet: Wallet) -> None:
    teach(wallet, "quiet novels about the sea")
    meeting = _meeting(wallet)
    answered = meeting.run(person := _person(no))
    assert not answered.said
    assert _said(meeting).content == answers.nothing(questions.question_of(parse_request(meeting.request())))
    assert person.told == []


def test_an_interruption_at_the_page_is_told_as_access_denied(wallet: Wallet) -> None:
    teach(wallet, "quiet novels about the sea")
    meeting = _meeting(wallet)

    def interrupted(_: Proposal) -> Decision:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meeting.run(_person(interrupted))
    assert meeting.response.error == "access_denied"
    assert disclosure_log.every(wallet.vault) == []


@pytest.mark.parametrize("changed", [{"purpose": 7}, {"unheard_of": 1}, {"retention": 1}])
def test_a_question_that_is_none_is_told_as_invalid_transaction_data(
    wallet: Wallet, changed: JsonObject
) -> None:
    meeting = _meeting(wallet, **changed)
    with pytest.raises((MalformedInput, Undetermined)):
        meeting.run(_person())
    assert meeting.response.error == "invalid_transaction_data"


def test_a_grant_answers_without_the_owner(wallet: Wallet) -> None:
    teach(wallet, "quiet novels about the sea")
    meeting = _meeting(wallet)
    party = parse_request(meeting.request()).party
    disclosure.grant(wallet, party, level="choose", expires=NOW + timedelta(days=30), now=NOW)
    answered = meeting.run(Person(embedder=Blending))
    assert answered.about_preferences
    (entry,) = disclosure_log.every(wallet.vault)
    assert entry.content["consent"].startswith("grant ")


def test_a_yes_after_the_request_expired_discloses_nothing(wallet: Wallet) -> None:
    teach(wallet, "quiet novels about the sea")
    meeting = _meeting(wallet)
    meeting.expires = NOW + timedelta(minutes=5)

    def late(proposal: Proposal) -> Decision:
        meeting.now += timedelta(hours=1)
        return yes(proposal)

    with pytest.raises(RequestExpired):
        meeting.run(_person(late))
    assert meeting.response.error == "invalid_request"
    assert disclosure_log.every(wallet.vault) == []
