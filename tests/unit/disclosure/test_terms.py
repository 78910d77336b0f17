"""The terms that an application offers: what they say in ODRL, and every other policy that is refused."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest

from ipse.disclosure.terms import (
    MAX_IN_RETURN,
    PROFILE,
    Subject,
    Terms,
    build_policy,
    named_information,
    parse_policy,
)
from ipse.encoding import base64url, strict_json
from ipse.errors import MalformedInput
from tests.unit.disclosure.material import SHOP

FAVOUR: Final = "Free delivery for a month"
EVERYTHING: Final = Terms(no_resale=True, deletion_on_demand=True, in_return=FAVOUR)
OFFERED: Final = [
    Terms(no_resale, deletion, favour)
    for no_resale, deletion, favour in product([False, True], [False, True], [None, FAVOUR])
    if no_resale or deletion or favour
]
REQUESTED: Final = Subject(
    SHOP, "urn:ipse:preferences:choose:1", "Choose what to show first", timedelta(days=7)
)
AGREED: Final = replace(REQUESTED, target=named_information(b"a" * 32), assigner="did:key:z6MkWallet")
SUBJECTS: Final = [REQUESTED, AGREED]
NAMES: Final = ["requested", "agreed"]

# What ODRL 2.2 calls these, by the JSON-LD context of its Vocabulary & Expression.
MEMBERS: Final = {
    "@context", "@type", "@id", "@value", "uid", "profile", "assigner", "assignee", "target", "permission",
    "prohibition", "obligation", "duty", "action", "rdf:value", "refinement", "constraint", "leftOperand",
    "operator", "rightOperand",
}  # fmt: skip
VALUES: Final = {
    "@context": {"http://www.w3.org/ns/odrl.jsonld"},
    "@type": {"Request", "Agreement", "xsd:duration"},
    "action": {"use", "sell", "delete"},
    "leftOperand": {"purpose", "product", "elapsedTime", "event"},
    "operator": {"eq", "lteq", "gt"},
}


def policy(terms: Terms = EVERYTHING, subject: Subject = REQUESTED) -> Any:
    """A policy that a test may change."""
    return copy.deepcopy(build_policy(terms, subject))


def named(changed: Any) -> Any:
    """`changed` with the uid that its content gives it."""
    content = {name: value for name, value in changed.items() if name != "uid"}
    return {**content, "uid": named_information(hashlib.sha256(strict_json.canonical(content)).digest())}


def refused(changed: Any, code: str, reason: str = ".", subject: Subject = REQUESTED) -> MalformedInput:
    with pytest.raises(MalformedInput, match=reason) as caught:
        parse_policy(changed, subject)
    error = caught.value
    assert error.code == code, error.message
    assert "\n" not in error.message
    assert len(error.message) < 500
    assert error.hint
    return error


def places(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of every value in `value`."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in inner:
        yield from places(entry, *path, name)


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object in `value`."""
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from members(entry)
    if isinstance(value, dict):
        yield from value.items()


def put(changed: Any, path: tuple[Any, ...], value: Any) -> Any:
    """`changed` with `value` at `path`; `...` takes it away."""
    at = changed = copy.deepcopy(changed)
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


