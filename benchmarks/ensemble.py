"""Bags of networks: `BaggingEnsemble` and scikit-learn's `BaggingClassifier`.

Bags of 16 classifiers, each of its library, learn the same random float32 data with
Adam and relu. Both libraries' members go through as many rows as there are in each
epoch: ours through those drawn, scikit-learn's through all, weighted by how often they
were drawn. Candidates take turns within each repetition; shown are medians, and medians
of the ratios within repetitions. Four tables:

- steps: time per member and step, on one core. Whole fits of few and of many epochs
  over whole batches; the difference, divided by the steps of all members in it, leaves
  out what happens once a fit.
- fits: whole fits of a fixed number of epochs, on one core: drawing, checks and copies
  count.
- jobs: our whole fits by one and by two workers, on all cores, in wall time. Workers
  have been started by a call of the same kind; the start-up is what that first call
  took above the later ones. Other programs on the machine count here: beside the
  median ratio stands that of the least times, which they disturb less.
- memory: peak resident memory while fitting for one epoch, above that with the data
  loaded, from Linux's high-water mark, each library in a process of its own, and that
  of the whole process; beside them what the weights of all members and Adam's two
  moments take together; the cost is the peak over that.

    python benchmarks/ensemble.py --tasks tiny --parts steps fits --repeats 9
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
import steps
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from memory import MEGABYTE, clear_peak, is_known, resident
from sklearn import neural_network
from sklearn.ensemble import BaggingClassifier

import skregnet
from skregnet._fitting.blocks import THREADS_FROM

N_MEMBERS = 16
LIBRARIES = {
    "skregnet": (skregnet.BaggingEnsemble, skregnet.MLPClassifier),
    "scikit-learn": (BaggingClassifier, neural_network.MLPClassifier),
}

# Epochs of the shorter and of the longer fit behind the time of a step.
STEP_EPOCHS = {
    "tiny": {"skregnet": (2, 202), "scikit-learn": (2, 12)},
    "small": {"skregnet": (2, 82), "scikit-learn": (2, 22)},
    "medium": {"skregnet": (1, 3), "scikit-learn": (1, 2)},
}
# Epochs of a whole fit, and of one by several workers.
FIT_EPOCHS = {"tiny": 60, "small": 60, "medium": 2}
JOB_EPOCHS = {"small": 200, "medium": 2}
BACKEND_EPOCHS = {"tiny": 1000, "small": 200, "medium": 2}
REPEATS = {"tiny": 9, "small": 9, "medium": 5}
QUICK_REPEATS = 3

# Weights and Adam's two moments, in float32.
BYTES_PER_PARAMETER = 3 * 4

_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def bag(library: str, task: Task, n_epochs: int, n_jobs: int = 1) -> Any:
    """Return an ensemble of networks that run all epochs."""
    ensemble_class, network_class = LIBRARIES[library]
    network = network_class(**steps.parameters(task, n_epochs))
    return ensemble_class(
        network, n_estimators=N_MEMBERS, n_jobs=n_jobs, random_state=0
    )


def step_timer(library: str, task: Task) -> Callable[[], float]:
    """Return a function that measures a member's step as the difference of two fits."""
    n_steps = task.n_rows // task.batch_size
    X, y = task.data(n_steps * task.batch_size)
    few, many = STEP_EPOCHS[task.name][library]
    short, long = bag(library, task, few), bag(library, task, many)
    short.fit(X, y)

    def measure() -> float:
        excess = harness.seconds(lambda: long.fit(X, y)) - harness.seconds(
            lambda: short.fit(X, y)
        )
        return excess / ((many - few) * n_steps * N_MEMBERS)

    return measure


