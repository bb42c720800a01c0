"""What is drawn is what the numbers say."""

import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal
from sklearn.ensemble import BaggingRegressor, RandomForestClassifier

from skregnet import MLPClassifier
from skregnet.ensemble import BaggingEnsemble
from skregnet.inspection import EnsembleDiversityDisplay, ensemble_diversity
from tests.cases import problem

KINDS = ["correlation", "members"]


@pytest.fixture
def ax():
    return Figure().subplots()


def case(cls=RandomForestClassifier, n_members=4, kind="multiclass", **options):
    """Return a fitted ensemble and test data."""
    X, y = problem(kind)
    ensemble = cls(n_estimators=n_members, random_state=0, **options)
    return ensemble.fit(X[::2], y[::2]), X[1::2], y[1::2]


def display_of(**changes):
    """Return a display of numbers of one's own."""
    found = ensemble_diversity(*case())
    return EnsembleDiversityDisplay(diversity=replace(found, **changes))


def numbers_on(axis):
    """Return the labels that an axis shows once it is drawn."""
    axis.axes.figure.draw_without_rendering()
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [text.get_text() for place, text in ticks if low <= place <= high]


def test_from_estimator_draws_the_diversity(ax):
    ensemble, X, y = case()
    weights = np.arange(len(y))
    display = EnsembleDiversityDisplay.from_estimator(
        ensemble, X, y, sample_weight=weights, ax=ax
    )
    expected = ensemble_diversity(ensemble, X, y, sample_weight=weights)
    assert_array_equal(display.image_.get_array(), expected.error_correlation)
    assert display.diversity.ensemble_error == expected.ensemble_error
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_correlation(ax):
    display = EnsembleDiversityDisplay.from_estimator(*case(), ax=ax)
    found = display.diversity
    assert display.image_ in ax.images
    # Uncorrelated errors are white, whatever the range of the correlations.
    assert display.image_.get_clim() == (-1, 1)
    assert np.min(display.image_.cmap(0.5)) > 0.95
    (mark,) = [x for x in display.colorbar_.ax.lines if len(x.get_xdata()) == 2]
    assert_array_equal(mark.get_ydata(), found.mean_error_correlation)
    written = {text.get_position(): text.get_text() for text in display.texts_}
    assert written == {
        (k, j): f"{found.error_correlation[j, k]:.2f}" for j, k in np.ndindex(4, 4)
    }
    assert numbers_on(ax.xaxis) == numbers_on(ax.yaxis) == list("0123")
    assert ax.get_title().startswith(
        f"mean correlation of errors {found.mean_error_correlation:.2f}\n"
    )
    assert display.points_ is None
    assert display.lines_ == []


@pytest.mark.parametrize("ensemble", [RandomForestClassifier, BaggingRegressor])
def test_members(ax, ensemble):
    kind = "real" if ensemble is BaggingRegressor else "multiclass"
    display = EnsembleDiversityDisplay.from_estimator(
        *case(ensemble, kind=kind), kind="members", ax=ax
    )
    found = display.diversity
    assert_array_equal(
        display.points_.get_offsets(), np.transpose([range(4), found.member_scores])
    )
    mean = found.member_scores.mean()
    heights = [set(line.get_ydata()) for line in display.lines_]
    assert heights == [{found.ensemble_score}, {mean}]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"ensemble {found.ensemble_score:.3f}",
        f"members' mean {mean:.3f}",
    ]
    assert ax.get_ylabel() == ("$R^2$" if kind == "real" else "accuracy")
    low, high = ax.get_ylim()
    assert low < min(found.member_scores)
    assert high > max(*found.member_scores, found.ensemble_score)
    assert numbers_on(ax.xaxis) == list("0123")
    assert display.image_ is display.colorbar_ is None
    assert display.texts_ == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("what", "name", "numbers", "written"),
    [
        ("classification", "Brier score", (0.25, 0.375, 0.125), "0.250 0.375 0.125"),
        ("regression", "squared error", (1000.4, 1234.4, 234.0), "1000 1234 234"),
        ("regression", "squared error", (2e-9, 3e-9, 1e-9), "2.00e-09 3.00e-09 1.00e"),
        ("regression", "squared error", (0.0, 0.0, 0.0), "0.00e+00 0.00e+00 0.00e+00"),
        ("regression", "squared error", (9.5, 12.0, 2.5), "9.5 12.0 2.5"),
    ],
)
def test_title_says_what_the_error_consists_of(ax, kind, what, name, numbers, written):
    error, members, ambiguity = numbers
    display = display_of(
        kind=what, ensemble_error=error, member_error=members, ambiguity=ambiguity
    )
    display.plot(ax, kind=kind)
    first, second, third = written.split()
    assert (
        ax.get_title()
        .split("\n")[1]
        .startswith(
            f"{name} {first} = members' {second} \N{MINUS SIGN} ambiguity {third}"
        )
    )


