"""Second derivatives of a loss as a matrix-free linear operator."""

from typing import Self

import numpy as np
from scipy.sparse.linalg import LinearOperator

from skregnet._kernels import Array
from skregnet._networks.mean_loss import MeanLoss


class LossOperator(LinearOperator):
    """The second derivatives of a loss at a point, as a symmetric linear operator.

    Parameters
    ----------
    loss : MeanLoss
        The loss.
    vector : ndarray of shape (n_parameters,)
        The point.
    gauss_newton : bool, default=False
        Whether the second derivatives of the network are left out.
    """

    def __init__(
        self, loss: MeanLoss, vector: Array, *, gauss_newton: bool = False
    ) -> None:
        super().__init__(np.float64, (len(vector), len(vector)))
        self._loss = loss
        self._vector = vector
        self._gauss_newton = gauss_newton

    def _matvec(self, x: Array) -> Array:
        return self._products(x.reshape(1, -1))[0]

    def _matmat(self, X: Array) -> Array:
        return self._products(X.T).T

    def _adjoint(self) -> Self:
        return self

    def _products(self, directions: Array) -> Array:
        directions = np.ascontiguousarray(directions, dtype=np.float64)
        return self._loss.products(
            self._vector, directions, gauss_newton=self._gauss_newton
        )
