"""What the display of a spectrum computes and draws."""

import pickle

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline

from skregnet import MLPClassifier
from skregnet.curvature import hessian
from skregnet.inspection import HessianSpectrumDisplay
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def fitted():
    X, y = problem("multiclass")
    mlp = MLPClassifier((4,), activation="tanh", max_iter=10, random_state=0)
    return mlp.fit(X, y), X, y


def axes():
    return Figure().subplots()


def test_all_eigenvalues_of_a_small_network(fitted):
    mlp, X, y = fitted
    display = HessianSpectrumDisplay.from_estimator(mlp, X, y, ax=axes())
    expected = np.linalg.eigvalsh(hessian(mlp, X, y))
    np.testing.assert_allclose(display.eigenvalues, expected[::-1], atol=1e-12)
    upward, downward = display.rugs_
    found = display.eigenvalues
    np.testing.assert_array_equal(upward.get_xdata(), found[found >= 0])
    np.testing.assert_array_equal(downward.get_xdata(), found[found < 0])
    assert len(downward.get_xdata())
    assert upward.get_color() != downward.get_color()
    np.testing.assert_array_equal(
        display.line_.get_xydata(), np.column_stack([display.values, display.density])
    )
    assert display.ax_.get_yscale() == "log"
    assert np.trapezoid(display.density, display.values) == pytest.approx(1, abs=1e-3)


def test_density_is_that_of_the_eigenvalues():
    matrix = np.diag([1.0, 1.0, 3.0])
    display = HessianSpectrumDisplay.from_operator(matrix, width=0.1, ax=axes())
    height = 1 / (0.1 * np.sqrt(2 * np.pi))
    near = [np.interp(value, display.values, display.density) for value in (1, 3, 2)]
    assert near == pytest.approx([2 / 3 * height, 1 / 3 * height, 0], rel=1e-2)
    assert display.resolution == pytest.approx(height / 3)
    wide = HessianSpectrumDisplay.from_operator(matrix, width=0.5, ax=axes())
    assert wide.density.max() < display.density.max()
    assert wide.values[0] < display.values[0]


def test_a_large_matrix_is_estimated():
    diagonal = np.concatenate([np.linspace(-1, 1, 1100), [5.0, 6.0, -4.0]])
    display = HessianSpectrumDisplay.from_operator(np.diag(diagonal), k=3, ax=axes())
    np.testing.assert_allclose(display.eigenvalues, [6, 5, -4])
    inside = (display.values > -1.1) & (display.values < 1.1)
    share = np.trapezoid(display.density[inside], display.values[inside])
    assert share == pytest.approx(1100 / 1103, abs=0.02)
    settings = {"k": 1, "n_steps": 5, "n_probes": 1, "random_state": 3}
    coarse = HessianSpectrumDisplay.from_operator(
        np.diag(diagonal), **settings, ax=axes()
    )
    assert coarse.eigenvalues.tolist() == pytest.approx([6])
    assert len(coarse.values) == len(coarse.density)
    assert not np.array_equal(coarse.density, display.density)


def test_parameters_reach_the_matrix(fitted):
    mlp, X, y = fitted
    mlp = MLPClassifier(**mlp.get_params()).set_params(alpha=50.0).fit(X, y)

    def ends(**parameters):
        display = HessianSpectrumDisplay.from_estimator(
            mlp, X, y, ax=axes(), **parameters
        )
        return display.eigenvalues[[0, -1]]

    plain = ends()
    assert ends(penalties=True)[0] == pytest.approx(plain[0] + 50 / len(y), rel=0.2)
    assert ends(gauss_newton=True)[1] > -1e-12
    weights = np.arange(len(y)) % 2
    np.testing.assert_allclose(
        ends(sample_weight=weights),
        HessianSpectrumDisplay.from_estimator(
            mlp, X[1::2], y[1::2], ax=axes()
        ).eigenvalues[[0, -1]],
    )


def test_drawing_again(fitted):
    mlp, X, y = fitted
    ax = axes()
    display = HessianSpectrumDisplay.from_estimator(mlp.to_sklearn(), X, y, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    other = axes()
    again = pickle.loads(pickle.dumps(display)).plot(
        other, line_kwargs={"c": "red"}, rug_kwargs={"markersize": 3}
    )
    assert again.ax_ is other
    assert to_hex(again.line_.get_color()) == "#ff0000"
    assert {rug.get_markersize() for rug in again.rugs_} == {3}
    assert HessianSpectrumDisplay(
        values=display.values,
        density=display.density,
        eigenvalues=display.eigenvalues,
        resolution=1.0,
    ).plot()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["curves upward", "curves downward"]
    positive = HessianSpectrumDisplay.from_operator(np.eye(3), ax=axes())
    assert len(positive.ax_.get_legend().get_texts()) == 1


def test_refusals(fitted):
    mlp, X, y = fitted
    with pytest.raises(TypeError, match="of a Pipeline pass the last step"):
        HessianSpectrumDisplay.from_estimator(make_pipeline(mlp), X, y)
    with pytest.raises(ValueError, match="width expects"):
        HessianSpectrumDisplay.from_estimator(mlp, X, y, width=-1.0)
    with pytest.raises(ValueError, match="symmetric matrix"):
        HessianSpectrumDisplay.from_operator(np.ones((2, 3)))
