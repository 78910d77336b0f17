"""A subject that is named otherwise than by `id`.

The attacker has somebody else's credential, which names its subject by `@id`, or by an alias of that, or in a
claim that is withheld. They present it as their own: only the member `id` was looked at, so the credential
counted as one that names nobody and that anyone may present.

It cannot come back: the subjects are those that JSON-LD finds, in every format that is JSON-LD; the `sub` of
a token counts as well. Where it can't be told whom a credential names, that is undetermined. "Names nobody"
is only said where nothing could be a name.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from ipse.credentials import json_ld, model
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.json_ld import Subjects
from ipse.credentials.model import vcdm11
from ipse.credentials.policy import Sources
from ipse.credentials.report import Outcome
from tests.attacks.presenting import check, in_1_1_jwt, in_data_integrity, verify
from tests.corpus.building import HOLDER, STRANGER, TERMS, Json, credential, jwt, w3c
from tests.corpus.jwt_faults import enveloped
from tests.corpus.old_faults import unsigned_credential
from tests.corpus.sd_jwt_building import CITY, DEGREE, FIRST, STREET, claims, digest, disclosure, sd_jwt

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED
HOLDERS, THIEVES, BEARERS = "the holder's alone", "nobody's for certain", "anybody's"

_UID: Final[Json] = {"uid": "@id"}
_SCOPED: Final[Json] = {
    "Person": {"@id": "https://issuer.example/terms#Person", "@context": {"uid": "@id"}},
}
_INNER: Final[Json] = {"@context": _UID, "uid": HOLDER.did, "degree": "x"}
_NESTED: Final[Json] = {"more": "@nest", "uid": "@id"}

NAMED: Final[dict[str, tuple[list[Any], Any]]] = {
    "@id": ([], {"@id": HOLDER.did, "degree": "x"}),
    "alias": ([_UID], {"uid": HOLDER.did, "degree": "x"}),
    "alias-of-its-type": ([_SCOPED], {"type": "Person", "uid": HOLDER.did, "degree": "x"}),
    "alias-of-its-own-context": ([], _INNER),
    "array": ([_UID], [{"uid": HOLDER.did, "degree": "x"}]),
    "same-name-twice": ([_UID], {"id": HOLDER.did, "uid": HOLDER.did, "degree": "x"}),
}
"""Contexts and subjects that name the holder."""
UNCLEAR: Final[dict[str, tuple[list[Any], Any]]] = {
    "two-names": ([_UID], {"id": STRANGER.did, "uid": HOLDER.did, "degree": "x"}),
    "@nest": ([_NESTED], {"more": {"uid": HOLDER.did}, "degree": "x"}),
    "@graph": ([], {"@graph": [{"id": HOLDER.did, "degree": "x"}]}),
    "@set": ([], {"@set": [{"id": HOLDER.did, "degree": "x"}]}),
    "@included": ([], {"@included": [{"id": HOLDER.did}], "degree": "x"}),
    "@reverse": ([], {"@reverse": {"degree": {"id": HOLDER.did}}, "degree": "x"}),
    "shortened": ([{"u": "did:key:", **_UID}], {"uid": "u:" + HOLDER.did[8:], "degree": "x"}),
    "relative": ([_UID], {"uid": "me", "degree": "x"}),
    "blank-node": ([_UID], {"uid": "_:b0", "degree": "x"}),
    "no-text": ([_UID], {"uid": [HOLDER.did], "degree": "x"}),
    "unknown-context": (["https://issuer.example/v1"], {"uid": HOLDER.did, "degree": "x"}),
}
"""Contexts and subjects of which it can't be told whom they name."""
_CREDENTIALS: Final = "https://www.w3.org/2018/credentials#"
_ANOTHER: Final[Json] = {"id": HOLDER.did, "degree": "x"}
BESIDE: Final[dict[str, tuple[list[Any], Json]]] = {
    "iri": ([], {f"{_CREDENTIALS}credentialSubject": _ANOTHER}),
    "alias": ([{"about": f"{_CREDENTIALS}credentialSubject"}], {"about": _ANOTHER}),
    "compact-iri": ([{"c": _CREDENTIALS}], {"c:credentialSubject": _ANOTHER}),
    "second-name": ([_UID], {"credentialSubject": {"id": STRANGER.did, "uid": HOLDER.did, "degree": "x"}}),
    "imported": (
        [{"@import": "https://issuer.example/v2", "about": f"{_CREDENTIALS}credentialSubject"}],
        {"about": _ANOTHER},
    ),
}
"""Contexts, and members that name the holder beside a plain subject."""


