"""Data that users pass by mistake: features, targets and weights, in tables."""

import tempfile
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

LONGEST = np.finfo(np.longdouble).max


def normal(rng, shape):
    """Return what most data are like."""
    return rng.normal(size=shape)


def with_one(value):
    """Return a maker of ordinary numbers among which there is one other."""

    def make(rng, shape):
        values = rng.normal(size=shape)
        if values.size:
            values.flat[rng.randint(values.size)] = value
        return values

    return make


def objects(*choices):
    """Return a maker of arrays of objects, drawn from a few."""

    def make(rng, shape):
        values = np.empty(shape, object)
        for place in np.ndindex(*shape):
            values[place] = choices[rng.randint(len(choices))]
        return values

    return make


# Name, and maker of an array from a source of randomness and a shape.
CONTENTS = {
    "normal": normal,
    "zeros": lambda rng, shape: np.zeros(shape),
    "constant": lambda rng, shape: np.full(shape, 3.7),
    "duplicates": lambda rng, shape: np.ones(shape) * rng.normal(size=shape[-1:]),
    "negative zeros": lambda rng, shape: np.full(shape, -0.0),
    "digits": lambda rng, shape: rng.randint(10, size=shape),
    "NaN": with_one(np.nan),
    "all NaN": lambda rng, shape: np.full(shape, np.nan),
    "infinity": with_one(np.inf),
    "minus infinity": with_one(-np.inf),
    "infinities": lambda rng, shape: np.full(shape, np.inf),
    "subnormal": lambda rng, shape: rng.normal(size=shape) * 1e-310,
    "tiny": lambda rng, shape: rng.normal(size=shape) * 1e-40,
    "large": lambda rng, shape: rng.normal(size=shape) * 1e6,
    "beyond float32": lambda rng, shape: rng.normal(size=shape) * 1e39,
    "huge": lambda rng, shape: rng.normal(size=shape) * 1e300,
    "one huge": with_one(1e300),
    "largest": lambda rng, shape: np.full(shape, np.finfo(float).max),
    "beyond float64": lambda rng, shape: np.full(shape, LONGEST, np.longdouble),
    "far from 0": lambda rng, shape: 1e8 + rng.normal(size=shape),
    "integers of 63 bits": lambda rng, shape: rng.randint(2**62, 2**63, size=shape),
    "integers of Python": objects(10**30, -(10**20), 3),
    "integers beyond float64": objects(10**400, 1, 2),
    "mixed objects": objects(1, 2.5, "a", None, True),
    "numbers as objects": objects(1, 2.5, -1),
    "numbers as text": lambda rng, shape: rng.randint(9, size=shape).astype(str),
    "None": objects(None),
    "None among numbers": objects(None, 1.0, 2.0),
    "text": objects("red", "blue", "green"),
    "bytes": objects(b"red", b"blue"),
    "lists": objects([1], [2, 3]),
    "pandas' NA": objects(pd.NA, 1.0),
    "fractions and decimals": objects(Fraction(1, 3), Decimal("0.5"), 2),
}

NUMERIC_DTYPES = ["float64", "float64", "float32", "float32", "float16", "longdouble"]
NUMERIC_DTYPES += ["int8", "int32", "int64", ">f8", ">f4", "object"]
DTYPES = [*NUMERIC_DTYPES, "uint8", "uint64", "bool", "complex128", "str", "S8"]
DTYPES += ["datetime64[s]", "timedelta64[s]"]


def as_dtype(name):
    """Return a function that casts arrays."""
    return lambda array: array.astype(name)


def made(make, values):
    """Return what is made of values, or these where that cannot be made of them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return make(values)
        except Exception:
            return values


def read_only(array):
    """Return a copy that cannot be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


def mapped(array):
    """Return a copy on disk, mapped into memory, that cannot be written to."""
    if array.dtype.hasobject or array.size == 0:
        return read_only(array)
    folder = Path(tempfile.mkdtemp())
    np.save(folder / "array.npy", array)
    opened = np.load(folder / "array.npy", mmap_mode="r")
    (folder / "array.npy").unlink()
    folder.rmdir()
    return opened


def spread(array):
    """Return a view of every other element of every axis."""
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def unaligned(array):
    """Return a copy that does not begin at a multiple of its elements' size."""
    if array.dtype.hasobject:
        return array
    data = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
    data = data.reshape(array.shape)
    data[...] = array
    return data


