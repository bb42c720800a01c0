"""Training: what is minimised, by which steps, and when they end."""

from skregnet._networks.batches import TrainingData
from skregnet._training.adversarial import NORMS, Adversary, moved
from skregnet._training.augmentation import Augmenter, augment_batch
from skregnet._training.averaging import EpochAverage, MovingAverage
from skregnet._training.eigen_step import train_eigen_step
from skregnet._training.history import History
from skregnet._training.lbfgs import train_lbfgs
from skregnet._training.member import Member, Observer, Outcome
from skregnet._training.minibatch import train_minibatch
from skregnet._training.newton_cg import train_newton_cg
from skregnet._training.recipe import Recipe
from skregnet._training.snapshot import SnapshotForm, resume
from skregnet._training.states import (
    check_array,
    check_number,
    check_source,
    check_state,
)
from skregnet._training.statistics import with_exact_statistics
from skregnet._training.stopping import Plateau
from skregnet._training.target_noise import GroupedTargetNoise, TargetNoise

__all__ = [
    "NORMS",
    "Adversary",
    "Augmenter",
    "EpochAverage",
    "GroupedTargetNoise",
    "History",
    "Member",
    "MovingAverage",
    "Observer",
    "Outcome",
    "Plateau",
    "Recipe",
    "SnapshotForm",
    "TargetNoise",
    "TrainingData",
    "augment_batch",
    "check_array",
    "check_number",
    "check_source",
    "check_state",
    "moved",
    "resume",
    "train_eigen_step",
    "train_lbfgs",
    "train_minibatch",
    "train_newton_cg",
    "with_exact_statistics",
]
