"""Random masks, in NumPy.

Numbers of few bits are compared with a threshold. One bit will do for a rate of a half,
eight for a multiple of 1/256, sixteen come near enough to any other.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skregnet._kernels.buffers import Array, aligned_empty

_WORD = 64


class Odds(NamedTuple):
    """How a rate is drawn: below `threshold` of ``2**n_bits`` numbers."""

    n_bits: int
    threshold: int

    @classmethod
    def of(cls, rate: float) -> "Odds":
        """Return the odds that come nearest to a rate in [0, 1)."""
        rate = float(rate)
        if rate == 0.5:
            return cls(1, 1)
        if (rate * 2**8).is_integer():
            return cls(8, int(rate * 2**8))
        return cls(16, min(round(rate * 2**16), 2**16 - 1))

    @property
    def scale(self) -> float:
        """One over the probability of not lying below."""
        n_numbers = 2**self.n_bits
        return n_numbers / (n_numbers - self.threshold)


# The bits of each number of eight bits, from the highest down.
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)


class Masks:
    """Masks of one shape for each member, drawn again and again.

    Parameters
    ----------
    rates : sequence of float
        Each member's probability of a zero, in [0, 1).
    shape : tuple of int
        Shape of a member's mask.
    dtype : dtype
        Its dtype.

    Attributes
    ----------
    values : ndarray of shape (n_members, *shape)
        The masks last drawn: 0, or one over the probability of being kept.
    """

    def __init__(
        self, rates: Sequence[float], shape: tuple[int, ...], dtype: np.dtype
    ) -> None:
        size = math.prod(shape)
        self._n_octets = -(-size // 8)
        # Masks of one bit are written eight elements at a time: the last of them reach
        # into the next member's mask, which is written afterwards.
        padded = aligned_empty((len(rates) * size + 8,), dtype)
        self.values: Array = padded[: len(rates) * size].reshape(len(rates), *shape)
        octets = [
            padded[start : start + 8 * self._n_octets].reshape(-1, 8)
            for start in range(0, len(rates) * size, size)
        ]
        self._odds = [Odds.of(rate) for rate in rates]
        self._scales = [np.asarray(odds.scale, dtype) for odds in self._odds]
        self._octets = [
            (own, _BITS * scale if odds.n_bits == 1 else None)
            for own, odds, scale in zip(octets, self._odds, self._scales, strict=True)
        ]
        self._n_words = -(-self._n_octets * 8 // _WORD)

    def draw(self, rngs: Sequence[np.random.Generator]) -> None:
        """Write new masks, each member's from its own source."""
        for k, (rng, own) in enumerate(zip(rngs, self._octets, strict=True)):
            octets, table = own
            if table is not None:
                bits: Any = rng.bit_generator
                numbers = bits.random_raw(self._n_words).view(np.uint8)
                table.take(numbers[: self._n_octets], 0, octets, "clip")
            else:
                mask = self.values[k]
                kept = draw_kept(rng, self._odds[k], mask.size).reshape(mask.shape)
                np.multiply(kept, self._scales[k], mask)


def draw_kept(rng: np.random.Generator, odds: Odds, size: int) -> Array:
    """Return 0 or False with the probability of the odds, else 1 or True.

    Whole words of the bit generator are cut into numbers: floats would cost nine times
    as much.
    """
    words = draw_words(rng, size * odds.n_bits)
    if odds.n_bits == 1:
        return np.unpackbits(words.view(np.uint8), count=size)
    numbers = words.view(np.uint8 if odds.n_bits == 8 else np.uint16)
    return np.greater_equal(numbers[:size], odds.threshold)


def draw_words(rng: np.random.Generator, n_bits: int) -> Array:
    """Return the words of a bit generator that so many bits fill."""
    bits: Any = rng.bit_generator
    words: Array = bits.random_raw(-(-n_bits // _WORD))
    return words
