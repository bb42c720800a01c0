"""Densities of eigenvalues: what quadrature must keep, and where it is exact."""

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator
from scipy.stats import norm

from skregnet.curvature import (
    HessianOperator,
    SpectralDensity,
    hessian,
    spectral_density,
)
from tests.curvature.losses import ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

VALUES = np.linspace(-2.0, 3.0, 60) ** 3


def symmetric(values, seed=0):
    """Return a matrix of these eigenvalues."""
    n_parameters = len(values)
    square = np.random.RandomState(seed).normal(size=(n_parameters, n_parameters))
    basis, _ = np.linalg.qr(square)
    return (basis * values) @ basis.T


def moment(density, power):
    """Return the mean of a power of the eigenvalues."""
    return (density.weights * density.nodes**power).sum()


@pytest.mark.parametrize("n_probes", [1, 3])
@pytest.mark.parametrize("n_steps", [1, 2, 5])
def test_quadrature_is_exact_for_polynomials(n_steps, n_probes):
    # Signs weigh all elements of a diagonal matrix alike.
    density = spectral_density(np.diag(VALUES), n_steps, n_probes)
    assert density.nodes.shape == density.weights.shape == (n_steps * n_probes,)
    for power in range(2 * n_steps):
        expected = (VALUES**power).mean()
        assert moment(density, power) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    beyond = (VALUES ** (2 * n_steps)).mean()
    assert moment(density, 2 * n_steps) < (1 - 1e-5) * beyond


@pytest.mark.parametrize("n_probes", [4, 64])
def test_moments(n_probes):
    matrix = symmetric(VALUES)
    square = matrix @ matrix
    for seed in range(5):
        density = spectral_density(matrix, 10, n_probes, random_state=seed)
        assert (np.diff(density.nodes) >= 0).all()
        assert (density.weights >= 0).all()
        assert density.weights.sum() == pytest.approx(1, rel=1e-12)
        assert density.nodes[0] > VALUES[0] - 1e-9
        assert density.nodes[-1] < VALUES[-1] + 1e-9
        for power, expected in ((1, matrix), (2, square)):
            # The variance of ``v.T @ A @ v / n`` with random signs.
            off_diagonal = (expected**2).sum() - (np.diag(expected) ** 2).sum()
            deviation = np.sqrt(2 * off_diagonal / n_probes) / 60
            error = moment(density, power) - np.trace(expected) / 60
            assert abs(error) < 4 * deviation


def test_more_probes_have_smaller_errors():
    matrix = symmetric(VALUES)
    few, many = (
        np.std(
            [
                moment(spectral_density(matrix, 5, n_probes, random_state=seed), 1)
                for seed in range(40)
            ]
        )
        for n_probes in (2, 32)
    )
    # By the root of sixteen.
    assert 2.5 < few / many < 6.5


def test_more_steps_resolve_more():
    # A tenth of the eigenvalues stand apart.
    matrix = np.diag([*np.linspace(0, 1, 90), *np.linspace(3, 4, 10)])

    def share(n_steps):
        density = spectral_density(matrix, n_steps)
        return density.weights[density.nodes > 2].sum()

    assert abs(share(2) - 0.1) > 0.01
    assert share(20) == pytest.approx(0.1, abs=1e-6)


def test_all_steps_find_all_eigenvalues():
    values = np.array([-3.0, -1.0, 0.5, 2.0, 7.0])
    density = spectral_density(np.diag(values), 100, 1)
    np.testing.assert_allclose(density.nodes, values, atol=1e-10)
    np.testing.assert_allclose(density.weights, 0.2, atol=1e-10)


