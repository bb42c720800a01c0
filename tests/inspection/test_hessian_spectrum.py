"""What the display of a spectrum computes and draws."""

import pickle
import sys
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.sparse.linalg import aslinearoperator
from sklearn.pipeline import make_pipeline

from skregnet import MLPClassifier
from skregnet.curvature import GaussNewtonOperator, SpectralDensity, hessian
from skregnet.inspection import HessianSpectrumDisplay
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# A spike at zero, and a few far out: what spectra of networks look like.
OUTLIERS = [-4.0, 5.0, 6.0]
LARGE = np.concatenate([np.linspace(-1, 1, 1100), OUTLIERS])


@pytest.fixture(scope="module")
def fitted():
    X, y = problem("multiclass")
    mlp = MLPClassifier((4,), activation="tanh", max_iter=10, random_state=0)
    return mlp.fit(X, y), X, y


def axes():
    return Figure().subplots()


def of_estimator(fitted, **parameters):
    return HessianSpectrumDisplay.from_estimator(*fitted, ax=axes(), **parameters)


def of_values(values, **parameters):
    """Return the display of a diagonal matrix."""
    operator = aslinearoperator(np.diag(values))
    return HessianSpectrumDisplay.from_operator(operator, ax=axes(), **parameters)


def curve(display):
    """Return eigenvalues and density as they are drawn."""
    return display.line_.get_xydata().T


def ticks(display):
    return [rug.get_xdata() for rug in display.rugs_]


def legend_labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("scale", ["linear", "symlog"])
def test_all_eigenvalues_of_a_small_network(fitted, scale):
    display = of_estimator(fitted, scale=scale)
    expected = np.linalg.eigvalsh(hessian(*fitted))
    np.testing.assert_allclose(display.eigenvalues, expected[::-1], atol=1e-12)
    np.testing.assert_allclose(display.spectrum.nodes, expected, atol=1e-12)
    np.testing.assert_allclose(display.spectrum.weights, 1 / len(expected))
    assert display.n_parameters == len(expected)
    values, density = curve(display)
    assert np.trapezoid(density, values) == pytest.approx(1, abs=1e-3)
    assert values[0] < expected[0] < expected[-1] < values[-1]
    ax = display.ax_
    assert (ax.get_xscale(), ax.get_yscale()) == (scale, "log")
    assert ax.get_xlabel() == "Eigenvalue (curvature)"
    assert ax.get_ylabel() == "Density"
    ax.figure.canvas.draw()


def test_ticks_are_at_the_eigenvalues(fitted):
    display = of_estimator(fitted)
    upward, downward = ticks(display)
    found = display.eigenvalues
    # The outputs of a softmax may all grow alike: some eigenvalues are 0.
    is_zero = abs(found) < 1e-12
    assert is_zero.any()
    np.testing.assert_array_equal(upward, found[(found > 0) | is_zero])
    np.testing.assert_array_equal(downward, found[(found < 0) & ~is_zero])
    assert len(downward)
    colors = [rug.get_color() for rug in display.rugs_]
    assert colors[0] != colors[1]
    assert legend_labels(display) == ["not negative", "negative"]
    # Whatever the densities are, along the lower edge of the axes.
    assert display.rugs_[0].get_transform() == display.ax_.get_xaxis_transform()
    assert {height for rug in display.rugs_ for height in rug.get_ydata()} == {0.05}


def test_rounding_is_not_negative(fitted):
    smallest = np.linalg.eigvalsh(GaussNewtonOperator(*fitted) @ np.eye(43))[0]
    assert smallest < 0
    display = of_estimator(fitted, gauss_newton=True)
    assert display.eigenvalues[-1] > -1e-12
    assert len(ticks(display)[1]) == 0
    assert legend_labels(display) == ["not negative"]


