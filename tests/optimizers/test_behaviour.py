"""What the rules do on functions whose shape is known."""

import math
import tracemalloc

import numpy as np
import pytest

from skregnet._networks.penalties import L1Penalty
from skregnet.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    DeltaBarDelta,
    GradientClipping,
    Lookahead,
    NAdam,
    RMSProp,
    Scheduled,
    WeightDecay,
    minimize,
)
from skregnet.optimizers._wrapper import settle
from tests import references
from tests.cases import OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS

EVERY = [*OPTIMIZERS, *SPECIAL_OPTIMIZERS, *WRAPPERS]


def bowl(x):
    """A quadratic ten times as steep along one axis, its minimum at (0, 0)."""
    return x[0] ** 2 / 2 + 5 * x[1] ** 2, [x[0], 10 * x[1]]


def rosenbrock(x):
    """A bent valley with its minimum at (1, 1)."""
    a, b = x
    gradient = [2 * (a - 1) - 400 * a * (b - a * a), 200 * (b - a * a)]
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, gradient


def beale(x):
    """Steep ridges and a flat middle; the minimum is at (3, 0.5)."""
    a, b = x
    residuals = [c - a + a * b**k for k, c in enumerate((1.5, 2.25, 2.625), start=1)]
    by_a = sum(2 * r * (b**k - 1) for k, r in enumerate(residuals, start=1))
    by_b = sum(2 * r * a * k * b ** (k - 1) for k, r in enumerate(residuals, start=1))
    return sum(r * r for r in residuals), [by_a, by_b]


# Function, start, minimum, number of steps.
FUNCTIONS = [
    (bowl, [2.0, -3.0], [0.0, 0.0], 800),
    (rosenbrock, [-1.2, 1.0], [1.0, 1.0], 8000),
    (beale, [1.0, 1.0], [3.0, 0.5], 3000),
]
# An optimizer, with its learning rate for each of the functions.
CONVERGING = [
    (SGD(momentum=0.0), (0.05, 0.0015, 0.01)),
    (SGD(nesterov=False), (0.02, 0.0005, 0.005)),
    (SGD(), (0.02, 0.0005, 0.005)),
    (AdaGrad(), (1.0, 1.0, 1.0)),
    (RMSProp(), (0.01, 0.002, 0.002)),
    (RMSProp(momentum=0.5), (0.01, 0.001, 0.002)),
    (
        RMSProp(momentum=0.5, centered=True, epsilon=0.1),
        (0.01, 0.002, 0.002),
    ),
    (Adam(), (0.1, 0.05, 0.05)),
    (Adam(amsgrad=True), (0.1, 0.05, 0.05)),
    (AdamW(weight_decay=0.0), (0.1, 0.05, 0.05)),
    (NAdam(), (0.1, 0.05, 0.05)),
    (DeltaBarDelta(kappa=0.05), (0.01, 0.001, 0.001)),
    (GradientClipping(SGD(momentum=0.0)), (0.05, 0.0017, 0.01)),
    (Lookahead(Adam()), (0.1, 0.05, 0.05)),
    (WeightDecay(Averaged(NAdam()), decay=0.0), (0.1, 0.05, 0.05)),
    (Scheduled(RMSProp(), "cosine", n_steps=8000), (0.01, 0.02, 0.01)),
]


@pytest.mark.parametrize("case", range(3), ids=["bowl", "rosenbrock", "beale"])
@pytest.mark.parametrize(("optimizer", "rates"), CONVERGING, ids=repr)
def test_convergence(optimizer, rates, case):
    function, start, minimum, n_steps = FUNCTIONS[case]
    within = optimizer
    while hasattr(within, "optimizer"):
        within = within.optimizer
    own_rate = within.learning_rate
    try:
        within.set_params(learning_rate=rates[case])
        path = minimize(function, start, optimizer, n_steps)
    finally:
        within.set_params(learning_rate=own_rate)
    distances = np.linalg.norm(path.points - minimum, axis=1)
    assert distances[-1] < 0.03
    assert distances[-1] < distances[0] / 30
    assert path.fun < path.values[0] / 1000


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_passes_a_local_minimum(nesterov):
    # Waves on a bowl: a minimum near pi, a deeper one at 0.
    def waves(x):
        slope = 0.06 * x[0] + 0.25 * np.sin(2 * x[0])
        return 0.03 * x[0] ** 2 + 0.25 * np.sin(x[0]) ** 2, [slope]

    plain = SGD(learning_rate=0.1, momentum=0.0)
    stays = minimize(waves, [5.5], plain, n_steps=600)
    assert 2.7 < stays.x[0] < 2.9
    assert abs(waves(stays.x)[1][0]) < 1e-6
    momentum = SGD(learning_rate=0.1, momentum=0.9, nesterov=nesterov)
    passes = minimize(waves, [5.5], momentum, n_steps=600)
    assert abs(passes.x[0]) < 1e-3
    assert passes.fun < stays.fun / 10


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_nesterov_is_the_look_ahead_gradient(momentum):
    # The lecture takes the gradient at theta + a v; the rule updates that very point.
    rate, velocity, lecture = 0.0005, np.zeros(2), np.array([-1.2, 1.0])
    nesterov = SGD(learning_rate=rate, momentum=momentum, nesterov=True)
    path = minimize(rosenbrock, lecture, nesterov, n_steps=300)
    for point in path.points[1:]:
        gradient = np.array(rosenbrock(lecture + momentum * velocity)[1])
        velocity = momentum * velocity - rate * gradient
        lecture = lecture + velocity
        np.testing.assert_allclose(point, lecture + momentum * velocity, rtol=1e-9)