def said(contexts: list[Any], subject: Any) -> Json:
    return credential(at_context=[model.CONTEXT, TERMS, *contexts], credentialSubject=subject)


def presented_by(document: Json | str, by: Any, **policy: Any) -> tuple[Outcome, str]:
    inside = enveloped(document) if isinstance(document, str) else document
    return check(verify(in_data_integrity(inside, by=by), **policy), "holder-binding", 1)


every_form = pytest.mark.parametrize("secure", [w3c, jwt], ids=["data-integrity", "jwt"])


@every_form
class TestCredentials:
    @pytest.mark.parametrize(("contexts", "subject"), NAMED.values(), ids=NAMED)
    def test_a_subject_by_another_name_alone_may_present(
        self, secure: Any, contexts: list[Any], subject: Any
    ) -> None:
        document = secure(said(contexts, subject))
        assert presented_by(document, HOLDER) == (PASSED, "")
        assert presented_by(document, STRANGER) == (FAILED, "foreign-holder")

    @pytest.mark.parametrize(("contexts", "subject"), UNCLEAR.values(), ids=UNCLEAR)
    def test_what_cant_be_told_is_undetermined(self, secure: Any, contexts: list[Any], subject: Any) -> None:
        document = secure(said(contexts, subject))
        for by in (HOLDER, STRANGER):
            found = verify(in_data_integrity(enveloped(document) if secure is jwt else document, by=by))
            assert check(found, "holder-binding", 1) == (UNDETERMINED, "subject-unclear")
            assert found.report.outcome is not PASSED

    def test_what_names_nobody_may_be_presented_by_anybody(self, secure: Any) -> None:
        for subject in ({"degree": "x"}, {"degree": HOLDER.did}, [{"degree": "x"}, {"grade": 1}]):
            assert presented_by(secure(said([_UID], subject)), STRANGER) == (NOT_APPLICABLE, "no-subject")

    def test_of_several_subjects_the_named_ones_may_present(self, secure: Any) -> None:
        document = secure(said([_UID], [{"uid": HOLDER.did, "degree": "x"}, {"degree": "y"}]))
        assert presented_by(document, HOLDER) == (PASSED, "")
        assert presented_by(document, STRANGER) == (FAILED, "foreign-holder")

    def test_an_unknown_context_hides_no_plain_name(self, secure: Any) -> None:
        document = secure(said(["https://issuer.example/v1"], {"id": HOLDER.did, "degree": "x"}))
        assert presented_by(document, HOLDER) == (PASSED, "")
        assert presented_by(document, STRANGER) == (FAILED, "foreign-holder")

    @pytest.mark.parametrize(("contexts", "members"), BESIDE.values(), ids=BESIDE)
    def test_an_unknown_context_hides_no_second_subject(
        self, secure: Any, contexts: list[Any], members: Json
    ) -> None:
        unknown = "https://issuer.example/v1"
        document = {**said([unknown, *contexts], {"id": STRANGER.did, "degree": "x"}), **members}
        for by in (HOLDER, STRANGER):
            assert presented_by(secure(document), by) == (UNDETERMINED, "subject-unclear")

    def test_a_context_that_the_verifier_gives_settles_it(self, secure: Any) -> None:
        url = "https://issuer.example/v1"
        contexts = json_ld.known().with_extra({url: {"@context": _UID}})
        document = secure(said([url], {"uid": HOLDER.did, "degree": "x"}))
        given = {"sources": Sources(contexts=contexts)}
        assert presented_by(document, HOLDER, **given) == (PASSED, "")
        assert presented_by(document, STRANGER, **given) == (FAILED, "foreign-holder")

    def test_who_accepts_any_holder_need_not_know(self, secure: Any) -> None:
        document = secure(said(*UNCLEAR["two-names"]))
        assert presented_by(document, STRANGER, any_holder=True) == (PASSED, "")

    @pytest.mark.parametrize("subject", [HOLDER.did, [[{"id": HOLDER.did, "degree": "x"}]], [HOLDER.did]])
    def test_a_text_and_a_nested_array_are_no_subjects_of_the_data_model(
        self, secure: Any, subject: Any
    ) -> None:
        found = verify(
            in_data_integrity(enveloped(secure(said([], subject))))
            if secure is jwt
            else in_data_integrity(secure(said([], subject)))
        )
        assert found.report.outcome is FAILED