@pytest.mark.parametrize("size", [0.0, 1.0, -3.0, 1e-12])
def test_one_eigenvalue(size):
    density = spectral_density(size * np.eye(30), n_probes=3)
    np.testing.assert_allclose(density.nodes, 3 * [size], rtol=1e-12)
    np.testing.assert_allclose(density.weights, 1 / 3, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_low_rank(scale):
    values = scale * np.array([-4.0, 1.0, 9.0])
    density = spectral_density(np.diag([*values, *np.zeros(47)]), n_probes=2)
    # Each probe has one node for each eigenvalue, zero too.
    expected = np.repeat([values[0], 0, *values[1:]], 2)
    np.testing.assert_allclose(density.nodes, expected, atol=1e-9 * scale)
    shares = np.repeat([1 / 50, 47 / 50, 1 / 50, 1 / 50], 2) / 2
    np.testing.assert_allclose(density.weights, shares, atol=1e-9)
    rotated = spectral_density(symmetric([*values, *np.zeros(47)]), n_probes=200)
    distances = abs(rotated.nodes[:, np.newaxis] - [0, *values]).min(axis=1)
    assert distances.max() < 1e-7 * scale
    for value in values:
        is_near = abs(rotated.nodes - value) < 1e-7 * scale
        assert rotated.weights[is_near].sum() == pytest.approx(1 / 50, abs=0.01)


def test_one_parameter():
    density = spectral_density([[-3.0]], n_probes=2)
    np.testing.assert_array_equal(density.nodes, [-3, -3])
    np.testing.assert_array_equal(density.weights, [0.5, 0.5])


def test_at():
    density = spectral_density(symmetric(VALUES), n_probes=2)
    places = np.linspace(-60, 60, 4_001)
    for width in (0.1, 0.5, 3.0):
        found = density.at(places, width)
        assert np.trapezoid(found, places) == pytest.approx(1, rel=1e-9)
        expected = sum(
            weight * norm.pdf(places, node, width)
            for node, weight in zip(density.nodes, density.weights, strict=True)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)
    sharp, smooth = (density.at(places, width).max() for width in (0.1, 3.0))
    assert sharp > 2 * smooth
    assert density.at([0.0, 1.0], 1.0).shape == (2,)


@pytest.mark.parametrize("width", [0, -1.0, np.nan])
def test_errors_of_widths(width):
    density = SpectralDensity(np.zeros(1), np.ones(1))
    with pytest.raises(ValueError, match=f"width expects a number > 0, got .*={width}"):
        density.at([0.0], width)


def test_hessian():
    it = ours("multiclass", hidden_layer_sizes=(10,), solver="lbfgs", alpha=1.0)
    operator = HessianOperator(it.model, it.X, it.y)
    values = np.linalg.eigvalsh(hessian(it.model, it.X, it.y))
    density = spectral_density(operator, n_probes=40)
    assert moment(density, 1) == pytest.approx(values.mean(), rel=0.1)
    assert moment(density, 2) == pytest.approx((values**2).mean(), rel=0.2)
    assert density.nodes[-1] == pytest.approx(values[-1], rel=1e-6)
    for bound in (0.01, 0.1):
        share = density.weights[density.nodes < bound].sum()
        assert share == pytest.approx((values < bound).mean(), abs=0.05)


def test_products_are_counted():
    counts = []
    matrix = symmetric(VALUES)

    def products(columns):
        counts.append(columns.size // 60)
        return matrix @ columns

    operator = LinearOperator(
        (60, 60), matvec=products, matmat=products, dtype=np.float64
    )
    spectral_density(operator, 7, 3)
    # Two products tell first whether it is symmetric.
    assert counts == [2] + 7 * [3]
    counts.clear()
    spectral_density(operator)
    assert counts == [2] + 60 * [8]
    counts.clear()
    spectral_density(operator, 100, 1)
    assert counts == [2] + 60 * [1]


def test_random_state():
    matrix = symmetric(VALUES)

    def nodes(random_state):
        return spectral_density(matrix, 5, 2, random_state=random_state).nodes

    np.testing.assert_array_equal(nodes(3), nodes(3))
    np.testing.assert_array_equal(nodes(np.random.default_rng(3)), nodes(3))
    assert not np.array_equal(nodes(3), nodes(4))
    np.testing.assert_array_equal(spectral_density(matrix, 5, 2).nodes, nodes(0))


@pytest.mark.parametrize("form", [np.ndarray.tolist, aslinearoperator])
def test_forms_of_a_matrix(form):
    matrix = symmetric(VALUES)
    found, expected = spectral_density(form(matrix), 9), spectral_density(matrix, 9)
    np.testing.assert_allclose(found.nodes, expected.nodes, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_steps": 0}, "n_steps expects a whole number >= 1, got 0"),
        ({"n_steps": 1.5}, "n_steps expects a whole number >= 1, got 1.5"),
        ({"n_probes": 0}, "n_probes expects a whole number >= 1, got 0"),
        ({"n_probes": "8"}, "n_probes expects a whole number >= 1, got '8'"),
        ({"operator": np.ones((2, 3))}, r"symmetric matrix.*\(2, 3\)"),
        ({"operator": [[np.inf]]}, "operator expects finite numbers"),
    ],
)
def test_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        spectral_density(**{"operator": np.eye(3), **changes})


def test_result_is_frozen():
    with pytest.raises(AttributeError):
        spectral_density(np.eye(3)).nodes = np.zeros(3)
