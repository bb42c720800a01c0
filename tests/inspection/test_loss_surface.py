"""What the display of a loss surface computes and draws."""

import pickle
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet._networks.problem import problem_of
from skregnet.callbacks import ParameterPath
from skregnet.curvature import hessian, taylor_estimate
from skregnet.inspection import LossSurfaceDisplay
from skregnet.inspection._plane import plane_of
from tests.cases import problem
from tests.multi_task import mixture

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


def random_directions(mlp, X, y, seed=0):
    """Return two random directions as vectors, and as changes of each layer."""
    loss, vector = problem_of(mlp, X, y)
    pair = plane_of("random", loss, vector, None, seed).directions
    return pair, [loss.network.unpack(direction) for direction in pair]


@pytest.mark.parametrize("seed", range(3))
def test_random_directions_are_as_long_as_each_units_weights(fitted, seed):
    mlp, X, y, _ = fitted
    (first, second), layers = random_directions(mlp, X, y, seed)
    assert first @ second == pytest.approx(0, abs=1e-12)
    for weights, biases in layers:
        for drawn, own in zip(weights, mlp.coefs_, strict=True):
            lengths = [np.linalg.norm(values, axis=0) for values in (drawn, own)]
            np.testing.assert_allclose(*lengths)
        assert not np.concatenate(biases).any()
    # At right angles in each unit.
    for one, other in zip(layers[0][0], layers[1][0], strict=True):
        np.testing.assert_allclose((one * other).sum(axis=0), 0, atol=1e-12)


def test_random_directions_of_units_with_one_weight():
    X, y = problem("real", n_features=1)
    mlp = MLPRegressor(hidden_layer_sizes=(1,), max_iter=3, random_state=0).fit(X, y)
    for seed in range(5):
        (first, second), _ = random_directions(mlp, X, y, seed)
        assert first @ second == pytest.approx(0, abs=1e-12)
        assert np.linalg.norm(second) > 1e-3


def test_random_directions_leave_weights_of_zero():
    # Between the heads of several tasks there are such.
    X, Y = mixture()
    mlp = MultiTaskMLP(hidden_layer_sizes=(5,), head_layer_sizes=(3,), max_iter=3)
    _, layers = random_directions(mlp.fit(X, Y), X, Y)
    assert any((weights == 0).any() for weights in mlp.coefs_)
    for weights, _ in layers:
        for drawn, own in zip(weights, mlp.coefs_, strict=True):
            np.testing.assert_array_equal(drawn == 0, own == 0)


def test_surface_along_random_directions(fitted):
    mlp, X, y, _ = fitted
    display = draw(fitted, random_state=1)
    assert display.x.tolist() == display.y.tolist() == [-1, -0.5, 0, 0.5, 1]
    pair, _ = random_directions(mlp, X, y, seed=1)
    there = flat(mlp) + display.x[3] * pair[0] + display.y[0] * pair[1]
    assert display.values[0, 3] == pytest.approx(slow_loss(mlp, X, y, there))
    np.testing.assert_array_equal(draw(fitted, random_state=1).values, display.values)
    assert not np.array_equal(draw(fitted, random_state=2).values, display.values)
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
    assert display.ax_.get_ylabel() == f"eigenvector of {values[-2]:.3g}"
    assert min(display.values[2, [0, -1]].max(), display.values[[0, -1], 2].max()) > (
        1.5 * loss
    )
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
    share = (along.path[:, 0] ** 2).sum() / lengths.sum()
    assert along.labels[0] == f"first component of the path ({share:.0%})"


def test_flat_and_saddle_shaped_planes():
    # With weights of zero the Hessian is zero but for biases.
    X, y = problem("real", n_features=1)
    mlp = MLPRegressor(hidden_layer_sizes=(1,), max_iter=1, random_state=0)
    mlp.fit(X, y - y.mean())
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        array[...] = 0
    display = LossSurfaceDisplay.from_estimator(
        mlp,
        X,
        y - y.mean(),
        directions="eigenvectors",
        resolution=3,
        ax=Figure().subplots(),
    )
    spans = display.x[-1], display.y[-1]
    # As far as doubles the loss, and along what is flat at most a hundred times that.
    assert spans[0] == pytest.approx(np.sqrt(2 * display.values[1, 1]))
    assert spans[1] == pytest.approx(100 * spans[0])


def test_ends_of_the_path_are_marked(fitted):
    path = fitted[3]
    display = draw(fitted, directions="path", path=path[:-1])
    marks = [line for line in display.ax_.lines if line is not display.line_]
    start, end, star = (mark.get_xydata()[0] for mark in marks)
    np.testing.assert_array_equal(start, display.path[0])
    np.testing.assert_array_equal(end, display.path[-1])
    np.testing.assert_array_equal(star, [0, 0])
    assert marks[0].get_fillstyle() == "none"
    assert {m.get_color() for m in marks[:2]} == {display.line_.get_color()}
    assert marks[2] is display.point_
    order = [artist.get_zorder() for artist in (display.line_, *marks)]
    assert order == sorted(order)


def test_bounds_contain_the_fitted_network(fitted):
    # Though the path is far from it.
    path = fitted[3]
    directions = np.eye(2, path.shape[1])
    display = draw(fitted, directions=directions, path=path + 5 * directions.sum(0))
    assert display.path.min() > 4
    for grid in (display.x, display.y):
        assert grid[0] < 0
        assert grid[-1] > display.path.max(axis=0).min()


def test_a_path_that_goes_one_way(fitted):
    ends = fitted[3][[0, -1]]
    display = draw(fitted, directions="path", path=ends)
    np.testing.assert_allclose(display.path[:, 1], 0, atol=1e-12)
    # There is room beside it.
    assert np.ptp(display.y) > 0.1 * np.ptp(display.x)


def test_components_of_paths_do_not_depend_on_signs(fitted):
    mlp, _, _, path = fitted
    same = draw(fitted, directions="path", path=path)
    vector = flat(mlp)
    turned = draw(fitted, directions="path", path=2 * vector - path)
    np.testing.assert_allclose(turned.path, -same.path, atol=1e-12)


def test_numbers_of_the_scale_differ(fitted):
    for bounds in (((-1, 1), (-1, 1)), ((-1e-4, 1e-4), (-1e-4, 1e-4))):
        display = draw(fitted, bounds=bounds)
        display.figure_.canvas.draw()
        labels = [t.get_text() for t in display.colorbar_.ax.get_yticklabels()]
        assert len(labels) == len(set(labels)) > 3


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
    plt.close(again.figure_)


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
        ({"directions": "path", "path": np.ones((1, 43))}, "or more, got one"),
        ({"directions": np.full((2, 43), np.nan)}, "directions expects two of 43"),
        ({"path": np.full((4, 43), np.inf)}, "path expects points of 43 finite"),
        ({"path": np.empty((0, 43))}, "path expects points of"),
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


def test_without_matplotlib(fitted, monkeypatch):
    mlp, X, y, _ = fitted
    display = draw(fitted)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="from_estimator requires matplotlib"):
        LossSurfaceDisplay.from_estimator(mlp, X, y)
    with pytest.raises(ImportError, match="plot requires matplotlib"):
        display.plot()
