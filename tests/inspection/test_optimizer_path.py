"""What is drawn is what the paths say."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from skregnet.inspection import OptimizerPathDisplay
from skregnet.optimizers import SGD, Adam, DeltaBarDelta, RMSProp, minimize

START = [-3.0, 1.0]
OPTIMIZERS = {
    "plain": SGD(momentum=0.0),
    "momentum": SGD(nesterov=False),
    "adam": Adam(learning_rate=0.1),
    "rmsprop": RMSProp(learning_rate=0.1),
    "delta-bar-delta": DeltaBarDelta(learning_rate=0.01),
}
TOO_FAST = SGD(learning_rate=1e9)


def canyon(x):
    return (x[0] ** 2 + 20 * x[1] ** 2) / 2, [x[0], 20 * x[1]]


@pytest.fixture
def ax():
    return Figure().subplots()


def draw(ax, optimizers=OPTIMIZERS, fun=canyon, x0=START, resolution=15, **options):
    return OptimizerPathDisplay.from_optimizers(
        fun, x0, optimizers, resolution=resolution, ax=ax, **options
    )


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_lines_are_the_paths(ax):
    display = draw(ax, n_steps=30)
    assert list(display.paths) == list(OPTIMIZERS)
    for line, optimizer in zip(display.lines_, OPTIMIZERS.values(), strict=True):
        path = minimize(canyon, START, optimizer, 30)
        assert_array_equal(line.get_xydata(), path.points)
        assert line in ax.lines
    assert legend_labels(ax) == list(OPTIMIZERS)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_ends_are_marked(ax):
    display = draw(ax, {"adam": Adam()})
    points = display.paths["adam"].points
    marks = [m for m in ax.lines if m not in display.lines_]
    found = [mark.get_xydata()[0] for mark in marks]
    assert_array_equal(found, points[[0, -1]])
    assert {m.get_color() for m in marks} == {display.lines_[0].get_color()}


def test_limits_contain_all_points(ax):
    display = draw(ax)
    points = np.concatenate([path.points for path in display.paths.values()])
    for limits, column in zip((ax.get_xlim(), ax.get_ylim()), points.T, strict=True):
        assert limits[0] < column.min() < column.max() < limits[1]


def test_surface(ax):
    display = draw(ax, bounds=((-2, 1), (0, 3)), resolution=7)
    assert_allclose(display.x, np.linspace(-2, 1, 7))
    assert_allclose(display.y, np.linspace(0, 3, 7))
    expected = (display.x**2 + 20 * display.y[:, np.newaxis] ** 2) / 2
    assert_allclose(display.values, expected)
    assert ax.get_xlim() == (-2, 1)
    assert ax.get_ylim() == (0, 3)
    levels = display.contours_.levels
    assert levels[0] == expected.min()
    assert levels[-1] >= expected.max()
    steps = np.diff(levels)
    assert (np.diff(steps) > 0).all()
    # Narrow where the canyon is, for its floor to show.
    assert steps[0] < steps[-1] / 50


def test_diverged_path_is_cut_off(ax):
    display = draw(ax, {"fast": TOO_FAST, "adam": Adam()}, n_steps=200)
    path = display.paths["fast"]
    assert not np.isfinite(path.points[-1]).all()
    assert_array_equal(display.lines_[0].get_xydata(), path.points[:-1])
    assert np.isfinite(path.points[:-1]).all()
    assert legend_labels(ax) == ["fast (diverged)", "adam"]
    # The path that went astray does not shrink the rest to a point.
    assert np.ptp(ax.get_xlim()) < 10
    ax.figure.canvas.draw()


def test_only_diverged_paths(ax):
    draw(ax, [TOO_FAST], n_steps=200)
    assert ax.get_xlim() == (-4, -2)
    assert ax.get_ylim() == (0, 2)


def test_labels_of_a_list(ax):
    draw(ax, [SGD(), Adam(), SGD(momentum=0.5)])
    assert legend_labels(ax) == ["SGD 1", "Adam", "SGD 2"]


def test_from_paths(ax):
    path = minimize(canyon, START, Adam(), 5)
    display = OptimizerPathDisplay.from_paths(canyon, {"mine": path}, ax=ax)
    assert display.paths == {"mine": path}
    assert_array_equal(display.lines_[0].get_xydata(), path.points)
    assert display.values.shape == (100, 100)


def test_plot_again(ax):
    display = draw(None)
    plt.close(display.figure_)
    assert display.ax_ is not ax
    assert display.plot(ax) is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(display.lines_) == len(OPTIMIZERS)


def test_options_are_handed_on(ax):
    display = draw(
        ax, contour_kwargs={"levels": [0, 1, 2, 50]}, line_kwargs={"c": "k", "lw": 3}
    )
    assert_array_equal(display.contours_.levels, [0, 1, 2, 50])
    assert {to_rgba(line.get_color()) for line in display.lines_} == {(0, 0, 0, 1)}
    assert {line.get_linewidth() for line in display.lines_} == {3}
    display.plot(Figure().subplots(), contour_kwargs={"colors": ["red", "blue"]})


def hole(x):
    """Have no value at all left of -1."""
    return (np.sqrt(x[0] + 1), [0.0, 0.0]) if x[0] > -1 else (np.nan, [0.0, 0.0])


def test_function_without_values_in_places(ax):
    display = draw(ax, fun=hole, x0=[0.0, 0.0], bounds=((-2, 1), (-1, 1)))
    assert np.isnan(display.values).any()
    ax.figure.canvas.draw()


def test_flat_function_and_no_steps(ax):
    draw(ax, fun=lambda x: (1.0, [0.0, 0.0]), n_steps=0)
    assert ax.get_xlim() == (-4, -2)


@pytest.mark.parametrize("x0", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [1.0, np.nan]])
def test_start_must_be_two_numbers(ax, x0):
    with pytest.raises(ValueError, match="x0 expects two finite numbers"):
        draw(ax, x0=x0)


@pytest.mark.parametrize("optimizers", [{}, []])
def test_no_optimizers(ax, optimizers):
    with pytest.raises(ValueError, match="optimizers expects at least one"):
        draw(ax, optimizers)


def test_single_optimizer_without_a_list(ax):
    with pytest.raises(TypeError, match="put a single one in a list"):
        draw(ax, Adam())


BAD_OPTIONS = [
    ({"bounds": ((0, 1), (1, 1))}, "bounds expects"),
    ({"bounds": (0, 1)}, "bounds expects"),
    ({"bounds": ((0, np.inf), (0, 1))}, "bounds expects"),
    ({"resolution": 1}, "resolution expects at least 2"),
    ({"n_steps": -1}, "n_steps expects"),
    ({"fun": hole, "bounds": ((-3, -2), (0, 1))}, "finite values, got none"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_bad_options(ax, options, message):
    with pytest.raises(ValueError, match=message):
        draw(ax, **options)


def test_paths_of_another_shape():
    def bowl(x):
        return np.sum(x**2), 2 * x

    for start in ([1.0, 2.0, 3.0], [[1.0, 2.0]]):
        path = minimize(bowl, start, Adam(), 2)
        with pytest.raises(ValueError, match="points of two parameters"):
            OptimizerPathDisplay.from_paths(bowl, [path])


def test_path_that_starts_nowhere():
    path = minimize(canyon, [np.nan, 0.0], Adam(), 2)
    with pytest.raises(ValueError, match="finite starts"):
        OptimizerPathDisplay.from_paths(canyon, [path])


def test_without_matplotlib(monkeypatch):
    path = minimize(canyon, START, Adam(), 2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"from_optimizers requires matplotlib"):
        draw(None)
    with pytest.raises(ImportError, match=r"from_paths requires matplotlib"):
        OptimizerPathDisplay.from_paths(canyon, [path])
    display = OptimizerPathDisplay(paths={}, x=[0], y=[0], values=[[0]])
    with pytest.raises(ImportError, match=r"plot requires matplotlib"):
        display.plot()
