"""Which version of the kernels is used."""

import os
from importlib.util import find_spec

VARIABLE = "SKREGNET_KERNELS"
CHOICES = ("numpy", "numba")


def uses_numba() -> bool:
    """Tell whether Numba's version is used: as the environment says, or if it is there.

    Numba itself is not imported before it is needed.
    """
    choice = os.environ.get(VARIABLE)
    is_installed = find_spec("numba") is not None
    if choice is None:
        return is_installed
    if choice not in CHOICES:
        raise ValueError(f"{VARIABLE} expects one of {CHOICES}, got {choice!r}.")
    if choice == "numba" and not is_installed:
        raise ImportError(
            f"{VARIABLE}=numba, but Numba is not installed: pip install skregnet[fast]."
        )
    return choice == "numba"
