"""Targets of tables: labels of any kind come back as they were, or are refused."""

import datetime
import decimal
import enum
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score, make_scorer

from skregnet import MLPClassifier, TabularClassifier, TabularRegressor
from tests.tabular.test_estimators import problem, quick


class Color(enum.Enum):
    RED = 1
    BLUE = 2


PAIRS = {
    "dates": (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)),
    "times with a zone": tuple(pd.to_datetime(["2020", "2021"]).tz_localize("UTC")),
    "decimals": (decimal.Decimal("1.1"), decimal.Decimal("1.10000000000000000001")),
    "enumerations": (Color.BLUE, Color.RED),
    "numbers beside text": (1, "1"),
    "huge integers": (2**70, 2**70 + 1),
    "integers beyond floats": (2**62, 2**62 + 1),
    "text that ends in NUL": ("a", "a\0"),
    "long text": ("a" * 999, "b"),
    "periods": tuple(pd.period_range("2020", periods=2, freq="Y")),
    "bytes": (b"a", b"b"),
    "truths": (False, True),
}

ARRAYS = {
    "dates": np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "instants": np.array(["2020-01-01T00:00:00.000000001", "2020-01-01"], "M8[ns]"),
    "spans of time": np.array([1, 2], "m8[s]"),
    "bytes": np.array([b"a", b"b"]),
    "text": np.array(["a", "b"]),
    "text of variable width": np.array(["a", "b"], dtype=np.dtypes.StringDType()),
    "half precision": np.array([1, 2], np.float16),
    "nullable integers": pd.array([3, 4], dtype="Int64"),
    "nullable truths": pd.array([False, True], dtype="boolean"),
    "categories": pd.Categorical([5, 7]),
}

MISSING = {
    "None": np.array([None, "a"], object),
    "NaN beside text": np.array([np.nan, "a"], object),
    "NA": np.array([pd.NA, "a"], object),
    "NaT": np.array(["NaT", "2020-01-01"], "M8[D]"),
    "nullable integers": pd.Series([pd.NA, 1], dtype="Int64"),
    "variable width": np.array(
        [None, "a"], dtype=np.dtypes.StringDType(na_object=None)
    ),
    "polars": pl.Series([None, "a"]),
}


def labels_by(pair, places):
    """Return a list of one of two objects each."""
    return [pair[k] for k in places]


def same(found, given):
    """Return whether labels are equal and of one kind."""
    return all(
        one == other and isinstance(one, str) == isinstance(other, str)
        for one, other in zip(found, given, strict=True)
    )


@pytest.fixture(scope="module")
def data():
    X, y = problem(True, n_rows=120)
    return X, (y == "yes") * 1


def briefly():
    own = MLPClassifier((4,), max_iter=30, learning_rate_init=0.05)
    return TabularClassifier(network=own, n_members=2, random_state=0)


def check(model, X, y, places):
    """Check a fitted model against one of the numbers of the classes."""
    if model.classes_.dtype.kind not in "iuf":
        # The samples that are drawn depend on the numbers that are labels.
        expected = briefly().fit(X, places)
        np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.score(X, y) > 0.8
    assert same(list(model.predict(X)), [y[k] for k in model_places(model, X, y)])


def model_places(model, X, y):
    """Return a sample of the class that is predicted, for each sample."""
    codes = model.predict_proba(X).argmax(axis=1)
    values = list(y)
    classes = list(model.classes_)
    first = [values.index(label) for label in classes]
    return [first[code] for code in codes]


@pytest.mark.parametrize("name", PAIRS)
def test_objects_come_back(name, data):
    X, places = data
    pair = PAIRS[name]
    y = labels_by(pair, places)
    model = briefly().fit(X, y)
    assert same(list(model.classes_), pair)
    check(pickle.loads(pickle.dumps(model)), X, y, places)
    as_objects = np.fromiter(y, dtype=object, count=len(y))
    again = briefly().fit(X, as_objects)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert same(list(again.classes_), pair)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_and_series_come_back(name, data):
    X, places = data
    pair = ARRAYS[name]
    y = pair[places]
    given = list(pair)
    model = briefly().fit(X, y)
    assert same(list(model.classes_), sorted(given))
    found = model.predict(X)
    assert found.dtype == model.classes_.dtype
    assert model.score(X, y) == np.mean([a == b for a, b in zip(found, y, strict=True)])
    assert model.score(X, y) > 0.8
    again = briefly().fit(X, list(y))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize("name", MISSING)
def test_missing_targets_are_refused(name, kind):
    pair = MISSING[name]
    X = np.arange(40.0).reshape(20, 2)
    y = pair[np.arange(20) % 2] if isinstance(pair, np.ndarray) else None
    if y is None:
        y = pair.take(np.arange(20) % 2) if hasattr(pair, "take") else pair
        y = pair[(np.arange(20) % 2).tolist()] if isinstance(pair, pl.Series) else y
    model = kind(random_state=0)
    with pytest.raises(ValueError, match=r"^y expects|Input y contains NaN"):
        model.fit(X, y)
    assert not hasattr(model, "encoder_")


