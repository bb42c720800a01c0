"""Predictions of several tasks: units, forms, and what they are by hand."""

import numpy as np
import pandas as pd
import pytest

from skregnet import MultiTaskMLP, MultiTaskMLPClassifier, MultiTaskMLPRegressor
from tests.cases import problem
from tests.fitting import by_hand
from tests.multi_task import HEADS, fit_tasks, mixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("cls", [MultiTaskMLP, MultiTaskMLPRegressor])
def test_units_of_numbers(cls):
    X, Y = problem("reals")
    factors, shifts = np.array([1000.0, 0.01, 1.0]), np.array([5.0, 0.0, -1e4])
    mlp = fit_tasks((X, Y), cls=cls)
    other = fit_tasks((X, Y * factors + shifts), cls=cls)
    np.testing.assert_allclose(
        other.predict(X), mlp.predict(X) * factors + shifts, rtol=1e-9, atol=1e-9
    )
    assert other.score(X, Y * factors + shifts) == pytest.approx(mlp.score(X, Y))
    assert other.loss_ == pytest.approx(mlp.loss_, rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 3.7, -1e9, 1e-12])
def test_constant_numbers(value):
    X, y = problem("real")
    Y = np.column_stack([np.full(len(y), value), y])
    settings = {"tasks": "regression", "solver": "lbfgs", "max_iter": 500}
    mlp = fit_tasks((X, Y), **settings)
    np.testing.assert_allclose(mlp.predict(X)[:, 0], value, atol=0.1)
    single = fit_tasks((X, Y[:, 0]), **settings)
    np.testing.assert_allclose(single.predict(X), value, atol=0.1)


@pytest.mark.parametrize("cls", [MultiTaskMLP, MultiTaskMLPClassifier])
def test_logarithms_of_probabilities(cls):
    X, labels = problem("multiclass")
    one, same = labels > 0, np.zeros_like(labels)
    for y in (labels, one, np.column_stack([labels, one, same])):
        mlp = fit_tasks((X, y), cls=cls)
        given, found = mlp.predict_proba(X), mlp.predict_log_proba(X)
        if y.ndim == 1:
            given, found = [given], [found]
        for probabilities, logarithms in zip(given, found, strict=True):
            np.testing.assert_allclose(np.exp(logarithms), probabilities, rtol=1e-9)
        far = mlp.predict_log_proba(1e4 * X)
        assert all(np.isfinite(each).all() for each in (far if y.ndim > 1 else [far]))


def test_no_logarithms_without_classes():
    assert not hasattr(MultiTaskMLPRegressor(), "predict_log_proba")
    assert not hasattr(MultiTaskMLP("regression"), "predict_log_proba")


@pytest.mark.parametrize("label", ["a", 3, True])
def test_a_single_class(label):
    X, Y = mixture()
    mlp = fit_tasks((X, Y.assign(flag=label)))
    assert (mlp.predict(X)["flag"] == label).all()
    np.testing.assert_array_equal(mlp.predict_proba(X)[1], np.ones((len(X), 1)))
    assert mlp.score_tasks(X, Y.assign(flag=label))["flag"] == 1


def test_forms_of_predictions():
    X, Y = mixture()
    frame = fit_tasks((X, Y)).predict(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == ["colour", "flag", "size"]
    array = fit_tasks((X, Y.to_numpy())).predict(X)
    assert type(array) is np.ndarray
    assert array.dtype == object
    np.testing.assert_array_equal(array, frame.to_numpy())
    numbers = fit_tasks((X, Y[["flag", "size"]].to_numpy())).predict(X)
    assert numbers.shape == (len(X), 2)
    assert numbers.dtype == np.float64
    vector = fit_tasks((X, Y["colour"].to_numpy()))
    assert vector.predict(X).shape == (len(X),)
    assert vector.predict_proba(X).shape == (len(X), 3)
    assert vector.classes_.tolist() == ["blue", "green", "red"]
    column = fit_tasks((X, Y[["colour"]]))
    assert list(column.predict(X)) == ["colour"]
    assert [classes.tolist() for classes in column.classes_] == [
        ["blue", "green", "red"]
    ]


@pytest.mark.parametrize("parameters", [{}, HEADS, {"batch_norm": "before"}], ids=str)
def test_what_is_predicted(parameters):
    X, Y = mixture()
    mlp = fit_tasks((X, Y), **parameters)
    outputs = by_hand(mlp, X)
    of_colour, of_flag, of_size = np.split(outputs, [3, 4], axis=1)
    exponentials = np.exp(of_colour)
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    flag = 1 / (1 + np.exp(-of_flag))
    first, second = mlp.predict_proba(X)
    np.testing.assert_allclose(first, shares, rtol=1e-10)
    np.testing.assert_allclose(second, np.hstack([1 - flag, flag]), rtol=1e-8)
    assert [list(classes) for classes in mlp.classes_] == [
        ["blue", "green", "red"],
        [0, 1],
    ]
    predicted = mlp.predict(X)
    colours = mlp.classes_[0][shares.argmax(axis=1)]
    np.testing.assert_array_equal(predicted["colour"], colours)
    np.testing.assert_array_equal(predicted["flag"], (flag[:, 0] > 0.5).astype(int))
    sizes = of_size[:, 0] * Y["size"].std(ddof=0) + Y["size"].mean()
    np.testing.assert_allclose(predicted["size"], sizes, rtol=1e-9)

    spread = ((Y["size"] - Y["size"].mean()) ** 2).sum()
    expected = {
        "colour": (colours == Y["colour"]).mean(),
        "flag": (predicted["flag"] == Y["flag"]).mean(),
        "size": 1 - ((sizes - Y["size"]) ** 2).sum() / spread,
    }
    assert mlp.score_tasks(X, Y) == pytest.approx(expected, rel=1e-9)
    assert mlp.score(X, Y) == pytest.approx(np.mean(list(expected.values())))


@pytest.mark.parametrize("trunk", [(8,), (6, 5)])
def test_hidden_features(trunk):
    X, Y = mixture()
    names = ["tanh", "relu", "tanh", "relu"][: len(trunk) + 2]
    mlp = fit_tasks((X, Y), **HEADS, hidden_layer_sizes=trunk, activation=names)
    values = X
    for k, name in enumerate(names[: len(trunk)]):
        values = values @ mlp.coefs_[k] + mlp.intercepts_[k]
        values = np.tanh(values) if name == "tanh" else np.maximum(values, 0)
    np.testing.assert_allclose(mlp.hidden_features(X), values, rtol=1e-10, atol=1e-13)


def test_no_trunk_no_hidden_features():
    mlp = fit_tasks(hidden_layer_sizes=(), **HEADS)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(\)"):
        mlp.hidden_features(mixture()[0])


def test_no_probabilities_without_classes():
    X, Y = problem("reals")
    assert hasattr(MultiTaskMLP(), "predict_proba")
    for mlp in (
        MultiTaskMLPRegressor(),
        MultiTaskMLP("regression"),
        MultiTaskMLP({"place": [0, 1]}),
        fit_tasks((X, Y)),
    ):
        assert not hasattr(mlp, "predict_proba")
    assert not hasattr(mlp, "classes_")


def test_no_twin_in_scikit_learn():
    with pytest.raises(ValueError, match="several tasks"):
        fit_tasks().to_sklearn()
