"""Early stopping: on rows held out or given, by any score, every K epochs."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STOPPING = {"early_stopping": True, "random_state": 0, "max_iter": 20}


def split(kind, **kwargs):
    """Return training and validation data."""
    X, y = problem(kind, n_rows=160, **kwargs)
    return X[:100], y[:100], X[100:], y[100:]


@pytest.mark.parametrize(
    "kind", ["binary", "multiclass", "multilabel", "real", "reals"]
)
def test_given_data_is_what_is_watched(kind):
    X, y, X_val, y_val = split(kind)
    cls = MLPRegressor if kind.startswith("real") else MLPClassifier
    mlp = cls(**STOPPING).fit(X, y, X_val=X_val, y_val=y_val)
    assert len(mlp.validation_scores_) == mlp.n_iter_
    assert mlp.best_validation_score_ == max(mlp.validation_scores_)
    assert mlp.score(X_val, y_val) == pytest.approx(mlp.best_validation_score_)


def test_nothing_is_held_out_then():
    X, y, X_val, y_val = split("binary")
    given = MLPClassifier(**STOPPING, n_iter_no_change=99)
    given.fit(X, y, X_val=X_val, y_val=y_val)
    plain = MLPClassifier(random_state=0, max_iter=20).fit(X, y)
    np.testing.assert_allclose(given.loss_curve_, plain.loss_curve_)


def test_weights_of_validation_rows():
    X, y, X_val, y_val = split("multiclass")
    weights = np.random.RandomState(0).uniform(size=len(y_val))
    mlp = MLPClassifier(**STOPPING)
    mlp.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weights)
    assert mlp.score(X_val, y_val, weights) == pytest.approx(mlp.best_validation_score_)


@pytest.mark.parametrize(
    "kind", ["binary", "multiclass", "multilabel", "real", "count"]
)
def test_validation_loss(kind):
    X, y, X_val, y_val = split(kind)
    if kind in ("real", "count"):
        mlp = MLPRegressor("poisson" if kind == "count" else "squared_error")
    else:
        mlp = MLPClassifier()
    mlp.set_params(**STOPPING, scoring="loss", alpha=10.0)
    mlp.fit(X, y, X_val=X_val, y_val=y_val)
    predictions = mlp.predict(X_val)
    if kind == "real":
        loss = 0.5 * ((predictions - y_val) ** 2).mean()
    elif kind == "count":
        safe = np.where(y_val > 0, y_val, 1)
        loss = (y_val * np.log(safe / predictions) - y_val + predictions).mean()
    elif kind == "multilabel":
        p = mlp.predict_proba(X_val)
        loss = -(y_val * np.log(p) + (1 - y_val) * np.log(1 - p)).sum(axis=1).mean()
    else:
        loss = log_loss(y_val, mlp.predict_proba(X_val))
    assert min(mlp.validation_loss_curve_) == pytest.approx(loss)
    assert mlp.best_validation_score_ == pytest.approx(-loss)


@pytest.mark.parametrize(
    "scoring",
    ["neg_log_loss", "roc_auc", make_scorer(lambda y, p: np.mean(y == p))],
)
def test_scorers(scoring):
    X, y, X_val, y_val = split("binary")
    frame = pd.DataFrame(X).add_prefix("feature ")
    mlp = MLPClassifier(**STOPPING, scoring=scoring)
    mlp.fit(frame, y, X_val=pd.DataFrame(X_val, columns=frame.columns), y_val=y_val)
    scorer = sklearn.metrics.check_scoring(mlp, scoring)
    best = pd.DataFrame(X_val, columns=frame.columns)
    assert scorer(mlp, best, y_val) == pytest.approx(mlp.best_validation_score_)


def test_unknown_scorer():
    X, y, *_ = split("binary")
    with pytest.raises(ValueError, match="scoring"):
        MLPClassifier(scoring="no such score").fit(X, y)


@pytest.mark.parametrize(("interval", "n_checks"), [(1, 20), (3, 7), (5, 4), (50, 1)])
def test_interval(interval, n_checks):
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(
        **STOPPING, validation_interval=interval, n_iter_no_change=np.inf
    )
    mlp.fit(X, y, X_val=X_val, y_val=y_val)
    assert len(mlp.validation_scores_) == len(mlp.validation_loss_curve_) == n_checks
    every = MLPClassifier(**STOPPING, n_iter_no_change=np.inf)
    every.fit(X, y, X_val=X_val, y_val=y_val)
    checked = [*range(interval, 20, interval), 20]
    assert mlp.validation_scores_ == [every.validation_scores_[k - 1] for k in checked]


@pytest.mark.parametrize("interval", [1, 4])
def test_patience_counts_epochs(interval):
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(
        early_stopping=True,
        tol=1.0,  # a score that never rises by so much
        n_iter_no_change=8,
        validation_interval=interval,
        random_state=0,
    )
    mlp.fit(X, y, X_val=X_val, y_val=y_val)
    # The first check counts as progress, since there was no score before it.
    assert mlp.n_iter_ == interval + (9 if interval == 1 else 12)


def test_half_of_the_data():
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(**STOPPING)
    with pytest.raises(ValueError, match="y_val was not provided"):
        mlp.fit(X, y, X_val=X_val)
    with pytest.raises(ValueError, match="X_val was not provided"):
        mlp.fit(X, y, y_val=y_val)
    with pytest.raises(ValueError, match="X_val and y_val were not provided"):
        mlp.fit(X, y, sample_weight_val=y_val)
    with pytest.raises(ValueError, match="early_stopping should be"):
        MLPClassifier().fit(X, y, X_val=X_val, y_val=y_val)
    with pytest.raises(ValueError, match="cannot be used with solver='lbfgs'"):
        MLPClassifier(**STOPPING, solver="lbfgs").fit(X, y, X_val=X_val, y_val=y_val)


def test_bad_validation_data():
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(**STOPPING)
    with pytest.raises(ValueError, match="6 features"):
        mlp.fit(X, y, X_val=X_val[:, :3], y_val=y_val)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        mlp.fit(X, y, X_val=X_val, y_val=y_val[:5])
    with pytest.raises(ValueError, match="y_val has classes that the y of fit has not"):
        mlp.fit(X, y, X_val=X_val, y_val=y_val + 1)
    with pytest.raises(ValueError, match="y_val has 1 outputs, but the y of fit has 2"):
        MLPRegressor(**STOPPING).fit(
            X, np.c_[y, y].astype(float), X_val=X_val, y_val=y_val
        )


def test_routing():
    X, y, X_val, y_val = split("binary")
    X, X_val = 100 * X, 100 * X_val
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = MLPClassifier(**STOPPING).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("mlp", mlp)], transform_input=["X_val"]
        )
        pipeline.fit(X, y, X_val=X_val, y_val=y_val)
        assert pipeline.score(X_val, y_val) == max(
            pipeline.named_steps["mlp"].validation_scores_
        )
        search = GridSearchCV(pipeline, {"mlp__alpha": [0.1, 1]}, cv=2, n_jobs=2)
        search.fit(X, y, X_val=X_val, y_val=y_val)
        assert search.best_estimator_.score(X_val, y_val) > 0.6


def test_best_weights_come_back():
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(
        (50,), early_stopping=True, learning_rate_init=0.05, random_state=0
    )
    mlp.fit(X, y, X_val=X_val, y_val=y_val)
    best = int(np.argmax(mlp.validation_scores_))
    assert best < mlp.n_iter_ - 1
    shorter = MLPClassifier(
        (50,), max_iter=best + 1, learning_rate_init=0.05, random_state=0
    ).fit(X, y)
    for a, b in zip(mlp.coefs_, shorter.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


def test_partial_fit():
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(
        (50,), early_stopping=True, learning_rate_init=0.05, random_state=0
    )
    with pytest.raises(ValueError, match="pass X_val and y_val"):
        mlp.partial_fit(X, y, classes=[0, 1])
    plain = MLPClassifier((50,), learning_rate_init=0.05, random_state=0)
    weights = []
    for _ in range(60):
        mlp.partial_fit(X, y, classes=[0, 1], X_val=X_val, y_val=y_val)
        plain.partial_fit(X, y, classes=[0, 1])
        weights.append(plain.coefs_[0])
        scores = mlp.validation_scores_
        best = int(np.argmax(scores))
        if len(scores) - 1 - best > 0 and np.array_equal(mlp.coefs_[0], weights[best]):
            break
        np.testing.assert_array_equal(mlp.coefs_[0], weights[-1])
    else:
        pytest.fail("the best weights never came back")
    assert len(scores) - 1 - best > mlp.n_iter_no_change
    assert mlp.score(X_val, y_val) == mlp.best_validation_score_


def test_partial_fit_checks_every_few_calls():
    X, y, X_val, y_val = split("binary")
    mlp = MLPClassifier(**STOPPING, validation_interval=3)
    for _ in range(7):
        mlp.partial_fit(X, y, classes=[0, 1], X_val=X_val, y_val=y_val)
    assert len(mlp.validation_scores_) == 2
