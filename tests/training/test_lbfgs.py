"""Full-batch training: loss and gradient in blocks, and where it ends."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skregnet.losses import SQUARED_ERROR
from skregnet.network import multilayer_perceptron
from skregnet.penalties import L2Penalty
from skregnet.training import (
    History,
    Member,
    Outcome,
    Plateau,
    Recipe,
    TrainingData,
    lbfgs,
    train_lbfgs,
)


class Listener:
    """An observer that stops after some epochs, or interrupts."""

    def __init__(self, stop_after=None, interrupt_after=None):
        self.stop_after, self.interrupt_after = stop_after, interrupt_after
        self.vectors, self.n_begun = [], 0

    def report(self, message):
        pass

    def epoch_begin(self):
        self.n_begun += 1

    def epoch_end(self, vector):
        self.vectors.append(vector)
        if len(self.vectors) == self.interrupt_after:
            raise KeyboardInterrupt
        return len(self.vectors) == self.stop_after


def make_member(
    network, n_rows, alpha=0.5, max_epochs=500, dtype=np.float64, listener=None
):
    """Return a regression with weights, on some of the rows only."""
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(n_rows + 5, 4)).astype(dtype)
    y = (X @ random_state.normal(size=(4, 2)) + 1).astype(dtype)
    y += random_state.normal(size=y.shape).astype(dtype)
    rows = random_state.permutation(n_rows + 5)[:n_rows]
    weights = random_state.uniform(0.2, 2, size=n_rows + 5)
    mean_weight = weights[rows].mean()
    scaled = (weights / mean_weight).astype(dtype)
    data = TrainingData(X, y, scaled, rows, mean_weight)
    vector = 0.3 * random_state.normal(size=network.layout.n_parameters)
    return Member(
        Recipe(network, penalties=(L2Penalty(alpha / mean_weight),)),
        data,
        vector.astype(dtype),
        Plateau(0, 1),
        History(),
        listener or Listener(),
        max_epochs,
    )


def evaluate(member, block_rows, monkeypatch):
    """Return loss and gradient at the member's parameters."""
    monkeypatch.setattr(lbfgs, "_BLOCK_ROWS", block_rows)
    return lbfgs._Problem(member).value_and_gradient(member.vector)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("n_rows", [1023, 1024, 1025, 2500])
def test_blocks_equal_the_whole(n_rows, container, monkeypatch):
    thin = container is sparse.csr_array
    network = multilayer_perceptron((4, 5, 2), "tanh", SQUARED_ERROR, sparse=thin)
    member = make_member(network, n_rows)
    member.data = dataclasses.replace(member.data, inputs=container(member.data.inputs))
    loss, gradient = evaluate(member, 1024, monkeypatch)
    whole_loss, whole_gradient = evaluate(member, 10_000, monkeypatch)
    np.testing.assert_allclose(loss, whole_loss, rtol=1e-13)
    np.testing.assert_allclose(gradient, whole_gradient, rtol=1e-10, atol=1e-14)


def ridge(member):
    """Return the minimum for a linear network, by the normal equations."""
    data = member.data
    X = np.column_stack([data.inputs[data.rows], np.ones(len(data.rows))])
    weights = data.weights[data.rows, np.newaxis] * data.mean_weight
    alpha = member.recipe.penalties[0].strength * data.mean_weight
    penalty = alpha * np.diag([1.0, 1.0, 1.0, 1.0, 0.0])
    return np.linalg.solve(
        X.T @ (weights * X) + penalty, X.T @ (weights * data.targets[data.rows])
    )


@pytest.mark.parametrize("n_rows", [40, 1500])
@pytest.mark.parametrize("alpha", [0.0, 20.0])
def test_linear_network_is_weighted_ridge(alpha, n_rows):
    network = multilayer_perceptron((4, 2), "relu", SQUARED_ERROR)
    member = make_member(network, n_rows, alpha)
    result = train_lbfgs(member, tol=1e-10, max_fun=10_000)
    (coefs,), (intercepts,) = network.layout.unpack(member.vector)
    expected = ridge(member)
    np.testing.assert_allclose(coefs, expected[:4], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(intercepts, expected[4], rtol=1e-4, atol=1e-5)
    assert member.outcome is Outcome.CONVERGED
    assert member.n_epochs == result.nit == len(member.history.losses)
    assert member.history.losses[-1] == result.fun
    assert -member.plateau.best == min(member.history.losses)


def test_float32_is_fitted_in_float64():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    single = make_member(network, 60, dtype=np.float32, max_epochs=30)
    data = single.data
    double = dataclasses.replace(
        single,
        data=TrainingData(
            data.inputs.astype(np.float64),
            data.targets.astype(np.float64),
            data.weights.astype(np.float64),
            data.rows,
            data.mean_weight,
        ),
        vector=single.vector.astype(np.float64),
        history=History(),
        plateau=Plateau(0, 1),
        observer=Listener(),
    )
    for member in (single, double):
        train_lbfgs(member, tol=1e-5, max_fun=1000)
    assert single.vector.dtype == np.float32
    np.testing.assert_array_equal(single.vector, double.vector.astype(np.float32))
    assert single.history.losses == double.history.losses


def test_ends():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    short = make_member(network, 40, max_epochs=3)
    train_lbfgs(short, tol=0, max_fun=1000)
    assert (short.outcome, short.n_epochs) == (Outcome.OUT_OF_EPOCHS, 3)
    assert short.observer.n_begun == 3

    stopped = make_member(network, 40, listener=Listener(stop_after=4))
    train_lbfgs(stopped, tol=0, max_fun=1000)
    assert (stopped.outcome, stopped.n_epochs) == (Outcome.STOPPED, 4)
    np.testing.assert_array_equal(stopped.vector, stopped.observer.vectors[-1])


def test_interrupt_keeps_the_last_accepted_point():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    member = make_member(network, 40, listener=Listener(interrupt_after=4))
    assert train_lbfgs(member, tol=0, max_fun=1000) is None
    assert member.outcome is Outcome.INTERRUPTED
    np.testing.assert_array_equal(member.vector, member.observer.vectors[-1])
