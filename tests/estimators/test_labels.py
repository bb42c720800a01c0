"""Labels of classifiers keep their type and their length, without a table of them."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.neural_network import MLPClassifier as ScikitLearns

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    TabularClassifier,
)
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:.*out-of-bag",
    "ignore:The validation set of",
)

SETTINGS = {"hidden_layer_sizes": (6,), "max_iter": 5, "random_state": 0}
NETWORK = MLPClassifier(**SETTINGS, learning_rate_init=0.1, batch_size=20)
CLASSIFIERS = {
    "network": NETWORK,
    "stops early": MLPClassifier(**SETTINGS, early_stopping=True),
    "tasks": MultiTaskMLPClassifier(**SETTINGS, learning_rate_init=0.1),
    "ensemble": BaggingEnsemble(NETWORK, 2, oob_score=True, random_state=0),
    "votes": BaggingEnsemble(NETWORK, 2, voting="hard", random_state=0),
    "table": TabularClassifier(network=NETWORK, n_members=2, random_state=0),
}
X = np.random.default_rng(0).normal(size=(400, 3))
CODES = (X[:, 0] > 0).astype(int)
TEXTS = {
    "list": list,
    "objects": lambda labels: np.array(labels, object),
    "pandas": pd.Series,
    "polars": pl.Series,
    "NumPy": lambda labels: np.array(labels, np.dtypes.StringDType()),
}
classifiers = pytest.mark.parametrize("model", CLASSIFIERS.values(), ids=CLASSIFIERS)
texts = pytest.mark.parametrize("form", TEXTS.values(), ids=TEXTS)


def peak_of(call):
    """Return the most memory that a call has held, in bytes."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@texts
@classifiers
def test_nul_characters_tell_labels_apart(model, form):
    y = form([("a", "a\0")[code] for code in CODES])
    model.fit(X, y)
    assert list(model.classes_) == ["a", "a\0"]
    hits = [one == other for one, other in zip(model.predict(X), y, strict=True)]
    assert model.score(X, y) == pytest.approx(np.mean(hits))
    if model is NETWORK:
        plainly = flat(model)
        np.testing.assert_array_equal(plainly, flat(model.fit(X, CODES)))


@texts
@classifiers
def test_one_long_label_does_not_make_all_samples_long(model, form):
    labels = [("a", "b")[code] for code in CODES]
    model.fit(X, labels).score(X, labels)  # what is imported then is there
    labels[7] = "b" * 20_000
    y = form(labels)

    def fit():
        model.fit(X, y).predict(X)
        model.score(X, y)

    # As text of a fixed width the labels would take 32 MB.
    assert peak_of(fit) < 6e6


def test_labels_of_a_fixed_width_stay_so():
    y = np.array(["a", "b"])[CODES]
    mlp = MLPClassifier(**SETTINGS).fit(X, y)
    assert mlp.classes_.dtype == mlp.predict(X).dtype == y.dtype
    assert MLPClassifier(**SETTINGS).fit(X, y.tolist()).classes_.dtype == y.dtype


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (pd.Series(CODES, dtype="Int64"), "i"),
        (pd.array(CODES, dtype="UInt8"), "u"),
        (pd.Series(CODES > 0, dtype="boolean"), "b"),
        (pd.Series(np.array(["a", "b"])[CODES], dtype="string"), "U"),
        (pd.Series(np.array(["a", "b"])[CODES], dtype="category"), "U"),
        (pd.Series(CODES, dtype=object), "i"),
        (pd.Series(pd.to_datetime(CODES, unit="D")), "M"),
        (pl.Series(CODES), "i"),
        (pl.Series(CODES > 0), "b"),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
@pytest.mark.parametrize("name", ["network", "tasks", "ensemble"])
def test_labels_of_series_keep_their_type(name, y, kind):
    model = CLASSIFIERS[name].fit(X, y)
    assert model.classes_.dtype.kind == model.predict(X).dtype.kind == kind
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("as_classes", [list, np.array, pd.Series, pd.array])
def test_classes_of_partial_fit_keep_their_type(as_classes):
    mlp = MLPClassifier(**SETTINGS)
    y = pd.Series(CODES, dtype="Int64")
    for _ in range(2):
        mlp.partial_fit(X, y, classes=as_classes([0, 1, 2]))
    assert mlp.classes_.dtype.kind == "i"
    assert mlp.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="not the same as on last call"):
        mlp.partial_fit(X, y, classes=[0, 1])
    names = [("a", "a\0")[code] for code in CODES]
    mlp = MLPClassifier(**SETTINGS).partial_fit(X, names, classes=["a\0", "a"])
    assert list(mlp.classes_) == ["a", "a\0"]


