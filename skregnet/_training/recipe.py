"""What is minimised, under which bounds and by which steps, described."""

from dataclasses import dataclass
from typing import Any

from skregnet._networks.network import Network
from skregnet._networks.penalties import MaxNorm, Penalty
from skregnet._training.adversarial import Adversary
from skregnet._training.averaging import Averaging
from skregnet._training.target_noise import GroupedTargetNoise, TargetNoise


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, but for its data and its numbers.

    Members whose recipes have one architecture train as a stack, by one recipe with the
    hyperparameters of them all.

    Parameters
    ----------
    network : Network
        The architecture.
    penalties : tuple of Penalty, default=()
        Terms of the loss that depend on the weights.
    max_norm : MaxNorm or None, default=None
        Bound on the weights into each unit.
    adversary : Adversary or None, default=None
        Who moves inputs up the loss.
    target_noise : TargetNoise, GroupedTargetNoise or None, default=None
        What is added to the targets of each minibatch.
    optimizer : Optimizer or None, default=None
        The rule of the steps; None for a full-batch solver.
    averaging : Averaging or None, default=None
        Which average of the weights is kept.
    n_frozen : int, default=0
        How many of the layers with weights, from the inputs on, stay as they start.
    """

    network: Network
    penalties: tuple[Penalty, ...] = ()
    max_norm: MaxNorm | None = None
    adversary: Adversary | None = None
    target_noise: TargetNoise | GroupedTargetNoise | None = None
    optimizer: Any = None
    averaging: Averaging | None = None
    n_frozen: int = 0
