"""What is drawn is what training has recorded, at the epochs at which it did."""

import pickle
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import neural_network
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from skregnet.ensemble import BaggingEnsemble
from skregnet.inspection import TrainingCurveDisplay
from skregnet.inspection._curves import curves_of
from tests.cases import problem
from tests.multi_task import fit_tasks

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ATTRIBUTES = {
    "training_loss": "loss_curve_",
    "validation_loss": "validation_loss_curve_",
    "validation_score": "validation_scores_",
    "learning_rate": "learning_rate_curve_",
}
ALL = list(ATTRIBUTES)
OURS, THEIRS = MLPClassifier, neural_network.MLPClassifier


def fit(cls=OURS, kind="multiclass", **parameters):
    """Fit a network with early stopping unless asked otherwise."""
    settings = {"max_iter": 12, "early_stopping": True, "random_state": 0}
    mlp = cls(hidden_layer_sizes=(4,), **{**settings, **parameters})
    return mlp.fit(*problem(kind))


@pytest.fixture(scope="module")
def stopped():
    """Return a network that was trained beyond its best epoch."""
    mlp = fit(max_iter=200, learning_rate_init=0.03, n_iter_no_change=5)
    assert 1 < np.argmax(mlp.validation_scores_) + 1 < mlp.n_iter_ < 200
    return mlp


@pytest.fixture(scope="module")
def ensemble():
    """Return an ensemble whose members were trained for different times."""
    mlp = OURS((4,), early_stopping=True, n_iter_no_change=2, max_iter=100)
    mlp.set_params(learning_rate_init=0.02)
    bagging = BaggingEnsemble(mlp, n_estimators=3, random_state=7)
    bagging.fit(*problem("multiclass"))
    assert len({member.n_iter_ for member in bagging.estimators_}) > 1
    return bagging


def axes(n_axes=1):
    return Figure().subplots(n_axes)


def draw(estimator, n_axes=2, **options):
    return TrainingCurveDisplay.from_estimator(estimator, ax=axes(n_axes), **options)


def draw_all(estimators, n_axes=2, **options):
    return TrainingCurveDisplay.from_estimators(estimators, ax=axes(n_axes), **options)


def legend_labels(ax):
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def assert_same_points(artist, epochs, values):
    assert_array_equal(artist.get_xdata(), epochs)
    assert_array_equal(artist.get_ydata(), values)


def test_lines_are_the_curves(stopped):
    display = draw(stopped, n_axes=3, quantities=ALL)
    assert list(display.lines_) == ALL
    places = dict(zip(ALL, (0, 0, 1, 2), strict=True))
    for quantity, attribute in ATTRIBUTES.items():
        assert list(display.lines_[quantity]) == ["MLPClassifier"]
        line = display.lines_[quantity]["MLPClassifier"]
        values = getattr(stopped, attribute)
        assert_same_points(line, np.arange(stopped.n_iter_) + 1, values)
        assert line in display.axes_[places[quantity]].lines
        assert display.member_lines_[quantity]["MLPClassifier"] == []
    # And nothing else but a dot on each.
    assert [len(ax.lines) for ax in display.axes_] == [4, 2, 2]


def test_labels(stopped):
    display = draw(stopped, n_axes=3, quantities=ALL)
    labels = [ax.get_ylabel() for ax in display.axes_]
    assert labels == ["Loss", "Validation score", "Learning rate"]
    assert [ax.get_xlabel() for ax in display.axes_] == ["Epoch"] * 3
    best = int(np.argmax(stopped.validation_scores_)) + 1
    expected = ["training", "validation", f"best epoch ({best})"]
    assert legend_labels(display.ax_) == expected
    assert legend_labels(display.axes_[1]) == []
    styles = [display.lines_[q]["MLPClassifier"].get_linestyle() for q in ALL]
    assert styles == ["--", "-", "-", "-"]
    assert display.lines_["validation_loss"]["MLPClassifier"].get_label() == (
        "MLPClassifier, validation loss"
    )


