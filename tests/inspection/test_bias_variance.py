"""The parts add up to the loss, and they are what the definitions say."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import check_random_state

from skregnet import MLPClassifier, MLPRegressor
from skregnet.inspection import BiasVariance, bias_variance
from tests.cases import problem

# The package has a function of the module's name.
module = import_module("skregnet.inspection._bias_variance")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "learning_rate_init": 0.05}
CLASSIFIERS = [
    pytest.param(DecisionTreeClassifier(max_features=2), id="tree"),
    pytest.param(MLPClassifier(**SMALL), id="network"),
    pytest.param(
        MLPClassifier(solver="lbfgs", hidden_layer_sizes=(2,), max_iter=5), id="lbfgs"
    ),
]
REGRESSORS = [
    pytest.param(DecisionTreeRegressor(max_features=2), id="tree"),
    pytest.param(LinearRegression(), id="linear"),
    pytest.param(MLPRegressor(**SMALL), id="network"),
    pytest.param(MLPRegressor(early_stopping=True, **SMALL), id="early stopping"),
]


def halves(kind, **parameters):
    """Return training and test data of one problem."""
    X, y = problem(kind, **parameters)
    return X[::2], y[::2], X[1::2], y[1::2]


def assert_equal(found, expected):
    """Compare two results, predictions bit by bit."""
    np.testing.assert_array_equal(found.predictions, expected.predictions)
    np.testing.assert_array_equal(found.main_prediction, expected.main_prediction)
    for name in ("kind", "loss", "bias", "variance", "noise", "net_variance"):
        assert getattr(found, name) == getattr(expected, name), name


def squared_error_by_loops(predictions, y_test):
    """Return loss, squared bias and variance, number by number."""
    n_rounds, n_targets = len(predictions), y_test.size
    flat = predictions.reshape(n_rounds, n_targets)
    loss = bias = variance = 0.0
    for target, value in enumerate(y_test.ravel()):
        main = sum(flat[:, target]) / n_rounds
        bias += (main - value) ** 2 / n_targets
        for prediction in flat[:, target]:
            loss += (prediction - value) ** 2 / n_rounds / n_targets
            variance += (prediction - main) ** 2 / n_rounds / n_targets
    return loss, bias, variance


def zero_one_by_loops(predictions, optimal):
    """Return bias, variance and net variance as Domingos (2000) defines them."""
    n_rounds, n_rows = predictions.shape
    bias = variance = net_variance = 0.0
    for row, best in enumerate(optimal):
        found = predictions[:, row].tolist()
        main = max(sorted(set(found)), key=found.count)
        others = [label for label in found if label != main]
        share = len(others) / n_rounds
        variance += share / n_rows
        if main == best:
            net_variance += share / n_rows
            continue
        bias += 1 / n_rows
        if others:
            net_variance -= others.count(best) / len(others) * share / n_rows
    return bias, variance, net_variance


@pytest.mark.parametrize("kind", ["real", "reals"])
@pytest.mark.parametrize("regressor", REGRESSORS)
def test_squared_error(regressor, kind):
    data = halves(kind)
    found = bias_variance(regressor, *data, n_rounds=6, random_state=0)
    assert found.kind == "squared_error"
    assert found.predictions.shape == (6, *data[3].shape)
    loss, bias, variance = squared_error_by_loops(found.predictions, data[3])
    assert found.loss == pytest.approx(loss)
    assert found.bias == pytest.approx(bias)
    assert found.variance == found.net_variance == pytest.approx(variance)
    assert found.noise == 0
    assert found.bias > 0
    assert found.variance > 0
    assert found.loss == pytest.approx(found.bias + found.variance, rel=1e-12)


@pytest.mark.parametrize("regressor", [LinearRegression(), DecisionTreeRegressor()])
def test_known_noise(regressor):
    random_state = np.random.RandomState(0)
    X = random_state.uniform(-3, 3, size=(20_000, 1))
    best = np.sin(X[:, 0])
    y = best + random_state.normal(scale=0.4, size=len(X))
    train, test = slice(300), slice(300, None)
    found = bias_variance(
        regressor,
        X[train],
        y[train],
        X[test],
        y[test],
        y_optimal=best[test],
        n_rounds=20,
        random_state=0,
    )
    parts = found.bias + found.variance + found.noise
    assert found.noise == pytest.approx(0.16, rel=0.03)
    assert found.loss == pytest.approx(parts, rel=0.02)
    cross = np.mean((found.main_prediction - best[test]) * (best - y)[test])
    assert found.loss == pytest.approx(parts + 2 * cross, rel=1e-12)
    against_best = np.mean((found.predictions - best[test]) ** 2)
    assert found.bias + found.variance == pytest.approx(against_best, rel=1e-12)


def test_a_rigid_model_has_the_bias_and_a_flexible_one_the_variance():
    X, y, X_test, y_test = halves("real", n_rows=300)
    rigid, flexible = (
        bias_variance(
            MLPRegressor(
                solver="lbfgs", hidden_layer_sizes=(20,), max_iter=100, alpha=alpha
            ),
            X,
            y,
            X_test,
            y_test,
            n_rounds=10,
            random_state=0,
        )
        for alpha in (1000.0, 0.0)
    )
    assert rigid.bias > flexible.bias
    assert rigid.variance < 0.1 * flexible.variance


@pytest.mark.parametrize("wrap", [lambda trunk: trunk, FrozenEstimator])
def test_a_shared_trunk_stays_as_it_is(wrap):
    data = halves("binary")
    trunk = MLPClassifier(**SMALL, random_state=7).fit(*data[:2])
    before = trunk.get_params(deep=False)
    network = MLPClassifier(**SMALL, initial_trunk=wrap(trunk))
    bias_variance(network, *data, n_rounds=2, random_state=0)
    assert trunk.get_params(deep=False) == before


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_zero_one(classifier, kind):
    data = halves(kind)
    found = bias_variance(classifier, *data, n_rounds=8, random_state=0)
    assert found.kind == "zero_one"
    assert found.predictions.shape == (8, len(data[3]))
    assert found.loss == pytest.approx(np.mean(found.predictions != data[3]))
    bias, variance, net_variance = zero_one_by_loops(found.predictions, data[3])
    assert found.bias == pytest.approx(bias)
    assert found.variance == pytest.approx(variance)
    assert found.net_variance == pytest.approx(net_variance)
    assert found.noise == 0
    assert found.bias > 0
    assert found.net_variance < found.variance
    assert found.loss == pytest.approx(found.bias + found.net_variance, rel=1e-12)


def test_zero_one_by_hand():
    predictions = np.array(
        [
            ["a", "b", "b", "c"],
            ["a", "b", "c", "c"],
            ["a", "c", "b", "a"],
            ["b", "a", "c", "a"],
        ]
    )
    # Main a: right, a quarter differs. Main b: wrong, half differs, half of that is
    # the label. b before c, but c is right: half differs, all of it the label. a before
    # c, and it is right: half differs.
    found = module._decompose_zero_one(
        predictions, np.array(list("acca")), np.array(list("acca"))
    )
    assert found.main_prediction.tolist() == ["a", "b", "b", "a"]
    assert found.loss == (1 + 3 + 2 + 2) / 16
    assert found.bias == 2 / 4
    assert found.variance == (1 / 4 + 2 / 4 + 2 / 4 + 2 / 4) / 4
    assert found.net_variance == (1 / 4 - 1 / 4 - 2 / 4 + 2 / 4) / 4


def test_squared_error_by_hand():
    # Means 2 and 0, optima 1 and 0, targets 1 and 2.
    found = module._decompose_squared_error(
        np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([1.0, 2.0]), np.array([1.0, 0.0])
    )
    assert found.main_prediction.tolist() == [2.0, 0.0]
    assert (found.loss, found.bias, found.variance, found.noise) == (3.0, 0.5, 0.5, 2.0)


def test_wrong_labels_of_two_classes():
    random_state = np.random.RandomState(0)
    X = random_state.uniform(-1, 1, size=(20_000, 2))
    best = (X.sum(axis=1) > 0).astype(int)
    y = np.where(random_state.uniform(size=len(X)) < 0.2, 1 - best, best)
    train, test = slice(300), slice(300, None)
    found = bias_variance(
        DecisionTreeClassifier(max_depth=3),
        X[train],
        y[train],
        X[test],
        y[test],
        y_optimal=best[test],
        n_rounds=20,
        random_state=0,
    )
    bias, variance, net_variance = zero_one_by_loops(found.predictions, best[test])
    assert found.bias == pytest.approx(bias)
    assert found.variance == pytest.approx(variance)
    assert found.net_variance == pytest.approx(net_variance)
    assert found.noise == np.mean(y[test] != best[test])
    systematic = found.bias + found.net_variance
    assert systematic == pytest.approx(np.mean(found.predictions != best[test]))
    expected = found.noise + (1 - 2 * found.noise) * systematic
    assert found.loss == pytest.approx(expected, rel=0.03)


def test_noise_bounds_what_is_missing_with_three_classes():
    X, y, X_test, best = halves("multiclass")
    y_test = np.where(np.arange(len(best)) % 5 == 0, (best + 1) % 3, best)
    found = bias_variance(
        DecisionTreeClassifier(),
        X,
        y,
        X_test,
        y_test,
        y_optimal=best,
        n_rounds=10,
        random_state=0,
    )
    assert found.noise == pytest.approx(0.2)
    assert 0 < abs(found.loss - found.bias - found.net_variance) <= found.noise


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (MLPRegressor(**SMALL), "real"),
        (MLPClassifier(**SMALL), "multiclass"),
        (make_pipeline(StandardScaler(), MLPClassifier(**SMALL)), "binary"),
        (DecisionTreeRegressor(max_features=1), "reals"),
    ],
    ids=["regressor", "classifier", "pipeline", "tree"],
)
def test_clones_fitted_one_at_a_time(estimator, kind):
    X, y, X_test, y_test = halves(kind)
    # More than one block.
    found = bias_variance(
        estimator, X, y, X_test, y_test, n_rounds=18, random_state=np.int64(5)
    )
    seeds = check_random_state(5).randint(np.iinfo(np.int32).max, size=18)
    for seed, prediction in zip(seeds, found.predictions, strict=True):
        random_state = np.random.RandomState(seed)
        rows = random_state.randint(len(y), size=len(y))
        alone = clone(estimator)
        name = next(n for n in alone.get_params() if n.endswith("random_state"))
        alone.set_params(**{name: random_state.randint(np.iinfo(np.int32).max)})
        np.testing.assert_array_equal(
            prediction, alone.fit(X[rows], y[rows]).predict(X_test)
        )


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (MLPRegressor(**SMALL), "reals"),
        (DecisionTreeClassifier(max_features=1), "multiclass"),
    ],
    ids=["network", "tree"],
)
def test_processes_do_not_matter(estimator, kind):
    one, two = (
        bias_variance(
            estimator, *halves(kind), n_rounds=10, random_state=0, n_jobs=n_jobs
        )
        for n_jobs in (1, 2)
    )
    assert_equal(two, one)


def test_block_size_does_not_matter(monkeypatch):
    data = halves("real")
    expected = bias_variance(MLPRegressor(**SMALL), *data, n_rounds=7, random_state=0)
    for size in (1, 3):
        monkeypatch.setattr(module, "_MOST_TOGETHER", size)
        found = bias_variance(MLPRegressor(**SMALL), *data, n_rounds=7, random_state=0)
        assert_equal(found, expected)


@pytest.mark.parametrize(("cls", "kind"), [(MLPRegressor, "real"), (MLPClassifier, 0)])
def test_networks_train_as_stacks(cls, kind, monkeypatch):
    sizes = []
    fit_together = module.fit_together

    def counting(requests):
        sizes.append(len(requests))
        fit_together(requests)

    monkeypatch.setattr(module, "fit_together", counting)
    bias_variance(cls(**SMALL), *halves(kind or "binary"), n_rounds=20, random_state=0)
    assert sizes == [16, 4]


def test_a_fit_of_its_own_is_called():
    class Doubling(MLPRegressor):
        def fit(self, X, y):
            return super().fit(X, 2 * y)

    X, y, X_test, y_test = halves("real")
    found = bias_variance(
        Doubling(**SMALL), X, y, X_test, y_test, n_rounds=2, random_state=0
    )
    expected = bias_variance(
        MLPRegressor(**SMALL), X, 2 * y, X_test, y_test, n_rounds=2, random_state=0
    )
    np.testing.assert_array_equal(found.predictions, expected.predictions)


def test_random_state():
    data = halves("real")
    tree = DecisionTreeRegressor(max_features=1, random_state=0)
    found = bias_variance(tree, *data, n_rounds=4, random_state=1)
    assert_equal(bias_variance(tree, *data, n_rounds=4, random_state=1), found)
    other = bias_variance(tree, *data, n_rounds=4, random_state=2)
    assert (other.predictions != found.predictions).any()
    assert len(np.unique(found.predictions, axis=0)) == 4
    assert tree.random_state == 0
    assert not hasattr(tree, "tree_")


@pytest.mark.parametrize(
    "container",
    [pd.DataFrame, sparse.csr_array, sparse.coo_array, np.ndarray.tolist],
    ids=["pandas", "csr", "coo", "lists"],
)
@pytest.mark.parametrize(
    "estimator",
    [
        MLPRegressor(**SMALL),
        make_pipeline(StandardScaler(with_mean=False), LinearRegression()),
    ],
    ids=["network", "pipeline"],
)
def test_containers(estimator, container):
    X, y, X_test, y_test = halves("real")
    expected = bias_variance(
        estimator, X, y, X_test, y_test, n_rounds=3, random_state=0
    )
    found = bias_variance(
        estimator,
        container(X),
        y.tolist(),
        container(X_test),
        pd.Series(y_test),
        n_rounds=3,
        random_state=0,
    )
    assert found.predictions.shape == expected.predictions.shape
    np.testing.assert_allclose(found.predictions, expected.predictions, rtol=1e-8)


def test_names_of_columns_reach_the_estimator():
    X, y, X_test, y_test = halves("real")
    names = list("abcdef")
    frames = pd.DataFrame(X, columns=names), pd.DataFrame(X_test, columns=names)
    bias_variance(LinearRegression(), frames[0], y, frames[1], y_test, n_rounds=2)
    with pytest.raises(ValueError, match="feature names"):
        bias_variance(
            LinearRegression(), frames[0], y, frames[1][names[::-1]], y_test, n_rounds=2
        )


@pytest.mark.parametrize("dtype", ["U", object, "category"])
@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_string_labels(estimator, dtype):
    X, y, X_test, y_test = halves("multiclass")
    words = np.array(["ash", "birch", "cedar wood"])
    y_words, y_test_words = words[y], words[y_test]
    numbers = bias_variance(estimator, X, y, X_test, y_test, n_rounds=4, random_state=0)
    strings = bias_variance(
        estimator,
        X,
        pd.Series(y_words, dtype="category") if dtype == "category" else y_words,
        X_test,
        y_test_words if dtype == "category" else y_test_words.astype(dtype),
        n_rounds=4,
        random_state=0,
    )
    np.testing.assert_array_equal(strings.predictions, words[numbers.predictions])
    np.testing.assert_array_equal(
        strings.main_prediction, words[numbers.main_prediction]
    )
    assert strings.loss == numbers.loss
    assert strings.net_variance == numbers.net_variance


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (LinearRegression(), "real"),
        (MLPRegressor(**SMALL), "real"),
        (MLPClassifier(**SMALL), "binary"),
    ],
    ids=["linear", "regressor", "classifier"],
)
def test_a_column_of_targets(estimator, kind):
    X, y, X_test, y_test = halves(kind)
    vector = bias_variance(estimator, X, y, X_test, y_test, n_rounds=3, random_state=0)
    column = bias_variance(
        estimator, X, y[:, None], X_test, y_test[:, None], n_rounds=3, random_state=0
    )
    assert_equal(column, vector)


def test_result_is_frozen():
    found = bias_variance(LinearRegression(), *halves("real"), n_rounds=2)
    assert isinstance(found, BiasVariance)
    with pytest.raises(AttributeError):
        found.loss = 0.0
    assert "array" not in repr(found)


def test_parameters_of_networks_are_checked():
    with pytest.raises(ValueError, match="'alpha' parameter of MLPRegressor"):
        bias_variance(MLPRegressor(alpha=-1.0), *halves("real"), n_rounds=2)


class Constant(ClassifierMixin, BaseEstimator):
    """Predicts the first label, and accepts any features and targets."""

    def fit(self, X, y):
        self.label_ = y[0]
        return self

    def predict(self, X):
        return np.full(len(X), self.label_)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n_rounds": 1}, ValueError, "'n_rounds' parameter of bias_variance.*Got 1"),
        ({"n_rounds": 2.5}, ValueError, "'n_rounds' parameter of bias_variance"),
        ({"random_state": "a"}, ValueError, "'random_state' parameter"),
        ({"n_jobs": 1.5}, ValueError, "'n_jobs' parameter"),
        ({"estimator": "tree"}, ValueError, "'estimator' parameter"),
        ({"estimator": KMeans()}, TypeError, r"classifier or a regressor.*KMeans\(\)"),
        ({"y_test": [0, 1]}, ValueError, "y_test must have one .* 2 targets and 60"),
        ({"y": [0, 1]}, ValueError, "y must have one target .* 2 targets and 60 rows"),
        ({"y": np.eye(60, 2, dtype=int)}, ValueError, "y of a classifier.* one column"),
        ({"y": sparse.eye_array(60, 2)}, ValueError, r"one column.*\(60, 2\)"),
        ({"y_test": np.eye(60, 2)}, ValueError, "y_test of a classifier"),
        ({"y_optimal": [0, 1]}, ValueError, r"shape of y_test, \(60,\), got \(2,\)"),
        ({"y_test": ["0"] * 60}, ValueError, "y_test must hold labels of y"),
        ({"y_optimal": ["0"] * 60}, ValueError, "y_optimal must hold labels of y"),
        ({"y_test": [np.nan] * 60}, ValueError, "y_test contains NaN"),
    ],
)
def test_errors(changes, error, message):
    X, y, X_test, y_test = halves("binary")
    arguments = {"X": X, "y": y, "X_test": X_test, "y_test": y_test, "n_rounds": 2}
    with pytest.raises(error, match=message):
        bias_variance(**{"estimator": Constant(), **arguments, **changes})


def test_outputs_of_training_and_test_must_agree():
    X, y, X_test, y_test = halves("reals")
    with pytest.raises(ValueError, match=r"outputs of y, got y.shape=\(60, 3\)"):
        bias_variance(LinearRegression(), X, y, X_test, y_test[:, 0])