class TestWhatIsOffered:
    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    @pytest.mark.parametrize("terms", OFFERED, ids=str)
    def test_what_is_built_reads_back(self, terms: Terms, subject: Subject) -> None:
        assert parse_policy(build_policy(terms, subject), subject) == terms

    def test_a_request_says_all_of_it_in_odrl(self) -> None:
        assert named(policy()) == policy()
        assert policy() == {
            "@context": "http://www.w3.org/ns/odrl.jsonld",
            "@type": "Request",
            "uid": "ni:///sha-256;X9kof_GlfQ-BBKtF6rrIdKbA9PZN7WmssSlXAgyGQrQ",
            "profile": PROFILE,
            "assignee": SHOP,
            "target": "urn:ipse:preferences:choose:1",
            "permission": [
                {
                    "action": "use",
                    "constraint": [
                        {
                            "leftOperand": "purpose",
                            "operator": "eq",
                            "rightOperand": "Choose what to show first",
                        }
                    ],
                    "duty": [
                        {
                            "action": [
                                {
                                    "rdf:value": {"@id": "odrl:compensate"},
                                    "refinement": [
                                        {"leftOperand": "product", "operator": "eq", "rightOperand": FAVOUR}
                                    ],
                                }
                            ]
                        }
                    ],
                }
            ],
            "prohibition": [{"action": "sell"}],
            "obligation": [
                {
                    "action": "delete",
                    "constraint": [
                        {
                            "leftOperand": "elapsedTime",
                            "operator": "lteq",
                            "rightOperand": {"@value": "PT604800S", "@type": "xsd:duration"},
                        }
                    ],
                },
                {
                    "action": "delete",
                    "constraint": [
                        {
                            "leftOperand": "event",
                            "operator": "gt",
                            "rightOperand": {"@id": "urn:ipse:withdrawal:1"},
                        }
                    ],
                },
            ],
        }

    def test_an_agreement_names_the_wallet_as_the_assigner_and_the_answer_as_the_target(self) -> None:
        requested, agreed = policy(), policy(subject=AGREED)
        assert {name for name in agreed if agreed[name] != requested.get(name)} == {
            "@type", "uid", "target", "assigner",
        }  # fmt: skip
        assert agreed["@type"] == "Agreement"
        assert agreed["assigner"] == AGREED.assigner
        assert agreed["target"] == "ni:///sha-256;" + base64url.encode(b"a" * 32)

    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    @pytest.mark.parametrize("terms", OFFERED, ids=str)
    def test_every_word_is_one_of_odrl(self, terms: Terms, subject: Subject) -> None:
        for name, value in members(build_policy(terms, subject)):
            assert name in MEMBERS
            if name in VALUES and isinstance(value, str):
                assert value in VALUES[name]

    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    def test_other_terms_and_another_subject_have_another_uid(self, subject: Subject) -> None:
        policies = [build_policy(terms, subject) for terms in OFFERED]
        policies += [build_policy(EVERYTHING, replace(subject, purpose="Sell it"))]
        assert len({made["uid"] for made in policies}) == len(policies)

    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    def test_the_order_of_obligations_says_nothing(self, subject: Subject) -> None:
        made = policy(subject=subject)
        made["obligation"].reverse()
        assert parse_policy(made, subject) == EVERYTHING

    def test_terms_that_offer_nothing_are_not_built(self) -> None:
        with pytest.raises(MalformedInput, match="offer nothing") as caught:
            build_policy(Terms(), REQUESTED)
        assert caught.value.code == "terms-empty"

    def test_a_policy_with_purpose_and_retention_alone_offers_nothing(self) -> None:
        made = policy(Terms(no_resale=True))
        refused(named(put(made, ("prohibition",), ...)), "terms-empty")


class TestInReturn:
    @pytest.mark.parametrize("text", ["x", "\u20ac 2 for each answer", "x" * MAX_IN_RETURN, '"', "\u05d0"])
    def test_any_line_of_at_most_300_characters_is_read(self, text: str) -> None:
        terms = Terms(in_return=text)
        assert parse_policy(build_policy(terms, REQUESTED), REQUESTED) == terms

    @pytest.mark.parametrize(
        "text",
        ["", " ", "x" * (MAX_IN_RETURN + 1), "a\nb", "a\x1b[2J", "a\u202eb", "\u2800", "\u200b", "\ue000"],
        ids=ascii,
    )
    def test_a_text_that_may_not_be_shown_is_neither_built_nor_read(self, text: str) -> None:
        with pytest.raises(MalformedInput) as caught:
            build_policy(Terms(in_return=text), REQUESTED)
        assert caught.value.code == "terms-malformed"
        place = ("permission", 0, "duty", 0, "action", 0, "refinement", 0, "rightOperand")
        refused(named(put(policy(), place, text)), "terms-malformed")

    def test_compensation_without_a_word_of_what_is_malformed(self) -> None:
        place = ("permission", 0, "duty", 0, "action")
        refused(named(put(policy(), place, "compensate")), "terms-malformed", "with what")
        refused(named(put(policy(), (*place, 0, "refinement"), [])), "terms-malformed", "with what")


