"""Which regularizer when: test losses of networks with one switched on, to none.

The data sets are those of datasets.py on which defaults are chosen. Numbers are
standardised, missing ones replaced by the median, categories one-hot; targets of
regressions are standardised. A network of two hidden layers of 64 units learns from few
rows and from more, for a fixed number of epochs, with one regularizer. Its strength is
the best of two or three by validation on a part of the training rows, in classification
by the error where the error is shown and by the log-loss where that is; then the
network learns from all of them, and the other rows (at most 2,000) test it. The network
without a regularizer has the same seed, and sees the same rows.

Shown is, for each regularizer, the ratio of its test loss (mean over splits) to that
without it, below 1 where it pays: the geometric mean over data sets, with the 95 %
interval of Student's t, and each data set's. cost is the ratio of the times of a fit,
choice of strength not counted; chosen says how often each strength was, in the order
of the table of strengths, by log-loss and RMSE.

    python benchmarks/which_regularizer.py
    python benchmarks/which_regularizer.py --quick --datasets titanic insurance
"""

import argparse
import itertools
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import datasets
import harness

# isort: split
import numpy as np
from datasets import CLASSIFICATION, REGRESSION
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.model_selection import train_test_split as split_rows
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet.augmentation import GaussianNoise, Mixup
from skregnet.optimizers import AdamW

RATE = 0.003
NONE = "none"
# yeast has too few rows of some classes.
NAMES = [name for name in datasets.CHOOSING if name != "yeast"]
QUICK_NAMES = ["titanic", "german_credit", "insurance", "bike_sharing"]
LARGEST_TEST = 2_000
N_SPLITS = 5
WORST_LOG_PROBABILITY = -50.0
METRICS = {CLASSIFICATION: ("error", "log-loss"), REGRESSION: ("RMSE",)}

Data = tuple[np.ndarray, np.ndarray]
Setting = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How many rows there are to learn from, and how."""

    name: str
    n_rows: int
    fewest_rows: int
    batch_size: int
    max_iter: int
    n_validations: int

    def n_train(self, n_rows: int) -> int:
        """Return how many rows of a data set are for training."""
        return min(self.n_rows, 2 * n_rows // 3)

    def fits(self, n_rows: int) -> bool:
        """Tell whether a data set is large enough."""
        return self.n_train(n_rows) >= self.fewest_rows


SIZES = (
    Size("few rows", 150, 150, 32, 100, 3),
    Size("more rows", 1_500, 400, 64, 50, 1),
)


def grid(name: str, *values: Any, **fixed: Any) -> list[Setting]:
    """Return settings that differ in one parameter."""
    return [{name: value, **fixed} for value in values]


TECHNIQUES: dict[str, list[Setting]] = {
    NONE: [{}],
    "L2": grid("alpha", 0.1, 1.0, 10.0),
    "L1": grid("alpha", 0.01, 0.1, 1.0, l1_ratio=1.0),
    "decay of AdamW": grid(
        "solver", *(AdamW(learning_rate=RATE, weight_decay=d) for d in (1.0, 3.0, 10.0))
    ),
    "max-norm": grid("max_norm", 0.25, 0.5, 1.0),
    "dropout": grid("dropout", 0.2, 0.5),
    "input dropout": grid("input_dropout", 0.1, 0.3),
    "batch normalization": grid("batch_norm", "before", "after"),
    "label smoothing": grid("label_smoothing", 0.1, 0.2, 0.4),
    "target noise": grid("target_noise", 0.3, 1.0),
    "activity penalty": grid("activity_alpha", 0.001, 0.01, 0.1),
    "adversarial": grid("adversarial_step", 0.1, 0.3, adversarial_norm="sign"),
    "Gaussian noise": grid("augmenter", *map(GaussianNoise, (0.2, 0.5, 1.0))),
    "mixup": grid("augmenter", Mixup(0.4), Mixup(1.0)),
    "average, ema": grid("weight_averaging", "ema"),
    "average, swa": grid("weight_averaging", "swa"),
    "early stopping": grid(
        "validation_fraction",
        *(0.1, 0.2, 0.3),
        early_stopping=True,
        scoring="loss",
        n_iter_no_change=20,
    ),
    "bag of 8": grid("bootstrap", True),
    "8 seeds": grid("bootstrap", False),
}


def model(task: str, size: Size, setting: Setting, seed: int) -> Any:
    """Return an estimator with one regularizer."""
    network_class = MLPClassifier if task == CLASSIFICATION else MLPRegressor
    network = network_class(
        hidden_layer_sizes=(64, 64),
        alpha=0.0,
        learning_rate_init=RATE,
        batch_size=size.batch_size,
        max_iter=size.max_iter,
        n_iter_no_change=math.inf,
        random_state=seed,
    )
    if "bootstrap" in setting:
        return BaggingEnsemble(network, 8, random_state=seed, **setting)
    return network.set_params(**setting)


def techniques(task: str) -> dict[str, list[Setting]]:
    """Return the regularizers that a task has."""
    is_known = task == CLASSIFICATION
    return {t: s for t, s in TECHNIQUES.items() if is_known or t != "label smoothing"}


def encoder() -> BaseEstimator:
    """Return what makes an array of a table."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    is_category = make_column_selector(dtype_include="category")
    return make_column_transformer((one_hot, is_category), remainder=numbers)


