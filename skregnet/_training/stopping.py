"""When progress has ended."""

from dataclasses import dataclass


@dataclass
class Plateau:
    """Counts epochs without an improvement of more than `tol`.

    What is watched is a score, greater being better; a loss is watched as its negative.

    Parameters
    ----------
    tol : float
        What the score must rise above its best to count as improved.
    patience : float
        The plateau is reached after more than this many epochs without improvement.
    best : float
        The best score so far.
    n_without : int
        Epochs without improvement so far.
    """

    tol: float
    patience: float
    best: float = -float("inf")
    n_without: int = 0

    def update(self, score: float, n_epochs: int = 1) -> bool:
        """Take in a score, `n_epochs` after the last, and tell whether it is the best.

        A score that is not a number starts the count anew, as in scikit-learn.
        """
        if score < self.best + self.tol:
            self.n_without += n_epochs
        else:
            self.n_without = 0
        improved = score > self.best
        if improved:
            self.best = score
        return improved

    @property
    def reached(self) -> bool:
        """Whether progress has ended."""
        return self.n_without > self.patience
