"""Random masks, in NumPy.

Numbers of few bits are compared with a threshold. One bit will do for a rate of a half,
eight for a multiple of 1/256, sixteen come near enough to any other.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skregnet.kernels.buffers import Array

_WORD = 64


class Odds(NamedTuple):
    """How a rate is drawn: below `threshold` of ``2**n_bits`` numbers."""

    n_bits: int
    threshold: int

    @classmethod
    def of(cls, rate: float) -> "Odds":
        """Return the odds that come nearest to a rate in [0, 1)."""
        for n_bits in (1, 8):
            threshold = rate * 2**n_bits
            if threshold.is_integer():
                return cls(n_bits, int(threshold))
        return cls(16, min(round(rate * 2**16), 2**16 - 1))

    @property
    def scale(self) -> float:
        """One over the probability of not lying below."""
        n_numbers = 2**self.n_bits
        return n_numbers / (n_numbers - self.threshold)


def draw_mask(
    rngs: Sequence[np.random.Generator],
    odds: Sequence[Odds],
    scales: Array,
    mask: Array,
) -> None:
    """Write 0 with the probability of each member's odds, else its scale.

    Parameters
    ----------
    rngs : sequence of Generator
        Each member's source.
    odds : sequence of Odds
        Of each member.
    scales : ndarray of shape (n_members, 1, ...)
        What kept elements become.
    mask : ndarray of shape (n_members, ...)
        The result.
    """
    for rng, odds_of_member, out in zip(rngs, odds, mask, strict=True):
        np.copyto(out, draw_kept(rng, odds_of_member, out.size).reshape(out.shape))
    np.multiply(mask, scales, mask)


def draw_kept(rng: np.random.Generator, odds: Odds, size: int) -> Array:
    """Return 0 or False with the probability of the odds, else 1 or True.

    Whole words of the bit generator are cut into numbers: floats would cost nine times
    as much.
    """
    bits: Any = rng.bit_generator
    words = bits.random_raw(-(-size * odds.n_bits // _WORD))
    if odds.n_bits == 1:
        return np.unpackbits(words.view(np.uint8), count=size)
    numbers = words.view(np.uint8 if odds.n_bits == 8 else np.uint16)
    kept: Array = numbers[:size] >= odds.threshold
    return kept
