"""
Step sizes from eigenvalues: one for each eigenvector
=====================================================

The lecture, on eigenvectors along which the loss falls: where the landscape curves
upward, "only take a small step"; where it curves downward, "take a large step"; else a
normal one; and the proximity of an axis to each eigenvector gives the step along that
axis. `skregnet.curvature.step_sizes` makes sizes of that, ``solver="eigen_step"``
training. Shown on wine, with raw and with standardised features, over ten networks:

- Steps along single eigenvectors. The larger one leads lower where the loss curves
  downward, and the smaller one where it curves upward so much that the usual step goes
  too far: in a parabola, where rate times eigenvalue is above the root of 2. Where it
  curves upward by less, the usual step leads lower, the reverse of the lecture's claim.
- Whole steps. Sizes by eigenvector keep more of the steps at a high rate from raising
  the loss on raw features. Each way at the best rate there is at the point, they take
  more from the loss on raw features, and less on standardised ones, where one rate
  suits. Sizes by parameter are no gain on raw features, a slight one on standardised.
- Training: both solvers that go by the curvature need far fewer epochs. On standardised
  features an epoch of theirs costs so much that gradient descent is done sooner.
"""

import warnings
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.special import logsumexp
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath
from skregnet.curvature import (
    axis_step_sizes,
    gradient,
    hessian,
    step_sizes,
)

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS, TUNING = range(10), range(100, 103)

X, y = load_wine(return_X_y=True)
DATA = {"raw": X / X.std(), "standardised": scale(X)}


def network(seed, epochs, rate, **parameters):
    """Return a network to be trained on all rows at a time."""
    return MLPClassifier(
        (8,),
        activation="tanh",
        alpha=0.0,
        batch_size=len(y),
        learning_rate_init=rate,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        tol=1e-9,
        random_state=seed,
        **parameters,
    )


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    if error < 1e-12:  # no spread to make an interval of
        return mean, mean, mean
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(low, high, bound):
    """Return whether it holds that a mean is above a bound, by its interval."""
    return "holds" if low > bound else "the reverse" if high < bound else "not shown"


# %%
# Single steps from several points of gradient descent. First, along each eigenvector by
# itself: is the loss lower after the step that suits the curvature than after the usual
# one? A product of rate and eigenvalue tells how much it curves within the usual step.

DESCENT, EPOCHS = 0.3, 301
TIMES = [0, 3, 10, 30, 100, 300]
RATES = np.geomspace(0.03, 300, 17)
USUAL = 3.0
ROOT = 2**0.5
CASES = {
    "curves upward, above root 2": (ROOT, np.inf),
    "curves upward, 0.1 to root 2": (0.1, ROOT),
    "curves downward, below -0.1": (-np.inf, -0.1),
}


def loss_at(features, vector):
    """Return the loss at a point: weights layer by layer, then biases."""
    ends = np.cumsum([features.shape[1] * 8, 8 * 3, 8])
    first, second, biases, last = np.split(vector, ends)
    hidden = np.tanh(features @ first.reshape(-1, 8) + biases)
    scores = hidden @ second.reshape(8, 3) + last
    return np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(y)), y])


class Place:
    """A point of training, with all that is known of the curvature there."""

    def __init__(self, mlp, features, vector):
        self.features, self.vector = features, vector
        self.gradient = gradient(mlp, features, y, parameters=vector)
        self.values, self.vectors = np.linalg.eigh(
            hessian(mlp, features, y, parameters=vector)
        )
        self.parts = self.vectors.T @ self.gradient
        self.loss = loss_at(features, vector)

    def after(self, move):
        """Return the loss after a move."""
        return loss_at(self.features, self.vector + move)

    def one_rate(self, rate):
        """Return the step of gradient descent."""
        return -rate * self.gradient

    def by_eigenvector(self, rate):
        """Return the step with a size for each eigenvector."""
        return -self.vectors @ (step_sizes(self.values, rate) * self.parts)

    def by_axis(self, rate):
        """Return the step with a size for each parameter."""
        return -axis_step_sizes(self.values, self.vectors, rate) * self.gradient

    def suits(self, rate):
        """Return rate times eigenvalue, and whether the suited step is better."""
        found = []
        for k in np.flatnonzero(np.abs(rate * self.values) > 0.1):
            sizes = rate, step_sizes(self.values[k : k + 1], rate)[0]
            usual, suited = (
                self.after(-size * self.parts[k] * self.vectors[:, k]) for size in sizes
            )
            found.append((rate * self.values[k], suited < usual))
        return found


