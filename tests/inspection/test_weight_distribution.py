"""What is drawn is how the weights are distributed, and how many are exactly 0."""

import pickle
import sys
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import neural_network
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier
from skregnet.ensemble import BaggingEnsemble
from skregnet.inspection import WeightDistributionDisplay
from tests.cases import problem
from tests.multi_task import fit_tasks

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fit(cls=MLPClassifier, **parameters):
    settings = {"max_iter": 200, "solver": "lbfgs", "random_state": 0}
    return cls((8, 5), **{**settings, **parameters}).fit(*problem("multiclass"))


@pytest.fixture(scope="module")
def networks():
    return {
        "none": fit(alpha=0.0),
        "L2": fit(alpha=3.0),
        "L1": fit(alpha=3.0, l1_ratio=1.0),
    }


@pytest.fixture
def ax():
    return Figure().subplots()


def draw(estimator, **options):
    ax = Figure().subplots()
    return WeightDistributionDisplay.from_estimator(estimator, ax=ax, **options)


def draw_all(estimators, **options):
    ax = Figure().subplots()
    return WeightDistributionDisplay.from_estimators(estimators, ax=ax, **options)


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def legend_labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_weights_of_all_layers(networks):
    display = draw_all(networks)
    assert list(display.weights) == list(networks)
    for name, mlp in networks.items():
        weights = flat(mlp.coefs_)
        assert_array_equal(display.weights[name], weights)
        assert display.zero_shares[name] == np.mean(weights == 0)
    largest = max(abs(flat(mlp.coefs_)).max() for mlp in networks.values())
    assert_allclose(display.edges, np.linspace(-largest, largest, 62))
    # L1 sets weights to exactly 0, L2 does not.
    assert display.zero_shares["L1"] > 0.3
    assert display.zero_shares["L2"] == display.zero_shares["none"] == 0


@pytest.mark.parametrize("layer", [0, 1, 2, -1])
def test_weights_of_one_layer(networks, layer):
    display = draw_all(networks, layer=layer)
    for name, mlp in networks.items():
        assert_array_equal(display.weights[name], mlp.coefs_[layer].ravel())
    display = draw(networks["L1"], layer=np.int64(layer))
    weights = networks["L1"].coefs_[layer]
    assert_array_equal(display.weights["MLPClassifier"], weights.ravel())


@pytest.mark.parametrize("bins", [1, 20, 61])
def test_histograms(networks, bins):
    display = draw_all(networks, bins=bins)
    width = display.edges[1] - display.edges[0]
    for name, mlp in networks.items():
        weights = flat(mlp.coefs_)
        found, edges, _ = display.patches_[name].get_data()
        assert_array_equal(edges, display.edges)
        others = weights[weights != 0]
        for k, (low, high) in enumerate(pairwise(edges)):
            is_last = k == bins - 1
            inside = (others >= low) & ((others < high) | is_last)
            assert found[k] == pytest.approx(inside.sum() / len(weights) / width)
        area = (found * width).sum()
        assert area == pytest.approx(1 - display.zero_shares[name])
        assert display.patches_[name] in display.ax_.patches
    assert len(display.ax_.patches) == len(networks)
    colors = [patch.get_edgecolor() for patch in display.patches_.values()]
    assert len(set(colors)) == len(networks)


