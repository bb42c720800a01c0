"""Each rule, against a plain loop, for every member of a stack."""

import tracemalloc

import numpy as np
import pytest

from skregnet.kernels import buffers
from skregnet.optimizers import SGD, Adam
from skregnet.stacking import select_members, stack_members
from tests import references
from tests.cases import OPTIMIZERS

N_STEPS = 50
IDS = [repr(optimizer) for optimizer in OPTIMIZERS]


def slow_path(optimizer, theta, gradients, learning_rate):
    """Follow the gradients by the plain loop of the optimizer's rule."""
    rule = references.adam if isinstance(optimizer, Adam) else references.sgd
    hyper = optimizer.get_params()
    hyper.pop("learning_rate")
    hyper.pop("amsgrad", None)
    return rule(theta, gradients, learning_rate, **hyper)


def follow(optimizer, theta, gradients, learning_rate):
    """Follow the gradients, of shape (n_steps, n_members, length)."""
    theta = theta.copy()
    state = optimizer.init(theta)
    for gradient in gradients:
        optimizer.step(theta, gradient, state, learning_rate)
    return theta


def sequence(n_members, length, dtype=np.float64):
    """Return a start and a sequence of gradients of very different sizes."""
    random_state = np.random.RandomState(0)
    scales = 10.0 ** random_state.uniform(-4, 2, size=(n_members, length))
    gradients = random_state.normal(size=(N_STEPS, n_members, length)) * scales
    start = random_state.normal(size=(n_members, length))
    return start.astype(dtype), gradients.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_rule(optimizer, n_members, dtype):
    start, gradients = sequence(n_members, 6, dtype)
    found = follow(optimizer, start, gradients, 0.01)
    assert found.dtype == dtype
    for k in range(n_members):
        expected = slow_path(optimizer, start[k], gradients[:, k], 0.01)
        rtol = 1e-11 if dtype == np.float64 else 1e-4
        np.testing.assert_allclose(found[k], expected, rtol=rtol, atol=rtol * 1e-2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [3, 4100])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.0), (0.01, 0.99)])
def test_sums_of_adam_stay_in_range(betas, length, dtype):
    # Far more steps than the decays of the sums can hold without being multiplied in.
    random_state = np.random.RandomState(0)
    gradients = np.zeros((500, 2, length), dtype)
    gradients[..., :3] = random_state.normal(size=(500, 2, 3)).astype(dtype)
    start = np.zeros((2, length), dtype)
    optimizer = Adam(beta_1=betas[0], beta_2=betas[1], epsilon=1e-3)
    found = follow(optimizer, start, gradients, 0.01)
    for k in range(2):
        expected = slow_path(optimizer, start[k, :3], gradients[:, k, :3], 0.01)
        rtol = 1e-11 if dtype == np.float64 else 2e-3
        np.testing.assert_allclose(found[k, :3], expected, rtol=rtol, atol=rtol / 100)
    assert not found[:, 3:].any()


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_blocks_change_nothing(optimizer, n_members, monkeypatch):
    start, gradients = sequence(n_members, 101)
    whole = follow(optimizer, start, gradients, 0.01)
    monkeypatch.setattr(buffers, "BLOCK", 24)
    np.testing.assert_array_equal(follow(optimizer, start, gradients, 0.01), whole)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_members_have_their_own_hyperparameters(kind, dtype):
    optimizers = [
        optimizer
        for optimizer in OPTIMIZERS
        if isinstance(optimizer, kind) and getattr(optimizer, "nesterov", True)
    ]
    rates = np.array([[0.1], [0.01], [0.5]])[: len(optimizers)]
    start, gradients = sequence(len(optimizers), 6, dtype)
    found = follow(stack_members(optimizers), start, gradients, rates)
    for k, optimizer in enumerate(optimizers):
        alone = follow(
            optimizer, start[k : k + 1], gradients[:, k : k + 1], rates[k, 0].item()
        )
        np.testing.assert_allclose(found[k], alone[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=IDS)
def test_members_that_stay_go_on_as_before(optimizer):
    start, gradients = sequence(4, 5)
    theta, state = start.copy(), optimizer.init(start)
    keep = np.array([0, 2])
    for step, gradient in enumerate(gradients):
        if step == 20:
            theta, state = theta[keep], select_members(state, keep, 4)
        kept = gradient if step < 20 else gradient[keep]
        optimizer.step(theta, kept, state, 0.01)
    whole = follow(optimizer, start, gradients, 0.01)
    np.testing.assert_array_equal(theta, whole[keep])


def test_nesterov_is_the_look_ahead_gradient():
    # The lecture takes the gradient at theta + a v; the rule updates that very point.
    curvature = np.array([1.0, 10.0])
    rate, momentum = 0.05, 0.8
    lecture, velocity = np.array([3.0, -2.0]), np.zeros(2)
    ahead = lecture[np.newaxis].copy()
    nesterov = SGD(momentum=momentum, nesterov=True)
    state = nesterov.init(ahead)
    for _ in range(30):
        velocity = momentum * velocity - rate * curvature * (
            lecture + momentum * velocity
        )
        lecture = lecture + velocity
        nesterov.step(ahead, curvature * ahead, state, rate)
        np.testing.assert_allclose(ahead[0], lecture + momentum * velocity, rtol=1e-10)


@pytest.mark.parametrize("optimizer", OPTIMIZERS[:-1], ids=IDS[:-1])
def test_convergence_on_a_bowl(optimizer):
    theta = np.array([[2.0, -3.0]])
    state = optimizer.init(theta)
    for step in range(800):
        gradient = theta * np.array([1.0, 5.0])
        optimizer.step(theta, gradient, state, 0.05 / (1 + step / 50))
    np.testing.assert_allclose(theta, 0, atol=1e-2)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=repr)
def test_a_step_allocates_nothing_that_grows(optimizer):
    theta = np.ones((1, 1_000_000), dtype=np.float32)
    gradient = np.ones_like(theta)
    state = optimizer.init(theta)
    tracemalloc.start()
    optimizer.step(theta, gradient, state, 0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < theta.nbytes / 20
