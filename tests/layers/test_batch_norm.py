"""Batch normalization, against slow loops and finite differences."""

import dataclasses

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.layers import BatchNorm, Pass
from skregnet._networks.layers.batch_norm import WINDOW
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.network import Batch
from skregnet._training import Recipe
from skregnet._training.objective import Objective
from tests import references

FLOAT64 = np.dtype(np.float64)
PLACES = ["before", "after"]


def random_parameters(layer, n_members, random_state):
    """Return parameters of a normalization, drawn at random."""
    shape = (n_members, 1, layer.n_outputs)
    statistics = random_state.uniform(0.5, 2, size=(n_members, 2, layer.n_outputs))
    return {
        "scale": random_state.normal(size=shape),
        "shift": random_state.normal(size=shape),
        "statistics": statistics,
        "n_batches": np.zeros((n_members, 1, 1)),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("in_place", [False, True])
def test_forward(in_place, n_members, weighted):
    random_state = np.random.RandomState(0)
    layer = BatchNorm(4, in_place)
    parameters = random_parameters(layer, n_members, random_state)
    inputs = 3 + random_state.normal(size=(n_members, 7, 4))
    weights = np.ones((n_members, 1, 7))
    if weighted:
        weights = random_state.uniform(0.1, 3, size=weights.shape)
    given = inputs.copy()
    workspace = layer.workspace(n_members, 7, FLOAT64, True)
    context = Pass(True, 1 / 7, weights if weighted else None)
    outputs = layer.forward(given, parameters, workspace, context)
    assert (outputs is given) == in_place
    if not in_place:
        np.testing.assert_array_equal(given, inputs)
    for k in range(n_members):
        values, mean, variance = references.standardize(inputs[k], weights[k, 0])
        expected = parameters["scale"][k] * values + parameters["shift"][k]
        np.testing.assert_allclose(outputs[k], expected, rtol=1e-11, atol=1e-13)
        # After the first batch the running statistics are those of the batch.
        np.testing.assert_allclose(
            parameters["statistics"][k], [mean, variance], rtol=1e-12
        )


@pytest.mark.parametrize("in_place", [False, True])
def test_forward_at_test_time(in_place):
    random_state = np.random.RandomState(0)
    layer = BatchNorm(4, in_place)
    parameters = random_parameters(layer, 2, random_state)
    before = {name: values.copy() for name, values in parameters.items()}
    inputs = random_state.normal(size=(2, 7, 4))
    workspace = layer.workspace(2, 7, FLOAT64, True)
    outputs = layer.forward(inputs.copy(), parameters, workspace, Pass())
    mean, variance = np.split(parameters["statistics"], 2, axis=1)
    normalized = (inputs - mean) / np.sqrt(variance + 1e-5)
    expected = parameters["scale"] * normalized + parameters["shift"]
    np.testing.assert_allclose(outputs, expected, rtol=1e-12)
    for name, values in parameters.items():
        np.testing.assert_array_equal(values, before[name])


def make_problem(place, activation, n_members, n_rows, weighted=False):
    """Return a network with two normalizations, vectors of parameters and a batch."""
    random_state = np.random.RandomState(1)
    network = multilayer_perceptron(
        (3, 4, 3, 2), activation, SQUARED_ERROR, batch_norm=place
    )
    vectors = random_state.normal(size=(n_members, network.layout.n_parameters))
    for layer in network.layout.views(vectors):
        if "statistics" in layer:
            layer["statistics"][:, 1] = random_state.uniform(
                0.5, 2, size=layer["statistics"][:, 1].shape
            )
            layer["n_batches"][...] = 3
    weights = random_state.uniform(0.2, 3, size=(n_members, 1, n_rows))
    batch = Batch(
        random_state.normal(size=(n_members, n_rows, 3)),
        random_state.normal(size=(n_members, 2, n_rows)),
        weights if weighted else None,
    )
    return network, vectors, batch


def passed(network, vectors, batch, scale=None, tracks=True):
    """Return losses, vectors, gradient and that by the inputs after a pass."""
    vectors, gradient = vectors.copy(), np.zeros_like(vectors)
    n_members, n_rows = batch.inputs.shape[:2]
    workspace = network.workspace(n_members, n_rows, FLOAT64, to_inputs=True)
    context = Pass(True, scale or 1 / n_rows, batch.weights, tracks=tracks)
    views = network.layout.views
    losses = network.loss_and_gradient(
        batch, views(vectors), views(gradient), workspace, context
    )
    losses = np.broadcast_to(losses, n_members).copy()
    return losses, vectors, gradient, workspace.input_gradient.copy()


def is_statistic(network):
    """Tell which parameters are statistics, which have no gradient."""
    marks = np.zeros((1, network.layout.n_parameters), bool)
    for layer in network.layout.views(marks):
        for name in ("statistics", "n_batches"):
            if name in layer:
                layer[name][...] = True
    return marks[0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_rows", [1, 2, 6])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize("place", PLACES)
def test_gradient(place, activation, n_members, n_rows, weighted):
    network, vectors, batch = make_problem(
        place, activation, n_members, n_rows, weighted
    )
    _, _, gradient, by_inputs = passed(network, vectors, batch)
    expected = references.central_differences(
        lambda at: passed(network, at, batch)[0], vectors
    )
    learns = ~is_statistic(network)
    np.testing.assert_allclose(
        gradient[:, learns], expected[:, learns], rtol=1e-4, atol=1e-6
    )
    assert gradient[:, learns].any()
    assert not gradient[:, ~learns].any()

    expected = references.central_differences(
        lambda at: passed(network, vectors, dataclasses.replace(batch, inputs=at))[0],
        batch.inputs,
    )
    np.testing.assert_allclose(by_inputs, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_gradient_by_statistics_is_never_written(place):
    network, vectors, batch = make_problem(place, "tanh", 2, 5)
    views = network.layout.views
    gradient = np.full_like(vectors, 7.0)
    workspace = network.workspace(2, 5, FLOAT64)
    network.loss_and_gradient(
        batch, views(vectors), views(gradient), workspace, Pass(True, 1 / 5)
    )
    np.testing.assert_array_equal(gradient == 7, [is_statistic(network)] * 2)


@pytest.mark.parametrize("place", PLACES)
def test_a_row_of_weight_two_is_two_rows(place):
    network, vectors, batch = make_problem(place, "gelu", 2, 5)
    twice = [0, 1, 2, 2, 3, 4]
    rows = Batch(batch.inputs[:, twice], batch.targets[:, :, twice])
    batch.weights = np.array([[[1.0, 1, 2, 1, 1]]] * 2)
    losses, statistics, gradient, by_inputs = passed(network, vectors, batch, 1 / 6)
    expected = passed(network, vectors, rows)
    np.testing.assert_allclose(losses, expected[0], rtol=1e-12)
    np.testing.assert_allclose(statistics, expected[1], rtol=1e-12)
    np.testing.assert_allclose(gradient, expected[2], rtol=1e-9, atol=1e-13)
    summed = expected[3][:, [0, 1, 2, 4, 5]]
    summed[:, 2] *= 2
    np.testing.assert_allclose(by_inputs, summed, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("n_rows", [1, 6])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_a_member_computes_in_a_stack_what_it_computes_alone(place, weighted, n_rows):
    network, vectors, batch = make_problem(place, "tanh", 3, n_rows, weighted)
    together = passed(network, vectors, batch)
    for k in range(3):
        member = slice(k, k + 1)
        weights = None if batch.weights is None else batch.weights[member]
        own = Batch(batch.inputs[member], batch.targets[member], weights)
        alone = passed(network, vectors[member], own)
        np.testing.assert_allclose(together[0][k], alone[0][0], rtol=1e-14)
        for found, expected in zip(together[1:], alone[1:], strict=True):
            np.testing.assert_array_equal(found[k], expected[0])


def test_a_batch_of_one_row_is_normalised_by_the_running_statistics():
    random_state = np.random.RandomState(0)
    layer = BatchNorm(4, in_place=False)
    parameters = random_parameters(layer, 2, random_state)
    before = {name: values.copy() for name, values in parameters.items()}
    inputs = random_state.normal(size=(2, 1, 4))
    workspace = layer.workspace(2, 1, FLOAT64, True)
    outputs = layer.forward(inputs, parameters, workspace, Pass(True)).copy()
    at_test = layer.forward(inputs, parameters, workspace, Pass())
    np.testing.assert_array_equal(outputs, at_test)
    for name, values in parameters.items():
        np.testing.assert_array_equal(values, before[name])


@pytest.mark.parametrize("weighted", [False, True])
def test_running_statistics_follow_the_batches(weighted):
    random_state = np.random.RandomState(0)
    layer = BatchNorm(3, in_place=False)
    parameters = random_parameters(layer, 2, random_state)
    workspace = layer.workspace(2, 5, FLOAT64, True)
    seen = []
    expected = None
    for t in range(WINDOW + 6):
        inputs = random_state.normal(size=(2, 5, 3))
        weights = np.ones((2, 1, 5))
        if weighted:
            weights = random_state.uniform(0.1, 3, size=weights.shape)
        context = Pass(True, 1 / 5, weights if weighted else None)
        layer.forward(inputs, parameters, workspace, context)
        seen.append(
            [
                references.standardize(rows, of_rows[0])[1:]
                for rows, of_rows in zip(inputs, weights, strict=True)
            ]
        )
        if t < 10:
            expected = np.mean(seen, axis=0)
        else:
            expected = 0.9 * expected + 0.1 * np.array(seen[-1])
        np.testing.assert_allclose(parameters["statistics"], expected, rtol=1e-10)
        assert (parameters["n_batches"] == min(t + 1, 10)).all()


@pytest.mark.parametrize("place", PLACES)
def test_statistics_that_do_not_track_stay(place):
    network, vectors, batch = make_problem(place, "tanh", 2, 5)
    tracked = passed(network, vectors, batch)
    left = passed(network, vectors, batch, tracks=False)
    np.testing.assert_array_equal(left[1], vectors)
    changed = (tracked[1] != vectors).all(axis=0)
    np.testing.assert_array_equal(changed, is_statistic(network))
    for k in (0, 2, 3):
        np.testing.assert_array_equal(left[k], tracked[k])


@pytest.mark.parametrize("tracks", [False, True])
def test_an_objective_tells_whether_statistics_track(tracks):
    network, vectors, batch = make_problem("before", "tanh", 2, 5)
    objective = Objective(Recipe(network), vectors, FLOAT64, tracks=tracks)
    objective.value_and_gradient(batch, objective.workspace(5), 1 / 5)
    _, expected, gradient, _ = passed(network, vectors, batch, tracks=tracks)
    np.testing.assert_array_equal(objective.parameters, expected)
    np.testing.assert_array_equal(objective.gradient, gradient)
