"""Loss and gradient of a stack, against loops and finite differences."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.batches import BatchLoader
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.penalties import L2Penalty
from skregnet._networks.stacking import stack_members
from skregnet._training import History, Member, Plateau, Recipe, TrainingData
from skregnet._training.objective import Objective
from tests import references
from tests.cases import ACTIVATION_NAMES, LOSSES

N_ROWS, N_FEATURES = 7, 3
FLOAT64 = np.dtype(np.float64)


def make_members(network, make_targets, n_outputs, n_members, weighted):
    """Return members with data, parameters and penalties of their own."""
    members = []
    for k in range(n_members):
        random_state = np.random.RandomState(k)
        weights, mean_weight = None, 1.0
        if weighted:
            weights = random_state.uniform(0.1, 3.0, N_ROWS)
            mean_weight = weights.mean()
            weights /= mean_weight
        data = TrainingData(
            random_state.normal(size=(N_ROWS, N_FEATURES)),
            make_targets(random_state, N_ROWS, n_outputs),
            weights,
            np.arange(N_ROWS),
            mean_weight,
        )
        vector = 0.4 * random_state.normal(size=network.layout.n_parameters)
        penalty = L2Penalty(0.3 * (k + 1) / mean_weight)
        recipe = Recipe(network, penalties=(penalty,))
        plateau, history = Plateau(0, 1), History()
        members.append(Member(recipe, data, vector, plateau, history, None, 1))
    return members


def evaluate(network, members, vectors):
    """Return losses and gradients of the members at other parameters."""
    recipe = stack_members([member.recipe for member in members])
    objective = Objective(recipe, vectors, FLOAT64)
    workspace = objective.workspace(N_ROWS)
    loader = BatchLoader([member.data for member in members], N_ROWS)
    batch = loader.load(np.array([member.data.rows for member in members]))
    loss = objective.value_and_gradient(batch, workspace, 1 / N_ROWS)
    return np.broadcast_to(loss, len(members)).copy(), objective.gradient.copy()


def slow_loss(network, member, name, activation):
    """Return loss plus penalty of one member, row by row."""
    coefs, intercepts = network.layout.unpack(member.vector)
    data = member.data
    weights = np.ones(N_ROWS) if data.weights is None else data.weights
    losses = [
        references.LOSSES[name](
            references.forward(row, coefs, intercepts, activation), targets
        )
        for row, targets in zip(data.inputs, data.targets, strict=True)
    ]
    squares = sum((layer**2).sum() for layer in coefs)
    strength = member.recipe.penalties[0].strength
    return (np.dot(weights, losses) + strength / 2 * squares) / N_ROWS


CASES = [
    pytest.param(
        name, loss, make, n_outputs, activation, id=f"{name}-{n_outputs}-{activation}"
    )
    for name, loss, make, numbers in LOSSES
    for n_outputs in numbers
    for activation in ACTIVATION_NAMES
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
@pytest.mark.parametrize(("name", "loss", "make", "n_outputs", "activation"), CASES)
def test_loss_and_gradient(name, loss, make, n_outputs, activation, hidden, weighted):
    network = multilayer_perceptron((N_FEATURES, *hidden, n_outputs), activation, loss)
    members = make_members(network, make, n_outputs, 3, weighted)
    vectors = np.array([member.vector for member in members])
    values, gradients = evaluate(network, members, vectors)

    expected = [slow_loss(network, member, name, activation) for member in members]
    np.testing.assert_allclose(values, expected, rtol=1e-10)

    step = 1e-6
    for index in range(network.layout.n_parameters):
        shifted = vectors.copy()
        shifted[:, index] += step
        above, _ = evaluate(network, members, shifted)
        shifted[:, index] -= 2 * step
        below, _ = evaluate(network, members, shifted)
        np.testing.assert_allclose(
            gradients[:, index], (above - below) / (2 * step), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize(
    ("loss", "make", "n_outputs"),
    [(loss, make, numbers[-1]) for _, loss, make, numbers in LOSSES],
    ids=[name for name, *_ in LOSSES],
)
def test_stack_is_its_members(loss, make, n_outputs, activation):
    network = multilayer_perceptron((N_FEATURES, 4, n_outputs), activation, loss)
    members = make_members(network, make, n_outputs, 4, weighted=True)
    vectors = np.array([member.vector for member in members])
    values, gradients = evaluate(network, members, vectors)
    for k, member in enumerate(members):
        value, gradient = evaluate(network, [member], vectors[k : k + 1])
        np.testing.assert_array_equal(gradients[k], gradient[0])
        np.testing.assert_allclose(values[k], value[0], rtol=1e-14)


@pytest.mark.parametrize("hidden", [(), (5,)])
def test_sparse_equals_dense(hidden):
    _, loss, make, _ = LOSSES[0]
    layer_units = (N_FEATURES, *hidden, 3)
    dense = multilayer_perceptron(layer_units, "tanh", loss)
    thin = multilayer_perceptron(layer_units, "tanh", loss, sparse=True)
    members = make_members(dense, make, 3, 2, weighted=True)
    vectors = np.array([member.vector for member in members])
    values, gradients = evaluate(dense, members, vectors)
    for member in members:
        data = member.data
        member.recipe = dataclasses.replace(member.recipe, network=thin)
        member.data = TrainingData(
            sparse.csr_array(data.inputs),
            data.targets,
            data.weights,
            data.rows,
            data.mean_weight,
        )
    thin_values, thin_gradients = evaluate(thin, members, vectors)
    np.testing.assert_allclose(thin_values, values, rtol=1e-12)
    np.testing.assert_allclose(thin_gradients, gradients, rtol=1e-10, atol=1e-14)