def gains_over(optimizer, gradients):
    """Return the gain of a single parameter after each step."""
    theta = np.zeros((1, 1))
    state = optimizer.init(theta)
    gains = []
    for gradient in gradients:
        optimizer.step(theta, np.array([[gradient]]), state, 0.1)
        gains.append(state["gains"].item())
    return gains


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("size", [1.0, 1e-200])
def test_gains_rise_while_signs_agree(sign, size):
    gains = gains_over(DeltaBarDelta(kappa=0.5, max_gain=2.7), [sign * size] * 6)
    # There is no mean yet at the first step.
    assert gains == pytest.approx([1.0, 1.5, 2.0, 2.5, 2.7, 2.7])


def test_gains_fall_when_signs_change():
    optimizer = DeltaBarDelta(phi=0.5, theta=0.0, min_gain=0.1)
    gains = gains_over(optimizer, [1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    assert gains == pytest.approx([1.0, 0.5, 0.25, 0.125, 0.1, 0.1])


def test_gains_go_by_the_mean_and_not_by_the_last_gradient():
    # Means: 0.5, then 0.2, so that the third gradient agrees with the mean.
    optimizer = DeltaBarDelta(kappa=0.25, phi=0.5, theta=0.5)
    gains = gains_over(optimizer, [1.0, -0.1, 1.0, 0.0, 1.0])
    assert gains == pytest.approx([1.0, 0.5, 0.75, 0.75, 1.0])


def test_gains_leave_an_oscillation_for_a_slope():
    # One parameter is thrown from side to side, another creeps.
    def valley(x):
        return 5 * x[0] ** 2 + 0.005 * x[1] ** 2, [10 * x[0], 0.01 * x[1]]

    start = [1.0, 1.0]
    path = minimize(valley, start, DeltaBarDelta(learning_rate=0.19), n_steps=60)
    plain = minimize(valley, start, SGD(learning_rate=0.19, momentum=0.0), n_steps=60)
    gains = path.state["gains"][0]
    assert gains[0] < 1 < 3 < gains[1]
    assert abs(path.x[1]) < 0.7 < 0.85 < plain.x[1]


def sizes_along(optimizer, gradients, rate=0.1):
    """Return the step sizes of each step, for several parameters."""
    theta = np.zeros((1, gradients.shape[1]))
    state = optimizer.init(theta)
    sizes = np.empty_like(gradients)
    for row, gradient in zip(sizes, gradients, strict=True):
        optimizer.step(theta, gradient[np.newaxis].copy(), state, rate)
        optimizer.write_step_sizes(row[np.newaxis], state, rate)
    return sizes


def falling_gradients():
    """Return gradients that grow for 20 steps and are small for 80."""
    random_state = np.random.RandomState(0)
    scales = np.r_[np.linspace(0.1, 5, 20), np.full(80, 0.01)]
    return random_state.normal(size=(100, 5)) * scales[:, np.newaxis]


@pytest.mark.parametrize("optimizer", [AdaGrad(), AdaGrad(epsilon=1.0)], ids=repr)
def test_rates_of_adagrad_only_fall(optimizer):
    gradients = falling_gradients()
    sizes = sizes_along(optimizer, gradients)
    assert (np.diff(sizes, axis=0) <= 0).all()
    assert (np.diff(sizes[:20], axis=0) < 0).all()
    sums = np.cumsum(gradients**2, axis=0)
    np.testing.assert_allclose(sizes, 0.1 / (optimizer.epsilon + np.sqrt(sums)))


@pytest.mark.parametrize(
    "optimizer",
    [
        RMSProp(),
        RMSProp(centered=True),
        Adam(beta_2=0.9),
        AdamW(beta_2=0.9),
        NAdam(beta_2=0.9),
    ],
    ids=repr,
)
def test_rates_by_recent_gradients_rise_again(optimizer):
    sizes = sizes_along(optimizer, falling_gradients())
    assert (sizes[99] > 20 * sizes[20]).all()


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_amsgrad_does_not_let_them_rise(kind):
    gradients, beta_2 = falling_gradients(), 0.9
    corrections = np.sqrt(1 - beta_2 ** np.arange(1, 101))[:, np.newaxis]
    of_adam = sizes_along(kind(beta_2=beta_2), gradients) / corrections
    assert (of_adam[99] > 20 * of_adam[20]).all()
    sizes = sizes_along(kind(beta_2=beta_2, amsgrad=True), gradients) / corrections
    assert (np.diff(sizes, axis=0) <= 1e-12).all()
    np.testing.assert_allclose(sizes, np.minimum.accumulate(of_adam), rtol=1e-6)


# Decay moves parameters without any gradient: here it concerns none of them. Clipping
# has nothing to clip. Lookahead does not return at the last step.
LONG_RUN = [
    *SPECIAL_OPTIMIZERS,
    GradientClipping(NAdam(), max_norm=100.0),
    WeightDecay(SGD(), decay=3.0),
    Scheduled(SGD(momentum=0.5), math.cos, n_steps=300),
    Scheduled(Adam(), "warmup", n_steps=4000),
    Averaged(RMSProp(), decay=0.6),
    Lookahead(Adam(), period=6),
    Lookahead(Scheduled(WeightDecay(AdaGrad(), 1.0), "cosine", 900), period=7),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", LONG_RUN, ids=repr)
def test_step_sizes_are_those_of_a_constant_gradient(optimizer, dtype):
    theta = np.zeros((3, 4), dtype)
    rates = np.array([[0.1], [0.02], [0.5]])
    state = within = optimizer.init(theta)
    while within is not None:
        if "n_decayed" in within:
            within["n_decayed"] = 0
        within = within.get("inner")
    sizes = np.empty((3, 3), dtype)
    for _ in range(400):
        before = theta.copy()
        optimizer.step(theta, np.ones_like(theta), state, rates)
        optimizer.write_step_sizes(sizes, state, rates)
    rtol = 2e-2 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(sizes, (before - theta)[:, :3], rtol=rtol)


def proximal_end(optimizer, points, strengths, first_rate, n_steps=4000):
    """Return where shrinking steps towards points, and proximal ones, end."""
    penalty = L1Penalty(strengths)
    theta = np.ones_like(points)
    state = optimizer.init(theta)
    sizes = np.empty_like(theta)
    for step in range(n_steps):
        rate = first_rate / (1 + step / 200)
        optimizer.step(theta, theta - points, state, rate)
        optimizer.write_step_sizes(sizes, state, rate)
        penalty.shrink(theta, sizes, 1.0)
        settle(optimizer, theta, state)
    return theta


POINTS = np.array([[-2.0, -0.7, -0.3, 0.1, 0.4, 0.9, 3.0]] * 2)
STRENGTHS = np.array([[0.5], [0.8]])


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        (AdaGrad(), 1.0),
        (AdaGrad(epsilon=0.5), 1.0),
        (Adam(amsgrad=True), 0.05),
        (Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3, amsgrad=True), 0.05),
        (AdamW(weight_decay=0.0), 0.02),
        (NAdam(beta_2=0.95), 0.02),
        (DeltaBarDelta(max_gain=8.0), 0.02),
        (GradientClipping(SGD(), max_norm=3.0), 0.02),
        (WeightDecay(RMSProp(momentum=0.5), decay=0.0), 0.02),
        (Scheduled(SGD(momentum=0.5), "cosine", n_steps=6000), 0.1),
        (Averaged(Adam()), 0.02),
        (Lookahead(Adam()), 0.1),
        (Lookahead(GradientClipping(NAdam(), 5.0), period=3, share=0.2), 0.3),
        (RMSProp(momentum=0.9, centered=True), 0.002),
        (GradientClipping(SGD(), max_norm=0.3), 0.1),
        (GradientClipping(Adam(beta_2=0.9), max_norm=0.3), 0.02),
        (GradientClipping(Lookahead(SGD()), max_norm=0.3), 0.2),
        (Lookahead(SGD(), period=2, share=0.1), 0.1),
    ],
    ids=repr,
)
def test_proximal_steps_end_at_the_minimum(optimizer, rate):
    # Of (w - a)**2 / 2 + strength * |w|, whose minimum is a soft threshold.
    theta = proximal_end(optimizer, POINTS, STRENGTHS, rate)
    expected = np.vectorize(references.soft)(POINTS, STRENGTHS)
    np.testing.assert_allclose(theta, expected, atol=2e-3)
    assert (theta[abs(POINTS) < STRENGTHS] == 0).all()