places = {}
for kind, features in DATA.items():
    for seed in SEEDS:
        path = ParameterPath()
        settings = {"solver": "sgd", "momentum": 0.0}
        mlp = network(seed, EPOCHS, DESCENT, **settings).set_callbacks(path)
        mlp.fit(features, y)
        places[kind, seed] = [
            Place(mlp, features, vector) for vector in path.vectors_[TIMES]
        ]

print(f"Wine, {len(SEEDS)} networks at {len(TIMES)} points of gradient descent, usual")
print(f"rate {USUAL:g}, along single eigenvectors: the step that suits the curvature")
print("leads lower than the usual one, shares by rate x eigenvalue\n")
for kind in DATA:
    print(f"{kind} features")
    rows = [
        np.array([row for place in places[kind, seed] for row in place.suits(USUAL)])
        for seed in SEEDS
    ]
    for title, (low, high) in CASES.items():
        chosen = [r[(r[:, 0] > low) & (r[:, 0] <= high), 1] for r in rows]
        means = np.array([c.mean() for c in chosen if len(c)])
        if len(means) < 3:
            continue
        number = sum(map(len, chosen))
        mean, low_end, high_end = interval(means)
        print(
            f"  {title:<28}{number:5} steps{mean:7.1%}   {max(low_end, 0):.1%} to "
            f"{min(high_end, 1):.1%}: {verdict(low_end, high_end, 0.5)}"
        )

# %%
# Whole steps, each way at the rate that leads lowest from this very point, so that one
# rate for all has every chance.

WAYS = {
    "one rate": Place.one_rate,
    "by eigenvector": Place.by_eigenvector,
    "by parameter": Place.by_axis,
}
falls, by_rate = {}, {}
print("\nShare of the loss that one step takes away, at the best of the rates for the")
print("point; and more than with one rate, 95 % intervals\n")
for kind in DATA:
    for name, way in WAYS.items():
        shares = np.array(
            [
                [
                    [1 - place.after(way(place, rate)) / place.loss for rate in RATES]
                    for place in places[kind, seed]
                ]
                for seed in SEEDS
            ]
        )
        by_rate[kind, name] = shares
        best = falls[kind, name] = shares.max(axis=2).mean(axis=1)
        rises = np.mean(shares[:, :, np.argmin(np.abs(RATES - USUAL))] < 0)
        line = (
            f"{kind:<13}{name:<15}{best.mean():7.1%}   rises at {USUAL:g}: {rises:5.1%}"
        )
        if name != "one rate":
            mean, low, high = interval(best - falls[kind, "one rate"])
            line += (
                f"   {mean:+.1%}   {low:+.1%} to {high:+.1%}: {verdict(low, high, 0)}"
            )
        print(line)

# %%
# Training: epochs until the loss is below a target, each at the rate best for three
# other seeds, and CPU time for as many epochs, which differs between machines. A run
# that misses the target counts as twice its epochs. The two solvers record the loss
# after the step of an epoch, gradient descent that before it. At rates in the thousands
# "eigen_step" leaves the size of nearly all steps to the curvature.

SOLVERS = {
    "gradient descent": ({"solver": "sgd", "momentum": 0.0}, [0.3, 1.0, 3.0, 10.0]),
    "eigen_step": ({"solver": "eigen_step"}, 10.0 ** np.arange(6)),
    "newton_cg": ({"solver": "newton_cg"}, [1.0]),
}
RACES = {"raw": (0.2, 400), "standardised": (0.005, 200)}