@pytest.mark.parametrize("width", [0.05, 0.2])
def test_density_of_each_eigenvalue(width):
    values, density = curve(of_values([1.0, 1.0, 3.0], width=width))
    height = 1 / (2 * width * np.sqrt(2 * np.pi))
    peaks = np.interp([1.0, 3.0], values, density)
    assert peaks == pytest.approx([2 / 3 * height, 1 / 3 * height], rel=1e-2)
    expected = SpectralDensity(np.array([1.0, 3.0]), np.array([2, 1]) / 3)
    np.testing.assert_allclose(density, expected.at(values, 2 * width))


def test_density_on_a_symlog_scale():
    # Eigenvalues of any size have peaks of one width on that scale.
    display = of_values([-1.0, 0.01, 1.0], scale="symlog", width=0.02)
    values, density = curve(display)
    linear_part = 1e-3
    assert display.ax_.xaxis.get_transform().linthresh == linear_part
    extent = 2 * np.arcsinh(1 / linear_part)
    for value in (-1.0, 0.01, 1.0):
        slope = np.hypot(value, linear_part)
        expected = 1 / (3 * 0.02 * extent * np.sqrt(2 * np.pi) * slope)
        assert np.interp(value, values, density) == pytest.approx(expected, rel=1e-2)
        near = abs(np.log(np.abs(values / value))) < 0.9
        near &= values * value > 0
        share = np.trapezoid(density[near], values[near])
        assert share == pytest.approx(1 / 3, abs=0.01)


def test_numbers_of_a_symlog_scale_do_not_overlap():
    ax = Figure(figsize=(4, 3), layout="constrained").subplots()
    matrix = np.diag([-1.0, 0.0, 4.0])
    HessianSpectrumDisplay.from_operator(matrix, scale="symlog", ax=ax)
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    boxes = sorted((box.x0, box.x1) for box in boxes if box.width)
    assert len(boxes) >= 3
    for (_, end), (start, _) in pairwise(boxes):
        assert end < start


def test_all_peaks_are_in_sight():
    for scale in ("linear", "symlog"):
        display = of_values([0.0] * 300 + [0.5, 5.0, -2.0], scale=scale)
        values, density = curve(display)
        low, high = display.ax_.get_ylim()
        peaks = np.interp([-2.0, 0.0, 0.5, 5.0], values, density)
        assert low < peaks.min() < peaks.max() < high
        # What is drawn of the gaps does not reach the ticks.
        to_axes = display.ax_.transData + display.ax_.transAxes.inverted()
        assert to_axes.transform((5.0, peaks[-1]))[1] > 0.1


def test_a_large_matrix_is_estimated():
    display = of_values(LARGE, k=3)
    np.testing.assert_allclose(display.eigenvalues, [6, 5, -4])
    assert display.n_parameters == len(LARGE)
    np.testing.assert_allclose(ticks(display)[0], [6, 5])
    np.testing.assert_allclose(ticks(display)[1], [-4])
    values, density = curve(display)
    inside = (values > -1.5) & (values < 1.5)
    share = np.trapezoid(density[inside], values[inside])
    assert share == pytest.approx(1100 / 1103, abs=0.02)
    coarse = of_values(LARGE, k=3, n_steps=5, n_probes=2, random_state=3)
    assert len(coarse.spectrum.nodes) == 10
    assert of_values(LARGE, random_state=3).eigenvalues.shape == (10,)


@pytest.mark.parametrize(
    ("which", "expected"), [("LA", [6, 5]), ("SA", [-1, -4]), ("BE", [6, -4])]
)
def test_which_eigenvalues_of_a_large_matrix(which, expected):
    settings = {"n_steps": 3, "n_probes": 1}
    display = of_values(LARGE, k=2, which=which, **settings)
    np.testing.assert_allclose(display.eigenvalues, expected)


