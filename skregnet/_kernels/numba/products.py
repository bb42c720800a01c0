"""Gathering of rows, compiled by Numba: one pass.

The same function as in `numpy_products`, which takes what is not a table in row order.
"""

import numpy as np

from skregnet._kernels.buffers import Array
from skregnet._kernels.numba.compilation import compiled, or_numpy
from skregnet._kernels.numpy import products as numpy_products


@or_numpy(numpy_products)
def gather(source: Array, rows: Array, out: Array) -> None:
    """Copy ``source[rows]`` to `out`; the rows must lie within `source`."""
    if source.ndim != 2 or not source.flags.c_contiguous:
        numpy_products.gather(source, rows, out)
        return
    if rows.ndim == 1:
        rows, out = rows[np.newaxis], out[np.newaxis]
    compiled("gather", source.dtype)(np.asarray(source), rows, out)
