"""
Flat against sharp minima: what the size of the batch does
==========================================================

Small batches are said to end in flat minima and large ones in sharp ones, which predict
worse (Keskar et al., 2017). Networks on 400 digits are trained to the same loss with
batches of 10 and with all rows at once; then the leading eigenvalue and the trace of
the Hessian tell how sharp the minimum is, and other digits how well it predicts. A word
of caution: in a network of relu units sharpness can be changed at will without any
change of what it predicts (Dinh et al., 2017), so that it is no cause by itself.
"""

import warnings
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier
from skregnet.curvature import HessianOperator, eigenvalues, taylor_estimate, trace

# Training ends by the loss.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
REACHED = 0.05

X, y = load_digits(return_X_y=True)
X = X / 16


class StopBelow:
    """Callback that ends training once the loss on the training rows is low enough."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):  # noqa: ARG002
        return log_loss(y, fitted_estimator.predict_proba(X)) < REACHED


def trained(batch_size, rate, X_train, y_train, seed):
    """Return a network of a training loss just below the limit."""
    mlp = MLPClassifier(
        (16,),
        activation="tanh",
        solver="sgd",
        momentum=0.0,
        batch_size=batch_size,
        learning_rate_init=rate,
        max_iter=4_000,
        n_iter_no_change=np.inf,
        alpha=0.0,
        random_state=seed,
    )
    return mlp.set_callbacks(StopBelow()).fit(X_train, y_train)


# %%
# Each at a rate that suits it, from the same initial weights.

ways = {"batches of 10": (10, 0.1), "all 400 rows": (400, 0.5)}
measures = (
    "training loss",
    "largest eigenvalue",
    "trace",
    "eigenvalue by loss",
    "test accuracy",
)
found = {name: {measure: [] for measure in measures} for name in ways}
profiles = []
for seed in SEEDS:
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=400, stratify=y, random_state=seed
    )
    ends = {}
    for name, (batch_size, rate) in ways.items():
        mlp = trained(batch_size, rate, X_train, y_train, seed)
        operator = HessianOperator(mlp, X_train, y_train)
        loss = log_loss(y_train, mlp.predict_proba(X_train))
        largest = eigenvalues(operator, 1, "LA", tol=1e-3)[0]
        accuracy = mlp.score(X_test, y_test)
        values = loss, largest, trace(operator), largest / loss, accuracy
        for measure, value in zip(measures, values, strict=True):
            found[name][measure].append(value)
        ends[name] = mlp
    small, large = (
        np.concatenate([a.ravel() for a in [*mlp.coefs_, *mlp.intercepts_]])
        for mlp in ends.values()
    )
    # The loss on the line from one to the other, and beyond.
    places = np.linspace(-0.5, 1.5, 21)
    profiles.append(
        taylor_estimate(
            ends["batches of 10"], X_train, y_train, large - small, sizes=places
        ).actual
    )

# %%
# Means over the seeds, and paired differences with their 95 % intervals.

print(f"Digits, {len(SEEDS)} splits; trained until the loss is below {REACHED}\n")
print(f"{'':<20}{'batches of 10':>14}{'all 400 rows':>14}   difference, 95 % interval")
signs = {}
for measure in measures:
    small, large = (np.array(found[name][measure]) for name in ways)
    change = large - small
    low, high = stats.t.interval(
        0.95, len(change) - 1, change.mean(), stats.sem(change)
    )
    signs[measure] = int(low > 0) - int(high < 0)
    print(
        f"{measure:<20}{small.mean():14.4g}{large.mean():14.4g}   "
        f"{change.mean():+.4g} ({low:+.4g} to {high:+.4g})"
    )

# Small batches overshoot the limit a little, and sharpness falls with the loss.
sharper = signs["eigenvalue by loss"] > 0
worse = signs["test accuracy"] < 0
print(f"\nLarge batches end in sharper minima: {'holds' if sharper else 'not shown'}")
print(f"Large batches predict worse: {'holds' if worse else 'not shown'}")
sharpness, scores = (
    np.subtract(*(found[name][measure] for name in ways))
    for measure in ("largest eigenvalue", "test accuracy")
)
rank = stats.spearmanr(sharpness, scores)
together = rank.pvalue < 0.05 and rank.statistic < 0
print(
    "Within a split the flatter predicts better: rank correlation of the differences "
    f"{rank.statistic:+.2f}, {'holds' if together else 'not shown'}"
)

# %%
# Left, sharpness and accuracy of all networks. Right, the loss on the line between the
# two networks of each split.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for name in ways:
    left.plot(
        found[name]["largest eigenvalue"], found[name]["test accuracy"], "o", label=name
    )
left.set(xlabel="largest eigenvalue", ylabel="test accuracy", title="Minima")
left.legend()
right.plot(places, np.transpose(profiles), color="#1f6f8b", alpha=0.4)
right.axvline(0, color="black", linewidth=0.8, linestyle=":")
right.axvline(1, color="black", linewidth=0.8, linestyle=":")
right.set(
    yscale="log",
    xlabel="place on the line: 0, batches of 10; 1, all rows",
    ylabel="training loss",
    title="From one minimum to the other",
)
picture = Path("examples", "output", "flat_minima.png")
picture.parent.mkdir(parents=True, exist_ok=True)
figure.savefig(picture, dpi=120)