def time_steps(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare the times of a member's step."""
    timers = {library: step_timer(library, task) for library in LIBRARIES}
    times = harness.interleave(timers, n_repeats)
    return [{"task": task.name, **harness.summary(times, of="skregnet")}]


def time_fits(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare the times of whole fits."""
    X, y = task.data()
    timers = {}
    for library in LIBRARIES:
        bag(library, task, 1).fit(X, y)
        ensemble = bag(library, task, FIT_EPOCHS[task.name])
        timers[library] = lambda ensemble=ensemble: harness.seconds(
            lambda: ensemble.fit(X, y)
        )
    times = harness.interleave(timers, n_repeats)
    return [{"task": task.name, **harness.summary(times, of="skregnet")}]


def time_jobs(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare our fits by two workers with those by one."""
    if task.name not in JOB_EPOCHS:
        return []
    X, y = task.data()
    timers = {}
    for n_jobs in (1, 2):
        ensemble = bag("skregnet", task, JOB_EPOCHS[task.name], n_jobs)
        timers[n_jobs] = lambda ensemble=ensemble: wall_seconds(
            lambda: ensemble.fit(X, y)
        )
    with all_cores():
        timers[1]()
        get_reusable_executor().shutdown(wait=True)
        first = timers[2]()
        times = harness.interleave(timers, n_repeats)
    two_jobs = statistics.median(times[2])
    row = {
        "task": task.name,
        "one job s": statistics.median(times[1]),
        "two jobs s": two_jobs,
        "vs one job": harness.median_ratio(times[1], times[2]),
        "vs one job, least": min(times[1]) / min(times[2]),
        "start-up s": first - two_jobs,
    }
    return [row]


def time_backends(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare two workers that are threads with two that are processes."""
    X, y = task.data()
    one, two = (
        bag("skregnet", task, BACKEND_EPOCHS[task.name], n_jobs) for n_jobs in (1, 2)
    )

    def timed(backend: str) -> float:
        with parallel_config(backend=backend):
            return wall_seconds(lambda: two.fit(X, y))

    timers = {
        "one job": lambda: wall_seconds(lambda: one.fit(X, y)),
        "threads": lambda: timed("threading"),
        "processes": lambda: timed("loky"),
    }
    with all_cores():
        for timer in timers.values():
            timer()
        times = harness.interleave(timers, n_repeats)
    row = {f"{name} s": statistics.median(values) for name, values in times.items()}
    for name in ("threads", "processes"):
        row[f"{name} vs one job"] = harness.median_ratio(times["one job"], times[name])
    n_weights = sum(below * above for below, above in pairwise(task.units))
    prefers_threads = 3 * n_weights * task.batch_size >= THREADS_FROM
    default = "threads" if prefers_threads else "processes"
    return [{"task": task.name, **row, "default": default}]


def wall_seconds(call: Callable[[], object]) -> float:
    """Return the time that a call takes by the clock, whoever works for it."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextlib.contextmanager
def all_cores() -> Iterator[None]:
    """Let the process, and those that it starts, have the cores it began with."""
    if _CORES is None:
        yield
        return
    held = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, held)


def measure_memory(library: str, task: Task) -> dict[str, float]:
    """Fit once, watched by the system; return megabytes."""
    X, y = task.data()
    bag(library, TASKS["tiny"], 1).fit(*TASKS["tiny"].data())
    n_parameters = sum((below + 1) * above for below, above in pairwise(task.units))
    row = {"members MB": N_MEMBERS * n_parameters * BYTES_PER_PARAMETER / MEGABYTE}
    if not is_known():
        return row
    clear_peak()
    before = resident("VmRSS")
    bag(library, task, 1).fit(X, y)
    peak = resident("VmHWM")
    row["peak MB"] = (peak - before) / MEGABYTE
    row["whole process MB"] = peak / MEGABYTE
    row["cost"] = row["peak MB"] / row["members MB"]
    return row


def memory_rows(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Measure each library in fresh processes; show the median."""
    rows = []
    for library in LIBRARIES:
        command = [sys.executable, __file__, "--memory-of", library]
        command += ["--tasks", task.name]
        found = []
        for _ in range(min(n_repeats, QUICK_REPEATS)):
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
        medians = {
            name: statistics.median(row[name] for row in found) for name in found[0]
        }
        rows.append({"task": task.name, "library": library, **medians})
    return rows


PARTS = {
    "steps": ("Time per member and step", time_steps),
    "fits": ("Whole fits", time_fits),
    "jobs": ("Whole fits by several workers, wall time", time_jobs),
    "backends": ("Threads against processes, wall time", time_backends),
    "memory": ("Peak memory of a fit", memory_rows),
}


def main() -> None:
    """Measure and print, or measure the memory of one library for the parent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=REPEATS, default=list(REPEATS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeats", type=int, help="repetitions, of every task")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    parser.add_argument("--memory-of", choices=LIBRARIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    harness.hold_to_one_core()
    if options.memory_of is not None:
        print(json.dumps(measure_memory(options.memory_of, TASKS[options.tasks[0]])))
        return
    tables: dict[str, list[dict[str, Any]]] = {}
    for part in options.parts:
        title, measure = PARTS[part]
        tables[part] = []
        for name in options.tasks:
            repeats = QUICK_REPEATS if options.quick else REPEATS[name]
            tables[part] += measure(TASKS[name], options.repeats or repeats)
        harness.print_table(title, tables[part])
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
