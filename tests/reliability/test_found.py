"""What trials at random have found, each as a test of its own."""

import copy
import itertools
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor as OfScikitLearn
from sklearn.tree import DecisionTreeRegressor

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet._kernels.numpy.masks import Odds
from skregnet.augmentation import (
    AdversarialNoise,
    AugmentingSampler,
    FeatureMasking,
    GaussianNoise,
    ImageRotation,
    ImageShift,
    ImageZoom,
    Mixup,
    TargetNoise,
)
from skregnet.optimizers import Averaged, Lookahead

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).normal(size=(12, 3))
LABELS = np.arange(12) % 2
NUMBERS = X[:, 0]
CLASSIFIER = MLPClassifier((3,), max_iter=2, random_state=0)
REGRESSOR = MLPRegressor("squared_error", (3,), max_iter=2, random_state=0)
TASKS = MultiTaskMLP("auto", (3,), max_iter=2, random_state=0)
LARGEST = np.finfo(np.float64).max
LONGEST = np.finfo(np.longdouble).max
MIXED = np.array(["a", 1, None] * 4, dtype=object)
MISSING = np.array(["a", "b", None] * 4, dtype=object)
BEYOND = np.full((12, 3), 10**400, dtype=object)
TWICE = pd.DataFrame(X, columns=["a", "b", "a"])


def given(estimator, **parameters):
    """Return a copy with other parameters."""
    return copy.deepcopy(estimator).set_params(**parameters)


