"""Clipping, and the sizes of steps by which proximal steps go."""

import numpy as np
import pytest

from skregnet._networks.penalties import L1Penalty
from skregnet._networks.stacking import stack_members
from skregnet.optimizers import SGD, Adam, GradientClipping
from tests import references
from tests.cases import OPTIMIZERS

IDS = [repr(optimizer) for optimizer in OPTIMIZERS]
PLAIN = SGD(momentum=0.0, nesterov=False)
LIMITS = [2.0, np.array([[2.0], [0.5], [9.0]])]


def draw(dtype, length):
    """Return gradients of norms 8, 0.4 and 8."""
    gradient = np.random.RandomState(0).normal(size=(3, length))
    gradient *= [[8.0], [0.4], [8.0]] / np.linalg.norm(gradient, axis=1, keepdims=True)
    return gradient.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [5, 5000])
@pytest.mark.parametrize("limit", LIMITS, ids=["shared", "own"])
def test_long_gradients_are_scaled_down(limit, length, dtype):
    gradient = draw(dtype, length)
    given, theta = gradient.copy(), np.zeros_like(gradient)
    clipped = GradientClipping(PLAIN, limit)
    clipped.step(theta, given, clipped.init(theta), 1.0)
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    for k, of_member in enumerate(np.broadcast_to(limit, (3, 1))[:, 0].tolist()):
        norm = np.sqrt(sum(g * g for g in gradient[k].tolist()))
        if norm <= of_member:
            np.testing.assert_array_equal(-theta[k], gradient[k])
            continue
        expected = gradient[k].astype(float) * of_member / norm
        np.testing.assert_allclose(-theta[k], expected, rtol=rtol)
        np.testing.assert_allclose(np.linalg.norm(theta[k]), of_member, rtol=rtol)


def test_short_gradients_are_left_bit_for_bit():
    gradient = draw(np.float32, 7)
    given = gradient.copy()
    theta = np.zeros_like(gradient)
    clipped = GradientClipping(PLAIN, 8.5)
    clipped.step(theta, given, clipped.init(theta), 1.0)
    np.testing.assert_array_equal(given, gradient)
    np.testing.assert_array_equal(theta, -gradient)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_the_optimizer_within_follows_the_clipped_gradients(optimizer):
    random_state = np.random.RandomState(0)
    theta = random_state.normal(size=(2, 6))
    plain = theta.copy()
    clipped = GradientClipping(optimizer, 1.5)
    state, plain_state = clipped.init(theta), optimizer.init(plain)
    sizes, plain_sizes = np.empty((2, 4)), np.empty((2, 4))
    for _ in range(20):
        gradient = random_state.normal(size=(2, 6))
        norms = np.linalg.norm(gradient, axis=1, keepdims=True)
        factors = np.minimum(1, 1.5 / norms)
        by_hand = gradient * factors
        clipped.step(theta, gradient, state, 0.1)
        optimizer.step(plain, by_hand, plain_state, 0.1)
        clipped.write_step_sizes(sizes, state, 0.1)
        optimizer.write_step_sizes(plain_sizes, plain_state, 0.1)
        np.testing.assert_allclose(sizes, factors * plain_sizes, rtol=1e-11)
    np.testing.assert_allclose(theta, plain, rtol=1e-11)


@pytest.mark.parametrize("length", [5, 5000])
def test_a_member_in_a_stack_is_clipped_as_alone(length):
    gradient = draw(np.float32, length)
    stacked, theta = gradient.copy(), np.zeros_like(gradient)
    together = stack_members(
        [GradientClipping(PLAIN, limit) for limit in (2.0, 0.5, 9.0)]
    )
    together.step(theta, stacked, together.init(theta), 0.1)
    for k, limit in enumerate([2.0, 0.5, 9.0]):
        alone, own = gradient[k : k + 1].copy(), np.zeros((1, length), np.float32)
        clipped = GradientClipping(PLAIN, limit)
        clipped.step(own, alone, clipped.init(own), 0.1)
        np.testing.assert_array_equal(own[0], theta[k])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_step_sizes_are_those_of_a_constant_gradient(optimizer, dtype):
    theta = np.zeros((3, 4), dtype)
    rates = np.array([[0.1], [0.02], [0.5]])
    state = optimizer.init(theta)
    sizes = np.empty((3, 3), dtype)
    for _ in range(400):
        before = theta.copy()
        optimizer.step(theta, np.ones_like(theta), state, rates)
        optimizer.write_step_sizes(sizes, state, rates)
    rtol = 1e-2 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(sizes, (before - theta)[:, :3], rtol=rtol)


@pytest.mark.parametrize("n_steps", [1, 2, 5, 30])
@pytest.mark.parametrize(
    "optimizer", [o for o in OPTIMIZERS if isinstance(o, Adam)], ids=repr
)
def test_step_sizes_of_adam_are_corrected_from_the_first(optimizer, n_steps):
    gradient = np.array([[1.0, -1.0, 3.0, 1e-3]])
    theta = np.zeros_like(gradient)
    state = optimizer.init(theta)
    for _ in range(n_steps):
        before = theta.copy()
        optimizer.step(theta, gradient.copy(), state, 0.1)
    sizes = np.empty_like(theta)
    optimizer.write_step_sizes(sizes, state, 0.1)
    # A step is its size times the gradient.
    np.testing.assert_allclose(sizes * gradient, before - theta, rtol=1e-9)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_members_have_step_sizes_of_their_own(kind):
    optimizers = [
        optimizer
        for optimizer in OPTIMIZERS
        if isinstance(optimizer, kind) and getattr(optimizer, "nesterov", True)
    ]
    n_members = len(optimizers)
    gradients = np.random.RandomState(0).normal(size=(10, n_members, 4))
    rates = np.array([[0.1], [0.02], [0.5]])[:n_members]

    def sizes_of(optimizer, member, rate):
        theta = np.zeros_like(gradients[0, member])
        state = optimizer.init(theta)
        for gradient in gradients[:, member]:
            optimizer.step(theta, gradient.copy(), state, rate)
        sizes = np.empty_like(theta)
        optimizer.write_step_sizes(sizes, state, rate)
        return sizes

    together = sizes_of(stack_members(optimizers), slice(None), rates)
    for k, optimizer in enumerate(optimizers):
        alone = sizes_of(optimizer, slice(k, k + 1), rates[k].item())
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-13)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_gradient_steps_that_shrink_end_at_the_minimum(optimizer, own):
    # Of (w - a)**2 / 2 + strength * |w|, whose minimum is a soft threshold.
    points = np.array([[-2.0, -0.7, -0.3, 0.1, 0.4, 0.9, 3.0]] * 2)
    strengths = np.array([[0.5], [0.8] if own else [0.5]])
    penalty = L1Penalty(2 * (strengths if own else 0.5))
    theta = np.ones_like(points)
    state = optimizer.init(theta)
    sizes = np.empty_like(theta)
    for step in range(4000):
        # Smaller and smaller: Adam's steps do not become small by themselves.
        rate = 0.02 / (1 + step / 200)
        optimizer.step(theta, theta - points, state, rate)
        optimizer.write_step_sizes(sizes, state, rate)
        penalty.shrink(theta, sizes, 0.5)
    expected = np.vectorize(references.soft)(points, strengths)
    np.testing.assert_allclose(theta, expected, atol=2e-3)
    assert (theta[abs(points) < strengths] == 0).all()
