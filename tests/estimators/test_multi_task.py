"""Networks of several tasks: kinds of tasks, what heads share."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from tests.cases import problem
from tests.fitting import AT_START, flat
from tests.multi_task import HEADS, SETTINGS, fit_tasks, mixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FLAG = np.arange(12) % 2
NUMBER = np.linspace(-1, 1, 12) ** 3
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
ROWS = np.random.RandomState(0).normal(size=(12, 3))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "adamw"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_one_task(kind, solver):
    X, y = problem(kind)
    single, cls, given = MLPClassifier, MultiTaskMLPClassifier, y
    if kind == "real":
        # Targets are standardised inside.
        single, cls, given = MLPRegressor, MultiTaskMLPRegressor, 3 * y + 7
        y = (y - y.mean()) / y.std()
    other = single(**SETTINGS, solver=solver).fit(X, y)
    for estimator in (cls, MultiTaskMLP):
        mlp = estimator(**SETTINGS, solver=solver).fit(X, given)
        np.testing.assert_allclose(flat(mlp), flat(other), rtol=1e-9, atol=1e-12)
        assert mlp.loss_ == pytest.approx(other.loss_, rel=1e-10)
        assert mlp.score(X, given) == pytest.approx(other.score(X, y), rel=1e-9)
        assert mlp.out_activation_ == (other.out_activation_,)
    if kind != "real":
        np.testing.assert_array_equal(mlp.predict(X), other.predict(X))
        np.testing.assert_allclose(
            mlp.predict_proba(X), other.predict_proba(X), rtol=1e-9
        )


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_labels_are_tasks(solver):
    X, Y = problem("multilabel")
    settings = {**SETTINGS, **AT_START, "warm_start": True}
    labels = MLPClassifier(**settings).fit(X, Y)
    tasks = MultiTaskMLP(**settings).fit(X, Y)
    # The same weights to start from: heads draw theirs within bounds of their own.
    tasks.coefs_ = [weights.copy() for weights in labels.coefs_]
    tasks.intercepts_ = [biases.copy() for biases in labels.intercepts_]
    for mlp in (labels, tasks):
        mlp.set_params(max_iter=6, learning_rate_init=0.01, solver=solver).fit(X, Y)
    np.testing.assert_allclose(flat(tasks), flat(labels), rtol=1e-9, atol=1e-12)
    assert tasks.loss_ == pytest.approx(labels.loss_, rel=1e-12)
    np.testing.assert_array_equal(tasks.predict(X), labels.predict(X))


def assert_blocks(mlp):
    """Check that heads are connected to their own outputs only."""
    n_tasks = len(mlp.tasks_)
    n_shared = len(np.atleast_1d(mlp.hidden_layer_sizes))
    for weights in mlp.coefs_[n_shared + 1 :]:
        sizes = [task.n_outputs for task in mlp.tasks_]
        if weights is not mlp.coefs_[-1]:
            sizes = [weights.shape[1] // n_tasks] * n_tasks
        inside = np.repeat(np.arange(n_tasks), len(weights) // n_tasks)[:, np.newaxis]
        inside = inside == np.repeat(np.arange(n_tasks), sizes)
        np.testing.assert_array_equal(weights != 0, inside)
    assert all((weights != 0).all() for weights in mlp.coefs_[: n_shared + 1])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"solver": "lbfgs"},
        {"batch_norm": "before"},
        {"batch_norm": "after", "dropout": 0.1},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": (6, 5), "activation": ["tanh", "relu", "elu", "selu"]},
        {"max_norm": 0.3},
    ],
    ids=str,
)
def test_heads_are_blocks(parameters):
    mlp = fit_tasks(**HEADS, **parameters)
    assert [w.shape[1] for w in mlp.coefs_[-3:]] == [12, 9, 3 + 1 + 1]
    assert_blocks(mlp)
    warm = mlp.set_params(warm_start=True).fit(*mixture())
    assert_blocks(warm)


@pytest.mark.parametrize("parameters", [{}, HEADS, {"solver": "lbfgs"}], ids=str)
def test_heads_do_not_mix(parameters):
    X, Y = mixture()
    parameters = {**parameters, "task_weights": {"flag": 0.0}}
    mlp = fit_tasks((X, Y), **parameters)
    other = Y.assign(flag=1 - Y["flag"])
    changed = fit_tasks((X, other), **parameters)
    # A task without weight teaches nothing, and its own head learns nothing.
    np.testing.assert_array_equal(flat(mlp), flat(changed))
    # With weight it moves the trunk, of which the others take notice.
    heard = fit_tasks((X, other), **{**parameters, "task_weights": None})
    assert not np.array_equal(heard.predict(X)["size"], mlp.predict(X)["size"])


def test_a_task_without_weight_is_as_none():
    X, Y = mixture()
    start = {"warm_start": True, **AT_START, "solver": "sgd", "alpha": 0.0}
    both = fit_tasks((X, Y[["flag", "size"]]), **start, task_weights={"flag": 0})
    one = fit_tasks((X, Y[["size"]]), **start)
    one.coefs_ = [both.coefs_[0].copy(), both.coefs_[1][:, 1:].copy()]
    one.intercepts_ = [both.intercepts_[0].copy(), both.intercepts_[1][1:].copy()]
    head = both.coefs_[1][:, 0].copy()
    for mlp, targets in ((both, Y[["flag", "size"]]), (one, Y[["size"]])):
        mlp.set_params(max_iter=8, learning_rate_init=0.1).fit(X, targets)
    np.testing.assert_allclose(both.coefs_[0], one.coefs_[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(both.coefs_[1][:, 1:], one.coefs_[1], rtol=1e-9)
    np.testing.assert_array_equal(both.coefs_[1][:, 0], head)
    assert both.loss_ == pytest.approx(one.loss_, rel=1e-12)


def test_each_head_starts_as_it_would_alone():
    X, y = problem("real", n_rows=30)
    Y = np.repeat(y[:, np.newaxis], 40, axis=1)
    start = {**AT_START, "hidden_layer_sizes": (50,), "head_layer_sizes": (20, 10)}
    many = fit_tasks((X, Y), **start)
    one = fit_tasks((X, y), **start)
    for whole, alone in zip(many.coefs_, one.coefs_, strict=True):
        inside = np.abs(whole[whole != 0])
        bound = np.sqrt(6 / sum(alone.shape))
        assert np.abs(alone).max() <= bound
        assert 0.98 * bound < inside.max() <= bound * (1 + 1e-9)


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        (np.array(["b", "a"])[FLAG], "classification", ["a", "b"]),
        (FLAG, "classification", [0, 1]),
        (FLAG - 1, "classification", [-1, 0]),
        (FLAG > 0, "classification", [False, True]),
        (FLAG.astype(float), "classification", [0.0, 1.0]),
        (NUMBER, "regression", None),
        (NUMBER.astype(np.float32), "regression", None),
        (NUMBER.astype(object), "regression", None),
        (np.array(["b", "a"], object)[FLAG], "classification", ["a", "b"]),
        (pd.Categorical.from_codes(FLAG, ["u", "v"]), "classification", ["u", "v"]),
        (pd.array([0, 1, None] * 4, "Int64"), "classification", [0, 1]),
        (pd.array([True, False, None] * 4, "boolean"), "classification", [False, True]),
        (pd.array(["u", "v", None] * 4, "string"), "classification", ["u", "v"]),
        (pd.array([0.5, 0.7, None] * 4, "Float64"), "regression", None),
    ],
    ids=lambda value: getattr(value, "dtype", value) if np.ndim(value) else str(value),
)
def test_kinds(values, kind, classes):
    # Alone, and beside numbers of another column.
    for form in (
        pd.Series(values),
        pd.DataFrame({"a": values}),
        pd.DataFrame({"a": values, "b": NUMBER}),
        pd.DataFrame({"b": NUMBER, "a": values}),
    ):
        mlp = MultiTaskMLP(**SMALL).fit(ROWS, form)
        place = list(getattr(form, "columns", ["a"])).index("a")
        task = mlp.tasks_[place]
        assert task.kind == kind
        assert (None if task.classes is None else task.classes.tolist()) == classes
        predicted = mlp.predict(ROWS)
        column = predicted["a"] if isinstance(form, pd.DataFrame) else predicted
        if classes is not None:
            assert task.classes.dtype.kind == np.array(classes).dtype.kind
            assert {type(value) for value in column.tolist()} <= {type(classes[0])}
            assert set(column.tolist()) <= set(classes)


@pytest.mark.parametrize("gap", [None, "b"])
def test_polars(gap):
    Y = pl.DataFrame(
        {
            "a": [True, gap and None] * 4 + [False] * 4,
            "b": ["x", "y"] * 6,
            "c": NUMBER,
            "d": [gap and None, 0, 1, 0, 1, 1] * 2 if gap else FLAG,
        }
    )
    mlp = MultiTaskMLP(**SMALL).fit(ROWS, Y)
    predicted = mlp.predict(ROWS)
    assert isinstance(predicted, pl.DataFrame)
    assert predicted.columns == ["a", "b", "c", "d"]
    assert predicted.dtypes == [pl.Boolean, pl.String, pl.Float64, pl.Int64]
    assert [task.kind for task in mlp.tasks_] == [
        *["classification"] * 2,
        "regression",
        "classification",
    ]


def test_lists_of_labels_beside_numbers():
    rows = [["xy"[flag], number] for flag, number in zip(FLAG, NUMBER, strict=True)]
    mlp = MultiTaskMLP(**SMALL).fit(ROWS, rows)
    assert [task.kind for task in mlp.tasks_] == ["classification", "regression"]
    assert mlp.classes_[0].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("tasks", "kinds", "names"),
    [
        ("auto", "ccr", ["flag", "code", "size"]),
        ("classification", "ccc", ["flag", "code", "size"]),
        ("regression", "rrr", ["flag", "code", "size"]),
        (
            {"size": "auto", "code": "regression", "flag": "classification"},
            "rrc",
            ["size", "code", "flag"],
        ),
        ({"place": ["size", "code"], "flag": "auto"}, "rc", ["place", "flag"]),
        ({"all": ("flag", "size", "code")}, "r", ["all"]),
    ],
)
def test_tasks(tasks, kinds, names):
    size = NUMBER if tasks != "classification" else np.arange(12) % 3
    Y = pd.DataFrame({"flag": FLAG, "code": np.arange(12) % 3, "size": size})
    for targets in (Y, Y.to_numpy()):
        if targets is not Y and isinstance(tasks, dict):
            numbers = {name: k for k, name in enumerate(Y)}
            tasks = {
                numbers.get(name, name): what
                if isinstance(what, str)
                else [numbers[column] for column in what]
                for name, what in tasks.items()
            }
        mlp = MultiTaskMLP(tasks, **SMALL).fit(ROWS, targets)
        assert "".join(task.kind[0] for task in mlp.tasks_) == kinds
        predicted = np.asarray(mlp.predict(ROWS), float)
        assert predicted.shape == (12, 3)
        for task in mlp.tasks_:
            for column in task.columns:
                if task.kind == "classification":
                    values = np.asarray(targets)[:, column]
                    assert set(predicted[:, column]) <= set(values)
        if targets is Y:
            assert mlp.task_names_ == names


def test_a_group_is_one_regression_of_several_numbers():
    X, Y = problem("reals")
    group = fit_tasks((X, Y), tasks={"place": [2, 0, 1]})
    standardized = ((Y - Y.mean(axis=0)) / Y.std(axis=0))[:, [2, 0, 1]]
    single = MLPRegressor(**SETTINGS).fit(X, standardized)
    np.testing.assert_allclose(flat(group), flat(single), rtol=1e-9, atol=1e-12)
    expected = single.predict(X)[:, [1, 2, 0]] * Y.std(axis=0) + Y.mean(axis=0)
    np.testing.assert_allclose(group.predict(X), expected, rtol=1e-9, atol=1e-12)
    assert group.score_tasks(X, Y).keys() == {"place"}


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ("clustering", ["'auto'", "'clustering'"]),
        ({"a": "ordinal", "b": "auto"}, ["'classification'", "'ordinal'"]),
        ({"a": [], "b": "auto"}, ["lists of columns", "[]"]),
        ({"a": "auto"}, ["each column", "['a', 'b']", "{'a': 'auto'}"]),
        ({"a": "auto", "c": "auto"}, ["['a', 'b']", "'c'", "name them as y does"]),
        ({"g": ["a", "a"], "b": "auto"}, ["each column", "once"]),
        ({"g": ["a", "b"], "b": "auto"}, ["each column", "once"]),
        ({"a": "regression", "b": "auto"}, ["'a'", "numbers", "'u'"]),
        ({}, ["each column", "['a', 'b']"]),
    ],
    ids=str,
)
def test_tasks_refused(tasks, words):
    Y = pd.DataFrame({"a": ["u", "v"] * 6, "b": FLAG})
    mlp = MultiTaskMLP(tasks, **SMALL)
    before = dict(vars(mlp))
    with pytest.raises(ValueError, match="task") as caught:
        mlp.fit(ROWS, Y)
    for word in words:
        assert word in str(caught.value)
    assert vars(mlp) == before


@pytest.mark.parametrize(
    ("cls", "tasks"),
    [
        (MultiTaskMLPClassifier, "regression"),
        (MultiTaskMLPClassifier, {"a": "classification", "b": "regression"}),
        (MultiTaskMLPClassifier, {"g": ["a", "b"]}),
        (MultiTaskMLPRegressor, "classification"),
        (MultiTaskMLPRegressor, {"a": "classification", "b": "regression"}),
    ],
)
def test_tasks_of_another_kind_than_the_estimator(cls, tasks):
    Y = pd.DataFrame({"a": FLAG, "b": FLAG})
    with pytest.raises(ValueError, match="tasks expects one of"):
        cls(tasks).fit(ROWS, Y)


def test_names_that_occur_twice_are_refused():
    Y = pd.DataFrame(np.column_stack([FLAG, NUMBER]), columns=["a", "a"])
    with pytest.raises(ValueError, match=r"names.*'a'"):
        MultiTaskMLP(**SMALL).fit(ROWS, Y)
