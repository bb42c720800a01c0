"""What is handed on of data and copies: labels, types, containers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from skregnet.augmentation._base import generator_of
from tests.augmentation.stand_ins import (
    NAMES,
    Doubling,
    FixedTargets,
    RecordingRegressor,
    Stamping,
    Widening,
    X,
    Y,
    recorded,
)


@pytest.mark.parametrize(
    "y",
    [Y, Y.astype(np.int8), Y.astype(float), NAMES[Y], NAMES[Y].astype(object), Y > 0],
    ids=["int", "int8", "float", "str", "object", "bool"],
)
def test_labels_keep_their_type(y):
    given = recorded(y, GaussianNoise(), X).y_
    assert given.dtype == y.dtype
    np.testing.assert_array_equal(given, np.concatenate([y, y]))


@pytest.mark.parametrize(
    ("make", "dtype"),
    [
        (pd.Series, None),
        (pd.Series, "category"),
        (pd.Series, "string"),
        (pl.Series, None),
        (pl.Series, pl.Categorical),
    ],
)
def test_labels_in_series(make, dtype):
    given = recorded(make(NAMES[Y].tolist(), dtype=dtype), GaussianNoise(), X).y_
    assert given.tolist() == NAMES[np.tile(Y, 2)].tolist()


@pytest.mark.parametrize("dtype", ["Int64", "boolean"])
def test_labels_of_types_with_missing_values(dtype):
    given = recorded(pd.Series((Y > 0).astype(int), dtype=dtype), GaussianNoise(), X).y_
    np.testing.assert_array_equal(given.astype(bool), np.tile(Y > 0, 2))
    AugmentedEstimator(LogisticRegression(), GaussianNoise()).fit(
        X, pd.Series((Y > 0).astype(int), dtype=dtype)
    )


def test_a_column_of_labels_stays_a_column():
    given = recorded(NAMES[Y][:, None], GaussianNoise(), X).y_
    np.testing.assert_array_equal(given, NAMES[np.tile(Y, 2)][:, None])


def test_augmenters_get_classes_as_ones_and_zeros():
    augmenter = AugmentedEstimator(KNeighborsClassifier(), FixedTargets([1.0, 0, 0]))
    augmenter.fit(X, NAMES[Y])
    np.testing.assert_array_equal(augmenter.augmenter_.y_, np.eye(3)[Y])


@pytest.mark.parametrize("shares", [[0.2, 0.3, 0.5], [0.0, 1.5, 0.5], [-1, 0.1, 0.4]])
def test_labels_are_drawn_by_their_shares(shares):
    y = np.resize(NAMES, 60_000)
    augmenter = FixedTargets(shares)
    given = recorded(y, augmenter, random_state=0, keep_originals=False).y_
    assert given.dtype == y.dtype
    expected = np.maximum(shares, 0) / np.maximum(shares, 0).sum()
    frequencies = np.mean(given[:, None] == NAMES, axis=0)
    deviations = np.sqrt(expected * (1 - expected) / len(y))
    assert (np.abs(frequencies - expected) <= 4 * deviations).all()
    # What is drawn does not depend on the row's own label.
    of_first = np.mean(given[y == NAMES[0]][:, None] == NAMES, axis=0)
    assert (np.abs(of_first - expected) <= 4 * np.sqrt(3) * deviations).all()


def test_each_copy_is_drawn_anew():
    y = np.resize(NAMES, 3000)
    given = recorded(y, FixedTargets([1, 1, 1]), n_copies=2, keep_originals=False).y_
    assert 0.25 < np.mean(given[:3000] == given[3000:]) < 0.42


def test_a_row_without_positive_shares_keeps_its_label():
    given = recorded(NAMES[Y], FixedTargets([-1.0, 0.0, -2.0]), X).y_
    np.testing.assert_array_equal(given, NAMES[np.tile(Y, 2)])


@pytest.mark.parametrize(
    ("shares", "is_drawn"),
    [([0, 1, 0], False), ([0, 0.4, -1], False), ([0, 1, 1], True)],
)
def test_a_certain_label_is_not_drawn(shares, is_drawn):
    given = recorded(Y, Stamping(shares), n_copies=2, random_state=0).X_
    first, second = generator_of(0).random(2)
    assert given[len(Y), 0] == first
    assert (given[-1, 0] != second) == is_drawn


def test_labels_of_which_a_row_has_any_number():
    y = np.tile([[1, 0, 0, 1], [0, 0, 1, 0]], (20_000, 1)).astype(np.int8)
    augmenter = FixedTargets([-0.3, 0.2, 0.7, 1.2])
    given = recorded(y, augmenter, random_state=1, keep_originals=False).y_
    assert given.dtype == y.dtype
    assert set(np.unique(given)) == {0, 1}
    np.testing.assert_allclose(given.mean(axis=0), [0, 0.2, 0.7, 1], atol=0.01)
    # Labels are drawn one by one.
    assert np.mean(given[:, 1] & given[:, 2]) == pytest.approx(0.14, abs=0.01)


def test_one_label_in_each_row_of_an_indicator_matrix_stays_one():
    y = np.eye(3, dtype=np.int32)[np.resize([0, 1, 2], 30_000)]
    given = recorded(y, FixedTargets([0.2, 0.3, 0.5]), keep_originals=False).y_
    assert given.dtype == y.dtype
    assert (given.sum(axis=1) == 1).all()
    np.testing.assert_allclose(given.mean(axis=0), [0.2, 0.3, 0.5], atol=0.02)


def test_a_sparse_indicator_matrix():
    y = sparse.csr_array([[1, 0, 1], [0, 1, 1], [0, 0, 0]])
    given = recorded(y, GaussianNoise(), X[:3]).y_
    np.testing.assert_array_equal(given, np.tile(y.toarray(), (2, 1)))


def test_several_labels_in_a_row():
    y = np.stack([Y == 0, Y > 0, Y > 1], axis=1).astype(int)
    tree = DecisionTreeClassifier(random_state=0)
    model = AugmentedEstimator(tree, GaussianNoise(0.1), random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    assert len(model.classes_) == 3


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (np.array([1, 2, 4]), np.float64),
        (np.array([1.0, 2.0, 4.0]), np.float64),
        (np.array([1.0, 2.0, 4.0], np.float32), np.float32),
        (np.array([[1, 2], [3, 4], [5, 7]]), np.float64),
        (np.array([[1], [3], [5]]), np.float64),
    ],
)
def test_targets_of_a_regression_are_taken_as_they_come(y, dtype):
    given = recorded(y, Doubling(), kind=RecordingRegressor).y_
    assert given.dtype == dtype
    np.testing.assert_array_equal(given, np.concatenate([y, 2 * y]))


@pytest.mark.parametrize("library", [pd, pl])
def test_frames_stay_frames(library):
    frame = library.DataFrame({"a": [1.5, 2.5, 4.0], "b": [1, 2, 3]})
    given = recorded([0, 1, 0], Doubling(), frame).X_
    assert isinstance(given, library.DataFrame)
    assert list(given.columns) == ["a", "b"]
    expected = [[1.5, 1], [2.5, 2], [4, 3], [3, 2], [5, 4], [8, 6]]
    np.testing.assert_array_equal(given.to_numpy(), expected)


@pytest.mark.parametrize("library", [pd, pl])
def test_names_of_features(library):
    frame = library.DataFrame({f"x{k}": column for k, column in enumerate(X.T)})
    model = AugmentedEstimator(KNeighborsClassifier(), GaussianNoise()).fit(frame, Y)
    assert model.feature_names_in_.tolist() == ["x0", "x1", "x2", "x3"]
    assert model.n_features_in_ == 4
    model.predict(frame)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["x1", "x0", "x2", "x3"]])


def test_types_of_a_pandas_frame():
    frame = pd.DataFrame(
        {"a": [0.5, 1], "b": [0.5, 1], "c": [1, 2], "d": [True, False], "e": [1, 2]}
    ).astype({"b": "float32", "c": "Int64", "e": "Float64"})
    frame.index = [10, 20]
    given = recorded([0, 1], Doubling(), frame).X_
    expected = ["float64", "float32", "float64", "float64", "Float64"]
    assert [str(kind) for kind in given.dtypes] == expected
    assert given.index.tolist() == [0, 1, 2, 3]
    single = recorded([0, 1], Doubling(), frame[["b"]]).X_
    assert single.dtypes.tolist() == [np.float32]


def test_types_of_a_polars_frame():
    frame = pl.DataFrame(
        {"a": [0.5, 1.0], "b": [0.5, 1.0], "c": [1, 2]},
        schema_overrides={"b": pl.Float32},
    )
    given = recorded([0, 1], Doubling(), frame).X_
    assert given.dtypes == [pl.Float64, pl.Float32, pl.Float64]


def test_float32_stays():
    assert recorded(Y, GaussianNoise(), X.astype(np.float32)).X_.dtype == np.float32
    assert recorded(Y, GaussianNoise(), X.astype(int)).X_.dtype == np.float64


def test_data_stay_float32_if_the_augmenter_widens_them():
    data, y = X.astype(np.float32), Y.astype(np.float32)
    given = recorded(y, Widening(), data, RecordingRegressor, keep_originals=False)
    assert given.X_.dtype == given.y_.dtype == np.float32


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows_if_the_augmenter_takes_them(make):
    data = make(np.array([[0, 1.0], [2, 0]]))
    given = recorded([0, 1], Doubling(), data).X_
    assert sparse.issparse(given)
    np.testing.assert_array_equal(given.toarray(), [[0, 1], [2, 0], [0, 2], [4, 0]])
    with pytest.raises(TypeError, match="dense data is required"):
        recorded([0, 1], GaussianNoise(), data)


def test_missing_values_if_the_augmenter_takes_them():
    data = np.array([[0, np.nan], [2, 0]])
    given = recorded([0, 1], Doubling(), data).X_
    np.testing.assert_array_equal(given, np.concatenate([data, 2 * data]))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        recorded([0, 1], GaussianNoise(), data)
