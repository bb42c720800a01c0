"""Dropout: which units are off, what the others are, and the gradient through them."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.layers import Dropout, Pass, SparseDropout
from skregnet._networks.losses import LOG_LOSS, SQUARED_ERROR
from skregnet._networks.network import Batch
from skregnet._networks.stacking import stack_members
from tests import references
from tests.cases import one_hot, reals

FLOAT64 = np.dtype(np.float64)
OWN_RATES = np.array([[0.1], [0.5], [0.75]])


def sources(seeds):
    """Return a source of noise for each seed."""
    return [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]


def drop(layer, inputs, seeds):
    """Return what a layer makes of inputs in training."""
    n_members = len(seeds)
    n_rows = inputs[0].shape[0]
    workspace = layer.workspace(n_members, n_rows, inputs[0].dtype, True)
    return layer.forward(inputs, {}, workspace, Pass(True, rngs=sources(seeds)))


def masks(rate, shape, seeds, dtype=FLOAT64):
    """Return the masks of a stack."""
    return drop(Dropout(shape[-1], rate), np.ones((len(seeds), *shape), dtype), seeds)


def assert_share(values, expected):
    """Assert that a share of independent draws is within five standard errors."""
    error = np.sqrt(expected * (1 - expected) / values.size)
    assert abs(values.mean() - expected) <= 5 * error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.0, 1e-5, 0.1, 0.25, 0.5, 0.9, 0.99999])
def test_units_are_off_or_scaled_up(rate, dtype):
    (mask,) = masks(rate, (2000, 501), [0], np.dtype(dtype))
    assert mask.dtype == dtype
    scales = np.unique(mask[mask != 0]).astype(float)
    assert len(scales) <= 1
    # The probability of being kept, at the precision of numbers of 16 bits.
    np.testing.assert_allclose(1 / scales, 1 - rate, rtol=1e-6, atol=2.0**-17)
    assert_share(mask == 0, round(rate * 65536) / 65536)


def test_kept_units_are_scaled_by_what_is_kept():
    # Between two levels the rate is that of the nearer one, and the scale follows.
    rate = 0.3
    (mask,) = masks(rate, (10, 10), [0])
    np.testing.assert_allclose(mask.max(), 65536 / (65536 - 19661), rtol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["members", "rows", "units"])
@pytest.mark.parametrize("gap", [1, 4])
@pytest.mark.parametrize("rate", [0.25, 0.3, 0.5])
def test_draws_are_independent(rate, gap, axis):
    is_off = masks(rate, (120, 80), range(8)) == 0
    along = np.moveaxis(is_off, axis, 0)
    n_pairs = len(along) // (2 * gap) * gap
    pairs = along[: 2 * n_pairs].reshape(-1, 2, gap, *along.shape[1:])
    assert_share(pairs[:, 0] & pairs[:, 1], (round(rate * 65536) / 65536) ** 2)


def test_each_pass_draws_anew():
    layer = Dropout(30, 0.5)
    inputs = np.ones((1, 20, 30))
    workspace = layer.workspace(1, 20, FLOAT64, True)
    context = Pass(True, rngs=sources([0]))
    first = layer.forward(inputs, {}, workspace, context).copy()
    assert (layer.forward(inputs, {}, workspace, context) != first).any()


def test_members_have_their_own_rates_and_draw_as_alone():
    stacked = masks(OWN_RATES, (100, 51), [3, 4, 5])
    for k, rate in enumerate(OWN_RATES[:, 0].tolist()):
        assert_share(stacked[k] == 0, round(rate * 65536) / 65536)
        alone = masks(rate, (100, 51), [3 + k])
        np.testing.assert_array_equal(stacked[k], alone[0])


def passed(network, vectors, batch, seeds):
    """Return outputs, losses, gradient and that by the inputs, in training."""
    vectors, gradient = vectors.copy(), np.zeros_like(vectors)
    n_members, n_rows = batch.inputs.shape[:2]
    workspace = network.workspace(n_members, n_rows, FLOAT64, to_inputs=True)
    views = network.layout.views(vectors)
    context = Pass(True, 1 / n_rows, batch.weights, sources(seeds))
    outputs = network.outputs(batch.inputs, views, workspace, context).copy()
    context = context._replace(rngs=sources(seeds))
    losses = network.loss_and_gradient(
        batch, views, network.layout.views(gradient), workspace, context
    )
    losses = np.broadcast_to(losses, n_members).copy()
    return outputs, losses, gradient, workspace.input_gradient.copy()


def problem(network, n_members, n_rows, make=reals, weighted=False):
    """Return vectors and a batch for a network of 3 inputs and 2 outputs."""
    random_state = np.random.RandomState(0)
    vectors = random_state.normal(size=(n_members, network.layout.n_parameters))
    inputs = random_state.normal(size=(n_members, n_rows, 3))
    targets = [make(random_state, n_rows, 2).T for _ in range(n_members)]
    weights = random_state.uniform(0.1, 2, size=(n_members, 1, n_rows))
    return vectors, Batch(inputs, np.array(targets), weights if weighted else None)


def test_a_network_drops_units_of_each_row_by_itself():
    network = multilayer_perceptron(
        (3, 4, 2), "identity", SQUARED_ERROR, input_dropout=0.4, dropout=(0.5,)
    )
    vectors, batch = problem(network, 2, 9)
    outputs, *_ = passed(network, vectors, batch, [1, 2])
    for k, seed in enumerate([1, 2]):
        (source,) = sources([seed])
        below, above = (
            Dropout(units, rate).forward(
                np.ones((1, 9, units)),
                {},
                Dropout(units, rate).workspace(1, 9, FLOAT64, True),
                Pass(True, rngs=[source]),
            )[0]
            for units, rate in ((3, 0.4), (4, 0.5))
        )
        assert len(np.unique(below, axis=0)) > 1
        (first, second), biases = network.layout.unpack(vectors[k])
        for row in range(9):
            # The mask above a linear layer may as well stand on its weights.
            hidden = (batch.inputs[k, row] * below[row]) @ first + biases[0]
            weights = above[row][:, np.newaxis] * second
            expected = references.forward(hidden, [weights], [biases[1]], "identity")
            np.testing.assert_allclose(outputs[k, :, row], expected, rtol=1e-12)


def test_the_mean_over_masks_of_a_linear_network_is_the_whole_network():
    layer_units = (3, 4, 2)
    whole = multilayer_perceptron(layer_units, "identity", SQUARED_ERROR)
    noisy = multilayer_perceptron(
        layer_units, "identity", SQUARED_ERROR, input_dropout=0.2, dropout=(0.4,)
    )
    vectors, batch = problem(whole, 1, 40_000)
    batch.inputs[...] = batch.inputs[:, :1]
    expected, *_ = passed(whole, vectors, batch, [0])
    outputs, *_ = passed(noisy, vectors, batch, [0])
    errors = outputs[0].std(axis=1) / np.sqrt(40_000)
    assert (errors > 0).all()
    assert (abs(outputs[0].mean(axis=1) - expected[0, :, 0]) < 5 * errors).all()


def test_the_lecture_multiplies_weights_at_test_time():
    # Masks of zeros and ones below weights W, and (1 - p) W at test time.
    rate = 0.25
    random_state = np.random.RandomState(0)
    values, ours = random_state.normal(size=(8, 5)), random_state.normal(size=(5, 2))
    lecture = ours / (1 - rate)
    (dropped,) = drop(Dropout(5, rate), values[np.newaxis], [0])
    is_on = dropped != 0
    assert 0 < is_on.sum() < is_on.size
    np.testing.assert_allclose(dropped @ ours, (is_on * values) @ lecture, rtol=1e-13)
    np.testing.assert_allclose(values @ ours, values @ ((1 - rate) * lecture))


@pytest.mark.parametrize("layer", [Dropout(5, 0.5), SparseDropout(5, 0.5)])
def test_nothing_happens_at_test_time(layer):
    inputs = np.ones((1, 4, 5))
    workspace = layer.workspace(1, 4, FLOAT64, True)
    assert layer.forward(inputs, {}, workspace, Pass()) is inputs


def test_no_gradient_is_dropped_at_test_time():
    layer = Dropout(5, 0.5)
    delta = np.ones((1, 4, 5))
    workspace = layer.workspace(1, 4, FLOAT64, True)
    layer.forward(delta, {}, workspace, Pass(True, rngs=sources([0])))
    layer.backward(delta, {}, {}, workspace, Pass())
    assert (delta == 1).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize(
    ("loss", "make"), [(LOG_LOSS, one_hot), (SQUARED_ERROR, reals)]
)
def test_gradient(loss, make, activation, n_members, weighted):
    network = stack_members(
        [
            multilayer_perceptron(
                (3, 5, 4, 2), activation, loss, input_dropout=rate, dropout=(0.5, rate)
            )
            for rate in OWN_RATES[:n_members, 0].tolist()
        ]
    )
    vectors, batch = problem(network, n_members, 6, make, weighted)
    seeds = range(7, 7 + n_members)
    _, _, gradient, by_inputs = passed(network, vectors, batch, seeds)
    expected = references.central_differences(
        lambda at: passed(network, at, batch, seeds)[1], vectors
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)
    assert gradient.any()
    expected = references.central_differences(
        lambda at: passed(
            network, vectors, dataclasses.replace(batch, inputs=at), seeds
        )[1],
        batch.inputs,
    )
    np.testing.assert_allclose(by_inputs, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_inputs_drop_as_dense_ones(dtype):
    random_state = np.random.RandomState(0)
    dense = random_state.normal(size=(3, 300, 60)) * (
        random_state.rand(3, 300, 60) < 0.4
    )
    given = [sparse.csr_array(rows.astype(dtype)) for rows in dense]
    before = [rows.copy() for rows in given]
    thin = drop(SparseDropout(60, OWN_RATES), given, [1, 2, 3])
    thick = drop(Dropout(60, OWN_RATES), dense.astype(dtype), [4, 5, 6])
    for k, (rows, rate) in enumerate(zip(thin, OWN_RATES[:, 0], strict=True)):
        assert rows.dtype == dtype
        assert (given[k] != before[k]).nnz == 0
        stored = dense[k] != 0
        factors = rows.toarray()[stored] / dense[k][stored]
        is_off = np.isclose(factors, 0)
        assert_share(is_off, round(rate * 65536) / 65536)
        pairs = is_off[: len(is_off) // 16 * 16].reshape(-1, 2, 8)
        assert_share(pairs[:, 0] & pairs[:, 1], rate**2)
        np.testing.assert_allclose(
            np.unique(factors.round(4)),
            np.unique((thick[k][stored] / dense[k][stored]).round(4)),
        )
        assert not rows.toarray()[~stored].any()
        (alone,) = drop(SparseDropout(60, rate), given[k : k + 1], [1 + k])
        np.testing.assert_array_equal(alone.toarray(), rows.toarray())
        # Values are independent of what is drawn for them.
        error = np.std(factors * dense[k][stored]) / np.sqrt(stored.sum())
        difference = np.mean((factors - 1) * dense[k][stored])
        assert abs(difference) < 5 * error


def test_sparse_input_dropout_leads_to_the_gradient_of_what_is_left():
    network = multilayer_perceptron(
        (3, 2), "relu", SQUARED_ERROR, sparse=True, input_dropout=0.5
    )
    plain = multilayer_perceptron((3, 2), "relu", SQUARED_ERROR)
    vectors, batch = problem(plain, 2, 9)
    rows = [sparse.csr_array(inputs) for inputs in batch.inputs]
    dropped = drop(network.layers[0], rows, [1, 2])
    gradient = np.zeros_like(vectors)
    network.loss_and_gradient(
        Batch(rows, batch.targets),
        network.layout.views(vectors),
        network.layout.views(gradient),
        network.workspace(2, 9, FLOAT64),
        Pass(True, 1 / 9, rngs=sources([1, 2])),
    )
    left = Batch(np.array([inputs.toarray() for inputs in dropped]), batch.targets)
    _, _, expected, _ = passed(plain, vectors, left, [1, 2])
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)
