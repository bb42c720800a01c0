"""Full-batch training: loss and gradient in blocks, and where it ends."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import ElasticNet

from skregnet._networks import mean_loss
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.penalties import L1Penalty, L2Penalty
from skregnet._training import (
    History,
    Outcome,
    Plateau,
    Recipe,
    TrainingData,
    lbfgs,
    train_lbfgs,
)
from tests import references
from tests.training.stand_ins import Listener, make_member, ridge


def evaluate(member, block_rows, monkeypatch):
    """Return loss and gradient at the member's parameters."""
    monkeypatch.setattr(mean_loss, "_BLOCK_ROWS", block_rows)
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


def sparsified(network, n_rows, *penalties, **changes):
    """Return a member with other penalties on its weights."""
    member = make_member(network, n_rows, **changes)
    member.recipe = Recipe(network, penalties=penalties)
    return member


@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_linear_network_is_elastic_net(alpha, l1_ratio):
    n_rows = 60
    network = multilayer_perceptron((4, 2), "relu", SQUARED_ERROR)
    # Penalties are divided by the number of rows, scikit-learn's are not.
    strength = alpha * n_rows
    member = sparsified(
        network,
        n_rows,
        L1Penalty(strength * l1_ratio),
        L2Penalty(strength * (1 - l1_ratio)),
    )
    result = train_lbfgs(member, tol=1e-9, max_fun=10_000)
    (coefs,), (intercepts,) = network.layout.unpack(member.vector)
    data = member.data
    for output in range(2):
        reference = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-12)
        reference.fit(
            data.inputs[data.rows],
            data.targets[data.rows, output],
            sample_weight=data.weights[data.rows],
        )
        expected = reference.coef_
        np.testing.assert_allclose(coefs[:, output], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            intercepts[output], reference.intercept_, rtol=1e-4, atol=1e-5
        )
        np.testing.assert_array_equal(coefs[:, output] == 0, expected == 0)
    if alpha == 0.3:
        assert 0 < (coefs == 0).sum() < coefs.size
    loss = 0.5 * np.sum(
        data.weights[data.rows, np.newaxis]
        * (data.inputs[data.rows] @ coefs + intercepts - data.targets[data.rows]) ** 2
    )
    penalty = l1_ratio * abs(coefs).sum() + (1 - l1_ratio) / 2 * (coefs**2).sum()
    np.testing.assert_allclose(result.fun, loss / n_rows + alpha * penalty, rtol=1e-9)
    assert member.history.losses[-1] == result.fun


def test_split_weights_have_the_gradient_of_their_parts():
    network = multilayer_perceptron((4, 3, 2), "tanh", SQUARED_ERROR)
    member = sparsified(network, 20, L1Penalty(2.0), L1Penalty(1.0), L2Penalty(0.5))
    problem = lbfgs._Problem(member)
    n_split, start = network.layout.n_weights, problem.start
    assert len(start) == len(member.vector) + n_split
    np.testing.assert_array_equal(problem.vector_of(start), member.vector)
    assert (start[: 2 * n_split] >= 0).all()
    assert (start[:n_split] * start[n_split : 2 * n_split] == 0).all()
    assert (problem.bounds.lb[: 2 * n_split] == 0).all()
    assert np.isneginf(problem.bounds.lb[2 * n_split :]).all()

    value, gradient = problem.value_and_gradient(start)
    expected = references.central_differences(
        lambda at: problem.value_and_gradient(at)[0], start
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)

    smooth = sparsified(network, 20, L2Penalty(0.5))
    plain, _ = lbfgs._Problem(smooth).value_and_gradient(smooth.vector)
    magnitudes = abs(member.vector[:n_split]).sum()
    np.testing.assert_allclose(value, plain + 3.0 / 20 * magnitudes, rtol=1e-12)


def test_hidden_weights_become_zero_but_no_biases():
    network = multilayer_perceptron((4, 5, 2), "tanh", SQUARED_ERROR)
    member = sparsified(network, 60, L1Penalty(5.0))
    train_lbfgs(member, tol=1e-6, max_fun=10_000)
    coefs, intercepts = network.layout.unpack(member.vector)
    n_zero = sum((layer == 0).sum() for layer in coefs)
    assert 0 < n_zero < network.layout.n_weights
    assert all(biases.all() for biases in intercepts)
    # All vectors that the observer is shown are those of the network.
    assert len(member.observer.vectors[-1]) == len(member.vector)
    np.testing.assert_array_equal(member.observer.vectors[-1], member.vector)
