"""
Noise in the features lowers variance
=====================================

An augmenter adds fresh noise to the features of each minibatch, so that no network sees
the same case twice. What it learns then depends less on which cases it was given: its
variance over training sets falls, at the price of some bias where there is too much
noise. Measured on the diabetes data by resampled training sets, over ten splits.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skregnet import MLPRegressor
from skregnet.augmentation import GaussianNoise
from skregnet.inspection import bias_variance

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
SCALES = [0.0, 0.3, 0.6, 1.0, 2.0]

X, y = load_diabetes(return_X_y=True)
X, y = scale(X), scale(y)


def decompose(seed, noise):
    """Return variance, bias (with the noise of the targets) and loss of a split."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    network = MLPRegressor(
        hidden_layer_sizes=(50,),
        learning_rate_init=0.005,
        max_iter=150,
        n_iter_no_change=np.inf,
        augmenter=GaussianNoise(scale=noise),
    )
    found = bias_variance(
        network, X_train, y_train, X_test, y_test, n_rounds=15, random_state=seed
    )
    return found.variance, found.bias, found.loss


parts = np.array([[decompose(seed, noise) for noise in SCALES] for seed in SEEDS])

# %%
# The noise is given in standard deviations of each feature. The interval holds the mean
# fall of the variance with 95 %.

print("noise   variance   bias^2 + noise of y   loss    fall of the variance")
for k, noise in enumerate(SCALES):
    variance, bias, loss = parts[:, k].mean(axis=0)
    line = f"{noise:5.1f}{variance:11.3f}{bias:22.3f}{loss:7.3f}"
    if noise:
        fall = parts[:, 0, 0] - parts[:, k, 0]
        low, high = stats.t.interval(0.95, len(fall) - 1, fall.mean(), stats.sem(fall))
        holds = "holds" if low > 0 else "not shown"
        line += f"    {low:.3f} to {high:.3f}: {holds}"
    print(line)

# %%
# Where the loss is least, variance and bias are in balance.

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for index, label in enumerate(["variance", "bias² + noise of y", "loss"]):
    values = parts[:, :, index]
    axes.errorbar(
        SCALES,
        values.mean(axis=0),
        stats.sem(values, axis=0) * stats.t.ppf(0.975, len(values) - 1),
        marker="o",
        capsize=3,
        label=label,
    )
axes.set(
    xlabel="noise, in standard deviations of each feature",
    ylabel="squared error, in variances of y",
    title="Noise in the features",
    ylim=(0, None),
)
axes.legend(loc="center right")
plt.show()
