"""Stacks: time per member and step when networks of one architecture train together.

Classifiers that differ in their seeds are fitted in one call, on the same random
float32 data, with Adam and relu. The time of a step is the difference of two fits, of
few and of many epochs over whole batches, divided by the steps in it and by the number
of members. Sizes take turns within each repetition; shown are medians, and medians of
the ratios of a network alone to a member of the stack, above 1 where stacks pay.

    python benchmarks/stacks.py --tasks tiny --members 1 8 --repeats 9
"""

import argparse
from collections.abc import Callable
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
from skregnet import MLPClassifier
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together

# Batches of an epoch: enough for the loop, few enough for large stacks.
N_BATCHES = 10
# Steps that a member takes between the shorter and the longer fit, over all members.
N_STEPS = {"tiny": 6_400, "small": 6_400, "medium": 640}
REPEATS = 7
QUICK_REPEATS = 3


def stack_timer(task: Task, n_members: int) -> Callable[[], float]:
    """Return a function that measures one member's step in a stack of this size."""
    X, y = task.data(N_BATCHES * task.batch_size)
    few = 1
    many = few + max(1, N_STEPS[task.name] // (N_BATCHES * n_members))

    def fit(n_epochs: int) -> None:
        fit_together(
            [
                Request(_classifier(task, n_epochs, seed), X, y)
                for seed in range(n_members)
            ]
        )

    def measure() -> float:
        excess = harness.seconds(lambda: fit(many)) - harness.seconds(lambda: fit(few))
        return excess / ((many - few) * N_BATCHES * n_members)

    return measure


def _classifier(task: Task, n_epochs: int, seed: int) -> MLPClassifier:
    """Return a classifier that runs all epochs."""
    return MLPClassifier(
        hidden_layer_sizes=task.hidden,
        batch_size=task.batch_size,
        max_iter=n_epochs,
        tol=0.0,
        n_iter_no_change=10_000,
        random_state=seed,
    )


def time_stacks(task: Task, sizes: list[int], n_repeats: int) -> list[dict[str, Any]]:
    """Compare stacks of these sizes with the first."""
    timers = {str(size): stack_timer(task, size) for size in sizes}
    times = harness.interleave(timers, n_repeats)
    return [
        {
            "task": task.name,
            "members": size,
            **harness.summary({"member and step": times[str(size)]}),
            f"vs {sizes[0]}": harness.median_ratio(
                times[str(sizes[0])], times[str(size)]
            ),
        }
        for size in sizes
    ]


def main() -> None:
    """Measure what is asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=N_STEPS, default=list(N_STEPS))
    parser.add_argument("--members", nargs="+", type=int, default=[1, 4, 16, 64])
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the table to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    n_repeats = QUICK_REPEATS if options.quick else options.repeats
    rows = []
    for name in options.tasks:
        rows += time_stacks(TASKS[name], options.members, n_repeats)
    harness.print_table("Time per member and step", rows)
    harness.write_json(options.json, {"stacks": rows})


if __name__ == "__main__":
    main()
