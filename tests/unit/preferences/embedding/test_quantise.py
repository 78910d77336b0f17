"""Weights and activations in 8 bits: what the codes may be, and what they stand for."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.preferences.embedding.quantise import Activations, columns_in_7_bits, rows_in_8_bits

np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)", exc_type=ImportError)


def _matrix(rows: int, columns: int) -> Any:
    return np.random.default_rng(3).normal(size=(rows, columns)).astype(np.float32)


def test_the_products_of_two_codes_and_activations_fit_16_bits() -> None:
    codes, _ = columns_in_7_bits(_matrix(32, 8))
    assert np.abs(codes.astype(int)).max() == 63
    assert 2 * 255 * np.abs(codes.astype(int)).max() <= 32767


def test_codes_times_scales_are_the_matrix_to_half_a_code() -> None:
    matrix = _matrix(32, 8)
    codes, scales = columns_in_7_bits(matrix)
    assert scales.shape == (8,)
    assert (np.abs(codes * scales - matrix) <= scales / 2 + 1e-6).all()
    codes, scales = rows_in_8_bits(matrix)
    assert scales.shape == (32, 1)
    assert (np.abs(codes * scales - matrix) <= scales / 2 + 1e-6).all()


def test_a_matrix_of_zeros_has_codes_of_zero() -> None:
    codes, scales = columns_in_7_bits(np.zeros((4, 3), np.float32))
    assert not codes.any()
    assert (scales == 1).all()


@pytest.mark.parametrize(
    ("low", "high", "zero"), [(-1.0, 1.0, 128), (0.0, 4.0, 0), (1.0, 4.0, 0), (-4.0, -1.0, 255)]
)
def test_the_range_of_activations_always_holds_zero(low: float, high: float, zero: int) -> None:
    activations = Activations(np.array([low], np.float32), np.array([high], np.float32))
    assert abs(int(activations.zero) - zero) <= 1
    reach = max(high, 0) - min(low, 0)
    assert reach < float(activations.scale) * 255 < 1.2 * reach


def test_activations_that_are_always_zero_have_a_scale() -> None:
    nothing = Activations(np.zeros(3, np.float32), np.zeros(3, np.float32))
    assert float(nothing.scale) > 0
    assert int(nothing.zero) == 0
    assert np.isfinite(nothing.shrink_for(_matrix(3, 2))).all()


def test_only_what_reaches_further_than_others_is_shrunk() -> None:
    reach = np.array([1, 1, 1, 1, 30], np.float32)
    activations = Activations(-reach, reach)
    shrink = activations.shrink_for(np.ones((5, 2), np.float32))
    assert shrink[:4] == pytest.approx(1)
    assert shrink[4] > 5
    assert activations.shrunk(shrink).high[4] < 6
