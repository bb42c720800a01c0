"""Tables as numbers, against what the docstring says of each kind of column."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import MLPClassifier
from skregnet.tabular import TableEncoder


@parametrize_with_checks([TableEncoder(), TableEncoder(n_bins=0)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def table(n_rows=200, seed=0):
    """Return columns of every kind, with values missing."""
    rng = np.random.RandomState(seed)
    numbers = rng.lognormal(size=n_rows)
    numbers[::7] = np.nan
    days = pd.to_timedelta(rng.randint(900, size=n_rows), "D")
    texts = rng.choice(["x", "y"], n_rows)
    return pd.DataFrame(
        {
            "number": numbers,
            "integer": rng.randint(50, size=n_rows),
            "flag": rng.randint(2, size=n_rows).astype(bool),
            "category": pd.Categorical(rng.choice(["a", "b", "c"], n_rows)),
            "text": np.where(rng.rand(n_rows) < 0.1, None, texts),
            "date": pd.Timestamp("2020-01-01") + days,
            "constant": 3.0,
            "nothing": np.nan,
        }
    )


def columns_of(encoder, X, prefix):
    """Return the encoded columns whose names begin so."""
    names = encoder.get_feature_names_out()
    chosen = [k for k, name in enumerate(names) if name.startswith(prefix)]
    return names[chosen].tolist(), encoder.transform(X)[:, chosen]


def test_numbers():
    X = table()
    encoder = TableEncoder(n_bins=0).fit(X)
    names, values = columns_of(encoder, X, "number")
    assert names == ["number", "number_missing"]
    there = X["number"].dropna().to_numpy()
    low, center, high = np.quantile(there, [0.25, 0.5, 0.75], method="inverted_cdf")
    z = (X["number"].fillna(center) - center) / (high - low)
    np.testing.assert_allclose(values[:, 0], z / np.sqrt(1 + (z / 3) ** 2))
    np.testing.assert_array_equal(values[:, 1], X["number"].isna())
    assert abs(values[:, 0]).max() < 3
    outlier = X.assign(number=1e300)
    assert encoder.transform(outlier)[0, 0] == pytest.approx(3)


def test_bins_are_piecewise_linear():
    X = pd.DataFrame({"v": np.arange(101.0)})
    encoder = TableEncoder(n_bins=4).fit(X)
    names, values = columns_of(encoder, pd.DataFrame({"v": [0.0, 30, 62.5, 1e9]}), "v_")
    assert names == ["v_bin0", "v_bin1", "v_bin2", "v_bin3"]
    expected = [[0, 0, 0, 0], [1, 0.2, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 1]]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_few_values_have_no_bins():
    X = pd.DataFrame({"v": np.arange(90) % 3})
    assert TableEncoder().fit(X).get_feature_names_out().tolist() == ["v"]


def test_categories():
    X = table()
    encoder = TableEncoder().fit(X)
    names, values = columns_of(encoder, X, "category")
    assert names == ["category_a", "category_b", "category_c"]
    for k, category in enumerate("abc"):
        np.testing.assert_array_equal(values[:, k], X["category"] == category)
    names, values = columns_of(encoder, X, "text")
    assert names == ["text_x", "text_y", "text_missing"]
    np.testing.assert_array_equal(values[:, 2], X["text"].isna())
    names, values = columns_of(encoder, X, "flag")
    assert names == ["flag_True"]
    np.testing.assert_array_equal(values[:, 0], np.where(X["flag"], 1, -1))


def test_unknown_categories_are_zeros():
    X = table()
    encoder = TableEncoder().fit(X)
    X["category"] = "new"
    X["flag"] = None
    for prefix in ("category", "flag"):
        assert (columns_of(encoder, X, prefix)[1] == 0).all()


def test_rare_categories_are_left_out():
    X = pd.DataFrame({"c": ["often"] * 5 + ["rare"] + ["some"] * 3 + ["seldom"] * 2})
    encoder = TableEncoder(max_categories=3).fit(X)
    expected = ["c_often", "c_seldom", "c_some"]
    assert encoder.get_feature_names_out().tolist() == expected
    # Weights decide what is frequent.
    encoder.fit(X, sample_weight=np.where(X["c"] == "rare", 9, 1))
    assert "c_rare" in encoder.get_feature_names_out()


def test_dates():
    X = pd.DataFrame(
        {"d": pd.to_datetime(["2024-01-01 00:00", "2024-07-01 12:00", None])}
    )
    encoder = TableEncoder(n_bins=0).fit(X)
    names, values = columns_of(encoder, X, "d_")
    by_name = dict(zip(names, values.T, strict=True))
    assert {"d_days", "d_sin_year", "d_cos_week", "d_cos_day"} <= set(by_name)
    assert np.isfinite(values).all()
    assert by_name["d_days"][0] < by_name["d_days"][1]
    np.testing.assert_array_equal(by_name["d_days_missing"], [0, 0, 1])
    only_days = pl.DataFrame({"d": [datetime.date(2024, 1, 1)]})
    np.testing.assert_allclose(encoder.transform(only_days)[0, 0], by_name["d_days"][0])


@pytest.mark.parametrize("n_bins", [0, 16])
def test_pandas_and_polars_are_alike(n_bins):
    X = table().drop(columns="nothing")
    encoder = TableEncoder(n_bins=n_bins).fit(X)
    in_polars = pl.DataFrame(
        {name: [None if pd.isna(value) else value for value in X[name]] for name in X}
    )
    other = clone(encoder).fit(in_polars)
    np.testing.assert_array_equal(
        encoder.get_feature_names_out(), other.get_feature_names_out()
    )
    expected = encoder.transform(X)
    np.testing.assert_allclose(other.transform(in_polars), expected)
    np.testing.assert_allclose(encoder.transform(in_polars), expected)
    extension = X.convert_dtypes()
    np.testing.assert_allclose(encoder.transform(extension), expected)


def test_arrays():
    X = np.array([[1.5, "a", None], [2.5, "b", "c"], ["3", None, "d"]], dtype=object)
    encoder = TableEncoder(n_bins=0).fit(X)
    names = ["x0", "x1_a", "x1_b", "x1_missing", "x2_c", "x2_d", "x2_missing"]
    assert encoder.get_feature_names_out().tolist() == names
    assert TableEncoder(n_bins=0).fit(X[:, :1]).get_feature_names_out() == ["x0"]
    assert TableEncoder().fit([[1, 2], [3, 4]]).n_features_in_ == 2


@pytest.mark.parametrize("chosen", [["integer"], [1], [False, True, *6 * [False]]])
def test_numbers_that_are_categories(chosen):
    X = table()
    encoder = TableEncoder(categorical_features=chosen).fit(X)
    names, values = columns_of(encoder, X, "integer")
    assert len(names) == X["integer"].nunique()
    assert (values.sum(axis=1) == 1).all()
    as_float = X.assign(integer=X["integer"].astype(float))
    np.testing.assert_array_equal(columns_of(encoder, as_float, "integer")[1], values)


def test_a_weight_of_two_is_two_rows():
    X = table()
    weights = np.random.RandomState(1).randint(3, size=len(X))
    encoder = TableEncoder().fit(X, sample_weight=weights)
    repeated = X.loc[np.repeat(np.arange(len(X)), weights)]
    other = TableEncoder().fit(repeated)
    np.testing.assert_allclose(encoder.transform(X), other.transform(X))


def test_counts():
    X = table()
    encoder = TableEncoder().fit(X)
    encoded = encoder.transform(X)
    assert sum(encoder.n_columns_of_features_) == encoded.shape[1]
    assert len(encoder.n_columns_of_features_) == X.shape[1]


def test_in_pipelines():
    X, y = table(), np.arange(200) % 2
    model = make_pipeline(TableEncoder(), MLPClassifier((4,), tol=1e9, random_state=0))
    assert model.fit(X, y).predict(X).shape == (200,)
    parts = ColumnTransformer([("all", TableEncoder(), X.columns.tolist())])
    frame = parts.set_output(transform="pandas").fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns[0] == "all__number"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": np.inf}, "X contains infinity in column 'number'"),
        (
            {"date": pd.Timedelta(1, "D")},
            "'date' of X expects numbers, text.* of type timedelta64",
        ),
    ],
    ids=str,
)
def test_bad_columns(change, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder().fit(table().assign(**change))


def test_other_columns_than_in_fit():
    X = table()
    encoder = TableEncoder().fit(X)
    with pytest.raises(ValueError, match="feature names should match"):
        encoder.transform(X.rename(columns={"number": "other"}))
    with pytest.raises(ValueError, match="'integer' of X expects numbers as in fit"):
        encoder.transform(X.assign(integer="text"))
    with pytest.raises(ValueError, match="at least one row"):
        encoder.transform(X.iloc[:0])


SPREADS_OF_ROUNDING = {
    "two sums": [0.3, 0.1 + 0.2],
    "two products": [1.1 * 1.1, 1.21],
    "neighbours": [1e9 + 0.1, np.nextafter(1e9 + 0.1, np.inf)],
    "negative": [-0.3, -0.1 - 0.2],
    "tiny": [3e-300, 1e-300 + 2e-300],
    "float32": np.array([0.1, np.nextafter(np.float32(0.1), 1)], np.float32),
}


def spreads(X, **parameters):
    return np.ptp(TableEncoder(**parameters).fit_transform(X), axis=0)


@pytest.mark.parametrize("name", SPREADS_OF_ROUNDING)
def test_what_is_constant_to_rounding_is_constant(name):
    values = np.asarray(SPREADS_OF_ROUNDING[name])
    X = pd.DataFrame({"a": np.tile(values, 20)})
    assert (spreads(X) == 0).all()
    assert (spreads(X.astype(object) if name != "float32" else X.to_numpy()) == 0).all()
    # Beside a number that is another it is still one number.
    X.loc[len(X)] = 5
    encoded = TableEncoder(n_bins=0).fit_transform(X)
    assert np.ptp(encoded[:-1]) < 1e-6
    assert abs(encoded[-1, 0] - encoded[0, 0]) > 1


@pytest.mark.parametrize("n_shares", [3, 7, 30, 300, 2000, 5000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_sums_of_shares_are_constant(n_shares, dtype, order):
    """By pairs, as NumPy sums rows of an array, and column after column."""
    shares = np.random.default_rng(0).dirichlet(np.ones(n_shares), 200).astype(dtype)
    sums = np.asarray(shares, order=order).sum(axis=1)
    assert (spreads(pd.DataFrame({"sum": sums})) == 0).all()


@pytest.mark.parametrize(
    "values",
    [
        10**15 + np.arange(40),
        (10**15 + np.arange(40)).astype(float),
        (2**23 + np.arange(40)).astype(np.float32),
        pd.Series([10**15 + k for k in range(40)] + [None], dtype=object),
        1e9 + np.arange(40) * 1e-3,
        (1 + np.arange(40) / 64).astype(np.float16),
        np.arange(2008, 2048).astype(np.float16),
        np.float32(1000) + np.arange(40, dtype=np.float32) / 8,
        1e-300 * np.arange(1, 41),
    ],
    ids=lambda values: str(values.dtype),
)
def test_small_differences_of_exact_numbers_count(values):
    X = pd.DataFrame({"a": values})
    encoder = TableEncoder().fit(X)
    assert encoder.n_columns_of_features_[0] >= 17
    assert (np.ptp(encoder.transform(X), axis=0) > 0.9).all()


def test_edges_that_differ_by_rounding_are_one():
    near = np.array([0.3, 0.1 + 0.2])
    X = pd.DataFrame({"a": np.concatenate([np.tile(near, 50), np.arange(1, 101)])})
    encoder = TableEncoder().fit(X)
    assert np.diff(encoder._encodings[0].edges).min() > 0.1
    assert (np.ptp(encoder.transform(X.iloc[:100]), axis=0) < 1e-6).all()


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (
            pd.DataFrame({"a": ["b_c", "x", "y"], "a_b": ["c", "x", "y"]}),
            ["a_b_c", "a_x", "a_y", "a_b_c_2", "a_b_x", "a_b_y"],
        ),
        (
            pd.DataFrame({"a": ["missing", None, "x"]}),
            ["a_missing", "a_x", "a_missing_2"],
        ),
        (
            pd.DataFrame({"a": ["b", "b_2", "c"], "a_b": [1.0, 2, 3]}),
            ["a_b", "a_b_2", "a_c", "a_b_3"],
        ),
        (
            pd.DataFrame({"a": np.arange(9.0), "a_bin0": 1.0, "a_bin1": 2.0}),
            ["a", "a_bin0", "a_bin1", "a_bin2", "a_bin3", "a_bin0_2", "a_bin1_2"],
        ),
    ],
    ids=["categories", "missing", "numbers", "bins"],
)
def test_names_are_unique(X, names):
    encoder = TableEncoder(n_bins=4).set_output(transform="pandas").fit(X)
    assert encoder.get_feature_names_out().tolist() == names
    assert encoder.transform(X).columns.tolist() == names


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_what_is_used_inside_does_not_follow_the_output(output):
    X = table()
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    encoder.set_output(transform=output)
    assert not isinstance(encoder.transform(X), np.ndarray)
    for context in ({}, {"transform_output": output}):
        with config_context(**context):
            found = encoder._encode(X)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, expected)


def test_in_skops():
    X = table()
    encoder = TableEncoder().fit(X)
    content = skops.io.dumps(encoder)
    types = skops.io.get_untrusted_types(data=content)
    assert all(name.startswith("skregnet.") for name in types)
    page = (Path(__file__).parents[2] / "docs" / "persistence.md").read_text()
    assert all(f"`{name}`" in page for name in types)
    again = skops.io.loads(content, trusted=types)
    np.testing.assert_array_equal(again.transform(X), encoder.transform(X))


@pytest.mark.parametrize("chosen", [["other"], [9], [-1], [True], [1.5]], ids=str)
def test_bad_choices(chosen):
    with pytest.raises(ValueError, match="categorical_features expects"):
        TableEncoder(categorical_features=chosen).fit(table())