def test_parameters_reach_the_matrix(fitted):
    mlp, X, y = fitted
    mlp = MLPClassifier(**mlp.get_params()).set_params(alpha=50.0).fit(X, y)

    def ends(**parameters):
        return of_estimator((mlp, X, y), **parameters).eigenvalues[[0, -1]]

    matrix = hessian(mlp, X, y, penalties=True)
    expected = np.linalg.eigvalsh(matrix)[[-1, 0]]
    np.testing.assert_allclose(ends(penalties=True), expected)
    assert ends(penalties=True)[0] > ends()[0] + 0.1
    weights = np.arange(len(y)) % 2
    odd = of_estimator((mlp, X[1::2], y[1::2])).eigenvalues[[0, -1]]
    np.testing.assert_allclose(ends(sample_weight=weights), odd)


def test_of_scikit_learn(fitted):
    mlp, X, y = fitted
    theirs = of_estimator((mlp.to_sklearn(), X, y))
    np.testing.assert_allclose(theirs.eigenvalues, of_estimator(fitted).eigenvalues)


def test_given_axes_and_new_ones(fitted):
    ax = axes()
    display = HessianSpectrumDisplay.from_estimator(*fitted, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.plot() is display
    assert display.ax_ is not ax
    plt.close(display.figure_)


def test_drawing_again(fitted):
    display = pickle.loads(pickle.dumps(of_estimator(fitted)))
    other = axes()
    again = display.plot(
        other,
        scale="symlog",
        width=0.1,
        line_kwargs={"c": "red"},
        rug_kwargs={"markersize": 3},
    )
    assert again.ax_ is other
    assert to_hex(again.line_.get_color()) == "#ff0000"
    assert {rug.get_markersize() for rug in again.rugs_} == {3}
    fresh = of_estimator(fitted, scale="symlog", width=0.1)
    np.testing.assert_array_equal(curve(again), curve(fresh))


@pytest.mark.parametrize("scale", ["linear", "symlog"])
@pytest.mark.parametrize("value", [0.0, 1.0, -1e-9, 1e12])
def test_eigenvalues_that_are_all_the_same(value, scale):
    display = of_values([value] * 3, scale=scale)
    values, density = curve(display)
    assert np.trapezoid(density, values) == pytest.approx(1, abs=1e-3)
    assert values[0] < value < values[-1]
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale": "log"}, "scale expects 'linear' or 'symlog', got scale='log'"),
        ({"width": 0.0}, r"width expects a share .* got width=0.0"),
        ({"width": 1e-4}, "width expects a share"),
        ({"width": 1.5}, "width expects a share"),
        ({"width": float("nan")}, "width expects a share"),
    ],
)
def test_bad_drawings(fitted, parameters, message):
    with pytest.raises(ValueError, match=message):
        of_estimator(fitted, **parameters)
    with pytest.raises(ValueError, match=message):
        of_values([1.0, 2.0], **parameters)
    with pytest.raises(ValueError, match=message):
        of_values([1.0, 2.0]).plot(axes(), **parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": 0}, "k expects a whole number >= 1, got 0"),
        ({"which": "up"}, "which expects one of"),
        ({"n_steps": 0}, "n_steps expects"),
        ({"n_probes": 0.5}, "n_probes expects"),
    ],
)
def test_bad_estimates(parameters, message):
    with pytest.raises(ValueError, match=message):
        of_values(LARGE, **parameters)


def test_refusals(fitted):
    mlp, X, y = fitted
    with pytest.raises(TypeError, match="of a Pipeline pass the last step"):
        HessianSpectrumDisplay.from_estimator(make_pipeline(mlp), X, y)
    with pytest.raises(ValueError, match="symmetric matrix"):
        HessianSpectrumDisplay.from_operator(np.ones((2, 3)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        HessianSpectrumDisplay.from_estimator(mlp, X, y[1:])


def test_without_matplotlib(fitted, monkeypatch):
    display = of_estimator(fitted)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="from_estimator requires matplotlib"):
        HessianSpectrumDisplay.from_estimator(*fitted)
    with pytest.raises(ImportError, match="from_operator requires matplotlib"):
        HessianSpectrumDisplay.from_operator(np.eye(2))
    with pytest.raises(ImportError, match="plot requires matplotlib"):
        display.plot()
