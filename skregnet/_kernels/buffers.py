"""Array types, and buffers that start on a cache line, allocated once a fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]

# A hyperparameter: one number, or one of each member, of shape (n_members, 1), float64.
Rate = float | Array

_CACHE_LINE = 64

# Elements a block: a block of five float32 vectors fills a level-two cache of 512 KiB.
BLOCK = 16_384


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return an uninitialised C-contiguous array that starts on a cache line."""
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    raw = np.empty(n_bytes + _CACHE_LINE, dtype=np.uint8)
    start = -raw.ctypes.data % _CACHE_LINE
    return raw[start : start + n_bytes].view(dtype).reshape(shape)


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return a C-contiguous array of zeros that starts on a cache line."""
    array = aligned_empty(shape, dtype)
    array[...] = 0
    return array


def cast_rate(rate: Rate, dtype: np.dtype) -> Array:
    """Round a rate to the dtype of the arithmetic; as an array it is used faster."""
    return np.asarray(rate, dtype)


def member_rates(values: Sequence[float]) -> Rate:
    """Return a number where all members share it, else an array of one each."""
    if all(value == values[0] for value in values):
        return float(values[0])
    return np.array(values, dtype=np.float64)[:, np.newaxis]


def by_member(rate: Rate) -> Rate:
    """Return a rate in the shape of one value a member, (n_members,)."""
    return rate[:, 0] if isinstance(rate, np.ndarray) and rate.ndim else rate


def each_member(rate: Rate, n_members: int) -> list[float]:
    """Return the rate of each member as numbers."""
    if isinstance(rate, np.ndarray):
        values: list[float] = rate[:, 0].tolist()
        return values
    return [float(rate)] * n_members
