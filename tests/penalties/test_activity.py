"""Penalties on activations, against loops and finite differences."""

import math

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.layers import Pass
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.network import Batch
from skregnet._networks.penalties import (
    DivergenceActivity,
    L1Activity,
    L2Activity,
    Share,
)
from skregnet._networks.stacking import stack_members
from tests import references

N_ROWS = 5
SCALE = 1 / 6


def l1(rows, weights, strength, _):
    """Return the penalty of one member, value by value."""
    return (
        strength
        * SCALE
        * sum(
            w * sum(abs(a) for a in row) for row, w in zip(rows, weights, strict=True)
        )
    )


def l2(rows, weights, strength, _):
    """Return the penalty of one member, value by value."""
    return (
        strength
        / 2
        * SCALE
        * sum(w * sum(a * a for a in row) for row, w in zip(rows, weights, strict=True))
    )


def divergence(rows, weights, strength, target):
    """Return the penalty of one member, unit by unit."""
    total = 0.0
    for unit in rows.T:
        on = sum(w * a for w, a in zip(weights, unit, strict=True)) / sum(weights)
        total += target * math.log(target / on)
        total += (1 - target) * math.log((1 - target) / (1 - on))
    return strength * total


# Name, maker of the penalty of a strength and a target, slow version.
PENALTIES = [
    ("l1", lambda strength, _: L1Activity(strength), l1),
    ("l2", lambda strength, _: L2Activity(strength), l2),
    ("kl", DivergenceActivity, divergence),
]
STRENGTHS, TARGETS = [0.7, 0.0, 3.0], [0.05, 0.3, 0.5]


def make_stack(make, n_members):
    """Return the penalty of members that differ."""
    rates = list(zip(STRENGTHS, TARGETS, strict=True))[:n_members]
    return stack_members([make(strength, target) for strength, target in rates])


def draw(n_members, weighted, dtype=np.float64):
    """Return activations in (0, 1) and weights of the rows."""
    random_state = np.random.RandomState(0)
    shape = (n_members, N_ROWS, 4)
    activations = random_state.uniform(0.05, 0.95, size=shape).astype(dtype)
    weights = random_state.uniform(0.2, 3, size=(n_members, 1, N_ROWS)).astype(dtype)
    return activations, weights if weighted else None


def share_of(weights):
    """Return how rows count: those without weights are all that there are."""
    return Share(1 / N_ROWS) if weights is None else Share(SCALE, weights)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("make", "slow"), [case[1:] for case in PENALTIES], ids=[c[0] for c in PENALTIES]
)
def test_value_and_gradient(make, slow, weighted, n_members, dtype):
    activations, weights = draw(n_members, weighted, dtype)
    signed = activations if make is DivergenceActivity else activations - dtype(0.5)
    penalty, share = make_stack(make, n_members), share_of(weights)
    value, gradient = penalty.value(signed, share), penalty.gradient(signed, share)
    assert value.shape == (n_members,)
    assert gradient.shape == signed.shape
    assert gradient.dtype == dtype
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    for k in range(n_members):
        # Without weights the mean is that of five rows, not SCALE times a sum.
        of_rows = np.full(N_ROWS, 6 / N_ROWS) if weights is None else weights[k, 0]
        expected = slow(signed[k].astype(float), of_rows, STRENGTHS[k], TARGETS[k])
        np.testing.assert_allclose(value[k], expected, rtol=rtol)
        alone = make(STRENGTHS[k], TARGETS[k])
        own = Share(share.scale, None if weights is None else weights[k : k + 1])
        assert alone.value(signed[k : k + 1], own)[0] == value[k]
        np.testing.assert_array_equal(
            alone.gradient(signed[k : k + 1], own)[0], gradient[k]
        )
    if dtype == np.float64:
        expected = references.central_differences(
            lambda at: penalty.value(at, share), signed
        )
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def test_the_divergence_from_the_target_itself_is_zero():
    activations = np.full((1, N_ROWS, 4), 0.3)
    penalty = DivergenceActivity(2.0, 0.3)
    np.testing.assert_allclose(
        penalty.value(activations, Share(1 / N_ROWS)), 0, atol=1e-14
    )
    gradient = penalty.gradient(activations, Share(1 / N_ROWS))
    np.testing.assert_allclose(gradient, 0, atol=1e-14)


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_units_always_on_or_off_have_a_finite_divergence(dtype, level):
    activations = np.full((1, N_ROWS, 4), level, dtype)
    penalty = DivergenceActivity(2.0, 0.3)
    value = penalty.value(activations, Share(1 / N_ROWS))
    gradient = penalty.gradient(activations, Share(1 / N_ROWS))
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    # Downhill is towards the target.
    assert (np.sign(gradient) == (1 if level else -1)).all()


