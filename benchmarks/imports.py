"""Imports and first steps: what a process waits for before it trains.

Fresh interpreters take turns in importing skregnet and `sklearn.neural_network`. Then
the first fits of a process, with all kernels that it compiles, are timed with an empty
cache of Numba and with a full one; the same fits, with NumPy's kernels, are what is
left of them without compiling or loading.

    python benchmarks/imports.py --json imports.json
"""

import argparse
import os
import subprocess
import sys
import tempfile
from typing import Any

import harness

REPEATS = 7
QUICK_REPEATS = 3

_TIME_IMPORT = """
import time
start = time.process_time()
import {module}
print(time.process_time() - start)
"""

# All kernels of a classifier and of its regularizers.
_FIRST_FITS = """
import time, warnings
warnings.simplefilter("ignore")
import numpy as np
from skregnet import MLPClassifier
X = np.random.default_rng(0).standard_normal((64, 8), dtype=np.float32)
y = np.arange(64) % 3
start = time.process_time()
MLPClassifier(max_iter=1).fit(X, y)
first = time.process_time() - start
for solver in ("sgd", "adamw", "nadam", "adagrad", "rmsprop", "delta_bar_delta"):
    MLPClassifier(solver=solver, max_iter=1).fit(X, y)
MLPClassifier(
    batch_norm="before", dropout=0.5, weight_averaging="ema", max_iter=1
).fit(X, y % 2)
print(first, time.process_time() - start)
"""


def run(code: str, **environment: str) -> list[float]:
    """Run code in a fresh interpreter and return the numbers that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return [float(number) for number in done.stdout.split()]


def time_imports(n_repeats: int) -> dict[str, float]:
    """Compare the times of imports."""
    modules = {"skregnet": "skregnet", "scikit-learn": "sklearn.neural_network"}
    timers = {
        name: lambda module=module: run(_TIME_IMPORT.format(module=module))[0]
        for name, module in modules.items()
    }
    times = harness.interleave(timers, n_repeats)
    row = harness.summary(times)
    ratio = harness.median_ratio(times["skregnet"], times["scikit-learn"])
    return {**row, "import cost": ratio, "import asked": 1.3}


def time_first_fits() -> list[dict[str, Any]]:
    """Measure first fits: in NumPy, compiling, and loading what is compiled."""
    rows = [_first_fits("NumPy", SKREGNET_KERNELS="numpy")]
    if harness.is_installed("numba"):
        with tempfile.TemporaryDirectory() as cache:
            places = {"SKREGNET_KERNELS": "numba", "NUMBA_CACHE_DIR": cache}
            rows.append({**_first_fits("Numba, compiling", **places), "asked s": 4.0})
            rows.append({**_first_fits("Numba, loading", **places), "asked s": 0.5})
    return rows


def _first_fits(name: str, **environment: str) -> dict[str, Any]:
    first, in_all = run(_FIRST_FITS, **environment)
    return {"kernels": name, "first fit s": first, "all kernels s": in_all}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, help="repetitions")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
    tables = {
        "Imports": [time_imports(repeats)],
        "First fits of a process": time_first_fits(),
    }
    for title, rows in tables.items():
        harness.print_table(title, rows)
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