@pytest.mark.parametrize("n_members", [2, 16, 50])
def test_legend_hides_no_member(ax, n_members):
    data = case(BaggingRegressor, n_members=n_members, kind="real")
    display = EnsembleDiversityDisplay.from_estimator(*data, kind="members", ax=ax)
    ax.figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    points = ax.transData.transform(np.asarray(display.points_.get_offsets()))
    assert points[:, 1].min() > box.y1 + 5


@pytest.mark.parametrize("n_members", [1, 3, 10, 11, 50])
def test_any_number_of_members(ax, n_members):
    display = EnsembleDiversityDisplay.from_estimator(*case(n_members=n_members), ax=ax)
    assert len(display.texts_) == (n_members**2 if n_members <= 10 else 0)
    assert all(text.isdigit() for text in numbers_on(ax.xaxis))
    assert ("undefined" in ax.get_title()) == (n_members == 1)
    assert len(display.colorbar_.ax.lines) == (n_members > 1)
    display.plot(Figure().subplots(), kind="members")
    assert len(display.points_.get_offsets()) == n_members


def test_constant_errors_are_grey(ax):
    correlation = np.array([[1.0, np.nan, 0.4], [np.nan] * 3, [0.4, np.nan, 1.0]])
    display = display_of(error_correlation=correlation, mean_error_correlation=0.4)
    display.plot(ax)
    assert ax.get_title().startswith("mean correlation of errors 0.40 (grey: constant")
    assert {text.get_position() for text in display.texts_} == {
        (0, 0),
        (2, 0),
        (0, 2),
        (2, 2),
    }
    colors = display.image_.to_rgba(display.image_.get_array())
    assert_array_equal(colors[1, 1], to_rgba("silver"))
    display_of(
        error_correlation=np.full((3, 3), np.nan), mean_error_correlation=np.nan
    ).plot(Figure().subplots()).figure_.draw_without_rendering()


def test_numbers_stand_out(ax):
    correlation = np.array([[1.0, -0.9, 0.1], [-0.9, 1.0, 0.2], [0.1, 0.2, 1.0]])
    display = display_of(error_correlation=correlation).plot(ax)
    for text in display.texts_:
        column, row = text.get_position()
        dark = np.mean(display.image_.to_rgba(correlation)[row, column, :3]) < 0.6
        assert text.get_color() == ("white" if dark else "black")


@pytest.mark.parametrize("kind", KINDS)
def test_plot_again(ax, kind):
    display = EnsembleDiversityDisplay.from_estimator(*case())
    plt.close(display.figure_)
    assert display.ax_ is not ax
    assert display.plot(ax, kind=kind) is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    ax.figure.draw_without_rendering()


def test_options_are_handed_on(ax):
    image = {"cmap": "gray", "vmin": 0}
    display = EnsembleDiversityDisplay.from_estimator(
        *case(), ax=ax, image_kwargs=image
    )
    assert display.image_.cmap.name == "gray"
    assert display.image_.get_clim() == (0, 1)
    display.plot(Figure().subplots(), kind="members", scatter_kwargs={"c": "k"})
    assert_array_equal(display.points_.get_facecolor(), [to_rgba("k")])
    assert display.plot(Figure().subplots(), image_kwargs=image).image_.cmap.name == (
        "gray"
    )


def test_ensemble_of_networks(ax):
    network = MLPClassifier(hidden_layer_sizes=(4,), solver="lbfgs", alpha=10.0)
    data = case(BaggingEnsemble, kind="binary", n_members=3, estimator=network)
    display = EnsembleDiversityDisplay.from_estimator(*data, ax=ax)
    assert display.image_.get_array().shape == (3, 3)


def test_bad_kind(ax):
    message = "kind expects 'correlation' or 'members', got kind='pie'"
    with pytest.raises(ValueError, match=message):
        EnsembleDiversityDisplay.from_estimator(None, None, None, kind="pie", ax=ax)
    with pytest.raises(ValueError, match=message):
        display_of().plot(ax, kind="pie")


def test_without_matplotlib(monkeypatch):
    display = display_of()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"from_estimator requires matplotlib"):
        EnsembleDiversityDisplay.from_estimator(*case())
    with pytest.raises(ImportError, match=r"plot requires matplotlib"):
        display.plot()