class TestUnknownWords:
    @pytest.mark.parametrize(
        ("place", "value", "reason"),
        [
            (("permission", 0, "action"), "distribute", "the permission 'distribute'"),
            (("permission", 0, "action"), "sell", "the permission 'sell'"),
            (("permission", 0, "action"), "odrl:use", "the permission 'odrl:use'"),
            (("permission", 0, "action"), None, "permission of the terms is None"),
            (("prohibition", 0, "action"), "use", "the prohibition 'use'"),
            (("prohibition", 0, "action"), "Sell", "the prohibition 'Sell'"),
            (("obligation", 0, "action"), "inform", "the obligation 'inform'"),
            (("permission", 0, "duty", 0, "action"), "acceptTracking", "the duty 'acceptTracking'"),
            (
                ("permission", 0, "duty", 0, "action", 0, "rdf:value", "@id"),
                "odrl:acceptTracking",
                "the duty 'acceptTracking'",
            ),
        ],
    )
    def test_an_action_is_refused_by_its_name(self, place: tuple[Any, ...], value: Any, reason: str) -> None:
        code = "terms-malformed" if value is None else "terms-unknown-action"
        error = refused(named(put(policy(), place, value)), code, reason)
        assert value is None or "is " in error.hint

    @pytest.mark.parametrize(
        ("place", "operand"),
        [
            (("permission", 0, "constraint", 0), "recipient"),
            (("permission", 0, "constraint", 0), "event"),
            (("permission", 0, "constraint", 0), ["purpose"]),
            (("obligation", 0, "constraint", 0), "purpose"),
            (("obligation", 1, "constraint", 0), "dateTime"),
            (("permission", 0, "duty", 0, "action", 0, "refinement", 0), "payAmount"),
        ],
    )
    def test_a_constraint_is_refused_by_its_name(self, place: tuple[Any, ...], operand: Any) -> None:
        error = refused(
            named(put(policy(), (*place, "leftOperand"), operand)), "terms-unknown-constraint", "terms limit"
        )
        assert str(operand) in error.message
        assert "can be limited by" in error.hint

    def test_a_refinement_of_what_is_prohibited_is_refused(self) -> None:
        action = [
            {
                "rdf:value": {"@id": "odrl:sell"},
                "refinement": [{"leftOperand": "payAmount", "operator": "lt", "rightOperand": "5"}],
            }
        ]
        made = named(put(policy(), ("prohibition", 0, "action"), action))
        refused(made, "terms-unknown-constraint", "'payAmount'")

    @pytest.mark.parametrize(
        "place",
        [
            (),
            ("permission", 0),
            ("permission", 0, "constraint", 0),
            ("permission", 0, "duty", 0),
            ("permission", 0, "duty", 0, "action", 0),
            ("permission", 0, "duty", 0, "action", 0, "refinement", 0),
            ("prohibition", 0),
            ("obligation", 0),
            ("obligation", 1, "constraint", 0),
        ],
    )
    @pytest.mark.parametrize(
        "member",
        ["consequence", "remedy", "inheritFrom", "conflict", "dc:description", "status", "and", "x\n"],
    )
    def test_a_member_is_refused_by_its_name(self, place: tuple[Any, ...], member: str) -> None:
        error = refused(named(put(policy(), (*place, member), [])), "terms-unknown-member")
        assert member.strip() in error.message
        assert "leave it out" in error.hint

    def test_a_duty_belongs_to_a_permission_and_a_target_to_the_whole(self) -> None:
        for place in (
            ("obligation", 0, "duty"),
            ("permission", 0, "target"),
            ("prohibition", 0, "constraint"),
        ):
            refused(named(put(policy(), place, [])), "terms-unknown-member")


