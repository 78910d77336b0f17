"""A large profile's taste: continued from what is kept, it is what learning everything anew gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, NotFound
from ipse.preferences import taste
from ipse.preferences.taste import INDUCING_POINTS, Evidence, Taste, Texts, day, text_key
from ipse.storage import statement_vectors, statements, tastes
from ipse.storage.statements import NewStatement
from ipse.wallet.profile.changing import Correction, correct, supersede_with
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.remembering import embed_missing, remember
from ipse.wallet.profile.tasting import learn_taste
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import NOW, HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

MANY = INDUCING_POINTS + 188
FEW_POINTS, MORE = 64, 100
"""A sample of so few of so many is quicker, and held to the same rules."""
_WORDS = ("sea", "rain", "tea", "bread", "maps", "trains", "owls")
WEIGHTS = (1.0, 0.5, 0.0, -0.5, -1.0)

Scores = list[float]


def opinion(text: str, place: int = 0, **more: str) -> NewStatement:
    """An opinion of the last ten years; its weight and its date come from its place."""
    since = format_timestamp(NOW - timedelta(days=37 * place % 3650))
    return replace(NewStatement(text, WEIGHTS[place % 5], "csv", valid_from=since), **more)  # type: ignore[arg-type]


def some(number: int, *, name: str = "thing") -> list[NewStatement]:
    return [opinion(f"{name} {place} of {_WORDS[place % 7]}", place) for place in range(number)]


def drawn(number: int, *, inducing_points: bool, name: str) -> list[NewStatement]:
    """Opinions on texts that are, or are not, inducing points of MANY others and some more."""
    texts = (f"{name} {place} of {_WORDS[place % 7]}" for place in count())
    chosen = (
        text
        for text in texts
        if (text_key(text) < 2**62 if inducing_points else text_key(text) > 2**63 * 1.8)
    )
    return [opinion(text, place) for place, text in zip(range(number), chosen, strict=False)]


ORDINARY = drawn(1, inducing_points=False, name="ordinary")[0]
POINT = drawn(1, inducing_points=True, name="point")[0]
SECRET = replace(drawn(1, inducing_points=True, name="secret")[0], sensitivity="secret", weight=-1.0)
ASKED = (ORDINARY.text, POINT.text, SECRET.text, "more of sea", "maps and trains", "thing 3 of bread")


def scores(wallet: Wallet, embedder: HashEmbedder, *, secrets: bool = True) -> Scores:
    """What the taste says of ASKED today."""
    texts = Texts.of(ASKED, embedder.embed(ASKED))
    found: Scores = learn_taste(wallet, embedder, include_secret=secrets).scores(texts, day(NOW)).tolist()
    return found


def anew(wallet: Wallet, embedder: HashEmbedder, *, secrets: bool = True) -> Scores:
    """The same, learned anew."""
    wallet.vault.change("DELETE FROM tastes")
    return scores(wallet, embedder, secrets=secrets)


def kept_rows(wallet: Wallet) -> int:
    return int(wallet.vault.rows("SELECT count(*) FROM tastes")[0][0])


def number_of(wallet: Wallet, text: str) -> int:
    (number,) = [said.number for said in statements.current(wallet.vault) if said.text == text]
    return number


@pytest.fixture
def many(wallet: Wallet, embedder: HashEmbedder) -> Wallet:
    """A wallet of more opinions than are inducing points."""
    remember(wallet, embedder, [*some(MANY), ORDINARY, POINT], now=NOW)
    return wallet


@pytest.fixture
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of FEW_POINTS carries a taste."""
    monkeypatch.setattr("ipse.preferences.taste.inducing_points.INDUCING_POINTS", FEW_POINTS)


@pytest.fixture
def sampled(few_points: None, wallet: Wallet, embedder: HashEmbedder) -> Wallet:
    """A wallet of MORE opinions than are inducing points."""
    remember(wallet, embedder, [*some(MORE), ORDINARY, POINT], now=NOW)
    return wallet


