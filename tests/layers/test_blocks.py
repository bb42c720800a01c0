"""Affine maps in blocks, against dense block-diagonal matrices."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from skregnet._networks.layers import BlockDense, BlockReadout, Dense, Pass, Readout
from tests.references import central_differences

FLOAT64 = np.dtype(np.float64)
N_ROWS = 7

# A layer of groups, and the layer of all units at once that it stands for.
LAYERS = [
    pytest.param(BlockDense(6, 4, True, 2), Dense(6, 4), id="dense, 2 groups"),
    pytest.param(BlockDense(3, 9, True, 3), Dense(3, 9), id="dense, 3 groups"),
    pytest.param(BlockDense(4, 2, True, 1), Dense(4, 2), id="dense, 1 group"),
    pytest.param(
        BlockDense(6, 4, False, 2), Dense(6, 4, has_biases=False), id="no biases"
    ),
    pytest.param(BlockReadout(6, 4, sizes=(1, 3)), Readout(6, 4), id="sizes 1, 3"),
    pytest.param(BlockReadout(6, 6, sizes=(2, 1, 3)), Readout(6, 6), id="2, 1, 3"),
    pytest.param(BlockReadout(5, 2, sizes=(2,)), Readout(5, 2), id="sizes 2"),
    pytest.param(BlockReadout(4, 4, sizes=(1,) * 4), Readout(4, 4), id="sizes 1"),
]


def draw(layer, n_members):
    """Return parameters of a stack, inputs and a gradient by the outputs."""
    random_state = np.random.RandomState(0)
    parameters = {
        name: random_state.normal(size=(n_members, *shape))
        for name, shape in layer.parameter_shapes
    }
    inputs = random_state.normal(size=(n_members, N_ROWS, layer.n_inputs))
    delta = random_state.normal(size=(n_members, N_ROWS, layer.n_outputs))
    if isinstance(layer, Readout):
        delta = np.ascontiguousarray(delta.mT)
    return parameters, inputs, delta


def in_full(layer, parameters):
    """Return parameters of the layer of all units at once."""
    matrices = [layer.to_plain(weights) for weights in parameters["weights"]]
    return {**parameters, "weights": np.array(matrices)}


def run(layer, parameters, inputs, delta, propagate=True):
    """Return outputs, gradients of the parameters and gradient by the inputs."""
    gradient = {name: np.full_like(values, 9) for name, values in parameters.items()}
    workspace = layer.workspace(len(inputs), N_ROWS, FLOAT64, propagate)
    outputs = layer.forward(inputs, parameters, workspace, Pass(True)).copy()
    below = layer.backward(delta.copy(), parameters, gradient, workspace, Pass(True))
    return outputs, gradient, below


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_as_a_block_diagonal_matrix(layer, whole, n_members):
    parameters, inputs, delta = draw(layer, n_members)
    outputs, gradient, below = run(layer, parameters, inputs, delta)
    full = run(whole, in_full(layer, parameters), inputs, delta)
    np.testing.assert_allclose(outputs, full[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(below, full[2], rtol=1e-12, atol=1e-14)
    assert gradient.keys() == full[1].keys()
    for k in range(n_members):
        # What the full gradient has outside the blocks is no weight's.
        blocks = layer.from_plain(full[1]["weights"][k])
        np.testing.assert_allclose(gradient["weights"][k], blocks, rtol=1e-12)
    if layer.has_biases:
        np.testing.assert_allclose(gradient["biases"], full[1]["biases"], rtol=1e-12)


@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_gradients(layer, whole):
    parameters, inputs, delta = draw(layer, 2)
    _, gradient, below = run(layer, parameters, inputs, delta)

    def projection(changes):
        changed = {**parameters, **changes}
        outputs, _, _ = run(layer, changed, changed.pop("inputs", inputs), delta)
        return (outputs * delta).sum(axis=(1, 2))

    for name, values in [*parameters.items(), ("inputs", inputs)]:
        expected = central_differences(lambda v, n=name: projection({n: v}), values)
        found = below if name == "inputs" else gradient[name]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_a_member_alone(layer, whole):
    parameters, inputs, delta = draw(layer, 3)
    outputs, gradient, below = run(layer, parameters, inputs, delta)
    for k in range(3):
        own = {name: values[k : k + 1] for name, values in parameters.items()}
        alone = run(layer, own, inputs[k : k + 1], delta[k : k + 1])
        np.testing.assert_array_equal(outputs[k], alone[0][0])
        np.testing.assert_array_equal(below[k], alone[2][0])
        for name, values in gradient.items():
            np.testing.assert_array_equal(values[k], alone[1][name][0])


@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_no_gradient_by_the_inputs(layer, whole):
    *_, below = run(layer, *draw(layer, 2), propagate=False)
    assert below is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_there_and_back(layer, whole, dtype):
    weights = draw(layer, 1)[0]["weights"][0].astype(dtype)
    plain = layer.to_plain(weights)
    assert plain.dtype == dtype
    assert plain.shape == (layer.n_inputs, layer.n_outputs)
    np.testing.assert_array_equal(layer.from_plain(plain), weights)
    # Only what is in the blocks comes back, whatever stands around them.
    np.testing.assert_array_equal(
        layer.from_plain(np.where(plain == 0, 5, plain)), weights
    )


def test_the_blocks_are_on_the_diagonal():
    first, second = np.arange(1.0, 7.0).reshape(2, 3, 1)
    dense = BlockDense(6, 2, True, 2)
    expected = block_diag(first, second)
    np.testing.assert_array_equal(dense.to_plain(np.array([first, second])), expected)
    readout = BlockReadout(6, 3, sizes=(1, 2))
    wide = np.hstack([second, -second])
    np.testing.assert_array_equal(
        readout.to_plain(np.hstack([first, wide])), block_diag(first, wide)
    )


@pytest.mark.parametrize(("layer", "whole"), LAYERS)
def test_no_more_weights_than_the_blocks_have(layer, whole):
    weights = draw(layer, 1)[0]["weights"][0]
    assert weights.size == np.count_nonzero(layer.to_plain(weights))