def ragged(array):
    """Return lists, the last of which is longer."""
    rows = array.tolist()
    if rows and isinstance(rows[-1], list):
        rows[-1].append(0.0)
    return rows


def untidy(array):
    """Return a sparse array with zeros, duplicates and columns in no order."""
    thin = sparse.csr_array(array)
    indices, data = thin.indices[::-1].copy(), thin.data[::-1].copy()
    starts = thin.nnz - thin.indptr[::-1]
    indices, data = np.repeat(indices, 2), np.repeat(data, 2)
    return sparse.csr_array((data, indices, 2 * starts), shape=thin.shape)


def with_long_indices(array):
    """Return a sparse array with indices of 64 bits."""
    thin = sparse.csr_array(array)
    thin.indices = thin.indices.astype(np.int64)
    thin.indptr = thin.indptr.astype(np.int64)
    return thin


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "mapped": mapped,
    "spread": spread,
    "backwards": lambda array: np.ascontiguousarray(array[::-1])[::-1],
    "unaligned": unaligned,
    "list": lambda array: array.tolist(),
    "tuple": lambda array: tuple(map(tuple, np.atleast_2d(array).tolist())),
    "pandas": pd.DataFrame,
    "pandas, named": lambda array: pd.DataFrame(array).add_prefix("f"),
    "polars": lambda array: pl.DataFrame(np.atleast_2d(array)),
    "CSR": sparse.csr_array,
    "CSR matrix": sparse.csr_matrix,
    "CSR, untidy": untidy,
    "CSR, long": with_long_indices,
    "CSC": sparse.csc_array,
    "COO": sparse.coo_array,
    "BSR": sparse.bsr_array,
    "DOK": sparse.dok_array,
    "LIL": sparse.lil_array,
    "DIA": sparse.dia_array,
    "matrix": np.asmatrix,
    "masked": lambda array: np.ma.masked_array(array, array == array.flat[0]),
    "ragged": ragged,
    "vector": np.ravel,
    "three axes": lambda array: array[np.newaxis],
    "structured": lambda array: np.zeros(len(array), [("a", float), ("b", int)]),
    "generator": lambda array: (row for row in array),
    "set": lambda array: set(map(str, array.ravel())),
}

# Those that no estimator takes.
NO_LAYOUTS = {"matrix", "ragged", "vector", "three axes", "structured", "generator"}
NO_LAYOUTS |= {"set"}

# What is no data at all.
NO_DATA = [
    None,
    1.0,
    "data",
    b"data",
    {},
    {"a": [1.0]},
    [],
    [[]],
    object(),
    np.zeros(()),
]
NO_DATA += [np.zeros((0, 3)), np.zeros((5, 0)), len, np.array("a"), [[[1.0]]], [None]]


