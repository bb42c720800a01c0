"""Parameters and data drawn at random, by what estimators say they accept.

Values of a parameter are those of its `_parameter_constraints`, inside and at the
bounds, and as often values beyond them. Sizes are small, so that a fit takes
milliseconds.

`SKREGNET_FUZZ` names how much is tried: "quick", which is always the same, or "long".
"""

import os
import warnings

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    _Booleans,
    _RandomStates,
    make_constraint,
)

from skregnet import MLPClassifier, MLPRegressor
from skregnet.augmentation import (
    Compose,
    FeatureMasking,
    GaussianNoise,
    ImageShift,
    Mixup,
    RandomApply,
    TargetNoise,
)
from skregnet.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    DeltaBarDelta,
    Lookahead,
    RMSProp,
)
from tests.reliability import hostile
from tests.reliability.faults import IS_LONG

_QUIETLY = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}


def trials(quick, long):
    """Return how many examples a test tries, at random if there are many."""
    if IS_LONG:
        factor = float(os.environ.get("SKREGNET_FUZZ_FACTOR", "1"))
        return settings(max_examples=round(long * factor), **_QUIETLY)
    return settings(max_examples=quick, derandomize=True, **_QUIETLY)


NUMBERS = [0, 1, 2, 3, -1, 2**70, -(2**70), True, np.int64(2), np.uint8(1)]
NUMBERS += [0.0, -0.0, 5e-324, 1e-300, 1e-8, 1e-3, 0.05, 0.3, 0.5, 0.9, 0.999, 1.0]
NUMBERS += [1.5, 10.0, 180.0, 1e3, 1e10, 1e300, -0.1, np.nan, np.inf, -np.inf]
NUMBERS += [np.float32(0.5), np.float64(0.25), np.longdouble(0.1)]

JUNK = [None, "nonsense", "", b"relu", "adam", [], (), {}, {"a": 1}, {0: 1.0}, object()]
JUNK += [[np.nan], [[1, 2], [3]], [None], ["a"], (0.1, 0.2), np.zeros(3), len, int]
JUNK += [
    np.zeros((2, 2)),
    np.array(0.5),
    np.bool_(True),
    1j,
    range(2),
    {1, 2},
    Ellipsis,
]

