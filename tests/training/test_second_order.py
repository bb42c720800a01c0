"""Solvers that go by the Hessian: where they end, and what they are better at."""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine

from skregnet import MLPClassifier, MLPRegressor
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.mean_loss import MeanLoss
from skregnet._training import (
    History,
    Outcome,
    Plateau,
    eigen_step,
    train_eigen_step,
    train_lbfgs,
    train_newton_cg,
)
from skregnet.curvature import HessianOperator, eigenvalues, gradient, step_sizes
from tests.training.stand_ins import Listener, make_member, ridge

SOLVERS = {"newton_cg": train_newton_cg, "eigen_step": train_eigen_step}

# What products and bare losses cost in gradients, measured on small networks.
PRODUCT, LOSS = 2.5, 0.4


def train(solver, member, tol=1e-8, max_fun=10_000, learning_rate=10.0):
    """Train by one solver, with a rate where there is one."""
    member.learning_rate = learning_rate
    SOLVERS[solver](member, tol=tol, max_fun=max_fun)
    return member


def endless(network, n_rows=40, **parameters):
    """Return a member that no plateau ends."""
    member = make_member(network, n_rows, **parameters)
    member.plateau = Plateau(0, np.inf)
    return member


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("n_rows", [40, 1500])
@pytest.mark.parametrize("alpha", [0.0, 20.0])
def test_linear_network_is_weighted_ridge(solver, alpha, n_rows):
    network = multilayer_perceptron((4, 2), "relu", SQUARED_ERROR)
    member = train(solver, endless(network, n_rows, alpha=alpha, max_epochs=2000))
    (coefs,), (intercepts,) = network.layout.unpack(member.vector)
    expected = ridge(member)
    np.testing.assert_allclose(coefs, expected[:4], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(intercepts, expected[4], rtol=1e-5, atol=1e-7)
    assert member.outcome is Outcome.CONVERGED
    assert member.n_epochs == len(member.history.losses) == member.observer.n_begun


@pytest.mark.parametrize("solver", SOLVERS)
def test_float32_is_fitted_in_float64(solver):
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    single = endless(network, dtype=np.float32, max_epochs=20)
    data = single.data
    double = dataclasses.replace(
        single,
        data=dataclasses.replace(
            data,
            inputs=data.inputs.astype(np.float64),
            targets=data.targets.astype(np.float64),
            weights=data.weights.astype(np.float64),
        ),
        vector=single.vector.astype(np.float64),
        history=History(),
        plateau=Plateau(0, np.inf),
        observer=Listener(),
    )
    for member in (single, double):
        train(solver, member)
    assert single.vector.dtype == np.float32
    np.testing.assert_array_equal(single.vector, double.vector.astype(np.float32))
    assert single.history.losses == double.history.losses


@pytest.mark.parametrize("solver", SOLVERS)
def test_ends(solver):
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    short = train(solver, endless(network, max_epochs=3), tol=0)
    assert (short.outcome, short.n_epochs) == (Outcome.OUT_OF_EPOCHS, 3)
    assert short.observer.n_begun == 3

    few = train(solver, endless(network), tol=0, max_fun=4)
    assert few.outcome is Outcome.OUT_OF_EVALUATIONS
    assert 1 <= few.n_epochs <= 4

    stopped = train(solver, endless(network, listener=Listener(stop_after=4)), tol=0)
    assert (stopped.outcome, stopped.n_epochs) == (Outcome.STOPPED, 4)
    np.testing.assert_array_equal(stopped.vector, stopped.observer.vectors[-1])

    interrupted = endless(network, listener=Listener(interrupt_after=4))
    train(solver, interrupted, tol=0)
    assert interrupted.outcome is Outcome.INTERRUPTED
    np.testing.assert_array_equal(interrupted.vector, interrupted.observer.vectors[-1])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_larger_tolerance_ends_sooner(solver):
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    n_epochs, sizes = [], []
    for tol in (1e-2, 1e-4, 1e-6):
        member = train(solver, endless(network, max_epochs=5000), tol=tol)
        assert member.outcome is Outcome.CONVERGED
        loss = MeanLoss(network, member.data, member.recipe.penalties)
        slope = loss.value_and_gradient(member.vector)[1]
        norm = np.linalg.norm if solver == "newton_cg" else lambda g: abs(g).max()
        sizes.append(norm(slope) <= tol)
        n_epochs.append(member.n_epochs)
    assert all(sizes)
    assert n_epochs == sorted(set(n_epochs))


@pytest.mark.parametrize("solver", SOLVERS)
def test_frozen_layers_stay(solver):
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    member = endless(network, max_epochs=10)
    member.recipe = dataclasses.replace(member.recipe, n_frozen=1)
    start = member.vector.copy()
    train(solver, member)
    moved = member.vector != start
    frozen = np.zeros(len(start), dtype=bool)
    for part in network.layout.first_layers(1):
        frozen[part] = True
    np.testing.assert_array_equal(moved, ~frozen)


def test_eigen_step_takes_the_steps_of_the_formula(monkeypatch):
    monkeypatch.setattr(eigen_step, "_ACCURACY", 0.0)
    monkeypatch.setattr(eigen_step, "_LENGTHS", np.array([]))
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    member = endless(network, max_epochs=1)
    start = member.vector.copy()
    loss = MeanLoss(network, member.data, member.recipe.penalties)
    hessian = loss.products(start, np.eye(len(start)))
    values, vectors = np.linalg.eigh(hessian)
    leading = np.argsort(np.abs(values))[-eigen_step.N_LEADING :]
    slope = loss.value_and_gradient(start)[1]
    train("eigen_step", member, learning_rate=0.01)
    parts = vectors.T @ slope
    sizes = np.full(
        len(values), step_sizes([np.abs(values[leading]).min()], 0.01).item()
    )
    sizes[leading] = step_sizes(values[leading], 0.01)
    expected = start - vectors @ (sizes * parts)
    np.testing.assert_allclose(member.vector, expected, rtol=1e-3, atol=1e-5)


def test_eigen_step_survives_rates_that_overshoot():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    for learning_rate in (1e-3, 1.0, 1e3, 1e6):
        member = endless(network, max_epochs=200)
        train("eigen_step", member, learning_rate=learning_rate)
        losses = np.array(member.history.losses)
        assert (np.diff(losses) <= 0).all()
    fast = train("eigen_step", endless(network, max_epochs=50), learning_rate=1.0)
    slow = train("eigen_step", endless(network, max_epochs=50), learning_rate=0.01)
    assert fast.history.losses[-1] < slow.history.losses[-1]


def test_eigen_step_leaves_a_saddle():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    member = endless(network, alpha=0.0, max_epochs=400)
    # All weights 0, and the biases of the outputs the means of the targets.
    member.vector = np.zeros_like(member.vector)
    rows, weights = member.data.rows, member.data.weights[member.data.rows]
    member.vector[-2:] = np.average(member.data.targets[rows], axis=0, weights=weights)
    loss = MeanLoss(network, member.data)
    value, slope = loss.value_and_gradient(member.vector)
    assert np.abs(slope).max() < 1e-12
    assert np.linalg.eigvalsh(loss.products(member.vector, np.eye(len(slope))))[0] < 0
    stuck = make_member(network, 40, alpha=0.0, max_epochs=400)
    stuck.vector = member.vector.copy()
    train_lbfgs(stuck, tol=1e-8, max_fun=1000)
    assert loss.value(stuck.vector) == pytest.approx(value)
    train("eigen_step", member)
    assert loss.value(member.vector) < 0.6 * value


def test_eigen_step_where_nothing_curves():
    network = multilayer_perceptron((4, 3, 2), "relu", SQUARED_ERROR)
    member = endless(network, alpha=0.0, max_epochs=3)
    # No unit is on for any row, and the outputs' biases are frozen.
    member.vector[: network.layout.n_weights] = 0
    member.vector[network.layout.n_weights :] = -1
    member.recipe = dataclasses.replace(member.recipe, n_frozen=2)
    start = member.vector.copy()
    train("eigen_step", member)
    np.testing.assert_array_equal(member.vector, start)
    assert member.outcome is Outcome.CONVERGED


def counted(monkeypatch, estimator, X, y):
    """Fit, and return costs in gradients with the lowest loss known by then."""
    losses, cost = [], 0.0
    original = MeanLoss.value_and_gradient, MeanLoss.products, MeanLoss.value

    def value_and_gradient(self, vector):
        nonlocal cost
        found = original[0](self, vector)
        cost += 1
        losses.append((cost, found[0]))
        return found

    def products(self, vector, directions, **kwargs):
        nonlocal cost
        cost += PRODUCT * len(directions)
        return original[1](self, vector, directions, **kwargs)

    def value(self, vector):
        nonlocal cost
        cost += LOSS
        return original[2](self, vector)

    with monkeypatch.context() as patches:
        patches.setattr(MeanLoss, "value_and_gradient", value_and_gradient)
        patches.setattr(MeanLoss, "products", products)
        patches.setattr(MeanLoss, "value", value)
        estimator.fit(X, y)
    return losses


def lowest(losses, budget):
    """Return the lowest loss within a number of gradients."""
    return min(loss for cost, loss in losses if cost <= budget)


ENDLESS = {"tol": 1e-12, "n_iter_no_change": np.inf, "random_state": 0}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_newton_cg_is_ahead_of_lbfgs_where_it_is_ill_conditioned(monkeypatch):
    X, y = load_wine(return_X_y=True)
    X /= X.std()  # of all features at once: their scales differ by thousands
    budget = 3_000
    logs = []
    for seed in range(3):  # on average: rounding decides a single run
        settings = {**ENDLESS, "hidden_layer_sizes": (20,), "activation": "tanh"}
        settings["random_state"] = seed
        newton = MLPClassifier(solver="newton_cg", max_iter=300, **settings)
        lbfgs = MLPClassifier(
            solver="lbfgs", max_iter=budget, max_fun=budget, **settings
        )
        found = lowest(counted(monkeypatch, newton, X, y), budget)
        logs.append(np.log(found / lowest(counted(monkeypatch, lbfgs, X, y), budget)))
    assert np.mean(logs) < np.log(0.92), np.exp(logs)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_eigen_step_is_ahead_of_sgd_where_it_is_ill_conditioned(monkeypatch):
    X, y = load_wine(return_X_y=True)
    X /= X.std()
    settings = {"hidden_layer_sizes": (20,), "activation": "tanh", **ENDLESS}
    budget = 3_000
    steps = MLPClassifier(
        solver="eigen_step", learning_rate_init=10, max_iter=1300, **settings
    )
    found = counted(monkeypatch, steps, X, y)
    assert found[-1][0] < 1.5 * budget
    for momentum in (0.0, 0.9):
        for rate in (0.01, 0.1, 1.0):
            sgd = MLPClassifier(
                solver="sgd",
                learning_rate_init=rate,
                momentum=momentum,
                batch_size=len(X),
                max_iter=budget,
                **settings,
            ).fit(X, y)
            assert lowest(found, budget) < 0.5 * min(sgd.loss_curve_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", SOLVERS)
def test_validation_data_stop_and_keep_the_best(solver):
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    mlp = MLPRegressor(
        hidden_layer_sizes=(20,),
        solver=solver,
        learning_rate_init=10,
        early_stopping=True,
        n_iter_no_change=5,
        max_iter=300,
        alpha=0.0,
        activation="tanh",
        random_state=0,
    ).fit(20 * X, y)
    assert len(mlp.validation_scores_) == mlp.n_iter_ < 300
    assert max(mlp.validation_scores_) == mlp.best_validation_score_
    held = MLPRegressor(**mlp.get_params())
    held.fit(20 * X[:300], y[:300], X_val=20 * X[300:], y_val=y[300:])
    assert held.score(20 * X[300:], y[300:]) == held.best_validation_score_
    plain = MLPRegressor(**mlp.get_params()).set_params(early_stopping=False)
    plain.fit(20 * X[:300], y[:300])
    assert plain.score(20 * X[300:], y[300:]) < held.best_validation_score_


@pytest.mark.parametrize("solver", SOLVERS)
def test_ends_at_a_minimum_of_the_penalised_loss(solver):
    X, y = load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    mlp = MLPClassifier(
        (5,),
        solver=solver,
        activation="tanh",
        alpha=1.0,
        tol=1e-7,
        n_iter_no_change=np.inf,
        learning_rate_init=10,
        max_iter=5000,
        random_state=0,
    ).fit(X, y)
    assert np.abs(gradient(mlp, X, y, penalties=True)).max() < 1e-6
    operator = HessianOperator(mlp, X, y, penalties=True)
    # The same number added to all outputs' biases changes nothing: one is zero.
    second, first = eigenvalues(operator, 2, "SA")
    assert second > 1e-4
    assert abs(first) < 1e-12


@pytest.mark.parametrize("solver", SOLVERS)
def test_warnings(solver):
    X, y = load_wine(return_X_y=True)
    X /= X.std(axis=0)
    mlp = MLPClassifier(solver=solver, max_iter=2, tol=0.0, learning_rate_init=1)
    with pytest.warns(UserWarning, match=rf"{solver}: Maximum iterations \(2\)"):
        mlp.fit(X, y)
    mlp.set_params(max_iter=100, max_fun=5)
    with pytest.warns(UserWarning, match=rf"{solver}: Maximum evaluations .*\(5\)"):
        mlp.fit(X, y)
