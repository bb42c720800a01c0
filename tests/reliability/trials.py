"""What may come of a call with hostile input, and how often each has.

A trial is a call with input drawn at random. It succeeds and leaves a finite model, or
it is refused: by a ValueError or TypeError that names what is wrong. Nothing else may
happen: no other exception, no warning of NumPy's, no hang, no change of what was
passed, no trace of a failure on the estimator.
"""

import copy
import re
import signal
import warnings
from collections import Counter
from contextlib import contextmanager

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

REFUSED = object()
SECONDS = 120

COUNTS = Counter()
"""How many trials had which outcome, by the kind of trial."""

ARGUMENTS = {
    *("X", "y", "Y", "sample_weight", "sample_weights", "classes"),
    *(
        "task",
        "X_val",
        "y_val",
        "sample_weight_val",
        "n_samples",
        "n_features",
        "columns",
    ),
}

# What scikit-learn, and the estimators as it does, says of data without their name.
SAID_BY_SCIKIT_LEARN = [
    r"Found array with (\d+ (sample|feature)|dim )",
    r"Expected 2D (array|container)",
    r"Found input variables with inconsistent numbers of samples",
    r"Unknown label type",
    r"Sparse data was passed",
    r"Complex data not supported",
    r"Unable to convert array of bytes/strings",
    r"dtype='numeric' is not compatible with arrays of bytes/strings",
    r"Solver produced non-finite parameter weights\. The input data may",
    r"The validation set is too small",
    r"Mix of label input types",
    r"legacy multi-label data representation",
    r"Names provided are not unique",
    r"Feature names are only supported",
    r"np.matrix is not supported",
    r"Sample weights must (be|contain)",
    r"labels represented as bytes",
    r"Multioutput target data is not supported",
]
# What NumPy, pandas and SciPy say of data that are no arrays of numbers.
SAID_BY_OTHERS = [
    r"could not convert string to float",
    r"Cannot cast array data from",
    r"Big-endian buffer not supported",
    r"setting an array element with a sequence",
    r"The requested array has an inhomogeneous shape",
    r"(Output dtype not compatible with|unsupported data types in) input",
    r"object dtype is not supported by sparse matrices",
    r"(float\(\)|must be real number|int\(\)) (argument|must|not)",
]
SAYS_WHAT = re.compile("|".join(SAID_BY_SCIKIT_LEARN + SAID_BY_OTHERS))


class HangError(BaseException):
    """Raised where a call takes longer than any should."""


@contextmanager
def time_limit(seconds=SECONDS):
    """Interrupt what takes too long, where the system can."""

    def interrupt(*_):
        raise HangError(f"no result after {seconds} seconds")

    former = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def parameter_names(thing):
    """Return the names of all parameters of an estimator and of what is in them."""
    if isinstance(thing, list | tuple):
        return set().union(*map(parameter_names, thing))
    if isinstance(thing, type) or not hasattr(thing, "get_params"):
        return set()
    own = thing.get_params(deep=False)
    return set(own).union(*map(parameter_names, own.values()))


def says_what(message, names):
    """Tell whether a message names a parameter or an argument."""
    words = set(re.findall(r"\w+", message))
    return bool(words & (ARGUMENTS | set(names)) or SAYS_WHAT.search(message))


def attempt(call, names):
    """Return what a call returns, or REFUSED if it was refused as it should be."""
    with warnings.catch_warnings(record=True) as caught, time_limit():
        warnings.simplefilter("always")
        try:
            result = call()
        except (ValueError, TypeError) as error:
            if not says_what(str(error), names):
                raise AssertionError(f"names no argument: {error}") from error
            result = REFUSED
    for warning in caught:
        # Warnings for users, such as that of convergence, are UserWarnings.
        if not issubclass(warning.category, UserWarning):
            raise AssertionError(f"warned: {warning}")
    return result


