"""Dropout: in training, units are off at random."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import (
    Array,
    Masks,
    Odds,
    Rate,
    aligned_empty,
    draw_kept,
    each_member,
)
from skregnet._networks.layers._base import Pass, Workspace
from skregnet._networks.parameters import Parameters, Shapes


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
    in_place : bool, default=False
        Whether the outputs may take the place of the inputs: not where the layer below
        needs its outputs for its own backward pass.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014).
    Dropout: a simple way to prevent neural networks from overfitting. JMLR 15. The
    lecture's heading "Dropout".
    """

    n_outputs: int
    rate: Rate
    in_place: bool = False

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
            outputs=None if self.in_place else aligned_empty(shape, dtype),
            input_delta=None,
            scratch=Masks(each_member(self.rate, n_members), shape[1:], dtype),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Drop units in training; at test time hand the inputs on."""
        if not context.training:
            values: Array = inputs
            return values
        masks: Masks = workspace.scratch
        masks.draw(context.rngs or ())
        outputs: Array = inputs if self.in_place else workspace.outputs
        np.multiply(inputs, masks.values, outputs)
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
            np.multiply(delta, workspace.scratch.values, delta)
        return delta


@dataclass(frozen=True)
class SparseDropout(Dropout):
    """Dropout of sparse inputs: what is 0 stays 0, the rest drops as elsewhere."""

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate nothing: numbers of stored values differ from batch to batch."""
        odds = [Odds.of(rate) for rate in each_member(self.rate, n_members)]
        return Workspace(None, None, scratch=odds)

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Any:
        """Drop stored values in training, in copies."""
        if not context.training:
            return inputs
        dropped = []
        for rows, rng, odds in zip(
            inputs, context.rngs or (), workspace.scratch, strict=True
        ):
            kept = rows.copy()
            kept.data *= draw_kept(rng, odds, rows.nnz)
            kept.data *= odds.scale
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