# An estimator, what it is fitted to, and what the message says.
REFUSED = {
    "integers beyond floats": (CLASSIFIER, (BEYOND, LABELS), "X expects numbers"),
    "targets beyond floats": (REGRESSOR, (X, BEYOND[:, 0]), "y expects numbers"),
    "weights beyond floats": (
        CLASSIFIER,
        (X, LABELS, [10**400] * 12),
        "sample_weight expects",
    ),
    "labels of two types": (CLASSIFIER, (X, MIXED), "y contains NaN"),
    "labels that are missing": (CLASSIFIER, (X, MISSING), "y contains NaN"),
    "labels of a bag": (BaggingEnsemble(CLASSIFIER, 2), (X, MIXED), "y contains"),
    "labels of a table": (
        TabularClassifier(network=CLASSIFIER),
        (X, MIXED),
        "y expects a value",
    ),
    "labels of a sampler": (AugmentingSampler(Mixup()), (X, MIXED), "y cannot be used"),
    "one target for all": (REGRESSOR, (X, 1.0), "y cannot be used"),
    "no targets of tasks": (TASKS, (X, []), "y expects at least one row"),
    "no columns": (CLASSIFIER, (pd.DataFrame(index=range(12)), LABELS), "one column"),
    "names that occur twice": (TableEncoder(), (TWICE,), "columns of different names"),
    "infinity in lists": (TableEncoder(), ([[np.inf, -np.inf]] * 2,), "X contains inf"),
    "a trunk not fitted": (
        given(CLASSIFIER, initial_trunk=MLPRegressor()),
        (X, LABELS),
        "initial_trunk expects a fitted network",
    ),
    "a score of other problems": (
        given(TASKS, early_stopping=True, validation_fraction=0.3, scoring="accuracy"),
        (X, X[:, :2]),
        "scoring='accuracy' cannot score",
    ),
    "a score by probabilities": (
        given(REGRESSOR, early_stopping=True, scoring="roc_auc"),
        (X, NUMBERS, None, X, NUMBERS),
        "scoring='roc_auc' cannot score",
    ),
    "a wrapped optimizer that is none": (
        given(CLASSIFIER, solver=Lookahead(None)),
        (X, LABELS),
        "Lookahead expects optimizer",
    ),
    "a wrapped class": (
        given(CLASSIFIER, solver=Averaged(Averaged)),
        (X, LABELS),
        "Averaged expects optimizer",
    ),
    "counts too large to draw": (
        BaggingEnsemble(CLASSIFIER, 2),
        (X, LABELS, np.full(12, 1e300)),
        "sample_weight holds whole numbers",
    ),
    "rows too many to draw": (
        BaggingEnsemble(CLASSIFIER, 2, max_samples=2**70),
        (X, LABELS),
        "max_samples expects at most",
    ),
    "a network of the other kind": (
        TabularRegressor(network=CLASSIFIER),
        (X, NUMBERS),
        "network expects an object of the class MLPRegressor",
    ),
    "a class for an augmenter": (
        AugmentingSampler(Mixup),
        (X, LABELS),
        "augmenter expects an object",
    ),
    "a class for an estimator": (
        AdversarialNoise(OfScikitLearn),
        (X,),
        "expects a fitted estimator|must be an object implementing",
    ),
    "spread beyond floats": (GaussianNoise(), (1e300 * X,), "X expects numbers whose"),
    "variance of a table's targets": (
        TabularRegressor(network=REGRESSOR),
        (X, 1e300 * NUMBERS),
        "y expects numbers whose variance is finite",
    ),
    "variance of a task": (TASKS, (X, 1e300 * NUMBERS), "whose variance is finite"),
    "targets of a task beyond single precision by their weights": (
        given(TASKS, class_weight={0: 1e300, 1: 1.0}),
        (X.astype(np.float32), LABELS),
        "class_weight gives task .* too large for float32",
    ),
    "a task of too large a weight": (
        given(TASKS, task_weights={0: 1e300}),
        (X.astype(np.float32), LABELS),
        "task_weights gives task .* too large for float32",
    ),
    "a schedule that cannot be asked": (
        given(CLASSIFIER, learning_rate=len),
        (X, LABELS),
        "learning_rate expects a function .*TypeError",
    ),
    "a rate in an array": (
        given(CLASSIFIER, dropout=np.array(0.5)),
        (X, LABELS),
        "dropout expects one rate",
    ),
    "a number in an array for a name": (
        given(CLASSIFIER, activation=np.array(0.5)),
        (X, LABELS),
        "activation expects one name",
    ),
    "targets of a task beyond the precision of X": (
        TASKS,
        (X.astype(np.float32), 1e39 * NUMBERS),
        "values of task .* too large for float32",
    ),
    "spread of targets": (TargetNoise(), (X, 1e300 * NUMBERS), "y expects numbers"),
    "no noise of a spread beyond floats": (
        TargetNoise(0),
        (X, 1e300 * NUMBERS),
        "y expects numbers",
    ),
    "weights lost beside others": (
        BaggingEnsemble(CLASSIFIER, 2, bootstrap=False, max_samples=7),
        (X, LABELS, np.geomspace(1e-300, 1e300, 12)),
        "sample_weight expects 7 weights",
    ),
    "objects that no process can be sent": (
        BaggingEnsemble(DummyClassifier(), n_jobs=2),
        (pl.DataFrame({"a": pl.Series([object()] * 12, dtype=pl.Object)}), LABELS),
        "n_jobs expects 1 where",
    ),
    "targets of noise": (TargetNoise(), (X, 1.0), "y cannot be used"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    estimator, arguments, message = REFUSED[case]
    estimator = copy.deepcopy(estimator)
    before = dict(vars(estimator))
    names = ("X", "y", "sample_weight", "X_val", "y_val")
    with pytest.raises((TypeError, ValueError), match=message):
        estimator.fit(**dict(zip(names, arguments, strict=False)))
    assert vars(estimator).keys() == before.keys()


@pytest.mark.parametrize("estimator", [CLASSIFIER, REGRESSOR, TASKS], ids=str)
def test_weights_of_no_finite_sum(estimator):
    heavy, equal = (
        copy.deepcopy(estimator).fit(X, LABELS, sample_weight=np.full(12, weight))
        for weight in (LARGEST, 1e300)
    )
    np.testing.assert_allclose(heavy.predict(X), equal.predict(X))


@pytest.mark.parametrize("bootstrap", [False, True])
def test_rows_are_drawn_by_weights_of_no_finite_sum(bootstrap):
    heavy, equal = (
        BaggingEnsemble(
            DummyClassifier(),
            bootstrap=bootstrap,
            max_samples=7,
            oob_score=True,
            random_state=0,
        ).fit(X, LABELS, sample_weight=np.full(12, weight))
        for weight in (LARGEST, 2.0**900)
    )
    for rows, expected in zip(
        heavy.estimators_samples_, equal.estimators_samples_, strict=True
    ):
        np.testing.assert_array_equal(rows, expected)


def test_rows_to_validate_on_may_weigh_far_more():
    weights = np.full(12, 1e-300)
    weights[0] = 1e300
    mlp = given(CLASSIFIER, early_stopping=True, max_iter=3)
    fits = [copy.deepcopy(mlp).set_params(random_state=k) for k in range(12)]
    for fitted in fits:
        fitted.fit(X, LABELS, sample_weight=weights)
        assert np.isfinite(fitted.predict_proba(X)).all()


def test_a_table_with_weights_of_no_finite_sum():
    encoded = TableEncoder().fit(X, sample_weight=np.full(12, LARGEST)).transform(X)
    np.testing.assert_array_equal(encoded, TableEncoder().fit(X).transform(X))


@pytest.mark.parametrize(
    "value", ["a", None, np.nan, np.inf, -1.0, np.zeros(2)], ids=str
)
def test_schedules_give_rates(value):
    mlp = given(CLASSIFIER, learning_rate=lambda share: value)
    with pytest.raises(ValueError, match="learning_rate expects a function"):
        mlp.fit(X, LABELS)


FITTED = {
    "frame of long floats": (
        CLASSIFIER,
        (pd.DataFrame(X.astype(np.longdouble)), LABELS),
    ),
    "frame of swapped floats": (CLASSIFIER, (pd.DataFrame(X.astype(">f8")), LABELS)),
    "frame of swapped singles": (REGRESSOR, (pd.DataFrame(X.astype(">f4")), NUMBERS)),
    "long share": (given(CLASSIFIER, label_smoothing=np.longdouble(0.1)), (X, LABELS)),
    "members": (BaggingEnsemble(REGRESSOR, True), (X, NUMBERS)),
    "long targets": (REGRESSOR, (X, NUMBERS.astype(np.longdouble))),
    "huge targets of a bag": (BaggingEnsemble(REGRESSOR, 2), (X, 1e150 * NUMBERS)),
}


@pytest.mark.parametrize("case", FITTED)
def test_fitted(case):
    estimator, (rows, y) = FITTED[case]
    fitted = copy.deepcopy(estimator).fit(rows, y)
    assert np.isfinite(fitted.predict(rows)).all()
    if hasattr(fitted, "coefs_"):
        assert fitted.coefs_[0].dtype.isnative


@pytest.mark.parametrize("labels", [LABELS, np.eye(12)[:, :2]], ids=["one", "many"])
def test_labels_of_another_kind_cannot_follow(labels):
    fitted = copy.deepcopy(CLASSIFIER).partial_fit(X, labels, classes=[0, 1])
    other = np.eye(12)[:, :2] if labels is LABELS else LABELS
    with pytest.raises(ValueError, match=r"y has \d labels a row"):
        fitted.partial_fit(X, other)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_targets_of_any_floats_can_be_noisy(dtype):
    expected = TargetNoise(0.5, random_state=0).fit(X, NUMBERS)
    noise = TargetNoise(0.5, random_state=0).fit(X, NUMBERS.astype(dtype))
    (_, y), (_, y_expected) = (
        augmenter.augment(X, targets, np.random.default_rng(0))
        for augmenter, targets in [
            (noise, NUMBERS.astype(dtype)),
            (expected, NUMBERS),
        ]
    )
    np.testing.assert_allclose(y, y_expected, rtol=0.01, atol=0.01)


def test_targets_beyond_floats_are_not_made_noisy():
    noise = TargetNoise().fit(X, NUMBERS)
    with pytest.raises(ValueError, match="y expects finite numbers"):
        noise.augment(X, np.full(12, LONGEST), np.random.default_rng(0))


def test_members_are_added_up_to_a_small_integer():
    bag = BaggingEnsemble(REGRESSOR, np.uint8(3), warm_start=True).fit(X, NUMBERS)
    bag.set_params(n_estimators=np.uint8(2))
    with pytest.raises(ValueError, match="n_estimators=2 expects at least the 3"):
        bag.fit(X, NUMBERS)
    bag.set_params(n_estimators=np.uint8(5)).fit(X, NUMBERS)
    assert len(bag.estimators_) == 5


@pytest.mark.parametrize("network", [TASKS, CLASSIFIER], ids=str)
@pytest.mark.parametrize("bootstrap", [False, True])
def test_sparse_targets_of_a_bag(network, bootstrap):
    Y = np.random.RandomState(1).randint(2, size=(12, 3))
    bag = BaggingEnsemble(network, 3, bootstrap=bootstrap, random_state=0)
    dense = clone(bag).fit(X, Y)
    found = bag.fit(X, sparse.csr_array(Y))
    np.testing.assert_array_equal(found.predict(X), dense.predict(X))
    assert found.score(X, sparse.csr_array(Y)) == dense.score(X, Y)


def test_bags_score_numbers_whose_squares_are_beyond_floats():
    y = 2.0**900 * NUMBERS
    bag = BaggingEnsemble(DecisionTreeRegressor(), 50, oob_score=True, random_state=0)
    bag.fit(X, y)
    expected = r2_score(NUMBERS, bag.oob_prediction_ / 2.0**900)
    assert bag.oob_score_ == pytest.approx(expected)
    expected = r2_score(NUMBERS, bag.predict(X) / 2.0**900)
    assert bag.score(X, y) == pytest.approx(expected)


def test_bags_score_half_precision_and_the_largest_of_numbers():
    bag = BaggingEnsemble(DecisionTreeRegressor(), 50, oob_score=True, random_state=0)
    halves = bag.fit(X, NUMBERS.astype(np.float16)).oob_score_
    assert halves == pytest.approx(bag.fit(X, NUMBERS).oob_score_, abs=0.01)
    # The mean of such numbers is none that a float can hold.
    assert np.isnan(bag.fit(X, np.full(12, LARGEST)).oob_score_)


def test_sparse_values_that_add_up_to_infinity():
    values, columns = np.full(4, LARGEST), np.array([0, 0, 1, 2])
    rows = sparse.csr_array((values, columns, [0, 2, 4]), shape=(2, 3))
    for augmenter in (TargetNoise(), FeatureMasking()):
        for method in (augmenter.fit, augmenter.fit_transform):
            with pytest.raises(ValueError, match="X contains inf"):
                method(rows)


def test_swapped_singles_stay_singles():
    fitted = copy.deepcopy(REGRESSOR).fit(pd.DataFrame(X.astype(">f4")), NUMBERS)
    assert fitted.coefs_[0].dtype == np.float32


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (MLPClassifier((3,), max_iter=2), LABELS),
        (MLPRegressor("squared_error", (3,), max_iter=2), NUMBERS),
        (MLPRegressor("poisson", (3,), max_iter=2), LABELS),
        (MultiTaskMLP("auto", (3,), max_iter=2), X[:, :2]),
        (BaggingEnsemble(REGRESSOR, 2), NUMBERS),
    ],
    ids=str,
)
def test_outputs_beyond_floats_are_refused(estimator, y):
    fitted = estimator.fit(X, y)
    with pytest.raises(ValueError, match="X expects rows"):
        fitted.predict(LARGEST * np.array(list(itertools.product([-1, 1], repeat=3))))
    assert np.isfinite(fitted.predict(X)).all()


