"""Vectors of classes, as many numbers as there are classes, made for a batch only."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array


@dataclass(frozen=True, eq=False)
class OneHot:
    """Targets of shape (n_samples, n_classes), kept as the numbers of the classes.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Number of each sample's class.
    n_classes : int
        Number of classes.
    values : ndarray of shape (2,)
        The target of the classes that a sample is not of, and that of its own.
    """

    codes: Array
    n_classes: int
    values: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of samples and of classes."""
        return len(self.codes), self.n_classes

    @property
    def dtype(self) -> np.dtype:
        """Precision of the targets."""
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Array:
        """Return the targets of some samples, of shape (n_samples, n_classes)."""
        codes = self.codes[rows]
        targets = np.empty((len(codes), self.n_classes), self.dtype)
        self._write(codes, targets.T)
        return targets

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return the targets of all samples."""
        return self[:].astype(dtype or self.dtype, copy=False)

    def write(self, rows: Array, out: Array) -> None:
        """Write the targets of some samples to an array (n_classes, n_samples)."""
        self._write(self.codes[rows], out)

    def _write(self, codes: Array, out: Array) -> None:
        off, on = self.values
        out.fill(off)
        out[codes, np.arange(len(codes))] = on


Targets = Array | OneHot
"""Targets as a network sees them, of shape (n_samples, n_outputs)."""
