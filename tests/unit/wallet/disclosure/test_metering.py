"""The meter: what exact answers count, how well they let the owner be foretold, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from ipse.disclosure.exposure import Exposure
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.proposals import Consent, Decision, Exposed, Proposal
from ipse.keys import derivation
from ipse.preferences.embedding import default_manifest
from ipse.preferences.embedding.shipped_model import near_fingerprints
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.preferences.topics import published
from ipse.storage import answers, disclosure_log, transcript
from ipse.storage.statements import NewStatement
from ipse.storage.transcript import ALL
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.disclosure import metering
from ipse.wallet.disclosure.profile import read_profile
from ipse.wallet.profile.changing import Correction, correct, supersede_with
from ipse.wallet.profile.forgetting import erase, forget
from ipse.wallet.profile.topics import embed_topics
from ipse.wallet.wallet import Wallet
from tests.unit.storage.pages import plain_pages
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    CLUB,
    DAY,
    NOW,
    SHOP,
    Blending,
    about,
    ask,
    candidates,
    never,
    no,
    teach,
    ticking,
    yes,
)

JAZZ = "jazz-and-blues"
LIKED = ("tea", "novels", "rain", "bread", "chess", "snow")
DISLIKED = ("coffee", "noise", "heat", "golf", "cars", "soap")


@dataclass(frozen=True, slots=True)
class Other(Blending):
    """Another model, whose vectors are not compared with those of the first."""

    fingerprint: str = "fedcba9876543210"


@pytest.fixture
def wallet(wallet: Wallet) -> Wallet:
    """A wallet whose owner has a taste."""
    teach(wallet, *LIKED, *(f"{word} + {number}" for word in LIKED for number in range(2)))
    teach(wallet, *DISLIKED, weight=-1.0)
    teach(wallet, about(JAZZ, "x"))
    return wallet


class Owner:
    """An owner who decides as told, and keeps what the page said that is given away."""

    def __init__(self, consent: Consent = yes) -> None:
        self._consent = consent
        self.read: list[Exposed] = []
        self.nothing: list[Exposed] = []

    def __call__(self, proposal: Proposal) -> Decision:
        decision = self._consent(proposal)
        self.read.append(proposal.exposed(proposal.offer.picked(decision.ticked)))
        self.nothing.append(proposal.exposed(()))
        return decision


def pairs(number: int) -> Choose:
    """One thing that is liked and one that is not, with others."""
    return candidates(
        f"{LIKED[number % 6]} + a {number}", f"{DISLIKED[number % 6]} + a {number}", f"{number}", top=1
    )


def table(wallet: Wallet) -> dict[str, Exposure]:
    return {one.party: one.reading for one in metering.table(wallet, Blending, NOW)}


def unkept(wallet: Wallet, fingerprint: str = "") -> Exposure:
    """The reading of all, which is not kept, as if the model had this fingerprint."""
    model = Blending()
    profile = read_profile(wallet, model, embed_topics(wallet, model, EMPTY_PURPOSES), NOW)
    return metering.Meter(wallet, profile, fingerprint or model.fingerprint).reading(ALL)


def lines(wallet: Wallet) -> list[transcript.Line]:
    return transcript.lines(wallet.vault, Blending().fingerprint)


def bits_of(wallet: Wallet) -> list[float]:
    """What the answers of the shop count, the oldest first."""
    return [row.bits for row in reversed(answers.history(wallet.vault, SHOP.party))]


class TestWhatAnAnswerCounts:
    @pytest.mark.parametrize(
        ("asked", "bits"),
        [
            (candidates("tea", "coffee", "x", "y", top=2), math.log2(6)),
            (Order(candidates("tea", "coffee", "x", "y").candidates), math.log2(24)),
            (Bands((JAZZ, "horror", "hiking")), 3 * math.log2(3)),
            (Topics((JAZZ, "horror", "hiking")), 3.0),
            (Statements("tea", 1), math.log2(len(published().topics))),
        ],
        ids=["choose", "order", "bands", "topics", "statements"],
    )
    def test_is_the_log_of_how_many_answers_there_could_have_been(
        self, wallet: Wallet, asked: Asked, bits: float
    ) -> None:
        owner = Owner()
        reply = ask(wallet, asked=asked, consent=owner)
        assert reply.answered.said
        assert owner.read[0].answer == pytest.approx(bits)
        assert bits_of(wallet) == pytest.approx([bits])
        entry = disclosure_log.find(wallet.vault, 1).content
        assert (entry["bits"], entry["edited"]) == (round(bits, 1), False)
        assert table(wallet)[SHOP.party].bits == pytest.approx(bits)

    def test_is_half_where_the_owner_told_other_than_what_the_profile_would(self, wallet: Wallet) -> None:
        asked = candidates("tea", "coffee", "x", "y", top=2)
        ask(wallet, asked=asked, consent=ticking("c1", "c2"))
        ask(wallet, asked=asked, consent=yes)
        assert bits_of(wallet) == pytest.approx([math.log2(6) / 2, math.log2(6)])
        assert [line.edited for line in lines(wallet)] == [True, False]
        edited = [entry.content["edited"] for entry in disclosure_log.every(wallet.vault)]
        assert edited == [True, False]

    def test_is_half_of_an_order_that_was_moved(self, wallet: Wallet) -> None:
        asked = Order(candidates("tea", "coffee", "x").candidates)
        shown: list[tuple[str, ...]] = []

        def moves(proposal: Proposal) -> Decision:
            shown.append(proposal.offer.chosen)
            return Decision(True, proposal.offer.chosen[::-1])

        ask(wallet, asked=asked, consent=moves)
        ask(wallet, asked=asked, consent=ticking(*shown[0]))
        assert bits_of(wallet) == pytest.approx([math.log2(6) / 2, math.log2(6)])

    def test_is_whole_of_what_is_ticked_one_by_one(self, wallet: Wallet) -> None:
        """Nothing is ticked there before the owner does: ticking few is no edit."""
        teach(wallet, about("hiking", "x"))
        ask(wallet, asked=Topics((JAZZ, "hiking")), consent=ticking(JAZZ))
        assert bits_of(wallet) == [2]
        assert lines(wallet)[0].edited is False

    @pytest.mark.parametrize("level", ASKED)
    @pytest.mark.parametrize("consent", [no, ticking()], ids=["no", "nothing ticked"])
    def test_is_nothing_where_nothing_is_said(self, wallet: Wallet, level: str, consent: Consent) -> None:
        owner = Owner(consent)
        ask(wallet, asked=ASKED[level], consent=owner)
        assert (owner.read[0].answer, bits_of(wallet)) == (0, [0])
        assert lines(wallet) == []
        assert metering.table(wallet, Blending, NOW) == []

    def test_is_nothing_where_it_is_told_from_a_private_summary(self, wallet: Wallet) -> None:
        disclosure.grant(wallet, SHOP.party, level="bands", now=NOW, expires=NOW + DAY)
        ask(wallet, asked=BANDS, consent=never)
        assert bits_of(wallet) == [0]
        assert metering.table(wallet, Blending, NOW) == []

    def test_is_counted_under_a_grant_of_exact_answers_as_at_the_page(self, wallet: Wallet) -> None:
        ask(wallet, asked=pairs(1))
        disclosure.grant(wallet, CLUB.party, level="choose", now=NOW, expires=NOW + DAY, exact=True)
        ask(wallet, CLUB, pairs(1), consent=never)
        shop, club = lines(wallet)
        assert (shop.vectors, shop.tiers, shop.bits) == (club.vectors, club.tiers, club.bits)
        readings = table(wallet)
        assert readings[SHOP.party] == readings[CLUB.party]
        assert answers.told_bits(wallet.vault, grant=1) == club.bits


class TestTheReading:
    def test_is_by_party_and_of_all_together(self, wallet: Wallet) -> None:
        for application, number in ((SHOP, 1), (CLUB, 2), (SHOP, 3)):
            ask(wallet, application, pairs(number))
        entries = {one.party: one for one in metering.table(wallet, Blending, NOW)}
        assert {party: one.answers for party, one in entries.items()} == {
            SHOP.party: 2, CLUB.party: 1, ALL: 3
        }  # fmt: skip
        each = math.log2(3)
        bits = {party: one.reading.bits for party, one in entries.items()}
        assert bits == pytest.approx({SHOP.party: 2 * each, CLUB.party: each, ALL: 3 * each})
        assert len({one.reading.stranger for one in entries.values()}) == 1

    def test_at_the_page_is_what_the_answer_leaves_behind(self, wallet: Wallet) -> None:
        owner = Owner()
        ask(wallet, CLUB, pairs(1))
        for number in (2, 3):
            ask(wallet, asked=pairs(number), consent=owner)
            found = table(wallet)
            assert (owner.read[-1].own, owner.read[-1].shared) == (found[SHOP.party], found[ALL])
        assert owner.nothing[1].own == owner.read[0].own, "an answer that says nothing adds nothing"

    def test_grows_with_what_is_told(self, wallet: Wallet) -> None:
        owner = Owner()
        for number in range(6):
            ask(wallet, asked=pairs(number), consent=owner)
        first, last = owner.nothing[0].own, owner.read[-1].own
        assert last.rho > first.rho
        assert last.bits == pytest.approx(6 * math.log2(3))

    def test_is_never_lower_than_before(self, wallet: Wallet) -> None:
        """What could be foretold once still can, whatever is told, learned or forgotten after that."""
        kept: list[dict[str, tuple[float, float]]] = []

        def read(*_: object) -> None:
            kept.append({party: transcript.reading(wallet.vault, party) for party in (SHOP.party, ALL)})
            found = table(wallet)
            for party, (rho, share) in kept[-1].items():
                assert found[party].rho >= rho > 0
                assert found[party].share >= share > 0

        for number in range(3):
            read(ask(wallet, asked=pairs(number)))
        read(teach(wallet, *LIKED, weight=-1.0))
        read(ask(wallet, asked=pairs(3), consent=ticking("c1")))
        read(ask(wallet, CLUB, Statements("tea", 2)))
        read(forget(wallet, range(1, 15)))
        read(ask(wallet, asked=pairs(4), consent=no))
        for earlier, later in pairwise(kept):
            for party, (rho, share) in earlier.items():
                assert later[party][0] >= rho
                assert later[party][1] >= share

    def test_at_the_pages_is_never_lower_than_before(self, wallet: Wallet) -> None:
        owner = Owner()
        for number in range(3):
            ask(wallet, asked=pairs(number), consent=owner)
        teach(wallet, *LIKED, weight=-1.0)
        ask(wallet, asked=pairs(3), consent=owner)
        forget(wallet, range(1, 10))
        ask(wallet, asked=pairs(4), consent=owner)
        for party in ("own", "shared"):
            found: list[Exposure] = [getattr(one, party) for one in owner.read]
            assert sorted(one.rho for one in found) == [one.rho for one in found]
            assert sorted(one.share for one in found) == [one.share for one in found]
            assert sorted(one.bits for one in found) == [one.bits for one in found]

    def test_is_not_lower_with_another_model_that_can_not_read_what_was_told(self, wallet: Wallet) -> None:
        for number in range(4):
            ask(wallet, asked=pairs(number))
        before = table(wallet)
        after = {one.party: one.reading for one in metering.table(wallet, Other, NOW)}
        for party, found in before.items():
            assert after[party].rho >= found.rho
            assert after[party].share >= found.share
            assert after[party].bits == found.bits
        assert transcript.lines(wallet.vault, Other().fingerprint) == []

    def test_counts_what_an_earlier_version_told_with_nearly_the_same_vectors(self, wallet: Wallet) -> None:
        for number in range(4):
            ask(wallet, asked=pairs(number))
        wallet.vault.change("DELETE FROM readings")
        now = unkept(wallet)
        default = default_manifest().fingerprint
        near, *_ = near_fingerprints(default)
        wallet.vault.change("UPDATE transcript SET fingerprint = ?", (near,))
        assert unkept(wallet, default) == now
        assert unkept(wallet).rho < now.rho


class TestWhatIsKept:
    def test_is_no_text_of_a_candidate_or_a_sentence(self, wallet: Wallet) -> None:
        for level in ASKED:
            ask(wallet, asked=ASKED[level])
        ask(wallet, asked=Statements("tea", 2))
        rows = repr(wallet.vault.rows("SELECT * FROM transcript"))
        rows += repr(wallet.vault.rows("SELECT question, bits, candidates FROM answers"))
        assert "tea" not in rows
        assert "candidate " not in rows

    def test_is_bound_to_its_entry_of_the_log(self, wallet: Wallet) -> None:
        ask(wallet, asked=pairs(1), consent=no)
        ask(wallet, CLUB, Statements("tea", 2))
        (line,) = lines(wallet)
        assert (line.answer, line.party, line.verbatim) == (2, CLUB.party, True)
        assert line.offered == 2 + len(published().topics)


def forgets(wallet: Wallet, number: int) -> None:
    forget(wallet, [number])


def forgets_another(wallet: Wallet, number: int) -> None:
    forget(wallet, [number + 1])


def corrects(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(text="I never said that"), now=NOW)


def hides(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(sensitivity="secret"), now=NOW)


def publishes(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(sensitivity="public"), now=NOW)


def weighs(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(weight=0.1), now=NOW)


def replaces(wallet: Wallet, number: int) -> None:
    supersede_with(wallet, Blending(), number, NewStatement("milk", 0.5, "said"), now=NOW)


def replaces_with_a_secret(wallet: Wallet, number: int) -> None:
    new = NewStatement("milk", 0.5, "said", sensitivity="secret")
    supersede_with(wallet, Blending(), number, new, now=NOW)


class TestTheVectorsOfSentences:
    @pytest.mark.parametrize("change", [forgets, forgets_another, corrects, hides, replaces_with_a_secret])
    def test_go_when_a_statement_is_forgotten_corrected_or_made_secret(
        self, wallet: Wallet, change: Callable[[Wallet, int], None]
    ) -> None:
        ask(wallet, asked=pairs(1))
        ask(wallet, CLUB, Statements("tea", 2))
        choice, sentences = lines(wallet)
        before = table(wallet)
        change(wallet, 1)
        assert lines(wallet) == [choice]
        after = table(wallet)
        assert set(after) == set(before)
        for party, found in before.items():
            assert after[party].bits == found.bits, "it was told, and it stays counted"
            rho, share = transcript.reading(wallet.vault, party)
            assert after[party].rho >= rho > 0
            assert after[party].share >= share > 0
        assert log.verify(wallet).count == 2
        assert ask(wallet, asked=pairs(2)).answered.said, "the vault is as the wallet left it"
        assert sentences.bits > 0

    @pytest.mark.parametrize("change", [publishes, weighs, replaces])
    def test_stay_where_nothing_of_a_statement_is_withdrawn(
        self, wallet: Wallet, change: Callable[[Wallet, int], None]
    ) -> None:
        ask(wallet, asked=Statements("tea", 2))
        before = lines(wallet)
        change(wallet, 1)
        assert lines(wallet) == before != []

    def test_are_nowhere_in_the_file_afterwards(self, wallet: Wallet) -> None:
        (number,) = teach(wallet, "phosphorescent anglerfish")
        ask(wallet, asked=Statements("phosphorescent anglerfish", 1))
        (line,) = lines(wallet)
        trace = line.vectors[:24]

        def pages() -> bytes:
            return b"".join(plain_pages(wallet.places.vault, derivation.vault_key(wallet.root)))

        assert trace in pages(), "it was there"
        forget(wallet, [number])
        erase(wallet)
        assert trace not in pages()

    def test_are_not_kept_of_an_answer_whose_sentence_was_forgotten_meanwhile(self, wallet: Wallet) -> None:
        def meanwhile(proposal: Proposal) -> Decision:
            forget(wallet, [1])
            return yes(proposal)

        assert not ask(wallet, asked=Statements("tea", 2), consent=meanwhile).answered.said
        assert lines(wallet) == []


def test_many_answers_in_a_row_are_metered_in_the_order_of_the_log(wallet: Wallet) -> None:
    numbers: Sequence[int] = range(4)
    for number in numbers:
        ask(wallet, (SHOP, CLUB)[number % 2], pairs(number), now=NOW + timedelta(hours=number))
    assert [line.answer for line in lines(wallet)] == [1, 2, 3, 4]
    assert [line.party for line in lines(wallet)] == [SHOP.party, CLUB.party] * 2
    assert transcript.lines(wallet.vault, Blending().fingerprint, party=CLUB.party) == lines(wallet)[1::2]
