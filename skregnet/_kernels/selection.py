"""Which version of the kernels is used."""

import os
from importlib.util import find_spec

VARIABLE = "SKREGNET_KERNELS"
CHOICES = ("numpy", "numba")


def chosen_kernels() -> str | None:
    """Return the choice of the environment; None if it is not set, or empty."""
    choice = os.environ.get(VARIABLE, "").strip() or None
    if choice not in (None, *CHOICES):
        raise ValueError(f"{VARIABLE} expects one of {CHOICES}, got {choice!r}.")
    return choice


def uses_numba() -> bool:
    """Tell whether Numba's version is used: as the environment says, or if it is there.

    Numba itself is not imported before it is needed.
    """
    choice = chosen_kernels()
    if choice == "numba" and not _is_installed():
        raise ImportError(
            f"{VARIABLE}=numba, but Numba is not installed: pip install skregnet[fast]."
        )
    return choice == "numba" or (choice is None and _is_installed())


def _is_installed() -> bool:
    """Tell whether there is a Numba to import."""
    try:
        return find_spec("numba") is not None
    except ValueError:  # a module without a specification stands in for it
        return False