NO_LABELS = {
    "complex": np.array([1j, 2j]),
    "records": np.array([(1,), (2,)], dtype=[("a", int)]),
    "numbers that are not whole": np.array([0.5, 1.5]),
    "sets": np.array([{1}, {2}], object),
}
RAGGED = {
    "tuples of several lengths": [(1, 2), (3,)] * 10,
    "lists of several lengths": [[1, 2], [3]] * 10,
}


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize("name", RAGGED)
def test_targets_of_several_lengths_are_refused(name, kind):
    with pytest.raises(ValueError, match=r"^y expects one value for each row"):
        kind(random_state=0).fit(np.arange(40.0).reshape(20, 2), RAGGED[name])


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
@pytest.mark.parametrize("dtype", [int, float, object])
def test_masked_targets_are_refused(kind, dtype):
    X = np.arange(40.0).reshape(20, 2)
    y = np.ma.array(np.arange(20) % 2, dtype=dtype, mask=[True] + [False] * 19)
    with pytest.raises(
        ValueError, match=r"^y expects a value for each row, got masked"
    ):
        kind(random_state=0).fit(X, y)
    model = kind(n_members=1, time_limit=1e-9, random_state=0)
    expected = clone(model).fit(X[1:], y.data[1:].astype(int)).predict(X)
    np.testing.assert_array_equal(model.fit(X[1:], y[1:]).predict(X), expected)


@pytest.mark.parametrize("name", NO_LABELS)
def test_what_are_no_labels_is_refused(name):
    X = np.arange(40.0).reshape(20, 2)
    y = NO_LABELS[name][np.arange(20) % 2]
    with pytest.raises((ValueError, TypeError), match=r"\by\b"):
        TabularClassifier(random_state=0).fit(X, y)


NO_NUMBERS = {
    "dates": np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "dates as objects": np.array(PAIRS["dates"], object),
    "spans of time": np.array([1, 2], "m8[s]"),
    "complex": np.array([1j, 2j]),
    "text": np.array(["1", "2"]),
    "text as objects": np.array(["1", "2"], object),
    "text of variable width": ARRAYS["text of variable width"],
    "integers beyond floats": np.array([1, 10**400], object),
}


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_what_are_no_numbers_is_refused(name):
    X = np.arange(40.0).reshape(20, 2)
    y = NO_NUMBERS[name][np.arange(20) % 2]
    with pytest.raises((ValueError, TypeError), match=r"\by\b"):
        TabularRegressor(random_state=0).fit(X, y)


@pytest.mark.parametrize(
    "y",
    [
        [decimal.Decimal(k) / 4 for k in range(20)],
        pd.Series(range(20), dtype="Int64"),
        pl.Series(range(20)),
        np.arange(20, dtype=object) * 2**70,
        np.arange(20, dtype=np.float16),
    ],
    ids=["decimals", "nullable", "polars", "huge", "half precision"],
)
def test_numbers_of_any_kind(y):
    X = np.arange(40.0).reshape(20, 2)
    model = TabularRegressor(n_members=1, time_limit=1e-9, random_state=0)
    expected = clone(model).fit(X, np.array([float(value) for value in y])).predict(X)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), expected)


def test_class_weights_are_by_label(data):
    X, places = data
    pair = PAIRS["dates"]
    y = labels_by(pair, places)
    for own in (None, MLPClassifier((4,), max_iter=3)):
        model = TabularClassifier("fast", n_members=1, random_state=0, network=own)
        model.set_params(time_limit=1e-9)
        found = []
        for labels, classes in ((y, pair), (places, (0, 1))):
            weights = dict(zip(classes, (9.0, 0.1), strict=True))
            name = "class_weight" if own is None else "network__class_weight"
            model.set_params(**{name: weights})
            found.append(model.fit(X, labels).predict_proba(X))
        np.testing.assert_array_equal(found[0], found[1])
        plain = model.set_params(**{name: None}).fit(X, y).predict_proba(X)
        assert (plain != found[0]).any()


def test_scorers_of_networks_see_labels(data):
    X, y = problem(True, n_rows=120)
    scorer = make_scorer(f1_score, pos_label="yes")
    own = MLPClassifier((4,), max_iter=3, early_stopping=True, scoring=scorer)
    model, _, _ = quick(TabularClassifier, network=own)
    assert model.fit(X, y).classes_.tolist() == ["no", "yes"]


def test_scores_of_labels_never_seen(data):
    X, places = data
    pair = PAIRS["dates"]
    model = briefly().fit(X, labels_by(pair, places))
    assert model.score(X, [datetime.date(1999, 1, 1)] * len(X)) == 0
    y = labels_by(pair, places)
    y[0] = datetime.date(1999, 1, 1)
    weights = np.zeros(len(X))
    weights[:2] = 1, 3
    hit = model.predict(X)[1] == y[1]
    assert model.score(X, y, sample_weight=weights) == 0.75 * hit