@pytest.fixture
def no_fit(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, nothing can be learned anew."""

    def refuse(_: Evidence) -> Taste:
        raise AssertionError("learned anew")

    return lambda: monkeypatch.setattr(taste, "fit", refuse)


def test_an_empty_profile_has_no_taste(wallet: Wallet, embedder: HashEmbedder) -> None:
    with pytest.raises(NotFound, match="no opinions") as caught:
        learn_taste(wallet, embedder)
    assert caught.value.hint is not None
    assert "ipse profile like" in caught.value.hint


def test_of_few_opinions_nothing_is_kept(wallet: Wallet, embedder: HashEmbedder) -> None:
    remember(wallet, embedder, some(INDUCING_POINTS), now=NOW)
    before = scores(wallet, embedder)
    assert kept_rows(wallet) == 0
    assert scores(wallet, embedder) == before
    remember(wallet, embedder, [ORDINARY], now=NOW)
    assert scores(wallet, embedder) != before
    assert kept_rows(wallet) == 1


def test_what_is_kept_is_asked_again_without_learning(
    many: Wallet, embedder: HashEmbedder, no_fit: Callable[[], None]
) -> None:
    first = scores(many, embedder)
    no_fit()
    assert scores(many, embedder) == first


@pytest.mark.slow
@pytest.mark.parametrize("steps", [[1], [300], [1, 2, 30]])
def test_a_continued_taste_is_what_learning_anew_gives(
    many: Wallet, embedder: HashEmbedder, no_fit: Callable[[], None], steps: Sequence[int]
) -> None:
    before = scores(many, embedder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taste, "fit", None)
        for step, number in enumerate(steps):
            remember(many, embedder, drawn(number, inducing_points=False, name=f"{step} new"), now=NOW)
            continued = scores(many, embedder)
    assert continued != before
    assert continued == pytest.approx(anew(many, embedder), abs=1e-7)


def test_a_new_inducing_point_is_one_from_then_on(many: Wallet, embedder: HashEmbedder) -> None:
    scores(many, embedder)
    new = [*drawn(2, inducing_points=False, name="new"), *drawn(1, inducing_points=True, name="new")]
    numbers = remember(many, embedder, new, now=NOW).numbers
    after = scores(many, embedder)
    kept = tastes.find(many.vault, embedder.fingerprint, secrets=True)
    assert kept is not None
    assert (len(kept.inducing_points), kept.last) == (INDUCING_POINTS, numbers[-1])
    assert set(kept.inducing_points) & set(numbers) == {numbers[-1]}
    assert after == anew(many, embedder)


def _forgotten(wallet: Wallet, _: HashEmbedder, number: int) -> None:
    forget(wallet, [number])


def _superseded(wallet: Wallet, embedder: HashEmbedder, number: int) -> None:
    new = NewStatement("a change of mind about rain", -1.0, "said")
    supersede_with(wallet, embedder, number, new, now=NOW)


def _rated_again(wallet: Wallet, embedder: HashEmbedder, number: int) -> None:
    before = statements.find(wallet.vault, number)
    again = NewStatement(before.text, -0.7, before.source, valid_from=format_timestamp(NOW))
    assert remember(wallet, embedder, [again], now=NOW).changed == 1


def _corrected(correction: Correction) -> Callable[[Wallet, HashEmbedder, int], object]:
    return lambda wallet, _, number: correct(wallet, number, correction, now=NOW)


CHANGES: dict[str, Callable[[Wallet, HashEmbedder, int], object]] = {
    "weight": _corrected(Correction(weight=-0.9)),
    "text": _corrected(Correction(text="something else altogether")),
    "date": _corrected(Correction(since=NOW - timedelta(days=3000))),
    "superseded": _superseded,
    "forgotten": _forgotten,
    "rated again": _rated_again,
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("changed", [ORDINARY, POINT], ids=["no inducing point", "inducing point"])
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_shows(
    sampled: Wallet, embedder: HashEmbedder, change: str, changed: NewStatement
) -> None:
    place = ASKED.index(changed.text)
    before = scores(sampled, embedder)
    CHANGES[change](sampled, embedder, number_of(sampled, changed.text))
    after = scores(sampled, embedder)
    assert abs(after[place] - before[place]) > 1e-5
    assert after == pytest.approx(anew(sampled, embedder), abs=1e-7)


def test_after_forgetting_nothing_derived_is_kept(sampled: Wallet, embedder: HashEmbedder) -> None:
    for secrets in (True, False):
        scores(sampled, embedder, secrets=secrets)
    assert kept_rows(sampled) == 2
    forget(sampled, [number_of(sampled, ORDINARY.text)])
    assert kept_rows(sampled) == 0


def test_what_becomes_secret_leaves_the_taste_for_applications_alone(
    sampled: Wallet, embedder: HashEmbedder
) -> None:
    own, told = scores(sampled, embedder), scores(sampled, embedder, secrets=False)
    assert own == told, "nothing is secret yet"
    number = number_of(sampled, POINT.text)
    correct(sampled, number, Correction(sensitivity="secret"), now=NOW)
    assert scores(sampled, embedder) == own
    assert scores(sampled, embedder, secrets=False)[1] != told[1]
    correct(sampled, number, Correction(sensitivity="private"), now=NOW)
    assert scores(sampled, embedder, secrets=False) == told


def _late(wallet: Wallet, embedder: HashEmbedder) -> None:
    """A secret opinion that gets its vector after one that is not secret, and that is taken in."""
    statements.add(wallet.vault, [replace(SECRET, text="secret and late")], now=format_timestamp(NOW))
    scores(wallet, embedder, secrets=False)


SECRET_CHANGES: dict[str, Callable[[Wallet, HashEmbedder], object]] = {
    "added": lambda wallet, embedder: remember(
        wallet, embedder, [replace(SECRET, text="another secret")], now=NOW
    ),
    "weight": lambda wallet, _: correct(
        wallet, number_of(wallet, SECRET.text), Correction(weight=0.9), now=NOW
    ),
    "text": lambda wallet, _: correct(
        wallet, number_of(wallet, SECRET.text), Correction(text="other"), now=NOW
    ),
    "date": lambda wallet, _: correct(
        wallet, number_of(wallet, SECRET.text), Correction(since=NOW - timedelta(days=900)), now=NOW
    ),
    "superseded": lambda wallet, embedder: supersede_with(
        wallet, embedder, number_of(wallet, SECRET.text), replace(SECRET, text="no more"), now=NOW
    ),
    "forgotten": lambda wallet, _: forget(wallet, [number_of(wallet, SECRET.text)]),
    "late": _late,
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("known", [40, MORE])
@pytest.mark.parametrize("change", SECRET_CHANGES)
def test_a_secret_shows_to_its_owner_and_not_by_a_single_bit_to_applications(
    few_points: None, wallet: Wallet, embedder: HashEmbedder, change: str, known: int
) -> None:
    remember(wallet, embedder, [*some(known), SECRET], now=NOW)
    scores(wallet, embedder, secrets=False)
    remember(wallet, embedder, drawn(5, inducing_points=False, name="new"), now=NOW)
    own, told = scores(wallet, embedder), scores(wallet, embedder, secrets=False)
    assert own[2] < told[2]
    SECRET_CHANGES[change](wallet, embedder)
    embed_missing(wallet, embedder)
    assert scores(wallet, embedder, secrets=False) == told
    assert scores(wallet, embedder) != own


@pytest.mark.parametrize("known", [40, MORE])
def test_facts_have_no_vote(few_points: None, wallet: Wallet, embedder: HashEmbedder, known: int) -> None:
    remember(wallet, embedder, some(known), now=NOW)
    before = scores(wallet, embedder)
    fact = NewStatement(ASKED[0], 0.0, "said", kind="fact")
    (number,) = remember(wallet, embedder, [fact], now=NOW).numbers
    assert scores(wallet, embedder) == before
    correct(wallet, number, Correction(text=ASKED[1]), now=NOW)
    assert scores(wallet, embedder) == before
    forget(wallet, [number])
    assert scores(wallet, embedder) == before


@dataclass(frozen=True, slots=True)
class Shy(HashEmbedder):
    """Can't read one text yet."""

    unread: str = ""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        if self.unread in texts:
            raise MalformedInput("a text is empty")
        return HashEmbedder.embed(self, texts)


@pytest.mark.parametrize("late", [ORDINARY, POINT], ids=["no inducing point", "inducing point"])
def test_a_vector_that_comes_late_is_not_passed_over(
    few_points: None, wallet: Wallet, embedder: HashEmbedder, late: NewStatement
) -> None:
    shy = Shy(unread=late.text)
    remember(wallet, shy, [*some(40), late, *some(MORE, name="book")], now=NOW)
    learn_taste(wallet, shy)
    kept = tastes.find(wallet.vault, embedder.fingerprint, secrets=True)
    assert kept is not None
    assert kept.last > number_of(wallet, late.text)
    before = learn_taste(wallet, shy).scores(Texts.of(ASKED, embedder.embed(ASKED)), day(NOW))
    after = scores(wallet, embedder)
    assert np.abs(np.array(after) - before).max() > 1e-4
    assert after == anew(wallet, embedder)


@dataclass(frozen=True, slots=True)
class OtherModel(HashEmbedder):
    """Reads something else in every text."""

    fingerprint: str = "f" * 16

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        return HashEmbedder.embed(self, [f"other {text}" for text in texts])


def test_another_model_has_a_taste_of_its_own(sampled: Wallet, embedder: HashEmbedder) -> None:
    before = scores(sampled, embedder)
    other = OtherModel()
    embed_missing(sampled, other)
    statement_vectors.remove(sampled.vault, but=other.fingerprint)
    assert kept_rows(sampled) == 0, "it was of vectors that are gone"
    assert scores(sampled, other) == anew(sampled, other)
    embed_missing(sampled, embedder)
    assert scores(sampled, embedder) == before
    assert kept_rows(sampled) == 2


def test_two_processes_take_turns_at_one_taste(sampled: Wallet, embedder: HashEmbedder) -> None:
    with Wallet(sampled.places, sampled._passphrase) as other:
        wallets = [sampled, other]
        for turn in range(4):
            asking, changing = wallets[turn % 2], wallets[1 - turn % 2]
            scores(asking, embedder)
            remember(changing, embedder, drawn(3, inducing_points=turn == 2, name=f"turn {turn}"), now=NOW)
            correct(
                changing,
                number_of(changing, f"thing {turn} of {_WORDS[turn]}"),
                Correction(weight=-1.0),
                now=NOW,
            )
            remember(asking, embedder, drawn(3, inducing_points=False, name=f"later {turn}"), now=NOW)
            first, second = scores(asking, embedder), scores(changing, embedder)
            assert first == second
            assert first == pytest.approx(anew(asking, embedder), abs=1e-7)


@pytest.mark.parametrize("continued", [False, True])
def test_nothing_is_kept_of_what_another_process_forgot_meanwhile(
    sampled: Wallet, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch, continued: bool
) -> None:
    if continued:
        scores(sampled, embedder)
        remember(sampled, embedder, drawn(3, inducing_points=False, name="new"), now=NOW)
    learn = Taste.extended if continued else taste.fit
    owner, name = (Taste, "extended") if continued else (taste, "fit")
    with Wallet(sampled.places, sampled._passphrase) as other:

        def slow(*arguments: object) -> object:
            forget(other, [number_of(other, ORDINARY.text)])
            return learn(*arguments)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, slow)
            scores(sampled, embedder)
    assert kept_rows(sampled) == 0
    assert scores(sampled, embedder) == anew(sampled, embedder)


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda sums: sums[:-8],
    "odd": lambda sums: sums[:-3],
    "longer": lambda sums: sums + bytes(8),
    "another recipe": lambda sums: np.array([9.0]).tobytes() + sums[8:],
    "no numbers": lambda sums: sums[:8] + np.full(len(sums) // 8 - 1, np.nan).tobytes(),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("spoilt", SPOILT)
def test_sums_that_are_not_those_of_this_version_are_made_anew(
    sampled: Wallet, embedder: HashEmbedder, spoilt: str
) -> None:
    before = scores(sampled, embedder)
    ((sums,),) = sampled.vault.rows("SELECT sums FROM tastes")
    sampled.vault.change("UPDATE tastes SET sums = ?", (SPOILT[spoilt](sums),))
    assert scores(sampled, embedder) == before
    assert sampled.vault.rows("SELECT sums FROM tastes") == [(sums,)]


def test_on_a_full_disk_a_taste_is_learned_and_not_kept(sampled: Wallet, embedder: HashEmbedder) -> None:
    ((pages,),) = sampled.vault.rows("PRAGMA page_count")
    sampled.vault.rows(f"PRAGMA max_page_count = {pages}")
    full = scores(sampled, embedder)
    assert kept_rows(sampled) == 0
    sampled.vault.rows("PRAGMA max_page_count = 1000000")
    assert scores(sampled, embedder) == full
    assert kept_rows(sampled) == 1