def test_best_epoch_is_the_one_whose_weights_were_kept(stopped):
    display = draw(stopped, n_axes=3, quantities=ALL)
    [best] = display.best_epochs["MLPClassifier"]
    # As many epochs without early stopping end at the same weights.
    X, y = problem("multiclass")
    settings = {**stopped.get_params(), "max_iter": best, "n_iter_no_change": 300}
    for kept, there in zip(
        stopped.coefs_, MLPClassifier(**settings).fit(X, y).coefs_, strict=True
    ):
        assert_array_equal(kept, there)
    for quantity, attribute in ATTRIBUTES.items():
        marker = display.markers_[quantity]["MLPClassifier"]
        assert_same_points(marker, [best], [getattr(stopped, attribute)[best - 1]])
        line = display.lines_[quantity]["MLPClassifier"]
        assert marker.get_color() == line.get_color()
        assert marker.get_zorder() > line.get_zorder()
    assert max(stopped.validation_scores_) == stopped.best_validation_score_


def test_first_of_equal_scores_and_scores_that_are_no_numbers():
    mlp = fit()
    mlp.validation_scores_ = [np.nan, 0.2, 0.7, np.nan, 0.7, *[0.1] * 7]
    display = draw(mlp)
    assert display.best_epochs == {"MLPClassifier": [3]}
    line = display.lines_["validation_score"]["MLPClassifier"]
    assert_array_equal(line.get_ydata(), mlp.validation_scores_)
    mlp.validation_scores_ = [np.nan] * 12
    display = draw(mlp)
    assert display.best_epochs == {"MLPClassifier": [None]}
    assert display.markers_["validation_score"] == {"MLPClassifier": None}
    assert legend_labels(display.ax_) == ["training", "validation"]


@pytest.mark.parametrize(
    ("cls", "parameters", "expected"),
    [
        (OURS, {}, ALL[:3]),
        (OURS, {"early_stopping": False}, ["training_loss"]),
        (OURS, {"solver": "lbfgs", "early_stopping": False}, ["training_loss"]),
        (THEIRS, {}, ["training_loss", "validation_score"]),
        (THEIRS, {"early_stopping": False}, ["training_loss"]),
        (MLPRegressor, {"kind": "real"}, ALL[:3]),
    ],
)
def test_what_is_drawn_by_default(cls, parameters, expected):
    mlp = fit(cls, **parameters)
    display = draw(mlp, n_axes=2 if "validation_score" in expected else 1)
    assert list(display.lines_) == expected
    for quantity in expected:
        line = display.lines_[quantity][cls.__name__]
        values = getattr(mlp, ATTRIBUTES[quantity])
        assert_same_points(line, np.arange(len(values)) + 1, values)
    has_both = "validation_loss" in expected
    assert display.ax_.get_ylabel() == ("Loss" if has_both else "Training loss")
    is_marked = "validation_score" in expected
    assert (display.markers_["training_loss"][cls.__name__] is not None) == is_marked
    assert bool(legend_labels(display.ax_)) == is_marked
    # Alone, a curve is solid.
    line = display.lines_["training_loss"][cls.__name__]
    assert line.get_linestyle() == ("--" if has_both else "-")


@pytest.mark.parametrize(
    ("quantities", "labels"),
    [
        (["validation_loss"], ["Validation loss"]),
        (["learning_rate", "training_loss"], ["Training loss", "Learning rate"]),
        (["validation_score", "learning_rate"], ["Validation score", "Learning rate"]),
    ],
)
def test_what_is_asked_for(stopped, quantities, labels):
    display = draw(stopped, n_axes=len(labels), quantities=quantities)
    assert sorted(display.lines_) == sorted(quantities)
    assert [ax.get_ylabel() for ax in display.axes_] == labels


