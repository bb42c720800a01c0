"""scikit-learn's callbacks: one task an epoch, alone and around a search."""

import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Recorder:
    """Notes what it is told, and stops after some epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.events.append(
            ("begin", context.task_name, context.task_id, len(X), len(y))
        )

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, X=None):
        score = fitted_estimator.predict(X).shape
        self.events.append(("end", context.task_name, context.task_id, score))
        if context.task_name == "epoch" and self.stop_after is not None:
            return context.task_id + 1 >= self.stop_after
        return False


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_one_task_an_epoch(cls, solver):
    X, y = problem("binary")
    recorder = Recorder()
    mlp = cls(solver=solver, max_iter=4, random_state=0).set_callbacks(recorder)
    mlp.fit(X, y)
    assert mlp.n_iter_ == 4
    events = [event[:3] for event in recorder.events[2:-2]]
    assert events == [
        (which, "epoch", k) for k in range(4) for which in ("begin", "end")
    ]
    assert recorder.events[0] == "setup"
    assert recorder.events[1] == ("begin", "fit", 0, 120, 120)
    assert recorder.events[-2] == ("end", "fit", 0, (120,))
    assert recorder.events[-1] == "teardown"


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_true_stops_training(solver):
    X, y = problem("multiclass")
    mlp = MLPClassifier(solver=solver, random_state=0).set_callbacks(Recorder(3))
    mlp.fit(X, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == 3
    assert mlp.score(X, y) > 0


def test_teardown_follows_a_failure():
    X, y = problem("real")
    recorder = Recorder()
    mlp = MLPRegressor(
        solver="sgd",
        activation="identity",
        learning_rate_init=1e8,
        random_state=0,
    ).set_callbacks(recorder)
    with pytest.raises(ValueError, match="non-finite"):
        mlp.fit(X, y)
    assert recorder.events[-1] == "teardown"
    assert not hasattr(mlp, "_callback_fit_ctx")


@pytest.mark.parametrize("early_stopping", [False, True])
def test_scoring_monitor(early_stopping):
    X, y = problem("binary")
    monitor = ScoringMonitor(scoring="accuracy")
    mlp = MLPClassifier(max_iter=5, random_state=0, early_stopping=early_stopping)
    mlp.set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 5
    for k, row in enumerate(rows, start=1):
        after = MLPClassifier(max_iter=k, random_state=0).fit(X, y)
        if not early_stopping:
            assert row["accuracy"] == after.score(X, y)


def test_partial_fit_is_one_epoch():
    X, y = problem("binary")
    recorder = Recorder()
    mlp = MLPClassifier().set_callbacks(recorder)
    mlp.partial_fit(X, y, classes=[0, 1])
    assert [event[1:3] for event in recorder.events[1:-1]] == [
        ("fit", 0),
        ("epoch", 0),
        ("epoch", 0),
        ("fit", 0),
    ]


def test_around_a_search(capsys):
    X, y = problem("binary")
    monitor = ScoringMonitor(scoring="accuracy")
    mlp = MLPClassifier(max_iter=3, random_state=0).set_callbacks(monitor)
    search = GridSearchCV(mlp, {"alpha": [0.1, 1.0]}, cv=2, n_jobs=2)
    search.set_callbacks(ProgressBar()).fit(X, y)
    assert "GridSearchCV" in capsys.readouterr().out
    # Every fit of the search is logged, wherever it ran: the last is the refit.
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == (2 * 2 + 1) * 3


def test_progress_bar(capsys):
    X, y = problem("real")
    MLPRegressor(max_iter=3, random_state=0).set_callbacks(ProgressBar()).fit(X, y)
    assert "MLPRegressor" in capsys.readouterr().out
