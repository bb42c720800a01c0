"""Accuracy on real tables: TabularClassifier and TabularRegressor against their peers.

Repeated holdout on the data sets of `datasets.py`: a quarter of the rows is for
testing, at most 3,000 of the rest for training. Peers get what they need: networks of
scikit-learn get medians for missing values, standardised numbers, one-hot categories
and standardised targets; those of pytabkit, which refuse missing numbers, get medians;
forests and boosted trees get categories as such. Nothing is tuned but where the name
says so, on the training rows alone.

Shown are, over the data sets chosen:

- geometric means of the ratios of each data set's mean error, log-loss and RMSE to
  those of scikit-learn's default network, below 1 where a model is better, with 95 %
  intervals over data sets;
- mean ranks, by log-loss and RMSE, and normalised scores: 1 for the best model of a
  data set, 0 for the default network or what is worse;
- the spread over splits: the standard deviation of log-loss and RMSE, as a share of
  their mean, averaged over data sets;
- seconds of CPU, fit and predict together, summed over data sets.

The last row is of the model that turned out best on each data set and by each metric:
what choosing among them in hindsight would give.

The baseline must be among the models or the earlier runs.

Runs of models that are not installed are left out. With ``--known`` a file of earlier
runs is read, and only what is not in it is run: models may come from different
environments.

    python benchmarks/accuracy.py --json accuracy.json
    python benchmarks/accuracy.py --sets CHOOSING --models mlp balanced
    python benchmarks/accuracy.py --models mlp balanced --datasets titanic wage
"""

import argparse
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import harness

# isort: split
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.compose import make_column_selector as columns
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RandomizedSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

MOST_TRAINING_ROWS = 3_000
MOST_TEST_ROWS = 4_000
SMALLEST_PROBABILITY = 1e-15
BASELINE = "mlp"
REPORTED = ["REPORTING", "FURTHER"]
METRICS = {"error": "error", "log-loss": "log-loss", "RMSE": "RMSE"}
TUNED = {
    "alpha": [1e-4, 1e-2, 0.1, 1.0, 10.0],
    "hidden_layer_sizes": [(50,), (100,), (256,), (100, 100)],
    "learning_rate_init": [1e-3, 3e-3],
}


def encoded(model: Any, categories: Any) -> Any:
    """Return a model behind an encoder of categories; numbers are filled in."""
    numbers = SimpleImputer(strategy="median", keep_empty_features=True)
    parts = [
        ("numbers", numbers, columns(dtype_include="number")),
        ("categories", categories, columns(dtype_exclude="number")),
    ]
    return make_pipeline(ColumnTransformer(parts), model)


def network(classifies: bool, tuned: bool = False, **parameters: Any) -> Any:
    """Return scikit-learn's network on standardised columns and targets."""
    kind = MLPClassifier if classifies else MLPRegressor
    model: Any = kind(random_state=0, **parameters)
    if tuned:
        model = RandomizedSearchCV(
            model,
            TUNED,
            n_iter=10,
            cv=3,
            scoring="neg_log_loss" if classifies else None,
            random_state=0,
        )
    if not classifies:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return encoded(make_pipeline(StandardScaler(), model), one_hot)


def forest(classifies: bool) -> Any:
    """Return scikit-learn's random forest."""
    kind = RandomForestClassifier if classifies else RandomForestRegressor
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return encoded(kind(random_state=0), ordinal)


def boosting(classifies: bool) -> Any:
    """Return scikit-learn's boosted trees."""
    kind = (
        HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    )
    return kind(categorical_features="from_dtype", random_state=0)


def lightgbm(classifies: bool) -> Any:
    """Return LightGBM's boosted trees."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMClassifier if classifies else LGBMRegressor
    return kind(random_state=0, n_jobs=1, verbose=-1)


def tabular(preset: str) -> Callable[[bool], Any]:
    """Return a maker of skregnet's estimators."""

    def make(classifies: bool) -> Any:
        from skregnet import TabularClassifier, TabularRegressor

        kind = TabularClassifier if classifies else TabularRegressor
        return kind(preset, random_state=0)

    return make