def test_decay_and_proximal_steps_make_an_elastic_net():
    # Of (w - a)**2 / 2 + strength * |w| + decay / 2 * w**2.
    optimizer = WeightDecay(SGD(momentum=0.0), decay=0.5)
    theta = proximal_end(optimizer, POINTS, STRENGTHS, 0.02)
    expected = np.vectorize(references.soft)(POINTS, STRENGTHS) / 1.5
    np.testing.assert_allclose(theta, expected, atol=2e-3)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_a_step_allocates_nothing_that_grows(optimizer):
    theta = np.ones((1, 1_000_000), dtype=np.float32)
    gradient = np.ones_like(theta)
    state = optimizer.init(theta)
    tracemalloc.start()
    optimizer.step(theta, gradient, state, 0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_step_sizes_need_no_memory_of_their_own(optimizer):
    theta = np.ones((1, 1_000_000), dtype=np.float32)
    state = optimizer.init(theta)
    optimizer.step(theta, np.ones_like(theta), state, 0.1)
    out = np.empty_like(theta)
    tracemalloc.start()
    optimizer.write_step_sizes(out, state, 0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


# Where PyTorch 2.13 ends, with an epsilon of 1e-300 where its place differs.
ELSEWHERE = [
    (
        SGD(momentum=0.8, nesterov=False),
        [0.63641848739, -1.22828883913, -0.138246337208, 2.75864498995],
    ),
    (
        SGD(momentum=0.8),
        [0.721672265245, -1.20903814549, -0.208597069767, 2.20691599196],
    ),
    (
        AdaGrad(epsilon=0.3),
        [0.950956215669, -1.885833842, 0.195270747339, 3.01362899555],
    ),
    (
        RMSProp(decay=0.7, epsilon=1e-300),
        [0.944407125965, -1.75033236444, -0.995615804637, 3.03553560057],
    ),
    (
        RMSProp(decay=0.7, epsilon=1e-300, momentum=0.6),
        [0.631221859076, -1.35600185302, -2.81899122519, 3.19982922641],
    ),
    (
        Adam(beta_1=0.7, beta_2=0.9, epsilon=1e-300),
        [0.783248856169, -1.78162388655, -0.756454615223, 3.06505292079],
    ),
    (
        Adam(beta_1=0.7, beta_2=0.9, epsilon=1e-300, amsgrad=True),
        [0.786019165064, -1.78012039539, -0.756454615223, 3.06505292079],
    ),
    (
        AdamW(beta_1=0.7, beta_2=0.9, epsilon=1e-300, weight_decay=0.5),
        [0.427102139983, -0.946708107067, -0.697745189805, 1.65206241156],
    ),
]


@pytest.mark.parametrize(("optimizer", "expected"), ELSEWHERE, ids=repr)
def test_where_pytorch_ends(optimizer, expected):
    theta = np.array([[1.0, -2.0, 0.5, 3.0]])
    state = optimizer.init(theta)
    for t in range(1, 13):
        gradient = [math.sin(t), 3 * math.cos(2 * t), 0.1 + 0.01 * t, (-1) ** t * t]
        optimizer.step(theta, np.array([gradient]), state, 0.1)
    np.testing.assert_allclose(theta[0], expected, rtol=1e-10)


def test_epsilon_of_adam_counts_as_in_pytorch_in_the_long_run():
    # There it is added to the corrected root, here to the raw one.
    gradients = np.random.RandomState(0).normal(size=(2000, 5)) * 1e-3
    adam = Adam(beta_2=0.99, epsilon=1e-3)
    theta, m, v = np.zeros((1, 5)), np.zeros(5), np.zeros(5)
    state = adam.init(theta)
    differences = []
    for t, gradient in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.99 * v + 0.01 * gradient**2
        elsewhere = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 1e-3)
        before = theta.copy()
        adam.step(theta, gradient[np.newaxis].copy(), state, 1.0)
        differences.append(np.max(abs((before - theta)[0] / elsewhere - 1)))
    assert differences[0] > 0.3
    assert max(differences[1950:]) < 1e-6