# Parameters that say how long something takes, and the most that is tried.
CAPS = {
    "max_iter": 3,
    "max_fun": 20,
    "adversarial_iterations": 2,
    "iterations": 2,
    "n_estimators": 3,
    "n_copies": 3,
    "n_members": 2,
    "n_bins": 20,
    "n_jobs": 1,
    "hidden_layer_sizes": 3,
    "head_layer_sizes": 3,
    "validation_fraction": 1,
}
SIZES = [(), (3,), (3, 2), [2], np.array([3]), (0,), (-1,), (2.5,), ("a",), ((1, 2),)]
SIZES += [(np.nan,), (True,), range(1, 3), np.array([[2]]), "3", (None,), (3, [2])]
AUGMENTERS = [None, GaussianNoise(), FeatureMasking(0.5), Mixup(), TargetNoise(0.5)]
AUGMENTERS += [Compose([Mixup(), GaussianNoise()]), RandomApply(Mixup(1.0))]
AUGMENTERS += [ImageShift(), ImageShift(image_shape=(7, 7)), GaussianNoise(-1.0), Mixup]
AUGMENTERS += [GaussianNoise(1e300), Compose([Mixup()] * 2), Compose([None]), "mixup"]
NETWORKS = [
    MLPClassifier((3,), max_iter=2),
    MLPRegressor("squared_error", (3,), max_iter=2),
    MLPClassifier((3,), max_iter=2, early_stopping=True, batch_size=4),
    MLPRegressor("poisson", (3,), max_iter=2, dropout=0.2),
    MLPClassifier((), solver="lbfgs", max_iter=2),
    MLPClassifier((3,), max_iter=-1),
    MLPClassifier,
    None,
    "mlp",
]
# Values beside those of the constraints, by the name of the parameter.
SPECIAL = {
    "hidden_layer_sizes": SIZES,
    "head_layer_sizes": SIZES,
    "activation": [["relu"], ["tanh", "relu"], ["gelu", "swish"], ("selu",), [], [1]],
    "solver": [
        *(SGD(), SGD(momentum=0.5), Adam(amsgrad=True), AdamW(weight_decay=0.1)),
        *(AdaGrad(), RMSProp(centered=True), DeltaBarDelta(), Lookahead(Adam())),
        *(Averaged(SGD()), Lookahead(DeltaBarDelta(), 2), Adam, Adam(beta_1=2.0)),
        *(SGD(momentum="a"), RMSProp(decay=np.nan), Lookahead(None)),
    ],
    "learning_rate": [
        *(lambda share: 1.0 - share / 2, lambda share: np.nan, lambda share: -1.0),
        *(lambda share: np.inf, lambda share: "a", lambda share: None),
        *(lambda share: np.zeros(2), lambda share: 0.0),
    ],
    "scoring": [None, "loss", "accuracy", "r2", "roc_auc", "neg_log_loss", "nonsense"],
    "class_weight": [
        *("balanced", {0: 1.0, 1: 2.0}, {0: 0, 1: 0}, {7: 1.0}, {0: -1.0, 1: 1.0}),
        *({0: np.nan, 1: 1}, {0: "a"}, {"no": 2.0, "yes": 1.0}, [{0: 1, 1: 2}], {}),
        *({0: 1e300, 1: 1e-300}, {0: np.inf, 1: 1}, {0: None, 1: None}),
        *({"x0": "balanced"}, {"x0": {0: 2.0, 1: 1.0}}),
    ],
    "augmenter": AUGMENTERS,
    "augmenters": [
        *([], [Mixup(), GaussianNoise()], [("a", Mixup())], (GaussianNoise(),)),
        *([None], ["mixup"], [("a", Mixup()), ("a", Mixup())], [Mixup], [("a",)]),
        *([("a", None)], [(1, Mixup())], [Compose([Compose([])])], [GaussianNoise(-1)]),
    ],
    "estimator": NETWORKS,
    "network": NETWORKS,
    "initial_trunk": [None, "trunk", object(), MLPClassifier((4,)), *NETWORKS[:2]],
    "tasks": [
        *("auto", "classification", "regression", {}, {"x0": "classification"}, {0: 1}),
        *({"y0": "regression", "y1": "classification"}, {0: "regression"}, {"a": None}),
    ],
    "task_weights": [None, "uncertainty", {}, {"y0": 2.0}, {0: 1.0}, {"y0": -1.0}],
    "image_shape": [None, (1, 3), (3, 1), (1, 1, 3), [3, 1], (2, 2), (0, 3), (1.0, 3)],
    "categorical_features": [
        *("from_dtype", [0], [True, False, False], ["x0"], ["f1"], [7], [-1], [0.5]),
        *([None], [[0]], np.array([0, 2]), np.zeros(3, bool), [2**70], 0, "x0", [{}]),
    ],
    "verbose": [False, 0, True],
    "time_limit": [60.0, 1e-9],
    "n_jobs": [None, 1, 0, "all", 1.5],
}
# Never tried: what would take all memory or be another test's.
_FEW_SIZES = ("hidden_layer_sizes", "head_layer_sizes", "n_bins", "n_copies")


def accepted(name, constraints):
    """Return a strategy of values that constraints name."""
    cap = CAPS.get(name, np.inf)
    values, strategies = [], []
    for constraint in map(make_constraint, constraints):
        if isinstance(constraint, StrOptions):
            values += sorted(constraint.options)
        elif isinstance(constraint, Interval):
            values += [v for v in NUMBERS if constraint.is_satisfied_by(v) and v <= cap]
        elif isinstance(constraint, _Booleans):
            values += [True, False, np.bool_(True)]
        elif isinstance(constraint, _RandomStates):
            strategies += [
                st.sampled_from([None, 0, 2**32 - 1, np.int32(7)]),
                st.builds(np.random.RandomState, st.integers(0, 3)),
            ]
    values += SPECIAL.get(name, [])
    return st.one_of(*([st.sampled_from(values)] if values else []), *strategies)