NO_LABELS = {
    "NaT": np.where(CODES, np.datetime64("2020"), np.datetime64("NaT")),
    "NA": pd.Series([None, *CODES[1:]], dtype="Int64"),
    "None": [None, *"ab" * 199, "a"],
    "NA among objects": np.array([pd.NA, *CODES[1:]], object),
    "huge integers": [10**400, *CODES[1:].tolist()],
    "complex": CODES + 1j,
    "number and text": [1, *"ab" * 199, "a"],
}


@pytest.mark.parametrize("y", NO_LABELS.values(), ids=NO_LABELS)
@pytest.mark.parametrize("name", ["network", "ensemble"])
def test_what_is_no_label_is_refused(name, y):
    with pytest.raises(ValueError, match=r"y (contains|expects)"):
        CLASSIFIERS[name].fit(X, y)


NO_NUMBERS = {
    **{name: NO_LABELS[name] for name in ("NaT", "NA", "None", "huge integers")},
    "complex": CODES + 1j,
    "datetime64": CODES.astype("M8[s]"),
    "timedelta64": CODES.astype("m8[s]"),
    "text": np.array(["a", "b"], np.dtypes.StringDType())[CODES],
}


@pytest.mark.parametrize("y", NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize(
    "model",
    [
        MLPRegressor(**SETTINGS),
        BaggingEnsemble(MLPRegressor(**SETTINGS), 2),
        MultiTaskMLP("regression", **SETTINGS),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_is_no_number_is_refused(model, y):
    if isinstance(model, MultiTaskMLP) and is_none_missing(y) is False:
        pytest.skip("missing targets of tasks take no part")
    with pytest.raises(ValueError, match=r"\by\b|task 0"):
        model.fit(X, y)


def is_none_missing(y):
    """Tell whether all targets are there."""
    return not pd.isna(pd.Series(y, dtype=object)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"label_smoothing": 0.1},
        {"early_stopping": True},
        {"solver": "lbfgs"},
        {"solver": "newton_cg"},
        {"class_weight": "balanced", "batch_norm": "before"},
        {"target_noise": 0.1},
    ],
    ids=str,
)
def test_classes_train_as_their_table_does(parameters, dtype, monkeypatch):
    X, y = problem("multiclass", dtype=dtype)
    settings = {**SETTINGS, **parameters}
    mlp = MLPClassifier(**settings).fit(X, y)
    as_targets = MLPClassifier._as_targets
    monkeypatch.setattr(
        MLPClassifier, "_as_targets", lambda *data: np.asarray(as_targets(*data))
    )
    monkeypatch.setattr(
        MLPClassifier, "_stratify_by", lambda self, table: table.argmax(axis=1)
    )
    monkeypatch.setattr(
        MLPClassifier,
        "_training_targets",
        lambda self, table: (
            (1 - self.label_smoothing) * table + self.label_smoothing / 3
        ),
    )
    np.testing.assert_array_equal(flat(MLPClassifier(**settings).fit(X, y)), flat(mlp))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["network", "tasks"])
def test_many_classes_take_less_memory_than_in_scikit_learn(name, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6_000, 4)).astype(dtype)
    y = rng.permutation(np.arange(6_000) % 500)
    settings = {"hidden_layer_sizes": (4,), "max_iter": 1, "random_state": 0}
    model = (MLPClassifier if name == "network" else MultiTaskMLPClassifier)(**settings)
    peak = peak_of(lambda: model.fit(X, y))
    assert peak < peak_of(lambda: ScikitLearns(**settings).fit(X, y)) * 1.15
    if name == "network":
        # The table alone would take 12 or 24 MB.
        assert peak < 6e6
