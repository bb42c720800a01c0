"""Kinds of columns, decided by values: alike in all containers, kept at prediction."""

import datetime
import enum
import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import (
    MLPRegressor,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet._tables.precision import is_single
from tests.tabular.columns import (
    COLUMNS,
    CONTAINERS,
    KIND_OF,
    NOTHING,
    contained,
    repeated,
)

# Of these polars makes something else: dates of UTC, integers.
CHANGED = {
    ("dates ahead of UTC", "polars"),
    ("dates with and without a zone", "polars"),
    ("objects", "polars"),
    ("objects", "objects of polars"),
}


def first(X):
    """Return the first column of what an encoder makes of a table."""
    return TableEncoder(n_bins=0).fit_transform(X)[:, 0]


@pytest.mark.parametrize("name", COLUMNS)
def test_containers_are_alike(name):
    values = repeated(name, 24)
    expected = None
    for container in CONTAINERS:
        X = contained(container, values)
        if X is None or (name, container) in CHANGED:
            continue
        encoder = TableEncoder().fit(X)
        assert encoder._kinds == [KIND_OF[name]]
        encoded = encoder.transform(X)
        assert np.isfinite(encoded).all()
        expected = encoded if expected is None else expected
        np.testing.assert_array_equal(encoded, expected, err_msg=container)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_does_not_depend_on_the_others(name):
    """Samples alone, in pieces and together, in whatever container, to the last bit."""
    values = repeated(name, 24)
    rng = np.random.RandomState(0)
    cuts = [*range(1, 24)], sorted(rng.choice(np.arange(1, 24), 4, replace=False)), []
    for learned in ("pandas", "array"):
        encoder = TableEncoder().fit(contained(learned, values))
        expected = encoder.transform(contained(learned, values))
        is_array = learned == "array"
        for container in ["array", "list"] if is_array else list(CONTAINERS)[:4]:
            for own in cuts:
                pieces = [
                    values[a:b] for a, b in zip([0, *own], [*own, 24], strict=True)
                ]
                tables = [contained(container, piece) for piece in pieces]
                if any(table is None for table in tables):
                    continue
                found = np.vstack([encoder.transform(table) for table in tables])
                np.testing.assert_array_equal(found, expected, err_msg=container)


def test_many_samples_are_encoded_as_each_alone():
    rng = np.random.RandomState(0)
    n_samples = 9000
    instants = pd.to_datetime(rng.randint(2**60, size=n_samples))
    X = pd.DataFrame(
        {
            "number": rng.standard_cauchy(n_samples).astype(np.float32),
            "integer": rng.randint(10**6, size=n_samples),
            "text": rng.choice(["a", "b", "10"], n_samples),
            "date": instants,
            "local": instants.tz_localize("UTC").tz_convert("Europe/Berlin"),
        }
    )
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    cuts = [0, *np.sort(rng.choice(n_samples, 40, replace=False)), n_samples]
    pieces = [X.iloc[a:b] for a, b in pairwise(cuts) if b > a]
    found = np.vstack([encoder.transform(piece) for piece in pieces])
    np.testing.assert_array_equal(found, expected)
    for k in range(0, n_samples, 900):
        alone = encoder.transform(X.iloc[[k]])
        np.testing.assert_array_equal(alone, expected[k : k + 1])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            row = encoder.transform(X.iloc[k].to_frame().T)  # a column of objects each
        np.testing.assert_array_equal(row, alone)


@pytest.mark.parametrize("values", [[1.5, 0, 0, 2], [1, 0, 5, 0], [True, False, True]])
def test_sparse_columns(values):
    dense = pd.DataFrame({"a": values})
    sparse = pd.DataFrame({"a": pd.arrays.SparseArray(values)})
    np.testing.assert_array_equal(first(sparse), first(dense))


def test_sparse_floats_keep_their_precision():
    values = np.array([0.1, 0.2, np.nan, 0.3] * 3, np.float32)
    dense, sparse = (
        pd.DataFrame({"a": values}),
        pd.DataFrame({"a": pd.arrays.SparseArray(values)}),
    )
    encoder = TableEncoder(categorical_features=["a"]).fit(sparse)
    expected = encoder.transform(dense)
    assert encoder.get_feature_names_out()[0] == "a_0.1"
    np.testing.assert_array_equal(encoder.transform(sparse), expected)
    for k in range(4):
        alone = encoder.transform(sparse.iloc[[k]])
        np.testing.assert_array_equal(alone, expected[[k]])
    assert is_single(sparse)
    assert not is_single(sparse.astype(pd.SparseDtype(np.float64)))
    assert not is_single(dense.assign(b=sparse["a"].astype("Sparse[float64]")))


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.5, 2.5, 7.0, 9.0]),
        np.array([1.5, 2.5, 7.0, 9.0], np.float32),
        np.array([1, 2, 2**60, 4]),
        np.array([True, False, True, True]),
        np.array(["a", "b", "c", "a"]),
        np.array(["a", 1, 2.5, "a"], object),
        np.array(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"], "M8[D]"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_masked_values_are_missing(values):
    array = values[:, np.newaxis]
    X = np.ma.array(array, mask=[[True], [False], [False], [False]])
    gaps = array.astype(object)
    gaps[0] = None
    encoder, other = TableEncoder(n_bins=0).fit(X), TableEncoder(n_bins=0).fit(gaps)
    names = encoder.get_feature_names_out().tolist()
    assert names == other.get_feature_names_out().tolist()
    found = encoder.transform(X)
    np.testing.assert_array_equal(found, other.transform(gaps))
    np.testing.assert_array_equal(encoder.transform(X[1:]), found[1:])
    np.testing.assert_array_equal(encoder.transform(list(X)), found)


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (np.array(["2020-01-01", "NaT", "2021-05-01"], "M8[D]"), None),
        (np.array(["2020-01-01", "NaT", "2021-05-01"], "M8[ns]"), None),
        (np.array(["a", "b", "a"], np.dtypes.StringDType()), ["a", "b", "a"]),
        (np.array(["a", "b", "a"]), ["a", "b", "a"]),
        (np.array([b"a", b"b", b"a"]), ["a", "b", "a"]),
        (np.array([1, 2**63, 5], ">u8"), [1, 2**63, 5]),
        (np.array([0.5, 1, 4], np.longdouble), [0.5, 1, 4]),
        (np.array([True, False, True]), [True, False, True]),
        (np.array([10**30, pd.NA, 7], object), [10**30, None, 7]),
    ],
    ids=lambda v: str(getattr(v, "dtype", "")),
)
def test_types_of_arrays(array, values):
    X = array[:, np.newaxis]
    frame = pd.DataFrame({"x0": array if values is None else values})
    encoder = TableEncoder(n_bins=0).fit(X)
    other = TableEncoder(n_bins=0).fit(frame)
    names = encoder.get_feature_names_out().tolist()
    assert names == other.get_feature_names_out().tolist()
    np.testing.assert_array_equal(encoder.transform(X), other.transform(frame))
    lists = [list(row) for row in X]
    np.testing.assert_array_equal(encoder.transform(lists), encoder.transform(X))


