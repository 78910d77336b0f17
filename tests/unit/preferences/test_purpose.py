"""Whether what is asked fits the purpose, under the default model and on made-up vectors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ipse.preferences import purpose
from ipse.preferences.topics import published

np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")

from ipse.preferences.embedding import Embedder  # noqa: E402 - once it is known that a model can run
from tests.conftest import REPOSITORY  # noqa: E402 - once it is known that a model can run

sys.path.insert(0, str(REPOSITORY / "benchmarks"))
import purpose_fit  # noqa: E402 - once its folder is on the path

if TYPE_CHECKING:
    from purpose_fit import Judge

    from ipse.preferences.purpose import Floats


@pytest.fixture(scope="module")
def judge(embedder: Embedder) -> Judge:
    return purpose_fit.Judge.under(embedder)


@pytest.mark.slow
@pytest.mark.parametrize("part", purpose_fit.PARTS)
def test_misfits_are_caught_and_few_that_fit_are_warned_of(judge: Judge, part: str) -> None:
    # The part `report`, on which nothing was tuned, has one false alarm in ten: the bar of one in twenty is
    # missed there, and the benchmark says so. This holds that it gets no worse.
    false, caught = purpose_fit.shares(judge, [pair for pair in purpose_fit.pairs() if pair.part == part])
    assert false <= (0.1 if part == "report" else purpose_fit.FALSE_ALARMS)
    assert caught >= purpose_fit.CAUGHT


def test_one_sensitive_candidate_among_fitting_ones_is_named(judge: Judge) -> None:
    books = (
        "Middlemarch",
        "Wolf Hall by Hilary Mantel",
        "Short stories by Alice Munro",
        "Emma by Jane Austen",
    )
    fit = judge.fit(
        purpose_fit.Pair("", "", "to recommend novels", (*books, "Undergoing chemotherapy in hospital"))
    )
    assert not fit.astray
    assert "health-and-illness" in {published().topics[row].id for row in fit.sensitive}


def test_a_sensitive_subject_that_the_purpose_names_is_no_surprise(judge: Judge) -> None:
    fit = judge.fit(
        purpose_fit.Pair("", "", "to find a therapist", ("Therapy for anxiety", "Grief counselling"))
    )
    assert fit.sensitive == ()


@pytest.mark.slow
def test_the_judgement_does_not_depend_on_the_scale_of_the_model(judge: Judge) -> None:
    # A part that all texts share raises all cosines and narrows their spread.
    def flattened(vectors: Floats) -> Floats:
        flat: Floats = np.hstack(
            [vectors * np.float32(0.5), np.full((len(vectors), 1), 0.75**0.5, np.float32)]
        )
        return flat

    sensitive = [topic.sensitive for topic in published().topics]
    for pair in purpose_fit.pairs()[:40]:
        vectors = judge.embedder.embed([pair.purpose, *pair.asked])
        plain = purpose.fits(vectors[0], vectors[1:], judge.topics, sensitive)
        flat = flattened(vectors)
        squeezed = purpose.fits(flat[0], flat[1:], flattened(judge.topics), sensitive)
        assert squeezed.score == pytest.approx(plain.score, abs=1e-3)
        assert (squeezed.astray, bool(squeezed.sensitive)) == (plain.astray, bool(plain.sensitive))


def test_no_texts_in_common_with_any_topic_give_finite_figures() -> None:
    topics = np.eye(4, dtype=np.float32)
    fit = purpose.fits(np.zeros(4, np.float32), np.zeros((2, 4), np.float32), topics, [False] * 4)
    assert np.isfinite(fit.score)
    assert np.isfinite(fit.share_of_strangers)
