"""What the display of a loss surface computes and draws."""

import pickle

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath
from skregnet.curvature import hessian, taylor_estimate
from skregnet.inspection import LossSurfaceDisplay
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def fitted():
    X, y = problem("multiclass")
    path = ParameterPath()
    mlp = MLPClassifier((4,), activation="tanh", max_iter=8, random_state=0)
    return mlp.set_callbacks(path).fit(X, y), X, y, path.vectors_


def draw(fitted, **parameters):
    mlp, X, y, _ = fitted
    settings = {"resolution": 5, "ax": Figure().subplots(), **parameters}
    return LossSurfaceDisplay.from_estimator(mlp, X, y, **settings)


def slow_loss(mlp, X, y, vector):
    """Return the loss at other parameters, set in the network itself."""
    moved = pickle.loads(pickle.dumps(mlp.set_callbacks()))
    start = 0
    for array in [*moved.coefs_, *moved.intercepts_]:
        array[...] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return log_loss(y, moved.predict_proba(X))


def flat(mlp):
    """Return the parameters as one vector."""
    return np.concatenate([a.ravel() for a in [*mlp.coefs_, *mlp.intercepts_]])


def test_values_are_the_loss(fitted):
    mlp, X, y, _ = fitted
    vector = flat(mlp)
    directions = np.random.RandomState(0).normal(size=(2, len(vector)))
    bounds = ((-0.2, 0.3), (-0.1, 0.5))
    display = draw(fitted, directions=directions, bounds=bounds)
    np.testing.assert_allclose(display.x, np.linspace(-0.2, 0.3, 5))
    np.testing.assert_allclose(display.y, np.linspace(-0.1, 0.5, 5))
    for i, j in ((0, 0), (4, 1), (2, 3)):
        there = vector + display.x[j] * directions[0] + display.y[i] * directions[1]
        assert display.values[i, j] == pytest.approx(slow_loss(mlp, X, y, there))
    assert display.labels == ("direction 1", "direction 2")
    assert display.point_.get_xydata().tolist() == [[0, 0]]
    assert display.path is display.line_ is None


def test_random_directions_are_as_long_as_each_units_weights(fitted):
    mlp, X, y, _ = fitted
    display = draw(fitted, random_state=0)
    assert display.x.tolist() == display.y.tolist() == [-1, -0.5, 0, 0.5, 1]
    same = draw(fitted, random_state=0)
    other = draw(fitted, random_state=1)
    np.testing.assert_array_equal(same.values, display.values)
    assert not np.array_equal(other.values, display.values)
    # A unit whose weights are zero is left alone: so the surface of a dead network is
    # flat.
    dead = pickle.loads(pickle.dumps(mlp))
    for weights in dead.coefs_:
        weights[...] = 0
    flat_one = LossSurfaceDisplay.from_estimator(
        dead, X, y, resolution=3, ax=Figure().subplots()
    )
    assert np.ptp(flat_one.values) == 0


def test_eigenvectors_and_how_far_to_look(fitted):
    mlp, X, y, _ = fitted
    values, vectors = np.linalg.eigh(hessian(mlp, X, y))
    display = draw(fitted, directions="eigenvectors")
    loss = display.values[2, 2]
    assert display.x[-1] == pytest.approx(np.sqrt(2 * loss / values[-1]))
    assert display.y[-1] == pytest.approx(np.sqrt(2 * loss / values[-2]))
    assert display.labels[0] == f"eigenvector of {values[-1]:.3g}"
    sides = sorted([display.values[2, 0], display.values[2, -1]])
    expected = taylor_estimate(
        mlp, X, y, vectors[:, -1], sizes=[-display.x[-1], display.x[-1]]
    ).actual
    assert sides == pytest.approx(sorted(expected))


def test_a_path_is_projected(fitted):
    mlp, *_, path = fitted
    vector = flat(mlp)
    rng = np.random.RandomState(0)
    directions = rng.normal(size=(2, len(vector)))
    inside = rng.normal(size=(6, 2))
    outside = rng.normal(size=len(vector))
    outside -= np.linalg.lstsq(directions.T, outside)[0] @ directions
    points = vector + inside @ directions + outside
    display = draw(fitted, directions=directions, path=points)
    np.testing.assert_allclose(display.path, inside)
    np.testing.assert_allclose(display.line_.get_xydata(), inside)
    for axis, grid in enumerate((display.x, display.y)):
        assert grid[0] < min(0, inside[:, axis].min())
        assert grid[-1] > max(0, inside[:, axis].max())
    along = draw(fitted, directions="path", path=path)
    np.testing.assert_allclose(along.path[-1], 0, atol=1e-12)
    # Two components hold most of the path's length.
    lengths = (path - vector) ** 2
    assert (along.path**2).sum() > 0.9 * lengths.sum()
    assert (along.path**2).sum() <= lengths.sum() * (1 + 1e-12)


def test_parameters_reach_the_loss(fitted):
    mlp, X, y, _ = fitted
    plain, penalised = draw(fitted), draw(fitted, penalties=True)
    assert penalised.values[2, 2] == pytest.approx(mlp.loss_, rel=0.1)
    assert (penalised.values > plain.values).all()
    weights = np.arange(len(y)) % 2
    weighted = draw(fitted, sample_weight=weights)
    halved = LossSurfaceDisplay.from_estimator(
        mlp, X[1::2], y[1::2], resolution=5, ax=Figure().subplots()
    )
    np.testing.assert_allclose(weighted.values, halved.values)


def test_drawing_again(fitted):
    path = fitted[3]
    display = draw(fitted, path=path)
    again = pickle.loads(pickle.dumps(display)).plot(
        Figure().subplots(),
        colorbar=False,
        line_kwargs={"linewidth": 3},
        contour_kwargs={"levels": [0, 1, 2]},
    )
    assert display.colorbar_ is not None
    assert again.colorbar_ is None
    assert again.line_.get_linewidth() == 3
    assert again.contours_.levels.tolist() == [0, 1, 2]
    assert again.ax_.get_xlabel() == "random direction 1"
    assert again.plot().ax_ is not display.ax_


def test_of_scikit_learn(fitted):
    mlp, X, y, _ = fitted
    theirs = LossSurfaceDisplay.from_estimator(
        mlp.to_sklearn(), X, y, resolution=5, ax=Figure().subplots()
    )
    np.testing.assert_array_equal(theirs.values, draw(fitted).values)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"directions": "up"}, "directions expects one of"),
        ({"directions": "path"}, "expects a path of two points"),
        ({"directions": np.ones((2, 3))}, "directions expects two of"),
        ({"directions": "twice"}, "directions expects one of"),
        ({"path": np.ones((4, 3))}, "path expects points of"),
        ({"bounds": ((0, 1), (2, 1))}, "bounds expects"),
        ({"resolution": 1}, "resolution expects"),
    ],
)
def test_refusals(parameters, message, fitted):
    with pytest.raises(ValueError, match=message):
        draw(fitted, **parameters)


def test_parallel_directions_are_refused(fitted):
    direction = np.ones(len(flat(fitted[0])))
    with pytest.raises(ValueError, match="neither a multiple of the other"):
        draw(fitted, directions=[direction, 2 * direction])


def test_pipelines_are_refused(fitted):
    mlp, X, y, _ = fitted
    with pytest.raises(TypeError, match="of a Pipeline pass the last step"):
        LossSurfaceDisplay.from_estimator(make_pipeline(mlp), X, y)