def test_labels(networks):
    display = draw_all(networks)
    share = display.zero_shares["L1"]
    assert legend_labels(display) == [
        "none: 0% exactly 0",
        "L2: 0% exactly 0",
        f"L1: {100 * share:.3g}% exactly 0",
    ]
    assert display.ax_.get_xlabel() == "Weight"
    assert display.ax_.get_ylabel() == "Density"
    [label] = legend_labels(draw(networks["L1"]))
    assert label == f"{100 * share:.3g}% exactly 0"
    display = draw_all(list(networks.values())[1:], names=["a", "b"])
    assert list(display.weights) == ["a", "b"]
    assert legend_labels(display)[0] == "a: 0% exactly 0"
    display = draw_all([networks["L1"]] * 2)
    assert list(display.weights) == ["MLPClassifier 1", "MLPClassifier 2"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (1e-6, "<0.1%"),
        (0.001, "0.1%"),
        (0.12345, "12.3%"),
        (0.999, "99.9%"),
        (0.99999, ">99.9%"),
        (1.0, "100%"),
    ],
)
def test_few_zeros_are_told_from_none(ax, share, text):
    display = WeightDistributionDisplay(
        weights={"one": np.array([0.5])},
        zero_shares={"one": share},
        edges=np.array([-1.0, 0.0, 1.0]),
    )
    assert legend_labels(display.plot(ax)) == [f"{text} exactly 0"]


def test_scales(networks):
    display = draw_all(networks)
    low, high = display.ax_.get_ylim()
    heights = [patch.get_data()[0] for patch in display.patches_.values()]
    assert display.ax_.get_yscale() == "log"
    # Bins of a single weight are in sight.
    heights = flat(heights)
    assert 0 < low < heights[heights > 0].min()
    assert high > heights.max()
    assert display.ax_.get_xlim() == pytest.approx(display.edges[[0, -1]])
    display = draw_all(networks, scale="linear")
    assert display.ax_.get_yscale() == "linear"
    assert display.ax_.get_ylim()[0] == 0
    assert display.ax_.get_ylim()[1] > heights.max()


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_legend_hides_no_histogram(n, scale):
    # As wide as may be.
    flat_one = fit()
    for weights in flat_one.coefs_:
        weights[...] = np.linspace(-0.5, 0.5, weights.size).reshape(weights.shape)
    display = draw_all([flat_one] * n, scale=scale, bins=20)
    display.figure_.draw_without_rendering()
    box = display.ax_.get_legend().get_window_extent()
    for patch in display.patches_.values():
        heights, edges, _ = patch.get_data()
        points = np.column_stack([edges[1:], heights])
        places = display.ax_.transData.transform(points)
        under = (places[:, 0] > box.x0) & (places[:, 0] < box.x1)
        assert under.any()
        assert places[under, 1].max() < box.y0


def test_weights_that_are_all_zero():
    mlp = fit(max_iter=1)
    for weights in mlp.coefs_:
        weights[...] = 0
    for scale in ("log", "linear"):
        display = draw(mlp, scale=scale)
        assert display.zero_shares == {"MLPClassifier": 1.0}
        assert_array_equal(display.edges[[0, -1]], [-1, 1])
        assert legend_labels(display) == ["100% exactly 0"]
        display.figure_.draw_without_rendering()
        assert not display.patches_["MLPClassifier"].get_data()[0].any()


def test_zeros_between_the_heads_of_tasks_are_no_weights():
    mlp = fit_tasks(head_layer_sizes=(4, 3))
    assert any((weights == 0).any() for weights in mlp.coefs_)
    display = draw(mlp)
    assert display.zero_shares == {"MultiTaskMLP": 0.0}
    assert_array_equal(
        np.sort(display.weights["MultiTaskMLP"]),
        np.sort([w for w in flat(mlp.coefs_) if w != 0]),
    )
    # Zeros within the heads are.
    mlp.coefs_[1][:3, :2] = 0
    mlp.coefs_[-1][0, 0] = 0
    display = draw(mlp)
    assert display.zero_shares["MultiTaskMLP"] == 7 / len(
        display.weights["MultiTaskMLP"]
    )
    # Three tasks: heads of 4 and 3 units and of 3, 1 and 1 outputs on a trunk of 8.
    sizes = [len(draw(mlp, layer=k).weights["MultiTaskMLP"]) for k in range(4)]
    assert sizes == [6 * 8, 8 * 12, 3 * 4 * 3, 3 * 5]
    bare = fit_tasks(head_layer_sizes=())
    assert_array_equal(draw(bare).weights["MultiTaskMLP"], flat(bare.coefs_))


