"""Numbers that no float can hold are no values of parameters."""

from fractions import Fraction
from numbers import Integral, Real

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

import skregnet
from skregnet import augmentation
from skregnet._sklearn.constraints import N_JOBS, Interval
from skregnet.optimizers._schedules import InverseScaling

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (2,), "max_iter": 2, "random_state": 0}
NETWORK = skregnet.MLPClassifier(**SMALL)
NUMBERS = skregnet.MLPRegressor(**SMALL)
ESTIMATORS = [
    NETWORK,
    NUMBERS,
    skregnet.MultiTaskMLP(**SMALL),
    skregnet.MultiTaskMLPClassifier(**SMALL),
    skregnet.MultiTaskMLPRegressor(**SMALL),
    skregnet.BaggingEnsemble(NETWORK, 2),
    skregnet.StackedSearchCV(NETWORK, {"alpha": [0.1, 1.0]}, cv=2),
    skregnet.TabularClassifier(network=NETWORK, n_members=2),
    skregnet.TabularRegressor(network=NUMBERS, n_members=2),
    skregnet.TableEncoder(),
    augmentation.AugmentedEstimator(NETWORK, augmentation.GaussianNoise()),
    augmentation.GaussianNoise(),
    augmentation.Mixup(),
    augmentation.FeatureMasking(),
    augmentation.TargetNoise(),
]


def numeric_parameters():
    """Return each parameter of each estimator that may be a number."""
    found = []
    for estimator in ESTIMATORS:
        known = estimator._parameter_constraints
        for name in estimator.get_params(deep=False):
            kinds = [one for one in known.get(name, ()) if isinstance(one, Interval)]
            if kinds or name == "random_state":
                number = f"{type(estimator).__name__}-{name}"
                found.append(pytest.param(estimator, name, id=number))
    return found


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["huge", "negative"])
@pytest.mark.parametrize(("estimator", "name"), numeric_parameters())
def test_integers_beyond_floats_are_refused_by_name(estimator, name, value):
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of"):
        type(estimator)(**{**estimator.get_params(deep=False), name: value}).fit(X, Y)


@pytest.mark.parametrize("name", ["hidden_layer_sizes", "head_layer_sizes"])
@pytest.mark.parametrize("sizes", [10**30, (10**30,), (2, 10**400)], ids=type)
def test_layers_that_no_memory_can_hold_are_refused(name, sizes):
    mlp = skregnet.MultiTaskMLP(**{**SMALL, name: sizes})
    with pytest.raises(ValueError, match=name):
        mlp.fit(X, Y)


@pytest.mark.parametrize("value", [1e3, 1e308, 10**30, 10**300])
def test_a_power_beyond_floats_ends_learning(value):
    assert InverseScaling(0.1, float(value)).after_epoch(0.1, 100) == 0
    parameters = {
        **SMALL,
        "solver": "sgd",
        "learning_rate": "invscaling",
        "momentum": 0,
    }
    mlp = skregnet.MLPClassifier(**parameters, power_t=value).fit(X, Y)
    once = skregnet.MLPClassifier(**{**parameters, "max_iter": 1}).fit(X, Y)
    np.testing.assert_array_equal(mlp.coefs_[0], once.coefs_[0])
    assert mlp.learning_rate_curve_[1:] == [0.0]


@pytest.mark.parametrize("value", [10**30, 10**300])
@pytest.mark.parametrize("name", ["batch_size", "max_iter", "n_iter_no_change"])
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
def test_integers_that_floats_can_hold_are_no_limit(name, value):
    settings = {**SMALL, "max_iter": 30, "tol": 1.0, "n_iter_no_change": 2}
    mlp = skregnet.MLPClassifier(**{**settings, name: value}).fit(X, Y)
    largest = skregnet.MLPClassifier(**{**settings, name: 40}).fit(X, Y)
    np.testing.assert_array_equal(mlp.coefs_[0], largest.coefs_[0])


def test_weights_beyond_floats_are_refused_by_name():
    huge = {0: 10**400, 1: 1}
    for mlp in (NETWORK, skregnet.MultiTaskMLP(**SMALL)):
        weighed = type(mlp)(**{**mlp.get_params(), "class_weight": huge})
        with pytest.raises(ValueError, match="class_weight expects"):
            weighed.fit(X, Y)
    tasks = skregnet.MultiTaskMLP(**SMALL, task_weights={0: 10**400})
    with pytest.raises(ValueError, match="task_weights expects"):
        tasks.fit(X, Y)


@pytest.mark.parametrize(
    ("value", "is_in"),
    [
        *[(value, True) for value in (0, 1.5, np.float32(2), 10**300, True)],
        *[(value, False) for value in (Fraction(1, 2), 10**400, -1, "1", None, 1j)],
        *[(value, False) for value in (np.nan, np.inf)],
    ],
)
def test_intervals(value, is_in):
    assert Interval(Real, 0, None, closed="left").is_satisfied_by(value) is is_in


def test_workers():
    interval = N_JOBS[1]
    assert interval.type is Integral
    assert [interval.is_satisfied_by(n) for n in (-1, 4, 2**31)] == [True, True, False]
