"""Displays of searches."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import loguniform
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, StackedSearchCV
from skregnet.inspection import RegularizerUsageDisplay, SearchScoreDisplay
from skregnet.search import regularization_cocktail
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NETWORK = MLPClassifier((6,), max_iter=6, random_state=0)


def axes():
    return Figure().subplots()


@pytest.fixture(scope="module")
def search():
    spaces = [
        {"alpha": loguniform(1e-4, 10), "activation": ["relu", "tanh"]},
        {"dropout": [0.0, 0.1, 0.5]},
    ]
    found = StackedSearchCV(NETWORK, spaces, n_candidates=8, cv=2, random_state=0)
    return found.fit(*problem("multiclass"))


def test_against_one(search):
    display = SearchScoreDisplay.from_search(search, "alpha", ax=axes())
    results = search.cv_results_
    kept = ~results["param_alpha"].mask
    assert 0 < kept.sum() < 8
    offsets = display.points_.get_offsets()
    np.testing.assert_array_equal(offsets[:, 0], results["param_alpha"][kept])
    np.testing.assert_array_equal(offsets[:, 1], results["mean_test_score"][kept])
    np.testing.assert_array_equal(display.spreads, results["std_test_score"][kept])
    best = display.best_.get_offsets()[0]
    assert best[1] == results["mean_test_score"][kept].max()
    assert display.ax_.get_xlabel() == "alpha"
    assert len(display.bars_.get_segments()) == kept.sum()


def test_against_two_of_which_one_is_a_name(search):
    display = SearchScoreDisplay.from_search(search, "alpha", "activation", ax=axes())
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert sorted(labels) == ["relu", "tanh"]
    np.testing.assert_array_equal(display.points_.get_array(), display.scores)
    places = display.points_.get_offsets()[:, 1].astype(int)
    assert [labels[k] for k in places] == display.values["activation"]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.1, 0.2], "linear"),
        ([1e-4, 1.0], "log"),
        ([0.0, 1e-4, 1.0], "symlog"),
    ],
)
def test_scales(values, scale):
    grid = GridSearchCV(NETWORK, {"alpha": values}, cv=2).fit(*problem("multiclass"))
    display = SearchScoreDisplay.from_search(grid, "alpha", ax=axes())
    assert display.ax_.get_xscale() == scale


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ((), {}, "one hyperparameter or of two"),
        (("alpha", "dropout", "alpha"), {}, "one hyperparameter or of two"),
        (("no_such",), {}, r"expects names of \['activation', 'alpha', 'dropout'\]"),
        (("alpha",), {"metric": "f1"}, r"metric expects names of \['score'\]"),
    ],
)
def test_bad_arguments(search, arguments, changes, message):
    with pytest.raises(ValueError, match=message):
        SearchScoreDisplay.from_search(search, *arguments, **changes)


@pytest.mark.parametrize("is_pipeline", [False, True])
def test_what_the_winners_use(is_pipeline):
    base = make_pipeline(StandardScaler(), NETWORK) if is_pipeline else NETWORK
    spaces = regularization_cocktail(base)
    search = StackedSearchCV(base, spaces, n_candidates=20, cv=2, random_state=0)
    search.fit(*problem("multiclass"))
    display = RegularizerUsageDisplay.from_search(search, best=0.2, ax=axes())
    assert display.n_best == 4
    assert set(display.among_all) == {
        "alpha", "dropout", "batch_norm", "weight_averaging", "label_smoothing",
        "GaussianNoise", "Mixup", "adversarial_step",
    }  # fmt: skip
    prefix = "mlpclassifier__" if is_pipeline else ""
    on = [bool(params[f"{prefix}dropout"]) for params in search.cv_results_["params"]]
    assert display.among_all["dropout"] == np.mean(on)
    best = np.argsort(search.cv_results_["rank_test_score"], kind="stable")[:4]
    assert display.among_best["dropout"] == np.mean(np.array(on)[best])
    widths = [bar.get_width() for bar in display.bars_["best"]]
    assert sorted(widths) == sorted(display.among_best.values())


def test_bad_shares_and_measures(search):
    with pytest.raises(ValueError, match="best expects a share"):
        RegularizerUsageDisplay.from_search(search, best=0)
    with pytest.raises(ValueError, match="metric expects one of"):
        RegularizerUsageDisplay.from_search(search, metric="f1")
