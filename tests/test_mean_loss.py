"""Second derivatives of a network, against differences of its gradient."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks import mean_loss as module
from skregnet._networks.batches import TrainingData
from skregnet._networks.build import Heads, multilayer_perceptron
from skregnet._networks.losses import (
    BINARY_LOG_LOSS,
    LOG_LOSS,
    POISSON,
    SQUARED_ERROR,
    MultiTaskLoss,
)
from skregnet._networks.mean_loss import MeanLoss
from skregnet._networks.penalties import (
    DivergenceActivity,
    L1Activity,
    L1Penalty,
    L2Activity,
    L2Penalty,
)
from tests import references
from tests.cases import ACTIVATION_NAMES, LOSSES, one_hot, reals

N_ROWS, N_FEATURES = 11, 4

TASKS = MultiTaskLoss((LOG_LOSS, SQUARED_ERROR), (3, 2))
LEARNING = MultiTaskLoss((LOG_LOSS, SQUARED_ERROR), (3, 2), learns_weights=True)


def random_data(make_targets, n_outputs, *, weighted=False, is_sparse=False):
    """Return rows to learn from: some of those there are, one of them twice."""
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(N_ROWS + 3, N_FEATURES))
    if is_sparse:
        X[random_state.uniform(size=X.shape) < 0.5] = 0
        X = sparse.csr_array(X)
    targets = make_targets(random_state, N_ROWS + 3, n_outputs)
    rows = np.append(random_state.permutation(N_ROWS + 3)[: N_ROWS - 1], 2)
    weights = random_state.uniform(0.1, 2.0, N_ROWS + 3) if weighted else None
    return TrainingData(X, targets, weights, rows)


def task_targets(random_state, n_rows, n_outputs):
    """Return targets of two tasks, and how much each row counts in each."""
    own = one_hot(random_state, n_rows, 3), reals(random_state, n_rows, 2)
    counts = random_state.choice([0.0, 1.0, 0.7], size=(n_rows, 2))
    return np.hstack([*own, counts])


def assert_derivatives(loss, vector=None):
    """Compare gradient and products with differences; return the Hessian."""
    n_parameters = loss.n_parameters
    if vector is None:
        vector = 0.5 * np.random.RandomState(1).normal(size=n_parameters)
    value, gradient = loss.value_and_gradient(vector)
    assert loss.value(vector) == pytest.approx(value, rel=1e-12)
    found = references.central_differences(loss.value, vector)
    np.testing.assert_allclose(gradient, found, atol=1e-7)
    hessian = loss.products(vector, np.eye(n_parameters))
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-13)
    step = 1e-5
    for k in range(n_parameters):
        there, back = vector.copy(), vector.copy()
        there[k] += step
        back[k] -= step
        change = loss.value_and_gradient(there)[1] - loss.value_and_gradient(back)[1]
        np.testing.assert_allclose(hessian[k], change / (2 * step), atol=1e-6)
    return hessian


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
@pytest.mark.parametrize("case", LOSSES, ids=lambda case: case[0])
def test_hessian(case, name):
    _, loss, make_targets, (_, n_outputs) = case
    network = multilayer_perceptron((N_FEATURES, 3, 2, n_outputs), name, loss)
    data = random_data(make_targets, n_outputs, weighted=name in ("tanh", "relu"))
    assert_derivatives(MeanLoss(network, data, [L2Penalty(0.3)]))


@pytest.mark.parametrize("hidden", [(), (3,), (3, 2)])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_sparse_inputs(activation, hidden):
    data = random_data(one_hot, 3, is_sparse=True)
    dense = dataclasses.replace(data, inputs=data.inputs.toarray())
    units = (N_FEATURES, *hidden, 3)
    network = multilayer_perceptron(units, activation, LOG_LOSS, sparse=True)
    found = assert_derivatives(MeanLoss(network, data))
    network = multilayer_perceptron(units, activation, LOG_LOSS)
    expected = assert_derivatives(MeanLoss(network, dense))
    np.testing.assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("loss", [TASKS, LEARNING], ids=["given", "learned"])
@pytest.mark.parametrize("n_hidden", [0, 1, 2])
def test_several_tasks(n_hidden, loss, activation):
    hidden = (3, 4, 4)[: n_hidden + 1] if n_hidden else (3,)
    heads = Heads(n_hidden, loss.sizes, loss.learns_weights)
    network = multilayer_perceptron(
        (N_FEATURES, *hidden, 5), activation, loss, heads=heads
    )
    assert_derivatives(MeanLoss(network, random_data(task_targets, 5, weighted=True)))


@pytest.mark.parametrize(
    "penalty",
    [L1Activity(0.7), L2Activity(0.7), DivergenceActivity(0.7, 0.1)],
    ids=lambda penalty: type(penalty).__name__,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_penalties_on_activations(penalty, weighted):
    network = multilayer_perceptron(
        (N_FEATURES, 3, 2, 2), "logistic", SQUARED_ERROR, activity_penalty=penalty
    )
    assert_derivatives(MeanLoss(network, random_data(reals, 2, weighted=weighted)))


def test_l1_penalty():
    network = multilayer_perceptron((N_FEATURES, 2), "relu", SQUARED_ERROR)
    loss = MeanLoss(network, random_data(reals, 2), [L1Penalty(0.6)])
    assert_derivatives(loss, np.random.RandomState(2).choice([-0.5, 0.7], size=10))
    plain = MeanLoss(network, random_data(reals, 2))
    rest = np.zeros(10)
    np.testing.assert_array_equal(
        loss.value_and_gradient(rest)[1], plain.value_and_gradient(rest)[1]
    )


def test_frozen():
    network = multilayer_perceptron((N_FEATURES, 3, 2), "tanh", SQUARED_ERROR)
    data = random_data(reals, 2)
    frozen = network.layout.first_layers(1)
    vector = 0.5 * np.random.RandomState(1).normal(size=network.layout.n_parameters)
    is_free = np.ones(len(vector), dtype=bool)
    for part in frozen:
        is_free[part] = False
    assert is_free.sum() == 8
    free, part = MeanLoss(network, data), MeanLoss(network, data, frozen=frozen)
    np.testing.assert_array_equal(
        part.value_and_gradient(vector)[1],
        free.value_and_gradient(vector)[1] * is_free,
    )
    np.testing.assert_allclose(
        part.products(vector, np.eye(len(vector))),
        free.products(vector, np.eye(len(vector))) * np.outer(is_free, is_free),
        atol=1e-15,
    )


@pytest.mark.parametrize("case", LOSSES, ids=lambda case: case[0])
@pytest.mark.parametrize("activation", ["relu", "tanh", "mish"])
def test_gauss_newton(activation, case):
    _, loss, make_targets, (_, n_outputs) = case
    network = multilayer_perceptron((N_FEATURES, 3, 2, n_outputs), activation, loss)
    data = random_data(make_targets, n_outputs, weighted=True)
    mean = MeanLoss(network, data)
    vector = 0.5 * np.random.RandomState(1).normal(size=mean.n_parameters)
    found = mean.products(vector, np.eye(mean.n_parameters), gauss_newton=True)
    np.testing.assert_allclose(found, slow_gauss_newton(mean, data, vector), atol=1e-7)
    values = np.linalg.eigvalsh(found)
    assert values[0] > -1e-13 * values[-1]


def slow_gauss_newton(mean, data, vector):
    """Return the sum over rows of ``J.T @ H @ J``, all by differences."""
    network, rows = mean.network, data.rows
    total = np.zeros((len(vector), len(vector)))
    for row in rows:
        X = data.inputs[np.newaxis, [row]]

        def outputs(vector, X=X):
            workspace = network.workspace(1, 1, np.dtype(float))
            views = network.layout.views(vector[np.newaxis])
            return network.outputs(X, views, workspace)[0, :, 0].copy()

        jacobian = np.array(
            [
                references.central_differences(lambda v, k=k: outputs(v)[k], vector)
                for k in range(data.targets.shape[1])
            ]
        )
        hessian = outputs_hessian(network.loss.output_activation, outputs(vector))
        total += data.weights[row] * jacobian.T @ hessian @ jacobian
    return total / len(rows)


def outputs_hessian(name, outputs):
    """Return the second derivatives of a row's loss by its outputs."""
    if name == "softmax":
        shares = np.exp(outputs) / np.exp(outputs).sum()
        return np.diag(shares) - np.outer(shares, shares)
    if name == "logistic":
        return np.diag(1 / (2 + np.exp(outputs) + np.exp(-outputs)))
    return np.diag(np.exp(outputs) if name == "exp" else np.ones_like(outputs))