def test_a_bag_of_regressions_has_no_probabilities():
    bag = BaggingEnsemble(TASKS, 2, random_state=0).fit(X, NUMBERS)
    assert not hasattr(bag, "predict_proba")


@pytest.mark.parametrize("names", ["abc", ["a", "a.1", "b"], range(3)], ids=str)
@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_columns_drawn_more_than_once(library, names):
    names = list(names)
    if library is pl and 0 in names:
        pytest.skip("polars has no such data frames")
    frame = library.DataFrame({f"x{k}": X[:, k] for k in range(3)})
    frame.columns = names
    bag = BaggingEnsemble(
        LinearRegression(), 8, bootstrap_features=True, random_state=0
    )
    expected = clone(bag).fit(X, NUMBERS).predict(X)
    found = bag.fit(frame, NUMBERS).predict(frame)
    np.testing.assert_allclose(found, expected)
    drawn = bag.estimators_features_
    assert any(len(set(columns)) < 3 for columns in drawn)
    if 0 in names:  # which scikit-learn does not keep
        return
    for member, columns in zip(bag.estimators_, drawn, strict=True):
        assert len(set(member.feature_names_in_)) == 3
        assert member.feature_names_in_[0] == names[columns[0]]


@pytest.mark.parametrize(
    "augmenter", [FeatureMasking(fill="swap"), Mixup(), Mixup(1.0)]
)
def test_sparse_rows_stay_in_their_order(augmenter):
    # SciPy's sums sort indices, and add up values that are given twice, in place.
    indices = np.array([2, 0, 2, 1, 1, 0])
    rows = sparse.csr_array((np.arange(6.0), indices, [0, 3, 6]), shape=(2, 3))
    before = rows.indices.copy(), rows.data.copy()
    whole = sparse.csr_array(rows.toarray())
    found = given(augmenter, random_state=0).fit_transform(rows)
    np.testing.assert_array_equal(rows.indices, before[0])
    np.testing.assert_array_equal(rows.data, before[1])
    expected = given(augmenter, random_state=0).fit_transform(whole)
    np.testing.assert_array_equal(found.toarray(), expected.toarray())


