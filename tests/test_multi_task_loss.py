"""The loss of several tasks, against loops over rows and finite differences."""

import math

import numpy as np
import pytest

from skregnet._networks.build import Heads, multilayer_perceptron
from skregnet._networks.layers import BlockDense, BlockReadout, Pass, TaskUncertainty
from skregnet._networks.losses import (
    BINARY_LOG_LOSS,
    LOG_LOSS,
    SQUARED_ERROR,
    MultiTaskLoss,
)
from skregnet._networks.network import Batch
from tests import references
from tests.cases import ACTIVATION_NAMES, indicators, one_hot, reals

N_ROWS, N_FEATURES = 7, 3
SCALE = 0.25
FLOAT64 = np.dtype(np.float64)

# Loss, name in the references, maker of targets and number of outputs of each task.
BINARY = (BINARY_LOG_LOSS, "logistic", indicators, 1)
MULTICLASS = (LOG_LOSS, "multiclass", one_hot, 3)
NUMBER = (SQUARED_ERROR, "squared", reals, 1)
NUMBERS = (SQUARED_ERROR, "squared", reals, 2)
MIXTURES = {
    "binary": [BINARY],
    "two binary": [BINARY, BINARY],
    "multiclass, number": [MULTICLASS, NUMBER],
    "all": [NUMBERS, BINARY, MULTICLASS, NUMBER],
}
mixtures = pytest.mark.parametrize("tasks", MIXTURES.values(), ids=MIXTURES)
both_kinds = pytest.mark.parametrize("learned", [False, True])


def loss_of(tasks, learned):
    """Return the loss of some tasks."""
    parts, _, _, sizes = zip(*tasks, strict=True)
    return MultiTaskLoss(parts, sizes, learned)


def draw(tasks, n_members, learned):
    """Return outputs, targets with counts behind them, and weights of rows."""
    random_state = np.random.RandomState(0)
    n_outputs = sum(size for *_, size in tasks) + learned * len(tasks)
    outputs = random_state.normal(size=(n_members, n_outputs, N_ROWS))
    if learned:
        outputs[:, -len(tasks) :] = outputs[:, -len(tasks) :, :1]
    targets = []
    for _ in range(n_members):
        own = [make(random_state, N_ROWS, size).T for _, _, make, size in tasks]
        counts = random_state.uniform(0.5, 2, size=(len(tasks), N_ROWS))
        counts[random_state.uniform(size=counts.shape) < 0.3] = 0
        targets.append(np.vstack([*own, counts]))
    weights = random_state.uniform(0.1, 3, size=(n_members, 1, N_ROWS))
    return outputs, np.array(targets), weights


def evaluate(loss, outputs, targets, weights, scale=SCALE):
    """Return values and gradients."""
    gradient = outputs.copy()
    workspace = loss.workspace(*outputs.shape, outputs.dtype)
    values = loss.value_and_gradient(gradient, targets, weights, scale, workspace)
    return np.broadcast_to(values, len(outputs)), gradient


def slow_value(tasks, outputs, targets, weights, learned):
    """Return the loss of one member, task by task and row by row."""
    total, start = 0.0, 0
    n_outputs = sum(size for *_, size in tasks)
    for k, (_, name, _, size) in enumerate(tasks):
        own = slice(start, start + size)
        of_task = sum(
            SCALE
            * (1 if weights is None else weights[0, row])
            * targets[n_outputs + k, row]
            * references.LOSSES[name](outputs[own, row], targets[own, row])
            for row in range(N_ROWS)
        )
        if learned:
            s = outputs[n_outputs + k, 0]
            of_task = math.exp(-s) * of_task + SCALE * N_ROWS * s / 2
        total += of_task
        start += size
    return total


