"""Minibatch training of a stack of networks."""

import copy
from collections.abc import Sequence

import numpy as np

from skregnet.kernels import Array, member_rates
from skregnet.network import Network
from skregnet.optimizers import State
from skregnet.optimizers.stacking import select_members, stack_optimizers
from skregnet.training.batches import BatchLoader
from skregnet.training.member import Member, Outcome
from skregnet.training.objective import Objective


def train_minibatch(
    network: Network, members: Sequence[Member], batch_size: int
) -> None:
    """Train networks of one architecture together until each has ended.

    Every member steps through its own rows in its own order, by its own rates. A member
    that has ended leaves the stack. On an interrupt all members keep what they have.

    Parameters
    ----------
    network : Network
        The architecture.
    members : sequence of Member
        The networks, which learn from equally many rows; their vectors, histories,
        optimizer states and outcomes are updated. One that goes on from an optimizer
        state of its own is trained alone.
    batch_size : int
        Rows of a batch; the last batch of an epoch holds what is left.
    """
    stack = _Stack(network, members, batch_size)
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

    def __init__(
        self, network: Network, members: Sequence[Member], batch_size: int
    ) -> None:
        self._network = network
        self._batch_size = batch_size
        self._order = np.array([member.data.rows for member in members], dtype=np.intp)
        self._optimizer = stack_optimizers([member.optimizer for member in members])
        self._set_up(list(members))
        self._state = self._initial_state()

    def run_epoch(self) -> None:
        """Run one epoch of every member and release those that have ended."""
        for member, order in zip(self.members, self._order, strict=True):
            member.observer.epoch_begin()
            if member.shuffle and member.random_state is not None:
                member.random_state.shuffle(order)
        losses = self._run_batches()
        going_on = [
            member.end_epoch(float(loss), vector)
            for member, loss, vector in zip(
                self.members, losses, self._objective.parameters, strict=True
            )
        ]
        if not all(going_on):
            self._keep([k for k, goes_on in enumerate(going_on) if goes_on])

    def release(self, leaving: Sequence[int]) -> None:
        """Hand the members that leave their parameters and optimizer states."""
        n_members = len(self.members)
        for k in leaving:
            member = self.members[k]
            member.finish(self._objective.parameters[k])
            member.optimizer_state = select_members(
                self._state, np.array([k]), n_members
            )

    def _run_batches(self) -> Array:
        """Step through all batches and return each member's mean loss."""
        objective, optimizer, state = self._objective, self._optimizer, self._state
        rates = member_rates([member.learning_rate for member in self.members])
        losses = np.zeros(len(self.members))
        start = 0
        for n_batches, n_rows, loader, workspace in self._plan:
            scale = 1.0 / n_rows
            total = np.zeros(len(self.members))
            for _ in range(n_batches):
                stop = start + n_rows
                batch = loader.load(self._order[:, start:stop])
                total += objective.value_and_gradient(batch, workspace, scale)
                optimizer.step(objective.parameters, objective.gradient, state, rates)
                start = stop
            losses += total * n_rows
        return losses / start

    def _set_up(self, members: list[Member]) -> None:
        """Allocate for these members, who start from their own vectors."""
        if not members:
            self.members = members
            return
        data = [member.data for member in members]
        dtype = members[0].vector.dtype
        objective = Objective(self._network, members, dtype)
        n_batches, n_left = divmod(self._order.shape[1], self._batch_size)
        plan = []
        for n_times, n_rows in ((n_batches, self._batch_size), (1, n_left)):
            if n_times and n_rows:
                workspace = self._network.workspace(len(members), n_rows, dtype)
                loader = BatchLoader(data, n_rows)
                plan.append((n_times, n_rows, loader, workspace))
        # Together, so that an interrupt finds members and parameters that match.
        self.members, self._objective, self._plan = members, objective, plan

    def _initial_state(self) -> State:
        """Start afresh, or from a copy of the state that a single member brings."""
        resumed = self.members[0].optimizer_state
        if resumed is not None:
            return copy.deepcopy(resumed)
        fresh: State = self._optimizer.init(self._objective.parameters)
        return fresh

    def _keep(self, keep: list[int]) -> None:
        """Release all members but these and go on with a smaller stack."""
        n_members = len(self.members)
        self.release([k for k in range(n_members) if k not in keep])
        index = np.array(keep, dtype=np.intp)
        for k in keep:
            self.members[k].vector = self._objective.parameters[k].copy()
        self._order = self._order[index]
        self._optimizer = select_members(self._optimizer, index, n_members)
        self._state = select_members(self._state, index, n_members)
        self._set_up([self.members[k] for k in keep])