@pytest.mark.parametrize(
    ("max_iter", "interval", "checks"),
    [
        (12, 5, [5, 10, 12]),
        (12, 4, [4, 8, 12]),
        (12, 20, [12]),
        (3, 1, [1, 2, 3]),
    ],
)
def test_validation_interval(max_iter, interval, checks):
    mlp = fit(max_iter=max_iter, validation_interval=interval)
    display = draw(mlp)
    for quantity in ("validation_loss", "validation_score"):
        line = display.lines_[quantity]["MLPClassifier"]
        assert_same_points(line, checks, getattr(mlp, ATTRIBUTES[quantity]))
        # A single value shows as well.
        assert line.get_marker() == ("." if len(checks) == 1 else "")
    best = checks[int(np.argmax(mlp.validation_scores_))]
    assert display.best_epochs == {"MLPClassifier": [best]}
    marker = display.markers_["training_loss"]["MLPClassifier"]
    assert_same_points(marker, [best], [mlp.loss_curve_[best - 1]])


def checks_of(mlp):
    return curves_of(mlp)["validation_score"].epochs.tolist()


def test_checks_of_early_stopping():
    settings = {"learning_rate_init": 0.1, "n_iter_no_change": 4, "max_iter": 200}
    mlp = fit(validation_interval=3, **settings)
    assert mlp.n_iter_ < 200
    assert checks_of(mlp) == list(range(3, mlp.n_iter_ + 1, 3))


def test_checks_of_warm_starts():
    # Each fit counts its epochs anew, and checks at its end.
    mlp = fit(max_iter=5, validation_interval=2, warm_start=True)
    X, y = problem("multiclass")
    assert checks_of(mlp.fit(X, y)) == [2, 4, 5, 7, 9, 10]
    mlp.set_params(max_iter=4).fit(X, y)
    assert len(checks_of(mlp)) == len(mlp.validation_scores_) == 8
    assert checks_of(mlp)[-2:] == [12, 14]
    # Validation that starts late.
    mlp = fit(max_iter=5, early_stopping=False, warm_start=True)
    mlp.set_params(early_stopping=True, validation_interval=3, max_iter=4).fit(X, y)
    assert checks_of(mlp) == [8, 9]
    assert len(mlp.loss_curve_) == 9


def test_checks_of_partial_fit():
    X, y = problem("multiclass")
    # Whatever `max_iter` is, which only fits heed.
    mlp = OURS((4,), early_stopping=True, validation_interval=3, max_iter=4)
    for _ in range(7):
        mlp.partial_fit(X, y, classes=[0, 1, 2], X_val=X, y_val=y)
    assert checks_of(mlp) == [3, 6]
    theirs = THEIRS((4,), max_iter=3, early_stopping=True, warm_start=True)
    for _ in range(3):
        theirs.fit(X, y)
    assert checks_of(theirs) == list(range(1, 10))


def test_learning_rates_of_some_epochs():
    X, y = problem("multiclass")
    settings = {"early_stopping": False, "warm_start": True, "max_iter": 3}
    mlp = fit(**settings).set_params(solver="lbfgs").fit(X, y)
    assert len(mlp.loss_curve_) > 3
    assert curves_of(mlp)["learning_rate"].epochs.tolist() == [1, 2, 3]
    mlp = fit(solver="lbfgs", **settings)
    n_before = len(mlp.loss_curve_)
    mlp.set_params(solver="adam").fit(X, y)
    expected = np.arange(n_before, n_before + 3) + 1
    assert_array_equal(curves_of(mlp)["learning_rate"].epochs, expected)


def test_several_estimators(stopped):
    theirs, plain = fit(THEIRS), fit(early_stopping=False)
    fits = {"ours": stopped, "theirs": theirs, "plain": plain}
    display = draw_all(fits)
    assert list(display.curves) == list(fits)
    assert {q: list(lines) for q, lines in display.lines_.items()} == {
        "training_loss": ["ours", "theirs", "plain"],
        "validation_loss": ["ours"],
        "validation_score": ["ours", "theirs"],
    }
    for quantity, lines in display.lines_.items():
        for name, line in lines.items():
            values = getattr(fits[name], ATTRIBUTES[quantity])
            assert_same_points(line, np.arange(len(values)) + 1, values)
    colors = [line.get_color() for line in display.lines_["training_loss"].values()]
    assert len(set(colors)) == 3
    scores = [line.get_color() for line in display.lines_["validation_score"].values()]
    assert scores == colors[:2]
    assert legend_labels(display.ax_) == [
        *fits,
        "training",
        "validation",
        "best epochs",
    ]
    assert [h.get_color() for h in display.ax_.get_legend().get_lines()][:3] == colors
    # What is not drawn is not in the legend.
    display = draw_all(fits, n_axes=1, quantities=["validation_score"])
    assert legend_labels(display.ax_) == ["ours", "theirs", "best epochs"]