class TestTokens:
    def test_the_claim_sub_names_the_subject(self) -> None:
        document = jwt({**said([], {"degree": "x"}), "sub": HOLDER.did})
        assert presented_by(document, HOLDER) == (PASSED, "")
        assert presented_by(document, STRANGER) == (FAILED, "foreign-holder")

    @pytest.mark.parametrize(
        "subject",
        [
            {"@id": STRANGER.did, "degree": "x"},
            [{"id": STRANGER.did, "degree": "x"}, {"degree": "y"}],
            [{"degree": "x"}, {"degree": "y"}],
        ],
    )
    def test_it_can_name_no_other_than_the_document(self, subject: Any) -> None:
        document = enveloped(jwt({**said([], subject), "sub": HOLDER.did}))
        for by in (HOLDER, STRANGER):
            found = verify(in_data_integrity(document, by=by))
            assert check(found, "proof", 1) == (FAILED, "ambiguous-subject")

    @pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
    @pytest.mark.parametrize(
        ("subject", "outcome"),
        [
            ({"@id": HOLDER.did, "degree": "x"}, (FAILED, "foreign-holder")),
            ({"id": HOLDER.did, "degree": "x"}, (FAILED, "foreign-holder")),
            ({"@nest": {"id": HOLDER.did}, "degree": "x"}, (UNDETERMINED, "subject-unclear")),
            ({"degree": "x"}, (NOT_APPLICABLE, "no-subject")),
        ],
    )
    def test_old_tokens_are_read_in_the_same_way(self, subject: Any, outcome: Any) -> None:
        vc = unsigned_credential(credentialSubject=subject)
        token = jwt({"iss": vc["issuer"], "vc": vc}, typ="JWT")
        assert check(verify(in_1_1_jwt(token, by=STRANGER)), "holder-binding", 1) == outcome


SUB_ID: Final[Json] = {"format": "did", "url": HOLDER.did}
"""A subject as RFC 9493 names it."""


class TestSubjectIdentifiers:
    def test_of_a_token_leave_it_unclear(self) -> None:
        document = jwt(credential(credentialSubject={"degree": "x"}, sub_id=SUB_ID))
        assert presented_by(document, STRANGER) == (UNDETERMINED, "subject-unclear")

    def test_of_an_sd_jwt_leave_it_unclear(self) -> None:
        text = enveloped("", id=f"data:application/dc+sd-jwt,{sd_jwt(claims(sub=..., sub_id=SUB_ID))}")
        found = verify(in_data_integrity(text, by=STRANGER))
        assert check(found, "holder-binding", 1) == (UNDETERMINED, "subject-unclear")

    @pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
    def test_of_an_old_token_leave_it_unclear(self) -> None:
        vc = unsigned_credential(credentialSubject={"degree": "x"})
        token = jwt({"iss": vc["issuer"], "vc": vc, "sub_id": SUB_ID}, typ="JWT")
        found = verify(in_1_1_jwt(token, by=STRANGER))
        assert check(found, "holder-binding", 1) == (UNDETERMINED, "subject-unclear")

    def test_beside_a_plain_name_change_nothing(self) -> None:
        document = jwt(credential(credentialSubject={"id": HOLDER.did}, sub_id=SUB_ID))
        assert presented_by(document, HOLDER) == (PASSED, "")


