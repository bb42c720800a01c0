"""What a report of a problem should tell of the machine."""

import platform
import sys
from importlib import metadata
from typing import Any

from threadpoolctl import threadpool_info

from skregnet._kernels import KERNELS
from skregnet._kernels.numba.compilation import why_no_numba
from skregnet._kernels.selection import VARIABLE, chosen_kernels

_PACKAGES = (
    "skregnet",
    "scikit-learn",
    "numpy",
    "scipy",
    "joblib",
    "threadpoolctl",
    "numba",
    "matplotlib",
)


def show_versions() -> None:
    """Print versions, which kernels are used, and which libraries have threads.

    Kernels are compiled by Numba where it is installed (extra ``fast``), else NumPy's;
    the environment variable ``SKREGNET_KERNELS``, set before skregnet is imported, says
    otherwise.

    Examples
    --------
    >>> import skregnet
    >>> skregnet.show_versions()  # doctest: +ELLIPSIS
    System
      python: ...
    """
    sections = {
        "System": {"python": sys.version.split()[0], "platform": platform.platform()},
        "Packages": {name: _version(name) for name in _PACKAGES},
        "Kernels": _kernels(),
        "Threads": {
            f"{pool['user_api']} ({pool['internal_api']} {pool['version']})": _threads(
                pool
            )
            for pool in threadpool_info()
        },
    }
    for title, lines in sections.items():
        print(title)  # noqa: T201
        for name, value in lines.items():
            print(f"  {name}: {value}")  # noqa: T201


def _version(package: str) -> str:
    """Return the version of a package, or that it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _threads(pool: dict[str, Any]) -> str:
    """Return the number of a library's threads, and the processor it works for."""
    processor = pool.get("architecture")
    return f"{pool['num_threads']}{f', for {processor}' if processor else ''}"


def _kernels() -> dict[str, str]:
    """Return which kernels are used, and what has decided between them."""
    choice = chosen_kernels()
    told = {
        "version": KERNELS,
        "chosen by": f"{VARIABLE}={choice}" if choice else "what is installed",
    }
    failure = why_no_numba() if KERNELS == "numba" else None
    if failure is not None:
        told["numba"] = f"cannot be imported ({failure})"
        told["version"] = choice or "numpy"
    return told
