"""Dropout and batch normalization: what they cost a minibatch step, on one core.

Networks are trained without them, and with batch normalization before the activation
of every hidden layer and dropout of 0.5 after it; by skregnet and, where installed, by
torch. Otherwise they are those of peers.py, with its random data, Adam and L2 penalty.
Candidates take turns within each repetition. Shown are

- medians of the times of a step, plain and regularized,
- cost: regularized over plain time, ours and torch's,
- vs torch: torch's over our regularized time, above 1 where skregnet is the faster,

ratios as medians over those within repetitions. At the end of `fit` batch
normalization takes an extra pass over all rows, for the exact statistics. The time of
a step is the difference of a long and a short fit, so the two passes cancel, like all
else that happens once a fit. Torch's loop over minibatches has no such pass: it keeps
running statistics alone.

    python benchmarks/regularizers.py --tasks tiny small --repeats 9
"""

import argparse
from collections.abc import Callable
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
import steps

from skregnet import MLPClassifier

REPEATS = {"tiny": 15, "small": 15, "medium": 9, "wide": 5}
QUICK_REPEATS = 3


def timers(task: Task) -> dict[str, Callable[[], float]]:
    """Return what measures a step of each candidate."""
    both = {"dropout": steps.DROPOUT, "batch_norm": "before"}
    candidates = {
        "plain": steps.step_timer(MLPClassifier, task),
        "regularized": steps.step_timer(MLPClassifier, task, **both),
    }
    if steps.torch is not None:
        candidates["torch plain"] = steps.torch_step_timer(task)
        candidates["torch regularized"] = steps.torch_step_timer(task, True)
    return candidates


def time_steps(task: Task, n_repeats: int) -> dict[str, Any]:
    """Compare the times of a step."""
    times = harness.interleave(timers(task), n_repeats)
    row: dict[str, Any] = harness.summary(times)
    row["cost"] = harness.median_ratio(times["regularized"], times["plain"])
    if steps.torch is not None:
        torch_times = times["torch regularized"]
        row["torch cost"] = harness.median_ratio(torch_times, times["torch plain"])
        row["vs torch"] = harness.median_ratio(torch_times, times["regularized"])
    return row


def main() -> None:
    """Measure what is asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--repeats", type=int, help="repetitions, of every task")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the table to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    rows = []
    for name in options.tasks:
        repeats = QUICK_REPEATS if options.quick else REPEATS[name]
        row = time_steps(TASKS[name], options.repeats or repeats)
        rows.append({"task": name, **row})
    harness.print_table("Time per minibatch step", rows)
    harness.write_json(options.json, {"steps": rows})


if __name__ == "__main__":
    main()
