"""Penalties in derivatives, and the minima at which L-BFGS arrives with them."""

import numpy as np
import pytest

from skregnet.curvature import gradient, hessian
from tests.curvature.losses import (
    SMALL,
    differences_of_gradient,
    moved,
    of_sklearn,
    ours,
    small,
    tasks,
    weights_for,
)
from tests.fitting import fit
from tests.references import ACTIVATIONS, central_differences

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PENALTIES = [
    {"alpha": 4.0},
    {"alpha": 4.0, "l1_ratio": 0.3},
    {"alpha": 4.0, "l1_ratio": 1.0},
    {"activity_alpha": 0.5, "activity_penalty": "l1", "alpha": 0.0},
    {"activity_alpha": 0.5, "activity_penalty": "l2", "alpha": 1.0},
]


def test_the_share_of_penalties_falls_with_the_weights():
    it = ours("multiclass", alpha=5.0)
    weights = weights_for(len(it.y))
    plain = gradient(it.model, it.X, it.y, weights)
    one, many = (
        gradient(it.model, it.X, it.y, factor * weights, penalties=True) - plain
        for factor in (1, 8)
    )
    assert abs(one).max() > 0.1
    np.testing.assert_allclose(many, one / 8, atol=1e-14)


def penalty(mlp, vector, X, weights):
    """Return the penalties on weights and activations, by their formulas."""
    mlp = moved(mlp, vector)
    flat_weights = np.concatenate([layer.ravel() for layer in mlp.coefs_])
    share = mlp.l1_ratio
    norm = share * abs(flat_weights).sum()
    norm += (1 - share) / 2 * (flat_weights**2).sum()
    total = mlp.alpha * norm / weights.sum()
    hidden = X
    activation = np.vectorize(ACTIVATIONS[mlp.activation])
    for layer, biases in zip(mlp.coefs_[:-1], mlp.intercepts_[:-1], strict=True):
        hidden = activation(hidden @ layer + biases)
        sizes = abs(hidden) if mlp.activity_penalty == "l1" else hidden**2 / 2
        mean = np.average(sizes.sum(axis=1), weights=weights)
        total += mlp.activity_alpha * mean
    return total


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("parameters", PENALTIES, ids=str)
def test_penalties(parameters, weighted):
    it = ours("multiclass", hidden_layer_sizes=(3, 2), **parameters)
    weights = weights_for(len(it.y)) if weighted else np.ones(len(it.y))
    arguments = it.model, it.X, it.y, weights
    # Away from the corners of the L1 norm.
    point = it.vector + np.copysign(0.01, it.vector)
    found = gradient(*arguments, parameters=point, penalties=True)
    found -= gradient(*arguments, parameters=point)
    expected = central_differences(
        lambda vector: penalty(it.model, vector, it.X, weights), point
    )
    assert abs(expected).max() > 1e-2
    np.testing.assert_allclose(found, expected, atol=1e-7)
    matrix = hessian(*arguments, parameters=point, penalties=True)
    expected = differences_of_gradient(point, *arguments, penalties=True)
    np.testing.assert_allclose(matrix, expected, atol=1e-6)


def test_second_derivatives_of_a_penalty_on_weights():
    it = ours("real", alpha=3.0, l1_ratio=0.4)
    found = hessian(it.model, it.X, it.y, penalties=True)
    is_weight = np.arange(len(it.vector)) < sum(w.size for w in it.model.coefs_)
    expected = np.diag(3.0 * (1 - 0.4) / len(it.y) * is_weight)
    np.testing.assert_allclose(
        found - hessian(it.model, it.X, it.y), expected, atol=1e-12
    )


def test_the_corner_of_an_l1_penalty_has_no_slope():
    it = ours("multiclass", alpha=3.0, l1_ratio=1.0)
    rest = np.zeros_like(it.vector)
    found = gradient(it.model, it.X, it.y, parameters=rest, penalties=True)
    expected = gradient(it.model, it.X, it.y, parameters=rest)
    np.testing.assert_array_equal(found, expected)


def test_divergence_of_activations():
    it = ours(
        "binary", activation="logistic", activity_penalty="kl", activity_alpha=0.1
    )
    expected = central_differences(it.loss, it.vector)
    np.testing.assert_allclose(gradient(it.model, it.X, it.y), expected, atol=1e-7)
    with pytest.raises(ValueError, match=r"sum over rows, got activity_penalty='kl'"):
        gradient(it.model, it.X, it.y, penalties=True)
    off = it.model.set_params(activity_alpha=0.0)
    assert gradient(off, it.X, it.y, penalties=True).shape == it.vector.shape


MINIMUM = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 5000, "tol": 1e-7}
AT_MINIMA = {
    "binary": lambda: ours("binary", **MINIMUM),
    "multiclass": lambda: ours("multiclass", label_smoothing=0.2, **MINIMUM),
    "multilabel": lambda: ours("multilabel", **MINIMUM),
    "regression": lambda: ours(
        "reals", activity_alpha=0.05, activity_penalty="l2", **MINIMUM
    ),
    "poisson": lambda: ours("count", loss="poisson", **MINIMUM),
    "weighted": lambda: ours("multiclass", class_weight="balanced", **MINIMUM),
    "tasks": lambda: tasks(task_weights={"size": 2.0}, **MINIMUM),
    "tasks that learn weights": lambda: tasks(task_weights="uncertainty", **MINIMUM),
}


@pytest.mark.parametrize("name", AT_MINIMA)
def test_a_minimum_has_no_slope(name):
    it = AT_MINIMA[name]()
    slope = gradient(it.model, it.X, it.y, penalties=True)
    np.testing.assert_allclose(slope, 0, atol=3e-4)
    assert abs(gradient(it.model, it.X, it.y)).max() > 1e-2
    values = np.linalg.eigvalsh(hessian(it.model, it.X, it.y, penalties=True))
    assert values[0] > -1e-6


def test_a_minimum_of_weighted_rows():
    X, y = small("multiclass")
    weights = weights_for(len(y))
    mlp = fit("multiclass", (X, y), weights, **SMALL | MINIMUM)
    slope = gradient(mlp, X, y, weights, penalties=True)
    np.testing.assert_allclose(slope, 0, atol=3e-4)
    assert abs(gradient(mlp, X, y, penalties=True)).max() > 1e-2


def test_a_minimum_of_an_l1_penalty():
    it = ours("multiclass", l1_ratio=0.9, **MINIMUM | {"alpha": 2.0})
    slope = gradient(it.model, it.X, it.y, penalties=True)
    is_zero = it.vector == 0
    assert 3 <= is_zero.sum() < len(it.vector) - 10
    np.testing.assert_allclose(slope[~is_zero], 0, atol=3e-4)
    assert abs(slope[is_zero]).max() <= 2.0 * 0.9 / len(it.y)


@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_a_minimum_of_sklearn(kind):
    it = of_sklearn(kind, **MINIMUM)
    slope = gradient(it.model, it.X, it.y, penalties=True)
    np.testing.assert_allclose(slope, 0, atol=3e-4)
    assert abs(gradient(it.model, it.X, it.y)).max() > 1e-2
