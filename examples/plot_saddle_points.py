"""
Saddle points against minima: where descent waits, and what leads out
=====================================================================

Where the gradient vanishes, the eigenvalues of the Hessian tell what kind of point it
is: none below zero, a minimum; some below, a saddle, from which the loss falls along
their eigenvectors. The lecture: where the landscape curves downward, take a large step.
Shown on the wine data, over ten seeds:

- Networks of two hidden layers start with weights near zero, which is near a saddle.
  How many epochs pass until they have left it, with gradient descent, momentum, Adam,
  and two solvers that follow negative curvature, ``solver="eigen_step"`` and
  ``"newton_cg"``? An epoch of these costs more, and the time is shown too.
- Which of them leave if all weights are zero, at the saddle itself?
- Dauphin et al. (2014): points of vanishing gradient where the loss is high have a
  larger share of eigenvalues below zero. Such points are searched for from points along
  training, by the Levenberg-Marquardt method on the gradient, which ends in saddles as
  readily as in minima. At the points of training themselves the gradient is not zero,
  and what the share does there depends on the start: from near the saddle it rises
  first, while the loss falls.
"""

import warnings
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.optimize import least_squares
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath
from skregnet.curvature import gradient, hessian, taylor_estimate

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
TUNING = range(100, 103)
EPOCHS = 400

X, y = load_wine(return_X_y=True)
X = scale(X)


def network(hidden, seed, alpha=0.0, **parameters):
    """Return a network to be trained on all rows at a time."""
    return MLPClassifier(
        hidden,
        activation="tanh",
        alpha=alpha,
        batch_size=len(y),
        n_iter_no_change=np.inf,
        random_state=seed,
        **parameters,
    )


def shrunk(factor, hidden, seed, **parameters):
    """Return a network with its weights multiplied, to be trained further."""
    mlp = network(hidden, seed, max_iter=1, tol=1e-9, warm_start=True).fit(X, y)
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        np.multiply(array, factor, out=array)
    # The frequencies of the classes are learned at once, and are no matter of saddles.
    mlp.intercepts_[-1][:] = np.log(np.bincount(y) / len(y))
    return mlp.set_params(**{"max_iter": EPOCHS, **parameters})


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


# %%
# The start: a small gradient, and negative curvature.

HIDDEN, FACTOR = (4, 4), 0.01

starts = [shrunk(FACTOR, HIDDEN, seed) for seed in SEEDS]
lengths = [np.linalg.norm(gradient(mlp, X, y)) for mlp in starts]
lowest = [np.linalg.eigvalsh(hessian(mlp, X, y))[0] for mlp in starts]
print(
    f"Two hidden layers on wine, {len(SEEDS)} seeds, weights near zero: length of the"
)
print(
    f"gradient {np.mean(lengths):.5f}, smallest eigenvalue {np.mean(lowest):.4f} "
    f"({min(lowest):.4f} to {max(lowest):.4f})\n"
)

# %%
# Epochs until the loss has fallen by a tenth. The rate is that with which three other
# seeds are soonest at a loss of 0.1; a run that misses it counts as twice its epochs.

TENTH = 0.9 * -np.mean(np.log(np.bincount(y) / len(y))[y])
RATES = np.array([0.3, 1.0, 3.0, 10.0])
WAYS = {
    "gradient descent": ({"solver": "sgd", "momentum": 0.0}, RATES),
    "momentum 0.9": ({"solver": "sgd", "momentum": 0.9}, RATES / 3),
    "Adam": ({"solver": "adam"}, RATES / 10),
    "eigen_step": ({"solver": "eigen_step"}, 100 * RATES),
    "newton_cg": ({"solver": "newton_cg"}, [1.0]),
}


def losses_of(seed, rate, parameters):
    """Return the loss after each epoch from near the saddle."""
    mlp = shrunk(FACTOR, HIDDEN, seed, learning_rate_init=rate, **parameters)
    n_before = len(mlp.loss_curve_)
    return np.array(mlp.fit(X, y).loss_curve_[n_before:])


