"""Dropout: in training, units are off at random."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet.kernels import (
    Array,
    Odds,
    Rate,
    aligned_empty,
    draw_kept,
    draw_mask,
    each_member,
)
from skregnet.layers._base import Pass, Workspace
from skregnet.parameters import Parameters, Shapes


@dataclass(frozen=True)
class Dropout:
    """Sets each unit of each row to 0 with some probability, and scales up the rest.

    With the scale ``1 / (1 - rate)`` the expected output is the input, so that nothing
    is left to do at test time. The lecture leaves the outputs as they are and
    multiplies the weights above by ``1 - rate`` at test time: the same network, its
    weights above larger by ``1 / (1 - rate)`` in training.

    Parameters
    ----------
    n_outputs : int
        Units of the layer.
    rate : float or ndarray of shape (n_members, 1)
        Probability of dropping a unit, in [0, 1), to a precision of 2**-16.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014).
    Dropout: a simple way to prevent neural networks from overfitting. JMLR 15. The
    lecture's heading "Dropout".
    """

    n_outputs: int
    rate: Rate

    @property
    def parameter_shapes(self) -> Shapes:
        """None."""
        return ()

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate outputs and mask."""
        shape = (n_members, n_rows, self.n_outputs)
        return Workspace(
            outputs=aligned_empty(shape, dtype),
            input_delta=None,
            scratch=(aligned_empty(shape, dtype), *self._odds(n_members, dtype)),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Drop units in training; at test time hand the inputs on."""
        if not context.training:
            values: Array = inputs
            return values
        mask, odds, scales = workspace.scratch
        draw_mask(context.rngs or (), odds, scales, mask)
        outputs: Array = workspace.outputs
        np.multiply(inputs, mask, outputs)
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Drop the same units, scaled alike."""
        if context.training:
            np.multiply(delta, workspace.scratch[0], delta)
        return delta

    def _odds(self, n_members: int, dtype: np.dtype) -> tuple[list[Odds], Array]:
        """Return how each member's rate is drawn, and its scale."""
        odds = [Odds.of(rate) for rate in each_member(self.rate, n_members)]
        scales = np.array([of_member.scale for of_member in odds], dtype)
        return odds, scales[:, np.newaxis, np.newaxis]


@dataclass(frozen=True)
class SparseDropout(Dropout):
    """Dropout of sparse inputs: what is 0 stays 0, the rest drops as elsewhere."""

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate nothing: numbers of stored values differ from batch to batch."""
        return Workspace(None, None, scratch=self._odds(n_members, dtype))

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Any:
        """Drop stored values in training, in copies."""
        if not context.training:
            return inputs
        odds, scales = workspace.scratch
        dropped = []
        for rows, rng, odds_of_member, scale in zip(
            inputs, context.rngs or (), odds, scales, strict=True
        ):
            kept = rows.copy()
            kept.data *= draw_kept(rng, odds_of_member, rows.nnz) * scale[0]
            dropped.append(kept)
        return dropped

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> None:
        """Return nothing: data get no gradient."""
        return
