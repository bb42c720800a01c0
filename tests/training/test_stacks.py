"""A member trained in a stack is the member trained alone."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skregnet import MLPClassifier, MLPRegressor
from skregnet._fitting import stacks as _together
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from tests.cases import ESTIMATORS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BASE = {"hidden_layer_sizes": (8, 5), "max_iter": 12, "batch_size": 32}
# What members may differ in, one dict a member.
ADAM = [
    {},
    {"alpha": 0.5, "learning_rate_init": 0.02, "beta_1": 0.5},
    {"alpha": 0.0, "beta_2": 0.9, "epsilon": 1e-4, "tol": 0.5, "n_iter_no_change": 2},
    {"max_iter": 7, "shuffle": False, "alpha": 2.0},
]
SGD = [
    {},
    {"momentum": 0.2, "learning_rate_init": 0.1, "learning_rate": "invscaling"},
    {"momentum": 0.5, "tol": 0.5, "n_iter_no_change": 1, "learning_rate": "adaptive"},
    {"max_iter": 5, "power_t": 0.1, "alpha": 1.0},
]
PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]


def members(cls, differences, **parameters):
    """Return unfitted estimators that differ in seed and hyperparameters."""
    return [
        cls(**{**BASE, **parameters, **changes}, random_state=k)
        for k, changes in enumerate(differences)
    ]


def assert_same(together, alone):
    """Compare two lists of fitted estimators, bit by bit."""
    for mine, other in zip(together, alone, strict=True):
        assert mine.n_iter_ == other.n_iter_
        for name in ("coefs_", "intercepts_"):
            for a, b in zip(getattr(mine, name), getattr(other, name), strict=True):
                np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(mine.loss_curve_, other.loss_curve_)
        assert mine.validation_scores_ == other.validation_scores_


def fit_both(estimators, data, weights=None):
    """Fit clones alone and the estimators together."""
    weights = weights or [None] * len(data)
    alone = [
        clone(estimator).fit(X, y, w)
        for estimator, (X, y), w in zip(estimators, data, weights, strict=True)
    ]
    fit_together(
        [
            Request(estimator, X, y, w)
            for estimator, (X, y), w in zip(estimators, data, weights, strict=True)
        ]
    )
    return estimators, alone


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("solver", "changes"), [("adam", ADAM), ("sgd", SGD)])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_members(cls, parameters, kind, solver, changes, shared, dtype):
    estimators = members(cls, changes, solver=solver, **parameters)
    data = [problem(kind, seed=0 if shared else k, dtype=dtype) for k in range(4)]
    if shared:
        data = [data[0]] * 4
    assert_same(*fit_both(estimators, data))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh"])
def test_activations(activation):
    estimators = members(MLPClassifier, ADAM, activation=activation)
    assert_same(*fit_both(estimators, [problem("multiclass")] * 4))


def test_early_stopping():
    estimators = members(
        MLPClassifier, ADAM, early_stopping=True, max_iter=80, n_iter_no_change=4
    )
    together, alone = fit_both(
        estimators, [problem("multiclass", seed=k) for k in range(4)]
    )
    assert_same(together, alone)
    assert len({estimator.n_iter_ for estimator in together}) > 1


def test_weights():
    weights = [np.random.RandomState(k).uniform(0.1, 3, 120) for k in range(4)]
    estimators = members(MLPRegressor, ADAM)
    assert_same(*fit_both(estimators, [problem("real")] * 4, weights))


def test_sparse():
    estimators = members(MLPClassifier, ADAM)
    data = [problem("binary", seed=k) for k in range(4)]
    data = [(sparse.csr_array(X), y) for X, y in data]
    assert_same(*fit_both(estimators, data))


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_standard_momentum(cls, parameters, kind, early_stopping):
    # Rows of weight 0 are left out: equally many in each member.
    weights = [
        np.random.RandomState(k).permutation(np.arange(120) % 3) for k in range(4)
    ]
    estimators = members(
        cls,
        SGD,
        solver="sgd",
        nesterovs_momentum=False,
        early_stopping=early_stopping,
        **parameters,
    )
    data = [problem(kind, seed=k) for k in range(4)]
    assert_same(*fit_both(estimators, data, weights))


def test_lbfgs():
    estimators = members(MLPRegressor, ADAM[:2], solver="lbfgs")
    assert_same(*fit_both(estimators, [problem("real")] * 2))


def test_one_architecture_a_stack(monkeypatch):
    sizes = []
    train = _together.train_minibatch

    def counting(stack, batch_size):
        sizes.append(len(stack))
        train(stack, batch_size)

    monkeypatch.setattr(_together, "train_minibatch", counting)
    estimators = members(MLPClassifier, ADAM)
    estimators += members(MLPClassifier, ADAM[:2], hidden_layer_sizes=(4,))
    estimators += members(MLPClassifier, [{}], batch_size=16)
    assert_same(*fit_both(estimators, [problem("binary")] * 7))
    assert sorted(size for size in sizes[7:]) == [1, 2, 4]


def test_a_failure_leaves_all_as_they_were():
    good, bad = members(MLPClassifier, ADAM[:2])
    X, y = problem("binary")
    good.fit(X, y)
    before = dict(vars(good))
    with pytest.raises(ValueError, match="NaN"):
        fit_together([Request(good, X, y), Request(bad, X * np.nan, y)])
    assert vars(good) == before
    assert not hasattr(bad, "coefs_")


# What members have in common, and in what rates they differ, one dict a member.
REGULARIZERS = [
    ({}, [{"l1_ratio": ratio, "alpha": 3.0} for ratio in (0.0, 0.3, 1.0)]),
    (
        {"activity_penalty": "l1"},
        [{"activity_alpha": alpha} for alpha in (1e-3, 0.1, 1.0)],
    ),
    (
        {"activity_penalty": "l2"},
        [{"activity_alpha": alpha} for alpha in (1e-3, 0.1, 1.0)],
    ),
    (
        {"activity_penalty": "kl", "activation": "logistic"},
        [
            {"activity_alpha": 0.1},
            {"activity_alpha": 0.1, "activity_target": 0.5},
            {"activity_alpha": 2.0, "activity_target": 0.1},
        ],
    ),
    ({}, [{"dropout": rate} for rate in (0.1, [0.5, 0.2], 0.9)]),
    ({}, [{"input_dropout": rate} for rate in (0.1, 0.5, 0.9)]),
    ({"batch_norm": "before"}, [{}, {"alpha": 1.0}, {"learning_rate_init": 0.05}]),
    ({"batch_norm": "after"}, [{}, {"alpha": 1.0}, {"learning_rate_init": 0.05}]),
    ({"batch_norm": "before", "batch_size": 17}, [{}, {"alpha": 1.0}, {}]),
    ({}, [{"label_smoothing": share} for share in (0.0, 0.1, 0.5)]),
    ({}, [{"target_noise": std} for std in (0.01, 0.1, 2.0)]),
    *[
        (
            {"adversarial_norm": norm, "adversarial_iterations": iterations},
            [
                {"adversarial_step": 0.05},
                {"adversarial_step": 0.5, "adversarial_weight": 0.9},
                {"adversarial_step": 2.0, "adversarial_weight": 0.0},
            ],
        )
        for norm in ("gradient", "sign", "l2")
        for iterations in (1, 3)
    ],
    ({}, [{"max_norm": norm} for norm in (0.2, 0.7, 100.0)]),
    ({}, [{"max_grad_norm": norm} for norm in (0.01, 0.1, 100.0)]),
    (
        {"weight_averaging": "ema"},
        [{}, {"learning_rate_init": 0.05}, {"l1_ratio": 0.5, "alpha": 2.0}],
    ),
    (
        {"weight_averaging": "swa"},
        [{}, {"max_iter": 5}, {"tol": 10.0, "n_iter_no_change": 1}],
    ),
    (
        {"weight_averaging": "swa", "batch_norm": "after"},
        [
            {"dropout": 0.2, "target_noise": 0.1, "max_norm": 1.0},
            {"dropout": 0.5, "target_noise": 0.5, "max_norm": 0.5, "l1_ratio": 0.2},
            {"dropout": 0.1, "target_noise": 0.2, "max_norm": 3.0, "max_iter": 6},
        ],
    ),
    (
        {"batch_norm": "before", "adversarial_norm": "sign", "activity_penalty": "l2"},
        [
            {"dropout": 0.1, "adversarial_step": 0.1, "activity_alpha": 0.01},
            {"dropout": 0.3, "adversarial_step": 0.3, "activity_alpha": 0.1},
            {"dropout": 0.5, "adversarial_step": 0.2, "activity_alpha": 0.5},
        ],
    ),
]
REGULARIZED = [
    pytest.param(shared, rates, id=f"{shared} {rates[1]}")
    for shared, rates in REGULARIZERS
]


def one_stack(monkeypatch):
    """Check that members that are fitted together train together."""
    train = _together.train_minibatch
    sizes = []

    def counting(stack, batch_size):
        sizes.append(len(stack))
        train(stack, batch_size)

    monkeypatch.setattr(_together, "train_minibatch", counting)
    return sizes


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(("shared", "rates"), REGULARIZED)
def test_regularizers(shared, rates, solver, dtype, monkeypatch):
    sizes = one_stack(monkeypatch)
    estimators = members(MLPClassifier, rates, solver=solver, **shared)
    data = [problem("multiclass", seed=k, dtype=dtype) for k in range(3)]
    together, alone = fit_both(estimators, data)
    assert_same(together, alone)
    assert sizes == [1, 1, 1, 3]
    # The rates matter.
    plain = members(MLPClassifier, [{}] * 2, solver=solver, **shared)[1].fit(*data[1])
    assert not np.array_equal(alone[1].coefs_[0], plain.coefs_[0])


@pytest.mark.parametrize(("shared", "rates"), REGULARIZED)
def test_regularizers_and_early_stopping(shared, rates):
    settings = {"early_stopping": True, "scoring": "loss", "n_iter_no_change": 3}
    rates = [{**rate, "max_iter": 25, "learning_rate_init": 0.02} for rate in rates]
    estimators = members(MLPClassifier, rates, **shared, **settings)
    data = [problem("multiclass")] * 3
    weights = [np.random.RandomState(k).uniform(0.1, 3, 120) for k in range(3)]
    assert_same(*fit_both(estimators, data, weights))


@pytest.mark.parametrize(("shared", "rates"), REGULARIZED)
def test_regularizers_of_sparse_features(shared, rates):
    estimators = members(MLPClassifier, rates, **shared)
    data = [problem("binary", seed=k) for k in range(3)]
    data = [(sparse.csr_array(X), y) for X, y in data]
    assert_same(*fit_both(estimators, data))


@pytest.mark.parametrize(
    ("solver", "changes"),
    [
        # Without L1 a momentum of 1 is allowed, though its steps gather for ever.
        ("sgd", [{"momentum": 1.0}, {"l1_ratio": 0.5, "alpha": 1.0}]),
        ("adam", [{"epsilon": 1e-300}, {"l1_ratio": 0.5, "alpha": 1.0}]),
    ],
)
def test_a_member_without_l1_beside_one_with_it(solver, changes):
    estimators = members(MLPRegressor, changes, solver=solver, max_iter=3)
    X, y = problem("real")
    X[:, 2] = 0  # a feature whose gradient is always 0
    assert_same(*fit_both(estimators, [(X, y)] * 2))


def test_members_that_cannot_share_a_stack(monkeypatch):
    sizes = one_stack(monkeypatch)
    changes = [
        {},
        {"dropout": 0.1},
        {"dropout": [0.1, 0.0]},
        {"max_norm": 1.0},
        {"batch_norm": "before"},
        {"batch_norm": "after"},
        {"weight_averaging": "ema"},
        {"weight_averaging": "swa"},
        {"target_noise": 0.1},
        {"adversarial_step": 0.1},
        {"adversarial_step": 0.1, "adversarial_iterations": 2},
        {"activity_alpha": 0.1},
        {"activation": ["relu", "tanh"]},
    ]
    estimators = members(MLPClassifier, changes, max_iter=2)
    assert_same(*fit_both(estimators, [problem("binary")] * len(changes)))
    assert sizes == [1] * (2 * len(changes))
