"""Distance to the machine's limit: a training step over the matrix products in it.

The products alone, into buffers allocated before, are what no implementation on this
BLAS can go below. Ratios are medians over repetitions, in which a step of skregnet,
plain and with dropout and batch normalization, and the products take turns, on one
core, in float32, with Adam and relu. A second table compares two BLAS threads with one
in wide networks, by the clock on the wall: it needs a quiet machine with two cores.

    python benchmarks/limit.py --tasks tiny small --json limit.json
"""

import argparse
import os
import time
from collections.abc import Callable

import harness
from harness import TASKS, Task

# isort: split
import steps
from peers import REPEATS, step_products
from threadpoolctl import threadpool_limits

from skregnet import MLPClassifier

# What a ratio is to stay below: plain, and with dropout and batch normalization.
ASKED = {
    "tiny": (9.0, 11.0),
    "small": (2.4, 2.9),
    "medium": (1.15, 1.25),
    "wide": (1.15, 1.2),
}
REGULARIZED = {"dropout": 0.5, "batch_norm": "before"}

# Steps between the shorter and the longer fit of wide networks, and pairs of those.
N_BATCHES, N_EPOCHS, N_PAIRS = 16, 3, 5


def products_timer(task: Task) -> Callable[[], float]:
    """Return a function that measures the matrix products of a step."""
    products = step_products(task)

    def multiply() -> None:
        for left, right, out in products:
            left.dot(right, out)

    n_calls = harness.calls_lasting(multiply, 0.1)
    return lambda: harness.seconds(multiply, n_calls)


def compare(task: Task, n_repeats: int) -> dict[str, float]:
    """Return times of steps and their ratios to the products."""
    timers = {
        "products": products_timer(task),
        "step": steps.step_timer(MLPClassifier, task),
        "with dropout and batch norm": steps.step_timer(
            MLPClassifier, task, **REGULARIZED
        ),
    }
    times = harness.interleave(timers, n_repeats)
    row = harness.summary(times)
    for name, asked in zip(list(timers)[1:], ASKED[task.name], strict=True):
        row[f"{name} cost"] = harness.median_ratio(times[name], times["products"])
        row[f"{name} asked"] = asked
    return row


def compare_threads(task: Task) -> dict[str, float]:
    """Return seconds of a step by the clock, with one thread of BLAS and with two."""
    X, y = task.data(N_BATCHES * task.batch_size)

    def elapsed(n_epochs: int) -> float:
        mlp = MLPClassifier(**steps.parameters(task, n_epochs))
        start = time.perf_counter()
        mlp.fit(X, y)
        return time.perf_counter() - start

    def step(n_threads: int) -> float:
        with threadpool_limits(n_threads):
            excess = elapsed(1 + N_EPOCHS) - elapsed(1)
        return excess / (N_EPOCHS * N_BATCHES)

    timers = {f"{n} threads": lambda n=n: step(n) for n in (1, 2)}
    return harness.summary(harness.interleave(timers, N_PAIRS), of="2 threads")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--repeats", type=int, help="repetitions, of every task")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.expect_no_convergence()
    tables = {}
    if "wide" in options.tasks and (os.cpu_count() or 1) > 1:
        title = "Threads of BLAS in a wide network"
        tables[title] = [{"task": "wide", **compare_threads(TASKS["wide"])}]
        harness.print_table(title, tables[title])
    harness.hold_to_one_core()
    title = "Training steps over their matrix products"
    tables[title] = []
    for name in options.tasks:
        repeats = options.repeats or (3 if options.quick else REPEATS[name])
        tables[title].append({"task": name, **compare(TASKS[name], repeats)})
    harness.print_table(title, tables[title])
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
