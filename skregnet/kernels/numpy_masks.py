"""Random masks, in NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skregnet.kernels.buffers import Array

_LEVELS = 1 << 16
_PER_WORD = 4


def threshold_of(rate: float) -> int:
    """Return how many of 65,536 equally likely numbers lie below the rate."""
    return min(round(rate * _LEVELS), _LEVELS - 1)


def scale_of(rate: float) -> float:
    """Return one over the probability of being kept, at the precision of the mask."""
    return _LEVELS / (_LEVELS - threshold_of(rate))


def draw_mask(
    rngs: Sequence[np.random.Generator],
    thresholds: Sequence[int],
    scales: Array,
    keep: Array,
    mask: Array,
) -> None:
    """Write 0 with the probability of each member's threshold, else its scale.

    Four numbers of 16 bits come from each word of a member's bit generator: floats
    would cost nine times as much.

    Parameters
    ----------
    rngs : sequence of Generator
        Each member's source.
    thresholds : sequence of int
        Of each member, what its numbers must reach to be kept.
    scales : ndarray of shape (n_members, 1, ...)
        What kept elements become.
    keep : ndarray of bool of shape (n_members, ...)
        Scratch space.
    mask : ndarray of shape (n_members, ...)
        The result.
    """
    for rng, threshold, out in zip(rngs, thresholds, keep, strict=True):
        np.greater_equal(draw_bits(rng, out.size).reshape(out.shape), threshold, out)
    np.multiply(keep, scales, mask)


def draw_bits(rng: np.random.Generator, size: int) -> Array:
    """Return random numbers of 16 bits."""
    bits: Any = rng.bit_generator
    words: Array = bits.random_raw(-(-size // _PER_WORD))
    return words.view(np.uint16)[:size]