def test_names():
    mlp, theirs = fit(max_iter=2), fit(THEIRS, max_iter=2)
    display = draw_all([mlp, theirs], names=["a", "b"])
    assert list(display.curves) == ["a", "b"]
    display = draw_all([mlp, mlp, fit(MLPRegressor, "real", max_iter=2)])
    assert list(display.curves) == [
        "MLPClassifier 1",
        "MLPClassifier 2",
        "MLPRegressor",
    ]


@pytest.mark.parametrize(
    ("estimators", "names"),
    [
        (["a", "b"], ["one"]),
        (["a", "b"], ["same", "same"]),
        (["a", "b"], ["one", "two", "three"]),
        (["a", "b"], "ab"),
    ],
)
def test_bad_names(estimators, names):
    with pytest.raises(ValueError, match=r"names expects 2 different names, .* got"):
        draw_all(estimators, names=names)


def test_names_of_a_dict():
    with pytest.raises(ValueError, match="names expects None where estimators is a"):
        draw_all({"a": fit(max_iter=2)}, names=["b"])


def test_pipelines(stopped):
    pipeline = make_pipeline(StandardScaler(), OURS((4,), max_iter=3))
    pipeline.fit(*problem("multiclass"))
    display = draw(pipeline, n_axes=1)
    line = display.lines_["training_loss"]["Pipeline"]
    assert_same_points(line, [1, 2, 3], pipeline[-1].loss_curve_)
    outer = make_pipeline("passthrough", make_pipeline("passthrough", stopped))
    display = draw(outer)
    assert_array_equal(
        display.lines_["validation_score"]["Pipeline"].get_ydata(),
        stopped.validation_scores_,
    )


def test_several_tasks():
    mlp = fit_tasks(early_stopping=True)
    display = draw(mlp)
    for quantity in ALL[:3]:
        line = display.lines_[quantity]["MultiTaskMLP"]
        assert_array_equal(line.get_ydata(), getattr(mlp, ATTRIBUTES[quantity]))


def test_ensemble(ensemble):
    display = draw(ensemble)
    members = ensemble.estimators_
    shortest = min(member.n_iter_ for member in members)
    for quantity in ALL[:3]:
        curves = [getattr(member, ATTRIBUTES[quantity]) for member in members]
        lines = display.member_lines_[quantity]["BaggingEnsemble"]
        for line, values in zip(lines, curves, strict=True):
            assert_same_points(line, np.arange(len(values)) + 1, values)
        mean = display.lines_[quantity]["BaggingEnsemble"]
        assert_array_equal(mean.get_xdata(), np.arange(shortest) + 1)
        expected = np.mean([values[:shortest] for values in curves], axis=0)
        assert_allclose(mean.get_ydata(), expected)
        assert {line.get_color() for line in lines} == {mean.get_color()}
        assert max(line.get_linewidth() for line in lines) < mean.get_linewidth()
    bests = [np.argmax(member.validation_scores_) + 1 for member in members]
    assert display.best_epochs == {"BaggingEnsemble": bests}
    marker = display.markers_["validation_score"]["BaggingEnsemble"]
    values = [member.best_validation_score_ for member in members]
    assert_same_points(marker, bests, values)
    assert legend_labels(display.ax_) == [
        "BaggingEnsemble, mean of 3",
        "training",
        "validation",
        "best epochs",
    ]


