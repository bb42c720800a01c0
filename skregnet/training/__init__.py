"""Training: what is minimised, by which steps, and when they end."""

from skregnet.training.batches import TrainingData
from skregnet.training.history import History
from skregnet.training.lbfgs import train_lbfgs
from skregnet.training.member import Member, Observer, Outcome
from skregnet.training.minibatch import train_minibatch
from skregnet.training.stopping import Plateau

__all__ = [
    "History",
    "Member",
    "Observer",
    "Outcome",
    "Plateau",
    "TrainingData",
    "train_lbfgs",
    "train_minibatch",
]
