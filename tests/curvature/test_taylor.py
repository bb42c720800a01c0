"""Taylor expansions: exact for polynomials, else with errors of their orders."""

import re

import numpy as np
import pytest

from skregnet.curvature import TaylorEstimate, gradient, hessian, taylor_estimate
from tests.curvature.losses import MAKERS, case, of_sklearn, ours, tasks

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def direction_for(it, seed=0):
    """Return a direction of length 1."""
    direction = np.random.RandomState(seed).normal(size=len(it.vector))
    return direction / np.linalg.norm(direction)


def estimate_of(it, direction, sample_weight=None, **options):
    """Return the estimate of a case."""
    options = {"parameters": it.parameters, **options}
    return taylor_estimate(it.model, it.X, it.y, direction, sample_weight, **options)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", MAKERS)
def test_the_loss_itself(name, weighted):
    it = case(name)
    weights = None
    if weighted:
        weights = np.random.RandomState(0).uniform(0.1, 2, size=len(it.y))
    direction, sizes = direction_for(it), [-0.3, 0.0, 1.0]
    found = estimate_of(it, direction, weights, sizes=sizes)
    expected = [it.loss(it.vector + size * direction, weights) for size in sizes]
    np.testing.assert_allclose(found.actual, expected, rtol=1e-9)


@pytest.mark.parametrize("name", MAKERS)
def test_the_estimates(name):
    it = case(name)
    arguments = it.model, it.X, it.y
    direction, sizes = direction_for(it), np.array([-0.5, 0.0, 0.2])
    found = estimate_of(it, direction, sizes=sizes).estimates
    slope = direction @ gradient(*arguments, parameters=it.parameters)
    bend = direction @ hessian(*arguments, parameters=it.parameters) @ direction
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found[0], it.loss(it.vector), rtol=1e-10)
    np.testing.assert_allclose(found[1] - found[0], sizes * slope, atol=1e-12)
    np.testing.assert_allclose(found[2] - found[1], sizes**2 * bend / 2, atol=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "multiclass",
        "poisson",
        "tasks with heads",
        "scikit-learn, regression",
        "network",
    ],
)
def test_errors_fall_by_their_orders(name):
    it = case(name)
    sizes = np.array([0.01, 0.005])
    for seed in range(3):
        errors = abs(estimate_of(it, direction_for(it, seed), sizes=sizes).errors)
        orders = np.log2(errors[:, 0] / errors[:, 1])
        np.testing.assert_allclose(orders, [1, 2, 3], atol=0.3)


def test_exact_for_linear_regression():
    it = case("regression, linear")
    found = estimate_of(it, direction_for(it), sizes=[-3.0, 10.0])
    np.testing.assert_allclose(found.errors[2], 0, atol=1e-10)
    assert (abs(found.errors[:2]) > 1).all()


def test_errors_are_too_high_where_the_loss_bends_downward():
    found = TaylorEstimate(np.array([[5.0], [3.0], [2.0]]), np.array([2.5]))
    np.testing.assert_array_equal(found.errors, [[2.5], [0.5], [-0.5]])


def test_shapes():
    it = case("multiclass")
    direction = direction_for(it)
    one = estimate_of(it, direction)
    assert one.estimates.shape == one.errors.shape == (3,)
    assert isinstance(one.actual, float)
    many = estimate_of(it, direction, sizes=[0.5, 1.0])
    assert many.estimates.shape == many.errors.shape == (3, 2)
    assert many.actual.shape == (2,)
    np.testing.assert_array_equal(many.estimates[:, 1], one.estimates)
    assert many.actual[1] == one.actual
    assert estimate_of(it, direction, sizes=[]).estimates.shape == (3, 0)
    with pytest.raises(AttributeError):
        one.actual = 0.0


def test_lengths_count():
    it = case("multiclass")
    direction = direction_for(it)
    found = estimate_of(it, 2 * direction, sizes=0.25)
    expected = estimate_of(it, direction.tolist(), sizes=0.5)
    np.testing.assert_allclose(found.estimates, expected.estimates, rtol=1e-12)
    assert found.actual == pytest.approx(expected.actual, rel=1e-12)


