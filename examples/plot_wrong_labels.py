"""
Wrong labels: targets that are not taken at their word
======================================================

Three in ten labels of the training digits are wrong. A network that may fit every label
learns them too. Noise on the target vectors, fresh in each minibatch, and smoothed
labels keep it from certainty. The lecture lists both under "Approaches to Manufacturing
New Data Cases". Shown is the accuracy on digits with right labels, over ten splits.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
WRONG = 0.3

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)

ways = {
    "labels as they are": {},
    "label_smoothing=0.3": {"label_smoothing": 0.3},
    "target_noise=0.3": {"target_noise": 0.3},
}


def accuracy(seed, parameters):
    """Return the accuracy on right labels after training on wrong ones."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=700, stratify=y, random_state=seed
    )
    rng = np.random.default_rng(seed)
    is_wrong = rng.random(len(y_train)) < WRONG
    # Any other digit, each as likely.
    moved = (y_train + rng.integers(1, 10, size=len(y_train))) % 10
    network = MLPClassifier(
        batch_size=50,
        learning_rate_init=0.005,
        max_iter=60,
        n_iter_no_change=np.inf,
        random_state=seed,
        **parameters,
    )
    network.fit(X_train, np.where(is_wrong, moved, y_train))
    return network.score(X_test, y_test)


scores = {
    name: np.array([accuracy(seed, parameters) for seed in SEEDS])
    for name, parameters in ways.items()
}

# %%
# Differences are taken split by split; the interval holds their mean with 95 %.

baseline = scores["labels as they are"]
print(f"{WRONG:.0%} wrong labels, {len(SEEDS)} splits\n")
print("                      accuracy        gain   95 % interval")
for name, values in scores.items():
    line = f"{name:<20}{values.mean():8.3f} +-{values.std(ddof=1):.3f}"
    if name != "labels as they are":
        gain = values - baseline
        low, high = stats.t.interval(0.95, len(gain) - 1, gain.mean(), stats.sem(gain))
        holds = "holds" if low > 0 else "not shown"
        line += f"{gain.mean():+10.3f}   {low:+.3f} to {high:+.3f}: {holds}"
    print(line)

# %%
# A point for each split.

figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
for k, values in enumerate(scores.values()):
    axes.plot(values, np.full(len(values), k), "o", alpha=0.5)
    axes.plot(values.mean(), k, "k|", markersize=24)
axes.set(
    yticks=range(len(scores)),
    yticklabels=scores,
    ylim=(len(scores) - 0.5, -0.5),
    xlabel="accuracy on right labels",
    title=f"Trained with {WRONG:.0%} wrong labels",
)
plt.show()