class TestSdJwts:
    SUBJECT: Final = disclosure("sub", HOLDER.did)

    def presented(self, text: str, by: Any = STRANGER) -> tuple[Outcome, str]:
        inside = enveloped("", id=f"data:application/dc+sd-jwt,{text}")
        return check(verify(in_data_integrity(inside, by=by)), "holder-binding", 1)

    def with_hidden_subject(self, *shown: str) -> str:
        return sd_jwt(
            claims(sub=..., _sd=[digest(self.SUBJECT), digest(DEGREE)]), *shown, STREET, CITY, FIRST
        )

    def test_a_subject_that_is_withheld_makes_it_nobodys(self) -> None:
        for shown in ((), (DEGREE,)):
            assert self.presented(self.with_hidden_subject(*shown)) == (UNDETERMINED, "subject-unclear")

    def test_a_subject_that_is_disclosed_alone_may_present(self) -> None:
        text = self.with_hidden_subject(self.SUBJECT)
        assert self.presented(text) == (FAILED, "foreign-holder")
        assert self.presented(text, HOLDER) == (PASSED, "")

    def test_with_nothing_withheld_it_names_nobody(self) -> None:
        assert self.presented(sd_jwt(claims(sub=...))) == (NOT_APPLICABLE, "no-subject")

    def test_what_is_withheld_below_the_top_hides_no_subject(self) -> None:
        text = sd_jwt(claims(sub=...), DEGREE, FIRST)
        assert self.presented(text) == (NOT_APPLICABLE, "no-subject")


class TestReading:
    """What can't be signed in any format here is read in the same way."""

    def read(self, contexts: list[Any], **members: Any) -> Subjects:
        document = {"@context": contexts, "type": "VerifiableCredential", **members}
        return json_ld.subjects(document, json_ld.known())

    @pytest.mark.parametrize("base", [model.CONTEXT, vcdm11.CONTEXT])
    def test_texts_and_arrays_of_any_depth(self, base: str) -> None:
        for value in (HOLDER.did, [[HOLDER.did]], [[[{"id": HOLDER.did}]]], [None, HOLDER.did]):
            assert self.read([base], credentialSubject=value) == Subjects((HOLDER.did,))
        both = self.read([base], credentialSubject=[[HOLDER.did], [{"id": STRANGER.did}, {"x": 1}]])
        assert both == Subjects((HOLDER.did, STRANGER.did), unnamed=True)

    def test_another_name_of_the_property(self) -> None:
        iri = "https://www.w3.org/2018/credentials#credentialSubject"
        about: Json = {"about": {"@id": iri, "@type": "@id"}}
        assert self.read([model.CONTEXT, about], about=HOLDER.did) == Subjects((HOLDER.did,))
        assert self.read([model.CONTEXT], **{iri: {"id": HOLDER.did}}) == Subjects((HOLDER.did,))
        for kind in ({"@container": "@id"}, {"@container": "@list"}, {"@type": "@json"}):
            odd = {"about": {"@id": iri, **kind}}
            assert self.read([model.CONTEXT, odd], about={HOLDER.did: {"x": 1}}).unclear
        assert self.read([model.CONTEXT, {"by": {"@reverse": iri}}], by={"id": HOLDER.did}).unclear

    @pytest.mark.parametrize("name", ["@nest", "@graph", "@reverse", "@included", "@set"])
    def test_names_under_other_keywords_of_the_credential(self, name: str) -> None:
        assert self.read([model.CONTEXT], **{name: {"credentialSubject": {"id": HOLDER.did}}}).unclear

    @pytest.mark.parametrize("kind", ["Other", [], None])
    def test_where_the_property_has_no_meaning_it_is_read_as_it_is_spelled(self, kind: Any) -> None:
        assert self.read([model.CONTEXT], type=kind, credentialSubject={"@id": HOLDER.did}).unclear
        assert self.read([model.CONTEXT], type=kind, credentialSubject={"degree": "x"}).unclear
        plain = self.read([model.CONTEXT], type=kind, credentialSubject={"id": HOLDER.did})
        assert plain == Subjects((HOLDER.did,))

    def test_a_credential_without_any_is_not_about_nobody_for_certain(self) -> None:
        assert self.read(["https://issuer.example/v1"]).unclear

    def test_contexts_of_any_depth_are_read_or_leave_it_unclear(self) -> None:
        deep: Json = {"uid": "@id"}
        for _ in range(2_000):
            deep = {"t": {"@id": "https://issuer.example/t", "@context": deep}}
        assert self.read([model.CONTEXT, deep], credentialSubject={"uid": HOLDER.did}).unclear

    def test_deep_arrays_do_not_exhaust_the_stack(self) -> None:
        deep: Any = HOLDER.did
        for _ in range(50_000):
            deep = [deep]
        assert self.read([model.CONTEXT], credentialSubject=deep) == Subjects((HOLDER.did,))
