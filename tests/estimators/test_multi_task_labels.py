"""Labels of several tasks come back as they were given, in the form of the targets."""

import datetime
import decimal
import enum
import fractions
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
)
from skregnet._sklearn.labels import objects

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Color(enum.Enum):
    """Labels that cannot be compared."""

    RED = 1
    BLUE = 2


UTC = datetime.UTC
PAIRS = {
    "dates": (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)),
    "zone": (
        datetime.datetime(2020, 1, 1, tzinfo=UTC),
        datetime.datetime(2021, 1, 1, tzinfo=UTC),
    ),
    "nanoseconds": (pd.Timestamp(1), pd.Timestamp(2)),
    "datetime64": (np.datetime64("2020", "ns"), np.datetime64("2021", "ns")),
    "timedelta64": (np.timedelta64(1, "s"), np.timedelta64(2, "s")),
    "decimals": (decimal.Decimal(1), decimal.Decimal(2)),
    "fractions": (fractions.Fraction(1), fractions.Fraction(2)),
    "enumeration": (Color.RED, Color.BLUE),
    "number and text": (1, "x"),
    "truth and text": (True, "x"),
    "huge integers": (10**30, 2),
    "beyond int64": (2**63 + 1, -1),
    "UUID": (uuid.UUID(int=1), uuid.UUID(int=2)),
    "bytes": (b"a\0", b"a"),
    "periods": (pd.Period("2020"), pd.Period("2021")),
    "intervals": (pd.Interval(0, 1), pd.Interval(1, 2)),
    "NUL": ("a\0", "a"),
    "complex": (1j, 2j),
}
FORMS = {
    "list": list,
    "objects": objects,
    "series": pd.Series,
    "frame": lambda labels: pd.DataFrame({"t": labels, "r": ROWS[:, 1]}),
    "objects in a frame": lambda labels: pd.DataFrame(
        {"t": pd.Series(labels, dtype=object), "r": ROWS[:, 1]}
    ),
    "rows": lambda labels: [
        [label, float(number)] for label, number in zip(labels, ROWS[:, 1], strict=True)
    ],
}
ROWS = np.random.default_rng(0).normal(size=(120, 2))
IS_FIRST = ROWS[:, 0] > 0
IS_GAP = np.arange(120) % 7 == 3
SETTINGS = {
    "hidden_layer_sizes": (8,),
    "max_iter": 40,
    "learning_rate_init": 0.05,
    "random_state": 0,
}


def labels_of(pair, with_gaps=False):
    """Return labels that features tell, some of them missing."""
    return [
        None if with_gaps and gap else pair[0] if first else pair[1]
        for first, gap in zip(IS_FIRST, IS_GAP, strict=True)
    ]


def first_column(values):
    """Return the labels among targets or predictions of any form."""
    if hasattr(values, "columns"):
        return list(values["t"])
    return [row[0] if isinstance(row, list | np.ndarray) else row for row in values]


@pytest.mark.parametrize("with_gaps", [False, True], ids=["all", "gaps"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_labels_come_back(pair, form, with_gaps):
    y = form(labels_of(pair, with_gaps))
    mlp = MultiTaskMLP(**SETTINGS).fit(ROWS, y)
    found, given = first_column(mlp.predict(ROWS)), first_column(y)
    known = ~IS_GAP if with_gaps else np.ones(120, bool)
    hits = [found[k] == given[k] for k in np.flatnonzero(known)]
    assert np.mean(hits) > 0.9
    scores = mlp.score_tasks(ROWS, y)
    assert next(iter(scores.values())) == pytest.approx(np.mean(hits))
    classes = mlp.tasks_[0].classes
    assert len(classes) == 2
    proba = mlp.predict_proba(ROWS)
    proba = proba[0] if isinstance(proba, list) else proba
    assert list(classes[proba.argmax(axis=1)]) == found


@pytest.mark.parametrize(
    "labels",
    [
        pl.Series([datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]),
        pl.Series([datetime.datetime(2020, 1, k, tzinfo=UTC) for k in (1, 2)]),
        pl.Series([datetime.timedelta(1), datetime.timedelta(2)]),
        pl.Series([datetime.time(1), datetime.time(2)]),
        pl.Series([decimal.Decimal("1.0"), decimal.Decimal("2.0")]),
        pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])),
        pl.Series([b"a", b"b"]),
        pl.Series([1, 2], dtype=pl.UInt8),
        pl.Series([10**30, 1], dtype=pl.Int128),
        pl.Series([True, False]),
    ],
    ids=lambda series: str(series.dtype),
)
@pytest.mark.parametrize("with_gaps", [False, True], ids=["all", "gaps"])
def test_labels_of_polars_come_back_in_their_type(labels, with_gaps):
    column = labels.gather((~IS_FIRST).astype(int))
    if with_gaps:
        column = pl.select(pl.when(pl.lit(pl.Series(~IS_GAP))).then(column)).to_series()
    Y = pl.DataFrame({"t": column, "r": ROWS[:, 1]})
    mlp = MultiTaskMLP(**SETTINGS).fit(ROWS, Y)
    predicted = mlp.predict(ROWS)
    assert predicted.schema["t"] == labels.dtype
    hits = (predicted["t"] == column).drop_nulls().mean()
    assert hits > 0.9
    assert mlp.score_tasks(ROWS, Y)["t"] == pytest.approx(hits)