def fingerprint(value):
    """Return what two values agree in if they are the same, bit by bit."""
    if isinstance(value, np.random.RandomState):
        return "RandomState"  # which is there to be drawn from
    if isinstance(value, dict):
        return {name: fingerprint(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        plain = value.view(np.ndarray)
        content = repr(plain.tolist()) if plain.dtype.hasobject else plain.tobytes()
        flags = value.flags.writeable, value.strides
        return type(value), value.dtype.str, value.shape, flags, content
    of_kind = _of_sparse if sparse.issparse(value) else _of_frame
    return of_kind(value)


def _of_frame(value):
    """Return what two data frames or series, or other things, agree in."""
    if isinstance(value, pl.DataFrame | pl.Series):
        value = pl.DataFrame(value)
        return str(value.schema), repr(value.rows())
    if isinstance(value, pd.DataFrame | pd.Series):
        value = pd.DataFrame(value)
        return repr(value.columns), repr(value.dtypes), repr(value.to_numpy())
    return repr(value)


def _of_sparse(thin):
    """Return what two sparse arrays agree in."""
    if thin.format in ("dok", "lil"):
        return thin.format, thin.shape, repr(thin.toarray())
    parts = [thin.data, *_indices(thin)]
    return thin.format, thin.shape, [fingerprint(part) for part in parts]


def _indices(thin):
    """Return the places of a sparse array's elements."""
    if thin.format == "coo":
        return thin.coords
    return (thin.offsets,) if thin.format == "dia" else (thin.indices, thin.indptr)


def attributes(estimator):
    """Return all attributes, by name; those unchanged are the same objects."""
    return dict(vars(estimator))


def assert_same_attributes(estimator, before):
    """Check that no attribute has come, gone or been replaced."""
    now = vars(estimator)
    assert now.keys() == before.keys(), now.keys() ^ before.keys()
    for name, value in before.items():
        assert now[name] is value, f"{name} was replaced"


def is_finite(outputs):
    """Tell whether all numbers among outputs of an estimator are finite."""
    if isinstance(outputs, dict):
        return all(map(is_finite, outputs.values()))
    if isinstance(outputs, list):
        return all(map(is_finite, outputs))
    outputs = outputs.toarray() if sparse.issparse(outputs) else np.asarray(outputs)
    if outputs.dtype.kind in "fc":
        return bool(np.isfinite(outputs).all())
    numbers = [v for v in outputs.ravel().tolist() if isinstance(v, float)]
    return bool(np.isfinite(numbers).all())


def outputs_of(estimator, X):
    """Return all that an estimator says of rows, by method."""
    methods = ["predict", "predict_proba", "predict_std"]
    if len(getattr(estimator, "coefs_", ())) > 1:
        methods += ["hidden_features", "predict_log_proba"]
    methods += ["transform"] if not hasattr(estimator, "predict") else []
    return {
        method: getattr(estimator, method)(X)
        for method in methods
        if hasattr(estimator, method)
    }


def assert_harmless(kind, estimator, fit, arguments, others=()):
    """Try to fit an estimator, fitted before, and check the outcome.

    Parameters
    ----------
    kind : str
        What to count the trial as.
    estimator : estimator
        With the parameters to try; fitted with others.
    fit : callable
        ``fit(estimator, **arguments)``, to be tried.
    arguments : dict
        What it is handed.
    others : tuple
        Rows, and names and values of the parameters, with which the estimator was
        fitted before.

    Returns
    -------
    is_fitted : bool
        Whether it has been fitted.
    """
    rows, parameters = others
    names = parameter_names(estimator)
    before = attributes(estimator)
    given = fingerprint(arguments), fingerprint(estimator.get_params(deep=False))
    earlier = outputs_of(copy.deepcopy(estimator).set_params(**parameters), rows)
    result = attempt(lambda: fit(estimator, **arguments), names)
    now = fingerprint(arguments), fingerprint(estimator.get_params(deep=False))
    assert now == given, "what was passed has changed"
    is_fitted = result is not REFUSED
    COUNTS[kind, "fitted" if is_fitted else "refused"] += 1
    if is_fitted:
        return True
    assert_same_attributes(estimator, before)
    later = outputs_of(estimator.set_params(**parameters), rows)
    assert fingerprint(later) == fingerprint(earlier), "a failure changed predictions"
    return False


def assert_answers(kind, estimator, X):
    """Ask a fitted estimator about rows: finite answers, or a refusal."""
    given = fingerprint(X)
    names = parameter_names(estimator)
    outputs = attempt(lambda: outputs_of(estimator, X), names)
    assert fingerprint(X) == given, "what was passed has changed"
    COUNTS[kind, "refused" if outputs is REFUSED else "predicted"] += 1
    assert outputs is REFUSED or is_finite(outputs), "not finite"
