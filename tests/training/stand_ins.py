"""Members of full-batch solvers, and who listens to them."""

import numpy as np

from skregnet._networks.penalties import L2Penalty
from skregnet._training import History, Member, Plateau, Recipe, TrainingData


class Listener:
    """An observer that stops after some epochs, or interrupts."""

    def __init__(self, stop_after=None, interrupt_after=None):
        self.stop_after, self.interrupt_after = stop_after, interrupt_after
        self.vectors, self.n_begun = [], 0

    def report(self, message):
        pass

    def epoch_begin(self):
        self.n_begun += 1

    def epoch_end(self, vector):
        self.vectors.append(vector)
        if len(self.vectors) == self.interrupt_after:
            raise KeyboardInterrupt
        return len(self.vectors) == self.stop_after


def make_member(
    network, n_rows, alpha=0.5, max_epochs=500, dtype=np.float64, listener=None
):
    """Return a regression with weights, on some of the rows only."""
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(n_rows + 5, 4)).astype(dtype)
    y = (X @ random_state.normal(size=(4, 2)) + 1).astype(dtype)
    y += random_state.normal(size=y.shape).astype(dtype)
    rows = random_state.permutation(n_rows + 5)[:n_rows]
    weights = random_state.uniform(0.2, 2, size=n_rows + 5)
    mean_weight = weights[rows].mean()
    scaled = (weights / mean_weight).astype(dtype)
    data = TrainingData(X, y, scaled, rows, mean_weight)
    vector = 0.3 * random_state.normal(size=network.layout.n_parameters)
    return Member(
        Recipe(network, penalties=(L2Penalty(alpha / mean_weight),)),
        data,
        vector.astype(dtype),
        Plateau(0, 1),
        History(),
        listener or Listener(),
        max_epochs,
    )


def ridge(member):
    """Return the minimum for a linear network, by the normal equations."""
    data = member.data
    X = np.column_stack([data.inputs[data.rows], np.ones(len(data.rows))])
    weights = data.weights[data.rows, np.newaxis] * data.mean_weight
    alpha = member.recipe.penalties[0].strength * data.mean_weight
    penalty = alpha * np.diag([1.0, 1.0, 1.0, 1.0, 0.0])
    return np.linalg.solve(
        X.T @ (weights * X) + penalty, X.T @ (weights * data.targets[data.rows])
    )
