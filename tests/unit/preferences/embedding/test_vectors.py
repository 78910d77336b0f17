"""The vectors: close to sentence-transformers, unit length, the same in every company."""

from __future__ import annotations

import random
import threading

import pytest

from ipse.errors import MalformedInput
from ipse.preferences.embedding import (
    DEFAULT_FOLDER,
    Embedder,
    Runtime,
    default_manifest,
    load_default,
    parity,
)
from ipse.preferences.embedding.reference import ReferenceEmbedder
from ipse.preferences.embedding.windows import Splitter

np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)", exc_type=ImportError)

_MIXED = [*parity.SENTENCES, *(f"I like {thing}" for thing in ("tea", "rain", "chess", "old maps", "moss"))]
_LONG = " ".join(f"On day {day} we walked to hut number {day * 7} and drank tea. " for day in range(1, 61))


def test_the_default_model_is_close_to_sentence_transformers(
    embedder: Embedder, reference: ReferenceEmbedder
) -> None:
    measured = parity.measure(embedder, reference.embed(parity.SENTENCES))
    assert measured.mean > 0.99
    assert measured.least > 0.96
    manifest = default_manifest()
    assert (manifest.runtime, manifest.rejected) == (Runtime.INT8, {})
    assert manifest.parity_mean == pytest.approx(measured.mean, abs=1e-3)
    assert manifest.parity_min == pytest.approx(measured.least, abs=1e-3)


def test_vectors_are_float32_of_unit_length_one_row_per_text(embedder: Embedder) -> None:
    vectors = embedder.embed(_MIXED)
    assert vectors.shape == (len(_MIXED), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_no_texts_give_no_vectors(embedder: Embedder, reference: ReferenceEmbedder) -> None:
    for each in (embedder, reference):
        vectors = each.embed([])
        assert vectors.shape == (0, 384)
        assert vectors.dtype == np.float32


def test_a_text_has_the_same_vector_alone_and_in_any_batch(embedder: Embedder) -> None:
    alone = np.concatenate([embedder.embed([text]) for text in _MIXED])
    shuffled = list(range(len(_MIXED))) * 3
    random.Random(7).shuffle(shuffled)
    together = embedder.embed([_MIXED[i] for i in shuffled])
    assert np.abs(together - alone[shuffled]).max() < 1e-6


def test_texts_that_nothing_was_calibrated_with_stay_close_to_sentence_transformers(
    embedder: Embedder, reference: ReferenceEmbedder
) -> None:
    texts = [
        "!!!!!!!!!!!!!!!!",
        "0000 1111 2222 3333",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "SELECT name FROM users WHERE id = 7; -- DROP TABLE",
        "😀 😀 😀 😀 😀",
        "the the the the the the the the the the the the",
        _LONG,
        "Ω≈ç√∫µ≤≥÷",
        "[unused1] [unused2] [MASK] [PAD]",
    ]
    cosines = (embedder.embed(texts) * reference.embed(texts)).sum(axis=1)
    assert cosines.min() > 0.93
    assert cosines.mean() > 0.97


def test_a_failing_batch_is_raised_and_leaves_no_thread(
    profile_extra: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def run(self, *_: object) -> None:
            raise RuntimeError("out of order")

    embedder = load_default()
    monkeypatch.setattr(embedder, "_session", Broken())
    before = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="out of order"):
        embedder.embed(_MIXED)
    assert set(threading.enumerate()) <= before


def test_more_texts_of_one_length_than_a_batch_holds_keep_their_order(embedder: Embedder) -> None:
    numbers = [f"the number {number} wins" for number in range(100, 180)]
    vectors = embedder.embed(numbers)
    assert np.abs(vectors[[0, 41, 79]] - embedder.embed([numbers[0], numbers[41], numbers[79]])).max() < 1e-5


def test_unlike_meanings_are_further_apart_than_like_ones(embedder: Embedder) -> None:
    tea, infusion, tax = embedder.embed(["a cup of green tea", "brewing tea leaves", "the annual tax return"])
    assert tea @ infusion > tea @ tax + 0.2


def test_a_long_text_is_the_weighted_mean_of_all_its_windows(
    embedder: Embedder, reference: ReferenceEmbedder
) -> None:
    from tokenizers import Tokenizer

    splitter = Splitter(Tokenizer.from_file(str(DEFAULT_FOLDER / "tokenizer.json")), 256)
    windows = splitter.windows([_LONG])
    assert len(windows) > 2
    pieces = embedder.embed([_LONG[window.start : window.end] for window in windows])
    mean = (pieces * np.array([[window.weight] for window in windows])).sum(axis=0)
    long, short = embedder.embed([_LONG, "tea"])
    assert long == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    assert short == pytest.approx(embedder.embed(["tea"])[0], abs=1e-5)
    assert long @ reference.embed([_LONG])[0] > 0.99


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    walks = "We walked from hut to hut and drank tea. " * 40
    plain, opera = embedder.embed(
        [walks, walks + "Opera tickets for La Traviata, Verdi, sopranos, arias. " * 15]
    )
    [verdi] = embedder.embed(["Verdi's operas"])
    assert opera @ verdi > plain @ verdi + 0.1


@pytest.mark.parametrize("empty", ["", " \t\n", "\u200b", "\x00"], ids=repr)
def test_a_text_with_nothing_to_read_is_refused_by_its_place(
    embedder: Embedder, reference: ReferenceEmbedder, empty: str
) -> None:
    for each in (embedder, reference):
        with pytest.raises(MalformedInput, match="text 2 of 3 is empty"):
            each.embed(["one", empty, "three"])


def test_half_of_a_surrogate_pair_is_refused_by_its_place(embedder: Embedder) -> None:
    with pytest.raises(MalformedInput, match="text 1 of 1 holds half of a surrogate pair at character 5"):
        embedder.embed(["abc \ud83c def"])


def test_one_text_instead_of_a_sequence_is_a_type_error(embedder: Embedder) -> None:
    with pytest.raises(TypeError, match="sequence of texts"):
        embedder.embed("coffee")


def test_runtimes_have_different_fingerprints(embedder: Embedder, reference: ReferenceEmbedder) -> None:
    assert embedder.fingerprint != reference.fingerprint
    assert len(embedder.fingerprint) == len(reference.fingerprint) == 16