@pytest.mark.parametrize(
    "dtype",
    ["Int64", "UInt8", "boolean", "string", "category", "datetime64[ns, UTC]"],
)
def test_labels_of_pandas_come_back_in_their_type(dtype):
    codes = pd.Series((~IS_FIRST).astype(int)).mask(IS_GAP)
    column = (
        pd.to_datetime(codes, unit="D", utc=True).astype(dtype)
        if dtype.startswith("datetime")
        else codes.astype("Int64").astype(dtype)
    )
    mlp = MultiTaskMLP(**SETTINGS).fit(ROWS, pd.DataFrame({"t": column}))
    predicted = mlp.predict(ROWS)["t"]
    assert predicted.dtype == column.dtype
    assert (predicted == column)[~IS_GAP].mean() > 0.9


@pytest.mark.parametrize("pair", [([1], [2]), ({1: 2}, {3: 4}), ({1}, {2})], ids=str)
def test_labels_that_cannot_be_told_apart_are_refused(pair):
    Y = pd.DataFrame({"t": labels_of(pair), "r": ROWS[:, 1]})
    mlp = MultiTaskMLP()
    with pytest.raises(ValueError, match="y of task 't' expects labels that can be"):
        mlp.fit(ROWS, Y)
    assert not hasattr(mlp, "tasks_")


def test_numbers_that_are_not_whole_are_a_regression():
    for cls in (decimal.Decimal, fractions.Fraction):
        y = objects([cls(f"{number:.3f}") for number in ROWS[:, 0]])
        mlp = MultiTaskMLP(**SETTINGS).fit(ROWS, y)
        assert mlp.tasks_[0].kind == "regression"
        assert mlp.score(ROWS, y) > 0.9
    with pytest.raises(ValueError, match="finite numbers"):
        mlp.fit(ROWS, objects([decimal.Decimal("Infinity")] * 120))


@pytest.mark.parametrize("weight", ["balanced", {Color.RED: 3.0, Color.BLUE: 1.0}])
def test_classes_that_cannot_be_compared_have_weights(weight):
    y = objects(labels_of((Color.RED, Color.BLUE)))
    mlp = MultiTaskMLPClassifier(class_weight=weight, **SETTINGS).fit(ROWS, y)
    found = dict(zip(mlp.classes_, mlp.tasks_[0].class_weights, strict=True))
    n_first = IS_FIRST.sum()
    expected = {Color.RED: 60 / n_first, Color.BLUE: 60 / (120 - n_first)}
    assert found == pytest.approx(expected if weight == "balanced" else weight)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ensembles_give_labels_back(early_stopping):
    pair = PAIRS["enumeration"]
    Y = pd.DataFrame({"t": labels_of(pair), "u": labels_of(PAIRS["number and text"])})
    settings = {**SETTINGS, "early_stopping": early_stopping}
    member = MultiTaskMLPClassifier(**settings)
    for voting in ("soft", "hard"):
        bag = BaggingEnsemble(member, 3, voting=voting, random_state=0).fit(ROWS, Y)
        X = pd.DataFrame(ROWS, index=np.arange(120)[::-1] + 7)
        predicted = bag.predict(X)
        assert predicted.index.equals(X.index)
        for name in Y:
            hits = [a == b for a, b in zip(predicted[name], Y[name], strict=True)]
            assert np.mean(hits) > 0.9
        assert bag.score(ROWS, Y) > 0.9


def test_predictions_have_the_index_of_the_features():
    index = pd.Index([f"row {k}" for k in range(120)])
    X = pd.DataFrame(ROWS, columns=["a", "b"], index=index)
    Y = pd.DataFrame({"u": IS_FIRST, "v": ROWS[:, 1]}, index=index[::-1])
    mlp = MultiTaskMLP(**SETTINGS).fit(X, Y)
    some = np.random.default_rng(0).permutation(120)[:20]
    predicted = mlp.predict(X.iloc[some])
    assert predicted.index.equals(index[some])
    plainly = mlp.set_params().predict(pl.DataFrame({"a": X["a"], "b": X["b"]}))
    assert plainly.index.equals(pd.RangeIndex(120))
    np.testing.assert_array_equal(plainly.iloc[some]["v"], predicted["v"])
    in_polars = MultiTaskMLP(**SETTINGS).fit(X, pl.DataFrame({"v": ROWS[:, 1]}))
    assert isinstance(in_polars.predict(X), pl.DataFrame)


@pytest.mark.parametrize("pair", ["dates", "datetime64", "enumeration"])
def test_going_on_with_such_labels(pair):
    y = objects(labels_of(PAIRS[pair]))
    mlp = MultiTaskMLP(warm_start=True, **SETTINGS).fit(ROWS, y)
    assert mlp.fit(ROWS, y).score(ROWS, y) > 0.9
    with pytest.raises(ValueError, match="y has classes of task 0"):
        mlp.fit(ROWS, objects(["other"] * 120))


def test_one_task_and_several_take_the_same_dates():
    y = pd.Series(np.where(IS_FIRST, *map(np.datetime64, ("2020-01-01", "2021-01-01"))))
    for cls in (MLPClassifier, MultiTaskMLP):
        mlp = cls(**SETTINGS).fit(ROWS, y)
        assert mlp.predict(ROWS).dtype == y.dtype
        assert mlp.score(ROWS, y) > 0.9
