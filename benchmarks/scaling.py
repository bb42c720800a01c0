"""How time and memory grow with rows, with width and with members.

Fits of skregnet and of scikit-learn, whose members are those of BaggingClassifier, on
random float32 data, with Adam and relu, each in a fresh process on one core. A point is
the CPU time of an epoch, or of an epoch of all members, and the largest resident memory
above that before the fit.

    python benchmarks/scaling.py --json scaling.json
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import harness

# isort: split
from memory import MEGABYTE, clear_peak, resident
from sklearn import ensemble, neural_network

import skregnet

SIZES = {
    "rows": [1_000, 4_000, 16_000, 64_000, 256_000],
    "width": [16, 64, 256, 1024],
    "members": [1, 4, 16, 64],
}
QUICK_SIZES = {"rows": [1_000, 8_000], "width": [16, 128], "members": [1, 8]}

# What is not varied: rows, width, members.
REST = {"rows": 4_000, "width": 64, "members": 0}
N_FEATURES, N_CLASSES, BATCH, EPOCHS = 50, 5, 200, 3

MLPS = {
    "skregnet": skregnet.MLPClassifier,
    "scikit-learn": neural_network.MLPClassifier,
}
BAGS = {
    "skregnet": skregnet.BaggingEnsemble,
    "scikit-learn": ensemble.BaggingClassifier,
}


def estimator_of(library: str, width: int, members: int) -> Any:
    """Return a network, or a bag of networks where members are asked for."""
    mlp = MLPS[library](
        hidden_layer_sizes=(width, width),
        batch_size=BATCH,
        max_iter=EPOCHS,
        tol=0.0,
        n_iter_no_change=10_000,
        random_state=0,
    )
    if not members:
        return mlp
    return BAGS[library](mlp, n_estimators=members, random_state=0)


def measure(library: str, rows: int, width: int, members: int) -> dict[str, float]:
    """Fit in this process; return seconds an epoch and megabytes at most."""
    task = harness.Task("", rows, N_FEATURES, (width, width), BATCH, N_CLASSES)
    X, y = task.data()
    # Whatever is loaded or compiled by a first fit is no matter of size.
    estimator_of(library, 4, min(members, 2)).fit(X[:BATCH], y[:BATCH])
    estimator = estimator_of(library, width, members)
    clear_peak()
    before = resident("VmRSS")
    start = time.process_time()
    estimator.fit(X, y)
    return {
        "epoch s": (time.process_time() - start) / EPOCHS,
        "memory MB": (resident("VmHWM") - before) / MEGABYTE,
    }


def measure_apart(library: str, sizes: dict[str, int]) -> dict[str, float]:
    """Measure in a fresh process."""
    numbers = [str(sizes[name]) for name in REST]
    command = [sys.executable, __file__, "--measure", library, *numbers]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def curve(name: str, sizes: list[int]) -> list[dict[str, Any]]:
    """Return a row for each size, with both libraries."""
    rows = []
    for size in sizes:
        point = {
            library: measure_apart(library, {**REST, name: size}) for library in MLPS
        }
        ours, theirs = point["skregnet"], point["scikit-learn"]
        rows.append(
            {
                name: size,
                "skregnet s": ours["epoch s"],
                "scikit-learn s": theirs["epoch s"],
                "vs scikit-learn": theirs["epoch s"] / ours["epoch s"],
                "skregnet MB": ours["memory MB"],
                "scikit-learn MB": theirs["memory MB"],
            }
        )
    return rows


def main() -> None:
    """Measure all curves and print them, or measure a point for the parent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--curves", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--quick", action="store_true", help="few sizes")
    parser.add_argument("--json", help="file to write the tables to")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    harness.hold_to_one_core()
    if options.measure is not None:
        library, *numbers = options.measure
        print(json.dumps(measure(library, *map(int, numbers))))
        return
    tables = {}
    for name in options.curves:
        title = f"Growth with {name}"
        tables[title] = curve(name, (QUICK_SIZES if options.quick else SIZES)[name])
        harness.print_table(title, tables[title])
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