def test_pipelines_ensembles_and_scikit_learn(networks):
    X, y = problem("multiclass")
    mlp = networks["L2"]
    bagging = BaggingEnsemble(mlp, n_estimators=3, random_state=0).fit(X, y)
    theirs = fit(neural_network.MLPClassifier)
    pipeline = make_pipeline(StandardScaler(), theirs)
    display = draw_all({"bagging": bagging, "pipeline": pipeline})
    members = [weights for member in bagging.estimators_ for weights in member.coefs_]
    assert_array_equal(display.weights["bagging"], flat(members))
    assert_array_equal(display.weights["pipeline"], flat(theirs.coefs_))
    display = draw(bagging, layer=1)
    expected = flat([member.coefs_[1] for member in bagging.estimators_])
    assert_array_equal(display.weights["BaggingEnsemble"], expected)


def test_weights_are_those_of_when_it_was_made(networks):
    mlp = pickle.loads(pickle.dumps(networks["L2"]))
    display = draw(mlp, layer=0)
    before = mlp.coefs_[0].copy()
    mlp.coefs_[0][...] = 0
    assert_array_equal(display.weights["MLPClassifier"], before.ravel())


def test_given_axes_and_new_ones(networks, ax):
    display = WeightDistributionDisplay.from_estimator(networks["L1"], ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.plot() is display
    assert display.ax_ is not ax
    plt.close(display.figure_)


def test_drawing_again(networks, ax):
    display = pickle.loads(pickle.dumps(draw_all(networks)))
    options = {"color": "red", "lw": 3}
    assert display.plot(ax, scale="linear", stairs_kwargs=options).ax_ is ax
    for make, estimators in ((draw, networks["L1"]), (draw_all, networks)):
        for drawn in (display, make(estimators, stairs_kwargs=options)):
            for patch in drawn.patches_.values():
                assert to_hex(patch.get_edgecolor()) == "#ff0000"
                assert patch.get_linewidth() == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "symlog"}, "scale expects 'log' or 'linear', got scale='symlog'"),
        ({"bins": 0}, "bins expects a whole number of bins, at least 1, got bins=0"),
        ({"bins": 2.5}, "bins expects .* got bins=2.5"),
        ({"bins": True}, "bins expects .* got bins=True"),
        ({"layer": 3}, "of the 3 layers of weights, from -3 to 2, .* got layer=3"),
        ({"layer": -4}, "layer expects .* got layer=-4"),
        ({"layer": 0.5}, "layer expects .* got layer=0.5"),
    ],
)
def test_bad_options(networks, options, message):
    with pytest.raises(ValueError, match=message):
        draw(networks["L1"], **options)
    with pytest.raises(ValueError, match=message):
        draw_all(networks, **options)


def test_refusals(networks):
    with pytest.raises(NotFittedError):
        draw(MLPClassifier())
    with pytest.raises(TypeError, match=r"fitted network, .* got LogisticRegression"):
        draw(LogisticRegression().fit(*problem("multiclass")))
    with pytest.raises(TypeError, match=r"(?s)estimators expects a dict .* in a list"):
        draw_all(networks["L1"])
    with pytest.raises(ValueError, match="estimators expects at least one"):
        draw_all([])
    with pytest.raises(ValueError, match="names expects 1 different names"):
        draw_all([networks["L1"]], names=["a", "b"])


def test_without_matplotlib(networks, monkeypatch):
    display = draw(networks["L1"])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="from_estimator requires matplotlib"):
        WeightDistributionDisplay.from_estimator(networks["L1"])
    with pytest.raises(ImportError, match="from_estimators requires matplotlib"):
        WeightDistributionDisplay.from_estimators(networks)
    with pytest.raises(ImportError, match="plot requires matplotlib"):
        display.plot()
