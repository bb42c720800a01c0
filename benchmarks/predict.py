"""Prediction: memory, time of one row, throughput; against scikit-learn, on one core.

- memory: peak above input and output while predicting 100,000 float32 rows of the wide
  network, each library in a process of its own: what Python and NumPy allocate, by
  tracemalloc, and resident memory, from Linux's high-water mark, which counts the
  output too unless it finds memory that has been freed.
- one row: what a call takes after its input has been validated, decoding of labels or
  probabilities included. Ratios are medians within repetitions.
- throughput: whole calls of `predict` on 10,000 rows, validation included.

    python benchmarks/predict.py --tasks tiny wide --repeats 9 --json predict.json
"""

import argparse
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
import numpy as np
from memory import MEGABYTE, clear_peak, is_known, resident
from sklearn import neural_network

import skregnet
from skregnet._networks.plain import plain_outputs
from skregnet.estimators._base import by_rows

LIBRARIES = {"skregnet": skregnet, "scikit-learn": neural_network}
MEMORY_ROWS = 100_000
THROUGHPUT_ROWS = 10_000
REPEATS = 9
QUICK_REPEATS = 3


def fitted(library: str, kind: str, task: Task) -> Any:
    """Return a network trained for one epoch on two batches."""
    X, y = task.data(2 * task.batch_size)
    estimator = getattr(LIBRARIES[library], f"MLP{kind}")(
        hidden_layer_sizes=task.hidden,
        batch_size=task.batch_size,
        max_iter=1,
        random_state=0,
    )
    return estimator.fit(X, y if kind == "Classifier" else y.astype(np.float32))


def measure_memory(library: str) -> dict[str, float]:
    """Predict twice, watched by the system and by tracemalloc; return megabytes."""
    task = TASKS["wide"]
    model = fitted(library, "Classifier", task)
    model.predict_proba(task.data(task.n_classes)[0])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((MEMORY_ROWS, task.n_features), dtype=np.float32)
    row = {}
    if is_known():
        clear_peak()
        before = resident("VmRSS")
        outputs = model.predict_proba(X)
        row["resident MB"] = (resident("VmHWM") - before) / MEGABYTE
    tracemalloc.start()
    outputs = model.predict_proba(X)
    traced = tracemalloc.get_traced_memory()[1] - outputs.nbytes
    return {"traced MB": traced / MEGABYTE, **row}


def memory_rows() -> list[dict[str, Any]]:
    """Measure each library in a fresh process."""
    rows = []
    for library in LIBRARIES:
        command = [sys.executable, __file__, "--memory-of", library]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"library": library, **json.loads(done.stdout.splitlines()[-1])})
    return rows


def calls_after_validation(library: str, task: Task) -> dict[str, Callable[[Any], Any]]:
    """Return what follows the validation of X in each method that predicts."""
    classifier = fitted(library, "Classifier", task)
    regressor = fitted(library, "Regressor", task)
    if library == "scikit-learn":
        return {
            "predict": lambda X: classifier._predict(X, check_input=False),
            "predict_proba": lambda X: classifier._forward_pass_fast(
                X, check_input=False
            ),
            "regressor": lambda X: regressor._predict(X, check_input=False),
        }
    _skip_validation(classifier)
    _skip_validation(regressor)
    return {
        "predict": classifier.predict,
        "predict_proba": classifier.predict_proba,
        "regressor": regressor.predict,
    }


def _skip_validation(estimator: Any) -> None:
    """Let the estimator's methods take X as validated."""
    estimator._outputs = lambda X: plain_outputs(
        by_rows(X), estimator.coefs_, estimator.intercepts_, estimator.activation
    )


def time_one_row(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare, method by method, the time of one row after validation."""
    X, _ = task.data(task.n_classes)
    row = X[:1].copy()
    calls = {library: calls_after_validation(library, task) for library in LIBRARIES}
    table = []
    for method in calls["skregnet"]:
        timers = {name: _row_timer(calls[name][method], row) for name in calls}
        times = harness.interleave(timers, n_repeats)
        table.append(
            {
                "task": task.name,
                "method": method,
                **harness.summary(times, of="skregnet"),
            }
        )
    return table


def _row_timer(call: Callable[[Any], Any], row: np.ndarray) -> Callable[[], float]:
    """Return a function that measures a call with one row."""
    n_calls = harness.calls_lasting(lambda: call(row), 0.05)
    return lambda: harness.seconds(lambda: call(row), n_calls)


def time_throughput(task: Task, n_repeats: int) -> dict[str, Any]:
    """Compare whole calls of `predict` on many rows, as rows a second."""
    X, _ = task.data(THROUGHPUT_ROWS)
    timers = {}
    for library in LIBRARIES:
        model = fitted(library, "Classifier", task)
        model.predict(X)
        timers[library] = lambda model=model: harness.seconds(lambda: model.predict(X))
    times = harness.interleave(timers, n_repeats)
    rates = {
        f"{name} rows/s": THROUGHPUT_ROWS / float(np.median(values))
        for name, values in times.items()
    }
    ratio = harness.median_ratio(times["scikit-learn"], times["skregnet"])
    return {"task": task.name, **rates, "vs scikit-learn": ratio}


def measure_all(names: list[str], n_repeats: int) -> dict[str, list[dict[str, Any]]]:
    """Measure everything, print the tables and return them."""
    tables = {"memory": memory_rows(), "one row": [], "throughput": []}
    for name in names:
        tables["one row"] += time_one_row(TASKS[name], n_repeats)
        tables["throughput"].append(time_throughput(TASKS[name], n_repeats))
    titles = {
        "memory": f"Peak memory of {MEMORY_ROWS:,} rows, wide, above input and output",
        "one row": "One row, after validation",
        "throughput": f"Throughput of predict, {THROUGHPUT_ROWS:,} rows",
    }
    for part, title in titles.items():
        harness.print_table(title, tables[part])
    return tables


def main() -> None:
    """Measure and print, or measure the memory of one library for the parent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    parser.add_argument("--memory-of", choices=LIBRARIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    harness.hold_to_one_core()
    if options.memory_of is not None:
        print(json.dumps(measure_memory(options.memory_of)))
        return
    n_repeats = QUICK_REPEATS if options.quick else options.repeats
    harness.write_json(options.json, measure_all(options.tasks, n_repeats))


if __name__ == "__main__":
    main()
