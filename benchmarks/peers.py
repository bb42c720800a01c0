"""Training speed on one core: skregnet, scikit-learn, and torch and jax if installed.

All train the same network on the same random float32 data with Adam: relu, softmax
cross-entropy, the same L2 penalty and batch size. Peers take turns within each
repetition; shown are medians of times, and medians of the ratios within repetitions,
above 1 where skregnet is the faster. Three tables:

- steps: time per minibatch step. Whole fits of few and of many epochs over whole
  batches; the difference, divided by the steps in it, leaves out what happens once a
  fit, and leaves in gathering, the loss and what happens once an epoch. For torch the
  loop over minibatches alone, for jax an epoch compiled as one scan, timed from
  outside.
- fits: whole fits of a fixed number of epochs with early stopping on, so that
  validating, shuffling, the split and all checks count.
- products: the matrix products of a step alone, into buffers allocated before: what no
  implementation on this BLAS can go below.

    python benchmarks/peers.py --tasks tiny small --repeats 9 --json peers.json
"""

import argparse
from itertools import pairwise

import harness
from harness import TASKS, Task

# isort: split
import numpy as np
import steps
from sklearn import neural_network

import skregnet

# Epochs of a whole fit, and repetitions.
FIT_EPOCHS = {"tiny": 60, "small": 60, "medium": 5, "wide": 2}
REPEATS = {"tiny": 15, "small": 15, "medium": 9, "wide": 5}
QUICK_REPEATS = 3

ESTIMATORS = {
    "skregnet": skregnet.MLPClassifier,
    "scikit-learn": neural_network.MLPClassifier,
}


def time_steps(task: Task, n_repeats: int) -> dict[str, float]:
    """Compare the times of a step."""
    timers = {name: steps.step_timer(cls, task) for name, cls in ESTIMATORS.items()}
    if steps.torch is not None:
        timers["torch"] = steps.torch_step_timer(task)
    if steps.jax is not None:
        timers["jax"] = steps.jax_step_timer(task)
    return harness.summary(harness.interleave(timers, n_repeats), of="skregnet")


def time_fits(task: Task, n_repeats: int) -> dict[str, float]:
    """Compare the times of whole fits with early stopping on."""
    X, y = task.data()
    shared = steps.parameters(task, FIT_EPOCHS[task.name])
    fits = {
        name: lambda cls=cls: harness.seconds(
            lambda: cls(early_stopping=True, **shared).fit(X, y)
        )
        for name, cls in ESTIMATORS.items()
    }
    return harness.summary(harness.interleave(fits, n_repeats), of="skregnet")


def step_products(task: Task) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return operands and result of each product: forward, weights, inputs."""
    rng = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    products = []
    for index, (below, units) in enumerate(pairwise(task.units)):
        inputs, weights = matrix(task.batch_size, below), matrix(below, units)
        delta = matrix(task.batch_size, units)
        products.append((inputs, weights, np.empty_like(delta)))
        products.append((inputs.T, delta, np.empty_like(weights)))
        if index:
            products.append((delta, weights.T, np.empty_like(inputs)))
    return products


def time_products(task: Task, n_repeats: int) -> dict[str, float]:
    """Measure the matrix products of a step alone."""
    products = step_products(task)

    def multiply() -> None:
        for left, right, out in products:
            left.dot(right, out)

    n_calls = harness.calls_lasting(multiply, 0.1)
    times = harness.interleave(
        {"products": lambda: harness.seconds(multiply, n_calls)}, n_repeats
    )
    return {"number": len(products), **harness.summary(times)}


PARTS = {
    "steps": ("Time per minibatch step", time_steps),
    "fits": ("Whole fits, with early stopping", time_fits),
    "products": ("Matrix products of a step", time_products),
}


def main() -> None:
    """Measure what is asked for and print a table for each part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeats", type=int, help="repetitions, of every task")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    tables = {}
    for part in options.parts:
        title, measure = PARTS[part]
        tables[part] = []
        for name in options.tasks:
            repeats = QUICK_REPEATS if options.quick else REPEATS[name]
            row = measure(TASKS[name], options.repeats or repeats)
            tables[part].append({"task": name, **row})
        harness.print_table(title, tables[part])
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
