"""
Saddle points against minima: where descent waits, and what leads out
=====================================================================

Where the gradient vanishes, the eigenvalues of the Hessian tell what kind of point it
is: all above zero, a minimum; some below, a saddle, from which the loss falls along
their eigenvectors. The lecture: where the landscape curves downward, take a large step.
Networks on the wine data start with weights near zero, which is near a saddle.
Gradient descent waits there; momentum and Adam wait less; steps that follow the
curvature (``solver="eigen_step"``, ``"newton_cg"``) leave at once. On the way down the
share of directions that curve downward first rises, then falls towards the minimum, so
that it goes along with the loss only loosely.
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
from skregnet.curvature import eigenvalues, gradient, hessian

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
EPOCHS = 400

X, y = load_wine(return_X_y=True)
X = scale(X)


def near_zero(seed, **parameters):
    """Return a network that has hardly any weights and is to be trained further."""
    settings = {
        "hidden_layer_sizes": (4, 4),
        "activation": "tanh",
        "batch_size": len(y),
        "n_iter_no_change": np.inf,
        "tol": 1e-8,
        "warm_start": True,
        "random_state": seed,
    }
    mlp = MLPClassifier(**settings).set_params(max_iter=1).fit(X, y)
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        np.multiply(array, 0.05, out=array)
    # The frequencies of the classes, which the biases of the outputs learn anyway.
    mlp.intercepts_[-1] += np.log(np.bincount(y) / len(y))
    return mlp.set_params(**{"max_iter": EPOCHS, **parameters})


# %%
# The start: a small gradient, and negative curvature.

starts = [near_zero(seed) for seed in SEEDS]
sizes = [np.linalg.norm(gradient(mlp, X, y)) for mlp in starts]
lowest = [eigenvalues(hessian(mlp, X, y), 1, "SA")[0] for mlp in starts]
print(f"At the start, {len(SEEDS)} seeds: norm of the gradient {np.mean(sizes):.4f},")
print(f"smallest eigenvalue {np.mean(lowest):.4f} (at most {np.max(lowest):.4f})\n")

# %%
# Epochs until the loss has fallen by a tenth, each way at the best of its rates.

ways = {
    "gradient descent": ({"solver": "sgd", "momentum": 0.0}, (0.3, 1.0, 3.0, 10.0)),
    "momentum 0.9": ({"solver": "sgd"}, (0.1, 0.3, 1.0, 3.0)),
    "Adam": ({"solver": "adam"}, (0.01, 0.03, 0.1, 0.3)),
    "eigen_step": ({"solver": "eigen_step"}, (1.0, 10.0)),
    "newton_cg": ({"solver": "newton_cg"}, (1.0,)),
}


def epochs_waited(seed, rate, parameters):
    """Return the epochs until the loss has fallen by a tenth, or more than all."""
    mlp = near_zero(seed, learning_rate_init=rate, **parameters)
    n_before = len(mlp.loss_curve_)
    losses = np.array(mlp.fit(X, y).loss_curve_[n_before:])
    below = np.flatnonzero(losses < 0.9 * np.log(3))
    return below[0] + 1 if len(below) else EPOCHS + 1


waited = {}
for name, (parameters, rates) in ways.items():
    table = np.array(
        [[epochs_waited(seed, rate, parameters) for seed in SEEDS] for rate in rates]
    )
    waited[name] = table[np.argmin(table.mean(axis=1))]

print(f"Epochs until the loss has fallen by a tenth (of at most {EPOCHS}): median, and")
print("the ratio to gradient descent with its 95 % interval")
baseline = np.log(waited["gradient descent"])
for name, epochs in waited.items():
    line = f"  {name:<18}{np.median(epochs):6.0f}"
    if name != "gradient descent":
        ratio = np.log(epochs) - baseline
        low, high = np.exp(
            stats.t.interval(0.95, len(ratio) - 1, ratio.mean(), stats.sem(ratio))
        )
        line += f"   x {np.exp(ratio.mean()):.2f} ({low:.2f} to {high:.2f})"
        line += ": holds" if high < 1 else ": not shown"
    print(line)

# %%
# Along training: the share of eigenvalues below zero by more than a thousandth of the
# largest, against the loss.


def shares_along(seed):
    """Return loss and share at every fifth epoch of momentum's way."""
    path = ParameterPath(every=5)
    mlp = near_zero(seed, solver="sgd", learning_rate_init=0.1, max_iter=150)
    n_before = len(mlp.loss_curve_)
    mlp.set_callbacks(path).fit(X, y)
    spectra = [
        np.linalg.eigvalsh(hessian(mlp, X, y, parameters=vector))
        for vector in path.vectors_[:30]
    ]
    shares = [np.mean(values < -1e-3 * values[-1]) for values in spectra]
    return mlp.loss_curve_[n_before + 4 :: 5], shares


curves = [shares_along(seed) for seed in SEEDS]
ranks = [stats.spearmanr(*curve).statistic for curve in curves]
low, high = stats.t.interval(0.95, len(ranks) - 1, np.mean(ranks), stats.sem(ranks))
print("\nRank correlation of the loss with the share of eigenvalues below zero")
holds = "holds" if low > 0 else "not shown"
print(f"  {np.mean(ranks):.2f} ({low:.2f} to {high:.2f}): {holds}")

# %%
# Left, the epochs waited. Right, a line for each seed.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for k, values in enumerate(waited.values()):
    left.plot(values, np.full(len(values), k), "o", alpha=0.5)
    left.plot(np.median(values), k, "k|", markersize=20)
left.set(
    yticks=range(len(waited)),
    yticklabels=waited,
    ylim=(len(waited) - 0.5, -0.5),
    xscale="log",
    xlabel="epochs until the loss has fallen by a tenth",
    title="Waiting at a saddle",
)
for losses, shares in curves:
    right.plot(losses, shares, ".-", alpha=0.6)
right.set(
    xlabel="training loss",
    ylabel="share of eigenvalues below zero",
    title="Downward directions along training",
)
picture = Path("examples", "output", "saddle_points.png")
picture.parent.mkdir(parents=True, exist_ok=True)
figure.savefig(picture, dpi=120)