@pytest.mark.parametrize(
    "augmenter",
    [
        ImageRotation(np.uint8(5)),
        ImageRotation(-0.0),
        ImageZoom(2**70),
        ImageZoom(-0.0),
        ImageShift(2**70),
        FeatureMasking(0),
        FeatureMasking(np.int64(0), fill="zero"),
    ],
    ids=str,
)
def test_whole_numbers_of_any_type(augmenter):
    assert np.isfinite(augmenter.fit_transform(X)).all()


def test_odds_of_whole_numbers():
    assert Odds.of(0) == Odds.of(0.0)


@pytest.mark.parametrize(
    ("estimator", "arguments"),
    [
        (TableEncoder(), {"X": X[:, :2], "sample_weight": np.full(12, -1.0)}),
        (TableEncoder(), {"X": pd.DataFrame({"a": [1.0, np.inf]})}),
        (ImageShift(image_shape=(1, 3)), {"X": X[:, :2]}),
        (GaussianNoise(), {"X": np.full((3, 2), [1e300, -1e300]) * X[:3, :1]}),
    ],
    ids=["weights", "infinity", "shape", "spread"],
)
def test_a_failed_fit_leaves_no_trace(estimator, arguments):
    fitted = copy.deepcopy(estimator).fit(X)
    expected = fitted.transform(X)
    with pytest.raises(ValueError, match=r"X|image_shape|sample_weight"):
        fitted.fit(**arguments)
    np.testing.assert_array_equal(fitted.transform(X), expected)


@pytest.mark.parametrize("n_bins", [0, 16])
@pytest.mark.parametrize(
    "values",
    [
        LARGEST * (-1.0) ** np.arange(12),
        LARGEST * np.linspace(-1, 1, 12),
        5e-324 * np.arange(12),
        np.full(12, LARGEST),
    ],
    ids=["either end", "whole range", "subnormal", "largest"],
)
def test_columns_of_any_range(values, n_bins):
    table = pd.DataFrame({"a": values, "b": [Decimal(1)] * 12})
    encoded = TableEncoder(n_bins=n_bins).fit_transform(table)
    assert np.isfinite(encoded).all()