def test_arrays_of_text_may_hold_numbers():
    encoder = TableEncoder(n_bins=0).fit(np.array([["1.5", "a"], ["2", "7"]]))
    assert encoder.get_feature_names_out().tolist() == ["x0", "x1_a"]
    numbers = encoder.transform(np.array([[1.5, "7"], [2, "9"]], object))
    text = encoder.transform(np.array([["1.5", "7"], ["2", "9"]]))
    np.testing.assert_array_equal(numbers, text)
    with pytest.raises(
        ValueError, match=r"'x0' of X expects numbers as in fit, got .*'b'"
    ):
        encoder.transform(np.array([["b", "a"]]))


class Color(enum.Enum):
    RED = 1
    BLUE = 2


UNREADABLE = {
    "complex numbers": [1j, 2j],
    "lists": [[1, 2], [3]],
    "dicts": [{"a": 1}, {}],
    "sets": [{1}, {2}],
    "tuples": [(1, 2), (3, 4)],
    "durations": [datetime.timedelta(1), datetime.timedelta(2)],
    "times": [datetime.time(1), datetime.time(2)],
    "objects": [Color.RED, Color.BLUE],
    "numbers and dates": [1.5, datetime.date(2020, 1, 1)],
    "text and dates": ["a", datetime.date(2020, 1, 1)],
    "dates with and without a zone": [
        datetime.datetime(2020, 1, 1),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    ],
    "infinite numbers": [1.0, np.inf],
    "infinite Decimals": [Decimal(1), Decimal("Infinity")],
    "numbers beyond floats": [1.0, 10**400],
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_other_columns_are_refused_by_name(name):
    values = UNREADABLE[name] * 3
    for container in CONTAINERS:
        X = contained(container, values)
        if X is None or (name, container) in CHANGED:
            continue
        column = "x0" if container in ("array", "list") else "a"
        with pytest.raises(ValueError, match=f"'{column}'"):
            TableEncoder().fit(X)
        # A column of nothing takes them, for nothing was learned of it.
        if "numbers and" in name or "text and" in name:
            continue
        nothing = contained(container, [None] * 3)
        if nothing is not None:
            assert np.isfinite(TableEncoder().fit(nothing).transform(X)).all()


@pytest.mark.parametrize("name", ["complex numbers", "durations", "times", "dicts"])
@pytest.mark.parametrize("learned", [[1.0, 2.0], ["a", "b"], [datetime.date.min] * 2])
def test_other_values_are_refused_at_prediction(name, learned):
    encoder = TableEncoder().fit(pd.DataFrame({"a": pd.Series(learned, dtype=object)}))
    X = pd.DataFrame({"a": pd.Series(UNREADABLE[name], dtype=object)})
    with pytest.raises(ValueError, match=r"'a' of X expects (numbers|categor|dates)"):
        encoder.transform(X)


@pytest.mark.parametrize("dtype", [complex, np.complex64])
def test_arrays_of_complex_numbers(dtype):
    with pytest.raises(ValueError, match=r"Complex data not supported.*'x0'"):
        TableEncoder().fit(np.ones((3, 2), dtype))


@pytest.mark.parametrize("kind", [TableEncoder, TabularClassifier, TabularRegressor])
def test_lazy_tables_are_refused(kind):
    lazy = pl.DataFrame({"a": [1.0, 2.0]}).lazy()
    y = [] if kind is TableEncoder else [[0, 1]]
    with pytest.raises(TypeError, match=r"X expects a table.*LazyFrame.*collect\(\)"):
        kind().fit(lazy, *y)


WRONG_COLUMNS = {
    "another order": (lambda X: X[["b", "a"]], "must be in the same order"),
    "further ones": (lambda X: X.assign(c=1), "names unseen at fit time"),
    "other names": (lambda X: X.rename(columns={"b": "c"}), "names unseen at fit"),
    "mixed names": (lambda X: X.rename(columns={"b": 1}), "only supported if all"),
    "fewer": (lambda X: X[["a"]], "seen at fit time, yet now missing"),
    "a sample": (lambda X: X.to_numpy(object)[0], "Expected 2D array"),
    "a column": (lambda X: X["b"].to_numpy(object), "Expected 2D array"),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", WRONG_COLUMNS)
@pytest.mark.parametrize("is_network", [False, True])
def test_other_columns_than_in_fit(name, is_network):
    change, message = WRONG_COLUMNS[name]
    X = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": ["x", "y", "x"]})
    if is_network and "Expected" not in message:
        numbers = X.assign(b=[1, 2, 3])
        model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=1).fit(
            numbers, [1, 2, 3]
        )
        call = model.predict
    else:
        call = TableEncoder().fit(X).transform
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call(change(X))
    assert "floats can hold" not in str(caught.value)


def test_lists_of_samples_of_other_lengths():
    with pytest.raises(
        ValueError, match=r"X expects samples of one length.* 1 and of 2"
    ):
        TableEncoder().fit([[1, 2], [3]])


SOMETHING = {
    "numbers": [1.0, 2.0, 3.0],
    "text": ["u", "v", "w"],
    "dates": list(pd.date_range("2020-01-01", periods=3)),
    "dates in a zone": list(pd.date_range("2020", periods=3, tz="Asia/Tokyo")),
    "Booleans": [True, False, True],
}
TYPES_OF_NOTHING = {
    "float": pd.Series([np.nan] * 3),
    "date": pd.to_datetime(pd.Series([None] * 3)),
    "date in a zone": pd.to_datetime(pd.Series([None] * 3)).dt.tz_localize("UTC"),
    "duration": pd.to_timedelta(pd.Series([None] * 3)),
    "text": pd.Series([None] * 3, dtype="string"),
    "integer": pd.Series([None] * 3, dtype="Int64"),
    "Boolean": pd.Series([None] * 3, dtype="boolean"),
    "category": pd.Series(pd.Categorical([None] * 3, ["a", "b"])),
    **{name: pd.Series(v * 3, dtype=object) for name, v in NOTHING.items()},
}


@pytest.mark.parametrize("something", SOMETHING)
@pytest.mark.parametrize("nothing", TYPES_OF_NOTHING)
def test_missing_values_have_no_type(something, nothing):
    there = pd.DataFrame({"a": SOMETHING[something]})
    gone = pd.DataFrame({"a": TYPES_OF_NOTHING[nothing]})
    learned_nothing = TableEncoder(n_bins=0).fit(gone)
    assert learned_nothing.get_feature_names_out().tolist() == ["a", "a_missing"]
    found = learned_nothing.transform(there)
    np.testing.assert_array_equal(found, np.zeros((3, 2)))
    np.testing.assert_array_equal(learned_nothing.transform(gone), [[0, 1]] * 3)
    encoder = TableEncoder(n_bins=0).fit(there)
    none = encoder.transform(pd.DataFrame({"a": pd.Series([None] * 3, dtype=object)}))
    np.testing.assert_array_equal(encoder.transform(gone), none)
    assert np.isfinite(none).all()


def test_columns_of_nothing_in_polars():
    encoder = TableEncoder().fit(pl.DataFrame({"a": [None] * 3}))
    for dtype in (pl.Null, pl.String, pl.Float32, pl.Date, pl.Categorical):
        gone = pl.DataFrame({"a": pl.Series([None] * 3, dtype=dtype)})
        np.testing.assert_array_equal(encoder.transform(gone), [[0, 1]] * 3)


def test_samples_without_weight_decide_nothing():
    X = pd.DataFrame({"a": pd.Series([1.0, 2.0, "text", 4.0], dtype=object)})
    encoder = TableEncoder().fit(X, sample_weight=[1, 1, 0, 1])
    assert encoder._kinds == ["numbers"]
    expected = TableEncoder().fit(X.iloc[[0, 1, 3]])
    same = X.iloc[[0, 1]]
    np.testing.assert_array_equal(encoder.transform(same), expected.transform(same))


@pytest.mark.parametrize(
    ("learned", "given", "warns"),
    [
        (["a", "1"], [1, 2], True),
        (["True", "False"], [True, False], True),
        ([1.5, 2.5], ["1.5", "2.5"], True),
        ([True, False], ["True", "False"], True),
        ([True, False], [1, 0], False),
        ([1, 0, 2], [True, False], False),
        ([1, 2, 3], [1.0, np.nan], False),
        ([True, False, None], [1.0, np.nan], False),
        ([0.5, 1], [Decimal("0.5"), Fraction(1, 2)], False),
        (["a", 1], ["a"], False),
        (["a", "b"], [None], False),
    ],
    ids=str,
)
def test_a_change_of_type_warns_by_name(learned, given, warns):
    encoder = TableEncoder().fit(pd.DataFrame({"a": pd.Series(learned)}))
    X = pd.DataFrame({"a": pd.Series(given)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        encoder.transform(X)
    assert [str(w.message)[:11] for w in caught] == ["column 'a' "] * warns
    assert all(w.category is UserWarning for w in caught)


def test_text_is_read_as_numbers_value_by_value():
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.5, 2.5, 4.0]}))
    expected = encoder.transform(pd.DataFrame({"a": [1.5, 4.0]}))
    with pytest.warns(UserWarning, match="'a' of X holds text, where it held numbers"):
        found = encoder.transform(pd.DataFrame({"a": ["1.5", "4"]}))
    np.testing.assert_array_equal(found, expected)
    for text in ("x", "1_0", ""):
        with pytest.raises(ValueError, match="'a' of X expects numbers as in fit"):
            encoder.transform(pd.DataFrame({"a": ["1.5", text]}))