@both_kinds
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
@mixtures
def test_value(tasks, n_members, weighted, learned):
    outputs, targets, weights = draw(tasks, n_members, learned)
    loss = loss_of(tasks, learned)
    values, _ = evaluate(loss, outputs, targets, weights if weighted else None)
    expected = [
        slow_value(
            tasks, outputs[k], targets[k], weights[k] if weighted else None, learned
        )
        for k in range(n_members)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


@both_kinds
@pytest.mark.parametrize("weighted", [False, True])
@mixtures
def test_gradient(tasks, weighted, learned):
    outputs, targets, weights = draw(tasks, 2, learned)
    weights = weights if weighted else None
    loss = loss_of(tasks, learned)
    _, gradient = evaluate(loss, outputs, targets, weights)
    n_outputs = sum(loss.sizes)
    expected = references.central_differences(
        lambda changed: evaluate(loss, changed, targets, weights)[0], outputs
    )
    np.testing.assert_allclose(
        gradient[:, :n_outputs], expected[:, :n_outputs], rtol=1e-6, atol=1e-8
    )
    if learned:
        # A row holds one number: what counts is its gradient over all cases.
        for k in range(n_outputs, n_outputs + len(tasks)):
            rise = [
                evaluate(loss, shifted(outputs, k, step), targets, weights)[0]
                for step in (1e-6, -1e-6)
            ]
            np.testing.assert_allclose(
                gradient[:, k].sum(axis=1), (rise[0] - rise[1]) / 2e-6, rtol=1e-6
            )


def shifted(outputs, row, step):
    """Return outputs with one row moved."""
    outputs = outputs.copy()
    outputs[:, row] += step
    return outputs


@both_kinds
@mixtures
def test_a_member_alone(tasks, learned):
    outputs, targets, weights = draw(tasks, 3, learned)
    loss = loss_of(tasks, learned)
    values, gradients = evaluate(loss, outputs, targets, weights)
    for k in range(3):
        own = slice(k, k + 1)
        value, gradient = evaluate(loss, outputs[own], targets[own], weights[own])
        np.testing.assert_allclose(values[k], value[0], rtol=1e-14)
        np.testing.assert_array_equal(gradients[k], gradient[0])


@both_kinds
@mixtures
def test_targets_that_do_not_count(tasks, learned):
    outputs, targets, weights = draw(tasks, 2, learned)
    loss = loss_of(tasks, learned)
    n_outputs = sum(loss.sizes)
    before = evaluate(loss, outputs, targets, weights)
    for k, own in enumerate(loss.outputs_of_tasks):
        absent = targets[:, n_outputs + k : n_outputs + k + 1] == 0
        absent = np.broadcast_to(absent, targets[:, own].shape)
        assert absent.any()
        np.testing.assert_array_equal(before[1][:, own][absent], 0)
        targets[:, own][absent] = 0
    after = evaluate(loss, outputs, targets, weights)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


@mixtures
def test_output_activations(tasks):
    names = {"logistic": "logistic", "multiclass": "softmax", "squared": "identity"}
    loss = loss_of(tasks, False)
    assert loss.output_activation == tuple(names[name] for _, name, *_ in tasks)


def make_network(n_hidden, activation, batch_norm, learned, **layers):
    """Return a network of four tasks, a batch and vectors of two members."""
    tasks = MIXTURES["all"]
    loss = loss_of(tasks, learned)
    n_tasks, n_outputs = len(tasks), sum(loss.sizes)
    of_heads = (3 * n_tasks, 2 * n_tasks)[:n_hidden]
    network = multilayer_perceptron(
        (N_FEATURES, 4, *of_heads, n_outputs),
        activation,
        loss,
        batch_norm=batch_norm,
        heads=Heads(n_hidden, loss.sizes, learned),
        **layers,
    )
    random_state = np.random.RandomState(1)
    _, targets, weights = draw(tasks, 2, learned)
    inputs = random_state.normal(size=(2, N_ROWS, N_FEATURES))
    vectors = 0.5 * random_state.normal(size=(2, network.layout.n_parameters))
    return network, Batch(inputs, targets, weights), vectors


def loss_and_gradient(network, batch, vectors):
    """Return losses and gradients of both members in training."""
    gradient = np.full_like(vectors, 9)
    values = network.loss_and_gradient(
        batch,
        network.layout.views(vectors.copy()),
        network.layout.views(gradient),
        network.workspace(2, N_ROWS, FLOAT64),
        Pass(True, SCALE, batch.weights),
    )
    return np.broadcast_to(values, 2).copy(), gradient


def assert_gradient(network, batch, vectors):
    """Compare with central differences, but for what has no gradient."""
    _, gradient = loss_and_gradient(network, batch, vectors)
    expected = references.central_differences(
        lambda changed: loss_and_gradient(network, batch, changed)[0], vectors
    )
    fixed = np.zeros_like(vectors)
    for layer in network.layout.views(fixed):
        for name in {"statistics", "n_batches"} & layer.keys():
            layer[name][...] = 1
    moves = fixed == 0
    np.testing.assert_allclose(gradient[moves], expected[moves], rtol=2e-5, atol=1e-7)


@both_kinds
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
@pytest.mark.parametrize("n_hidden", [0, 1, 2])
def test_networks(n_hidden, batch_norm, learned):
    problem = make_network(n_hidden, "tanh", batch_norm, learned)
    assert_gradient(*problem)
    # The first layer of the heads is whole, the others are in blocks.
    layers = problem[0].layers
    assert sum(isinstance(layer, BlockDense) for layer in layers) == max(
        n_hidden - 1, 0
    )
    assert sum(isinstance(layer, BlockReadout) for layer in layers) == (n_hidden > 0)
    assert isinstance(layers[-1], TaskUncertainty) == learned


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("n_hidden", [0, 1, 2])
def test_activations(n_hidden, activation):
    assert_gradient(*make_network(n_hidden, activation, None, True))


@pytest.mark.parametrize("n_hidden", [0, 2])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_value_of_a_network(activation, n_hidden):
    network, batch, vectors = make_network(n_hidden, activation, None, False)
    values, _ = loss_and_gradient(network, batch, vectors)
    for k in range(2):
        coefs, intercepts = network.unpack(vectors[k])
        outputs = [
            references.forward(row, coefs, intercepts, activation)
            for row in batch.inputs[k]
        ]
        expected = slow_value(
            MIXTURES["all"],
            np.transpose(outputs),
            batch.targets[k],
            batch.weights[k],
            False,
        )
        assert values[k] == pytest.approx(expected, rel=1e-10)


@both_kinds
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
def test_there_and_back(batch_norm, learned):
    network, _, vectors = make_network(2, "relu", batch_norm, learned)
    packed = network.pack(*network.unpack(vectors[0]))
    n_rest = len(network.layout.rest(vectors[0]))
    kept = slice(None, len(packed) - n_rest)
    np.testing.assert_array_equal(packed[kept], vectors[0, kept])
    rest = network.layout.views(packed[np.newaxis])[-1]
    assert ("log_variances" in rest) == learned
    # What weighs tasks starts where all weigh 1.
    np.testing.assert_array_equal(rest.get("log_variances", 0), 0)