def passed(network, vectors, batch):
    """Return the losses and the gradient."""
    gradient = np.zeros_like(vectors)
    workspace = network.workspace(len(vectors), N_ROWS, vectors.dtype)
    views = network.layout.views
    losses = network.loss_and_gradient(
        batch,
        views(vectors),
        views(gradient),
        workspace,
        Pass(True, 1 / N_ROWS, batch.weights),
    )
    return np.broadcast_to(losses, len(vectors)).copy(), gradient


@pytest.mark.parametrize("place", [None, "before", "after"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize(
    ("make", "activation"),
    [
        (PENALTIES[0][1], "gelu"),
        (PENALTIES[1][1], "tanh"),
        (PENALTIES[2][1], "logistic"),
    ],
    ids=["l1", "l2", "kl"],
)
def test_gradient_of_a_network(make, activation, n_members, weighted, place):
    penalty = make_stack(make, n_members)
    network = multilayer_perceptron(
        (3, 4, 3, 2),
        activation,
        SQUARED_ERROR,
        batch_norm=place,
        activity_penalty=penalty,
    )
    random_state = np.random.RandomState(0)
    vectors = random_state.normal(size=(n_members, network.layout.n_parameters))
    batch = Batch(
        random_state.normal(size=(n_members, N_ROWS, 3)),
        random_state.normal(size=(n_members, 2, N_ROWS)),
        draw(n_members, weighted)[1],
    )
    _, gradient = passed(network, vectors, batch)
    expected = references.central_differences(
        lambda at: passed(network, at, batch)[0], vectors
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_a_network_adds_the_penalties_of_its_layers():
    penalty = L2Activity(np.array([[0.4], [0.9]]))
    layer_units = (3, 4, 3, 2)
    plain = multilayer_perceptron(layer_units, "tanh", SQUARED_ERROR)
    network = multilayer_perceptron(
        layer_units, "tanh", SQUARED_ERROR, activity_penalty=penalty
    )
    random_state = np.random.RandomState(0)
    vectors = random_state.normal(size=(2, plain.layout.n_parameters))
    batch = Batch(
        random_state.normal(size=(2, N_ROWS, 3)),
        random_state.normal(size=(2, 2, N_ROWS)),
    )
    added = passed(network, vectors, batch)[0] - passed(plain, vectors, batch)[0]
    for k, strength in enumerate([0.4, 0.9]):
        coefs, intercepts = plain.layout.unpack(vectors[k])
        below = np.tanh(batch.inputs[k] @ coefs[0] + intercepts[0])
        above = np.tanh(below @ coefs[1] + intercepts[1])
        squares = (below**2).sum() + (above**2).sum()
        np.testing.assert_allclose(
            added[k], strength / 2 * squares / N_ROWS, rtol=1e-10
        )


def test_nothing_is_penalised_at_test_time():
    network = multilayer_perceptron(
        (3, 4, 2), "tanh", SQUARED_ERROR, activity_penalty=L1Activity(1.0)
    )
    vectors = np.ones((1, network.layout.n_parameters))
    workspace = network.workspace(1, N_ROWS, vectors.dtype)
    network.outputs(np.ones((1, N_ROWS, 3)), network.layout.views(vectors), workspace)
    assert all(layer.penalty == 0 for layer in workspace.layers)
