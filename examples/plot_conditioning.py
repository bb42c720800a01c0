"""
Ill-conditioning: why gradient descent swings, and what helps
=============================================================

The lecture: where curvatures differ much between directions, one learning rate is too
big a step in some and too small in others. Along an eigenvector of the Hessian with
eigenvalue k, gradient descent overshoots once k exceeds one over the rate, and moves
away once it exceeds two over it. Shown on the wine data, whose features have scales
that differ by thousands: along the steepest eigenvector the gradient changes its sign
from step to step, and momentum, Adam, batch normalization and standardised features
each lower the loss that is reached, with the learning rate that is best for each.
"""

import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath
from skregnet.curvature import HessianOperator, eigenvalues, gradient

# Rates that are too large diverge, and all runs have the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(6)
EPOCHS = 400

X, y = load_wine(return_X_y=True)
raw, standardised = X / X.std(), scale(X)


def descent(seed, rate, **parameters):
    """Return a network that is to be trained on all rows at a time."""
    settings = {"solver": "sgd", "momentum": 0.0, "max_iter": EPOCHS, **parameters}
    return MLPClassifier(
        (8,),
        activation="tanh",
        batch_size=len(y),
        learning_rate_init=rate,
        n_iter_no_change=np.inf,
        random_state=seed,
        **settings,
    )


# %%
# Swinging: after each of the first epochs, the largest eigenvalue, and the gradient's
# part along its eigenvector. A sign that differs from the epoch before is a swing.

RATE = 4.0


def swings(seed):
    """Return, for the epochs, rate times eigenvalue and whether the sign changed."""
    path = ParameterPath()
    mlp = descent(seed, RATE, max_iter=60).set_callbacks(path)
    mlp.fit(standardised, y)
    products, parts, before = [], [], None
    for vector in path.vectors_:
        operator = HessianOperator(mlp, standardised, y, parameters=vector)
        value, (direction,) = (
            found.T
            for found in eigenvalues(operator, 1, "LA", return_eigenvectors=True)
        )
        # An eigenvector may point either way: each as the one before.
        if before is not None and before @ direction < 0:
            direction = -direction
        before = direction
        slope = gradient(mlp, standardised, y, parameters=vector)
        products.append(RATE * value.item())
        parts.append(direction @ slope)
    changes = np.sign(parts[1:]) != np.sign(parts[:-1])
    return np.array(products[:-1]), changes, mlp.loss_curve_


# In a parabola the part is multiplied by one minus that product at each step: it swings
# from 1 on, and the swings grow from 2 on.
BINS = {"below 1": (0, 1), "1 to 1.5": (1, 1.5), "above 1.5": (1.5, np.inf)}
shares = {name: [] for name in BINS}
for seed in SEEDS:
    products, changes, losses = swings(seed)
    for name, (low, high) in BINS.items():
        shares[name].extend(changes[(products >= low) & (products < high)])
    if seed == 0:
        shown = products, changes, losses
print(f"Gradient descent, rate {RATE}, {len(SEEDS)} seeds: steps that change the sign")
print("along the steepest eigenvector, by rate x its eigenvalue")
for name, changed in shares.items():
    print(f"  {name:<10}{np.mean(changed):6.0%} of {len(changed)}")
ordered = [np.mean(changed) for changed in shares.values()]
holds = ordered == sorted(ordered) and ordered[-1] > 0.5 > ordered[0]
print(f"  steep directions swing: {'holds' if holds else 'not shown'}\n")

# %%
# The training loss after 400 epochs, each way at the best of its rates.

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
ways = {
    "gradient descent": (raw, {}),
    "momentum 0.9": (raw, {"momentum": 0.9}),
    "Adam": (raw, {"solver": "adam"}),
    "batch normalization": (raw, {"batch_norm": "before"}),
    "standardised features": (standardised, {}),
}


def final_loss(features, seed, rate, parameters):
    """Return the loss at the end, infinite where training diverges."""
    try:
        mlp = descent(seed, rate, **parameters).fit(features, y)
    except ValueError:
        return np.inf
    return mlp.loss_curve_[-1]


reached, best_rates = {}, {}
for name, (features, parameters) in ways.items():
    table = np.array(
        [
            [final_loss(features, seed, rate, parameters) for seed in SEEDS]
            for rate in RATES
        ]
    )
    best = np.argmin(table.mean(axis=1))
    reached[name], best_rates[name] = table[best], RATES[best]

print(f"Training loss after {EPOCHS} epochs over all rows, {len(SEEDS)} seeds: median,")
print("and the ratio to gradient descent with its 95 % interval")
baseline = np.log(reached["gradient descent"])
for name, losses in reached.items():
    line = f"  {name:<22} rate {best_rates[name]:<6}{np.median(losses):9.4f}"
    if name != "gradient descent":
        ratio = np.log(losses) - baseline
        low, high = np.exp(
            stats.t.interval(0.95, len(ratio) - 1, ratio.mean(), stats.sem(ratio))
        )
        line += f"   x {np.exp(ratio.mean()):.3g} ({low:.3g} to {high:.3g})"
        line += ": holds" if high < 1 else ": not shown"
    print(line)

# %%
# Conditioning of the loss at the start, without batch normalization: the largest
# eigenvalue over the median magnitude, which tells what the zeros among them do not.


def spread(features, seed):
    """Return the largest eigenvalue over the median magnitude."""
    start = descent(seed, 1e-9, max_iter=1).fit(features, y)
    values = eigenvalues(HessianOperator(start, features, y), 1_000)
    return values.max() / np.median(np.abs(values))


spreads = {
    name: [spread(features, seed) for seed in SEEDS]
    for name, features in (("raw", raw), ("standardised", standardised))
}
print("\nLargest eigenvalue over the median magnitude at the start")
for name, values in spreads.items():
    print(f"  {name:<14}{np.median(values):10.0f}")
ratio = np.log(spreads["raw"]) - np.log(spreads["standardised"])
holds = stats.ttest_1samp(ratio, 0).pvalue < 0.05 and ratio.mean() > 0
print(f"  standardising improves it: {'holds' if holds else 'not shown'}")

# %%
# Left, the first seed: dots are steps that changed the sign along the steepest
# eigenvector. Right, the losses that are reached.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
products, changes, losses = shown
epochs = np.arange(len(products))
left.plot(epochs, products, color="#1f6f8b", label="rate x largest eigenvalue")
left.plot(epochs[changes], products[changes], "o", color="#c8553d", label="swing")
left.axhline(2, color="black", linewidth=0.8, linestyle="--")
left.axhline(1, color="black", linewidth=0.8, linestyle=":")
left.set(xlabel="epoch", title=f"Gradient descent, rate {RATE}", ylim=(0, None))
left.legend()
for k, values in enumerate(reached.values()):
    right.plot(values, np.full(len(values), k), "o", alpha=0.5)
    right.plot(np.median(values), k, "k|", markersize=20)
right.set(
    yticks=range(len(reached)),
    yticklabels=reached,
    ylim=(len(reached) - 0.5, -0.5),
    xscale="log",
    xlabel=f"training loss after {EPOCHS} epochs",
    title="Each at its best rate",
)
picture = Path("examples", "output", "conditioning.png")
picture.parent.mkdir(parents=True, exist_ok=True)
figure.savefig(picture, dpi=120)
