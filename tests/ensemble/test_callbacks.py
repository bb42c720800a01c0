"""Callbacks of an ensemble, of what is within it, and of a search around it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skregnet import BaggingEnsemble, MLPClassifier, StackedSearchCV
from skregnet.callbacks import CurvatureMonitor
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


def weights_of(bag):
    """Return the weights of all members in one vector."""
    return np.concatenate([flat(member) for member in bag.estimators_])


class Recorder:
    """Notes what it is told."""

    max_propagation_depth = None

    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        self.events.append(("setup", type(estimator).__name__))

    def teardown(self, estimator, context):
        self.events.append(("teardown", type(estimator).__name__))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.events.append((context.task_name, context.task_id, len(X), len(y)))

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, X=None):
        if fitted_estimator is not None:
            fitted_estimator.predict(X)


@pytest.mark.parametrize("base", [MLPClassifier(**SHORT), DecisionTreeClassifier()])
@pytest.mark.filterwarnings("ignore:The estimator DecisionTreeClassifier does not")
def test_callbacks(base):
    X, y = problem("binary")
    recorder = Recorder()
    bag = BaggingEnsemble(base, 3, max_samples=0.5, random_state=0)
    bag.set_callbacks(recorder).fit(X, y)
    assert recorder.events[0] == ("setup", "BaggingEnsemble")
    assert recorder.events[1] == ("fit", 0, 120, 120)
    assert recorder.events[-1] == ("teardown", "BaggingEnsemble")
    epochs = [event for event in recorder.events if event[0] == "epoch"]
    if isinstance(base, MLPClassifier):
        assert len(epochs) == 3 * 6
        assert all(event[2:] == (60, 60) for event in epochs)
    else:
        members = [event for event in recorder.events if event[0] == "member"]
        assert members == [("member", k, 60, 60) for k in range(3)]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar(n_jobs):
    X, y = problem("binary")
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 4, n_jobs=n_jobs, random_state=0)
    plain = clone(bag).fit(X, y)
    bag.set_callbacks(ProgressBar()).fit(X, y)
    np.testing.assert_array_equal(weights_of(bag), weights_of(plain))
    assert not any(hasattr(member, "_skl_callbacks") for member in bag.estimators_)
    search = GridSearchCV(
        clone(bag).set_callbacks(), {"max_features": [0.5, 1.0]}, cv=2
    )
    search.set_callbacks(ProgressBar()).fit(X, y)
    assert len(search.best_estimator_.estimators_) == 4


def path_of(context):
    """Return the names of the estimators from the root of the tree to a task."""
    names = []
    while context is not None:
        if context.source_estimator_name is not None:
            names.append(f"{context.source_estimator_name}.{context.source_task_name}")
        names.append(f"{context.estimator_name}.{context.task_name}")
        context = context.parent
    return " > ".join(reversed(names))


class PathKeeper:
    """Notes which tasks it is told of, by their places in the tree."""

    def __init__(self):
        self.events, self.roots = [], set()

    def _note(self, what, context):
        self.events.append((what, path_of(context)))
        self.roots.add(context.root_uuid)

    def setup(self, estimator, context):
        self._note("setup", context)

    def teardown(self, estimator, context):
        self._note("teardown", context)

    def on_fit_task_begin(self, estimator, context):
        self._note("begin", context)

    def on_fit_task_end(self, estimator, context):
        self._note("end", context)

    def paths(self, what):
        """Return the places of what happened."""
        return [path for event, path in self.events if event == what]


class PropagatedKeeper(PathKeeper):
    """Goes down a number of levels."""

    def __init__(self, max_propagation_depth):
        super().__init__()
        self.max_propagation_depth = max_propagation_depth


MEMBER = "BaggingEnsemble.fit > MLPClassifier.fit > BaggingEnsemble.member"
TRIAL = "GridSearchCV.fit > GridSearchCV.search > {}.fit > " + (
    "GridSearchCV.candidate-split-evaluation"
)


def below(path, place):
    """Return a path whose first task is that of a place."""
    source, rest = place.rsplit(" > ", 1)
    first, *others = path.split(" > ")
    assert source.endswith(first)
    return " > ".join([source, rest, *others])


def in_bag(estimator, n_jobs):
    """Return an ensemble of an estimator."""
    return BaggingEnsemble(estimator, 2, random_state=0, n_jobs=n_jobs)


def in_grid(estimator, n_jobs):
    """Return a search of one candidate on two folds."""
    name = next(p for p in estimator.get_params() if p.endswith("max_iter"))
    return GridSearchCV(estimator, {name: [3]}, cv=2, n_jobs=n_jobs, refit=False)


@pytest.mark.parametrize(
    ("make", "place", "n_fits"),
    [
        (lambda net: in_bag(net, None), MEMBER, 2),
        (
            lambda net: in_bag(make_pipeline(StandardScaler(), net), None),
            "BaggingEnsemble.fit > Pipeline.fit > BaggingEnsemble.member > "
            "MLPClassifier.fit > Pipeline.fit-final-estimator",
            2,
        ),
        (
            lambda net: in_grid(in_bag(net, None), None),
            below(MEMBER, TRIAL.format("BaggingEnsemble")),
            4,
        ),
        (
            lambda net: in_bag(in_grid(net, None).set_params(refit=True), None),
            None,
            6,
        ),
        (
            lambda net: in_bag(
                StackedSearchCV(net, {"alpha": [0.1]}, n_candidates=1, cv=2), None
            ),
            None,
            6,
        ),
    ],
    ids=["bag", "pipeline", "search-around", "search-within", "stacked-within"],
)
def test_networks_within_stand_in_one_tree(make, place, n_fits):
    X, y = problem("binary")
    keeper = PathKeeper()
    model = make(MLPClassifier((3,), max_iter=3).set_callbacks(keeper))
    model.fit(X, y)
    assert len(keeper.roots) == 1
    for what in ("setup", "teardown"):
        paths = keeper.paths(what)
        assert len(paths) == n_fits
        assert place is None or set(paths) == {place}
        root = type(model).__name__
        assert all(path.startswith(f"{root}.fit > ") for path in paths)
    assert len(keeper.paths("begin")) == len(keeper.paths("end")) == n_fits * (1 + 3)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_logs_of_members_are_one_run(n_jobs):
    X, y = problem("binary")
    monitor = CurvatureMonitor(every=2)
    network = MLPClassifier(**SHORT, random_state=0).set_callbacks(monitor)
    BaggingEnsemble(network, 3, n_jobs=n_jobs, random_state=0).fit(X, y)
    (run,) = monitor.get_logs(select="all")
    assert run.estimator_name == "BaggingEnsemble"
    paths = {row["task_id_path"] for row in run.data}
    assert {path[:2] for path in paths} == {(0, 0), (0, 1), (0, 2)}


@pytest.mark.parametrize(
    ("depth", "names"),
    [
        (0, {"GridSearchCV"}),
        (1, {"GridSearchCV", "BaggingEnsemble"}),
        (None, {"GridSearchCV", "BaggingEnsemble", "MLPClassifier"}),
    ],
)
def test_callbacks_go_down_as_far_as_they_want(depth, names):
    X, y = problem("binary")
    keeper = PropagatedKeeper(depth)
    search = in_grid(in_bag(MLPClassifier((3,), max_iter=3), None), None)
    search.set_callbacks(keeper).fit(X, y)
    assert keeper.paths("setup") == keeper.paths("teardown") == ["GridSearchCV.fit"]
    found = set()
    for path in keeper.paths("begin"):
        owners = [task.split(".")[0] for task in path.split(" > ")]
        found.update(owners)
    assert found == names
    assert len(keeper.paths("begin")) == len(keeper.paths("end"))
    assert len(keeper.roots) == 1


@pytest.mark.parametrize(
    "make",
    [lambda net: net, lambda net: make_pipeline(StandardScaler(), net)],
    ids=["network", "pipeline"],
)
def test_callbacks_for_all_levels_are_set_on_the_outermost(make):
    X, y = problem("binary")
    member = make(MLPClassifier((3,), max_iter=3).set_callbacks(PropagatedKeeper(None)))
    with pytest.raises(TypeError, match="can't have auto-propagated callbacks"):
        BaggingEnsemble(member, 2).fit(X, y)


@pytest.mark.parametrize("kind", ["bag", "network"])
def test_callbacks_change_nothing_of_pipelines(kind):
    X, y = problem("binary")
    network = MLPClassifier(**SHORT, early_stopping=True, scoring="loss")
    bag = BaggingEnsemble(make_pipeline(StandardScaler(), network), 3, random_state=0)
    plain = clone(bag).fit(X, y)
    watched = bag if kind == "bag" else bag.estimator[-1]
    watched.set_callbacks(PathKeeper())
    bag.fit(X, y)
    for member, other in zip(bag.estimators_, plain.estimators_, strict=True):
        np.testing.assert_array_equal(flat(member[-1]), flat(other[-1]))
    assert not any(hasattr(m, "_parent_callback_ctx") for m in bag.estimators_)


def test_no_tree_of_tasks_without_callbacks(monkeypatch):
    X, y = problem("binary")
    asked = []
    monkeypatch.setattr(
        "sklearn.callback._callback_context.CallbackContext.propagate_callback_context",
        lambda *_: asked.append(1),
    )
    BaggingEnsemble(MLPClassifier(**SHORT), 2, random_state=0).fit(X, y)
    assert not asked