def test_mean_of_members_that_were_checked_at_different_epochs():
    members = [fit(max_iter=k, validation_interval=3) for k in (5, 7)]
    bagging = BaggingClassifier().fit(*problem("multiclass"))
    bagging.estimators_ = members
    mean = draw(bagging).lines_["validation_loss"]["BaggingClassifier"]
    # At 3 and 5, and at 3, 6 and 7.
    losses = [member.validation_loss_curve_[0] for member in members]
    assert_same_points(mean, [3], [np.mean(losses)])


def test_ensembles_of_pipelines_and_of_scikit_learn(ensemble):
    X, y = problem("multiclass")
    pipelines = BaggingEnsemble(
        make_pipeline(StandardScaler(), OURS((3,), max_iter=2)), n_estimators=2
    ).fit(X, y)
    theirs = BaggingClassifier(THEIRS((3,), max_iter=2), n_estimators=2).fit(X, y)
    display = draw_all({"one": pipelines, "other": theirs, "longer": ensemble})
    lines = display.member_lines_["training_loss"]
    assert {name: len(members) for name, members in lines.items()} == {
        "one": 2,
        "other": 2,
        "longer": 3,
    }
    first = pipelines.estimators_[1][-1].loss_curve_
    assert_array_equal(lines["one"][1].get_ydata(), first)


def test_new_figure(stopped):
    display = TrainingCurveDisplay.from_estimator(stopped, quantities=ALL)
    assert display.figure_.axes == list(display.axes_)
    assert display.axes_.shape == (3,)
    assert display.ax_ is display.axes_[0]
    # One below the other, on the same epochs.
    display.figure_.draw_without_rendering()
    heights = [ax.get_position().y0 for ax in display.axes_]
    assert heights == sorted(heights, reverse=True)
    assert len({ax.get_xlim() for ax in display.axes_}) == 1
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "", "Epoch"]
    plt.close(display.figure_)
    for n, names in enumerate((["a"], ["a", "b"])):
        display = TrainingCurveDisplay.from_estimators([stopped] * (n + 1), names=names)
        display.figure_.draw_without_rendering()
        legend = display.ax_.get_legend().get_window_extent()
        # With several names the legend is beside the axes, and in the figure.
        assert (legend.x0 > display.ax_.get_window_extent().x1) == (n == 1)
        assert legend.x1 <= display.figure_.bbox.x1
        plt.close(display.figure_)


def test_given_axes(stopped):
    one = axes()
    display = draw(stopped, n_axes=1, quantities=["validation_score"])
    display.plot(one, quantities=["validation_score"])
    assert display.ax_ is display.axes_[0] is one
    assert display.figure_ is one.figure
    beside = Figure().subplots(1, 2, sharex=True)
    display.plot(beside)
    assert_array_equal(display.axes_, beside)
    assert [ax.get_xlabel() for ax in beside] == ["Epoch", "Epoch"]
    display.plot(list(beside[::-1]))
    assert_array_equal(display.axes_, beside[::-1])


def test_axes_that_are_divided(stopped):
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2)
    display = draw(stopped).plot(right)
    assert len(display.axes_) == 2
    assert not right.axison
    figure.draw_without_rendering()
    outer = left.get_window_extent()
    for ax in display.axes_:
        assert ax.figure is figure
        assert ax.get_window_extent().x0 > outer.x1
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "Epoch"]
    with pytest.raises(ValueError, match="not divided or hidden"):
        display.plot(right)
    free = figure.add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="pass 2 axes instead"):
        display.plot(free)


@pytest.mark.parametrize("n_axes", [3, 0])
def test_other_numbers_of_axes(stopped, n_axes):
    given = list(axes(3))[:n_axes]
    with pytest.raises(ValueError, match=f"ax expects 2 axes, .* got {n_axes}"):
        TrainingCurveDisplay.from_estimator(stopped, ax=given)


def test_scales_of_axes(stopped):
    display = draw(stopped, n_axes=3, quantities=ALL)
    assert [ax.get_yscale() for ax in display.axes_] == ["linear"] * 3
    display = draw(stopped, n_axes=3, quantities=ALL, scale="log")
    assert [ax.get_yscale() for ax in display.axes_] == ["log", "linear", "log"]


