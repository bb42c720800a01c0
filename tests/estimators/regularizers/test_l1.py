"""L1 and elastic net set weights to zero."""

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel

from skregnet import MLPRegressor
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from skregnet.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    DeltaBarDelta,
    GradientClipping,
    Lookahead,
    NAdam,
    RMSProp,
    Scheduled,
    WeightDecay,
)
from tests.cases import problem
from tests.fitting import (
    ENDLESS,
    fit,
    share_of_zeros,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_alpha_of_l1_sets_weights_to_zero(solver):
    settings = {"learning_rate_init": 0.02, "max_iter": 200, "batch_size": 40}
    shares = [
        share_of_zeros(fit("real", solver=solver, l1_ratio=1.0, alpha=a, **settings))
        for a in (0.0, 0.3, 3.0, 30.0)
    ]
    assert shares == sorted(set(shares))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    shares = [
        share_of_zeros(fit("real", solver=solver, l1_ratio=r, alpha=3.0, **settings))
        for r in (0.0, 0.1, 1.0)
    ]
    assert shares == sorted(set(shares))
    assert shares[0] == 0


def test_l1_selects_features(solver):
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(200, 10))
    y = np.sin(X[:, 0]) + X[:, 3] - 1.5 * np.tanh(X[:, 7])
    y += 0.1 * random_state.normal(size=200)
    mlp = MLPRegressor(
        hidden_layer_sizes=(10,),
        solver=solver,
        l1_ratio=1.0,
        alpha=10.0,
        learning_rate_init=0.02,
        max_iter=300,
        random_state=0,
    )
    relevant = [0, 3, 7]
    for threshold in (1e-6, "mean"):
        selector = SelectFromModel(mlp, threshold=threshold).fit(X, y)
        np.testing.assert_array_equal(selector.get_support(indices=True), relevant)
    fitted = selector.estimator_
    np.testing.assert_array_equal(
        np.flatnonzero(fitted.coefs_[0].any(axis=1)), relevant
    )
    importances = fitted.feature_importances_
    assert importances.sum() == pytest.approx(1)
    np.testing.assert_array_equal(np.flatnonzero(importances), relevant)
    assert fitted.score(X, y) > 0.9


def test_feature_importances_of_nothing():
    mlp = fit("real", solver="lbfgs", l1_ratio=1.0, alpha=1e6)
    np.testing.assert_array_equal(mlp.feature_importances_, np.zeros(6))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.1, 0.5, 1.0])
def test_a_linear_network_is_an_elastic_net(solver, l1_ratio, weighted):
    X, y = problem("real")
    weights = np.random.RandomState(1).randint(1, 4, 120) if weighted else np.ones(120)
    rates = {"adam": 0.01, "sgd": 0.1, "lbfgs": 1e-3}
    stop = {"tol": 1e-9} if solver == "lbfgs" else ENDLESS
    ours = fit(
        data=(X, y),
        kind="real",
        sample_weight=weights,
        hidden_layer_sizes=(),
        solver=solver,
        alpha=30.0,
        l1_ratio=l1_ratio,
        learning_rate_init=rates[solver],
        max_iter=1500,
        batch_size=120,
        **stop,
    )
    theirs = linear_model.ElasticNet(
        30 / weights.sum(), l1_ratio=l1_ratio, tol=1e-12, max_iter=10000
    ).fit(X, y, weights)
    np.testing.assert_allclose(ours.coefs_[0].ravel(), theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercepts_[0], theirs.intercept_, atol=1e-4)
    np.testing.assert_array_equal(ours.coefs_[0].ravel() == 0, theirs.coef_ == 0)


@pytest.mark.parametrize("averaging", ["ema", "swa"])
def test_averages_of_sparse_weights_are_sparse(averaging):
    settings = {"l1_ratio": 1.0, "alpha": 3.0, "learning_rate_init": 0.02}
    mlp = fit("real", max_iter=200, weight_averaging=averaging, **ENDLESS, **settings)
    last = fit("real", max_iter=200, **ENDLESS, **settings)
    assert share_of_zeros(last) > 0.2
    np.testing.assert_array_equal(mlp.coefs_[0] == 0, last.coefs_[0] == 0)


# How near each optimizer comes to the minimum is a matter of its steps: at most 1e-6.
OPTIMIZERS = [
    SGD(learning_rate=0.1),
    SGD(learning_rate=0.1, nesterov=False),
    Adam(learning_rate=0.02),
    Adam(learning_rate=0.02, amsgrad=True),
    AdamW(learning_rate=0.02, weight_decay=0.0),
    NAdam(learning_rate=0.02),
    AdaGrad(learning_rate=0.5),
    RMSProp(learning_rate=0.01),
    RMSProp(learning_rate=0.01, momentum=0.9),
    RMSProp(learning_rate=0.01, momentum=0.9, centered=True),
    DeltaBarDelta(learning_rate=0.05),
    DeltaBarDelta(learning_rate=0.01, kappa=0.5),
    Averaged(SGD(learning_rate=0.1), decay=0.5),
    GradientClipping(Lookahead(Adam(learning_rate=0.02)), max_norm=0.5),
    Lookahead(SGD(learning_rate=0.1)),
    Lookahead(DeltaBarDelta(learning_rate=0.05)),
    Lookahead(GradientClipping(NAdam(learning_rate=0.05), max_norm=0.5), share=0.3),
    Scheduled(SGD(learning_rate=0.1), "cosine", n_steps=1500),
    WeightDecay(RMSProp(learning_rate=0.01), decay=0.0),
]


@pytest.mark.parametrize("max_grad_norm", [None, 0.3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_optimizer_ends_at_the_lasso(optimizer, max_grad_norm):
    X, y = problem("real")
    X[:, 3:] += X[:, :3]
    ours = fit(
        data=(X, y),
        kind="real",
        hidden_layer_sizes=(),
        solver=optimizer,
        learning_rate="cosine",
        max_grad_norm=max_grad_norm,
        alpha=12.0,
        l1_ratio=1.0,
        max_iter=1500,
        batch_size=120,
        **ENDLESS,
    )
    theirs = linear_model.Lasso(12 / 120, tol=1e-13).fit(X, y)
    assert 0 < (theirs.coef_ == 0).sum() < 6
    np.testing.assert_allclose(ours.coefs_[0].ravel(), theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercepts_[0], theirs.intercept_, atol=1e-6)
    np.testing.assert_array_equal(ours.coefs_[0].ravel() == 0, theirs.coef_ == 0)


@pytest.mark.parametrize("solver", ["sgd", "adam", "delta_bar_delta"])
def test_clipped_members_of_a_stack_are_as_alone(solver):
    X, y = problem("real")
    members = [
        MLPRegressor(
            hidden_layer_sizes=(4,),
            solver=solver,
            max_grad_norm=max_grad_norm,
            alpha=alpha,
            l1_ratio=l1_ratio,
            learning_rate_init=0.02,
            max_iter=30,
            random_state=seed,
        )
        for seed, (max_grad_norm, alpha, l1_ratio) in enumerate(
            [(0.05, 3.0, 1.0), (0.5, 3.0, 0.5), (0.05, 0.0, 0.0), (9.0, 5.0, 1.0)]
        )
    ]
    together = [clone(member) for member in members]
    fit_together([Request(member, X, y) for member in together])
    for member, stacked in zip(members, together, strict=True):
        alone = member.fit(X, y)
        for own, shared in zip(alone.coefs_, stacked.coefs_, strict=True):
            np.testing.assert_array_equal(own, shared)
