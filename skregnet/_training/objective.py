"""What training minimises, and the bounds it keeps to."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skregnet._kernels import Array, Rate, aligned_zeros
from skregnet._networks.batches import TrainingData
from skregnet._networks.layers import Pass
from skregnet._networks.mean_loss import MeanLoss
from skregnet._networks.network import Batch, NetworkWorkspace
from skregnet._training.adversarial import Adversary
from skregnet._training.recipe import Recipe
from skregnet.optimizers import Optimizer, State, settle


def smooth_loss(recipe: Recipe, data: TrainingData) -> MeanLoss:
    """Return what a network minimises over all its rows, as far as it is smooth."""
    layout = recipe.network.layout
    return MeanLoss(
        recipe.network,
        data,
        [penalty for penalty in recipe.penalties if penalty.is_smooth],
        layout.first_layers(recipe.n_frozen) if recipe.n_frozen else (),
    )


class Objective:
    """Loss and gradient of a stack of networks at parameters that it holds.

    The loss of a batch is ``scale`` times the weighted sum over its rows, plus
    ``scale`` times the penalties on the weights, where ``scale`` is one over the number
    of rows.

    Parameters
    ----------
    recipe : Recipe
        How the members are trained.
    vectors : sequence of ndarray of shape (n_parameters,)
        Where each member starts.
    dtype : dtype
        Precision of the arithmetic.
    tracks : bool, default=True
        Whether running statistics are to follow the rows.

    Attributes
    ----------
    parameters, gradient : ndarray of shape (n_members, n_parameters)
        Updated in place, by whoever trains and by `value_and_gradient`.
    """

    def __init__(
        self,
        recipe: Recipe,
        vectors: Sequence[Array],
        dtype: np.dtype,
        *,
        tracks: bool = True,
    ) -> None:
        layout = recipe.network.layout
        shape = (len(vectors), layout.n_parameters)
        self._network = recipe.network
        self._adversary = recipe.adversary
        self._max_norm = recipe.max_norm
        self._tracks = tracks
        self.parameters = aligned_zeros(shape, dtype)
        self.gradient = aligned_zeros(shape, dtype)
        self._views = layout.views(self.parameters)
        self._gradient_views = layout.views(self.gradient)
        self._weights = self.parameters[:, : layout.n_weights]
        self._weights_gradient = self.gradient[:, : layout.n_weights]
        self._penalties = [p for p in recipe.penalties if np.any(p.strength)]
        self._rough = [p for p in self._penalties if not p.is_smooth]
        self._goes_by_signs = bool(
            self._rough and getattr(recipe.optimizer, "goes_by_signs", False)
        )
        self._orthant = self._weights[:0]
        for row, vector in zip(self.parameters, vectors, strict=True):
            row[...] = vector
        self._frozen = [
            (part, self.parameters[:, part].copy())
            for part in layout.first_layers(recipe.n_frozen)
            if recipe.n_frozen
        ]

    @property
    def frozen(self) -> list[slice]:
        """Where in the vector the parameters stay as they are."""
        return [part for part, _ in self._frozen]

    @property
    def sparsifies(self) -> bool:
        """Whether weights become exactly zero."""
        return bool(self._rough)

    def workspace(self, n_rows: int) -> NetworkWorkspace:
        """Allocate what batches of `n_rows` rows need."""
        n_members, dtype = len(self.parameters), self.parameters.dtype
        to_inputs = self._adversary is not None
        return self._network.workspace(n_members, n_rows, dtype, to_inputs=to_inputs)

    def value_and_gradient(
        self,
        batch: Batch,
        workspace: NetworkWorkspace,
        scale: float,
        rngs: Sequence[np.random.Generator] | None = None,
    ) -> Array:
        """Write the gradient to `gradient` and return the loss of each member."""
        loss = self.loss_and_gradient(batch, workspace, scale, rngs)
        return loss + self.add_penalties(scale)

    def sum_over(
        self, blocks: Iterable[tuple[Batch, NetworkWorkspace]], scale: float
    ) -> Array:
        """Write the gradient of a batch that comes in blocks, and return the losses."""
        summed = np.zeros_like(self.gradient)
        loss: Any = 0.0
        for batch, workspace in blocks:
            loss = loss + self.loss_and_gradient(batch, workspace, scale)
            summed += self.gradient
        self.gradient[...] = summed
        total: Array = loss + self.add_penalties(scale)
        return total

    def loss_and_gradient(
        self,
        batch: Batch,
        workspace: NetworkWorkspace,
        scale: float,
        rngs: Sequence[np.random.Generator] | None = None,
    ) -> Array:
        """Leave out the penalties on the weights."""
        context = Pass(True, scale, batch.weights, rngs, self._tracks)
        if self._adversary is not None:
            return self._adversarial(batch, workspace, context, self._adversary)
        return self._plain(batch, workspace, context)

    def add_penalties(self, scale: float) -> Array | float:
        """Add the gradients of the penalties to `gradient` and return their sum.

        What is frozen has no gradient.
        """
        value: Array | float = 0.0
        for penalty in self._penalties:
            add = penalty.add_gradient
            if self._goes_by_signs:
                add = penalty.add_least_subgradient
            value = value + add(self._weights, self._weights_gradient, scale)
        for part, _ in self._frozen:
            self.gradient[:, part] = 0
        if self._goes_by_signs:
            self._orthant = _orthant(self._weights, self._weights_gradient)
        return value

    def constrain(
        self,
        optimizer: Optimizer,
        state: State,
        learning_rate: Rate,
        scale: float,
    ) -> None:
        """After a step, take the proximal steps and keep to what is bound."""
        for penalty in self._rough:
            if self._goes_by_signs:
                penalty.confine(self._weights, self._orthant, scale)
                continue
            step_sizes = np.empty_like(self._weights)
            optimizer.write_step_sizes(step_sizes, state, learning_rate)
            penalty.shrink(self._weights, step_sizes, scale)
        if self._rough:
            settle(optimizer, self.parameters, state)
        if self._max_norm is not None:
            self._max_norm.project(
                [view["weights"] for view in self._views if "weights" in view]
            )
        for part, values in self._frozen:
            self.parameters[:, part] = values

    def _plain(self, batch: Batch, workspace: NetworkWorkspace, context: Pass) -> Array:
        loss: Array = self._network.loss_and_gradient(
            batch, self._views, self._gradient_views, workspace, context
        )
        return loss

    def _adversarial(
        self,
        batch: Batch,
        workspace: NetworkWorkspace,
        context: Pass,
        adversary: Adversary,
    ) -> Array:
        """Mix loss and gradient of the batch with those of its inputs moved."""
        loss = self._plain(batch, workspace, context)
        weight = adversary.weight_of(self.gradient.dtype)
        mixed = self.gradient * (1 - weight)
        context = context._replace(tracks=False)
        inputs = batch.inputs
        for _ in range(adversary.iterations):
            gradient = _by_row(workspace, context)
            inputs = adversary.move(inputs, batch.inputs, gradient)
            moved = Batch(inputs, batch.targets, batch.weights)
            moved_loss = self._plain(moved, workspace, context)
        self.gradient *= weight
        self.gradient += mixed
        share = weight[:, 0] if weight.ndim else weight
        return (1 - share) * loss + share * moved_loss


def _orthant(weights: Array, gradient: Array) -> Array:
    """Return the signs of the weights, where they are zero those of a step downhill."""
    return np.where(weights == 0, -np.sign(gradient), np.sign(weights))


def _by_row(workspace: NetworkWorkspace, context: Pass) -> Array:
    """Return the gradient of each row's own loss by its inputs."""
    gradient = workspace.input_gradient
    if gradient is None:
        raise RuntimeError("the workspace was not made for gradients by inputs")
    factor = np.asarray(context.scale, gradient.dtype)
    if context.weights is None:
        return gradient / factor
    # A weight may have been rounded to 0, and its row does not count then.
    factor = context.weights.mT * factor
    return np.divide(gradient, factor, where=factor > 0, out=np.zeros_like(gradient))