def test_parameters():
    it = case("multiclass")
    direction = direction_for(it)
    there = it.vector + 0.5 * direction
    found = estimate_of(it, direction, parameters=there, sizes=[0.0, 0.5])
    expected = estimate_of(it, direction, sizes=[0.5, 1.0]).actual
    np.testing.assert_allclose(found.actual, expected, rtol=1e-12)
    np.testing.assert_allclose(found.estimates[:, 0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4])
def test_penalties(l1_ratio):
    it = ours("multiclass", alpha=4.0, l1_ratio=l1_ratio)
    direction = direction_for(it)
    sizes = np.array([-0.01, 0.0, 0.01])
    # On one side of the corners of the L1 norm.
    options = {"parameters": it.vector + np.copysign(0.02, it.vector), "sizes": sizes}
    plain, penalized = (
        estimate_of(it, direction, penalties=penalties, **options)
        for penalties in (False, True)
    )
    is_weight = np.arange(len(it.vector)) < sum(layer.size for layer in it.model.coefs_)
    points = options["parameters"] + np.outer(sizes, direction)
    norms = l1_ratio * abs(points) + (1 - l1_ratio) / 2 * points**2
    expected = 4.0 / len(it.y) * norms @ is_weight
    np.testing.assert_allclose(penalized.actual - plain.actual, expected, rtol=1e-9)
    np.testing.assert_allclose(
        penalized.estimates[2] - plain.estimates[2], expected, rtol=1e-9
    )


LBFGS = {"solver": "lbfgs", "alpha": 2.0, "max_iter": 200}
FITTED = {
    "binary": lambda: ours("binary", **LBFGS),
    "multiclass": lambda: ours("multiclass", label_smoothing=0.2, **LBFGS),
    "balanced": lambda: ours("multiclass", class_weight="balanced", **LBFGS),
    "multilabel": lambda: ours("multilabel", l1_ratio=0.5, **LBFGS),
    "regression": lambda: ours("reals", activity_alpha=0.1, **LBFGS),
    "poisson": lambda: ours("count", loss="poisson", **LBFGS),
    "tasks": lambda: tasks(task_weights={"size": 2.0}, **LBFGS),
    "scikit-learn": lambda: of_sklearn("multiclass", **LBFGS),
    "scikit-learn, regression": lambda: of_sklearn("real", **LBFGS),
}


@pytest.mark.parametrize("name", FITTED)
def test_the_loss_of_a_fit(name):
    it = FITTED[name]()
    found = estimate_of(it, np.zeros_like(it.vector), sizes=0.0, penalties=True)
    assert found.actual == pytest.approx(it.model.loss_, rel=1e-6)
    np.testing.assert_allclose(found.estimates, found.actual, rtol=1e-12)
    plain = estimate_of(it, np.zeros_like(it.vector), sizes=0.0)
    assert plain.actual < found.actual - 0.01


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"direction": np.ones(5)},
            "direction expects 35 finite numbers, one for each",
        ),
        ({"direction": np.ones((1, 35))}, "got an array of shape (1, 35)."),
        ({"direction": np.full(35, np.nan)}, "of shape (35,) that has others."),
        (
            {"sizes": np.ones((2, 2))},
            "sizes expects a finite number, or a list of such",
        ),
        ({"sizes": np.nan}, "got sizes=nan"),
        ({"sizes": [1.0, np.inf]}, "got sizes=[1.0, inf]"),
        ({"parameters": np.ones(3)}, "parameters expects 35 finite numbers"),
    ],
)
def test_errors(changes, message):
    it = case("network")
    arguments = {"direction": np.ones(35), "parameters": it.vector}
    with pytest.raises(ValueError, match=re.escape(message)):
        taylor_estimate(it.model, it.X, it.y, **{**arguments, **changes})