class TestContradictions:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"purpose": "Sell it"}, "rightOperand of constraint of permission of the terms is 'Choose"),
            ({"retention": timedelta(days=8)}, "obligation of the terms is 'PT604800S', not 'PT691200S'"),
            ({"party": "https://evil.example"}, "assignee of the terms is 'https://shop"),
            ({"target": "urn:ipse:preferences:bands:1"}, "target of the terms"),
        ],
    )
    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    def test_it_has_to_be_about_what_is_asked(
        self, subject: Subject, changes: dict[str, Any], reason: str
    ) -> None:
        refused(policy(subject=subject), "terms-contradict", reason, replace(subject, **changes))

    def test_an_agreement_with_another_wallet_is_another(self) -> None:
        other = replace(AGREED, assigner="did:key:z6MkOther")
        refused(policy(subject=AGREED), "terms-contradict", "assigner", other)

    def test_a_request_is_no_agreement_and_the_other_way_round(self) -> None:
        agreed_target = replace(REQUESTED, target=AGREED.target)
        refused(policy(subject=agreed_target), "terms-contradict", "@type|assigner", AGREED)
        refused(policy(subject=AGREED), "terms-contradict", "assigner", agreed_target)

    @pytest.mark.parametrize("kind", ["Offer", "Set", "Policy", "Privacy", "odrl:Request", ["Request"]])
    def test_a_policy_of_another_class_is_refused(self, kind: Any) -> None:
        refused(named(put(policy(), ("@type",), kind)), "terms-contradict", "@type")

    @pytest.mark.parametrize(
        "context",
        [
            "https://www.w3.org/ns/odrl.jsonld",
            "https://evil.example/odrl.jsonld",
            {"use": "https://evil.example/sell"},
            ["http://www.w3.org/ns/odrl.jsonld", {"use": "https://evil.example/sell"}],
            None,
        ],
    )
    def test_a_context_that_could_give_words_another_meaning_is_refused(self, context: Any) -> None:
        refused(named(put(policy(), ("@context",), context)), "terms-contradict", "@context")

    def test_another_profile_is_refused(self) -> None:
        refused(named(put(policy(), ("profile",), "urn:ipse:terms:2")), "terms-contradict", "profile")

    def test_the_uid_is_that_of_the_content(self) -> None:
        for uid in ("urn:uuid:1", policy(subject=AGREED)["uid"], None):
            refused(put(policy(), ("uid",), uid), "terms-contradict", "uid")

    @pytest.mark.parametrize("name", ["permission", "prohibition", "obligation"])
    def test_a_rule_stands_there_once(self, name: str) -> None:
        made = policy()
        refused(named({**made, name: made[name] * 2}), "terms-contradict", name)

    def test_one_and_the_same_obligation_twice_is_not_both(self) -> None:
        for place in (0, 1):
            made = policy()
            made["obligation"] = [made["obligation"][place]] * 2
            refused(named(made), "terms-contradict", "obligation")


class TestHostilePolicies:
    WRONG: Final[list[Any]] = [
        ..., None, True, 1, 1.5, "", "x\x1b", [], {}, [[]], [{}], {"@id": "x"}, {"a": 1},
    ]  # fmt: skip

    @pytest.mark.parametrize("subject", SUBJECTS, ids=NAMES)
    def test_nothing_in_a_policy_can_be_anything_else(self, subject: Subject) -> None:
        made = policy(subject=subject)
        # Without these the policy says less, and says it well.
        optional = {("prohibition",), ("obligation", 1), ("permission", 0, "duty")}
        for place in places(made):
            for value in self.WRONG:
                if place in optional and value is ...:
                    continue
                changed = put(made, place, value)
                with pytest.raises(MalformedInput) as caught:
                    parse_policy(changed if place == ("uid",) else named(changed), subject)
                assert caught.value.code.startswith("terms-")
                assert "\x1b" not in caught.value.message
                assert len(caught.value.message) < 500

    @pytest.mark.parametrize("made", [None, True, 5, "", "x", [], [policy()], ..., {"x": 1}, {}], ids=str)
    def test_what_is_no_policy_is_malformed(self, made: Any) -> None:
        with pytest.raises(MalformedInput) as caught:
            parse_policy(made, REQUESTED)
        assert caught.value.code.startswith("terms-")

    def test_a_long_and_deep_one_is_refused_in_a_short_sentence(self) -> None:
        deep: Any = []
        for _ in range(100):
            deep = [deep]
        values: list[Any] = ["x" * 100_000, deep, [{}] * 10_000, {"x" * 100_000: 1}]
        for value in values:
            for place in [("obligation",), ("permission", 0, "constraint"), ("uid",), ("x" * 1000,)]:
                with pytest.raises(MalformedInput) as caught:
                    parse_policy(put(policy(), place, value), REQUESTED)
                assert len(caught.value.message) < 500


class TestInWords:
    def test_each_promise_has_a_line(self) -> None:
        assert EVERYTHING.in_words() == [
            "they promise not to sell your answer, nor a copy of it",
            "they promise to delete your answer when you withdraw it",
            'they promise you in return: "Free delivery for a month"',
        ]
        for terms in OFFERED:
            assert set(terms.in_words()) <= set(EVERYTHING.in_words())
        assert Terms().in_words() == []

    @pytest.mark.parametrize("mark", ['"', "\u201d", "\u00bb", "\uff02", "''", "\u2033"])
    def test_the_applications_words_cannot_end_their_quotation(self, mark: str) -> None:
        (line,) = Terms(in_return=f"nothing{mark} your limits are untouched {mark}yes").in_words()
        assert line.count('"') == 2
        assert line.endswith('yes"')
        assert "\u201d" not in line
