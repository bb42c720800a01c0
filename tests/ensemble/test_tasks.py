"""Ensembles of networks of several tasks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score

from skregnet import (
    BaggingEnsemble,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


def mixed():
    """Return features and a frame of a classification and a regression with gaps."""
    X, y = problem("multiclass")
    names = np.array(["a", "b", "c"])[y]
    frame = pd.DataFrame({"label": names, "number": X[:, 0] * 10 + 5})
    frame.loc[::7, "number"] = np.nan
    frame.loc[3::11, "label"] = None
    return X, frame


@pytest.mark.parametrize("voting", ["soft", "hard"])
@pytest.mark.parametrize("max_features", [1.0, 0.5])
def test_mixed_tasks(max_features, voting):
    X, Y = mixed()
    bag = BaggingEnsemble(
        MultiTaskMLP(**SHORT), 5, max_features=max_features, voting=voting
    )
    bag.set_params(random_state=0).fit(X, Y)
    assert not is_classifier(bag)
    assert not is_regressor(bag)
    numbers, shares = [], []
    draws = zip(
        bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True
    )
    for member, rows, columns in draws:
        alone = clone(member).fit(X[rows][:, columns], Y.iloc[rows])
        np.testing.assert_array_equal(flat(alone), flat(member))
        predicted = member.predict(X[:, columns])
        numbers.append(predicted["number"])
        votes = np.eye(3)[np.searchsorted(["a", "b", "c"], predicted["label"])]
        soft = voting == "soft"
        shares.append(member.predict_proba(X[:, columns])[0] if soft else votes)
    predicted = bag.predict(X)
    assert predicted.columns.tolist() == ["label", "number"]
    np.testing.assert_allclose(predicted["number"], np.mean(numbers, axis=0))
    share = np.mean(shares, axis=0)
    labels = np.array(["a", "b", "c"])[share.argmax(axis=1)]
    assert predicted["label"].tolist() == labels.tolist()
    if voting == "soft":
        np.testing.assert_allclose(bag.predict_proba(X)[0], share)
    there = Y["label"].notna().to_numpy(), Y["number"].notna().to_numpy()
    expected = [
        accuracy_score(Y["label"][there[0]], labels[there[0]]),
        r2_score(Y["number"][there[1]], predicted["number"][there[1]]),
    ]
    assert bag.score(X, Y) == pytest.approx(np.mean(expected))


def test_workers_and_out_of_bag():
    X, Y = mixed()
    bag = BaggingEnsemble(MultiTaskMLP(**SHORT), 20, oob_score=True, random_state=0)
    bag.fit(X, Y)
    other = clone(bag).set_params(n_jobs=2).fit(X, Y)
    for member, same in zip(bag.estimators_, other.estimators_, strict=True):
        np.testing.assert_array_equal(flat(member), flat(same))
    assert bag.oob_score_ == other.oob_score_
    outputs = np.full((20, 120), np.nan)
    for k, rows in enumerate(bag.estimators_samples_):
        new = np.setdiff1d(np.arange(120), rows)
        outputs[k, new] = bag.estimators_[k].predict(X[new])["number"]
    np.testing.assert_allclose(
        bag.oob_prediction_[:, -1], np.nanmean(outputs, axis=0), rtol=1e-10
    )


def test_members_without_some_classes():
    X, Y = mixed()
    Y["label"] = "a"
    Y.loc[:2, "label"] = "z"
    bag = BaggingEnsemble(MultiTaskMLP(**SHORT), 6, max_samples=30, random_state=0)
    bag.fit(X, Y)
    assert {len(member.tasks_[0].classes) for member in bag.estimators_} == {1, 2}
    assert bag.predict_proba(X)[0].shape == (120, 2)


def test_classifications():
    X, y = problem("multiclass")
    Y = np.column_stack([y, y > 0])
    bag = BaggingEnsemble(MultiTaskMLPClassifier(**SHORT), 4, random_state=0).fit(X, Y)
    assert is_classifier(bag)
    means = [
        np.mean([member.predict_proba(X)[k] for member in bag.estimators_], axis=0)
        for k in range(2)
    ]
    for mean, found in zip(means, bag.predict_proba(X), strict=True):
        np.testing.assert_allclose(found, mean)
    expected = np.column_stack([mean.argmax(axis=1) for mean in means])
    np.testing.assert_array_equal(bag.predict(X), expected)


def test_regressions():
    X, Y = problem("reals")
    Y[::5, 0] = np.nan
    bag = BaggingEnsemble(MultiTaskMLPRegressor(**SHORT), 4, random_state=0).fit(X, Y)
    assert is_regressor(bag)
    found = np.array([member.predict(X) for member in bag.estimators_])
    np.testing.assert_allclose(bag.predict(X), found.mean(axis=0))
    np.testing.assert_allclose(bag.predict_std(X), found.std(axis=0))
    median = clone(bag).set_params(voting="median").fit(X, Y)
    np.testing.assert_allclose(median.predict(X), np.median(found, axis=0))


def test_classes_and_logarithms():
    X, Y = mixed()
    bag = BaggingEnsemble(MultiTaskMLP(**SHORT), 4, random_state=0).fit(X, Y)
    assert [classes.tolist() for classes in bag.classes_] == [["a", "b", "c"]]
    (logs,) = bag.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(logs), bag.predict_proba(X)[0])
    labels = Y["label"].fillna("a")
    vector = BaggingEnsemble(MultiTaskMLPClassifier(**SHORT), 4, random_state=0)
    assert vector.fit(X, labels).classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(
        np.exp(vector.predict_log_proba(X)), vector.predict_proba(X)
    )
    numbers = BaggingEnsemble(MultiTaskMLPRegressor(**SHORT), 2, random_state=0)
    assert not hasattr(numbers.fit(X, X[:, :2]), "classes_")


def test_invalid_targets():
    X, Y = mixed()
    with pytest.raises(ValueError, match="inconsistent numbers"):
        BaggingEnsemble(MultiTaskMLP(**SHORT)).fit(X[:50], Y)
    with pytest.raises(ValueError, match="voting expects one of"):
        BaggingEnsemble(MultiTaskMLP(**SHORT), voting="median").fit(X, Y)
