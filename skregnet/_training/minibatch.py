"""Minibatch training of a stack of networks."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from skregnet._kernels import Array, Rate, member_rates
from skregnet._networks.stacking import join_members, select_members, stack_members
from skregnet._training.augmentation import Augmenter, augment_batch
from skregnet._training.blocks import Block, blocks_of, load_each
from skregnet._training.member import Member, Outcome
from skregnet._training.objective import Objective
from skregnet._training.recipe import Recipe
from skregnet._training.snapshot import snapshot_of
from skregnet._training.states import initial_state, is_sound
from skregnet.optimizers import Gradual, State


def train_minibatch(members: Sequence[Member], batch_size: int) -> None:
    """Train networks of one architecture together until each has ended.

    Every member steps through its own rows in its own order, by its own rates. A member
    that has ended leaves the stack. On an interrupt all members keep what they have.

    Parameters
    ----------
    members : sequence of Member
        The networks, whose recipes have one architecture, and which learn from equally
        many rows; their vectors, histories, states and outcomes are updated. Those that
        go on from states of their own have all taken equally many steps.
    batch_size : int
        Rows of a batch; the last batch of an epoch holds what is left.
    """
    stack = _Stack(members, batch_size)
    stack.release_ended()
    try:
        with np.errstate(all="ignore"):
            while stack.members:
                stack.run_epoch()
    except KeyboardInterrupt:
        for member in stack.members:
            member.outcome = Outcome.INTERRUPTED
        stack.release(range(len(stack.members)))


class _Stack:
    """The members still in training, and all arrays that they share."""

    members: list[Member]
    _recipe: Recipe
    _order: Array
    _state: State
    _objective: Objective
    _plan: list[tuple[int, int, list[Block]]]

    def __init__(self, members: Sequence[Member], batch_size: int) -> None:
        self._batch_size = batch_size
        orders = [m.data.rows if m.order is None else m.order for m in members]
        order = np.array(orders, dtype=np.intp)
        recipe = stack_members([member.recipe for member in members])
        self._set_up(list(members), recipe, order, {})
        self._state = self._initial_state()

    def run_epoch(self) -> None:
        """Run one epoch of every member and release those that have ended."""
        for member, order in zip(self.members, self._order, strict=True):
            member.observer.epoch_begin()
            member.learning_rate = member.rate_at(0.0)
            if member.shuffle and member.random_state is not None:
                member.random_state.shuffle(order)
        losses = self._run_batches()
        if self._recipe.averaging is not None:
            is_averaging = [member.is_averaging for member in self.members]
            self._recipe.averaging.after_epoch(
                self._objective.parameters, self._state["averaging"], is_averaging
            )
        going_on = [
            member.end_epoch(float(loss), vector)
            for member, loss, vector in zip(
                self.members, losses, self._shown(), strict=True
            )
        ]
        self._take_snapshots()
        if not all(going_on):
            self._keep([k for k, goes_on in enumerate(going_on) if goes_on])

    def release_ended(self) -> None:
        """Release members whose training had ended before."""
        going_on = [k for k, m in enumerate(self.members) if m.outcome is None]
        if len(going_on) < len(self.members):
            self._keep(going_on)

    def release(self, leaving: Sequence[int]) -> None:
        """Hand the members that leave their parameters and states."""
        shown = self._shown() if len(leaving) else ()
        for k in leaving:
            member = self.members[k]
            member.finish(shown[k])
            member.state = self._state_of(k)
            if self._recipe.averaging is not None:
                member.state["vector"] = self._objective.parameters[k].copy()

    def _take_snapshots(self) -> None:
        """Hand snapshots of the members to those who keep them."""
        for k, member in enumerate(self.members):
            if member.keeper is None or not member.is_to_be_kept:
                continue
            parameters, state = self._objective.parameters[k], self._state_of(k)
            # The last one stays where training has diverged: it leads there again.
            if is_sound(parameters, state):
                order = self._order[k]
                member.keeper.keep(snapshot_of(member, parameters, state, order))

    def _state_of(self, k: int) -> State:
        """Return the state of one member as that of a stack of one."""
        state: State = select_members(self._state, np.array([k]), len(self.members))
        return state

    def _run_batches(self) -> Array:
        """Step through all batches and return each member's mean loss."""
        objective, recipe = self._objective, self._recipe
        optimizer, state = recipe.optimizer, self._state["optimizer"]
        rates = self._rates(0.0)
        is_gradual = any(
            isinstance(member.schedule, Gradual) for member in self.members
        )
        rngs = [member.rng for member in self.members if member.rng is not None]
        augmenters = [m.augmenter for m in self.members if m.augmenter is not None]
        losses = np.zeros(len(self.members))
        start = 0
        for n_batches, n_rows, blocks in self._plan:
            scale = 1.0 / n_rows
            # Numbers of Python's, in float64, are added up faster than an array of one.
            total: Any = 0.0 if len(self.members) == 1 else np.zeros(len(self.members))
            for _ in range(n_batches):
                stop = start + n_rows
                if is_gradual:
                    rates = self._rates(start / self._order.shape[1])
                rows = self._order[:, start:stop]
                loss = self._loss(rows, blocks, scale, rngs, augmenters)
                total += loss.item() if isinstance(total, float) else loss
                optimizer.step(objective.parameters, objective.gradient, state, rates)
                objective.constrain(optimizer, state, rates, scale)
                if recipe.averaging is not None:
                    recipe.averaging.after_step(
                        objective.parameters, self._state["averaging"]
                    )
                start = stop
            losses += total * n_rows
        return losses / start

    def _loss(
        self,
        rows: Array,
        blocks: Sequence[Block],
        scale: float,
        rngs: Sequence[np.random.Generator],
        augmenters: Sequence[Augmenter],
    ) -> Array:
        """Write the gradient of a batch and return the loss of each member."""
        if len(blocks) > 1:
            return self._objective.sum_over(load_each(blocks, rows), scale)
        recipe, block = self._recipe, blocks[0]
        batch = block.loader.load(rows)
        if augmenters:
            augment_batch(batch, augmenters, rngs, recipe.network.loss)
        if recipe.target_noise is not None:
            recipe.target_noise.apply(batch.targets, rngs)
        return self._objective.value_and_gradient(batch, block.workspace, scale, rngs)

    def _rates(self, share: float) -> Rate:
        """Return the learning rates once a share of the epoch is over."""
        return member_rates([member.rate_at(share) for member in self.members])

    def _set_up(
        self, members: list[Member], recipe: Recipe, order: Array, state: State
    ) -> None:
        """Allocate for these members, who start from their own vectors."""
        data = [member.data for member in members]
        vectors = [member.vector for member in members]
        n_batches, n_left = divmod(order.shape[1], self._batch_size)
        batches = [(n_batches, self._batch_size), (1, n_left)]
        batches = [(n_times, n_rows) for n_times, n_rows in batches if n_times * n_rows]
        # Exact statistics follow a whole fit; only a single row needs others before.
        tracks = any(member.is_continued for member in members) or any(
            n_rows == 1 for _, n_rows in batches
        )
        objective = Objective(recipe, vectors, vectors[0].dtype, tracks=tracks)
        is_noisy = any(member.rng is not None for member in members)
        plan = [
            (
                n_times,
                n_rows,
                blocks_of(recipe, objective, data, n_rows, is_noisy=is_noisy),
            )
            for n_times, n_rows in batches
        ]
        # In one move, so that an interrupt finds arrays of as many members as there
        # are: compiled loops do not check that, and write beyond the ends of others.
        vars(self).update(
            members=members,
            _recipe=recipe,
            _order=order,
            _state=state,
            _objective=objective,
            _plan=plan,
        )

    def _initial_state(self) -> State:
        """Start afresh, or from a copy of the states that the members bring."""
        resumed = [member.state for member in self.members]
        if resumed[0] is not None:
            joined: State = join_members(copy.deepcopy(resumed))
            return joined
        return initial_state(self._recipe, self._objective.parameters)

    def _shown(self) -> Array:
        """Return the vectors to be judged: the parameters, or their averages.

        A weight that a penalty has set to zero is zero in the average too, and one that
        is frozen is what it is, without rounding.
        """
        parameters, averaging = self._objective.parameters, self._recipe.averaging
        if averaging is None:
            return parameters
        shown = averaging.shown(parameters, self._state["averaging"])
        if self._objective.sparsifies:
            n_weights = self._recipe.network.layout.n_weights
            shown = shown.copy()
            shown[:, :n_weights] *= parameters[:, :n_weights] != 0
        for part in self._objective.frozen:
            shown = shown.copy()
            shown[:, part] = parameters[:, part]
        return shown

    def _keep(self, keep: list[int]) -> None:
        """Release all members but these and go on with a smaller stack."""
        n_members = len(self.members)
        self.release([k for k in range(n_members) if k not in keep])
        if not keep:
            self.members = []
            return
        index = np.array(keep, dtype=np.intp)
        for k in keep:
            self.members[k].vector = self._objective.parameters[k].copy()
        self._set_up(
            [self.members[k] for k in keep],
            select_members(self._recipe, index, n_members),
            self._order[index],
            select_members(self._state, index, n_members),
        )