def prepared(name: str, size: Size, seed: int) -> tuple[str, Data, Data]:
    """Return the task, and rows to learn from and to be tested on.

    What is very far from the other rows is moved nearer: a column that is nearly
    constant in few rows would have values of hundreds in others.
    """
    X, y, task = datasets.load(name)
    n_train = size.n_train(len(X))
    classes = LabelEncoder().fit_transform(y) if task == CLASSIFICATION else None
    X_train, X_test, y_train, y_test = split_rows(
        X,
        y if classes is None else classes,
        train_size=n_train,
        test_size=min(LARGEST_TEST, len(X) - n_train),
        random_state=seed,
        stratify=classes,
    )
    encode = encoder().fit(X_train)
    X_train, X_test = (
        np.clip(encode.transform(part), -5, 5).astype(np.float32)
        for part in (X_train, X_test)
    )
    if task != CLASSIFICATION:
        center, scale = y_train.mean(), y_train.std()
        y_train, y_test = ((part - center) / scale for part in (y_train, y_test))
    return task, (X_train, np.asarray(y_train)), (X_test, np.asarray(y_test))


def losses(fitted: Any, task: str, test: Data) -> dict[str, float]:
    """Return what is measured of a fitted model."""
    X, y = test
    if task != CLASSIFICATION:
        return {"RMSE": float(np.sqrt(np.mean((fitted.predict(X) - y) ** 2)))}
    log_probabilities = fitted.predict_log_proba(X)
    of_truth = log_probabilities[np.arange(len(y)), np.searchsorted(fitted.classes_, y)]
    return {
        "error": float(np.mean(fitted.classes_[log_probabilities.argmax(axis=1)] != y)),
        "log-loss": float(-np.maximum(of_truth, WORST_LOG_PROBABILITY).mean()),
    }


def validations(task: str, size: Size, train: Data, seed: int) -> list[Any]:
    """Return parts of the training rows to learn from and to choose by."""
    kind = StratifiedShuffleSplit if task == CLASSIFICATION else ShuffleSplit
    splitter = kind(size.n_validations, test_size=0.25, random_state=seed)
    return [
        tuple(tuple(part[rows] for part in train) for rows in both)
        for both in splitter.split(*train)
    ]


def choose(
    task: str,
    size: Size,
    settings: list[Setting],
    train: Data,
    seed: int,
) -> dict[str, int]:
    """Return the place of the best setting for each loss, by validation."""
    if len(settings) == 1:
        return dict.fromkeys(METRICS[task], 0)
    found = [
        [
            losses(model(task, size, s, seed).fit(*part), task, held_out)
            for part, held_out in validations(task, size, train, seed)
        ]
        for s in settings
    ]
    means = {
        metric: [np.mean([loss[metric] for loss in row]) for row in found]
        for metric in METRICS[task]
    }
    return {metric: int(np.argmin(values)) for metric, values in means.items()}


@dataclass(frozen=True)
class Outcome:
    """A test loss of one model."""

    dataset: str
    size: str
    split: int
    technique: str
    metric: str
    loss: float
    choice: int
    seconds: float


def outcomes(name: str, size: Size, split: int) -> Iterator[Outcome]:
    """Choose, fit and test with each regularizer, on one split of a data set."""
    task, train, test = prepared(name, size, split)
    for technique, settings in techniques(task).items():
        choice = choose(task, size, settings, train, split)
        known = {}
        for metric, place in choice.items():
            if place not in known:
                start = time.process_time()
                fitted = model(task, size, settings[place], split).fit(*train)
                seconds = time.process_time() - start
                known[place] = losses(fitted, task, test), seconds
            loss, seconds = known[place]
            yield Outcome(
                name, size.name, split, technique, metric, loss[metric], place, seconds
            )


def means(found: Sequence[Outcome], field: str) -> dict[tuple[str, str], float]:
    """Return the mean over splits by regularizer and data set."""
    values: dict[tuple[str, str], list[float]] = {}
    for outcome in found:
        key = outcome.technique, outcome.dataset
        values.setdefault(key, []).append(getattr(outcome, field))
    return {key: float(np.mean(value)) for key, value in values.items()}


def ratios(found: Sequence[Outcome], field: str, technique: str) -> dict[str, float]:
    """Return by data set how a regularizer compares with none."""
    mean = means(found, field)
    return {
        dataset: value / mean[NONE, dataset]
        for (name, dataset), value in mean.items()
        if name == technique
    }