def epochs_to(loss, losses):
    """Return the epochs until the loss is lower, or twice those there can be."""
    below = np.flatnonzero(losses < loss)
    return below[0] + 1 if len(below) else 2 * EPOCHS


def seconds_for(seed, epochs, rate, parameters):
    """Return how long so many epochs take."""
    mlp = shrunk(FACTOR, HIDDEN, seed, learning_rate_init=rate, **parameters)
    mlp.set_params(max_iter=int(epochs))
    start = perf_counter()
    mlp.fit(X, y)
    return perf_counter() - start


curves, waited = {}, {}
print(
    "Epochs and milliseconds until the loss has fallen by a tenth, epochs until it is"
)
print("below 0.1: medians; ratio of the first to gradient descent, 95 % interval\n")
print("                              leaves      ms   below 0.1   ratio")
for name, (parameters, rates) in WAYS.items():
    trials = [
        np.mean([epochs_to(0.1, losses_of(seed, rate, parameters)) for seed in TUNING])
        for rate in rates
    ]
    rate = rates[np.argmin(trials)]
    curves[name] = [losses_of(seed, rate, parameters) for seed in SEEDS]
    epochs = waited[name] = np.array([epochs_to(TENTH, c) for c in curves[name]])
    seconds = [
        seconds_for(seed, n, rate, parameters)
        for seed, n in zip(SEEDS, epochs, strict=True)
    ]
    reached = np.median([epochs_to(0.1, losses) for losses in curves[name]])
    line = (
        f"{name:<18}rate {rate:<6.3g}{np.median(epochs):7.0f}"
        f"{1000 * np.median(seconds):8.1f}{reached:12.0f}"
    )
    if name != "gradient descent":
        logs = np.log(epochs) - np.log(waited["gradient descent"])
        mean, low, high = np.exp(interval(logs))
        verdict = "holds" if high < 1 else "not shown"
        line += f"   x {mean:.3f}   {low:.3f} to {high:.3f}: {verdict}"
    print(line)

# %%
# At the saddle itself the gradient is zero. With one hidden layer the Hessian has
# eigenvalues below zero there. With two it has none, since the loss falls only with the
# third power of the weights: no second derivative shows the way out.

print(f"\nAll weights zero: which have left after {EPOCHS} epochs\n")
for hidden in ((8,), HIDDEN):
    smallest = np.linalg.eigvalsh(hessian(shrunk(0.0, hidden, 0), X, y))[0]
    print(f"hidden layers {hidden}: smallest eigenvalue {round(smallest, 4) + 0:g}")
    for name, (parameters, rates) in WAYS.items():
        mlp = shrunk(0.0, hidden, 0, learning_rate_init=rates[-1], **parameters)
        left = log_loss(y, mlp.fit(X, y).predict_proba(X)) < TENTH
        print(f"  {name:<18}{'leaves' if left else 'stays'}")

# %%
# Points of vanishing gradient, searched for from several epochs of training. The
# penalty keeps minima from running away to infinite weights.

PENALTY = 5.0
FROM = [0, 2, 4, 7, 12, 20, 60]


def share_below(mlp, vector):
    """Return the share of eigenvalues below zero by more than a little."""
    values = np.linalg.eigvalsh(hessian(mlp, X, y, parameters=vector, penalties=True))
    return np.mean(values < -1e-4 * values[-1])


def loss_at(mlp, vector):
    """Return the loss, with the penalty."""
    return taylor_estimate(
        mlp, X, y, vector, sizes=0.0, parameters=vector, penalties=True
    ).actual


def critical_point(mlp, vector):
    """Return a point of vanishing gradient near another one, or None."""
    found = least_squares(
        lambda v: gradient(mlp, X, y, parameters=v, penalties=True),
        vector,
        lambda v: hessian(mlp, X, y, parameters=v, penalties=True),
        method="lm",
        xtol=1e-12,
        max_nfev=75,
    )
    return found.x if np.abs(found.fun).max() < 1e-9 else None