def pytabkit(name: str) -> Callable[[bool], Any]:
    """Return a maker of pytabkit's estimators."""

    def make(classifies: bool) -> Any:
        from pytabkit import models

        kind = f"{name}_{'Classifier' if classifies else 'Regressor'}"
        model = getattr(models.sklearn.sklearn_interfaces, kind)(
            random_state=0, device="cpu", n_threads=1
        )
        as_text = FunctionTransformer(lambda X: X.astype(str).astype(object))
        return encoded(model, as_text).set_output(transform="pandas")

    return make


MODELS: dict[str, tuple[str, Callable[[bool], Any]]] = {
    "fast": ("skregnet", tabular("fast")),
    "balanced": ("skregnet", tabular("balanced")),
    "best": ("skregnet", tabular("best")),
    "mlp": ("sklearn", network),
    "mlp, early stopping": ("sklearn", lambda c: network(c, early_stopping=True)),
    "mlp, tuned": ("sklearn", lambda c: network(c, tuned=True)),
    "forest": ("sklearn", forest),
    "boosting": ("sklearn", boosting),
    "lightgbm": ("lightgbm", lightgbm),
    "RealMLP": ("pytabkit", pytabkit("RealMLP_TD")),
    "TabM": ("pytabkit", pytabkit("TabM_D")),
}


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to test on."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: Any
    y_test: Any


def split(name: str, seed: int) -> Split:
    """Draw rows of a data set, in proportion to the classes where that can be."""
    X, y, task = datasets.load(name)
    X = X.copy()
    for column in X.select_dtypes(["object", "string"]):
        X[column] = X[column].astype("category")
    classifies = task == datasets.CLASSIFICATION
    stratify = y if classifies and y.value_counts().min() > 1 else None
    parts = train_test_split(X, y, random_state=seed, stratify=stratify)
    X_train, X_test, y_train, y_test = parts
    return Split(
        X_train[:MOST_TRAINING_ROWS].reset_index(drop=True),
        X_test[:MOST_TEST_ROWS].reset_index(drop=True),
        y_train[:MOST_TRAINING_ROWS].to_numpy(),
        y_test[:MOST_TEST_ROWS].to_numpy(),
    )


def run(model: Any, data: Split, classifies: bool) -> dict[str, float]:
    """Return the figures of one model on one split."""
    found: dict[str, Any] = {}

    def work() -> None:
        model.fit(data.X_train, data.y_train)
        predict = model.predict_proba if classifies else model.predict
        found["outputs"] = np.asarray(predict(data.X_test), float)

    seconds = harness.seconds(work)
    outputs, y = found["outputs"], data.y_test
    if not classifies:
        return {"RMSE": float(np.sqrt(np.mean((y - outputs) ** 2))), "s": seconds}
    classes = np.asarray(model.classes_)
    outputs = outputs / outputs.sum(axis=1, keepdims=True)
    places = np.searchsorted(classes, y).clip(0, len(classes) - 1)
    chances = outputs[np.arange(len(y)), places] * (classes[places] == y)
    row = {
        "error": float(np.mean(classes[outputs.argmax(axis=1)] != y)),
        "log-loss": float(-np.log(chances.clip(SMALLEST_PROBABILITY)).mean()),
        "s": seconds,
    }
    if len(classes) == 2:
        row["AUC"] = float(roc_auc_score(y == classes[1], outputs[:, 1]))
    return row


Runs = dict[str, dict[str, list[dict[str, float]]]]


def run_missing(runs: Runs, name: str, models: list[str], n_splits: int) -> None:
    """Add what is not known of a data set."""
    classifies = datasets.DATASETS[name].task == datasets.CLASSIFICATION
    of_set = runs.setdefault(name, {})
    for seed in range(n_splits):
        missing = [m for m in models if len(of_set.setdefault(m, [])) <= seed]
        data = split(name, seed) if missing else None
        for model in missing:
            of_set[model].append(run(MODELS[model][1](classifies), data, classifies))


def means(runs: Runs, metric: str, models: list[str]) -> pd.DataFrame:
    """Return each data set's mean over splits, for data sets that all models ran on."""
    table = {
        name: {
            model: np.mean([row[metric] for row in rows])
            for model, rows in of_set.items()
            if model in models and metric in rows[0]
        }
        for name, of_set in runs.items()
    }
    return pd.DataFrame(table).T.reindex(columns=models).dropna()