def geometric_mean(values: Sequence[float]) -> str:
    """Return the geometric mean with its 95 % interval over data sets."""
    logs = np.log(values)
    middle, n = logs.mean(), len(logs)
    if n < 2:
        return f"{math.exp(middle):.2f}"
    half = stats.t.ppf(0.975, n - 1) * logs.std(ddof=1) / math.sqrt(n)
    low, high = math.exp(middle - half), math.exp(middle + half)
    return f"{math.exp(middle):.2f} ({low:.2f}-{high:.2f})"


def overview(found: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return a row a regularizer: ratios of all losses, cost and choices."""
    rows = []
    for technique, settings in list(TECHNIQUES.items())[1:]:
        row: dict[str, Any] = {"regularizer": technique}
        for metric in ("error", "log-loss", "RMSE"):
            of_metric = [o for o in found if o.metric == metric]
            values = list(ratios(of_metric, "loss", technique).values())
            row[metric] = geometric_mean(values) if values else None
        of_kind = [o for o in found if o.metric != "error"]
        costs = list(ratios(of_kind, "seconds", technique).values())
        row["cost"] = float(np.exp(np.mean(np.log(costs))))
        counts = Counter(o.choice for o in of_kind if o.technique == technique)
        row["chosen"] = "/".join(str(counts[i]) for i in range(len(settings)))
        rows.append(row)
    return rows


def by_dataset(found: Sequence[Outcome], metric: str) -> list[dict[str, Any]]:
    """Return a row a regularizer, a column a data set; first the loss with none."""
    of_metric = [outcome for outcome in found if outcome.metric == metric]
    mean = means(of_metric, "loss")
    names = list(dict.fromkeys(outcome.dataset for outcome in of_metric))
    none = {name: mean[NONE, name] for name in names}
    rows: list[dict[str, Any]] = [{"regularizer": f"{NONE}: {metric}", **none}]
    for technique in list(TECHNIQUES)[1:]:
        values = ratios(of_metric, "loss", technique)
        if values:
            shown = {name: f"{value:.2f}" for name, value in values.items()}
            rows.append({"regularizer": technique, **shown})
    return rows


def strengths() -> list[dict[str, str]]:
    """Return the settings that are tried."""
    return [
        {"regularizer": name, "parameters": "; ".join(_written(settings))}
        for name, settings in list(TECHNIQUES.items())[1:]
    ]


def _written(settings: list[Setting]) -> Iterator[str]:
    """Yield each parameter with its values; those of an optimizer are its decays."""
    for name in settings[0]:
        values = [getattr(s[name], "weight_decay", s[name]) for s in settings]
        shown = name.replace("solver", "AdamW's weight_decay")
        yield f"{shown} {', '.join(dict.fromkeys(map(str, values)))}"


def learnt_from(name: str) -> dict[str, Any]:
    """Return the size of a data set, and how many rows are for training."""
    row = datasets.summary(name)
    shown = {key: row[key] for key in ("name", "task", "rows", "columns")}
    return shown | {
        size.name: size.n_train(row["rows"]) if size.fits(row["rows"]) else None
        for size in SIZES
    }


def tables_of(found: Sequence[Outcome]) -> dict[str, list[dict[str, Any]]]:
    """Return all tables by title."""
    names = dict.fromkeys(outcome.dataset for outcome in found)
    tables: dict[str, list[dict[str, Any]]] = {
        "Data sets, with the rows of them to learn from": [*map(learnt_from, names)],
        "Settings that are tried": strengths(),
    }
    for size in dict.fromkeys(outcome.size for outcome in found):
        of_size = [outcome for outcome in found if outcome.size == size]
        tables[f"Loss relative to none, {size}"] = overview(of_size)
        for metric in dict.fromkeys(outcome.metric for outcome in of_size):
            title = f"{metric} by data set relative to none, {size}"
            tables[title] = by_dataset(of_size, metric)
    return tables


def main() -> None:
    """Measure what is asked for and print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", nargs="+", choices=datasets.DATASETS)
    parser.add_argument("--splits", type=int, help="splits of each data set")
    parser.add_argument("--quick", action="store_true", help="few data sets and splits")
    parser.add_argument("--json", help="file to write tables and single losses to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    names = options.datasets or (QUICK_NAMES if options.quick else NAMES)
    n_splits = options.splits or (2 if options.quick else N_SPLITS)
    list(outcomes(names[0], SIZES[0], 0))  # compiles, which doesn't count as cost
    found: list[Outcome] = []
    for size, name in itertools.product(SIZES, names):
        if not size.fits(len(datasets.load(name)[1])):
            continue
        start = time.process_time()
        for split in range(n_splits):
            found += outcomes(name, size, split)
        seconds = time.process_time() - start
        print(f"{size.name}, {name}: {seconds:.0f} s", flush=True)
    tables = tables_of(found)
    for title, rows in tables.items():
        harness.print_table(title, rows)
    single = {"single losses": {str(i): asdict(o) for i, o in enumerate(found)}}
    harness.write_json(options.json, {**tables, **single})


if __name__ == "__main__":
    main()