def path_of(mlp, epochs, rate):
    """Return the parameters after each epoch of momentum."""
    path = ParameterPath()
    mlp.set_params(max_iter=epochs, solver="sgd", learning_rate_init=rate)
    mlp.set_callbacks(path).fit(X, y)
    return path.vectors_


def loss_and_share(mlp, vectors):
    """Return the loss and the share of eigenvalues below zero at each point."""
    return np.array([(loss_at(mlp, v), share_below(mlp, v)) for v in vectors])


def evenly(mlp, vectors, n_points=12):
    """Return some points of a path, evenly spaced by their loss."""
    losses = [loss_at(mlp, vector) for vector in vectors]
    levels = np.linspace(max(losses), min(losses), n_points)
    return vectors[[np.argmin(np.abs(losses - level)) for level in levels]]


def critical_points(mlp, starts):
    """Return the points of vanishing gradient that are found, each once."""
    points = [critical_point(mlp, start) for start in starts]
    points = [point for point in points if point is not None]
    return {round(loss_at(mlp, point), 6): point for point in points}.values()


ONE, TWO, VANISHING = (
    "along training, one hidden layer",
    "along training, two, from near zero",
    "gradient vanishes, one hidden layer",
)
found = {ONE: [], VANISHING: [], TWO: []}
for seed in SEEDS:
    mlp = network((4,), seed, PENALTY)
    starts = path_of(mlp, FROM[-1] + 1, rate=0.05)[FROM]
    found[ONE].append(loss_and_share(mlp, starts))
    found[VANISHING].append(loss_and_share(mlp, critical_points(mlp, starts)))
    mlp = shrunk(FACTOR, HIDDEN, seed)
    points = evenly(mlp, path_of(mlp, 150, rate=0.3))
    found[TWO].append(loss_and_share(mlp, points))

print("\nRank correlation of the loss with the share of eigenvalues below zero, of")
print(f"{len(SEEDS)} seeds mean and 95 % interval\n")
for name, groups in found.items():
    ranks = [stats.spearmanr(*group.T).statistic for group in groups]
    mean, low, high = interval(ranks)
    verdict = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    print(
        f"{name:<36}{sum(map(len, groups)):3} points{mean:+7.2f}   {low:+.2f} to "
        f"{min(high, 1):+.2f}: {verdict}"
    )
critical = np.concatenate(found[VANISHING])
print(f"\nminima among the points of vanishing gradient: {np.sum(critical[:, 1] == 0)}")

# %%
# Left, the first seed's way from near the saddle. Middle, the epochs waited. Right, the
# share of eigenvalues below zero: dots are points of vanishing gradient, lines the
# training of two hidden layers from near zero.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(13, 4), layout="constrained"
)
for k, name in enumerate(WAYS):
    losses = curves[name][0][:100]
    left.loglog(range(1, len(losses) + 1), losses, label=name)
    middle.plot(waited[name], np.full(len(SEEDS), k), "o", alpha=0.5)
    middle.plot(np.median(waited[name]), k, "k|", markersize=20)
left.set(
    ylim=(0.003, 2),
    xlabel="epoch",
    ylabel="training loss",
    title="From near a saddle",
)
left.legend(loc="lower left", fontsize="small")
middle.set(
    yticks=range(len(WAYS)),
    yticklabels=WAYS,
    ylim=(len(WAYS) - 0.5, -0.5),
    xscale="log",
    xlabel="epochs until the loss has fallen by a tenth",
    title="Waiting",
)
for group in found[TWO]:
    right.plot(*group.T, "-", color="tab:gray", alpha=0.4, linewidth=1)
right.plot([], [], "-", color="tab:gray", label="training from near a saddle")
right.plot(*critical.T, "o", color="#c8553d", alpha=0.6, label="gradient vanishes")
right.set(
    xlabel="loss",
    ylabel="share of eigenvalues below zero",
    ylim=(-0.02, 0.78),
    title="Saddles and minima",
)
right.legend(fontsize="small")
plt.show()
