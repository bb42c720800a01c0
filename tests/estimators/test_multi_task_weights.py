"""Weights of rows, of classes and of tasks, given and learned."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.class_weight import compute_class_weight

from skregnet import BaggingEnsemble, MLPClassifier, MultiTaskMLPClassifier
from tests.cases import problem
from tests.fitting import AT_START, by_hand, flat
from tests.multi_task import HEADS, SETTINGS, fit_tasks, mixture, with_gaps

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_weights_of_rows_in_the_score():
    X, Y = mixture()
    mlp = fit_tasks((X, Y))
    weights = np.arange(len(X)) % 3
    rows = np.repeat(np.arange(len(X)), weights)
    repeated = mlp.score_tasks(X[rows], Y.iloc[rows])
    assert mlp.score_tasks(X, Y, weights) == pytest.approx(repeated, rel=1e-12)
    assert mlp.score(X, Y, weights) == pytest.approx(np.mean(list(repeated.values())))


@pytest.mark.parametrize("name", ["flag", "size"])
def test_a_task_whose_targets_have_no_weight(name):
    X, Y = mixture()
    mlp = fit_tasks((X, Y))
    gaps = Y.astype(object)
    gaps.loc[gaps.index[:100], name] = None
    weights = np.arange(len(X)) < 100
    scores = mlp.score_tasks(X, gaps, weights)
    assert np.isnan(scores.pop(name))
    assert mlp.score(X, gaps, weights) == pytest.approx(np.mean(list(scores.values())))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        HEADS,
        {"solver": "lbfgs"},
        {"solver": "sgd", "batch_norm": "before"},
        {"task_weights": "uncertainty"},
        {"class_weight": "balanced", "label_smoothing": 0.1},
        {"adversarial_step": 0.1},
    ],
    ids=str,
)
def test_a_row_of_weight_two_is_two_rows(parameters):
    X, Y = mixture()
    Y = with_gaps(Y)
    weights = np.arange(len(X)) % 3
    rows = np.repeat(np.arange(len(X)), weights)
    learned = Y.notna().any(axis=1).to_numpy() & (weights > 0)
    settings = {**parameters, "alpha": 0.5}
    weighted = fit_tasks((X, Y), weights, **settings, batch_size=learned.sum())
    repeated = fit_tasks((X[rows], Y.iloc[rows]), **settings)
    np.testing.assert_allclose(flat(weighted), flat(repeated), rtol=1e-6, atol=1e-9)
    assert weighted.loss_ == pytest.approx(repeated.loss_, rel=1e-6)


def test_weight_on_nothing_but_missing_targets():
    X, Y = mixture()
    Y = Y.astype(object)
    Y[:60] = None
    with pytest.raises(ValueError, match="weight"):
        fit_tasks((X, Y), np.arange(len(X)) < 60)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("by_task", [False, True])
@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.5, 1: 4.0, 2: 1.0}])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_class_weights_of_one_task(kind, class_weight, by_task, weighted):
    X, y = problem(kind)
    if kind == "binary" and class_weight != "balanced":
        class_weight = {0: 0.5, 1: 4.0}
    weights = np.arange(len(y)) % 3 + 1.0 if weighted else np.ones(len(y))
    settings = {"solver": "sgd", "alpha": 0.0}
    given = {0: class_weight} if by_task else class_weight
    mlp = fit_tasks(
        (X, y), weights, cls=MultiTaskMLPClassifier, class_weight=given, **settings
    )
    factors = compute_class_weight(
        class_weight, classes=np.unique(y), y=y, sample_weight=weights
    )
    products = weights * factors[y]
    # Weights of rows are relative, those of classes are factors of the loss.
    rate = 0.001 * products.sum() / weights.sum()
    single = MLPClassifier(**SETTINGS, **settings, learning_rate_init=rate)
    single.fit(X, y, products)
    np.testing.assert_allclose(flat(mlp), flat(single), rtol=1e-9, atol=1e-12)


def test_class_weights_by_task():
    X, Y = mixture()
    settings = {"alpha": 0.0, **HEADS}
    plain = fit_tasks((X, Y), **settings)
    by_task = {
        "flag": {0: 3.0, 1: 0.5},
        "colour": {"red": 2.0, "green": 1.0, "blue": 1.0},
    }
    mlp = fit_tasks((X, Y), **settings, class_weight=by_task)
    weights = [task.class_weights for task in mlp.tasks_]
    assert weights[0].tolist() == [1.0, 1.0, 2.0]
    assert weights[1].tolist() == [3.0, 0.5]
    assert weights[2] is None
    assert plain.predict(X)["flag"].mean() > mlp.predict(X)["flag"].mean()
    balanced = fit_tasks((X, Y), **settings, class_weight={"flag": "balanced"})
    assert [task.class_weights is None for task in balanced.tasks_] == [
        True,
        False,
        True,
    ]


def test_class_weights_of_each_member_of_an_ensemble():
    X, y = problem("binary")
    mlp = MultiTaskMLPClassifier(hidden_layer_sizes=(4,), max_iter=2)
    ensemble = BaggingEnsemble(
        mlp.set_params(class_weight="balanced"), 3, random_state=0
    )
    ensemble.fit(X, y)
    drawn = [y[rows] for rows in ensemble.estimators_samples_]
    assert len({labels.sum() for labels in drawn}) > 1
    for member, labels in zip(ensemble.estimators_, drawn, strict=True):
        expected = compute_class_weight("balanced", classes=np.arange(2), y=labels)
        np.testing.assert_allclose(member.tasks_[0].class_weights, expected)


def test_class_weights_are_those_of_the_last_fit():
    mlp = fit_tasks(warm_start=True).set_params(class_weight={"flag": {0: 2.0, 1: 1.0}})
    assert mlp.fit(*mixture()).tasks_[1].class_weights.tolist() == [2.0, 1.0]


def test_missing_targets_do_not_count_in_balanced_weights():
    X, Y = mixture()
    gaps = with_gaps(Y)
    mlp = fit_tasks((X, gaps), class_weight="balanced")
    labels = gaps["flag"].dropna().astype(int).to_numpy()
    expected = compute_class_weight("balanced", classes=np.arange(2), y=labels)
    np.testing.assert_allclose(mlp.tasks_[1].class_weights, expected)


@pytest.mark.parametrize(
    "class_weight",
    [
        {0: -1.0, 1: 1.0},
        {0: np.nan, 1: 1.0},
        {0: np.inf, 1: 1.0},
        {0: 0.0, 1: 0.0},
        {"typo": "balanced"},
        {0: "rubbish"},
        {0: {0: 1.0, 1: -2.0}},
    ],
    ids=str,
)
def test_class_weights_refused(class_weight):
    X, y = problem("binary")
    with pytest.raises(ValueError, match="class_weight"):
        fit_tasks((X, y), cls=MultiTaskMLPClassifier, class_weight=class_weight)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
@pytest.mark.parametrize("weight", [0.3, 5.0])
def test_the_weight_of_a_task_is_a_factor_of_its_loss(weight, kind):
    data = problem(kind)
    steps = {"solver": "sgd", "momentum": 0.0, "alpha": 0.0}
    weighted = fit_tasks(data, **steps, task_weights={0: weight})
    faster = fit_tasks(data, **steps, learning_rate_init=0.001 * weight)
    np.testing.assert_allclose(flat(weighted), flat(faster), rtol=1e-9, atol=1e-12)
    assert weighted.loss_ == pytest.approx(weight * faster.loss_, rel=1e-9)
    assert weighted.task_weights_ == {0: weight}


def test_weights_of_tasks():
    X, Y = mixture()
    mlp = fit_tasks((X, Y), **AT_START, alpha=0.0, task_weights={"size": 3, "flag": 0})
    assert mlp.task_weights_ == {"colour": 1.0, "flag": 0.0, "size": 3.0}
    losses = {
        name: fit_tasks(
            (X, Y),
            **AT_START,
            alpha=0.0,
            task_weights={other: float(other == name) for other in Y},
        ).loss_
        for name in Y
    }
    assert mlp.loss_ == pytest.approx(losses["colour"] + 3 * losses["size"], rel=1e-9)


@pytest.mark.parametrize(
    "weights",
    [
        {"typo": 1.0},
        {"flag": -1.0},
        {"flag": np.nan},
        {"flag": np.inf},
        {"flag": "high"},
        {"flag": None},
        {"colour": 0, "flag": 0, "size": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_weights_of_tasks_refused(weights, warm_start):
    mlp = fit_tasks(warm_start=warm_start)
    before = flat(mlp)
    with pytest.raises(ValueError, match="task_weights") as caught:
        mlp.set_params(task_weights=weights).fit(*mixture())
    assert repr(weights) in str(caught.value)
    np.testing.assert_array_equal(flat(mlp), before)


def test_fitted_weights_of_tasks_do_not_follow_parameters():
    for fitted, other in (("uncertainty", None), (None, "uncertainty")):
        mlp = fit_tasks(task_weights=fitted)
        before = dict(mlp.task_weights_)
        assert mlp.set_params(task_weights=other).task_weights_ == before


def noisy_and_clean(n_rows=400):
    """Return features and two numbers, of which the first is mostly noise."""
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(n_rows, 4))
    noise = random_state.normal(size=n_rows)
    clean = np.tanh(X[:, 1]) + 0.2 * random_state.normal(size=n_rows)
    return X, np.column_stack([0.5 * X[:, 0] + noise, clean])


UNCERTAIN = {
    "task_weights": "uncertainty",
    "learning_rate_init": 0.01,
    "max_iter": 150,
    "tol": 0.0,
}


def test_a_noisier_task_weighs_less():
    X, Y = noisy_and_clean()
    mlp = fit_tasks((X, Y), **UNCERTAIN)
    assert mlp.task_weights_[0] < 0.5 * mlp.task_weights_[1]
    # At the optimum a task's weight is one over its mean squared error.
    optimum = {"solver": "lbfgs", "max_iter": 2000, "hidden_layer_sizes": (3,)}
    mlp = fit_tasks((X, Y), **{**UNCERTAIN, **optimum})
    errors = ((mlp.predict(X) - Y) / Y.std(axis=0)) ** 2
    weights = list(mlp.task_weights_.values())
    np.testing.assert_allclose(weights, 1 / errors.mean(axis=0), rtol=0.01)


def test_the_loss_of_uncertain_tasks():
    X, Y = noisy_and_clean()
    mlp = fit_tasks((X, Y), **{**UNCERTAIN, "solver": "lbfgs", "alpha": 0.0})
    errors = ((by_hand(mlp, X) - (Y - Y.mean(axis=0)) / Y.std(axis=0)) ** 2).mean(
        axis=0
    )
    weights = np.array(list(mlp.task_weights_.values()))
    expected = sum(weights * errors / 2 - np.log(weights) / 2)
    assert mlp.loss_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
def test_learned_weights_are_gone_on_from(batch_norm):
    data = noisy_and_clean()
    settings = {**UNCERTAIN, "warm_start": True, "batch_norm": batch_norm, **HEADS}
    mlp = fit_tasks(data, **{**settings, "max_iter": 20})
    before, predicted = mlp.task_weights_, mlp.predict(data[0])
    assert before[0] != 1
    still = clone(mlp)
    vars(still).update(vars(mlp))
    still.set_params(**AT_START).fit(*data)
    assert still.task_weights_ == pytest.approx(before, rel=1e-12)
    np.testing.assert_allclose(still.predict(data[0]), predicted, atol=1e-9)
    assert mlp.fit(*data).task_weights_[1] > before[1]


@pytest.mark.parametrize("batch_norm", [None, "before"])
@pytest.mark.parametrize("first", [None, "uncertainty"])
def test_from_given_weights_to_learned_ones_and_back(first, batch_norm):
    data = noisy_and_clean(n_rows=60)
    settings = {"warm_start": True, "batch_norm": batch_norm}
    mlp = fit_tasks(data, **settings, task_weights=first)
    second = "uncertainty" if first is None else None
    mlp.set_params(task_weights=second, **AT_START)
    mlp.fit(*data)
    assert mlp.task_weights_ == {0: 1.0, 1: 1.0}


def test_learned_weights_stay_with_another_normalization():
    data = noisy_and_clean(n_rows=60)
    settings = {"task_weights": "uncertainty", "warm_start": True}
    mlp = fit_tasks(data, **settings)
    before = mlp.task_weights_
    mlp.set_params(batch_norm="before", **AT_START).fit(*data)
    assert mlp.task_weights_ == pytest.approx(before)
