"""All that training needs to go on, to the last bit, from the end of an epoch.

A snapshot is a dict of numbers, strings, arrays and None, and of such dicts and lists:
it can be written to a file as it is.
"""

import dataclasses

from skregnet.kernels import Array
from skregnet.optimizers import State
from skregnet.training.history import History
from skregnet.training.member import Member, Outcome

# Outcomes after which there is nothing to go on with.
_ENDS = (Outcome.CONVERGED, Outcome.OUT_OF_EPOCHS)


def snapshot_of(member: Member, parameters: Array, state: State, order: Array) -> State:
    """Return a snapshot, whose arrays are those of training and go on changing.

    Parameters
    ----------
    member : Member
        The network.
    parameters : ndarray of shape (n_parameters,)
        Its parameters.
    state : dict
        Of its optimizer and of its average.
    order : ndarray of int
        The rows in the order of the epoch, from which the next one is shuffled.
    """
    draws, noise = member.random_state, member.rng
    outcome = member.outcome
    return {
        "n_epochs": member.n_epochs,
        "outcome": outcome.name if outcome in _ENDS else None,
        "parameters": parameters,
        "best": member.best,
        "state": state,
        "order": order,
        "draws": None if draws is None else draws.get_state(legacy=False),
        "noise": None if noise is None else noise.bit_generator.state,
        "learning_rate": member.learning_rate,
        "is_averaging": member.is_averaging,
        "plateau": [member.plateau.best, member.plateau.n_without],
        "history": dataclasses.asdict(member.history),
    }


def resume(member: Member, snapshot: State) -> None:
    """Make a member what it was when a snapshot of it was taken."""
    member.n_epochs = snapshot["n_epochs"]
    outcome = snapshot["outcome"]
    member.outcome = None if outcome is None else Outcome[outcome]
    member.vector = snapshot["parameters"]
    member.best = snapshot["best"]
    member.state = snapshot["state"]
    member.order = snapshot["order"]
    if member.random_state is not None:
        member.random_state.set_state(snapshot["draws"])
    if member.rng is not None:
        member.rng.bit_generator.state = snapshot["noise"]
    member.learning_rate = snapshot["learning_rate"]
    member.is_averaging = snapshot["is_averaging"]
    member.plateau.best, member.plateau.n_without = snapshot["plateau"]
    member.history = History(**snapshot["history"])
