"""Paths of optimizers over functions."""

import numpy as np
import pytest

from skregnet.optimizers import (
    SGD,
    Adam,
    Averaged,
    GradientClipping,
    Lookahead,
    minimize,
)
from tests import references
from tests.cases import OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS

EVERY = [*OPTIMIZERS, *SPECIAL_OPTIMIZERS, *WRAPPERS]


def bowl(x):
    """Return the sum of squares over the last axis, and its gradient."""
    return (x**2).sum(axis=-1), 2 * x


class SignDescent:
    """An optimizer of one's own, with no more than it needs."""

    learning_rate = 0.25

    def init(self, parameters):
        return {"n_steps": 0}

    def step(self, parameters, gradient, state, learning_rate):
        state["n_steps"] += 1
        parameters -= learning_rate * np.sign(gradient)


def test_path_of_plain_descent():
    path = minimize(bowl, [1.0, -2.0], SGD(learning_rate=0.25, momentum=0.0), 3)
    expected = np.array([[1.0, -2.0]]) * [[1.0], [0.5], [0.25], [0.125]]
    np.testing.assert_array_equal(path.points, expected)
    np.testing.assert_array_equal(path.values, (expected**2).sum(axis=1))
    np.testing.assert_array_equal(path.x, expected[-1])
    assert path.fun == path.values[-1]
    assert path.x.shape == (2,)
    assert path.values.shape == (4,)


def test_path_is_that_of_the_rule():
    path = minimize(bowl, [1.0, -2.0, 0.3], Adam(learning_rate=0.1), 40)
    step = references.adam(0.9, 0.999, 1e-8, amsgrad=False)
    theta = [1.0, -2.0, 0.3]
    for point in path.points[1:]:
        step(theta, [2 * t for t in theta], 0.1)
        np.testing.assert_allclose(point, theta, rtol=1e-10)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_several_starts_go_independently(optimizer):
    starts = np.array([[1.0, -2.0], [30.0, 0.1], [0.0, 0.0]])
    together = minimize(bowl, starts, optimizer, 20)
    assert together.points.shape == (21, 3, 2)
    assert together.values.shape == (21, 3)
    assert together.fun.shape == (3,)
    for k, start in enumerate(starts):
        alone = minimize(bowl, start, optimizer, 20)
        np.testing.assert_array_equal(together.points[:, k], alone.points)
        np.testing.assert_array_equal(together.values[:, k], alone.values)
        np.testing.assert_array_equal(together.x[k], alone.x)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_nothing_that_is_given_is_changed(optimizer):
    x0 = np.array([[1.0, -2.0], [0.5, 40.0]])
    given = []

    def steep(x):
        given.append(40 * x)
        return (20 * x**2).sum(axis=-1), given[-1]

    before = repr(optimizer)
    path = minimize(steep, x0, optimizer, 9)
    np.testing.assert_array_equal(x0, [[1.0, -2.0], [0.5, 40.0]])
    np.testing.assert_array_equal(path.points[0], x0)
    # Clipping changes gradients in place: its own copies.
    np.testing.assert_array_equal(np.array(given), 40 * path.points)
    assert repr(optimizer) == before


def test_the_function_may_change_its_point():
    def vandal(x):
        value, gradient = bowl(x.copy())
        x[...] = 1e9
        return value, gradient

    sgd = SGD(learning_rate=0.1)
    expected = minimize(bowl, [1.0, -2.0], sgd, 10)
    found = minimize(vandal, [1.0, -2.0], sgd, 10)
    np.testing.assert_array_equal(found.points, expected.points)


def test_each_point_is_evaluated_once():
    seen = []

    def counted(x):
        seen.append(x.copy())
        return bowl(x)

    path = minimize(counted, [1.0, -2.0], SGD(), 7)
    np.testing.assert_array_equal(np.array(seen), path.points)


def test_no_steps():
    path = minimize(bowl, [1.0, -2.0], SGD(), 0)
    np.testing.assert_array_equal(path.x, [1.0, -2.0])
    assert path.fun == 5.0
    assert path.points.shape == (1, 2)


@pytest.mark.parametrize("answer", [True, np.True_])
def test_a_callback_ends_the_path(answer):
    seen = []

    def callback(step, point, value):
        seen.append((step, point.copy(), value))
        return answer if value < 1 else None

    sgd = SGD(learning_rate=0.25, momentum=0.0)
    path = minimize(bowl, [1.0, -2.0], sgd, 50, callback=callback)
    assert [step for step, _, _ in seen] == [1, 2]
    np.testing.assert_array_equal([point for _, point, _ in seen], path.points[1:])
    assert [value for _, _, value in seen] == path.values[1:].tolist()
    assert path.fun == 5 / 16