# Labels and numbers to learn: a maker from a source of randomness and n rows.
TARGETS = {
    "binary": lambda rng, n: np.arange(n) % 2,
    "three classes": lambda rng, n: np.arange(n) % 3,
    "one class": lambda rng, n: np.ones(n, int),
    "all different": lambda rng, n: np.arange(n),
    "rare": lambda rng, n: (np.arange(n) == 0).astype(int),
    "negative": lambda rng, n: np.arange(n) % 2 - 5,
    "huge integers": lambda rng, n: 2**62 + np.arange(n) % 2,
    "integers of Python": lambda rng, n: objects(10**30, -(10**30))(rng, (n,)),
    "beyond float64": lambda rng, n: objects(10**400, 1)(rng, (n,)),
    "booleans": lambda rng, n: np.arange(n) % 2 == 0,
    "strings": lambda rng, n: np.array(["no", "yes"])[np.arange(n) % 2],
    "strings as objects": lambda rng, n: objects("a", "b", "c")(rng, (n,)),
    "bytes": lambda rng, n: objects(b"a", b"b")(rng, (n,)),
    "strings and numbers": lambda rng, n: objects("a", 1)(rng, (n,)),
    "with None": lambda rng, n: objects("a", "b", None)(rng, (n,)),
    "with NA": lambda rng, n: objects(0, 1, pd.NA)(rng, (n,)),
    "tuples": lambda rng, n: objects((1, 2), (3,))(rng, (n,)),
    "floats of classes": lambda rng, n: np.arange(n) % 2 + 1.0,
    "real": lambda rng, n: rng.normal(size=n),
    "counts": lambda rng, n: rng.poisson(2.0, size=n),
    "zeros": lambda rng, n: np.zeros(n),
    "positive": lambda rng, n: rng.uniform(0.1, 2.0, size=n),
    "subnormal": lambda rng, n: rng.normal(size=n) * 1e-310,
    "large": lambda rng, n: rng.normal(size=n) * 1e12,
    "beyond float32": lambda rng, n: rng.normal(size=n) * 1e39,
    "huge": lambda rng, n: rng.normal(size=n) * 1e300,
    "largest": lambda rng, n: np.full(n, np.finfo(float).max),
    "longest": lambda rng, n: np.full(n, LONGEST, np.longdouble),
    "NaN": lambda rng, n: with_one(np.nan)(rng, (n,)),
    "infinity": lambda rng, n: with_one(np.inf)(rng, (n,)),
    "float16": lambda rng, n: rng.normal(size=n).astype(np.float16),
    "complex": lambda rng, n: rng.normal(size=n) + 1j,
    "dates": lambda rng, n: np.arange(n).astype("datetime64[s]"),
    "column": lambda rng, n: np.arange(n)[:, np.newaxis] % 2,
    "row": lambda rng, n: np.arange(n)[np.newaxis] % 2,
    "indicators": lambda rng, n: rng.randint(2, size=(n, 3)),
    "no labels": lambda rng, n: np.zeros((n, 3), int),
    "sparse indicators": lambda rng, n: sparse.csr_array(rng.randint(2, size=(n, 3))),
    "sparse numbers": lambda rng, n: sparse.csr_array(rng.normal(size=(n, 2))),
    "several reals": lambda rng, n: rng.normal(size=(n, 2)),
    "several classes": lambda rng, n: rng.randint(3, size=(n, 2)),
    "several with NaN": lambda rng, n: with_one(np.nan)(rng, (n, 2)),
    "several, one all NaN": lambda rng, n: np.c_[
        np.full(n, np.nan), rng.normal(size=n)
    ],
    "several mixed": lambda rng, n: objects("a", "b", None)(rng, (n, 2)),
    "text and numbers": lambda rng, n: pd.DataFrame(
        {"a": ["u", "v"] * (n // 2) + ["u"] * (n % 2), "b": np.arange(n) / 3}
    ),
    "three axes": lambda rng, n: rng.normal(size=(n, 2, 2)),
    "no outputs": lambda rng, n: np.zeros((n, 0)),
    "too few": lambda rng, n: np.arange(max(n - 1, 0)) % 2,
    "too many": lambda rng, n: np.arange(n + 1) % 2,
    "none": lambda rng, n: None,
    "a number": lambda rng, n: 1.0,
    "a word": lambda rng, n: "target",
    "empty": lambda rng, n: [],
    "ragged": lambda rng, n: [[k] * (k % 2 + 1) for k in range(n)],
    "list": lambda rng, n: (np.arange(n) % 2).tolist(),
    "series": lambda rng, n: pd.Series(np.arange(n) % 2, name="target"),
    "categories": lambda rng, n: pd.Series(["a", "b"] * n, dtype="category")[:n],
    "missing integers": lambda rng, n: pd.Series([1, None] * n, dtype="Int64")[:n],
    "polars": lambda rng, n: pl.Series((np.arange(n) % 2).tolist()),
    "read-only": lambda rng, n: read_only(np.arange(n) % 2),
    "every other": lambda rng, n: spread(np.arange(n) % 2),
    "dict": lambda rng, n: {"a": 1},
}
GOOD_TARGETS = ["binary", "three classes", "real", "counts", "indicators", "positive"]
GOOD_TARGETS += ["several reals", "several classes", "strings", "text and numbers"]

WEIGHTS = {
    "ones": lambda rng, n: np.ones(n),
    "integers": lambda rng, n: np.arange(n) % 3,
    "random": lambda rng, n: rng.uniform(size=n),
    "list": lambda rng, n: [0.5] * n,
    "zeros": lambda rng, n: np.zeros(n),
    "one row": lambda rng, n: (np.arange(n) == 0).astype(float),
    "two rows": lambda rng, n: (np.arange(n) < 2).astype(float),
    "negative": lambda rng, n: np.arange(n) - 1.0,
    "NaN": lambda rng, n: with_one(np.nan)(rng, (n,)),
    "infinity": lambda rng, n: np.abs(with_one(np.inf)(rng, (n,))),
    "huge": lambda rng, n: np.full(n, 1e300),
    "one huge": lambda rng, n: np.where(np.arange(n) == 0, 1e300, 1e-300),
    "largest": lambda rng, n: np.full(n, np.finfo(float).max),
    "subnormal": lambda rng, n: np.full(n, 5e-324),
    "tiny": lambda rng, n: np.full(n, 1e-300),
    "integers of Python": lambda rng, n: [10**30] * n,
    "beyond float64": lambda rng, n: [10**400] * n,
    "longest": lambda rng, n: np.full(n, LONGEST, np.longdouble),
    "booleans": lambda rng, n: np.arange(n) % 2 == 0,
    "float32": lambda rng, n: rng.uniform(size=n).astype(np.float32),
    "complex": lambda rng, n: np.ones(n) + 1j,
    "strings": lambda rng, n: ["a"] * n,
    "with None": lambda rng, n: [None] + [1.0] * max(n - 1, 0),
    "a number": lambda rng, n: 2.0,
    "too few": lambda rng, n: np.ones(max(n - 1, 0)),
    "column": lambda rng, n: np.ones((n, 1)),
    "sparse": lambda rng, n: sparse.csr_array(np.ones((n, 1))),
    "series": lambda rng, n: pd.Series(np.ones(n)),
    "read-only": lambda rng, n: read_only(np.ones(n)),
    "empty": lambda rng, n: [],
    "word": lambda rng, n: "balanced",
    "dict": lambda rng, n: {0: 1.0},
}


def _zoned(n):
    return pd.Series(pd.date_range("2020-01-01", periods=n, tz="Europe/Paris"))


# Columns of tables, by the number of rows.
COLUMNS = {
    "numbers": lambda n: np.arange(n) / 3,
    "integers": np.arange,
    "numbers, some missing": lambda n: pd.Series([1.5, None] * n)[:n],
    "all missing": lambda n: np.full(n, np.nan),
    "nothing": lambda n: pd.Series([None] * n, dtype=object),
    "infinite": lambda n: np.full(n, np.inf),
    "huge": lambda n: np.arange(n) * 1e300,
    "largest": lambda n: np.finfo(float).max * (-1.0) ** np.arange(n),
    "subnormal": lambda n: np.arange(n) * 5e-324,
    "huge integers": lambda n: 2**62 + np.arange(n),
    "integers of Python": lambda n: pd.Series([10**30] * n, dtype=object),
    "beyond float64": lambda n: pd.Series([10**400] * n, dtype=object),
    "nullable integers": lambda n: pd.Series([1, None] * n, dtype="Int64")[:n],
    "nullable booleans": lambda n: pd.Series([True, None] * n, dtype="boolean")[:n],
    "booleans": lambda n: np.arange(n) % 2 == 0,
    "text": lambda n: pd.Series(["a", "b", "ü"] * n)[:n],
    "text, some missing": lambda n: pd.Series(["a", None] * n)[:n],
    "text, all different": lambda n: pd.Series([f"t{k}" for k in range(n)]),
    "strings": lambda n: pd.Series(["a", pd.NA] * n, dtype="string")[:n],
    "bytes": lambda n: pd.Series([b"a", b"b"] * n)[:n],
    "mixed": lambda n: pd.Series([1, "a", 2.5, None, True] * n)[:n],
    "lists": lambda n: pd.Series([[1], [2, 3]] * n)[:n],
    "dicts": lambda n: pd.Series([{"a": 1}, {}] * n)[:n],
    "categories": lambda n: pd.Series(["a", "b"] * n, dtype="category")[:n],
    "numbers as categories": lambda n: pd.Series([1, 2] * n, dtype="category")[:n],
    "dates": lambda n: pd.Series(pd.date_range("2020-01-01", periods=n, freq="h")),
    "dates, some missing": lambda n: pd.Series([pd.Timestamp(0), pd.NaT] * n)[:n],
    "dates with zones": _zoned,
    "ages": lambda n: pd.Series(pd.to_timedelta(np.arange(n), unit="s")),
    "complex": lambda n: np.arange(n) + 1j,
    "periods": lambda n: pd.Series(pd.period_range("2020", periods=n, freq="D")),
    "intervals": lambda n: pd.Series(pd.interval_range(0, n)) if n else np.zeros(0),
    "float32": lambda n: np.arange(n, dtype=np.float32),
    "longdouble": lambda n: np.full(n, LONGEST, np.longdouble),
    "decimals": lambda n: pd.Series([Decimal("0.5"), Decimal("NaN")] * n)[:n],
}