def any_value(name):
    """Return a strategy of values of a parameter whatever it accepts."""
    cap = CAPS.get(name, np.inf)
    return st.sampled_from([v for v in NUMBERS if not v > cap] + JUNK)


@st.composite
def parameters(draw, cls, most=4):
    """Draw a few parameters of a class: half of the draws as accepted, half beyond."""
    constraints = cls._parameter_constraints
    names = draw(st.lists(st.sampled_from(sorted(constraints)), max_size=most))
    goes_beyond = draw(st.booleans())
    chosen = {}
    for name in names:
        within = accepted(name, constraints[name])
        if within.is_empty or (goes_beyond and draw(st.booleans())):
            within = any_value(name)
        chosen[name] = draw(within)
    return chosen


ROWS = [6, 6, 6, 12, 12, 0, 1, 2, 3]
COLUMNS = [3, 3, 3, 3, 1, 0, 2]


@st.composite
def features(draw):
    """Draw rows and say how many: ordinary ones, or in any one way hostile ones."""
    if draw(st.integers(0, 19)) == 19:
        return draw(st.sampled_from(hostile.NO_DATA)), 5
    shape = draw(st.sampled_from(ROWS)), draw(st.sampled_from(COLUMNS))
    content = draw(st.sampled_from(sorted(hostile.CONTENTS)))
    dtypes, layouts = hostile.DTYPES, sorted(hostile.LAYOUTS)
    if draw(st.booleans()):
        # Features that can be learned from, however they are stored.
        shape = draw(st.sampled_from([6, 12])), 3
        content, dtypes = "normal", hostile.NUMERIC_DTYPES
        layouts = sorted(set(hostile.LAYOUTS) - hostile.NO_LAYOUTS)
    rng = np.random.RandomState(draw(st.integers(0, 9)))
    values = hostile.CONTENTS[content](rng, shape)
    for make in (
        hostile.as_dtype(draw(st.sampled_from(dtypes))),
        hostile.LAYOUTS[draw(st.sampled_from(layouts))],
    ):
        values = hostile.made(make, values)
    return values, shape[0]


@st.composite
def targets(draw, n_rows, good=tuple(hostile.GOOD_TARGETS)):
    """Draw what is to be learned: in half of the draws what suits the estimator."""
    names = good if draw(st.booleans()) else sorted(hostile.TARGETS)
    rng = np.random.RandomState(draw(st.integers(0, 9)))
    return hostile.TARGETS[draw(st.sampled_from(names))](rng, n_rows)


@st.composite
def weights(draw, n_rows):
    """Draw sample weights; in most draws there are none."""
    if draw(st.integers(0, 2)):
        return None
    rng = np.random.RandomState(draw(st.integers(0, 9)))
    return hostile.WEIGHTS[draw(st.sampled_from(sorted(hostile.WEIGHTS)))](rng, n_rows)


def quietly(call):
    """Return what a call returns, without what it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


def set_parameters(estimator, changed):
    """Set parameters, those that hold no parameters of their own yet too."""
    for name, value in changed.items():
        setattr(estimator, name, value)


@st.composite
def tables(draw):
    """Draw a data frame of pandas or, where it can be made into one, of polars."""
    n_rows = draw(st.sampled_from(ROWS))
    kinds = draw(st.lists(st.sampled_from(sorted(hostile.COLUMNS)), max_size=4))
    names = [f"f{k}" for k in range(len(kinds))]
    if kinds and not draw(st.integers(0, 9)):
        names = draw(st.sampled_from([["f"] * len(kinds), list(range(len(kinds)))]))
    columns = [pd.Series(hostile.COLUMNS[kind](n_rows)) for kind in kinds]
    columns = [column.reset_index(drop=True) for column in columns]
    table = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(n_rows))
    table.columns = names
    if draw(st.booleans()):
        return hostile.made(pl.from_pandas, table)
    return table
