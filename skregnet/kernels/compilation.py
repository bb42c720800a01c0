"""Loops compiled by Numba when they are first called for, or loaded from the cache."""

from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from skregnet.kernels import loops


@cache
def compiled(name: str, dtype: np.dtype) -> Any:
    """Return a loop, compiled for arrays of one dtype.

    Each dtype has a function of its own, and with it a file of its own in the cache:
    two processes that fill the cache at once must not mistake one for the other.
    """
    numba = import_module("numba")
    loop = getattr(loops, name)
    own = FunctionType(loop.__code__, loop.__globals__, f"{name}_{dtype}")
    own.__qualname__ = own.__name__
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(own)
    except RuntimeError:  # there is nowhere to keep a cache
        return numba.njit(**options)(own)
