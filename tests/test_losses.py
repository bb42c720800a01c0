"""Losses by themselves: values, gradients, output activations, extreme outputs."""

import numpy as np
import pytest
from scipy import special

from skregnet._kernels import LossWorkspace
from skregnet._networks.losses import OUTPUT_ACTIVATIONS
from tests import references
from tests.cases import LOSSES

N_ROWS = 6
CASES = [
    pytest.param(name, loss, make, n_outputs, id=f"{name}-{n_outputs}")
    for name, loss, make, numbers in LOSSES
    for n_outputs in numbers
]


def evaluate(loss, outputs, targets, weights=None, scale=1.0):
    """Return values and gradients; rows last, as the losses have them."""
    gradient = outputs.copy()
    workspace = LossWorkspace.allocate(*outputs.shape, outputs.dtype)
    values = loss.value_and_gradient(gradient, targets, weights, scale, workspace)
    return np.broadcast_to(values, len(outputs)), gradient


def draw(make, n_outputs, n_members):
    """Return outputs, targets and weights of a stack."""
    random_state = np.random.RandomState(0)
    outputs = random_state.normal(size=(n_members, n_outputs, N_ROWS))
    targets = [make(random_state, N_ROWS, n_outputs).T for _ in range(n_members)]
    weights = random_state.uniform(0.1, 3, size=(n_members, 1, N_ROWS))
    return outputs, np.array(targets), weights


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(("name", "loss", "make", "n_outputs"), CASES)
def test_value(name, loss, make, n_outputs, n_members, weighted):
    outputs, targets, weights = draw(make, n_outputs, n_members)
    given = weights if weighted else None
    values, _ = evaluate(loss, outputs, targets, given, scale=0.25)
    for k in range(n_members):
        rows = [
            references.LOSSES[name](outputs[k, :, row], targets[k, :, row])
            for row in range(N_ROWS)
        ]
        factors = weights[k, 0] if weighted else np.ones(N_ROWS)
        np.testing.assert_allclose(values[k], 0.25 * np.dot(factors, rows), rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "loss", "make", "n_outputs"), CASES)
def test_gradient(name, loss, make, n_outputs, weighted):
    outputs, targets, weights = draw(make, n_outputs, 2)
    weights = weights if weighted else None
    _, gradient = evaluate(loss, outputs, targets, weights, 0.25)
    step = 1e-6
    expected = np.empty_like(gradient)
    for index in np.ndindex(*outputs.shape):
        above, below = outputs.copy(), outputs.copy()
        above[index] += step
        below[index] -= step
        rise = (
            evaluate(loss, above, targets, weights, 0.25)[0]
            - evaluate(loss, below, targets, weights, 0.25)[0]
        )
        expected[index] = rise[index[0]] / (2 * step)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "loss", "make", "n_outputs"), CASES)
def test_gradient_is_prediction_minus_target(name, loss, make, n_outputs):
    outputs, targets, _ = draw(make, n_outputs, 1)
    _, gradient = evaluate(loss, outputs, targets)
    predict = OUTPUT_ACTIVATIONS[loss.output_activation]
    predictions = predict(outputs[0].T.copy())
    np.testing.assert_allclose(
        gradient[0].T, predictions - targets[0].T, rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(("name", "loss", "make", "n_outputs"), CASES)
def test_weight_two_is_two_rows(name, loss, make, n_outputs):
    outputs, targets, _ = draw(make, n_outputs, 1)
    weights = np.ones((1, 1, N_ROWS))
    weights[..., 0] = 2
    weights[..., 1] = 0
    weighted, _ = evaluate(loss, outputs, targets, weights)
    rows = [0, 0, 2, 3, 4, 5]
    repeated, _ = evaluate(loss, outputs[..., rows], targets[..., rows])
    np.testing.assert_allclose(weighted, repeated, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [20.0, 200.0, 3000.0])
@pytest.mark.parametrize(("name", "loss", "make", "n_outputs"), CASES[:4])
def test_confident_and_wrong(name, loss, make, n_outputs, size, dtype):
    # The loss grows in proportion to the outputs, where a probability would be 0.
    outputs = np.zeros((1, n_outputs, 2), dtype)
    outputs[0, 0] = [size, -size]
    targets = np.zeros_like(outputs)
    targets[0, 0, 1] = 1
    if name == "multiclass":
        targets[0, 1, 0] = 1
    elif n_outputs > 1:
        targets[0, 1:] = 0.5
    values, gradient = evaluate(loss, outputs, targets)
    expected = (
        -(targets * special.log_softmax(outputs.astype(float), axis=1)).sum()
        if name == "multiclass"
        else -(
            targets * special.log_expit(outputs.astype(float))
            + (1 - targets) * special.log_expit(-outputs.astype(float))
        ).sum()
    )
    assert expected >= 2 * size
    np.testing.assert_allclose(values[0], expected, rtol=1e-6)
    assert np.isfinite(gradient).all()


OUTPUTS = np.array([[-1.0, 0.5, 2.0], [800.0, -800.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax", special.softmax(OUTPUTS, axis=1)),
        ("logistic", special.expit(OUTPUTS)),
        ("exp", np.exp(np.minimum(OUTPUTS, 3.0))),
        ("identity", OUTPUTS),
    ],
)
def test_output_activation(name, expected):
    values = np.minimum(OUTPUTS, 3.0) if name == "exp" else OUTPUTS.copy()
    result = OUTPUT_ACTIVATIONS[name](values)
    assert result is values
    np.testing.assert_allclose(result, expected, rtol=1e-14)