@pytest.mark.parametrize("loss", [SQUARED_ERROR, POISSON, BINARY_LOG_LOSS])
def test_gauss_newton_is_the_hessian_of_what_is_linear(loss):
    make_targets = {SQUARED_ERROR: reals}.get(loss, one_hot)
    network = multilayer_perceptron((N_FEATURES, 3), "relu", loss)
    mean = MeanLoss(network, random_data(make_targets, 3))
    vector = 0.5 * np.random.RandomState(1).normal(size=mean.n_parameters)
    eye = np.eye(mean.n_parameters)
    np.testing.assert_array_equal(
        mean.products(vector, eye), mean.products(vector, eye, gauss_newton=True)
    )
    # One linear layer upon another is no linear function of the parameters.
    deep = multilayer_perceptron((N_FEATURES, 2, 3), "identity", loss)
    mean = MeanLoss(deep, random_data(make_targets, 3))
    vector = 0.5 * np.random.RandomState(1).normal(size=mean.n_parameters)
    eye = np.eye(mean.n_parameters)
    difference = mean.products(vector, eye, gauss_newton=True) - assert_derivatives(
        mean
    )
    assert abs(difference).max() > 0.01


def test_blocks_change_nothing(monkeypatch):
    network = multilayer_perceptron((N_FEATURES, 3, 3), "tanh", LOG_LOSS)
    data = random_data(one_hot, 3, weighted=True)
    directions = np.random.RandomState(3).normal(size=(5, network.layout.n_parameters))
    vector = directions[0]

    def all_of(loss):
        value, gradient = loss.value_and_gradient(vector)
        return value, loss.value(vector), gradient, loss.products(vector, directions)

    at_once = all_of(MeanLoss(network, data))
    one_by_one = [
        MeanLoss(network, data).products(vector, direction[np.newaxis])[0]
        for direction in directions
    ]
    for name, size in (
        ("_BLOCK_ROWS", 4),
        ("_LEAST_ROWS", 3),
        ("_TANGENT_ROWS", 8),
        ("_MOST_DIRECTIONS", 2),
    ):
        monkeypatch.setattr(module, name, size)
    for found, expected in zip(all_of(MeanLoss(network, data)), at_once, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(at_once[3], one_by_one, rtol=1e-10, atol=1e-14)


def test_float32_data():
    network = multilayer_perceptron((N_FEATURES, 3, 2), "tanh", SQUARED_ERROR)
    data = random_data(reals, 2)
    single = dataclasses.replace(
        data,
        inputs=data.inputs.astype(np.float32),
        targets=data.targets.astype(np.float32),
    )
    assert_derivatives(MeanLoss(network, single))


@pytest.mark.parametrize("parameters", [{"dropout": [0.5]}, {"batch_norm": "after"}])
def test_networks_that_are_not_plain(parameters):
    network = multilayer_perceptron(
        (N_FEATURES, 3, 2), "tanh", SQUARED_ERROR, **parameters
    )
    mean = MeanLoss(network, random_data(reals, 2))
    vector = np.zeros(mean.n_parameters)
    with pytest.raises(ValueError, match="plain network, got a layer"):
        mean.products(vector, vector[np.newaxis])