def test_epochs_are_whole_numbers():
    display = draw(fit(max_iter=2))
    display.figure_.draw_without_rendering()
    assert all(float(tick).is_integer() for tick in display.ax_.get_xticks())


def test_drawing_again(stopped):
    display = pickle.loads(pickle.dumps(draw(stopped)))
    other = axes(2)
    assert display.plot(other, scale="log", line_kwargs={"c": "red", "lw": 3}) is (
        display
    )
    assert display.ax_ is other[0]
    for quantity in ALL[:3]:
        line = display.lines_[quantity]["MLPClassifier"]
        assert to_hex(line.get_color()) == "#ff0000"
        assert line.get_linewidth() == 3
    handles = display.ax_.get_legend().get_lines()
    assert {to_hex(handle.get_color()) for handle in handles} == {"#ff0000"}
    options = {"line_kwargs": {"alpha": 0.2}}
    line = draw(stopped, **options).lines_["training_loss"]["MLPClassifier"]
    assert line.get_alpha() == 0.2
    line = draw_all([stopped], **options).lines_["training_loss"]["MLPClassifier"]
    assert line.get_alpha() == 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "symlog"}, "scale expects 'linear' or 'log', got scale='symlog'"),
        ({"quantities": []}, r"quantities expects a list .* got quantities=\[\]"),
        ({"quantities": "training_loss"}, "quantities expects a list of any of"),
        ({"quantities": ["loss"]}, r"'training_loss', .* got quantities=\['loss'\]"),
    ],
)
def test_bad_options(stopped, options, message):
    for make in (draw, lambda mlp, **options: draw_all([mlp], **options)):
        with pytest.raises(ValueError, match=message):
            make(stopped, **options)


def test_quantities_that_are_not_there():
    plain = fit(early_stopping=False)
    message = r"none has validation_scores_; .* fit with early_stopping=True"
    with pytest.raises(ValueError, match=message):
        draw(plain, quantities=["training_loss", "validation_score"])
    with pytest.raises(ValueError, match="none has learning_rate_curve_"):
        draw(fit(THEIRS), quantities=["learning_rate"])


def test_refusals(stopped):
    X, y = problem("multiclass")
    with pytest.raises(NotFittedError):
        draw(OURS())
    with pytest.raises(NotFittedError):
        draw(BaggingEnsemble(OURS()))
    with pytest.raises(TypeError, match=r"fitted network, .* got StandardScaler"):
        draw(make_pipeline(StandardScaler()).fit(X, y))
    search = GridSearchCV(OURS((3,), max_iter=2), {"alpha": [1.0]}, cv=2).fit(X, y)
    with pytest.raises(TypeError, match=r"got GridSearchCV; of a search pass the best"):
        draw(search)
    with pytest.raises(TypeError, match="got DecisionTreeClassifier"):
        draw(RandomForestClassifier(n_estimators=2).fit(X, y))
    with pytest.raises(
        ValueError, match=r"loss_curve_, got MLPClassifier with solver=.lbfgs"
    ):
        draw(fit(THEIRS, solver="lbfgs", early_stopping=False))
    with pytest.raises(TypeError, match=r"(?s)estimators expects a dict .* in a list"):
        draw_all(stopped)
    with pytest.raises(ValueError, match="estimators expects at least one, got"):
        draw_all({})


def test_without_matplotlib(stopped, monkeypatch):
    display = draw(stopped)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="from_estimator requires matplotlib"):
        TrainingCurveDisplay.from_estimator(stopped)
    with pytest.raises(ImportError, match="from_estimators requires matplotlib"):
        TrainingCurveDisplay.from_estimators([stopped])
    with pytest.raises(ImportError, match="plot requires matplotlib"):
        display.plot()


def test_matplotlib_is_not_imported_before_it_is_needed():
    code = "import sys, skregnet.inspection; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