def losses_of(seed, kind, rate, parameters):
    """Return the loss of each epoch."""
    mlp = network(seed, RACES[kind][1], rate, **parameters)
    return np.array(mlp.fit(DATA[kind], y).loss_curve_)


def epochs_needed(kind, losses):
    """Return how many epochs lead below the target."""
    target, epochs = RACES[kind]
    below = np.flatnonzero(losses < target)
    return below[0] + 1 if len(below) else 2 * epochs


def milliseconds(seed, kind, rate, parameters, epochs):
    """Return how long so many epochs take."""
    mlp = network(seed, min(epochs, RACES[kind][1]), rate, **parameters)
    start = process_time()
    mlp.fit(DATA[kind], y)
    return 1000 * (process_time() - start)


curves = {}
for kind, (target, epochs) in RACES.items():
    print(
        f"\n{kind} features, epochs until the loss is below {target}: median, missed,"
    )
    print("ratio of gradient descent's with 95 % interval; milliseconds, median\n")
    plain = None
    for name, (parameters, rates) in SOLVERS.items():
        trials = [
            np.mean(
                [epochs_needed(kind, losses_of(s, kind, r, parameters)) for s in TUNING]
            )
            for r in rates
        ]
        rate = rates[np.argmin(trials)]
        curves[kind, name] = [losses_of(s, kind, rate, parameters) for s in SEEDS]
        needed = np.array([epochs_needed(kind, c) for c in curves[kind, name]])
        times = [
            milliseconds(seed, kind, rate, parameters, n)
            for seed, n in zip(SEEDS, needed, strict=True)
        ]
        line = f"{name:<18}rate {rate:<6g}{np.median(needed):6.0f}"
        line += f"{np.sum(needed == 2 * epochs):4}{np.median(times):8.0f} ms"
        if plain is not None:
            mean, low, high = np.exp(interval(np.log(plain / needed)))
            line += f"   x {mean:5.1f}   {low:.1f} to {high:.1f}: "
            line += verdict(low, high, 1.0)
        else:
            plain = needed
        print(line)

# %%
# Left, the sizes as the eigenvalue has them. Then what one step takes from the loss, by
# rate, means over points and networks. Right, training, all seeds.

figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
bends = np.linspace(-1.5, 3, 200)
axes[0].plot(bends, step_sizes(bends, 1.0), label="step_sizes")
axes[0].plot(bends, np.ones_like(bends), "--", color="gray", label="one rate")
where = bends > 0.33
axes[0].plot(bends[where], 1 / bends[where], ":", color="black", label="Newton's")
axes[0].set(
    xlabel="rate x eigenvalue",
    ylabel="step size / rate",
    title="Sizes by curvature",
)
axes[0].legend(fontsize="small")
for kind, style in (("raw", "-"), ("standardised", "--")):
    for k, name in enumerate(WAYS):
        mean = np.maximum(by_rate[kind, name], -1).mean(axis=(0, 1))
        axes[1].plot(RATES, mean, style, color=f"C{k}", label=f"{kind}, {name}")
axes[1].axhline(0, color="black", linewidth=0.8, linestyle=":")
axes[1].set(
    xscale="log",
    ylim=(-1.05, 1.05),
    xlabel="rate",
    ylabel="share of the loss (-1: at least doubled)",
    title="What one step takes from the loss",
)
axes[1].legend(
    loc="upper center", fontsize="x-small", ncols=2, columnspacing=0.8, handlelength=1.5
)
for ax, kind in zip(axes[2:], RACES, strict=True):
    for k, name in enumerate(SOLVERS):
        for j, losses in enumerate(curves[kind, name]):
            label = name if not j else None
            ax.loglog(
                range(1, len(losses) + 1), losses, color=f"C{k}", alpha=0.5, label=label
            )
    ax.axhline(RACES[kind][0], color="black", linewidth=0.8, linestyle=":")
    ax.set(
        ylim=(RACES[kind][0] / 5, 3),
        xlabel="epoch",
        ylabel="training loss",
        title=f"Training, {kind} features",
    )
axes[2].legend(loc="lower left", fontsize="small")
plt.show()