def ratio(values: pd.Series, baseline: pd.Series) -> str:
    """Return the geometric mean of ratios, and its interval over data sets."""
    logs = np.log(values.clip(1e-4)) - np.log(baseline.clip(1e-4))
    mean, half = logs.mean(), stats.sem(logs) * stats.t.ppf(0.975, len(logs) - 1)
    low, middle, high = np.exp([mean - half, mean, mean + half])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def summary(runs: Runs, models: list[str]) -> list[dict[str, Any]]:
    """Return a row for each model."""
    tables = {metric: means(runs, metric, models) for metric in (*METRICS, "AUC", "s")}
    judged = pd.concat([tables["log-loss"], tables["RMSE"]])
    ranks = judged.rank(axis=1).mean()
    best, worst = judged.min(axis=1), judged[BASELINE]
    scores = (worst.to_numpy()[:, None] - judged) / (worst - best).clip(
        1e-12
    ).to_numpy()[:, None]
    rows = []
    for model in models:
        row: dict[str, Any] = {"model": model}
        for metric, title in METRICS.items():
            table = tables[metric]
            if len(table) > 1:
                row[title] = ratio(table[model], table[BASELINE])
        row["AUC"] = float(tables["AUC"][model].mean())
        row["rank"] = float(ranks[model])
        row["score"] = float(scores[model].clip(0, 1).mean())
        row["spread"] = f"{spread(runs, model):.1%}"
        row["seconds"] = float(tables["s"][model].sum())
        rows.append(row)
    hindsight = {
        title: ratio(table.min(axis=1), table[BASELINE])
        for metric, title in METRICS.items()
        if len(table := tables[metric]) > 1
    }
    return [*rows, {"model": "best of each table", **hindsight}]


def by_data_set(runs: Runs, models: list[str], metric: str) -> list[dict[str, Any]]:
    """Return each data set's means, and standard deviations over splits."""
    rows = []
    for name in means(runs, metric, models).index:
        row = {"data set": str(name)}
        for model in models:
            values = [found[metric] for found in runs[str(name)][model]]
            row[model] = f"{np.mean(values):.3g} ± {np.std(values):.1g}"
        rows.append(row)
    return rows


def spread(runs: Runs, model: str) -> float:
    """Return the relative standard deviation over splits, averaged over data sets."""
    shares = []
    for of_set in runs.values():
        rows = of_set[model]
        metric = "RMSE" if "RMSE" in rows[0] else "log-loss"
        values = [row[metric] for row in rows]
        shares.append(np.std(values) / np.mean(values))
    return float(np.mean(shares))


def main() -> None:
    """Run what is asked for and not known, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sets", nargs="+", choices=["CHOOSING", *REPORTED], default=REPORTED
    )
    parser.add_argument("--datasets", nargs="+", choices=datasets.DATASETS)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one split")
    parser.add_argument("--known", type=Path, help="runs of before, and of now")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    warnings.simplefilter("ignore")
    names = options.datasets or [
        name for of_set in options.sets for name in getattr(datasets, of_set)
    ]
    models = [m for m in options.models if harness.is_installed(MODELS[m][0])]
    known = options.known
    runs: Runs = json.loads(known.read_text()) if known and known.exists() else {}
    for name in names:
        run_missing(runs, name, models, 1 if options.quick else options.splits)
        print(".", end="", flush=True)
        if known:
            known.write_text(json.dumps(runs))
    shown = {name: runs[name] for name in names}
    present = [m for m in MODELS if all(m in of_set for of_set in shown.values())]
    if BASELINE not in present:
        raise SystemExit(
            f"\nFigures are relative to {BASELINE!r}, which has not run on all "
            "of these: add it to --models, or name a file with its runs by --known."
        )
    tables = {"Models": summary(shown, present)}
    for metric in METRICS:
        if len(means(shown, metric, present)):
            tables[f"{metric} by data set"] = by_data_set(shown, present, metric)
    for title, rows in tables.items():
        harness.print_table(title, rows)
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