def test_a_callback_that_returns_nothing_watches():
    steps = []
    path = minimize(
        bowl, [1.0], SGD(), 5, lambda step, point, value: steps.append(step)
    )
    assert steps == [1, 2, 3, 4, 5]
    assert len(path.points) == 6


def test_an_optimizer_of_ones_own():
    path = minimize(bowl, [1.0, -0.5], SignDescent(), 3)
    expected = [[1.0, -0.5], [0.75, -0.25], [0.5, 0.0], [0.25, 0.0]]
    np.testing.assert_array_equal(path.points, expected)
    assert path.state == {"n_steps": 3}


def test_an_optimizer_of_ones_own_within_others():
    clipped = Lookahead(GradientClipping(Averaged(SignDescent())), period=2)
    path = minimize(bowl, [1.0, -0.5], clipped, 2)
    np.testing.assert_array_equal(path.x, [0.75, -0.25])


@pytest.mark.parametrize(
    ("x0", "dtype"),
    [
        (np.ones(2, np.float32), np.float32),
        (np.ones(2), np.float64),
        (np.ones(2, np.int64), np.float64),
        ([1, 2], np.float64),
        (np.ones(2, np.float16), np.float32),
    ],
)
def test_precision(x0, dtype):
    def in_double(x):
        assert x.dtype == dtype
        return bowl(x.astype(np.float64))

    path = minimize(in_double, x0, Adam(), 3)
    assert path.points.dtype == path.x.dtype == dtype
    assert (np.diff(path.points, axis=0) < 0).all()


@pytest.mark.parametrize("missing", ["init", "step", "learning_rate"])
def test_objects_that_are_no_optimizers(missing):
    names = {"init", "step", "learning_rate"} - {missing}
    incomplete = type("Half", (), dict.fromkeys(names, 0.1))()
    with pytest.raises(TypeError, match=f"Half has no {missing}"):
        minimize(bowl, [1.0], incomplete, 3)


@pytest.mark.parametrize("optimizer", ["adam", None, 0.1])
def test_names_are_no_optimizers(optimizer):
    with pytest.raises(TypeError, match="init, step and learning_rate"):
        minimize(bowl, [1.0], optimizer, 3)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (SGD(learning_rate=-1.0), r"SGD expects learning_rate in \(0, inf\)"),
        (SGD(momentum=1.1), r"momentum in \[0, 1\], got momentum=1.1"),
        (Averaged(Adam(beta_1=1.0)), r"Adam expects beta_1 in \[0, 1\)"),
        (Averaged(Adam(), decay=2.0), r"Averaged expects decay"),
    ],
)
def test_hyperparameters_are_checked(optimizer, message):
    with pytest.raises(ValueError, match=message):
        minimize(bowl, [1.0], optimizer, 3)


@pytest.mark.parametrize("x0", [1.0, np.ones((2, 2, 2))])
def test_starts_have_one_or_two_dimensions(x0):
    with pytest.raises(ValueError, match=r"x0 expects one dimension.* got [03]"):
        minimize(bowl, x0, SGD(), 3)


@pytest.mark.parametrize("gradient", [[1.0], [[1.0, 1.0]], 1.0, [1.0, 1.0, 1.0]])
def test_gradients_have_the_shape_of_the_point(gradient):
    with pytest.raises(ValueError, match=r"shape of the point, \(2,\), got"):
        minimize(lambda x: (0.0, gradient), [1.0, 2.0], SGD(), 3)


def test_steps_are_not_negative():
    with pytest.raises(ValueError, match=r"n_steps expects .* at least 0, got -1"):
        minimize(bowl, [1.0], SGD(), -1)


def test_a_callback_cannot_change_the_path():
    def vandal(step, point, value):
        point[...] = 1e9

    sgd = SGD(learning_rate=0.1)
    expected = minimize(bowl, [1.0, -2.0], sgd, 10)
    found = minimize(bowl, [1.0, -2.0], sgd, 10, vandal)
    np.testing.assert_array_equal(found.points, expected.points)


def test_values_in_an_array_of_the_functions_own():
    buffer = np.zeros(2)

    def reusing(x):
        buffer[...] = (x**2).sum(axis=-1)
        return buffer, 2 * x

    sgd = SGD(learning_rate=0.1)
    starts = [[1.0, -2.0], [0.5, 3.0]]
    expected = minimize(bowl, starts, sgd, 10)
    found = minimize(reusing, starts, sgd, 10)
    np.testing.assert_array_equal(found.values, expected.values)
