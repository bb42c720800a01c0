"""
Multitask learning: the digit, and a task with few labels
=========================================================

The lecture, under "Multitask Learning": "Representations learned for task 1 can be
reused for task 2, thus requiring fewer cases and less training to learn task 2." Task 1
is to tell which digit an image shows, with 800 images labelled. Task 2 has labels for
some of these only: how accurate is it where a network learns it alone, from these
images, and where a network learns both tasks together, with the missing labels as NaN?
Shown are three tasks, over ten splits:

- "even", whether the digit is even: the main one, chosen beforehand. Its two classes
  are made of five shapes each, so that alone a network must see many images, while one
  that knows the digits has little left to learn.
- "loop", whether the digit has a closed loop, as 0, 6, 8 and 9 have: related as well.
- "ink", whether there is more ink than in the median image of the same digit. It is to
  be seen in the image, but the digit says nothing about it, and what tells digits apart
  is what does not depend on the ink: no gain is to be expected.

Fewer cases are needed where labels are few and the tasks related. With 320 labels of
task 2 the network that learns it alone is a little better. For the unrelated task the
digits are in the way.

Two more networks learn "even" after the digit: they start from the hidden layer of a
network that knows the digits, and train it further or leave it as it is. Left as it is,
it makes few cases go further; trained further on so few, it brings little or nothing.
Less training is not shown: after ten steps both are behind training alone.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier, MultiTaskMLP

# All networks run the same number of steps.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
SIZES = [10, 20, 40, 80, 160, 320]
N_TRAIN = 800
BATCH = 50
STEPS = 800

X, digit = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
ink = X.sum(axis=1)
median = np.array([np.median(ink[digit == k]) for k in range(10)])
tasks = {
    "even": digit % 2 == 0,
    "loop": np.isin(digit, [0, 6, 8, 9]),
    "ink": ink > median[digit],
}


def split(seed):
    """Return the rows to train on, in random order, and those to test on."""
    return train_test_split(
        np.arange(len(X)), train_size=N_TRAIN, stratify=digit, random_state=seed
    )


def settings(seed, n_rows, steps=STEPS):
    """Return parameters with which training takes the same number of steps."""
    return {
        "hidden_layer_sizes": (64,),
        "batch_size": min(BATCH, n_rows),
        "learning_rate_init": 0.005,
        "max_iter": steps // -(-n_rows // BATCH),
        "n_iter_no_change": np.inf,
        "random_state": seed,
    }


def alone(seed, target, n, steps=STEPS, **trunk):
    """Return the accuracy of task 2, learned by itself from n cases."""
    train, test = split(seed)
    network = MLPClassifier(**settings(seed, n, steps), **trunk)
    network.fit(X[train[:n]], target[train[:n]])
    return network.score(X[test], target[test])


def together(seed, target, n):
    """Return the accuracy of task 2, learned from n cases along with the digit."""
    train, test = split(seed)
    y = np.column_stack([digit, target])[train].astype(float)
    y[n:, 1] = np.nan
    network = MultiTaskMLP("classification", **settings(seed, N_TRAIN))
    predicted = network.fit(X[train], y).predict(X[test])
    return np.mean(predicted[:, 1] == target[test])


curves = {
    name: {
        way.__name__: np.array(
            [[way(seed, target, n) for n in SIZES] for seed in SEEDS]
        )
        for way in (alone, together)
    }
    for name, target in tasks.items()
}


# %%
# Differences are taken split by split; the interval holds their mean with 95 %. The
# last column reads off the curve of training alone how many cases it needs for the
# accuracy of training together, by lines between the points, over the logarithm of n.


def verdict(gain):
    """Return a line on the mean of gains."""
    low, high = stats.t.interval(0.95, len(gain) - 1, gain.mean(), stats.sem(gain))
    holds = "holds" if low > 0 else "hurts" if high < 0 else "not shown"
    return f"{gain.mean():+9.3f}   {low:+.3f} to {high:+.3f}: {holds:<9}"


def cases_needed(curve, accuracy):
    """Return how many cases take a curve to an accuracy, as text."""
    # The greatest accuracy up to each n, so that there is one answer.
    reached = np.maximum.accumulate(curve)
    if accuracy <= reached[0]:
        return f"at most {SIZES[0]}"
    if accuracy > reached[-1]:
        return f"over {SIZES[-1]}"
    first = int(np.searchsorted(reached, accuracy))
    ends = slice(first - 1, first + 1)
    return f"{np.exp(np.interp(accuracy, reached[ends], np.log(SIZES[ends]))):.0f}"


print(f"{N_TRAIN} digits, n of them with a label of task 2, {len(SEEDS)} splits\n")
print("task 2     n   alone  together    gain   95 % interval              alone needs")
for name, ways in curves.items():
    for k, n in enumerate(SIZES):
        one, both = ways["alone"][:, k], ways["together"][:, k]
        needed = cases_needed(ways["alone"].mean(axis=0), both.mean())
        print(
            f"{name:<6}{n:6}{one.mean():8.3f}{both.mean():10.3f}{verdict(both - one)}"
            f"   {needed}"
        )
    print()

# %%
# One task after the other: "even" from a network that has learned the digits, after few
# steps and after as many as above.

N_TRANSFER = 40
STEPS_TRANSFER = [10, 50, 200, STEPS]


def transferred(seed):
    """Return accuracies by number of steps and by what the network starts from."""
    train, _ = split(seed)
    trunk = MLPClassifier(**settings(seed, N_TRAIN)).fit(X[train], digit[train])
    starts = [
        {},
        {"initial_trunk": trunk},
        {"initial_trunk": trunk, "freeze_trunk": True},
    ]
    return [
        [alone(seed, tasks["even"], N_TRANSFER, steps, **start) for start in starts]
        for steps in STEPS_TRANSFER
    ]


accuracies = np.array([transferred(seed) for seed in SEEDS])
print(f"even, n = {N_TRANSFER}, after the digit")
print("steps   hidden layer      accuracy     gain   95 % interval")
for k, steps in enumerate(STEPS_TRANSFER):
    for m, start in enumerate(["alone", "trained further", "frozen"]):
        values = accuracies[:, k, m]
        line = f"{steps:5}   {start:<16}{values.mean():10.3f}"
        if m:
            line += verdict(values - accuracies[:, k, 0])
        print(line.rstrip())

# %%
# Learning curves, with 95 % intervals of the means.

figure, axes = plt.subplots(
    1, 3, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained"
)
titles = ["even or odd: related", "closed loop: related", "much ink: unrelated"]
for ax, title, ways in zip(axes, titles, curves.values(), strict=True):
    for (way, values), marker in zip(ways.items(), "os", strict=True):
        mean = values.mean(axis=0)
        half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
        ax.plot(SIZES, mean, marker=marker, markersize=4, label=way)
        ax.fill_between(SIZES, mean - half, mean + half, alpha=0.25)
    ax.set(xscale="log", xlabel="labelled cases of task 2", title=title)
    ax.set_xticks(SIZES, SIZES)
    ax.minorticks_off()
    ax.grid(alpha=0.3)
axes[0].set_ylabel("accuracy of task 2")
axes[0].legend(loc="lower right", title="task 2 learned")
plt.show()
