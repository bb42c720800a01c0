"""What the benchmarks share: one core, tasks, interleaved timing, tables.

Import this module before NumPy: it holds BLAS to one thread, which must happen before
any BLAS is loaded. Times are CPU times of the process, all its threads together, so
that what other programs do on the same core does not count; for one thread that never
waits they are wall times on an idle core.
"""

import os

os.environ.update(
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    BLIS_NUM_THREADS="1",
    VECLIB_MAXIMUM_THREADS="1",
    NUMBA_NUM_THREADS="1",
)

import contextlib
import json
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info

MICROSECONDS = 1e6


@dataclass(frozen=True)
class Task:
    """Random data of one size, and a network for it."""

    name: str
    n_rows: int
    n_features: int
    hidden: tuple[int, ...]
    batch_size: int
    n_classes: int

    @property
    def units(self) -> tuple[int, ...]:
        """Units of all layers, inputs and outputs included."""
        return (self.n_features, *self.hidden, self.n_classes)

    def data(self, n_rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return float32 features and class labels, the same in every call."""
        n_rows = self.n_rows if n_rows is None else n_rows
        rng = np.random.default_rng(0)
        X = rng.standard_normal((n_rows, self.n_features), dtype=np.float32)
        y = rng.integers(self.n_classes, size=n_rows)
        y[: self.n_classes] = np.arange(self.n_classes)
        return X, y


TASKS = {
    task.name: task
    for task in (
        Task("tiny", 1_000, 10, (16,), 32, 3),
        Task("small", 2_000, 20, (100,), 200, 3),
        Task("medium", 20_000, 100, (256, 256), 256, 10),
        Task("wide", 20_000, 784, (1024, 1024), 256, 10),
    )
}


def hold_to_one_core() -> None:
    """Keep the process on one core, where the system can, and say what runs on it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    expect_no_convergence()
    print(f"Python {platform.python_version()}", *versions(), sep=", ")
    print(blas(), flush=True)


def expect_no_convergence() -> None:
    """Leave out warnings of fits that run a fixed number of epochs."""
    warnings.simplefilter("ignore", ConvergenceWarning)


def is_installed(package: str) -> bool:
    """Tell whether a package is there."""
    return find_spec(package) is not None


def versions() -> Iterator[str]:
    """Yield name and version of each package that matters and is installed."""
    for name in ("numpy", "scipy", "scikit-learn", "skregnet", "numba", "torch", "jax"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"


def blas() -> str:
    """Return which BLAS multiplies NumPy's matrices, and the processor it works for."""
    for pool in threadpool_info():
        # SciPy has a BLAS of its own.
        if pool["user_api"] == "blas" and "scipy.libs" not in pool["filepath"]:
            processor = pool.get("architecture", "an unknown processor")
            return f"{pool['internal_api']} {pool['version']} for {processor}"
    return "a BLAS that is not known"


def seconds(call: Callable[[], object], n_calls: int = 1) -> float:
    """Return the mean CPU time of a call over `n_calls` in a row."""
    start = time.process_time()
    for _ in range(n_calls):
        call()
    return (time.process_time() - start) / n_calls


def calls_lasting(call: Callable[[], object], at_least: float) -> int:
    """Return how many calls last at least so many seconds; the first warms up."""
    call()
    return max(1, round(at_least / max(seconds(call), 1e-7)))


def interleave(
    candidates: Mapping[str, Callable[[], float]], n_repeats: int
) -> dict[str, list[float]]:
    """Measure each candidate once a repetition, so that all see the same machine.

    Each repetition starts with another candidate.
    """
    names = list(candidates)
    times: dict[str, list[float]] = {name: [] for name in names}
    for repeat in range(n_repeats):
        shift = repeat % len(names)
        for name in names[shift:] + names[:shift]:
            times[name].append(candidates[name]())
    return times


def median_ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Return the median over repetitions of the ratio within each."""
    return statistics.median(s / f for s, f in zip(slower, faster, strict=True))


def summary(
    times: Mapping[str, Sequence[float]], of: str | None = None
) -> dict[str, float]:
    """Return median microseconds of all, and how much faster `of` is than the rest."""
    row = {
        f"{name} us": statistics.median(values) * MICROSECONDS
        for name, values in times.items()
    }
    for name, values in times.items():
        if of is not None and name != of:
            row[f"vs {name}"] = median_ratio(values, times[of])
    return row


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of cells under the names of their columns."""
    columns, cells = table_cells(rows)
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    print(f"\n{title}")
    for line in ([*columns], *cells):
        print("  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)))


def table_cells(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], Any]:
    """Return the names of all columns, and the formatted cells of each row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, [[_format(name, row.get(name)) for name in columns] for row in rows]


def _format(column: str, cell: Any) -> str:
    """Ratios get two decimals, other numbers three digits or more."""
    if not isinstance(cell, float):
        return "-" if cell is None else str(cell)
    if column.startswith("vs ") or column.endswith("cost"):
        return f"{cell:.2f}"
    return f"{cell:.0f}" if cell >= 100 else f"{cell:.3g}"


def write_json(path: str | None, tables: Mapping[str, Any]) -> None:
    """Write the tables to a file if there is a path."""
    if path is not None:
        Path(path).write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")
