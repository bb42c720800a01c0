"""Training: what is minimised, by which steps, and when they end."""

from skregnet.batches import TrainingData
from skregnet.training.adversarial import NORMS, Adversary, moved
from skregnet.training.augmentation import Augmenter, augment_batch
from skregnet.training.averaging import EpochAverage, MovingAverage
from skregnet.training.eigen_step import train_eigen_step
from skregnet.training.history import History
from skregnet.training.lbfgs import train_lbfgs
from skregnet.training.member import Member, Observer, Outcome
from skregnet.training.minibatch import train_minibatch
from skregnet.training.newton_cg import train_newton_cg
from skregnet.training.recipe import Recipe
from skregnet.training.snapshot import SnapshotForm, resume
from skregnet.training.states import (
    check_array,
    check_number,
    check_source,
    check_state,
)
from skregnet.training.statistics import with_exact_statistics
from skregnet.training.stopping import Plateau
from skregnet.training.target_noise import GroupedTargetNoise, TargetNoise

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
