"""Loops compiled by Numba when they are first called for, or loaded from the cache.

Whatever is wrong with Numba or with its cache, training goes on: with NumPy's kernels
where Numba cannot be imported, without the cache where that cannot be used.
"""

import warnings
from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from skregnet._kernels.numba import loops
from skregnet._kernels.selection import VARIABLE, chosen_kernels

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

_OPTIONS = {"nogil": True, "error_model": "numpy"}


class NumbaUnavailableError(ImportError):
    """Numba is installed, but cannot be imported."""


@cache
def compiled(name: str, dtype: np.dtype) -> Any:
    """Return a loop, compiled for arrays of one dtype.

    Each dtype has a function of its own, and with it a file of its own in the cache.
    """
    njit = _compiler()
    loop = getattr(loops, name)
    own = FunctionType(loop.__code__, loop.__globals__, f"{name}_{dtype}")
    own.__qualname__ = own.__name__
    dispatcher = njit(**_OPTIONS)(own)
    # It imports Numba.
    caching = import_module("skregnet._kernels.numba.compilation_cache")
    try:
        dispatcher._cache = caching.CheckedCache(own)
    except Exception as error:  # there is nowhere to keep a cache
        caching.warn_of_cache(loop.__code__.co_filename, error)
    return dispatcher


def or_numpy(module: ModuleType) -> Callable[[_Kernel], _Kernel]:
    """Return a decorator by which a kernel is NumPy's where Numba is unavailable."""

    def decorate(kernel: _Kernel) -> _Kernel:
        of_numpy = getattr(module, kernel.__name__)

        @wraps(kernel)
        def either(*arguments: Any) -> Any:
            try:
                return kernel(*arguments)
            except NumbaUnavailableError:
                return of_numpy(*arguments)

        return cast(_Kernel, either)

    return decorate


def why_no_numba() -> str | None:
    """Return why Numba cannot be imported, None if it can."""
    return _import_numba()[1]


def _compiler() -> Any:
    """Return Numba's decorator, or raise NumbaUnavailableError, with one warning."""
    njit, reason = _import_numba()
    if reason is None:
        return njit
    if chosen_kernels() == "numba":
        raise ImportError(
            f"{VARIABLE}=numba, but Numba cannot be imported ({reason}); install "
            f"versions of Numba and NumPy that go together, or unset {VARIABLE}."
        )
    _warn_of_numba(reason)
    raise NumbaUnavailableError(reason)


@cache
def _import_numba() -> tuple[Any, str | None]:
    """Return Numba's decorator, or why there is none, found out once."""
    try:
        njit = import_module("numba").njit
        njit(**_OPTIONS)(_nothing)
        import_module("skregnet._kernels.numba.compilation_cache")
    except Exception as error:  # of any kind, from Numba, LLVM or NumPy
        return None, f"{type(error).__name__}: {error}"
    return njit, None


def _nothing() -> None:
    """Do nothing, compiled or not."""


@cache
def _warn_of_numba(reason: str) -> None:
    """Warn, once, that NumPy's kernels take the place of Numba's."""
    warnings.warn(
        f"Numba is installed, but cannot be imported ({reason}); NumPy's kernels are "
        "used, which are slower. Install a Numba that goes with this NumPy, or set "
        f"{VARIABLE}=numpy.",
        RuntimeWarning,
        stacklevel=2,
    )
